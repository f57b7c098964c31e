//! A dialog as service owners see it: everything, with real URLs and unmasked actors.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        content::DialogContent,
        decision::Decision,
        dialog::{Dialog, Status, Transmission, TransmissionType},
        ids::Revision,
        party::Party,
        resource::{OrgCode, ResourceType, ResourceUrn},
        seen_log::SeenSince,
        system_label::{Labels, SystemLabel},
    },
    http::timestamp::Timestamp,
    store::dialog::WholeDialog,
    views::{
        ActivityView, ActorView, ApiActionView, AttachmentView, ContentValueView, EndUserContextView, GuiActionView,
        NavigationalActionView, SeenLogView, TransmissionContentView, each,
    },
};

/// A dialog, with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Dialog)]
pub struct DialogView {
    pub id: Uuid,
    /// Changes with every change of the dialog; labels and reading leave it.
    pub revision: Uuid,
    /// The key under which the owner created it, so that trying again does not create another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent_key: Option<String>,
    /// The owner's short name.
    #[schema(value_type = String)]
    pub org: OrgCode,
    #[schema(value_type = String)]
    pub service_resource: ResourceUrn,
    /// What the Resource Registry called the resource when the dialog was created.
    #[schema(value_type = String)]
    pub service_resource_type: ResourceType,
    /// Whom the dialog is for, as a URN.
    pub party: String,
    /// Percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preceding_process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    /// Deleted dialogs can be restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Until then end users are not shown the dialog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// From then on end users are not shown the dialog any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When something changed last that readers ought to look at.
    pub content_updated_at: Timestamp,
    pub status: Status,
    /// There are transmissions of the service owner that nobody has opened.
    pub has_unopened_content: bool,
    /// Meant for the systems of end users only.
    pub is_api_only: bool,
    pub from_service_owner_transmissions_count: i32,
    pub from_party_transmissions_count: i32,
    /// Deprecated: which of Default, Bin and Archive is set; `endUserContext` has all labels.
    pub system_label: SystemLabel,
    /// Somebody has opened the dialog since its content changed, and nobody has marked it as unopened.
    pub is_content_seen: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentView>,
    /// Words that searches find it by; end users do not see them.
    pub search_tags: Vec<TagView>,
    pub attachments: Vec<AttachmentView>,
    pub transmissions: Vec<TransmissionView>,
    pub gui_actions: Vec<GuiActionView>,
    pub api_actions: Vec<ApiActionView>,
    pub activities: Vec<ActivityView>,
    /// Who has opened the dialog since it changed: each reader's newest entry.
    pub seen_since_last_update: Vec<SeenLogView>,
    /// Who has opened the dialog since its content changed: each reader's newest entry.
    pub seen_since_last_content_update: Vec<SeenLogView>,
    pub service_owner_context: ServiceOwnerContextView,
    pub end_user_context: EndUserContextView,
}

/// What a dialog says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Content)]
pub struct ContentView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<ContentValueView>,
    /// Takes the title's place in lists of readers whose authentication level is too low.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_sensitive_title: Option<ContentValueView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ContentValueView>,
    /// Takes the summary's place in lists of readers whose authentication level is too low.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_sensitive_summary: Option<ContentValueView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<ContentValueView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_info: Option<ContentValueView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_status: Option<ContentValueView>,
    /// Leads to the content itself, for clients that embed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_content_reference: Option<ContentValueView>,
}

/// A message inside a dialog, as dialogs show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Transmission)]
pub struct TransmissionView {
    pub id: Uuid,
    /// The key under which the owner created it, so that trying again does not create another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent_key: Option<String>,
    pub created_at: Timestamp,
    /// The part of the resource, or the other resource, whose policy decides who may open it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_attribute: Option<String>,
    /// Whether the end user asked for may open it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_authorized: Option<bool>,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    /// The transmission that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_transmission_id: Option<Uuid>,
    #[serde(rename = "type")]
    pub transmission_type: TransmissionType,
    pub sender: ActorView,
    pub is_opened: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<TransmissionContentView>,
    pub attachments: Vec<AttachmentView>,
    pub navigational_actions: Vec<NavigationalActionView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Tag)]
