//! Transmissions of a dialog: one file per operation.

pub mod create;
pub mod get;
pub mod list;
pub mod update;
mod view;
