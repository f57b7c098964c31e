//! That something was written: told to whoever waits for it, in this process at once and in others over the database.
//!
//! A word and no more: what was written stands in the database, and whoever is woken reads it there
//! ([`store::outbox`](crate::store::outbox)). So words may be lost, come twice, or come for nothing. Writers say it after
//! their commit and wait for nobody. It is not said within their transactions: PostgreSQL lets those that notify commit only
//! one after the other.
//!
//! Between processes one connection listens and speaks, at most once in [`APART`]. While it is lost nobody can be heard:
//! subscribers are told so, and ask the database themselves until it is back. A process that dies between its commit and its
//! word, and a pooler that hands no words on, only cost [`QUIET`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{Executor as _, postgres::PgListener};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, sleep_until, timeout},
};
use uuid::Uuid;

use crate::db::{Db, replica};

const CHANNEL: &str = "dialogporten_written";
/// Between two words to other processes.
const APART: Duration = Duration::from_millis(15);
/// How often subscribers look for themselves although nobody said anything.
const QUIET: Duration = Duration::from_secs(5);
/// The same while nobody can be heard.
const DEAF: Duration = Duration::from_millis(250);
/// How long the database may take to pass a word on.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that nobody uses is asked whether it lives.
const ASKED: Duration = Duration::from_secs(15);
/// Between two tries to connect.
const AGAIN: Duration = Duration::from_secs(1);

/// Tells and hears. Clones are one.
#[derive(Clone, Debug)]
pub struct Signal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    heard: watch::Sender<Heard>,
    /// Other processes are to be told.
    is_due: AtomicBool,
    due: Notify,
}

/// What there was to hear so far.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    words: u64,
    /// How often nobody could be heard for a while.
    gaps: u64,
    /// Whether others can be heard now.
    is_listening: bool,
}

/// Why a subscriber is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Something was written.
    Written,
    /// Nobody could be heard for a while: what was said meanwhile is lost.
    Gap,
    /// Nobody said anything for long.
    Quiet,
}

impl Default for Signal {
    fn default() -> Self {
        let inner =
            Inner { heard: watch::Sender::new(Heard::default()), is_due: AtomicBool::new(false), due: Notify::new() };
        Self(Arc::new(inner))
    }
}

impl Signal {
    /// Something was written and committed. Waits for nobody.
    pub fn written(&self) {
        replica::wrote();
        self.0.heard.send_modify(|heard| heard.words += 1);
        if !self.0.is_due.swap(true, Ordering::AcqRel) {
            self.0.due.notify_one();
        }
    }

    /// For whoever waits for what is written. It has yet to look for the first time.
    pub fn subscribe(&self) -> Subscription {
        let mut heard = self.0.heard.subscribe();
        let gaps = heard.borrow_and_update().gaps;
        Subscription { heard, gaps }
    }

    /// Whether other processes can be heard.
    pub fn is_listening(&self) -> bool {
        self.0.heard.borrow().is_listening
    }

    /// Passes words on between this process and others, until it is dropped. Without it only this process hears its own.
    pub async fn keep(self, db: Db) {
        let own = Uuid::new_v4().simple().to_string();
        loop {
            match timeout(PATIENCE, db.listener(CHANNEL)).await {
                Ok(Ok(listener)) => {
                    tracing::debug!("other processes can be heard");
                    // Anything may have been said before.
                    self.0.heard.send_modify(|heard| (heard.gaps, heard.is_listening) = (heard.gaps + 1, true));
                    let lost = self.pass_on(listener, &own).await;
                    tracing::warn!(
                        reason = lost,
                        "other processes cannot be heard: looking for what they write instead"
                    );
                    self.0.heard.send_modify(|heard| (heard.gaps, heard.is_listening) = (heard.gaps + 1, false));
                }
                Ok(Err(error)) => tracing::debug!(%error, "no connection to hear other processes on"),
                Err(_) => tracing::debug!("no connection in time to hear other processes on"),
            }
            sleep(AGAIN).await;
        }
    }

    /// Returns why it could not go on.
    async fn pass_on(&self, mut listener: PgListener, own: &str) -> String {
        let mut not_before = Instant::now();
        loop {
            tokio::select! {
                heard = listener.try_recv() => match heard {
                    Ok(Some(word)) if word.payload() == own => {}
                    Ok(Some(_)) => self.0.heard.send_modify(|heard| heard.words += 1),
                    Ok(None) => return "the connection was closed".to_owned(),
                    Err(error) => return error.to_string(),
                },
                () = self.is_due(not_before) => {
                    // Taken before it is said: what is written meanwhile is another word.
                    self.0.is_due.store(false, Ordering::Release);
                    let say = sqlx::query("/* signal */ select pg_notify($1, $2)").bind(CHANNEL).bind(own);
                    match timeout(PATIENCE, listener.execute(say)).await {
                        Ok(Ok(_)) => not_before = Instant::now() + APART,
                        Ok(Err(error)) => return error.to_string(),
                        Err(_) => return "it did not answer in time".to_owned(),
                    }
                }
                () = sleep(ASKED) => match timeout(PATIENCE, listener.execute("/* signal */ select")).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return "it did not answer in time".to_owned(),
                },
            }
        }
    }

    /// Returns when others are to be told, at that time at the earliest. Dropped half way it loses nothing.
    async fn is_due(&self, not_before: Instant) {
        while !self.0.is_due.load(Ordering::Acquire) {
            self.0.due.notified().await;
        }
        sleep_until(not_before).await;
    }
}

/// One who waits.
#[derive(Debug)]
pub struct Subscription {
    heard: watch::Receiver<Heard>,
    /// Gaps that it knows of.
    gaps: u64,
}

impl Subscription {
    /// Returns when there may be something new since it returned last: look then. Never waits longer than [`QUIET`].
    pub async fn woken(&mut self) -> Woken {
        let patience = if self.heard.borrow().is_listening { QUIET } else { DEAF };
        match timeout(patience, self.heard.changed()).await {
            Ok(Ok(())) => {
                let gaps = self.heard.borrow_and_update().gaps;
                if std::mem::replace(&mut self.gaps, gaps) == gaps { Woken::Written } else { Woken::Gap }
            }
            // Nobody is left who could say anything; looking goes on.
            Ok(Err(_)) => {
                sleep(DEAF).await;
                Woken::Quiet
            }
            Err(_) => Woken::Quiet,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn words_of_this_process_are_heard_without_a_database() {
        let signal = Signal::default();
        let mut subscription = signal.subscribe();
        signal.written();
        signal.written();
        let mut woken = || waited(&mut subscription);
        assert_eq!(woken(), Some(Woken::Written));
        assert_eq!(woken(), None, "several words are one");
    }

    #[test]
    fn a_gap_is_told_once() {
        let signal = Signal::default();
        let mut subscription = signal.subscribe();
        signal.0.heard.send_modify(|heard| heard.gaps += 1);
        signal.written();
        assert_eq!(waited(&mut subscription), Some(Woken::Gap));
        signal.written();
        assert_eq!(waited(&mut subscription), Some(Woken::Written));
    }

    /// Why it is woken, if it is.
    fn waited(subscription: &mut Subscription) -> Option<Woken> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        subscription.woken().now_or_never()
    }
}
