//! Dialogs: one file per operation.

pub mod create;
pub mod get;
pub mod input;
pub mod view;
