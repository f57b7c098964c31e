//! What end users and their systems may do: one file per operation.

pub mod dialogs;
pub mod lens;

use crate::openapi::Operation;

/// Every operation of this surface.
pub fn operations() -> Vec<Operation> {
    vec![dialogs::search::operation(), dialogs::get::operation()]
}
