//! What happened, read in the order of commits.
//!
//! A row's number (`seq`) follows the order of commits within one dialog, because it is written under the dialog's lock, but
//! not between dialogs: a transaction may take a number early and commit late. So each row has a [`Position`], which begins
//! with the number of its transaction, and followers read below the oldest transaction that is still under way. Nothing can
//! appear there any more.

use sqlx::{Row as _, postgres::PgRow, types::Json};

use super::statement::Statement;
use crate::{db::Db, domain::event::DomainEvent};

/// A place in the order of commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The transaction's number.
    // The server's number is unsigned and has 64 bits; it gets nowhere near the sign in the life of a database.
    pub commit: i64,
    /// The row's.
    pub row: i64,
}

/// One event with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    pub position: Position,
    pub event: DomainEvent,
}

/// What is behind a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behind {
    pub events: Vec<Happened>,
    /// More is stored already and cannot be told yet, because an older transaction is still under way: ask again soon.
    pub is_unsettled: bool,
}

static HORIZON: Statement =
    Statement::new("outbox horizon", "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint");

static AFTER: Statement = Statement::new(
    "outbox after",
    "
with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as oldest)
-- The newest alone: that hardly any is so new is more than the planner can know, and it would read on from the oldest.
select coalesce((select b.position >= h.oldest from outbox b order by b.position desc, b.seq desc limit 1), false) as is_unsettled
     , o.*
  from horizon h
  -- left: whether something is unsettled is told also where nothing can be told yet
  left join lateral (
      select o.position::text::bigint as commit, o.seq, o.body
        from outbox o
       where (o.position, o.seq) > ($commit::bigint::text::xid8, $row)
         and o.position < h.oldest
       order by o.position, o.seq
       limit $limit
  ) o on true",
);

pub(super) const STATEMENTS: [&Statement; 2] = [&HORIZON, &AFTER];

/// The place behind everything that followers can be told now.
pub async fn now(db: &Db) -> sqlx::Result<Position> {
    let (commit,) = HORIZON.bound().one(db).await?;
    // Rows are counted from 1, so nothing of that transaction is skipped.
    Ok(Position { commit, row: 0 })
}

/// The first `limit` events behind a place. None is ever skipped.
pub async fn after(db: &Db, place: Position, limit: i64) -> sqlx::Result<Behind> {
    let rows: Vec<PgRow> =
        AFTER.with("commit", place.commit).with("row", place.row).with("limit", limit).raw(db).await?;
    let mut behind = Behind::default();
    for row in rows {
        behind.is_unsettled = row.try_get("is_unsettled")?;
        if let Some(commit) = row.try_get("commit")? {
            let Json(event) = row.try_get("body")?;
            behind.events.push(Happened { position: Position { commit, row: row.try_get("seq")? }, event });
        }
    }
    Ok(behind)
}