pub struct TagView {
    pub value: String,
}

/// What the service owner keeps beside the dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceOwnerContext)]
pub struct ServiceOwnerContextView {
    /// Of this context alone: labels do not change the dialog's revision.
    pub revision: Uuid,
    pub service_owner_labels: Vec<ServiceOwnerLabelView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceOwnerLabel)]
pub struct ServiceOwnerLabelView {
    pub value: String,
}

/// The end user on whose behalf a service owner reads.
#[derive(Clone, Copy, Debug)]
pub struct OnBehalfOf<'a> {
    pub person: &'a Party,
    pub decision: &'a Decision,
}

impl DialogView {
    pub fn new(whole: WholeDialog, reader: Option<OnBehalfOf>) -> Self {
        let WholeDialog { dialog, transmissions, activities, seen } = whole;
        let Dialog { head, body } = dialog;
        let decision = reader.map(|reader| reader.decision);
        let person = reader.map(|reader| reader.person.as_str());
        let seen = SeenSince::of(&seen, head.updated_at, head.content_updated_at, person);
        Self {
            id: head.id.0,
            revision: head.revision.0,
            is_content_seen: head.shows_as_seen(),
            idempotent_key: head.idempotent_key,
            org: head.org,
            service_resource: head.service_resource,
            service_resource_type: head.resource_type,
            party: head.party.to_string(),
            progress: head.progress,
            process: head.process,
            preceding_process: head.preceding_process,
            extended_status: head.extended_status,
            external_reference: head.external_reference,
            deleted_at: head.deleted_at.map(Timestamp),
            visible_from: head.visible_from.map(Timestamp),
            due_at: head.due_at.map(Timestamp),
            expires_at: head.expires_at.map(Timestamp),
            created_at: Timestamp(head.created_at),
            updated_at: Timestamp(head.updated_at),
            content_updated_at: Timestamp(head.content_updated_at),
            status: head.status,
            has_unopened_content: head.has_unopened_content,
            is_api_only: head.is_api_only,
            from_service_owner_transmissions_count: head.from_owner_transmissions.into(),
            from_party_transmissions_count: head.from_party_transmissions.into(),
            system_label: head.labels.exclusive(),
            content: ContentView::new(body.content, decision),
            search_tags: body.search_tags.into_iter().map(|value| TagView { value }).collect(),
            attachments: each(body.attachments),
            transmissions: transmissions.into_iter().map(|it| TransmissionView::new(it, decision)).collect(),
            gui_actions: body.gui_actions.into_iter().map(|it| GuiActionView::new(it, decision)).collect(),
            api_actions: body.api_actions.into_iter().map(|it| ApiActionView::new(it, decision)).collect(),
            activities: each(activities),
            seen_since_last_update: each(seen.last_update),
            seen_since_last_content_update: each(seen.last_content_update),
            service_owner_context: ServiceOwnerContextView::new(head.owner_context_revision, head.owner_labels),
            end_user_context: EndUserContextView::new(head.context_revision, shown(head.labels, reader.is_some())),
        }
    }
}

/// Reading for an end user opens the dialog, so no such reader is told that it is marked as unopened.
fn shown(labels: Labels, for_end_user: bool) -> Labels {
    if for_end_user { labels.without(SystemLabel::MarkedAsUnopened) } else { labels }
}

impl ContentView {
    /// `None` if there is no content at all.
    fn new(content: DialogContent, decision: Option<&Decision>) -> Option<Self> {
        if content.is_empty() {
            return None;
        }
        // Only references say whether the person may follow them; texts are shown to the owner in any case.
        let reference = |content| ContentValueView { is_authorized: decision.map(Decision::may_read_main), ..content };
        Some(Self {
            title: content.title.map(Into::into),
            non_sensitive_title: content.non_sensitive_title.map(Into::into),
            summary: content.summary.map(Into::into),
            non_sensitive_summary: content.non_sensitive_summary.map(Into::into),
            sender_name: content.sender_name.map(Into::into),
            additional_info: content.additional_info.map(Into::into),
            extended_status: content.extended_status.map(Into::into),
            main_content_reference: content.main_content_reference.map(Into::into).map(reference),
        })
    }
}

