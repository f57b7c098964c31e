//! Reads that may be a little old go to a streaming replica (`database.read_url`), unless whoever asks has just written.
//!
//! A position is a place in the database's log. After a write the primary is asked for its own, which is at or behind the
//! write; it is kept for whoever wrote ([`Asker`]), and clients are handed it for other instances (`router::written`). The
//! replica is asked every [`EVERY`] how far it has come. A read goes there if all of this holds:
//! - it is a read of a request, and the request itself has written nothing;
//! - the replica has come to the position that the caller needs;
//! - it answered a moment ago, is a replica, and lacks nothing that is older than [`MOST_BEHIND`].
//!
//! Everything else goes to the primary: so does a read that the replica failed, again and at once, and what waits for one
//! that fell silent. Nobody has to do anything when it comes back.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Error, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{Db, pool::Pool, trouble};
use crate::meter;

/// Between two looks at the replica: whoever wrote reads from the primary for about so long.
const EVERY: Duration = Duration::from_millis(100);
/// How long either may take to say where it is.
const PATIENCE: Duration = Duration::from_millis(500);
/// What was heard longer ago says nothing.
const FRESH: Duration = Duration::from_secs(1);
/// A replica that lacks something older is not read from.
pub const MOST_BEHIND: Duration = Duration::from_secs(5);
/// How long a write is remembered: longer than a replica may be behind that is read from.
pub const REMEMBERED: Duration = Duration::from_secs(30);
/// Most callers that are remembered at once; if there are more, everybody waits for the last of them.
const MOST_CALLERS: usize = 100_000;

/// A place in the database's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub u64);

impl Position {
    /// Further than any replica comes: after a write whose position could not be learned.
    const NEVER: Self = Self(u64::MAX);
}

/// Whoever a request is from, as far as reads are concerned. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Asker(Arc<Asking>);

#[derive(Debug, Default)]
struct Asking {
    /// What the client brought along from an earlier answer.
    brought: Position,
    caller: OnceLock<u64>,
    has_written: AtomicBool,
}

tokio::task_local! {
    static ASKER: Asker;
}

impl Asker {
    pub fn bringing(position: Option<Position>) -> Self {
        Self(Arc::new(Asking { brought: position.unwrap_or_default(), ..Asking::default() }))
    }

    /// Runs a request. Spawned tasks do not inherit it, and read from the primary.
    pub async fn within<F: Future>(self, answering: F) -> F::Output {
        ASKER.scope(self, answering).await
    }

    /// It has written something, or may have.
    pub fn wrote(&self) {
        self.0.has_written.store(true, Ordering::Relaxed);
    }
}

/// The request under way is from this caller.
pub fn asked_by(caller: &str) {
    let mut hasher = DefaultHasher::new();
    caller.hash(&mut hasher);
    // The first one counts: a request is from one caller.
    let _ = ASKER.try_with(|asker| asker.0.caller.set(hasher.finish()));
}

/// The request under way, if it is one, has written something.
pub fn wrote() {
    let _ = ASKER.try_with(Asker::wrote);
}

/// Where reads go that tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing is known against the replica.
    Open,
    /// Reads go to the primary.
    Closed(Reason),
}

/// Why nothing is read from the replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NotAskedYet,
    Unreachable,
    Silent,
    /// It takes writes: it was promoted, or is no replica at all.
    NoReplica,
    Behind,
    /// A read failed there.
    Failed,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    way: Way,
    replayed: Position,
    at: Instant,
}

pub(super) struct Replica {
    pool: Arc<Pool>,
    heard: watch::Sender<Heard>,
    writers: Mutex<Writers>,
}

impl Replica {
    pub fn new(pool: Pool) -> Self {
        let heard = Heard { way: Way::Closed(Reason::NotAskedYet), replayed: Position(0), at: Instant::now() };
        Self { pool: Arc::new(pool), heard: watch::Sender::new(heard), writers: Mutex::default() }
    }

    pub fn close(&self) {
        self.pool.close();
    }

    fn heard(&self) -> Heard {
        *self.heard.borrow()
    }

    fn writers(&self) -> std::sync::MutexGuard<'_, Writers> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the request under way may read from here.
    fn serves(&self, asker: &Asker) -> bool {
        let heard = self.heard();
        if heard.way != Way::Open || heard.at.elapsed() > FRESH || asker.0.has_written.load(Ordering::Relaxed) {
            return false;
        }
        let known = self.writers().needed_by(asker.0.caller.get().copied(), Instant::now());
        known.max(asker.0.brought) <= heard.replayed
    }

    /// Says what was heard, and when it is another thing than before.
    fn hears(&self, way: Way, replayed: Option<Position>) {
        let now = Instant::now();
        self.heard.send_modify(|heard| {
            if heard.way != way {
                match way {
                    Way::Open => tracing::info!("reads that may be a little old go to the replica"),
                    Way::Closed(reason) => tracing::warn!(?reason, "all reads go to the primary"),
                }
            }
            *heard = Heard { way, replayed: replayed.unwrap_or(heard.replayed), at: now };
        });
    }

