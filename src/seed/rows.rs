//! A dialog of a seeded world as rows of all tables that a create, and what happened since, would have written.
//!
//! The outbox stays empty: nobody is to be told of a world that was always there. Nor are ids claimed: a seeded dialog has
//! none that a client chose.

use super::{copy::Table, dialog::Drawn};
use crate::{
    domain::{dialog::Head, listed::Listed, system_label::SystemLabel, wire_enum::WireEnum},
    text,
};

/// Numbers of owner and service resource in the database, by the resource's place.
pub(super) type Numbers = [(i16, i32)];

/// How much is written of each dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    Whole,
    /// What lists read, so that a world for measuring them takes a third of the room. Such dialogs have no body,
    /// transmissions, activities or label log; their counts, words and items are those of whole ones.
    Lists,
}

/// The rows of some dialogs.
pub(super) struct Rows {
    detail: Detail,
    dialog: Table,
    document: Table,
    words: Table,
    transmission: Table,
    activity: Table,
    mark: Table,
    owner_label: Table,
    seen: Table,
    label_log: Table,
}

/// The tables that are filled dialog by dialog.
pub(super) const TABLES: [&str; 9] = [
    "dialog",
    "dialog_document",
    "dialog_text",
    "dialog_transmission",
    "dialog_activity",
    "dialog_mark",
    "dialog_owner_label",
    "dialog_seen",
    "dialog_label_log",
];

impl Rows {
    pub fn new(detail: Detail) -> Self {
        let [dialog, document, words, transmission, activity, mark, owner_label, seen, label_log] = TABLES;
        Self {
            detail,
            dialog: Table::new(
                dialog,
                "content_updated_at, created_at, updated_at, due_at, visible_from, expires_at, deleted_at, party_key, id\
                 , revision, context_revision, owner_context_revision, resource_id, org_id, status, system_labels, progress\
                 , from_party_transmissions, from_owner_transmissions, is_api_only, is_content_seen, has_unopened_content\
                 , is_frozen, resource_type, extended_status, external_reference, process, preceding_process\
                 , idempotent_key, owner_labels, text_analysis",
            ),
            document: Table::new(document, "dialog_id, party_key, body, listed"),
            words: Table::new(words, "dialog_id, part, party_key, vector"),
            transmission: Table::new(
                transmission,
                "created_at, party_key, id, dialog_id, parent_id, type, depth, is_opened, has_content\
                 , authorization_attribute, idempotent_key, body",
            ),
            activity: Table::new(activity, "created_at, party_key, id, dialog_id, transmission_id, type, body"),
            mark: Table::new(mark, "party_key, content_updated_at, dialog_id, label"),
            owner_label: Table::new(owner_label, "dialog_id, org_id, label, party_key"),
            seen: Table::new(
                seen,
                "created_at, party_key, id, dialog_id, user_type, is_via_service_owner, actor_id, actor_name",
            ),
            label_log: Table::new(label_log, "created_at, party_key, dialog_id, label, action, performed_by"),
        }
    }

    pub fn push(&mut self, drawn: &Drawn, numbers: &Numbers) {
        let (org, resource) = numbers[drawn.resource];
        let head = &drawn.dialog.head;
        let (id, party) = (head.id.0, head.party.key());
        self.push_head(head, org, resource);
        let listed = Listed::of(&drawn.dialog.body, None).with(&drawn.activities);
        let mut document = self.document.row();
        document.id(id).long(party);
        match self.detail {
            Detail::Whole => document.json(&drawn.dialog.body),
            Detail::Lists => document.json(&serde_json::Map::new()),
        };
        document.text(&listed.written());
        let sent = drawn.transmissions.iter().map(|(transmission, _)| &transmission.body);
        let done = drawn.activities.iter().map(|activity| &activity.body);
        for (part, vector) in (0..).zip(text::of_dialog(&drawn.dialog.body, sent, done)) {
            self.words.row().id(id).short(part).long(party).bytes(&vector.binary());
        }
        for label in head.labels.iter().filter(|label| *label != SystemLabel::Default) {
            self.mark.row().long(party).time(head.content_updated_at).id(id).short(label.bit());
        }
        for label in &head.owner_labels {
            self.owner_label.row().id(id).short(org).text(label).long(party);
        }
        for (entry, user_type) in &drawn.seen {
            self.seen
                .row()
                .time(entry.created_at)
                .long(party)
                .id(entry.id)
                .id(id)
                .short(user_type.id())
                .flag(entry.is_via_service_owner)
                .maybe_text(entry.seen_by.actor_id.as_deref())
                .maybe_text(entry.seen_by.actor_name.as_deref());
        }
        if self.detail == Detail::Whole {
            self.push_children(drawn);
        }
    }

    /// What no list reads.
    fn push_children(&mut self, drawn: &Drawn) {
        let (id, party) = (drawn.dialog.head.id.0, drawn.dialog.head.party.key());
        for (transmission, depth) in &drawn.transmissions {
            self.transmission
                .row()
                .time(transmission.created_at)
                .long(party)
                .id(transmission.id.0)
                .id(id)
                .maybe_id(transmission.related_transmission_id.map(|id| id.0))
                .short(transmission.transmission_type.id())
                .short(*depth)
                .flag(transmission.is_opened)
                .flag(transmission.body.content.is_some())
                .maybe_text(transmission.authorization_attribute.as_deref())
                .maybe_text(transmission.idempotent_key.as_deref())
                .json(&transmission.body);
        }
        for activity in &drawn.activities {
            self.activity
                .row()
                .time(activity.created_at)
                .long(party)
                .id(activity.id.0)
                .id(id)
                .maybe_id(activity.transmission_id.map(|id| id.0))
                .short(activity.activity_type.id())
                .json(&activity.body);
        }
        for entry in &drawn.labelled {
            self.label_log
                .row()
                .time(entry.created_at)
                .long(party)
                .id(id)
                .short(entry.label.id())
                .short(entry.action.id())
                .json(&entry.performed_by);
        }
    }

    fn push_head(&mut self, head: &Head, org: i16, resource: i32) {
        self.dialog
            .row()
            .time(head.content_updated_at)
            .time(head.created_at)
            .time(head.updated_at)
            .maybe_time(head.due_at)
            .maybe_time(head.visible_from)
            .maybe_time(head.expires_at)
            .maybe_time(head.deleted_at)
            .long(head.party.key())
            .id(head.id.0)
            .id(head.revision.0)
            .id(head.context_revision.0)
            .id(head.owner_context_revision.0)
            .int(resource)
            .short(org)
            .short(head.status.id())
            .short(head.labels.mask())
            .maybe_short(head.progress.and_then(|progress| i16::try_from(progress).ok()))
            .short(head.from_party_transmissions)
            .short(head.from_owner_transmissions)
            .flag(head.is_api_only)
            .flag(head.is_content_seen)
            .flag(head.has_unopened_content)
            .flag(head.is_frozen)
            .text(&head.resource_type)
            .maybe_text(head.extended_status.as_deref())
            .maybe_text(head.external_reference.as_deref())
            .maybe_text(head.process.as_deref())
            .maybe_text(head.preceding_process.as_deref())
            .maybe_text(head.idempotent_key.as_deref())
            .texts(&head.owner_labels)
            .short(text::ANALYSIS);
    }

    /// In an order in which every row that another names is there before it.
    pub fn into_tables(self) -> [Table; 9] {
        let Self { detail: _, dialog, document, words, transmission, activity, mark, owner_label, seen, label_log } =
            self;
        [dialog, document, words, transmission, activity, mark, owner_label, seen, label_log]
    }
}
