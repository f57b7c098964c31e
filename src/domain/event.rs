//! What happened to a dialog, as the outbox keeps it (chapter 05 part B).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Instant,
    actor::ActorType,
    dialog::{Activity, ActivityType, Head, Transmission},
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

/// What one request does to one dialog, as events.
#[derive(Clone, Copy, Debug)]
pub struct Raised<'a> {
    pub dialog: &'a Head,
    pub now: Instant,
    /// Only what survives silence is raised.
    pub silent: bool,
}

impl Raised<'_> {
    /// The dialog was created with these.
    pub fn born(self, transmissions: &[Transmission], activities: &[Activity]) -> Vec<DomainEvent> {
        self.all(Some(EventKind::DialogCreated), transmissions, activities)
    }

    /// The dialog exists and these were appended; `changed` if anything of the aggregate differs, which it does when
    /// something was appended.
    pub fn updated(self, changed: bool, transmissions: &[Transmission], activities: &[Activity]) -> Vec<DomainEvent> {
        self.all(changed.then_some(EventKind::DialogUpdated), transmissions, activities)
    }

    /// Somebody opened the dialog and left an entry in its seen log, which gives the event its id. That the dialog was updated
    /// is told too, so that whoever follows it looks again.
    pub fn seen(self, entry: Uuid) -> Vec<DomainEvent> {
        let seen = DomainEvent { event_id: entry, ..self.event(EventKind::DialogSeen { seen_log_id: entry }) };
        vec![self.event(EventKind::DialogUpdated), seen]
    }

    /// Something that happened to the dialog as a whole.
    pub fn one(self, kind: EventKind) -> Vec<DomainEvent> {
        self.all(Some(kind), &[], &[])
    }

    fn all(
        self,
        first: Option<EventKind>,
        transmissions: &[Transmission],
        activities: &[Activity],
    ) -> Vec<DomainEvent> {
        let transmissions = transmissions.iter().map(|transmission| EventKind::DialogTransmissionCreated {
            transmission_id: transmission.id,
            sender_type: transmission.body.sender.actor_type,
        });
        let activities = activities.iter().map(|activity| EventKind::DialogActivityCreated {
            activity_id: activity.id,
            activity_type: activity.activity_type,
            extended_type: activity.body.extended_type.clone(),
        });
        // Dropped here and not at delivery: live updates must not hear of them either.
        let heard = |kind: &EventKind| !self.silent || kind.survives_silence();
        // The dialog's own event first: who follows must know the dialog before its parts.
        first.into_iter().chain(transmissions).chain(activities).filter(heard).map(|kind| self.event(kind)).collect()
    }

    fn event(self, kind: EventKind) -> DomainEvent {
        DomainEvent {
            event_id: Uuid::new_v4(),
            occurred_at: self.now,
            dialog_id: self.dialog.id,
            service_resource: self.dialog.service_resource.to_string(),
            party: self.dialog.party.as_str().to_owned(),
            // Copied, not referred to: the event tells how the dialog was, also when it is sent after a purge.
            process: self.dialog.process.clone(),
            preceding_process: self.dialog.preceding_process.clone(),
            is_silent_update: self.silent,
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn silence_leaves_only_the_dialogs_own_event() {
        let dialog = sample::bare_dialog();
        let (transmissions, activities) = ([sample::transmission(1, None, None)], [sample::activity(2)]);
        let names = |silent| {
            let raised = Raised { dialog: &dialog, now: sample::at(0), silent };
            let events = raised.born(&transmissions, &activities);
            assert!(events.iter().all(|event| event.is_silent_update == silent));
            events.iter().map(|event| event.kind.name()).collect::<Vec<_>>()
        };
        let all = names(false);
        assert_eq!(all, ["DialogCreated", "DialogTransmissionCreated", "DialogActivityCreated"]);
        assert_eq!(names(true), ["DialogCreated"]);
    }
}
