//! A new dialog as clients give it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        Instant,
        birth::{self, GivenTimes, NewDialog},
        child_ids::ChildIds,
        dialog::{Dialog, DialogBody, Head, Status, StatusInput},
        growth::Growth,
        ids::{self, DialogId},
        limits, owner_label,
        party::Party,
        resource::{OrgCode, ResourceType, ResourceUrn},
        rules::{self, RuleContext, actor, tag::normalised, text, time, unique, uri, uuid7::uuid7},
        system_label::{Labels, SystemLabel},
        violations::{At, Code, Violations},
        wire_enum::Given,
    },
    http::timestamp::Timestamp,
    serviceowner::input::{
        ActivityInput, ApiActionInput, AttachmentInput, AttachmentUrlInput, Checking, DialogContentInput,
        GuiActionInput, TransmissionInput, action, attachment::into_attachments, some, unique_ids,
    },
};

/// A dialog to be created.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Dialog)]
pub struct CreateDialog {
    /// UUID version 7; generated if left out.
    pub id: Option<Uuid>,
    /// At most one dialog of a service owner has a given key.
    pub idempotent_key: Option<String>,
    /// URN of the service resource. Cannot be changed afterwards.
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub service_resource: Option<String>,
    /// URN of the party. Cannot be changed afterwards.
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub party: Option<String>,
    /// Percent.
    pub progress: Option<i32>,
    pub extended_status: Option<String>,
    pub external_reference: Option<String>,
    /// Until then end users do not see the dialog. Cannot be changed afterwards.
    pub visible_from: Option<Timestamp>,
    pub due_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    pub process: Option<String>,
    #[schema(value_type = Option<String>)]
    pub preceding_process: Option<String>,
    pub expires_at: Option<Timestamp>,
    /// Content may be left out; end users' user interfaces do not show the dialog.
    #[serde(default)]
    pub is_api_only: bool,
    /// For dialogs that are moved from elsewhere.
    pub created_at: Option<Timestamp>,
    /// For dialogs that are moved from elsewhere.
    pub updated_at: Option<Timestamp>,
    /// `NotApplicable` if left out.
    #[schema(value_type = Option<StatusInput>)]
    pub status: Option<Given<StatusInput>>,
    /// `Default`, `Bin` or `Archive`.
    #[schema(value_type = Option<SystemLabel>)]
    pub system_label: Option<Given<SystemLabel>>,
    pub service_owner_context: Option<ServiceOwnerContextInput>,
    pub content: Option<DialogContentInput>,
    #[serde(default)]
    pub search_tags: Vec<SearchTagInput>,
    #[serde(default)]
    pub attachments: Vec<AttachmentInput<AttachmentUrlInput>>,
    #[serde(default)]
    pub transmissions: Vec<TransmissionInput>,
    #[serde(default)]
    pub gui_actions: Vec<GuiActionInput>,
    #[serde(default)]
    pub api_actions: Vec<ApiActionInput>,
    #[serde(default)]
    pub activities: Vec<ActivityInput>,
}

/// A word by which end users find the dialog without seeing it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tag)]
pub struct SearchTagInput {
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub value: Option<String>,
}

/// What only service owners see.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceOwnerContext)]
pub struct ServiceOwnerContextInput {
    #[serde(default)]
    pub service_owner_labels: Vec<ServiceOwnerLabelInput>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceOwnerLabel)]
pub struct ServiceOwnerLabelInput {
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub value: Option<String>,
}

impl CreateDialog {
    /// Everything that is wrong with the request alone.
    pub fn check(&self, checking: &Checking) -> Result<(), Violations> {
        let mut found = Violations::new();
        let dto = At::Root("dto");
        self.check_head(&checking.context, dto, &mut found);
        self.check_lists(checking, dto, &mut found);
        self.check_tail(dto, &mut found);
        found.into_result()
    }

    fn check_head(&self, context: &RuleContext, dto: At, found: &mut Violations) {
        uuid7(self.id, context, dto.field("id"), found);
        self.check_times(context, dto, found);
        let key = self.idempotent_key.as_deref();
        text::min_length(key, limits::SHORT_STRING_MIN, dto.field("idempotentKey"), found);
        text::max_length(key, limits::IDEMPOTENT_KEY, dto.field("idempotentKey"), found);
        uri::service_resource(self.service_resource.as_deref(), dto.field("serviceResource"), found);
        actor::party(self.party.as_deref(), dto.field("party"), found);
        text::between(self.progress, 0, 100, dto.field("progress"), found);
        for (value, name) in
            [(&self.extended_status, "extendedStatus"), (&self.external_reference, "externalReference")]
        {
            text::max_length(value.as_deref(), limits::DEFAULT_STRING, dto.field(name), found);
        }
        let (visible_from, due_at, expires_at) = self.limiting_times();
        time::not_before(expires_at, due_at, "DueAt", dto.field("expiresAt"), found);
        time::not_before(expires_at, visible_from, "VisibleFrom", dto.field("expiresAt"), found);
        // Administrators may; silence alone does not help (§3.1).
        if !context.is_admin {
            time::not_before(due_at, visible_from, "VisibleFrom", dto.field("dueAt"), found);
        }
        if let Some(status) = self.status {
            rules::defined(status, dto.field("status"), found);
        }
    }

