//! Dialogs: one file per operation.

pub mod get;
pub mod lens;
pub mod view;
