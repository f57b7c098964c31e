//! Ids of children that live inside a dialog's or a transmission's body. Those that clients choose are claimed in the
//! store, so that none is used twice anywhere; generated ones need no claim.

use uuid::Uuid;

use super::{Instant, ids};

/// What an id belongs to. Attachments of dialogs and of transmissions share one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum ChildKind {
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
            None => ids::v7_at(self.now),
        }
    }
}
