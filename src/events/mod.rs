//! What becomes of what happened: see `store/outbox.rs` for how it is kept.
//!
//! | Module | Owns |
//! |---|---|
//! | [`deliver`], [`retry`] | what goes to the platform's event endpoint, when, and when no more |
//! | [`cloud_event`] | an event as the endpoint takes it |
//! | [`follow`] | every event in the order of commits, as it happens |
//! | [`shown`] | an event as those who run the service see it |
//! | [`signal`] | who is told that something was written, in this process and in others |

pub mod cloud_event;
pub mod deliver;
pub mod follow;
pub mod retry;
pub mod shown;
pub mod signal;
