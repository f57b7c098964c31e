//! Which connection is handed out: the one that was given back last, while it is hot. So as many are hot as the load needs,
//! and the others grow old and are closed.
//!
//! `deadpool` keeps the stack and the queue of those who wait; sqlx's own pool turns in a circle, and asks each connection
//! that is given back whether it still lives. Here a connection shows its health by use: one that broke a limit or lost its
//! server is thrown away by whoever had it, and makes all others suspect that were used before. Only a suspect, or one that
//! rested for a while, is asked before it is handed out.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use deadpool::managed::{self, Metrics, PoolConfig, PoolError, QueueMode, RecycleError, RecycleResult};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::timeout;

use super::{probe::Probe, trouble};
use crate::config::Database;

/// A connection that was used within this time is not asked whether it lives.
const TRUSTED: Duration = Duration::from_secs(1);
/// How long one that is asked may take.
const ASKED: Duration = Duration::from_secs(1);
/// A connection that nobody needed for so long is closed: a firewall on the way would forget it soon.
const REST: Duration = Duration::from_mins(2);
/// A connection does not grow older: addresses move to other servers, and server processes collect what they have seen.
const LIFETIME: Duration = Duration::from_mins(30);
/// Between two looks for connections that rest too long.
const SWEEP: Duration = Duration::from_secs(10);
/// What the server may still need to say after its own limit for a statement.
const MARGIN: Duration = Duration::from_secs(1);
/// Without a limit for statements, ours still ends a wait.
const LONGEST: Duration = Duration::from_mins(11);

pub(super) type Object = managed::Object<Sessions>;

pub(super) struct Pool {
    sessions: managed::Pool<Sessions>,
    pub acquire_timeout: Duration,
    pub health: Arc<Health>,
    pub probe: Probe,
}

impl Pool {
    pub fn new(url: &SecretString, settings: &Database) -> anyhow::Result<Self> {
        let options = PgConnectOptions::from_str(url.expose_secret())?;
        let options = options
            .application_name("dialogporten")
            .statement_cache_capacity(256)
            // Spans tell of statements, and never what is in them.
            .disable_statement_logging();
        let health = Arc::new(Health::new(limit(settings.statement_timeout)));
        let told = told(settings.statement_timeout);
        let probe = Probe::new(options.clone());
        let sessions = Sessions { options, told: told.into(), health: health.clone() };
        let size = usize::try_from(settings.max_connections).unwrap_or(usize::MAX);
        let config = PoolConfig { queue_mode: QueueMode::Lifo, ..PoolConfig::new(size) };
        let sessions = managed::Pool::builder(sessions).config(config).build().context("the pool")?;
        Ok(Self { sessions, acquire_timeout: settings.acquire_timeout, health, probe })
    }

    /// The caller limits how long this may take.
    pub async fn session(&self) -> sqlx::Result<Object> {
        if self.health.is_sweep_due() {
            // Dropped here, which closes them.
            drop(self.sessions.retain(|session, _| session.used_at.elapsed() < REST));
        }
        self.sessions.get().await.map_err(|error| match error {
            PoolError::Backend(error) => trouble::unreachable(error),
            PoolError::Closed => sqlx::Error::PoolClosed,
            PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                sqlx::Error::PoolTimedOut
            }
        })
    }

    pub fn close(&self) {
        self.sessions.close();
    }

    pub fn connections(&self) -> (usize, usize) {
        let status = self.sessions.status();
        (status.size.saturating_sub(status.available), status.available)
    }

    pub fn is_closed(&self) -> bool {
        self.sessions.is_closed()
    }
}

/// The limit of a statement on our side, a little above the server's: it ends the wait for a server that fell silent.
fn limit(statement_timeout: Duration) -> Duration {
    if statement_timeout.is_zero() { LONGEST } else { statement_timeout + MARGIN }
}

/// What every connection is told before its first use, whatever stands between us and the server.
///
/// The statements' plans rely on the first four: the shape of a plan is written into its statement, so planning again for
/// each set of values only costs, and a full sort is never the better way to a page. The others end what nobody waits for
/// any more, and find out when nobody does.
fn told(statement_timeout: Duration) -> String {
    let statement = statement_timeout.as_millis();
    let silence = limit(statement_timeout).as_millis();
    format!(
        "/* session */ set plan_cache_mode = force_generic_plan;
         set enable_sort = off;
         set max_parallel_workers_per_gather = 0;
         set jit = off;
         set statement_timeout = {statement};
         set idle_in_transaction_session_timeout = {silence};
         set tcp_keepalives_idle = 15;
         set tcp_keepalives_interval = 5;
         set tcp_keepalives_count = 3;
         set tcp_user_timeout = 20000"
    )
}

/// A running statement whose connection was closed is ended within a second.
const NOTICE_LEAVING: &str = "/* session */ set client_connection_check_interval = 1000";

