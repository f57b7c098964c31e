//! Work that keeps a processor busy for long: large bodies are read, judged, merged and written out a few at a time, and never
//! in the way of the requests beside them.

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
    task::block_in_place,
};

/// From here on, in bytes of JSON, work is heavy: below it takes less than a millisecond.
pub const HEAVY: usize = 64 << 10;

/// How many pieces of heavy work are under way at once; the others wait. Each is bounded by the limit of bodies.
static SEATS: Semaphore = Semaphore::const_new(2);

/// Does `work` on a body of so many bytes: here, or if it is heavy, beside the threads that answer requests.
pub async fn beside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes < HEAVY {
        return work();
    }
    let _seat = SEATS.acquire().await.expect("the seats are never closed");
    match Handle::current().runtime_flavor() {
        // The other tasks of this thread move to another one; the work may borrow what it works on.
        RuntimeFlavor::MultiThread => block_in_place(work),
        _ => work(),
    }
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
            .await;
        });
        has_started.recv().await.expect("it starts");
        tokio::task::yield_now().await;
        go_on.send(()).expect("it still works");
        work.await.expect("it ends");
    }
}
