//! How end users mark dialogs.

pub mod set;
pub mod set_many;
