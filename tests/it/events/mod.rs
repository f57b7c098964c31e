//! What becomes of what happened.

mod changes;
mod delivery;
mod endpoint;
mod follow;
mod listing;
mod signal;
mod tail;

use std::time::Duration;

/// Nothing here may take longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("in time")
}
