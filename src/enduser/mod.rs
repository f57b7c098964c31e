//! What end users and their systems may do: one file per operation.

pub mod dialogs;
