//! A large world of dialogs, for trying things out at size: realistic, skewed, and the same for the same seed.
//!
//! | Module | Owns |
//! |---|---|
//! | [`people`] | whose the dialogs are and of which service resources: few large, many small |
//! | [`texts`] | what they say |
//! | [`dialog`] | one dialog whole, a pure function of seed and place |
//! | [`rows`], [`copy`] | the same as rows, in the form of `COPY` |
//! | [`run()`] | into the database, chunk by chunk, so that a run that was stopped goes on; then the indexes |
//! | [`progress`] | how far it is |

mod chance;
mod copy;
mod dialog;
mod people;
mod progress;
mod rows;
mod run;
mod texts;

pub use self::{
    people::{LARGE, People, ServiceResource},
    rows::Detail,
    run::{Outcome, Wish, run},
};
use crate::domain::Instant;

/// The beginning of an instant's day: a world that ends there is the same all day long.
pub fn day_of(now: Instant) -> Instant {
    now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc()
}
