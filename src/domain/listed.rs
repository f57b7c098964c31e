//! What list items show of a dialog beside its row: kept with the dialog so that a page does not unpack whole bodies.

use serde::{Deserialize, Serialize};

use super::{
    Instant,
    actor::Actor,
    attachment::AttachmentUrlConsumerType,
    content::{ContentValue, Localized},
    dialog::{Activity, ActivityType, DialogBody},
    ids::{ActivityId, TransmissionId},
};

/// Derived whenever the body or the activities change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_sensitive_title: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_sensitive_summary: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_status: Option<ContentValue>,
    /// Attachments of the dialog itself that have a URL for the inbox.
    pub gui_attachment_count: i32,
    /// The last in reading order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_activity: Option<ListedActivity>,
}

/// The latest activity as list items show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedActivity {
    pub id: ActivityId,
    pub created_at: Instant,
    #[serde(rename = "type")]
    pub activity_type: ActivityType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transmission_id: Option<TransmissionId>,
    pub performed_by: Actor,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub description: Localized,
}

impl Listed {
    /// Of a body and the latest activity, which [`with`](Self::with) chooses.
    pub fn of(body: &DialogBody, latest_activity: Option<ListedActivity>) -> Self {
        let content = &body.content;
        // Links for machines alone are no attachment that a person could open.
        let for_gui = |consumer| consumer == AttachmentUrlConsumerType::Gui;
        let gui_attachments =
            body.attachments.iter().filter(|attachment| attachment.urls.iter().any(|url| for_gui(url.consumer_type)));
        Self {
            title: content.title.clone(),
            non_sensitive_title: content.non_sensitive_title.clone(),
            summary: content.summary.clone(),
            non_sensitive_summary: content.non_sensitive_summary.clone(),
            sender_name: content.sender_name.clone(),
            extended_status: content.extended_status.clone(),
            gui_attachment_count: i32::try_from(gui_attachments.count()).unwrap_or(i32::MAX),
            latest_activity,
        }
    }

    /// As it is stored, letter for letter.
    pub fn written(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always written")
    }

    /// With the texts that a reader is shown in place of title and summary, and nothing in the others': the sensitive ones
    /// if the level suffices, else those that are not; what there is, in the end.
    #[must_use]
    pub fn at_level(mut self, level_suffices: bool) -> Self {
        let choose = |sensitive: Option<ContentValue>, other: Option<ContentValue>| {
            if level_suffices { sensitive.or(other) } else { other.or(sensitive) }
        };
        self.title = choose(self.title, self.non_sensitive_title.take());
        self.summary = choose(self.summary, self.non_sensitive_summary.take());
        self
    }

    /// With the later of the activity it has and the new ones.
    pub fn with(mut self, activities: &[Activity]) -> Self {
        let known = self.latest_activity.as_ref().map(|latest| (latest.created_at, latest.id));
        // By time, then id, as readers sort them: the latest of the list is the last that the dialog shows.
        let newest = activities.iter().max_by_key(|activity| (activity.created_at, activity.id));
        if let Some(newest) = newest.filter(|newest| Some((newest.created_at, newest.id)) > known) {
            self.latest_activity = Some(newest.into());
        }
        self
    }
}

impl From<&Activity> for ListedActivity {
    fn from(activity: &Activity) -> Self {
        Self {
            id: activity.id,
            created_at: activity.created_at,
            activity_type: activity.activity_type,
            extended_type: activity.body.extended_type.clone(),
            transmission_id: activity.transmission_id,
            performed_by: activity.body.performed_by.clone(),
            description: activity.body.description.clone(),
        }
    }
}
