//! An event as the platform's event endpoint takes it (chapter 05 B4, B5).

use serde::Serialize;
use uuid::Uuid;

use crate::domain::{
    Instant,
    actor::ActorType,
    dialog::ActivityType,
    event::{DomainEvent, EventKind},
    wire_enum::WireEnum,
};

/// The media type of a request that holds one.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// Members in the order of the contract. It tells where to look and never what is to be seen there: no text of the dialog,
/// and of an end user who opened it not who it was.
#[derive(Debug, Serialize)]
pub struct CloudEvent {
    specversion: &'static str,
    pub id: Uuid,
    #[serde(rename = "type")]
    pub event_type: String,
    time: String,
    resource: String,
    resourceinstance: String,
    subject: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data>,
}

/// Activities have their members first, transmissions theirs last.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_activity_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preceding_process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_type: Option<ActorType>,
}

impl CloudEvent {
    /// `root`: this service's public root, without a slash at the end.
    pub fn of(event: &DomainEvent, root: &str) -> Self {
        let dialog = format!("{root}/api/v1/enduser/dialogs/{}", event.dialog_id);
        let mut data = Data {
            process: event.process.clone(),
            preceding_process: event.preceding_process.clone(),
            ..Data::default()
        };
        let source = match &event.kind {
            EventKind::DialogCreated
            | EventKind::DialogUpdated
            | EventKind::DialogDeleted
            | EventKind::DialogRestored
            | EventKind::DialogSeen { .. } => dialog,
            EventKind::DialogTransmissionCreated { transmission_id, sender_type } => {
                data.sender_type = Some(*sender_type);
                format!("{dialog}/transmissions/{transmission_id}")
            }
            EventKind::DialogActivityCreated { activity_id, extended_type, .. } => {
                data.activity_id = Some(activity_id.0);
                data.extended_activity_type.clone_from(extended_type);
                format!("{dialog}/activities/{activity_id}")
            }
        };
        Self {
            specversion: "1.0",
            id: event.event_id,
            event_type: event_type(&event.kind),
            time: time(event.occurred_at),
            resource: event.service_resource.clone(),
            resourceinstance: event.dialog_id.to_string(),
            subject: event.party.clone(),
            source,
            data: Some(data).filter(|data| *data != Data::default()),
        }
    }
}

/// The type of an event, as subscribers filter by it.
pub fn event_type(kind: &EventKind) -> String {
    match kind {
        EventKind::DialogCreated => "dialogporten.dialog.created.v1".to_owned(),
        EventKind::DialogUpdated => "dialogporten.dialog.updated.v1".to_owned(),
        EventKind::DialogDeleted => "dialogporten.dialog.deleted.v1".to_owned(),
        EventKind::DialogRestored => "dialogporten.dialog.restored.v1".to_owned(),
        EventKind::DialogSeen { .. } => "dialogporten.dialog.seen.v1".to_owned(),
        EventKind::DialogTransmissionCreated { .. } => "dialogporten.dialog.transmission.created.v1".to_owned(),
        EventKind::DialogActivityCreated { activity_type, .. } => {
            format!("dialogporten.dialog.activity.{}.v1", activity(*activity_type))
        }
    }
}

/// The last part of the type of an activity's event.
pub(super) fn activity(activity_type: ActivityType) -> String {
    match activity_type {
        ActivityType::DialogCreated => "created".to_owned(),
        ActivityType::DialogClosed => "closed".to_owned(),
        other => kebab(other.name()),
    }
}

fn kebab(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// With an offset, and no more digits of a second than it has.
fn time(at: Instant) -> String {
    let text = at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    format!("{}+00:00", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::Raised,
        ids::{ActivityId, TransmissionId},
        sample,
    };

    fn event(kind: EventKind) -> DomainEvent {
        let mut dialog = sample::bare_dialog();
        dialog.process = Some("urn:example:case:77".into());
        let mut event =
            Raised { dialog: &dialog, now: sample::at(0), silent: false }.one(kind).pop().expect("one event");
        event.event_id = Uuid::from_u128(7);
        event
    }

    /// EV-008, EV-009.
    #[test]
    fn members_are_those_of_the_contract_in_its_order() {
        let transmission = EventKind::DialogTransmissionCreated {
            transmission_id: TransmissionId(Uuid::from_u128(1)),
            sender_type: ActorType::ServiceOwner,
        };
        let activity = EventKind::DialogActivityCreated {
            activity_id: ActivityId(Uuid::from_u128(2)),
            activity_type: ActivityType::PaymentMade,
            extended_type: Some("urn:paid?a=b&c".into()),
        };
        let text =
            |kind| serde_json::to_string(&CloudEvent::of(&event(kind), "https://dp.example/dialogporten")).unwrap();
        let names = |text: &str| {
            let order = text.match_indices("\":").map(|(end, _)| text[..end].rsplit('"').next().unwrap().to_owned());
            order.collect::<Vec<_>>().join(" ")
        };
        let all = "specversion id type time resource resourceinstance subject source data";
        let seen = text(EventKind::DialogSeen { seen_log_id: Uuid::from_u128(3) });
        assert_eq!(names(&seen), format!("{all} process"));
        let sent = text(transmission);
        assert_eq!(names(&sent), format!("{all} process senderType"));
        assert!(sent.contains("/transmissions/00000000-0000-0000-0000-000000000001\",\"data\""), "{sent}");
        let paid = text(activity);
        assert_eq!(names(&paid), format!("{all} activityId extendedActivityType process"));
        assert!(paid.contains("\"dialogporten.dialog.activity.payment-made.v1\""), "{paid}");
        assert!(paid.contains("urn:paid?a=b&c"), "{paid}");
    }

    #[test]
    fn nothing_to_tell_is_no_data() {
        let mut event = event(EventKind::DialogDeleted);
        event.process = None;
        let text = serde_json::to_string(&CloudEvent::of(&event, "https://dp.example")).unwrap();
        assert!(!text.contains("data"), "{text}");
    }

    /// Every activity has a type of its own.
    #[test]
    fn types_of_activities() {
        let types: Vec<String> = ActivityType::VALUES.iter().map(|(value, ..)| activity(*value)).collect();
        assert!(
            types.contains(&"created".to_owned()) && types.contains(&"correspondence-opened".to_owned()),
            "{types:?}"
        );
        assert!(types.contains(&"sent-to-send-in".to_owned()) && types.contains(&"form-saved".to_owned()), "{types:?}");
        let distinct: std::collections::HashSet<_> = types.iter().collect();
        assert_eq!(distinct.len(), types.len());
    }

    #[test]
    fn times_have_an_offset_and_no_needless_digits() {
        let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(time(at("2031-04-05T06:07:08.123456Z")), "2031-04-05T06:07:08.123456+00:00");
        assert_eq!(time(at("2031-04-05T06:07:08.120Z")), "2031-04-05T06:07:08.12+00:00");
        assert_eq!(time(at("2031-04-05T06:07:10Z")), "2031-04-05T06:07:10+00:00");
    }
}