/// Makes connections and looks at those that are handed out again.
pub(super) struct Sessions {
    options: PgConnectOptions,
    told: Arc<str>,
    health: Arc<Health>,
}

/// A connection that is at rest or handed out.
pub(super) struct Session {
    pub connection: PgConnection,
    pub standing: Standing,
    /// A transaction was begun and not ended.
    pub in_transaction: bool,
    pub health: Arc<Health>,
    used_at: Instant,
    /// When it is old.
    until: Instant,
}

/// What may be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing is under way.
    Ready,
    /// An answer is still to come.
    Unfinished,
    /// It broke a limit, lost its server, or nobody knows where it stands.
    Broken,
}

impl Session {
    /// It was given back and is fit for use.
    pub fn rests(&mut self) {
        (self.standing, self.in_transaction) = (Standing::Ready, false);
        self.used_at = Instant::now();
        self.connection.shrink_buffers();
    }
}

impl managed::Manager for Sessions {
    type Type = Session;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<Session> {
        let mut connection = self.options.connect().await?;
        connection.execute(AssertSqlSafe(self.told.clone())).await?;
        if let Err(error) = connection.execute(NOTICE_LEAVING).await {
            // Not every system can look at a connection without reading from it.
            tracing::debug!(%error, "the server does not notice when callers leave");
        }
        let now = Instant::now();
        // Spread, so that connections that were made together do not end together.
        let spread = LIFETIME.as_secs() / 4 * u64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 256;
        let until = now + LIFETIME + Duration::from_secs(spread);
        Ok(Session {
            connection,
            standing: Standing::Ready,
            in_transaction: false,
            health: self.health.clone(),
            used_at: now,
            until,
        })
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<sqlx::Error> {
        let now = Instant::now();
        match self.health.of(session.used_at) {
            Opinion::Lost => return Err(RecycleError::message("it rested while others lost the server")),
            _ if now >= session.until => return Err(RecycleError::message("it is old")),
            Opinion::Sound if now.duration_since(session.used_at) < TRUSTED => return Ok(()),
            Opinion::Sound | Opinion::Suspect => {}
        }
        match timeout(ASKED, session.connection.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                self.health.broke();
                Err(RecycleError::Backend(error))
            }
            Err(_) => {
                self.health.lost();
                Err(RecycleError::message("it does not answer"))
            }
        }
    }
}

/// What the connections of a pool have been through together.
#[derive(Debug)]
pub(super) struct Health {
    /// How long a statement may take on our side.
    pub limit: Duration,
    began: Instant,
    /// The rest in milliseconds since `began`. Connections used before this are asked before they are used again.
    suspect_before: AtomicU64,
    /// Connections used before this are not even asked: each would take its time to say nothing.
    lost_before: AtomicU64,
    swept_at: AtomicU64,
    /// Zero: there is room.
    full_at: AtomicU64,
}

enum Opinion {
    Sound,
    Suspect,
    Lost,
}

impl Health {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            began: Instant::now(),
            suspect_before: AtomicU64::new(0),
            lost_before: AtomicU64::new(0),
            swept_at: AtomicU64::new(0),
            full_at: AtomicU64::new(0),
        }
    }

    /// A connection lost its server.
    pub fn broke(&self) {
        self.suspect_before.fetch_max(self.now(), Ordering::Relaxed);
    }

    /// A connection did not answer in time, or leads to a server that is not the right one any more.
    pub fn lost(&self) {
        self.lost_before.fetch_max(self.now(), Ordering::Relaxed);
    }

    /// A write found no room on the disk.
    pub fn fills(&self) {
        self.full_at.store(self.now().max(1), Ordering::Relaxed);
    }

    /// Whether a write found no room, and nobody has found any since.
    pub fn is_full(&self) -> bool {
        self.full_at.load(Ordering::Relaxed) > 0
    }

    pub fn was_full_within(&self, time: Duration) -> bool {
        let at = self.full_at.load(Ordering::Relaxed);
        at > 0 && self.now() < at + millis(time)
    }

    pub fn has_room(&self) {
        self.full_at.store(0, Ordering::Relaxed);
    }

    fn of(&self, used_at: Instant) -> Opinion {
        let used_at = millis(used_at.saturating_duration_since(self.began));
        if used_at < self.lost_before.load(Ordering::Relaxed) {
            Opinion::Lost
        } else if used_at < self.suspect_before.load(Ordering::Relaxed) {
            Opinion::Suspect
        } else {
            Opinion::Sound
        }
    }

    /// True for one caller in each interval.
    fn is_sweep_due(&self) -> bool {
        let (now, last) = (self.now(), self.swept_at.load(Ordering::Relaxed));
        now >= last + millis(SWEEP)
            && self.swept_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn now(&self) -> u64 {
        millis(self.began.elapsed())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
