//! How a dialog comes into the world: what the server adds to the request (chapter 01 §3.2, §11).

use chrono::DateTime;
use uuid::Uuid;

use super::{
    Instant,
    child_ids::ChildKind,
    dialog::{Activity, ActivityType, Dialog, Transmission, TransmissionType},
    growth::{Growth, has_unopened_content},
    limits,
    system_label::SystemLabel,
    violations::{Code, Violations},
};

/// A dialog that is not stored yet, with all it is born with.
#[derive(Clone, Debug)]
pub struct NewDialog {
    pub dialog: Dialog,
    /// In the order given.
    pub growth: Growth,
    /// Ids of children in bodies that the client chose.
    pub chosen: Vec<(ChildKind, Uuid)>,
    /// 422 if the dialog has more transmissions of one kind than can be counted.
    pub overflow: Violations,
    /// The instant of the request.
    pub now: Instant,
}

/// Times that a request may give.
#[derive(Clone, Copy, Debug, Default)]
pub struct GivenTimes {
    pub created_at: Option<Instant>,
    pub updated_at: Option<Instant>,
}

/// The dialog as the request describes it, with what follows from the rest: times, counts, the label Sent, and whether there
/// is something unopened or unseen.
pub fn dialog(
    mut dialog: Dialog,
    given: GivenTimes,
    growth: Growth,
    chosen: Vec<(ChildKind, Uuid)>,
    now: Instant,
) -> NewDialog {
    let times = Times::of(dialog.visible_from, given.created_at, given.updated_at, now);
    dialog.created_at = times.created;
    dialog.updated_at = times.updated;
    dialog.content_updated_at = times.updated;
    // The final time decides, not the one that was given: a dialog that appears later is judged by that day (§11.4).
    dialog.is_content_seen = is_seen_at_birth(times.created, &dialog.service_resource, &dialog.org);
    // The reference asks before activities are linked to transmissions, so a dialog that is born with an opened
    // transmission still starts as unopened.
    let opens = |activity: &Activity| activity.activity_type == ActivityType::CorrespondenceOpened;
    dialog.has_unopened_content = has_unopened_content(
        growth.transmissions.iter().any(|transmission| !transmission.transmission_type.is_from_party()),
        &dialog.resource_type,
        // The half about correspondence does see the activities of the request.
        growth.activities.iter().any(opens),
    );
    let overflow = growth.count(&mut dialog);
    // Asked of the count, not of the list: both follow from the type alone, and a cut count is above zero too.
    if dialog.from_party_transmissions > 0 {
        dialog.labels = dialog.labels.with(SystemLabel::Sent);
    }
    NewDialog { dialog, growth, chosen, overflow, now }
}

/// Marks the transmissions that some activity tells to be opened; those from the party never are.
pub fn mark_opened(transmissions: &mut [Transmission], activities: &[Activity]) {
    // A set, since a body has room for thousands of either: comparing each with each would take long.
    let opened: std::collections::HashSet<_> = activities
        .iter()
        .filter(|activity| activity.activity_type == ActivityType::TransmissionOpened)
        .filter_map(|activity| activity.transmission_id)
        .collect();
    for transmission in transmissions {
        // `|=`: what was opened stays opened, whatever is appended later.
        transmission.is_opened |= opened.contains(&transmission.id) && !transmission.transmission_type.is_from_party();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    created: Instant,
    /// Content counts as updated at the same time.
    updated: Instant,
}

impl Times {
    /// A dialog that is not visible yet looks as if it were made on the day it appears.
    fn of(
        visible_from: Option<Instant>,
        created_at: Option<Instant>,
        updated_at: Option<Instant>,
        now: Instant,
    ) -> Self {
        let (created, updated) = match visible_from {
            // Supplied times are overwritten here; a `visibleFrom` in the past has no influence (§11.2).
            Some(visible_from) if visible_from > now => (visible_from, visible_from),
            Some(_) | None => (created_at.unwrap_or(now), updated_at.unwrap_or(now)),
        };
        Self { created, updated }
    }
}

/// Dialogs older than the seen log, and those moved over from Altinn 2, count as seen.
fn is_seen_at_birth(created_at: Instant, service_resource: &str, org: &str) -> bool {
    /// 2025-12-01T00:00:00Z
    const SEEN_LOG_BEGINS: Instant = DateTime::from_timestamp_secs(1_764_547_200).expect("a valid instant");
    // Nobody could leave an entry before there was a log, and such dialogs would look unread for ever.
    created_at < SEEN_LOG_BEGINS
        || service_resource.to_lowercase().starts_with(&format!("urn:altinn:resource:app_{}_a2", org.to_lowercase()))
}

/// How many transmissions there are of either kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    // Wider than the column, so that a body with more of them can be counted before it is refused.
    pub from_party: i32,
    pub from_owner: i32,
}

