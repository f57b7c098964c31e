//! Work that keeps a processor busy for long: large bodies are read, judged, merged and written out a few at a time, and never
//! in the way of the requests beside them.

use std::time::Duration;

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{Semaphore, SemaphorePermit},
    task::block_in_place,
    time::timeout,
};

use crate::domain::refusal::Refusal;

/// From here on, in bytes of JSON, work is heavy: below it takes less than a millisecond.
pub const HEAVY: usize = 64 << 10;

/// How many pieces of heavy work are under way at once; the others wait. Each is bounded by the limit of bodies.
static SEATS: Semaphore = Semaphore::const_new(2);

/// How long a piece of work waits for a seat. The largest one takes about a second, so this much waiting means that more
/// comes in than can be done.
const PATIENCE: Duration = Duration::from_secs(10);

/// No seat became free in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too much heavy work is under way")]
pub struct Busy;

impl From<Busy> for Refusal {
    fn from(_: Busy) -> Self {
        Self::overloaded()
    }
}

/// Does `work` on a body of so many bytes: here, or if it is heavy, beside the threads that answer requests.
///
/// # Errors
/// [`Busy`] if other heavy work leaves no seat for ten seconds; nothing was done then.
pub async fn beside<T>(bytes: usize, work: impl FnOnce() -> T) -> Result<T, Busy> {
    if bytes < HEAVY {
        return Ok(work());
    }
    let _seat = seat(&SEATS, PATIENCE).await?;
    Ok(aside(bytes, work))
}

/// The same for work that cannot wait for a seat, because it holds what a seat would save: rows of the database that were
/// read, an answer that only has to be written out. It goes on beside the runtime's threads all the same.
pub fn aside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match flavor {
        // The other tasks of this thread move to another one; the work may borrow what it works on.
        Ok(RuntimeFlavor::MultiThread) if bytes >= HEAVY => block_in_place(work),
        _ => work(),
    }
}

async fn seat(seats: &Semaphore, patience: Duration) -> Result<SemaphorePermit<'_>, Busy> {
    Ok(timeout(patience, seats.acquire()).await.map_err(|_| Busy)?.expect("the seats are never closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-01: while as much heavy work is done as may be, the only thread of the runtime answers.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn heavy_work_leaves_the_runtime_free() {
        let (started, mut has_started) = tokio::sync::mpsc::channel(1);
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let work = tokio::spawn(async move {
            beside(HEAVY, move || {
                started.blocking_send(()).expect("somebody listens");
                may_go_on.recv().expect("the word to go on");
            })
            .await
        });
        has_started.recv().await.expect("it starts");
        tokio::task::yield_now().await;
        go_on.send(()).expect("it still works");
        work.await.expect("it ends").expect("a seat");
    }

    #[tokio::test]
    async fn waiting_for_a_seat_ends() {
        let taken = Semaphore::const_new(0);
        let refusal = Refusal::from(seat(&taken, Duration::from_millis(1)).await.expect_err("no seat is free"));
        assert!(matches!(refusal, Refusal::Unavailable { .. }), "{refusal:?}");
    }
}
