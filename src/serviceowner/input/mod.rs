//! What service owners send, as it stands on the wire, the rules over it and the way into the domain.
//!
//! Members are read loosely: what may be missing is an `Option` or has a default, and the rules say what must not be. One
//! DTO serves all operations whose contract agrees on its members; what the operations judge differently hangs on
//! [`Checking`].

mod action;
mod activity;
mod actor;
mod attachment;
mod content;
mod dialog;
mod projection;
mod transmission;
mod update;

pub use action::{ApiActionEndpointInput, ApiActionInput, GuiActionInput};
pub use activity::{ActivityInput, must_be_permitted};
pub use actor::ActorInput;
pub use attachment::{AttachmentInput, AttachmentUrlInput, NewAttachmentUrlInput, UrlInput};
pub use content::{ContentValueInput, DialogContentInput, LocalizationInput, TransmissionContentInput, texts};
pub use dialog::{CreateDialog, SearchTagInput, ServiceOwnerContextInput, ServiceOwnerLabelInput};
pub use transmission::{NavigationalActionInput, TransmissionInput};
pub use update::{Stored, UpdateDialog};

use serde::{Deserialize, Deserializer};

use crate::domain::{
    rules::{RuleContext, unique},
    violations::{At, Violations},
    wire_enum::{Given, WireEnum},
};

/// The operation in whose words a request is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    CreateDialog,
    /// PUT and PATCH.
    UpdateDialog,
    CreateTransmission,
    UpdateTransmission,
    CreateActivity,
}

/// What the rules need beside the request.
#[derive(Clone, Copy, Debug)]
pub struct Checking {
    pub context: RuleContext,
    pub operation: Operation,
    /// Content may be missing.
    pub is_api_only: bool,
}

/// A member that may be missing but not null.
pub fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    // `Option` alone would take null, which the contract refuses for members that are not nullable.
    T::deserialize(deserializer).map(Some)
}

/// No id is given twice. Missing ids are not compared.
fn unique_ids(ids: impl Iterator<Item = Option<uuid::Uuid>> + Clone, at: At, found: &mut Violations) {
    unique::unique(ids.flatten(), at, found);
}

/// The value behind an enum that the rules found defined.
fn defined<E: WireEnum>(given: Given<E>) -> E {
    given.known().expect("undefined values are refused before anything is converted")
}

/// A mandatory member that the rules found present.
fn present<T>(given: Option<T>) -> T {
    given.expect("missing members are refused before anything is converted")
}