    /// Until nothing should be read from here any more.
    async fn closed(&self) {
        // The sender is ours: it does not go while this waits.
        let _ = self.heard.subscribe().wait_for(|heard| heard.way != Way::Open).await;
    }
}

/// Who has written, and how far a replica must have come before they read from it.
#[derive(Debug, Default)]
struct Writers {
    of: HashMap<u64, (Position, Instant)>,
    /// What everybody needs: the last of those that there was no room for.
    all: Option<(Position, Instant)>,
}

impl Writers {
    fn needed_by(&self, caller: Option<u64>, now: Instant) -> Position {
        let own = caller.and_then(|caller| self.of.get(&caller));
        let known = own.into_iter().chain(&self.all).filter(|(_, until)| now < *until);
        known.map(|(position, _)| *position).max().unwrap_or_default()
    }

    fn note(&mut self, caller: u64, position: Position, now: Instant) {
        if self.of.len() >= MOST_CALLERS {
            let last = self.of.drain().map(|(_, (position, _))| position).chain(self.all.map(|(position, _)| position));
            self.all = last.max().map(|position| (position, now + REMEMBERED));
        }
        let kept = self.of.entry(caller).or_insert((position, now));
        *kept = (kept.0.max(position), now + REMEMBERED);
    }

    /// Forgets what the replica has.
    fn forget(&mut self, replayed: Position, now: Instant) {
        self.of.retain(|_, (position, until)| *position > replayed && now < *until);
        self.all = self.all.filter(|(position, until)| *position > replayed && now < *until);
    }
}

impl Db {
    /// A read that may be a little old. `ask` is called with a door to the replica or to the primary, and once more with the
    /// primary's if the replica did not answer.
    ///
    /// # Errors
    /// Those of `ask`, at the primary.
    pub async fn read<T, F>(&self, ask: impl Fn(Self) -> F) -> sqlx::Result<T>
    where
        F: Future<Output = sqlx::Result<T>>,
    {
        self.read_if(ask, |_| true).await
    }

    /// The same for a single thing: what the replica does not know, the primary may.
    ///
    /// # Errors
    /// Those of `ask`, at the primary.
    pub async fn find<T, F>(&self, ask: impl Fn(Self) -> F) -> sqlx::Result<Option<T>>
    where
        F: Future<Output = sqlx::Result<Option<T>>>,
    {
        self.read_if(ask, Option::is_some).await
    }

    /// The same with a rule by which the replica's answer suffices.
    ///
    /// # Errors
    /// Those of `ask`, at the primary.
    pub async fn read_if<T, F>(&self, ask: impl Fn(Self) -> F, suffices: impl Fn(&T) -> bool) -> sqlx::Result<T>
    where
        F: Future<Output = sqlx::Result<T>>,
    {
        let serving = self.replica.as_ref().filter(|replica| {
            let allowed = ASKER.try_with(|asker| replica.serves(asker));
            allowed.unwrap_or(false)
        });
        if let Some(replica) = serving {
            let door = Self { pool: replica.pool.clone(), replica: None };
            tokio::select! {
                answer = ask(door) => match answer {
                    Ok(found) if suffices(&found) => {
                        meter::READS.add(["replica"]);
                        return Ok(found);
                    }
                    Ok(_) => {}
                    // It took as long as a statement may, which the primary would not do faster.
                    Err(error) if trouble::is_statement_timeout(&error) => return Err(error),
                    Err(error) => {
                        tracing::debug!(%error, "a read failed on the replica");
                        if trouble::is_unavailable(&error) && !matches!(error, Error::PoolTimedOut) {
                            replica.hears(Way::Closed(Reason::Failed), None);
                        }
                    }
                },
                () = replica.closed() => {}
            }
        }
        if self.replica.is_some() {
            meter::READS.add(["primary"]);
        }
        ask(self.clone()).await
    }

    /// Whether reads go to a replica at present; none if there is none.
    pub fn way_of_reads(&self) -> Option<Way> {
        self.replica.as_ref().map(|replica| replica.heard().way)
    }

    /// After a request: if it wrote, and reads may go to a replica, how far that has to have come for its caller, who is kept
    /// on the primary until then.
    pub async fn written_by(&self, asker: &Asker) -> Option<Position> {
        const POSITION: &str = "/* position */ select (pg_current_wal_insert_lsn() - '0/0')::bigint";
        let replica = self.replica.as_ref()?;
        if !asker.0.has_written.load(Ordering::Relaxed) {
            return None;
        }
        let asked: sqlx::Result<i64> = sqlx::query_scalar(POSITION).fetch_one(self).await;
        let position = asked.map_or(Position::NEVER, |position| Position(position.cast_unsigned()));
        if let Some(caller) = asker.0.caller.get() {
            replica.writers().note(*caller, position, Instant::now());
        }
        Some(position)
    }

