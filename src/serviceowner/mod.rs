//! What service owners may do: one file per operation.

pub mod dialogs;
