//! A dialog as PUT and PATCH replace it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        Instant,
        child_ids::ChildIds,
        dialog::{Dialog, DialogBody, Head, StatusInput},
        growth::Growth,
        limits, merge,
        rules::{self, text, time},
        violations::{At, Code, Fault, Violations},
        wire_enum::Given,
    },
    http::timestamp::Timestamp,
    serviceowner::input::{
        ActivityInput, ApiActionInput, AttachmentInput, AttachmentUrlInput, Checking, DialogContentInput,
        GuiActionInput, SearchTagInput, TransmissionInput, action,
        attachment::into_attachments,
        dialog::{check_content, check_processes, check_search_tags, into_search_tags},
        unique_ids,
    },
    store::dialog::known::Wanted,
};

/// Everything of a dialog that can change. What is left out is emptied, but for transmissions and activities, which are only
/// ever appended to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Dialog)]
pub struct UpdateDialog {
    /// Percent.
    pub progress: Option<i32>,
    pub extended_status: Option<String>,
    pub external_reference: Option<String>,
    pub due_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    pub process: Option<String>,
    #[schema(value_type = Option<String>)]
    pub preceding_process: Option<String>,
    pub expires_at: Option<Timestamp>,
    #[serde(default)]
    pub is_api_only: bool,
    #[serde(default)]
    #[schema(value_type = StatusInput)]
    pub status: Given<StatusInput>,
    pub content: Option<DialogContentInput>,
    #[serde(default)]
    pub search_tags: Vec<SearchTagInput>,
    #[serde(default)]
    pub attachments: Vec<AttachmentInput<AttachmentUrlInput>>,
    /// To be appended.
    #[serde(default)]
    pub transmissions: Vec<TransmissionInput>,
    #[serde(default)]
    pub gui_actions: Vec<GuiActionInput>,
    #[serde(default)]
    pub api_actions: Vec<ApiActionInput>,
    /// To be appended.
    #[serde(default)]
    pub activities: Vec<ActivityInput>,
}

/// What the rules over an update need to know of the stored dialog.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    pub visible_from: Option<Instant>,
    /// Some transmission has no content: the dialog stays API-only for good.
    pub contentless_transmission: bool,
}

impl UpdateDialog {
    /// Everything that is wrong with the request, and with it against the unchangeable parts of the dialog.
    pub fn check(&self, stored: Stored, checking: &Checking) -> Result<(), Violations> {
        let mut found = Violations::new();
        let dto = At::Root("dto");
        self.check_head(stored, checking, dto, &mut found);
        self.check_lists(checking, dto, &mut found);
        check_processes(self.process.as_deref(), self.preceding_process.as_deref(), dto, &mut found);
        found.into_result()
    }

    fn check_head(&self, stored: Stored, checking: &Checking, dto: At, found: &mut Violations) {
        text::between(self.progress, 0, 100, dto.field("progress"), found);
        for (value, name) in
            [(&self.extended_status, "extendedStatus"), (&self.external_reference, "externalReference")]
        {
            text::max_length(value.as_deref(), limits::DEFAULT_STRING, dto.field(name), found);
        }
        let (due_at, expires_at) = self.limiting_times();
        time::not_before(expires_at, due_at, "DueAt", dto.field("expiresAt"), found);
        rules::defined(self.status, dto.field("status"), found);
        let transmissions = dto.field("transmissions");
        unique_ids(self.transmissions.iter().map(|transmission| transmission.id), transmissions, found);
        check_content(self.content.as_ref(), checking, dto.field("content"), found);
        if !self.is_api_only && stored.contentless_transmission {
            let text = "This dialog is locked to IsApiOnly=true, as one or more of the existing immutable transmissions do \
                        not have content.";
            found.add(transmissions, Code::LockedToApiOnly.says(text).hint("Send `isApiOnly`: true."));
        }
        // The stored one: what the request says of `visibleFrom` is ignored (§4.1).
        let Some(visible_from) = stored.visible_from else { return };
        if !checking.context.is_admin && due_at.is_some_and(|due_at| due_at < visible_from) {
            found.add(
                dto.field("dueAt"),
                before_visible("DueAt must be greater than or equal to VisibleFrom.", visible_from),
            );
        }
        if expires_at.is_some_and(|expires_at| expires_at < visible_from) {
            let text = "ExpiresAt must be greater than or equal to VisibleFrom.";
            found.add(dto.field("expiresAt"), before_visible(text, visible_from));
        }
    }

