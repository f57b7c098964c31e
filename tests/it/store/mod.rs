//! What a store must hold whatever asks it.

mod dialog_text;
mod free_text;
mod many;
mod search;
mod statements;
