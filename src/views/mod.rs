//! The parts of answers that both surfaces show alike: texts, actors, attachments, actions, log entries.
//!
//! What differs between the surfaces (dialogs, transmissions) is described in `serviceowner` and `enduser`, from these
//! parts. A view shows what it is given: masking, placeholders and languages were settled before, on the domain's types.
//! `isAuthorized` is absent where nobody's rights were asked for.

mod action;
mod attachment;
mod log;
mod text;

pub use action::{ApiActionEndpointView, ApiActionView, GuiActionView, NavigationalActionView};
pub use attachment::{AttachmentUrlView, AttachmentView};
pub use log::{ActivityView, EndUserContextView, SeenLogView};
pub use text::{ActorView, ContentValueView, LocalizationView, TransmissionContentView, texts, texts_if_any};

/// Turns a list of the domain into views.
pub fn each<T, V: From<T>>(list: Vec<T>) -> Vec<V> {
    list.into_iter().map(V::from).collect()
}
