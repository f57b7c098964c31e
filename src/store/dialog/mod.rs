//! The rows of a dialog.

mod append;
pub mod change;
pub mod children;
pub mod correct;
pub mod insert;
pub mod known;
pub mod load;
pub mod part;
pub mod purge;
mod rows;
pub mod seen;

pub use known::has_activity;
pub use load::{Find, WholeDialog, any_owner, for_end_user, owned_by};
pub use part::{ACTIVITIES, CoverRow, Kind, LABEL_LOG, Part, SEEN_LOG, TRANSMISSIONS};
pub use rows::TransmissionHeader;
pub use seen::{Visit, Visited};

use super::statement::Statement;

/// Every statement about one dialog.
pub(super) fn statements() -> Vec<&'static Statement> {
    [
        &append::STATEMENTS[..],
        &change::STATEMENTS,
        &correct::STATEMENTS,
        &insert::STATEMENTS,
        &known::STATEMENTS,
        &load::STATEMENTS,
        &part::statements(),
        &purge::STATEMENTS,
        &seen::STATEMENTS,
    ]
    .concat()
}
