//! A connection while somebody has it, and what becomes of it afterwards.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    time::Duration,
};

use futures_util::{TryStreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Connection as _, Describe, Either, Execute, Executor, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::{runtime::Handle, time::timeout};

use super::{
    pool::{Object, Session, Standing},
    statement::{self, Asked},
};

/// How long a connection may take to finish what its user left: most statements are done by then. One that is not is
/// closed, and the server, which looks whether somebody still listens, ends the statement.
const LEFT_ALONE: Duration = Duration::from_millis(100);

/// A connection of the pool's. Given back when dropped.
pub struct Connection(Option<Object>);

impl Connection {
    pub(super) fn new(session: Object) -> Self {
        Self(Some(session))
    }

    /// Opens a transaction with a statement of the caller's. Dropped, the transaction is rolled back.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_with(mut self, begin: &'static str) -> sqlx::Result<Transaction> {
        // From here on: left half way, nobody knows whether it is open.
        self.session().in_transaction = true;
        self.execute(begin).await?;
        Ok(Transaction(self))
    }

    pub(super) fn session(&mut self) -> &mut Session {
        self.0.as_mut().expect("taken out only when dropped")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(mut session) = self.0.take() else { return };
        match session.standing {
            Standing::Ready if !session.in_transaction => session.rests(),
            Standing::Broken => discard(session),
            Standing::Ready | Standing::Unfinished => match Handle::try_current() {
                // Keeps its place in the pool until it is known what becomes of it.
                Ok(runtime) => drop(runtime.spawn(finish(session))),
                Err(_) => discard(session),
            },
        }
    }
}

async fn finish(mut session: Object) {
    let Session { connection, in_transaction, .. } = &mut *session;
    let finished = async {
        // What was left comes to its end before this is answered.
        if *in_transaction { connection.execute("rollback").await.map(drop) } else { connection.ping().await }
    };
    match timeout(LEFT_ALONE, finished).await {
        Ok(Ok(())) => session.rests(),
        Ok(Err(_)) | Err(_) => discard(session),
    }
}

/// Closes the connection; the pool makes another one when it needs one.
fn discard(session: Object) {
    drop(Object::take(session));
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        statement::answers(self.session(), Asked::from(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let mut answers = self.fetch_many(query);
        Box::pin(async move {
            let mut first = None;
            // To the end: a constraint that is checked late says so after the row.
            while let Some(answer) = answers.try_next().await? {
                if let Either::Right(row) = answer {
                    first.get_or_insert(row);
                }
            }
            Ok(first)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        statement::looked_at(self.session(), |connection| connection.prepare_with(sql, parameters))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        statement::looked_at(self.session(), |connection| connection.describe(sql))
    }
}

/// A connection inside a transaction. Dropped without [`Self::commit`] it is rolled back.
#[derive(Debug)]
pub struct Transaction(Connection);

impl Transaction {
    /// # Errors
    /// The database's. If the connection was lost, nobody knows whether the transaction took place.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        self.0.execute("commit").await?;
        self.0.session().in_transaction = false;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
