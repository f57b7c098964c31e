//! Activities of a dialog: one file per operation.

pub mod create;
pub mod form_saved;
pub mod get;
pub mod list;
