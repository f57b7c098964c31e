//! How the database is, asked on a connection of its own: whoever asks does not wait behind requests, and requests do not
//! wait behind whoever asks.

use std::{
    fmt,
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::Mutex, time::timeout};

use super::{
    Db,
    migrations::{self, Standing},
    trouble,
};

/// How long the database may take: less than probes of readiness wait for us.
const PATIENCE: Duration = Duration::from_secs(2);
/// Many ask at once, and any anonymous caller may: within this time all hear the same.
const FRESH: Duration = Duration::from_millis(250);
/// How often something that stays wrong is told of.
const AGAIN: Duration = Duration::from_secs(10);
/// How long a write that found no room counts, whatever a small write of ours says.
const FULL: Duration = Duration::from_secs(5);

/// How the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It answers, takes writes, and its schema stands like this to the program's.
    Answers(Standing),
    /// It has no room for another connection, so nobody can say more. Requests have theirs.
    Crowded,
    /// It takes no writes: a replica, or told so.
    ReadOnly,
    /// There is no room on its disk.
    Full,
    Unreachable,
    /// It did not answer in time.
    Silent,
}

/// For people who look at probes and logs.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers(standing) => fmt::Display::fmt(standing, f),
            Self::Crowded => f.write_str("The database has no room for another connection."),
            Self::ReadOnly => f.write_str("The database is read-only."),
            Self::Full => f.write_str("The database has no room left on its disk."),
            Self::Unreachable => f.write_str("The database cannot be reached."),
            Self::Silent => f.write_str("The database does not answer in time."),
        }
    }
}

pub(super) struct Probe {
    pub options: PgConnectOptions,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    connection: Option<PgConnection>,
    last: Option<(Instant, Condition)>,
    told_at: Option<Instant>,
}

impl Asked {
    /// What is wrong is said when it begins and now and then, and that it is over.
    fn tell(&mut self, condition: Condition) {
        let before = self.last.map(|(_, condition)| condition);
        let current = Condition::Answers(Standing::Current);
        if condition == current {
            if before.is_some_and(|before| before != current) {
                tracing::info!("the database can be used again");
            }
        } else if before != Some(condition) || self.told_at.is_none_or(|at| at.elapsed() >= AGAIN) {
            self.told_at = Some(Instant::now());
            tracing::warn!(%condition, "the database is not as it should be");
        }
    }
}

impl Probe {
    pub fn new(options: PgConnectOptions) -> Self {
        Self { options, asked: Mutex::default() }
    }
}

impl Db {
    /// Asks the database how it is.
    pub async fn condition(&self) -> Condition {
        let asking = async {
            let mut asked = self.pool.probe.asked.lock().await;
            if let Some((at, condition)) = &asked.last
                && at.elapsed() < FRESH
            {
                return *condition;
            }
            let condition = timeout(PATIENCE, self.look(&mut asked)).await.unwrap_or(Condition::Silent);
            asked.tell(condition);
            asked.last = Some((Instant::now(), condition));
            condition
        };
        // Those who wait behind one that hears nothing hear nothing either.
        timeout(PATIENCE + FRESH, asking).await.unwrap_or(Condition::Silent)
    }

    async fn look(&self, asked: &mut Asked) -> Condition {
        if self.pool.is_closed() {
            return Condition::Unreachable;
        }
        let is_room_in_doubt = self.pool.health.is_full();
        // Taken, so that one that is given up half way is not used again.
        let kept = match asked.connection.take() {
            Some(connection) => ask(connection, is_room_in_doubt).await.ok(),
            None => None,
        };
        let found = match kept {
            Some(found) => Ok(found),
            // None was kept, or it lost its server, which says nothing about the server that is there now.
            None => match self.pool.probe.options.connect().await {
                Ok(connection) => ask(connection, is_room_in_doubt).await,
                Err(error) => Err(error),
            },
        };
        match found {
            Ok((connection, condition)) => {
                // One that leads to a server without writes is not kept: the next may lead to the one that took over.
                asked.connection = Some(connection).filter(|_| condition != Condition::ReadOnly);
                if self.pool.health.was_full_within(FULL) {
                    return Condition::Full;
                }
                if is_room_in_doubt && condition != Condition::Full {
                    self.pool.health.has_room();
                }
                condition
            }
            Err(error) => {
                tracing::debug!(%error, "the database was asked how it is");
                if trouble::is_crowded(&error) { Condition::Crowded } else { Condition::Unreachable }
            }
        }
    }
}

async fn ask(mut connection: PgConnection, is_room_in_doubt: bool) -> sqlx::Result<(PgConnection, Condition)> {
    const READ_ONLY: &str = "/* readiness */ select current_setting('transaction_read_only')::boolean";
    let condition = if sqlx::query_scalar(READ_ONLY).fetch_one(&mut connection).await? {
        Condition::ReadOnly
    } else if is_room_in_doubt && !has_room(&mut connection).await? {
        Condition::Full
    } else {
        Condition::Answers(migrations::standing(&mut connection).await?)
    };
    Ok((connection, condition))
}

/// Takes some pages of the disk and gives them back.
async fn has_room(connection: &mut PgConnection) -> sqlx::Result<bool> {
    const WRITE: &str = "/* readiness */ create temporary table room on commit drop as
        select md5(number::text) as text from generate_series(1, 5000) number";
    let mut work = connection.begin().await?;
    let written = work.execute(WRITE).await;
    work.rollback().await?;
    match written {
        Err(error) if trouble::is_full(&error) => Ok(false),
        Err(error) if trouble::is_unavailable(&error) => Err(error),
        // A role that may not make tables of its own cannot tell.
        Ok(_) | Err(_) => Ok(true),
    }
}
