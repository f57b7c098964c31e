//! What happened in a dialog, who has seen it, and how end users have marked it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ActorView, LocalizationView, texts_if_any};
use crate::{
    domain::{
        dialog::{Activity, ActivityType},
        ids::Revision,
        seen_log::ShownEntry,
        system_label::{Labels, SystemLabel},
    },
    http::timestamp::Timestamp,
};

/// An entry of the activity log, as dialogs show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activity)]
pub struct ActivityView {
    pub id: Uuid,
    pub created_at: Timestamp,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(rename = "type")]
    pub activity_type: ActivityType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmission_id: Option<Uuid>,
    pub performed_by: ActorView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Vec<LocalizationView>>,
}

impl From<Activity> for ActivityView {
    fn from(activity: Activity) -> Self {
        Self {
            id: activity.id.0,
            created_at: Timestamp(activity.created_at),
            extended_type: activity.body.extended_type,
            activity_type: activity.activity_type,
            transmission_id: activity.transmission_id.map(|id| id.0),
            performed_by: activity.body.performed_by.into(),
            description: texts_if_any(activity.body.description),
        }
    }
}

/// Somebody opened the dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeenLog)]
pub struct SeenLogView {
    pub id: Uuid,
    pub seen_at: Timestamp,
    pub seen_by: ActorView,
    /// A service owner read it for this person.
    pub is_via_service_owner: bool,
    /// The reader of this answer is the one who opened it.
    pub is_current_end_user: bool,
}

impl From<ShownEntry> for SeenLogView {
    fn from(shown: ShownEntry) -> Self {
        Self {
            id: shown.entry.id,
            seen_at: Timestamp(shown.entry.created_at),
            seen_by: shown.entry.seen_by.into(),
            is_via_service_owner: shown.entry.is_via_service_owner,
            is_current_end_user: shown.is_current_end_user,
        }
    }
}

/// How end users have marked a dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EndUserContext)]
pub struct EndUserContextView {
    /// Of this context alone: labels do not change the dialog's revision.
    pub revision: Uuid,
    pub system_labels: Vec<SystemLabel>,
}

impl EndUserContextView {
    pub fn new(revision: Revision, labels: Labels) -> Self {
        Self { revision: revision.0, system_labels: labels.iter().collect() }
    }
}
