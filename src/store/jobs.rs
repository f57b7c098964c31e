//! Work that one process does at a time, and what removes what has passed its time.

use std::time::Duration;

use sqlx::postgres::types::PgInterval;

use super::statement::Statement;
use crate::{db::Db, domain::Instant};

static TAKE: Statement = Statement::new(
    "job take",
    "
insert into job as j (name, leased_until, began_at)
-- the database's clock, since several machines compare
values ($name, now() + $lease::interval, now())
on conflict (name) do update set leased_until = excluded.leased_until, began_at = excluded.began_at
 where (j.leased_until is null or j.leased_until < now()) and (j.ended_at is null or j.ended_at <= now() - $every::interval)
returning j.name",
);

static GIVE_BACK: Statement = Statement::new(
    "job give back",
    "
update job
   set leased_until = null
     , ended_at = case when $is_done then now() else ended_at end
 where name = $name",
);

static FORGET_EVENTS: Statement = Statement::new(
    "outbox forget",
    "
with gone as (
    delete from outbox o
     where o.seq in (
         select x.seq
           from outbox x
          where x.occurred_at < $before and (x.delivered_at < $before or x.is_silent)
          limit $limit
            for update skip locked)
    returning 1
)
select count(*) from gone",
);

/// The place up to which changes are gone is raised with them: whoever read less has missed something.
static FORGET_CHANGES: Statement = Statement::new(
    "changes forget",
    "
with gone as (
    delete from dialog_change c
     using (
         select x.org_id, x.position, x.seq
           from dialog_change x
          where x.at < $before
          limit $limit
            for update skip locked
     ) old
     where c.org_id = old.org_id and c.position = old.position and c.seq = old.seq
    returning c.position, c.seq
), last as (
    select g.position, g.seq from gone g order by g.position desc, g.seq desc limit 1
), raised as (
    insert into dialog_change_floor as f (position, seq)
    select l.position, l.seq from last l
    on conflict (is_only) do update set position = excluded.position, seq = excluded.seq
     where (f.position, f.seq) < (excluded.position, excluded.seq)
)
select count(*) from gone",
);

pub(super) const STATEMENTS: [&Statement; 4] = [&TAKE, &GIVE_BACK, &FORGET_EVENTS, &FORGET_CHANGES];

fn interval(time: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(time.as_micros()).unwrap_or(i64::MAX) }
}

/// Whether the caller may do it now: nobody else does, and it was not done within `every`.
pub async fn take(db: &Db, name: &str, every: Duration, lease: Duration) -> sqlx::Result<bool> {
    let asked = TAKE.with("name", name).with("every", interval(every)).with("lease", interval(lease));
    let taken: Option<(String,)> = asked.optional(db).await?;
    Ok(taken.is_some())
}

/// It is over; `is_done`: the next one may wait.
pub async fn give_back(db: &Db, name: &str, is_done: bool) -> sqlx::Result<()> {
    GIVE_BACK.with("name", name).with("is_done", is_done).run(db).await.map(drop)
}

/// Removes up to `limit` events that were delivered before then, or never are; how many.
pub async fn forget_events(db: &Db, before: Instant, limit: i64) -> sqlx::Result<i64> {
    // In bounded pieces: one large deletion would hold locks and old rows for as long as it takes.
    let (count,) = FORGET_EVENTS.with("before", before).with("limit", limit).one(db).await?;
    Ok(count)
}

/// Removes up to `limit` changes from before then; how many.
pub async fn forget_changes(db: &Db, before: Instant, limit: i64) -> sqlx::Result<i64> {
    let (count,) = FORGET_CHANGES.with("before", before).with("limit", limit).one(db).await?;
    Ok(count)
}
