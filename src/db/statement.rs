//! A statement on its way.

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

use async_stream::try_stream;
use futures_util::{StreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Either, Error, Execute, Executor, PgConnection, Postgres, SqlStr,
    error::BoxDynError,
    postgres::{PgArguments, PgQueryResult, PgRow, PgStatement},
};
use tracing::Span;

use super::{
    pool::{Health, Session, Standing},
    trouble,
};
use crate::{meter, telemetry};

/// A statement that takes longer is told of without being asked.
const SLOW: Duration = Duration::from_secs(1);

/// A statement with its values, taken out of sqlx's forms of it.
pub(super) struct Asked {
    sql: SqlStr,
    arguments: Result<Option<PgArguments>, BoxDynError>,
    is_kept: bool,
}

impl Asked {
    pub fn from<'q>(mut query: impl Execute<'q, Postgres>) -> Self {
        let (arguments, is_kept) = (query.take_arguments(), query.persistent());
        Self { sql: query.sql(), arguments, is_kept }
    }
}

impl Execute<'_, Postgres> for Asked {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&PgStatement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        std::mem::replace(&mut self.arguments, Ok(None))
    }

    fn persistent(&self) -> bool {
        self.is_kept
    }
}

/// The name that a statement gives itself: the comment that it begins with, else its first word.
fn name_of(sql: &str) -> &str {
    let sql = sql.trim_ascii_start();
    let comment = sql.strip_prefix("/*").and_then(|rest| rest.split_once("*/"));
    comment.map_or_else(|| sql.split_ascii_whitespace().next().unwrap_or_default(), |(name, _)| name.trim_ascii())
}

/// Sends a statement and yields what comes back, for as long as it may take.
pub(super) fn answers(
    session: &mut Session,
    asked: Asked,
) -> BoxStream<'_, sqlx::Result<Either<PgQueryResult, PgRow>>> {
    let Session { connection, standing, health, .. } = session;
    Box::pin(try_stream! {
        let mut told = Told::of(name_of(asked.sql.as_str()).to_owned());
        // Whoever drops this before the end leaves the connection so.
        *standing = Standing::Unfinished;
        let mut silence = pin!(tokio::time::sleep(health.limit));
        let mut answers = connection.fetch_many(asked);
        loop {
            let next = poll_fn(|context| match answers.poll_next_unpin(context) {
                Poll::Pending => silence.as_mut().poll(context).map(|()| Some(Err(trouble::silent()))),
                answer @ Poll::Ready(_) => answer,
            });
            match next.await {
                None => break,
                Some(Ok(answer)) => {
                    told.rows += u64::from(answer.is_right());
                    yield answer;
                }
                Some(Err(error)) => {
                    *standing = standing_after(&error, health);
                    told.end(Some(&error));
                    Err(error)?;
                }
            }
        }
        *standing = Standing::Ready;
        told.end(None);
    })
}

/// Asks about a statement without running it.
pub(super) fn looked_at<'e, T, F>(
    session: &'e mut Session,
    look: impl FnOnce(&'e mut PgConnection) -> F,
) -> BoxFuture<'e, sqlx::Result<T>>
where
    F: Future<Output = sqlx::Result<T>> + Send + 'e,
{
    let Session { connection, standing, health, .. } = session;
    *standing = Standing::Unfinished;
    let looking = tokio::time::timeout(health.limit, look(connection));
    Box::pin(async move {
        let seen = looking.await.unwrap_or_else(|_| Err(trouble::silent()));
        *standing = seen.as_ref().map_or_else(|error| standing_after(error, health), |_| Standing::Ready);
        seen
    })
}

/// What an error says about the connection that it came from; all others of the pool hear of it.
pub(super) fn standing_after(error: &Error, health: &Health) -> Standing {
    if trouble::is_full(error) {
        health.fills();
    }
    if trouble::is_silence(error) || trouble::is_read_only(error) {
        health.lost();
        Standing::Broken
    } else if trouble::ends_connection(error) {
        health.broke();
        Standing::Broken
    } else if error.as_database_error().is_some() {
        // The server refused, and waits for the next statement.
        Standing::Ready
    } else {
        Standing::Unfinished
    }
}

/// What is told of a statement: its name, its rows, its time. Never a value, neither bound nor returned.
struct Told {
    name: String,
    span: Span,
    began: Instant,
    rows: u64,
}

impl Told {
    fn of(name: String) -> Self {
        let span = telemetry::statement(&name);
        Self { name, span, began: Instant::now(), rows: 0 }
    }

    fn end(&self, error: Option<&Error>) {
        let took = self.began.elapsed();
        meter::STATEMENTS.record([&self.name], took);
        telemetry::statement_ended(&self.span, self.rows, took, error);
        if took >= SLOW {
            let duration_ms = telemetry::millis(took);
            tracing::warn!(statement = self.name, rows = self.rows, duration_ms, "slow statement");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_says_its_name() {
        for (sql, name) in [
            ("/* dialog whole */ select 1", "dialog whole"),
            ("\n    /*dialog whole*/\nselect 1", "dialog whole"),
            ("select /* not a name */ 1", "select"),
            ("begin", "begin"),
            ("/* never ends", "/*"),
            ("", ""),
        ] {
            assert_eq!(name_of(sql), name, "{sql}");
        }
    }
}
