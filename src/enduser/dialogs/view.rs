//! A dialog as end users see it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        content::DialogContent,
        decision::Decision,
        dialog::{Dialog, Status, Transmission, TransmissionType},
        resource::{OrgCode, ResourceType, ResourceUrn},
        system_label::SystemLabel,
    },
    enduser::lens::ShownDialog,
    http::timestamp::Timestamp,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
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
    /// Proof towards the service owner of what the reader may do here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialog_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<ContentView>,
    pub attachments: Vec<AttachmentView>,
    pub transmissions: Vec<TransmissionView>,
    pub gui_actions: Vec<GuiActionView>,
    pub api_actions: Vec<ApiActionView>,
    pub activities: Vec<ActivityView>,
    /// Who has opened the dialog since it changed: each reader's newest entry.
    pub seen_since_last_update: Vec<SeenLogView>,
    /// Who has opened the dialog since its content changed: each reader's newest entry.
    pub seen_since_last_content_update: Vec<SeenLogView>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ContentValueView>,
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
    pub created_at: Timestamp,
    /// The part of the resource, or the other resource, whose policy decides who may open it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_attribute: Option<String>,
    /// Whether the reader may open it.
    pub is_authorized: bool,
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

impl DialogView {
    /// `decision`: what the reader may do, which `token` tells others.
    pub fn new(shown: ShownDialog, decision: &Decision, token: String) -> Self {
        let ShownDialog { dialog, transmissions, activities, seen } = shown;
        let Dialog { head, body } = dialog;
        Self {
            id: head.id.0,
            revision: head.revision.0,
            is_content_seen: head.shows_as_seen(),
            org: head.org,
            service_resource: head.service_resource,
            service_resource_type: head.resource_type,
            party: head.party.to_string(),
            progress: head.progress,
            process: head.process,
            preceding_process: head.preceding_process,
            extended_status: head.extended_status,
            external_reference: head.external_reference,
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
            dialog_token: Some(token),
            content: ContentView::new(body.content, decision.may_read_main()),
            attachments: each(body.attachments),
            transmissions: transmissions.into_iter().map(|it| TransmissionView::new(it, decision)).collect(),
            gui_actions: body.gui_actions.into_iter().map(|it| GuiActionView::new(it, Some(decision))).collect(),
            api_actions: body.api_actions.into_iter().map(|it| ApiActionView::new(it, Some(decision))).collect(),
            activities: each(activities),
            seen_since_last_update: each(seen.last_update),
            seen_since_last_content_update: each(seen.last_content_update),
            end_user_context: EndUserContextView::new(
                head.context_revision,
                // Whoever reads has opened it.
                head.labels.without(SystemLabel::MarkedAsUnopened),
            ),
        }
    }
}

impl ContentView {
    /// `None` if there is no content at all. What is not sensitive is for lists only.
    fn new(content: DialogContent, may_read_main: bool) -> Option<Self> {
        if content.is_empty() {
            return None;
        }
        let reference = |content| ContentValueView { is_authorized: Some(may_read_main), ..content };
        Some(Self {
            title: content.title.map(Into::into),
            summary: content.summary.map(Into::into),
            sender_name: content.sender_name.map(Into::into),
            additional_info: content.additional_info.map(Into::into),
            extended_status: content.extended_status.map(Into::into),
            main_content_reference: content.main_content_reference.map(Into::into).map(reference),
        })
    }
}

impl TransmissionView {
    pub fn new(transmission: Transmission, decision: &Decision) -> Self {
        Self {
            id: transmission.id.0,
            created_at: Timestamp(transmission.created_at),
            is_authorized: decision.allows_transmission(transmission.authorization_attribute.as_deref()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            masking::Masking,
            sample::{PERSON, activity, at, bare_dialog, full_dialog, seen, transmission},
        },
        enduser::lens::Lens,
        http::accept_language::AcceptLanguage,
        store::dialog::WholeDialog,
    };

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
        let pairs = [("read", "main"), ("sign", "other")].map(|(action, part)| (action.to_owned(), part.to_owned()));
        let lens = Lens {
            reader: PERSON,
            languages: &AcceptLanguage::any(),
            masking: &Masking::with_salt([1; 16]),
            now: at(100),
        };
        let decision = Decision::permitting(pairs);
        let view = |whole| DialogView::new(lens.whole(whole, &decision), &decision, "[token]".into());
        insta::assert_json_snapshot!(view(full()));
        let bare = WholeDialog { dialog: bare_dialog(), transmissions: vec![], activities: vec![], seen: vec![] };
        insta::assert_json_snapshot!("bare", view(bare));
    }
}
