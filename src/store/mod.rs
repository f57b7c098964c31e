//! SQL. One file per aggregate or big read; statements name their parameters ([`statement`]) and share what they say alike
//! ([`parts`]).

pub mod access;
pub mod changes;
pub mod context;
pub mod delivery;
pub mod dialog;
pub mod dialog_text;
pub mod dictionary;
pub mod end_user_contexts;
pub mod jobs;
pub mod lookup;
pub mod outbox;
pub mod outbox_list;
pub mod parts;
pub mod registry;
pub mod search;
pub mod statement;
pub mod text_reindex;
pub mod unit_of_work;
pub mod usage;
pub mod violation;

pub use crate::db::migrations;

use statement::Statement;

/// Every statement whose text is known before it runs. Those of [`search`] are put together for each request.
pub fn all() -> Vec<&'static Statement> {
    [
        dialog::statements(),
        dialog_text::STATEMENTS.to_vec(),
        access::STATEMENTS.to_vec(),
        changes::STATEMENTS.to_vec(),
        context::STATEMENTS.to_vec(),
        delivery::STATEMENTS.to_vec(),
        dictionary::STATEMENTS.to_vec(),
        end_user_contexts::STATEMENTS.to_vec(),
        lookup::STATEMENTS.to_vec(),
        jobs::STATEMENTS.to_vec(),
        outbox::STATEMENTS.to_vec(),
        outbox_list::STATEMENTS.to_vec(),
        registry::STATEMENTS.to_vec(),
        text_reindex::STATEMENTS.to_vec(),
        unit_of_work::STATEMENTS.to_vec(),
        usage::STATEMENTS.to_vec(),
    ]
    .concat()
}