impl TransmissionView {
    /// `decision`: what the end user asked for may read, if one was.
    pub fn new(transmission: Transmission, decision: Option<&Decision>) -> Self {
        let attribute = transmission.authorization_attribute.as_deref();
        Self {
            id: transmission.id.0,
            idempotent_key: transmission.idempotent_key,
            created_at: Timestamp(transmission.created_at),
            is_authorized: decision.map(|decision| decision.allows_transmission(attribute)),
            authorization_attribute: transmission.authorization_attribute,
            extended_type: transmission.body.extended_type,
            external_reference: transmission.body.external_reference,
            related_transmission_id: transmission.related_transmission_id.map(|id| id.0),
            transmission_type: transmission.transmission_type,
            sender: transmission.body.sender.into(),
            is_opened: transmission.is_opened,
            content: transmission.body.content.map(Into::into),
            attachments: each(transmission.body.attachments),
            navigational_actions: each(transmission.body.navigational_actions),
        }
    }
}

impl ServiceOwnerContextView {
    /// `labels` in ascending order.
    pub fn new(revision: Revision, labels: Vec<String>) -> Self {
        let label = |value| ServiceOwnerLabelView { value };
        Self { revision: revision.0, service_owner_labels: labels.into_iter().map(label).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{PERSON, activity, at, bare_dialog, full_dialog, seen, transmission};

    fn full() -> WholeDialog {
        WholeDialog {
            dialog: full_dialog(),
            transmissions: vec![transmission(40, None, None), transmission(50, Some("part"), Some(at(50)))],
            activities: vec![activity(60)],
            seen: vec![seen(70, 15), seen(71, 25)],
        }
    }

    #[test]
    fn a_dialog_is_written_as_the_contract_has_it() {
        insta::assert_json_snapshot!(DialogView::new(full(), None));
        let bare = WholeDialog { dialog: bare_dialog(), transmissions: vec![], activities: vec![], seen: vec![] };
        insta::assert_json_snapshot!("bare", DialogView::new(bare, None));
    }

    /// OG-003, OG-012: for an end user the same is shown, with what that person may do.
    #[test]
    fn an_end_users_rights_change_flags_only() {
        let person = Party::from_stored(PERSON.into());
        let decision = Decision::permitting([("read".to_owned(), "main".to_owned())]);
        let reader = OnBehalfOf { person: &person, decision: &decision };
        let json = |view| serde_json::to_value(view).expect("a view is JSON");
        let (plain, flagged) = (json(DialogView::new(full(), None)), json(DialogView::new(full(), Some(reader))));

        assert_eq!(flagged["guiActions"][0]["isAuthorized"], true);
        assert_eq!(flagged["guiActions"][1]["isAuthorized"], false);
        assert_eq!(flagged["apiActions"][0]["isAuthorized"], true);
        assert_eq!(flagged["transmissions"][0]["isAuthorized"], true);
        assert_eq!(flagged["transmissions"][1]["isAuthorized"], false);
        assert_eq!(flagged["content"]["mainContentReference"]["isAuthorized"], true);
        assert_eq!(flagged["seenSinceLastUpdate"][0]["isCurrentEndUser"], true);
        assert_eq!(flagged["endUserContext"]["systemLabels"], serde_json::json!(["Archive"]));
        assert_eq!(without_flags(flagged), without_flags(plain));
    }

    fn without_flags(mut value: serde_json::Value) -> serde_json::Value {
        match &mut value {
            serde_json::Value::Object(members) => {
                members
                    .retain(|name, _| !["isAuthorized", "isCurrentEndUser", "systemLabels"].contains(&name.as_str()));
                members.values_mut().for_each(|member| *member = without_flags(member.take()));
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| *item = without_flags(item.take())),
            _ => {}
        }
        value
    }
}