impl Counts {
    /// With more transmissions of these types.
    #[must_use]
    pub fn and(mut self, types: impl Iterator<Item = TransmissionType>) -> Self {
        for transmission_type in types {
            if transmission_type.is_from_party() {
                self.from_party += 1;
            } else {
                self.from_owner += 1;
            }
        }
        self
    }

    /// From the party, from the owner, and the 422 if one of them cannot be stored (then it is cut).
    pub fn checked(self) -> (i16, i16, Violations) {
        let mut found = Violations::new();
        let mut cut = |count: i32, key: &'static str| {
            if count > limits::TRANSMISSIONS_PER_KIND {
                let text = format!("'{key}' cannot exceed {}.", limits::TRANSMISSIONS_PER_KIND);
                found.add(key, Code::TransmissionsTooMany.says(text).hint("Go on in another dialog."));
            }
            // Cut, not failed: the fault is deferred, and the operation goes on to look for what else is wrong. The
            // reference overflows and answers 500 (§13 no. 13).
            i16::try_from(count).unwrap_or(i16::MAX)
        };
        let from_party = cut(self.from_party, "FromPartyTransmissionsCount");
        let from_owner = cut(self.from_owner, "FromServiceOwnerTransmissionsCount");
        (from_party, from_owner, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> Instant {
        format!("2031-04-{day:02}T00:00:00Z").parse().expect("an instant")
    }

    /// C-012, C-013, C-014, C-018
    #[test]
    fn times_of_a_new_dialog() {
        let now = day(10);
        for (visible_from, created, updated, expected) in [
            (Some(13), None, None, (13, 13)),
            (Some(13), Some(1), Some(2), (13, 13)),
            (Some(3), None, None, (10, 10)),
            (Some(3), Some(7), Some(9), (7, 9)),
            (None, Some(7), None, (7, 10)),
            (None, None, Some(9), (10, 9)),
            (None, None, None, (10, 10)),
        ] {
            let times = Times::of(visible_from.map(day), created.map(day), updated.map(day), now);
            assert_eq!(times, Times { created: day(expected.0), updated: day(expected.1) });
        }
    }

    #[test]
    fn old_dialogs_and_those_of_altinn_2_are_born_seen() {
        let before: Instant = "2025-11-30T23:59:59Z".parse().expect("an instant");
        assert!(is_seen_at_birth(before, "urn:altinn:resource:x", "ttd"));
        assert!(!is_seen_at_birth(before + chrono::TimeDelta::seconds(1), "urn:altinn:resource:x", "ttd"));
        assert!(is_seen_at_birth(day(1), "urn:altinn:resource:app_TTD_a2-1234", "ttd"));
        assert!(!is_seen_at_birth(day(1), "urn:altinn:resource:app_skd_a2-1234", "ttd"));
    }

    /// C-021: the type decides, whoever the sender is.
    #[test]
    fn transmissions_are_counted_by_kind() {
        use TransmissionType::{Alert, Correction, Submission};
        let counts = Counts::default().and([Submission, Correction, Alert].into_iter());
        assert_eq!(counts.checked(), (2, 1, Violations::new()));
        let (_, cut, found) = Counts { from_party: 0, from_owner: 32_768 }.checked();
        assert_eq!(cut, 32_767);
        let text = "'FromServiceOwnerTransmissionsCount' cannot exceed 32767.";
        let told: Vec<_> = found.faults().map(|(key, fault)| (key, fault.text.as_str())).collect();
        assert_eq!(told, [("FromServiceOwnerTransmissionsCount", text)]);
    }
}
