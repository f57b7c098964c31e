//! The parts of list items.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        Instant,
        actor::Actor,
        content::ContentValue,
        dialog::ActivityType,
        listed::ListedActivity,
        seen_log::{SeenEntry, newest_per_actor},
    },
    http::timestamp::Timestamp,
    views::{ActorView, LocalizationView, SeenLogView, texts},
};

/// The newest entry of a dialog's activity log, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DialogActivityListItem)]
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

/// Who has opened a dialog, each reader's newest entry.
pub struct ListSeen {
    pub since_last_update: Vec<SeenLogView>,
    pub since_last_content_update: Vec<SeenLogView>,
}

impl ListSeen {
    /// `entries` are those since the content changed, in reading order.
    pub fn new(
        entries: &[SeenEntry],
        (updated_at, content_updated_at): (Instant, Instant),
        reader: Option<&str>,
        shown_as: impl Fn(&mut Actor),
    ) -> Self {
        let show = |since| {
            let newest = newest_per_actor(entries, since).into_iter();
            newest.map(|entry| SeenLogView::new(entry, reader, &shown_as)).collect()
        };
        Self { since_last_update: show(updated_at), since_last_content_update: show(content_updated_at) }
    }
}

/// Which of a pair of texts is shown: the sensitive one if the level suffices, else the other; what there is, in the end.
pub fn choose(
    sensitive: Option<ContentValue>,
    non_sensitive: Option<ContentValue>,
    level_suffices: bool,
) -> Option<ContentValue> {
    if level_suffices { sensitive.or(non_sensitive) } else { non_sensitive.or(sensitive) }
}
