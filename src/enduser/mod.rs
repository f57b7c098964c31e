//! What end users and their systems may do: one file per operation.

pub mod activities;
pub mod dialogs;
pub mod label_log;
pub mod lens;
pub mod lookup;
pub mod parties;
pub mod seen_log;
pub mod service_resources;
pub mod system_labels;
pub mod transmissions;

use crate::openapi::Operation;

/// Every operation of this surface.
pub fn operations() -> Vec<Operation> {
    vec![
        dialogs::search::operation(),
        dialogs::get::operation(),
        seen_log::list::operation(),
        seen_log::get::operation(),
        label_log::operation(),
        system_labels::set::operation(),
        system_labels::set_many::operation(),
        activities::list::operation(),
        activities::get::operation(),
        transmissions::list::operation(),
        transmissions::get::operation(),
        lookup::operation(),
        parties::operation(),
        service_resources::operation(),
    ]
}
