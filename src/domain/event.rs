//! What happened to a dialog, as the outbox keeps it (chapter 05 part B).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Instant,
    actor::ActorType,
    dialog::ActivityType,
    ids::{ActivityId, DialogId, TransmissionId},
};

/// One thing that happened. Written to the outbox in the transaction that made it happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainEvent {
    /// Random, but for `DialogSeen`: there it is the seen entry's id.
    pub event_id: Uuid,
    pub occurred_at: Instant,
    pub dialog_id: DialogId,
    pub service_resource: String,
    pub party: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preceding_process: Option<String>,
    /// Silent events stay inside: they are never sent to Altinn Events.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_silent_update: bool,
    #[serde(flatten)]
    pub kind: EventKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventKind {
    DialogCreated,
    DialogUpdated,
    DialogDeleted,
    DialogRestored,
    DialogSeen {
        seen_log_id: Uuid,
    },
    DialogTransmissionCreated {
        transmission_id: TransmissionId,
        sender_type: ActorType,
    },
    DialogActivityCreated {
        activity_id: ActivityId,
        activity_type: ActivityType,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extended_type: Option<String>,
    },
}

impl EventKind {
    /// As the outbox and CloudEvent mapping call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DialogCreated => "DialogCreated",
            Self::DialogUpdated => "DialogUpdated",
            Self::DialogDeleted => "DialogDeleted",
            Self::DialogRestored => "DialogRestored",
            Self::DialogSeen { .. } => "DialogSeen",
            Self::DialogTransmissionCreated { .. } => "DialogTransmissionCreated",
            Self::DialogActivityCreated { .. } => "DialogActivityCreated",
        }
    }

    /// Silent changes publish only these (chapter 05 B3).
    pub fn survives_silence(&self) -> bool {
        matches!(self, Self::DialogCreated | Self::DialogUpdated | Self::DialogSeen { .. })
    }
}
