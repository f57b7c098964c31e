//! How a dialog comes into the world: what the server adds to the request (chapter 01 §3.2, §11).

use chrono::DateTime;
use uuid::Uuid;

use super::{
    Instant,
    child_ids::ChildKind,
    dialog::{Activity, ActivityType, Dialog, DialogBody, Status, Transmission, TransmissionType},
    growth::has_unopened_content,
    ids::{DialogId, Revision},
    limits,
    party::Party,
    system_label::{LabelAction, Labels, SystemLabel},
    violations::{Code, Violations},
};

/// What the request says of the dialog itself.
#[derive(Clone, Debug)]
pub struct Birth {
    pub id: DialogId,
    pub idempotent_key: Option<String>,
    pub org: String,
    pub service_resource: String,
    pub resource_type: String,
    pub party: Party,
    pub status: Status,
    pub progress: Option<i32>,
    pub extended_status: Option<String>,
    pub external_reference: Option<String>,
    pub visible_from: Option<Instant>,
    pub due_at: Option<Instant>,
    pub expires_at: Option<Instant>,
    pub process: Option<String>,
    pub preceding_process: Option<String>,
    pub is_api_only: bool,
    pub created_at: Option<Instant>,
    pub updated_at: Option<Instant>,
    /// Default, Bin or Archive.
    pub label: SystemLabel,
    pub owner_labels: Vec<String>,
    pub body: DialogBody,
}

/// A dialog that is not stored yet, with all it is born with.
#[derive(Clone, Debug)]
pub struct NewDialog {
    pub dialog: Dialog,
    /// In the order given.
    pub transmissions: Vec<Transmission>,
    /// In the order given.
    pub activities: Vec<Activity>,
    /// Ids of children in bodies that the client chose.
    pub chosen: Vec<(ChildKind, Uuid)>,
    /// What the label log says of the labels it is born with.
    pub label_log: Vec<(SystemLabel, LabelAction)>,
    /// 422 if the dialog has more transmissions of one kind than can be counted.
    pub overflow: Violations,
    /// The instant of the request.
    pub now: Instant,
}

/// The dialog with what follows from the rest: times, counts, labels, and whether there is something unopened or unseen.
pub fn dialog(
    birth: Birth,
    mut transmissions: Vec<Transmission>,
    activities: Vec<Activity>,
    chosen: Vec<(ChildKind, Uuid)>,
    now: Instant,
) -> NewDialog {
    let times = Times::of(birth.visible_from, birth.created_at, birth.updated_at, now);
    // The reference asks before activities are linked to transmissions, so a dialog that is born with an opened
    // transmission still starts as unopened.
    let activity_types = activities.iter().map(|activity| activity.activity_type);
    let unopened_transmission =
        transmissions.iter().any(|transmission| !transmission.transmission_type.is_from_party());
    let has_unopened_content = has_unopened_content(
        unopened_transmission,
        &birth.resource_type,
        activity_types.into_iter().any(|kind| kind == ActivityType::CorrespondenceOpened),
    );
    mark_opened(&mut transmissions, &activities);
    let counts = Counts::default().and(transmissions.iter().map(|transmission| transmission.transmission_type));
    let mut labels = Labels::default().with(birth.label);
    if counts.from_party > 0 {
        labels = labels.with(SystemLabel::Sent);
    }
    let (from_party_transmissions, from_owner_transmissions, overflow) = counts.checked();
    let dialog = Dialog {
        id: birth.id,
        revision: Revision::fresh(),
        context_revision: Revision::fresh(),
        owner_context_revision: Revision::fresh(),
        is_content_seen: is_seen_at_birth(times.created, &birth.service_resource, &birth.org),
        idempotent_key: birth.idempotent_key,
        org: birth.org,
        service_resource: birth.service_resource,
        resource_type: birth.resource_type,
        party: birth.party,
        status: birth.status,
        progress: birth.progress,
        extended_status: birth.extended_status,
        external_reference: birth.external_reference,
        visible_from: birth.visible_from,
        due_at: birth.due_at,
        expires_at: birth.expires_at,
        process: birth.process,
        preceding_process: birth.preceding_process,
        is_api_only: birth.is_api_only,
        created_at: times.created,
        updated_at: times.updated,
        content_updated_at: times.updated,
        deleted_at: None,
        is_frozen: false,
        from_party_transmissions,
        from_owner_transmissions,
        has_unopened_content,
        labels,
        owner_labels: birth.owner_labels,
        body: birth.body,
    };
    let label_log = Labels::default().log_of_change(labels);
    NewDialog { dialog, transmissions, activities, chosen, label_log, overflow, now }
}

/// Marks the transmissions that some activity tells to be opened; those from the party never are.
pub fn mark_opened(transmissions: &mut [Transmission], activities: &[Activity]) {
    let opened: std::collections::HashSet<_> = activities
        .iter()
        .filter(|activity| activity.activity_type == ActivityType::TransmissionOpened)
        .filter_map(|activity| activity.transmission_id)
        .collect();
    for transmission in transmissions {
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
    created_at < SEEN_LOG_BEGINS
        || service_resource.to_lowercase().starts_with(&format!("urn:altinn:resource:app_{}_a2", org.to_lowercase()))
}

/// How many transmissions there are of either kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
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
