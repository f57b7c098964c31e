//! The rows of a dialog.

pub mod load;
mod rows;

pub use load::{Find, WholeDialog, any_owner, for_end_user, owned_by};
pub use rows::{DialogRow, TransmissionHeader};
