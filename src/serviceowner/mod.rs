//! What service owners may do: one file per operation.

pub mod activities;
pub mod authorization;
pub mod body;
pub mod changes;
pub mod commit;
pub mod deferred;
pub mod dialogs;
pub mod events;
pub mod idempotency;
pub mod input;
pub mod lookup;
pub mod owner_labels;
pub mod seen_log;
pub mod standing;
pub mod system_labels;
pub mod transmissions;

use crate::openapi::Operation;

/// Every operation of this surface.
pub fn operations() -> Vec<Operation> {
    vec![
        dialogs::search::operation(),
        dialogs::create::operation(),
        dialogs::get::operation(),
        dialogs::update::operation(),
        dialogs::patch::operation(),
        dialogs::delete::operation(),
        dialogs::restore::operation(),
        dialogs::purge::operation(),
        dialogs::freeze::operation(),
        dialogs::notification_condition::operation(),
        dialogs::end_user_contexts::operation(),
        lookup::operation(),
        transmissions::list::operation(),
        transmissions::get::operation(),
        transmissions::create::operation(),
        transmissions::update::operation(),
        activities::list::operation(),
        activities::get::operation(),
        activities::create::operation(),
        seen_log::list::operation(),
        seen_log::get::operation(),
        activities::form_saved::operation(),
        owner_labels::list::operation(),
        owner_labels::add::operation(),
        owner_labels::remove::operation(),
        system_labels::set::operation(),
        system_labels::set_many::operation(),
        changes::operation(),
        events::parked::operation(),
        events::replay::operation(),
    ]
}
