//! The parts of list items.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{dialog::ActivityType, listed::ListedActivity},
    http::timestamp::Timestamp,
    views::{ActorView, LocalizationView, texts},
};

/// The newest entry of a dialog's activity log, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activity)]
pub struct LatestActivityView {
    pub id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(rename = "type")]
    pub activity_type: ActivityType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmission_id: Option<Uuid>,
    pub performed_by: ActorView,
    /// Empty if the activity has none.
    pub description: Vec<LocalizationView>,
}

impl From<ListedActivity> for LatestActivityView {
    fn from(activity: ListedActivity) -> Self {
        Self {
            id: activity.id.0,
            created_at: Some(Timestamp(activity.created_at)),
            extended_type: activity.extended_type,
            activity_type: activity.activity_type,
            transmission_id: activity.transmission_id.map(|id| id.0),
            performed_by: activity.performed_by.into(),
            description: texts(activity.description),
        }
    }
}
