//! Ids of children that live inside a dialog's or a transmission's body. Those that clients choose are claimed in the
//! store, so that none is used twice anywhere; generated ones need no claim.

use std::collections::HashSet;

use uuid::Uuid;

use super::{Instant, attachment::Attachment, dialog::DialogBody, ids};

/// What an id belongs to. Attachments of dialogs and of transmissions share one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum ChildKind {
    // The numbers are stored in `child_id.kind`: none is ever given another meaning.
    Attachment = 1,
    AttachmentUrl = 2,
    GuiAction = 3,
    ApiAction = 4,
    Endpoint = 5,
}

/// Gives ids to children while a request becomes a dialog, and remembers which ones the client chose.
#[derive(Clone, Debug)]
pub struct ChildIds {
    /// The instant of the request: the birth of all its children.
    pub now: Instant,
    /// In the order in which they were met.
    pub chosen: Vec<(ChildKind, Uuid)>,
}

impl DialogBody {
    /// The ids of all children inside the body.
    pub fn child_ids(&self) -> impl Iterator<Item = (ChildKind, Uuid)> {
        let gui = self.gui_actions.iter().map(|action| (ChildKind::GuiAction, action.id));
        let api = self.api_actions.iter().map(|action| (ChildKind::ApiAction, action.id));
        let endpoints = self.api_actions.iter().flat_map(|action| &action.endpoints);
        let endpoints = endpoints.map(|endpoint| (ChildKind::Endpoint, endpoint.id));
        ids_of_attachments(&self.attachments).chain(gui).chain(api).chain(endpoints)
    }
}

/// The ids of attachments and of their addresses.
pub fn ids_of_attachments(attachments: &[Attachment]) -> impl Iterator<Item = (ChildKind, Uuid)> {
    let urls = attachments.iter().flat_map(|attachment| &attachment.urls).map(|url| (ChildKind::AttachmentUrl, url.id));
    attachments.iter().map(|attachment| (ChildKind::Attachment, attachment.id)).chain(urls)
}

type Claims = Vec<(ChildKind, Uuid)>;

/// Ids to claim and to give free when `before` becomes `after`: chosen now and new, or gone. One that the request gives
/// twice is claimed twice, which the store refuses.
pub fn claims(
    before: impl Iterator<Item = (ChildKind, Uuid)>,
    after: impl Iterator<Item = (ChildKind, Uuid)>,
    chosen: &[(ChildKind, Uuid)],
) -> (Claims, Claims) {
    // Sets, as a dialog may have any number of attachments and links.
    let (had, has): (HashSet<_>, HashSet<_>) = (before.collect(), after.collect());
    let mut met = HashSet::new();
    // Without this an id that the dialog has already, sent twice, would be claimed by nobody and stand there twice. The
    // reference fails with 500 for some of these (§13 no. 7).
    let twice: HashSet<_> = chosen.iter().filter(|id| !met.insert(**id)).collect();
    let claimed = chosen.iter().filter(|id| twice.contains(id) || !had.contains(*id)).copied().collect();
    let released = had.difference(&has).copied().collect();
    (claimed, released)
}

impl ChildIds {
    pub fn new(now: Instant) -> Self {
        Self { now, chosen: Vec::new() }
    }

    /// The id that was given, else a new one; new ones ascend.
    pub fn take(&mut self, kind: ChildKind, given: Option<Uuid>) -> Uuid {
        match given {
            Some(id) => {
                self.chosen.push((kind, id));
                id
            }
            // Ascending: readers get children by time and id, so they see them in the order of the request (§2.1).
            None => ids::v7_at(self.now),
        }
    }
}
