//! Following what happens, from a place on: every event once its commit is settled, in the order of commits, none skipped.

use std::time::Duration;

use tokio::time::sleep;

use super::signal::{Signal, Subscription};
use crate::{
    app::App,
    db::Db,
    store::outbox::{self, Happened, Position},
};

/// Most events that are read at once.
const BATCH: i64 = 500;
/// How soon to ask again for what is stored and not settled.
const SOON: Duration = Duration::from_millis(10);

/// One who follows. Several streams of a process do well to share one.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    words: Subscription,
    place: Position,
}

impl Follower {
    /// From here on. What was written a moment ago may be told still.
    ///
    /// # Errors
    /// The database's.
    pub async fn from_now(app: &App) -> sqlx::Result<Self> {
        Self::new(app.db.clone(), &app.signal).await
    }

    /// The same where there is no service.
    ///
    /// # Errors
    /// The database's.
    pub async fn new(db: Db, signal: &Signal) -> sqlx::Result<Self> {
        let words = signal.subscribe();
        let place = outbox::now(&db).await?;
        Ok(Self { db, words, place })
    }

    /// Further events, if there are any by now.
    ///
    /// # Errors
    /// The database's. The place is kept.
    pub async fn look(&mut self) -> sqlx::Result<Vec<Happened>> {
        let behind = outbox::after(&self.db, self.place, BATCH).await?;
        if let Some(last) = behind.events.last() {
            self.place = last.position;
        }
        Ok(behind.events)
    }

    /// Waits until there are further events, at least one. Dropped half way it loses nothing.
    ///
    /// # Errors
    /// The database's. The place is kept: pause, and ask again.
    pub async fn next(&mut self) -> sqlx::Result<Vec<Happened>> {
        loop {
            let behind = outbox::after(&self.db, self.place, BATCH).await?;
            if let Some(last) = behind.events.last() {
                self.place = last.position;
                return Ok(behind.events);
            }
            if behind.is_unsettled {
                sleep(SOON).await;
            } else {
                self.words.woken().await;
            }
        }
    }
}
