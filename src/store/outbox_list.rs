//! The outbox as those who run the service look at it: what waits, what is parked, what was delivered; and sending it again.

use sqlx::types::Json;
use uuid::Uuid;

use super::statement::{Bound, Statement};
use crate::{
    db::Db,
    domain::{Instant, event::DomainEvent},
};

/// How an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    /// It was not taken, time and again: somebody has to look at it.
    Parked,
    Delivered,
    /// It is never sent.
    Silent,
}

impl State {
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Pending, "pending"),
        (Self::Parked, "parked"),
        (Self::Delivered, "delivered"),
        (Self::Silent, "silent"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }
}

/// One event with how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub seq: i64,
    pub state: State,
    pub attempts: i16,
    pub last_error: Option<String>,
    pub event: DomainEvent,
}

/// Which events; all conditions hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub state: Option<State>,
    pub dialog: Option<Uuid>,
    /// As [`EventKind::name`](crate::domain::event::EventKind::name) says it.
    pub kind: Option<&'static str>,
    /// Of an activity's creation, its type.
    pub activity: Option<&'static str>,
    pub since: Option<Instant>,
    pub until: Option<Instant>,
}

/// The conditions of [`Wanted`].
macro_rules! conditions {
    () => {
        "
       -- null asks for all; the listing is for people, so that one statement serves every combination
       and ($state::text is null or $state = case when o.is_silent then 'silent' when o.parked_at is not null then 'parked'
                                                  when o.delivered_at is not null then 'delivered' else 'pending' end)
       and ($dialog::uuid is null or o.dialog_id = $dialog)
       and ($kind::text is null or o.kind = $kind)
       and ($activity::text is null or o.body ->> 'activity_type' = $activity)
       and ($since::timestamptz is null or o.occurred_at >= $since)
       and ($until::timestamptz is null or o.occurred_at < $until)"
    };
}

/// The columns of [`Listed`].
macro_rules! listed {
    () => {
        "select o.seq, o.is_silent, o.parked_at is not null, o.delivered_at is not null, o.attempts, o.last_error, o.body
      from outbox o"
    };
}

static NEWEST: Statement = Statement::new(
    "outbox newest",
    concat!(listed!(), " where o.seq < $before", conditions!(), " order by o.seq desc limit $limit"),
);

static PARKED: Statement = Statement::new(
    "outbox parked",
    concat!(listed!(), " where o.parked_at is not null and o.seq > $after order by o.seq limit $limit"),
);

static COUNT: Statement = Statement::new(
    "outbox count",
    concat!(
        "select count(*), count(distinct o.dialog_id) from outbox o
     where not o.is_silent and (o.delivered_at is not null or o.parked_at is not null) and o.seq > $after",
        conditions!()
    ),
);

static REPLAY: Statement = Statement::new(
    "outbox replay",
    concat!(
        "
with chosen as (
    select o.seq
      from outbox o
     where not o.is_silent and (o.delivered_at is not null or o.parked_at is not null) and o.seq > $after",
        conditions!(),
        "
     order by o.seq
     limit $limit
       -- not `skip locked`: what a worker settles at this moment is waited for, or a replay would miss it
       for update
), freed as (
    update outbox o
       set delivered_at = null, parked_at = null, attempts = 0, due_at = '-infinity', leased_until = null, last_error = null
      from chosen c
     where o.seq = c.seq
    returning o.seq, o.attempts, o.body
)
-- only what is sent is chosen, and it waits now
select f.seq, false, false, false, f.attempts, null, f.body from freed f"
    ),
);

static PILE: Statement = Statement::new(
    "outbox pile",
    "
select count(*)
     , (select count(*) from outbox p where p.parked_at is not null)
     , coalesce(extract(epoch from $now - min(o.occurred_at)), 0)::float8
  from outbox o
 where {{waiting o}}",
);

pub(super) const STATEMENTS: [&Statement; 5] = [&NEWEST, &PARKED, &COUNT, &REPLAY, &PILE];

type Row = (i64, bool, bool, bool, i16, Option<String>, Json<DomainEvent>);

fn listed((seq, is_silent, is_parked, is_delivered, attempts, last_error, Json(event)): Row) -> Listed {
    // The first that holds, as in the condition of the statement: silent rows are neither delivered nor parked.
    let state = match (is_silent, is_parked, is_delivered) {
        (true, ..) => State::Silent,
        (_, true, _) => State::Parked,
        (.., true) => State::Delivered,
        _ => State::Pending,
    };
    Listed { seq, state, attempts, last_error, event }
}

fn told<'q>(statement: Bound<'q>, wanted: &'q Wanted) -> Bound<'q> {
    statement
        .with("state", wanted.state.map(State::name))
        .with("dialog", wanted.dialog)
        .with("kind", wanted.kind)
        .with("activity", wanted.activity)
        .with("since", wanted.since)
        .with("until", wanted.until)
}

/// The newest that are wanted, newest first, from before a row.
pub async fn newest(db: &Db, wanted: &Wanted, before: i64, limit: i64) -> sqlx::Result<Vec<Listed>> {
    let asked = NEWEST.with("before", before).with("limit", limit).and(|statement| told(statement, wanted));
    Ok(asked.all(db).await?.into_iter().map(listed).collect())
}

/// Those that are parked, oldest first, from behind a row.
pub async fn parked(db: &Db, after: i64, limit: i64) -> sqlx::Result<Vec<Listed>> {
    Ok(PARKED.with("after", after).with("limit", limit).all(db).await?.into_iter().map(listed).collect())
}

/// How many events of how many dialogs a replay would send again.
pub async fn count(db: &Db, wanted: &Wanted, after: i64) -> sqlx::Result<(i64, i64)> {
    COUNT.with("after", after).and(|statement| told(statement, wanted)).one(db).await
}

/// Makes up to `limit` of them wait again, oldest first, from behind a row: those that do, in their order.
pub async fn replay(db: &Db, wanted: &Wanted, after: i64, limit: i64) -> sqlx::Result<Vec<Listed>> {
    let asked = REPLAY.with("after", after).with("limit", limit).and(|statement| told(statement, wanted));
    let mut freed: Vec<Listed> = asked.all(db).await?.into_iter().map(listed).collect();
    // Here and not in the statement: an update gives rows back in any order.
    freed.sort_unstable_by_key(|event| event.seq);
    Ok(freed)
}

/// What lies in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pile {
    pub pending: i64,
    pub parked: i64,
    /// Age of the oldest that waits.
    pub oldest_seconds: f64,
}

pub async fn pile(db: &Db, now: Instant) -> sqlx::Result<Pile> {
    let (pending, parked, oldest_seconds) = PILE.with("now", now).one(db).await?;
    Ok(Pile { pending, parked, oldest_seconds })
}
