//! What a store must hold whatever asks it.

mod search;
mod statements;