    fn check_times(&self, context: &RuleContext, dto: At, found: &mut Violations) {
        let created_at = self.created_at.map(Instant::from);
        let updated_at = time::supplied(self.updated_at.map(Into::into));
        time::past(created_at, context, dto.field("createdAt"), found);
        // Asked of the member as it was sent: year 1 is present here, though it counts as absent later (§3.1).
        if updated_at.is_some() && created_at.is_none() {
            let text = "CreatedAt must not be empty when 'UpdatedAt is set.";
            let hint = "Send both `createdAt` and `updatedAt`, or neither.";
            found.add(dto.field("createdAt"), Code::CreatedAtMissing.says(text).hint(hint));
        }
        if let (Some(created_at), Some(updated_at)) = (created_at, updated_at) {
            time::past(Some(updated_at), context, dto.field("updatedAt"), found);
            if updated_at < created_at {
                let text = "'UpdatedAt' must be greater than or equal to 'CreatedAt'.";
                let hint = "Equal to `createdAt` or later will do.";
                found.add(dto.field("updatedAt"), Code::TimesReversed.says(text).hint(hint));
            }
        }
    }

    fn check_lists(&self, checking: &Checking, dto: At, found: &mut Violations) {
        check_search_tags(&self.search_tags, dto.field("searchTags"), found);
        action::check_gui_actions(&self.gui_actions, checking, dto.field("guiActions"), found);
        action::check_api_actions(&self.api_actions, checking, dto.field("apiActions"), found);
        let attachments = dto.field("attachments");
        unique_ids(self.attachments.iter().map(|attachment| attachment.id), attachments, found);
        for (i, attachment) in self.attachments.iter().enumerate() {
            attachment.check_of_dialog(checking, attachments.item(i), found);
        }
        let transmissions = dto.field("transmissions");
        // A set for up to hundreds of thousands of references.
        let known: HashSet<Uuid> = self.transmissions.iter().filter_map(|transmission| transmission.id).collect();
        unique_ids(self.transmissions.iter().map(|transmission| transmission.id), transmissions, found);
        for (i, transmission) in self.transmissions.iter().enumerate() {
            // All memberships before the items' own rules: chapter 08 has the content between them (§3.1, rows 17 to
            // 19).
            is_member(transmission.related_transmission_id, &known, transmissions.item(i), found);
        }
        check_content(self.content.as_ref(), checking, dto.field("content"), found);
        for (i, transmission) in self.transmissions.iter().enumerate() {
            transmission.check(checking, transmissions.item(i), found);
        }
        let activities = dto.field("activities");
        unique_ids(self.activities.iter().map(|activity| activity.id), activities, found);
        for (i, activity) in self.activities.iter().enumerate() {
            is_member(activity.transmission_id, &known, activities.item(i), found);
            activity.check(checking, activities.item(i), found);
        }
    }

    fn check_tail(&self, dto: At, found: &mut Violations) {
        check_processes(self.process.as_deref(), self.preceding_process.as_deref(), dto, found);
        if let Some(context) = &self.service_owner_context {
            let at = dto.field("serviceOwnerContext");
            let labels: Vec<_> = context.service_owner_labels.iter().map(|label| label.value.as_deref()).collect();
            owner_label::check_all(&labels, at.field("serviceOwnerLabels"), found);
        }
        let settable =
            |label| matches!(label, Given::Known(SystemLabel::Default | SystemLabel::Bin | SystemLabel::Archive));
        // An undefined number gets the same text: the contract has no other rule for it.
        if !self.system_label.is_none_or(settable) {
            let fault = Code::SystemLabelNotInitial.says("SystemLabel must be Default, Bin or Archive.");
            found.add(dto.field("systemLabel"), fault.allowed(["Default", "Bin", "Archive"]));
        }
    }

    /// The times that an ordinary service owner cannot set in the past: `visibleFrom`, `dueAt`, `expiresAt`.
    fn limiting_times(&self) -> (Option<Instant>, Option<Instant>, Option<Instant>) {
        (self.visible_from.map(Into::into), self.due_at.map(Into::into), self.expires_at.map(Into::into))
    }

    /// 422 for times that are over.
    pub fn check_not_over(&self, now: Instant, found: &mut Violations) {
        let (visible_from, due_at, expires_at) = self.limiting_times();
        for (time, key) in [(due_at, "DueAt"), (expires_at, "ExpiresAt"), (visible_from, "VisibleFrom")] {
            // Strictly later here; the rules above take now itself (§2.4).
            if time.is_some_and(|time| time <= now) {
                found.add(key, Code::TimeNotFuture.says("Must be in the future").hint(time::after(now)));
            }
        }
    }

