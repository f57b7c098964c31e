//! The transmissions of a dialog: one file per operation.

pub mod get;
pub mod list;
mod view;
