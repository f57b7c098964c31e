//! Dialogs: one file per operation.

pub mod get;
pub mod input;
pub mod view;
