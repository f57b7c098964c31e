//! A dialog as end users see it in lists.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        dialog::Status,
        listed::Listed,
        resource::{OrgCode, ResourceType, ResourceUrn},
        system_label::SystemLabel,
    },
    enduser::lens::ShownRow,
    http::Timestamp,
    listing::LatestActivityView,
    views::{ContentValueView, EndUserContextView, SeenLogView, each},
};

/// A dialog, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Dialog)]
pub struct ListItemView {
    pub id: Uuid,
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
    /// Attachments that the inbox shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gui_attachment_count: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When something changed last that readers ought to look at.
    pub content_updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub status: Status,
    /// There are transmissions of the service owner that nobody has opened.
    pub has_unopened_content: bool,
    /// Deprecated: which of Default, Bin and Archive is set; `endUserContext` has all labels.
    pub system_label: SystemLabel,
    /// Meant for the systems of end users only.
    pub is_api_only: bool,
    pub from_service_owner_transmissions_count: i32,
    pub from_party_transmissions_count: i32,
    /// Somebody has opened the dialog since its content changed, and nobody has marked it as unopened.
    pub is_content_seen: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_activity: Option<LatestActivityView>,
    /// Who has opened the dialog since it changed: each reader's newest entry.
    pub seen_since_last_update: Vec<SeenLogView>,
    /// Who has opened the dialog since its content changed: each reader's newest entry.
    pub seen_since_last_content_update: Vec<SeenLogView>,
    pub end_user_context: EndUserContextView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ListContentView>,
}

/// What a dialog says, as lists show it. Readers whose level is too low find texts that give nothing away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Content)]
pub struct ListContentView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<ContentValueView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ContentValueView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<ContentValueView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_status: Option<ContentValueView>,
}

impl ListItemView {
    pub fn new(ShownRow { head, listed, seen, .. }: ShownRow) -> Self {
        Self {
            id: head.id.0,
            is_content_seen: head.shows_as_seen(),
            org: head.org,
            service_resource: head.service_resource,
            service_resource_type: head.resource_type,
            party: head.party.to_string(),
            progress: head.progress,
            process: head.process,
            preceding_process: head.preceding_process,
            gui_attachment_count: Some(listed.gui_attachment_count),
            extended_status: head.extended_status,
            external_reference: head.external_reference,
            created_at: Timestamp(head.created_at),
            updated_at: Timestamp(head.updated_at),
            content_updated_at: Timestamp(head.content_updated_at),
            due_at: head.due_at.map(Timestamp),
            status: head.status,
            has_unopened_content: head.has_unopened_content,
            system_label: head.labels.exclusive(),
            is_api_only: head.is_api_only,
            from_service_owner_transmissions_count: head.from_owner_transmissions.into(),
            from_party_transmissions_count: head.from_party_transmissions.into(),
            latest_activity: listed.latest_activity.clone().map(Into::into),
            seen_since_last_update: each(seen.last_update),
            seen_since_last_content_update: each(seen.last_content_update),
            end_user_context: EndUserContextView::new(head.context_revision, head.labels),
            content: ListContentView::new(listed),
        }
    }
}

impl ListContentView {
    /// `None` if there is no content at all.
    fn new(listed: Listed) -> Option<Self> {
        let view = Self {
            title: listed.title.map(Into::into),
            summary: listed.summary.map(Into::into),
            sender_name: listed.sender_name.map(Into::into),
            extended_status: listed.extended_status.map(Into::into),
        };
        let is_empty = view.title.is_none()
            && view.summary.is_none()
            && view.sender_name.is_none()
            && view.extended_status.is_none();
        (!is_empty).then_some(view)
    }
}
