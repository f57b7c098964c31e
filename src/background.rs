//! Work that no request waits for, and that the process waits for before it ends.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// How long a task may take to end once it was told to: each waits for the database or the platform, and leaves there.
pub const STOP: Duration = Duration::from_secs(5);

/// What runs beside the requests. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Background {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Background {
    /// Starts a task, which ends by itself or at the next place where it waits once [`Self::stop`] is called.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        let span = tracing::debug_span!("task", name);
        let task = async move {
            if stop.run_until_cancelled(task).await.is_none() {
                tracing::debug!(name, "task stopped");
            }
        };
        self.tasks.spawn(task.instrument(span));
    }

    /// Starts a task that ends in its own way when it is told to: it is handed the word.
    pub fn work<F>(&self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let span = tracing::debug_span!("task", name);
        self.tasks.spawn(task(self.stop.clone()).instrument(span));
    }

    /// For work in steps: when this is cancelled, no new step is to begin.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Stops all tasks and waits until they have ended, at most so long.
    pub async fn stop(&self, patience: Duration) {
        self.stop.cancel();
        // A tracker that is open is waited for without end, even when it is empty.
        self.tasks.close();
        if timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "tasks had not ended and are left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn what_was_begun_has_ended_when_stopping_ends() {
        struct Ended(Arc<AtomicBool>);
        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let (background, ended) = (Background::default(), Arc::new(AtomicBool::new(false)));
        let last = Ended(ended.clone());
        background.spawn("endless", async move {
            let _last = last;
            std::future::pending::<()>().await;
        });
        background.spawn("short", async {});
        background.stop(Duration::from_mins(1)).await;
        assert!(ended.load(Ordering::SeqCst));
    }
}
