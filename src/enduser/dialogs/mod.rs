//! Dialogs: one file per operation.

pub mod get;
pub mod list_item;
pub mod search;
pub mod view;
