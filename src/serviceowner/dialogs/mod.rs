//! Dialogs: one file per operation.

pub mod input;
pub mod view;
