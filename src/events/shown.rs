//! An event as those who run the service are shown it (chapter 11 §5).

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use super::cloud_event;
use crate::{
    domain::{Instant, dialog::ActivityType, event::DomainEvent, wire_enum::WireEnum},
    store::{
        outbox::Happened,
        outbox_list::{Listed, State, Wanted},
    },
};

/// One line, or one object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    pub seq: i64,
    pub id: Uuid,
    #[serde(rename = "type")]
    pub event_type: String,
    pub time: Instant,
    pub dialog_id: Uuid,
    pub state: &'static str,
    pub attempts: i16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

impl From<Listed> for Shown {
    fn from(listed: Listed) -> Self {
        let state = listed.state.name();
        Self { attempts: listed.attempts, last_error: listed.last_error, ..Self::new(listed.seq, &listed.event, state) }
    }
}

/// What just happened waits, unless it is silent.
impl From<&Happened> for Shown {
    fn from(happened: &Happened) -> Self {
        let state = if happened.event.is_silent_update { State::Silent } else { State::Pending };
        Self::new(happened.position.row, &happened.event, state.name())
    }
}

impl Shown {
    fn new(seq: i64, event: &DomainEvent, state: &'static str) -> Self {
        Self {
            seq,
            id: event.event_id,
            event_type: cloud_event::event_type(&event.kind),
            time: event.occurred_at,
            dialog_id: event.dialog_id.0,
            state,
            attempts: 0,
            last_error: None,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, event_type, time, dialog_id, state, attempts, .. } = self;
        write!(
            f,
            "{seq:>8}  {}  {state:<9} {attempts:>3}  {dialog_id}  {event_type}",
            time.format("%Y-%m-%dT%H:%M:%S%.3fZ")
        )?;
        self.last_error.as_ref().map_or(Ok(()), |error| write!(f, "  ({error})"))
    }
}

/// Events of this type alone; `None` if there is no such type.
pub fn of_type(wanted: Wanted, event_type: &str) -> Option<Wanted> {
    const KINDS: [(&str, &str); 6] = [
        ("created", "DialogCreated"),
        ("updated", "DialogUpdated"),
        ("deleted", "DialogDeleted"),
        ("restored", "DialogRestored"),
        ("seen", "DialogSeen"),
        ("transmission.created", "DialogTransmissionCreated"),
    ];
    let middle = event_type.strip_prefix("dialogporten.dialog.").and_then(|rest| rest.strip_suffix(".v1"));
    let middle = middle.unwrap_or(event_type);
    if let Some(activity) = middle.strip_prefix("activity.") {
        let known = ActivityType::VALUES.iter().find(|(value, ..)| cloud_event::activity(*value) == activity)?;
        return Some(Wanted { kind: Some("DialogActivityCreated"), activity: Some(known.1), ..wanted });
    }
    let (_, kind) = KINDS.iter().find(|(known, _)| *known == middle)?;
    Some(Wanted { kind: Some(kind), ..wanted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_their_names() {
        let found = |text| of_type(Wanted::default(), text).map(|wanted| (wanted.kind, wanted.activity));
        assert_eq!(found("dialogporten.dialog.seen.v1"), Some((Some("DialogSeen"), None)));
        assert_eq!(
            found("dialogporten.dialog.activity.payment-made.v1"),
            Some((Some("DialogActivityCreated"), Some("PaymentMade")))
        );
        assert_eq!(found("transmission.created"), Some((Some("DialogTransmissionCreated"), None)));
        assert_eq!(found("nothing"), None);
    }
}
