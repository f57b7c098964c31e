//! Removes what has passed its time, in small steps: delivered and silent events, and changes of the feed, after
//! `events.keep`. What is parked stays until somebody looks at it.

use std::{fmt, time::Duration};

use anyhow::Context;
use chrono::TimeDelta;

use crate::{
    db::Db,
    domain::Instant,
    store::jobs::{forget_changes, forget_events},
};

/// Rows of one step: a moment's work.
// Small, as a step locks its rows, and a stopped job loses at most one step.
const STEP: i64 = 2000;

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub events: i64,
    pub changes: i64,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events and {} changes removed", self.events, self.changes)
    }
}

/// Removes everything that is older than `keep` at `now`. Stopped half way, what was removed is removed.
///
/// # Errors
/// The database's.
pub async fn run(db: &Db, now: Instant, keep: Duration) -> anyhow::Result<Removed> {
    // An error and not some other time: too late a one would remove everything.
    let before = TimeDelta::from_std(keep).ok().and_then(|keep| now.checked_sub_signed(keep));
    let before = before.context("events.keep reaches back beyond time")?;
    let mut removed = Removed::default();
    loop {
        let events = forget_events(db, before, STEP).await?;
        let changes = forget_changes(db, before, STEP).await?;
        removed.events += events;
        removed.changes += changes;
        if events < STEP && changes < STEP {
            return Ok(removed);
        }
    }
}
