//! SQL. One file per aggregate or big read.

pub mod access;
pub mod context;
pub mod dialog;
pub mod dictionary;
pub mod end_user_contexts;
pub mod lookup;
pub mod registry;
pub mod search;
pub mod unit_of_work;
pub mod violation;

pub use crate::db::migrations;
