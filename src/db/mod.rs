//! The one door to the database.
//!
//! | Module | Owns |
//! |---|---|
//! | [`pool`] | which connection is handed out, what every connection has been told, which ones are thrown away |
//! | [`connection`] | a connection while somebody has it, and transactions |
//! | [`listen`] | connections that hear what is said on a channel |
//! | [`pooled`] | whether a pooler in between breaks what connections are told |
//! | [`probe`] | how the database is, asked beside the requests |
//! | [`replica`] | reads that may be a little old, and who may not have them yet |
//! | [`migrations`] | the schema that the program is made for, and how a database stands to it |
//! | [`statement`] | a statement on its way: its name, its limit, what is told of it |
//! | [`trouble`] | which errors mean that the database cannot be used right now |
//!
//! `&Db` and `&mut Connection` are executors of sqlx, so a statement is written, bound and decoded as everywhere:
//! `sqlx::query_as(FIND).bind(id).fetch_optional(db)`. What this door adds stands in no call: a statement is named by the
//! comment that it begins with (`/* dialog whole */ select …`), which PostgreSQL's own views and logs show as well; each
//! wait has a limit; and each statement is a span of the request that waits for it.

mod connection;
mod listen;
pub mod migrations;
mod pool;
mod pooled;
mod probe;
pub mod replica;
mod statement;
pub mod trouble;

use std::{fmt, sync::Arc};

use anyhow::Context;
use async_stream::try_stream;
use futures_util::{TryStreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Describe, Either, Error, Execute, Executor, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::timeout;

pub use self::{
    connection::{Connection, Transaction},
    probe::Condition,
};
use self::{pool::Pool, replica::Replica};
use crate::config::{Database, Settings, Source};

/// Connections to the database, made when they are needed. Clones share them.
#[derive(Clone)]
pub struct Db {
    pool: Arc<Pool>,
    /// Where reads may go that tolerate it: see [`replica`].
    replica: Option<Arc<Replica>>,
}

impl Db {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The database's address cannot be used.
    pub fn new(settings: &Database) -> anyhow::Result<Self> {
        let pool = Arc::new(Pool::new(&settings.url, settings).context("database.url")?);
        let replica = settings.read_url.as_ref().map(|url| {
            let pool = Pool::new(url, settings).context("database.read_url")?;
            anyhow::Ok(Arc::new(Replica::new(pool)))
        });
        Ok(Self { pool, replica: replica.transpose()? })
    }

    /// At an address, with so many connections and the defaults of all other settings: for tools and tests.
    ///
    /// # Errors
    /// The address cannot be used.
    pub fn at(url: &str, connections: u32) -> anyhow::Result<Self> {
        let mut settings = Settings::defaults();
        settings.put("database.url", url, Source::Sandbox);
        settings.put("database.max_connections", i64::from(connections), Source::Sandbox);
        Self::new(&settings.database()?.0)
    }

    /// The connection that was given back last, or a new one.
    ///
    /// # Errors
    /// None came free, or none could be made, within `database.acquire_timeout`.
    pub async fn acquire(&self) -> sqlx::Result<Connection> {
        let session =
            timeout(self.pool.acquire_timeout, self.pool.session()).await.map_err(|_| Error::PoolTimedOut)??;
        Ok(Connection::new(session))
    }

    /// A transaction on a connection of its own. Dropped, it is rolled back.
    ///
    /// # Errors
    /// Those of [`Self::acquire`], and the database's.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        self.acquire().await?.begin_with("begin").await
    }

    /// Connections that somebody has, and those that are at rest.
    pub fn connections(&self) -> (usize, usize) {
        self.pool.connections()
    }

    /// Hands out no connection any more and closes those that are at rest.
    pub fn close(&self) {
        self.pool.close();
        if let Some(replica) = &self.replica {
            replica.close();
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").finish_non_exhaustive()
    }
}

/// Each statement on whichever connection is free.
impl<'c> Executor<'c> for &'c Db {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(try_stream! {
            let mut connection = self.acquire().await?;
            let mut answers = connection.fetch_many(query);
            while let Some(answer) = answers.try_next().await? {
                yield answer;
            }
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.acquire().await?.describe(sql).await })
    }
}
