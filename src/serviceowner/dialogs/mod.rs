//! Dialogs: one file per operation.

pub mod create;
pub mod delete;
pub mod end_user_contexts;
pub mod freeze;
pub mod get;
pub mod list_item;
pub mod notification_condition;
pub mod patch;
pub mod purge;
pub mod restore;
pub mod search;
pub mod update;
pub mod view;
