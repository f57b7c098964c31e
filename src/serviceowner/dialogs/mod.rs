//! Dialogs: one file per operation.

pub mod view;