    /// Follows the replica until it is dropped. Without it nothing is read from there.
    pub async fn keep_replica(self) {
        let Some(replica) = &self.replica else { return };
        let mut ends = Ends {
            primary: End::new(self.pool.probe.options.clone()),
            replica: End::new(replica.pool.probe.options.clone()),
            marks: VecDeque::new(),
        };
        loop {
            let (way, replayed) = ends.look().await;
            replica.hears(way, replayed);
            if let Some(replayed) = replayed {
                replica.writers().forget(replayed, Instant::now());
            }
            sleep(EVERY).await;
        }
    }
}

/// Connections of its own to both.
struct Ends {
    primary: End,
    replica: End,
    /// When the primary was at which position, oldest first; only the last that the replica has come to, and what is after it.
    marks: VecDeque<(Instant, Position)>,
}

impl Ends {
    async fn look(&mut self) -> (Way, Option<Position>) {
        const PRIMARY: &str = "/* position */ select pg_is_in_recovery()
            , case when pg_is_in_recovery() then null else (pg_current_wal_insert_lsn() - '0/0')::bigint end";
        const REPLICA: &str = "/* position of the replica */ select pg_is_in_recovery()
            , (pg_last_wal_replay_lsn() - '0/0')::bigint";
        let began = Instant::now();
        let (primary, replica) = tokio::join!(self.primary.ask(PRIMARY), self.replica.ask(REPLICA));
        let replayed = match replica {
            Ok((true, Some(replayed))) => Position(replayed.cast_unsigned()),
            Ok(_) => return (Way::Closed(Reason::NoReplica), None),
            Err(reason) => return (Way::Closed(reason), None),
        };
        if let Ok((false, Some(position))) = primary {
            // The bound keeps this short: what is older than it closes the way, and more of it says nothing new.
            if self.marks.len() >= 2 * usize::try_from(MOST_BEHIND.as_millis() / EVERY.as_millis()).unwrap_or(100) {
                self.marks.remove(1);
            }
            self.marks.push_back((began, Position(position.cast_unsigned())));
        }
        while self.marks.get(1).is_some_and(|(_, position)| *position <= replayed) {
            self.marks.pop_front();
        }
        let caught_up = self.marks.front().filter(|(_, position)| *position <= replayed).map(|(at, _)| *at);
        let is_near = caught_up.is_some_and(|at| at.elapsed() < MOST_BEHIND);
        (if is_near { Way::Open } else { Way::Closed(Reason::Behind) }, Some(replayed))
    }
}

/// One of the two.
struct End {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl End {
    fn new(options: PgConnectOptions) -> Self {
        Self { options, connection: None }
    }

    async fn ask(&mut self, question: &'static str) -> Result<(bool, Option<i64>), Reason> {
        let asking = async {
            // Taken, so that one that is given up half way is not used again.
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => self.options.connect().await?,
            };
            let answer = sqlx::query_as(question).fetch_one(&mut connection).await?;
            Ok::<_, Error>((connection, answer))
        };
        match timeout(PATIENCE, asking).await {
            Ok(Ok((connection, answer))) => {
                self.connection = Some(connection);
                Ok(answer)
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "a server was asked for its position");
                Err(Reason::Unreachable)
            }
            Err(_) => Err(Reason::Silent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_wait_for_their_own_writes_and_nobody_elses() {
        let (mut writers, now) = (Writers::default(), Instant::now());
        writers.note(1, Position(10), now);
        writers.note(1, Position(7), now);
        let needed = |writers: &Writers, caller, now| writers.needed_by(Some(caller), now);
        assert_eq!(needed(&writers, 1, now), Position(10), "the later of the two");
        assert_eq!(needed(&writers, 2, now), Position(0));
        assert_eq!(writers.needed_by(None, now), Position(0));
        assert_eq!(needed(&writers, 1, now + REMEMBERED), Position(0), "by then no replica is read from that lacks it");
        writers.forget(Position(9), now);
        assert_eq!(needed(&writers, 1, now), Position(10));
        writers.forget(Position(10), now);
        assert!(writers.of.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded_and_nothing_is_forgotten() {
        let (mut writers, now) = (Writers::default(), Instant::now());
        for caller in 0..=MOST_CALLERS as u64 {
            writers.note(caller, Position(caller), now);
        }
        assert!(writers.of.len() <= MOST_CALLERS);
        let last_without_room = Position(MOST_CALLERS as u64 - 1);
        assert_eq!(writers.needed_by(Some(5), now), last_without_room);
        writers.forget(last_without_room, now);
        assert_eq!(writers.needed_by(Some(5), now), Position(0));
    }
}
