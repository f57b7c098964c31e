//! Work that is run to completion, by hand or by a clock: each may run twice and at the same time, goes in steps, and ends
//! with a line that says what it did.
//!
//! | Module | Owns |
//! |---|---|
//! | [`maintain`] | removing what has passed its time |
//! | [`warm_up`] | what is done before the first request |
//! | [`timers`] | what instances of the service do by the clock, one of them at a time |

pub mod maintain;
pub mod timers;
pub mod warm_up;

use std::time::Duration;

use crate::{db::Db, store::jobs};

/// How long a job is its process's: the longest of them takes minutes.
const LEASE: Duration = Duration::from_mins(10);

/// Does `work` unless another process does it now, or it was done within `every`; `None` then.
///
/// # Errors
/// The work's, and the database's.
pub async fn alone<T>(
    db: &Db,
    name: &str,
    every: Duration,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Option<T>> {
    if !jobs::take(db, name, every, LEASE).await? {
        return Ok(None);
    }
    let outcome = work.await;
    // Also after a failure: the next turn may try at once, and not only when the lease runs out.
    jobs::give_back(db, name, outcome.is_ok()).await?;
    outcome.map(Some)
}
