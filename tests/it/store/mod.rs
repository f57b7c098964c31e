//! What a store must hold whatever asks it.

mod dialog_text;
mod free_text;
mod many;
mod plans;
mod search;
mod statements;