    fn check_lists(&self, checking: &Checking, dto: At, found: &mut Violations) {
        let transmissions = dto.field("transmissions");
        for (i, transmission) in self.transmissions.iter().enumerate() {
            transmission.check(checking, transmissions.item(i), found);
        }
        check_search_tags(&self.search_tags, dto.field("searchTags"), found);
        action::check_gui_actions(&self.gui_actions, checking, dto.field("guiActions"), found);
        action::check_api_actions(&self.api_actions, checking, dto.field("apiActions"), found);
        let attachments = dto.field("attachments");
        unique_ids(self.attachments.iter().map(|attachment| attachment.id), attachments, found);
        for (i, attachment) in self.attachments.iter().enumerate() {
            attachment.check_of_dialog(checking, attachments.item(i), found);
        }
        let activities = dto.field("activities");
        unique_ids(self.activities.iter().map(|activity| activity.id), activities, found);
        for (i, activity) in self.activities.iter().enumerate() {
            activity.check(checking, activities.item(i), found);
        }
    }

    /// `dueAt` and `expiresAt`.
    pub fn limiting_times(&self) -> (Option<Instant>, Option<Instant>) {
        (self.due_at.map(Into::into), self.expires_at.map(Into::into))
    }

    /// 422 for times that changed and are over. An `expiresAt` once set can be moved but not taken away; `dueAt` can be.
    pub fn check_not_over(&self, stored: &Dialog, now: Instant, found: &mut Violations) {
        let (due_at, expires_at) = self.limiting_times();
        // `is_none_or`: null counts as over, so an ordinary owner cannot clear it. A quirk that clients can see (§13
        // no. 8).
        if expires_at != stored.expires_at && expires_at.is_none_or(|at| at <= now) {
            found.add("ExpiresAt", not_over("Must be in future or current value.", stored.expires_at, now));
        }
        if due_at != stored.due_at && due_at.is_some_and(|at| at <= now) {
            // After ExpiresAt, as the contract reports them (chapter 08 §4.4).
            found.add("DueAt", not_over("Must be in future or current value. (Or null)", stored.due_at, now));
        }
    }

    /// What of the dialog's children the request is about to use.
    pub fn wanted(&self) -> Wanted {
        let each = || self.transmissions.iter();
        let references = each().flat_map(|transmission| [transmission.id, transmission.related_transmission_id]);
        let attachments = each().flat_map(|transmission| &transmission.attachments);
        let opened: Vec<Uuid> = self.activities.iter().filter_map(|activity| activity.transmission_id).collect();
        Wanted {
            activities: self.activities.iter().filter_map(|activity| activity.id).collect(),
            transmissions: references.flatten().chain(opened.iter().copied()).collect(),
            attachments: attachments.filter_map(|attachment| attachment.id).collect(),
            idempotent_keys: each().filter_map(|transmission| transmission.idempotent_key.clone()).collect(),
            opened,
        }
    }

    /// The dialog as it shall be, and what is appended to it; once the rules have found nothing.
    pub fn into_update(self, before: &Dialog, ids: &mut ChildIds) -> (Dialog, Growth) {
        let (due_at, expires_at) = self.limiting_times();
        let transmissions = self.transmissions.into_iter();
        let transmissions =
            transmissions.map(|transmission| transmission.into_transmission(before.visible_from, ids)).collect();
        let activities = self.activities.into_iter().map(|activity| activity.into_activity(ids.now)).collect();
        let stored = &before.body;
        let body = DialogBody {
            content: self.content.map(DialogContentInput::into_content).unwrap_or_default(),
            search_tags: merge::search_tags(&stored.search_tags, &into_search_tags(self.search_tags)),
            attachments: merge::attachments(&stored.attachments, into_attachments(self.attachments, ids)),
            gui_actions: merge::gui_actions(&stored.gui_actions, action::into_gui_actions(self.gui_actions, ids)),
            api_actions: merge::api_actions(&stored.api_actions, action::into_api_actions(self.api_actions, ids)),
        };
        let head = Head {
            progress: self.progress,
            extended_status: self.extended_status,
            external_reference: self.external_reference,
            due_at,
            expires_at,
            process: self.process,
            preceding_process: self.preceding_process,
            is_api_only: self.is_api_only,
            status: super::defined(self.status).into(),
            // All that PUT leaves alone: identity, times, counts, labels.
            ..before.head.clone()
        };
        (Dialog { head, body }, Growth::new(transmissions, activities))
    }
}
/// A time before the one from which the stored dialog is shown.
fn before_visible(text: &str, visible_from: Instant) -> Fault {
    Code::TimesReversed.says(text).hint(format!("The dialog is visible from {}.", visible_from.format("%FT%TZ")))
}

/// A time that was changed and is over.
fn not_over(text: &str, stored: Option<Instant>, now: Instant) -> Fault {
    let hint = match stored {
        Some(stored) => {
            format!("Send {} as it is stored, or a time after {}.", stored.format("%FT%T%.6fZ"), now.format("%FT%TZ"))
        }
        None => time::after(now),
    };
    Code::TimeNotFuture.says(text).hint(hint)
}
