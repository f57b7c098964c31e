//! Dialogs: one file per operation.

pub mod lens;
pub mod view;
