//! What is appended to a stored dialog: new transmissions and activities, and what follows from them.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    Instant,
    actor::Actor,
    birth::{Counts, mark_opened},
    dialog::{Activity, ActivityType, Head, Transmission},
    hierarchy::{self, Faults, Node, StoredParent},
    ids::TransmissionId,
    rules::time,
    violations::{Code, Fault, Violations},
};

/// New transmissions and activities of one write.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    pub transmissions: Vec<Transmission>,
    pub activities: Vec<Activity>,
}

impl Growth {
    /// Marks the new transmissions that new activities open.
    pub fn new(mut transmissions: Vec<Transmission>, activities: Vec<Activity>) -> Self {
        mark_opened(&mut transmissions, &activities);
        Self { transmissions, activities }
    }

    /// The depth of every new transmission in the tree of all.
    pub fn depths(&self, stored: &HashMap<Uuid, StoredParent>) -> Result<Vec<i16>, Faults> {
        let node = |transmission: &Transmission| Node {
            id: transmission.id.0,
            parent: transmission.related_transmission_id.map(|id| id.0),
        };
        let nodes: Vec<Node> = self.transmissions.iter().map(node).collect();
        let depths = hierarchy::depths(&nodes, stored)?;
        // No deeper than the limit, which is far below what the column holds.
        Ok(depths.into_iter().map(|depth| i16::try_from(depth).unwrap_or(i16::MAX)).collect())
    }

    /// Attachments of new transmissions whose time is over. `is_named` tells whether the text names an attachment by its id.
    pub fn check_attachments_not_over(&self, now: Instant, is_named: impl Fn(Uuid) -> bool, found: &mut Violations) {
        let attachments = self.transmissions.iter().flat_map(|transmission| &transmission.body.attachments);
        for attachment in attachments {
            // `<=`: here the contract wants later than now, while the rules of a request alone (400) take now itself
            // (§2.4).
            if let Some(at) = attachment.expires_at.filter(|at| *at <= now) {
                found.add(
                    "Transmissions.Attachments.ExpiresAt",
                    not_in_the_future(at, Some(attachment.id).filter(|id| is_named(*id)), now),
                );
            }
        }
    }

    pub fn idempotent_keys(&self) -> impl Iterator<Item = &str> + Clone {
        self.transmissions.iter().filter_map(|transmission| transmission.idempotent_key.as_deref())
    }

    /// Whose names may have to be looked up.
    pub fn actors(&mut self) -> Vec<&mut Actor> {
        let senders = self.transmissions.iter_mut().map(|transmission| &mut transmission.body.sender);
        senders.chain(self.activities.iter_mut().map(|activity| &mut activity.body.performed_by)).collect()
    }

    /// Transmissions that activities refer to and that are neither new nor stored.
    pub fn unknown_references(&self, stored: &HashMap<Uuid, StoredParent>) -> Vec<TransmissionId> {
        let new: HashSet<TransmissionId> = self.transmissions.iter().map(|transmission| transmission.id).collect();
        let referred = self.activities.iter().filter_map(|activity| activity.transmission_id);
        // New ones count too: an activity may come in the same request as the transmission it opens.
        referred.filter(|id| !new.contains(id) && !stored.contains_key(&id.0)).collect()
    }

    /// Stored transmissions that new activities open.
    pub fn opened(&self) -> Vec<TransmissionId> {
        let opening =
            self.activities.iter().filter(|activity| activity.activity_type == ActivityType::TransmissionOpened);
        opening.filter_map(|activity| activity.transmission_id).collect()
    }

    /// The party sent something.
    pub fn from_party(&self) -> bool {
        self.transmissions.iter().any(|transmission| transmission.transmission_type.is_from_party())
    }

    /// Counts the new transmissions in; 422 if there are more of one kind than can be counted.
    pub fn count(&self, dialog: &mut Head) -> Violations {
        let stored = Counts {
            from_party: dialog.from_party_transmissions.into(),
            from_owner: dialog.from_owner_transmissions.into(),
        };
        let types = self.transmissions.iter().map(|transmission| transmission.transmission_type);
        let (from_party, from_owner, overflow) = stored.and(types).checked();
        (dialog.from_party_transmissions, dialog.from_owner_transmissions) = (from_party, from_owner);
        overflow
    }

    /// Whether the dialog has something unopened after the write. The two facts are about what is stored, without the
    /// transmissions that this write opens.
    pub fn leaves_unopened(
        &self,
        resource_type: &str,
        unopened_transmission: bool,
        correspondence_opened: bool,
    ) -> bool {
        let unopened =
            |transmission: &Transmission| !transmission.transmission_type.is_from_party() && !transmission.is_opened;
        let opens = |activity: &Activity| activity.activity_type == ActivityType::CorrespondenceOpened;
        has_unopened_content(
            unopened_transmission || self.transmissions.iter().any(unopened),
            resource_type,
            correspondence_opened || self.activities.iter().any(opens),
        )
    }
}

/// The fault of an attachment's time that is over. Without an id, the attachment is not named.
pub fn not_in_the_future(at: Instant, id: Option<Uuid>, now: Instant) -> Fault {
    // .NET's invariant form of a time, month first: the contract quotes it in this one text (chapter 08 §4.4).
    let named = id.map_or_else(String::new, |id| format!(" (Id: {id})"));
    let text = format!("Must be in future or null, got '{}'.{named}", at.format("%m/%d/%Y %H:%M:%S +00:00"));
    Code::TimeNotFuture.says(text).hint(time::after(now))
}

/// The registry's type, in lower case, of resources whose dialogs are letters.
pub const CORRESPONDENCE: &str = "correspondenceservice";

/// Whether a dialog has something that its party has not opened (chapter 01 §4.6).
///
/// `unopened_transmission`: some transmission that is not from the party has no TransmissionOpened activity.
/// `correspondence_opened`: there is a CorrespondenceOpened activity.
pub fn has_unopened_content(unopened_transmission: bool, resource_type: &str, correspondence_opened: bool) -> bool {
    // A letter without transmissions is still to be opened, which only its own activity tells.
    unopened_transmission || resource_type == CORRESPONDENCE && !correspondence_opened
}
