//! Who has opened a dialog.

pub mod get;
pub mod list;
