//! What becomes of what happened: see `store/outbox.rs` for how it is kept.
//!
//! | Module | Owns |
//! |---|---|
//! | [`follow`] | every event in the order of commits, as it happens |
//! | [`signal`] | who is told that something was written, in this process and in others |

pub mod follow;
pub mod signal;