    /// The dialog that the request describes, once the rules have found nothing.
    pub fn into_dialog(self, org: OrgCode, resource_type: ResourceType, now: Instant) -> NewDialog {
        let mut ids = ChildIds::new(now);
        let (visible_from, due_at, expires_at) = self.limiting_times();
        let transmissions = self
            .transmissions
            .into_iter()
            .map(|transmission| transmission.into_transmission(visible_from, &mut ids))
            .collect();
        let activities = self.activities.into_iter().map(|activity| activity.into_activity(now)).collect();
        let body = DialogBody {
            content: self.content.map(DialogContentInput::into_content).unwrap_or_default(),
            search_tags: into_search_tags(self.search_tags),
            attachments: into_attachments(self.attachments, &mut ids),
            gui_actions: action::into_gui_actions(self.gui_actions, &mut ids),
            api_actions: action::into_api_actions(self.api_actions, &mut ids),
        };
        let owner_labels = self.service_owner_context.map(|context| context.service_owner_labels).unwrap_or_default();
        let id = DialogId(self.id.unwrap_or_else(|| ids::v7_at(now)));
        // Lower case too, where the reference stores what was sent and then hides the dialog from its owner (§13 no.
        // 4).
        let service_resource = ResourceUrn::new(&self.service_resource.unwrap_or_default());
        // Lower case comes with parsing (C-011).
        let party = Party::parse_owner(&self.party.unwrap_or_default()).expect("the rules found the party well-formed");
        let head = Head {
            idempotent_key: self.idempotent_key,
            status: self.status.map_or(Status::NotApplicable, |status| super::defined(status).into()),
            progress: self.progress,
            extended_status: self.extended_status,
            external_reference: self.external_reference,
            visible_from,
            due_at,
            expires_at,
            process: self.process,
            preceding_process: self.preceding_process,
            is_api_only: self.is_api_only,
            labels: Labels::default().with(self.system_label.map_or(SystemLabel::Default, super::defined)),
            owner_labels: into_owner_labels(owner_labels),
            ..Head::begun(id, (org, service_resource, resource_type), party, now)
        };
        let given = GivenTimes {
            created_at: time::supplied(self.created_at.map(Into::into)),
            updated_at: time::supplied(self.updated_at.map(Into::into)),
        };
        birth::dialog(Dialog { head, body }, given, Growth::new(transmissions, activities), ids.chosen, now)
    }
}

fn is_member(id: Option<Uuid>, known: &HashSet<Uuid>, at: At, found: &mut Violations) {
    if let Some(id) = id.filter(|id| !known.contains(id)) {
        let text = format!("Item '{id}' in 'Transmissions' does not exist.");
        let hint = "Name the `id` of a transmission in the same request; give that transmission an id of its own.";
        found.add(at, Code::TransmissionUnknown.says(text).hint(hint));
    }
}

/// The content of a dialog.
pub(super) fn check_content(content: Option<&DialogContentInput>, checking: &Checking, at: At, found: &mut Violations) {
    // What is there is judged in full all the same, so `content: {}` fails for its title (§2.9).
    if !checking.is_api_only {
        text::present(content.is_some(), at, found);
    }
    if let Some(content) = content {
        content.check(&checking.context, at, found);
    }
}

/// `process` and `precedingProcess`.
pub(super) fn check_processes(process: Option<&str>, preceding: Option<&str>, dto: At, found: &mut Violations) {
    uri::well_formed_text(process, dto.field("process"), found);
    // Between the rules of both, where the contract reports it (chapter 08 §3.1, row 21).
    if preceding.is_some() && process.is_none_or(|process| process.trim().is_empty()) {
        let text = "Process must not be empty when PrecedingProcess is set.";
        let hint = "Add `process`, or leave `precedingProcess` out.";
        found.add(dto.field("process"), Code::ProcessMissing.says(text).hint(hint));
    }
    uri::well_formed_text(preceding, dto.field("precedingProcess"), found);
}

/// Judged as they are stored.
pub(super) fn check_search_tags(tags: &[SearchTagInput], at: At, found: &mut Violations) {
    let values = tags.iter().map(|tag| tag.value.as_deref().unwrap_or_default());
    unique::unique_by(values.clone(), normalised, at, found);
    for (i, value) in values.enumerate() {
        let (tag, value) = (at.item(i), normalised(value));
        text::min_length(Some(&value), limits::SHORT_STRING_MIN, tag.field("value"), found);
        text::max_length(Some(&value), limits::SEARCH_TAG, tag.field("value"), found);
    }
}

/// As they are stored, in the order given.
pub(super) fn into_search_tags(tags: Vec<SearchTagInput>) -> Vec<String> {
    tags.into_iter().filter_map(|tag| tag.value).map(|value| normalised(&value)).collect()
}

/// As they are stored, sorted.
fn into_owner_labels(labels: Vec<ServiceOwnerLabelInput>) -> Vec<String> {
    let mut labels: Vec<_> =
        labels.into_iter().filter_map(|label| label.value).map(|value| normalised(&value)).collect();
    // They are a set; the stored form is compared and shown in this order.
    labels.sort();
    labels
}
