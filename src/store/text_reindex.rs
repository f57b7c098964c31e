//! Where reading texts anew stands (`dialogporten reindex`): kept so that it goes on there after it was stopped or killed.

use sqlx::FromRow;
use uuid::Uuid;

use super::statement::Statement;
use crate::{
    db::{Connection, Db},
    domain::Instant,
};

/// Which dialogs are read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Full,
    /// Updated then or later.
    Since(Instant),
    /// Of an older analysis.
    Stale,
}

/// A reading and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub kind: Kind,
    /// Whether those of an older analysis come in a pass of their own, before all.
    pub is_stale_first: bool,
    /// 0 or 1.
    pub pass: i16,
    /// In this pass everything up to here is done.
    pub after: Uuid,
    pub done: i64,
    pub analysis: i16,
    pub is_finished: bool,
}

/// One dialog in the order of ids.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Candidate {
    pub id: Uuid,
    /// Whether the pass is about it.
    pub is_wanted: bool,
}

static LOAD: Statement = Statement::new(
    "reindex load",
    "
select r.kind, r.since, r.is_stale_first, r.pass, r.after, r.done, r.analysis, r.finished_at is not null as is_finished
  from text_reindex r
 where r.name = $name",
);

static SAVE: Statement = Statement::new(
    "reindex save",
    "
insert into text_reindex (name, kind, since, is_stale_first, pass, after, done, analysis, started_at, finished_at)
values ($name, $kind, $since, $is_stale_first, $pass, $after, $done, $analysis, now(), case when $is_finished then now() end)
on conflict (name) do update
   set kind = excluded.kind
     , since = excluded.since
     , is_stale_first = excluded.is_stale_first
     , pass = excluded.pass
     , after = excluded.after
     , done = excluded.done
     , analysis = excluded.analysis
     , started_at = case when $is_begun then now() else text_reindex.started_at end
     , finished_at = excluded.finished_at",
);

static NEXT: Statement = Statement::new(
    "reindex next",
    "
select d.id
     , case when $is_about_stale then d.text_analysis < $analysis else d.updated_at >= coalesce($since::timestamptz, '-infinity') end as is_wanted
  from dialog d
 where d.id > $after
 order by d.id
 limit $most",
);

static TOTAL: Statement = Statement::new(
    "reindex total",
    // An estimate of the server's statistics (-1 if there are none): counting would read the whole table for a progress
    // bar.
    "select greatest(reltuples, 0)::bigint from pg_class where oid = 'dialog'::regclass",
);

static LOCK: Statement = Statement::new(
    "reindex lock",
    "
-- of the transaction, not of the session: poolers do not keep sessions
select pg_try_advisory_xact_lock(hashtext('dialogporten reindex'))
     , set_config('idle_in_transaction_session_timeout', '0', true)",
);

static COMPLETE: Statement = Statement::new("analysis complete", "select complete from text_analysis");

static COMPLETED: Statement = Statement::new(
    "analysis completed",
    "
insert into text_analysis (complete) values ($analysis)
on conflict (is_only) do update set complete = greatest(text_analysis.complete, excluded.complete)",
);

pub(super) const STATEMENTS: [&Statement; 7] = [&LOAD, &SAVE, &NEXT, &TOTAL, &LOCK, &COMPLETE, &COMPLETED];

#[derive(FromRow)]
struct Row {
    kind: String,
    since: Option<Instant>,
    is_stale_first: bool,
    pass: i16,
    after: Uuid,
    done: i64,
    analysis: i16,
    is_finished: bool,
}

impl Standing {
    pub fn begun(kind: Kind, is_stale_first: bool, analysis: i16) -> Self {
        // A reading of nothing else needs no pass of its own for them.
        let is_stale_first = is_stale_first && kind != Kind::Stale;
        Self { kind, is_stale_first, pass: 0, after: Uuid::nil(), done: 0, analysis, is_finished: false }
    }

    /// Where the reading of this name stands; `None` if there was none.
    pub async fn load(db: &Db, name: &str) -> sqlx::Result<Option<Self>> {
        let row: Option<Row> = LOAD.with("name", name).optional(db).await?;
        Ok(row.map(|row| Self {
            kind: match (row.kind.as_str(), row.since) {
                ("full", _) => Kind::Full,
                ("since", Some(since)) => Kind::Since(since),
                _ => Kind::Stale,
            },
            is_stale_first: row.is_stale_first,
            pass: row.pass,
            after: row.after,
            done: row.done,
            analysis: row.analysis,
            is_finished: row.is_finished,
        }))
    }

    pub async fn save(&self, db: &Db, name: &str, is_begun: bool) -> sqlx::Result<()> {
        let (kind, since) = match self.kind {
            Kind::Full => ("full", None),
            Kind::Since(since) => ("since", Some(since)),
            Kind::Stale => ("stale", None),
        };
        SAVE.with("name", name)
            .with("kind", kind)
            .with("since", since)
            .with("is_stale_first", self.is_stale_first)
            .with("pass", self.pass)
            .with("after", self.after)
            .with("done", self.done)
            .with("analysis", self.analysis)
            .with("is_begun", is_begun)
            .with("is_finished", self.is_finished)
            .run(db)
            .await?;
        Ok(())
    }

    /// Whether the pass is about dialogs of an older analysis.
    pub fn is_about_stale(&self) -> bool {
        self.kind == Kind::Stale || (self.is_stale_first && self.pass == 0)
    }

    /// The dialogs behind `after`, at most so many.
    pub async fn next(&self, db: &Db, after: Uuid, most: i64) -> sqlx::Result<Vec<Candidate>> {
        let since = if let Kind::Since(since) = self.kind { Some(since) } else { None };
        NEXT.with("is_about_stale", self.is_about_stale())
            .with("analysis", self.analysis)
            .with("since", since)
            .with("after", after)
            .with("most", most)
            .all(db)
            .await
    }
}

/// About how many dialogs there are.
pub async fn total(db: &Db) -> sqlx::Result<i64> {
    let (total,): (i64,) = TOTAL.bound().one(db).await?;
    Ok(total)
}

/// Whether whoever has this transaction is now the one that reads anew: there is one at a time. It holds until the transaction
/// ends, however it ends; nothing else is done in it, so that it may last: it keeps no old rows alive.
pub async fn lock(connection: &mut Connection) -> sqlx::Result<bool> {
    let (is_locked, _): (bool, String) = LOCK.bound().one(connection).await?;
    Ok(is_locked)
}

/// The newest analysis that every dialog was read with; 0 if none.
pub async fn complete(db: &Db) -> sqlx::Result<i16> {
    let row: Option<(i16,)> = COMPLETE.bound().optional(db).await?;
    Ok(row.map_or(0, |(complete,)| complete))
}

pub async fn completed(db: &Db, analysis: i16) -> sqlx::Result<()> {
    COMPLETED.with("analysis", analysis).run(db).await?;
    Ok(())
}
