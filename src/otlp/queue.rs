//! What waits to be posted, within bounds.

use std::time::Duration;

use tokio::{
    sync::mpsc::{self, Receiver, Sender, error::TrySendError},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::post::Post;
use crate::meter;

/// So many wait at most: a few megabytes.
const CAPACITY: usize = 8192;
/// So many go into one post.
const BATCH: usize = 1024;
/// After the first one, others are waited for.
// Short enough that a busy second at full sampling does not fill the queue, and long enough that most seconds are few posts.
const GATHER: Duration = Duration::from_millis(200);

/// Where to put what is to be sent. Clones share it.
#[derive(Debug)]
pub struct Queue<T> {
    signal: &'static str,
    entrance: Sender<T>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { signal: self.signal, entrance: self.entrance.clone() }
    }
}

/// The other end of it.
#[derive(Debug)]
pub struct Waiting<T>(Receiver<T>);

pub fn bounded<T>(signal: &'static str) -> (Queue<T>, Waiting<T>) {
    let (entrance, exit) = mpsc::channel(CAPACITY);
    (Queue { signal, entrance }, Waiting(exit))
}

impl<T> Queue<T> {
    /// Puts it in, or drops and counts it: nobody waits.
    pub fn put(&self, item: T) {
        // A closed one is no loss: nobody is sent this signal, or the process ends.
        if let Err(TrySendError::Full(_)) = self.entrance.try_send(item) {
            meter::DROPPED.add([self.signal]);
        }
    }
}

impl<T> Waiting<T> {
    /// Posts what comes, until told to stop; then what is there.
    pub async fn keep(mut self, mut post: Post, stop: CancellationToken, write: impl Fn(Vec<T>) -> Vec<u8>) {
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            let is_last = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.0.close();
                    true
                }
                _ = self.0.recv_many(&mut batch, BATCH) => false,
            };
            if !is_last && batch.len() < BATCH {
                // Not woken by each one that comes.
                stop.run_until_cancelled(sleep(GATHER)).await;
            }
            while batch.len() < BATCH
                && let Ok(item) = self.0.try_recv()
            {
                batch.push(item);
            }
            if batch.is_empty() {
                return;
            }
            let count = batch.len();
            post.patiently(write(batch), count, &stop).await;
        }
    }
}
