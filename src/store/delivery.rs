//! What waits to be delivered, and what became of it.
//!
//! Rows that wait are loud, neither delivered nor parked (`{{waiting x}}`). The first one of a dialog stands for the dialog:
//! who has leased it delivers what waits behind it too, so a dialog's events go out one after the other, however many
//! workers there are. A lease is only a time: the rows are free while the endpoint is asked, and a worker that dies leaves
//! nothing locked.
//!
//! A claim looks at rows that are due and at no others, however many wait. One that is due but not the first of its dialog
//! is put off until the first one is due again.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use sqlx::types::Json;
use uuid::Uuid;

use super::statement::Statement;
use crate::{
    db::Db,
    domain::{Instant, event::DomainEvent, ids::DialogId},
};

/// Most events of a dialog in one claim.
// The rest of a long queue comes with the next claim, so that no dialog holds a worker for long.
const RUN: i64 = 32;

/// The events of one dialog that a worker has leased, in their order; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    pub dialog: DialogId,
    pub events: Vec<Waiting>,
}

/// One that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub row: i64,
    /// How often it was tried before.
    pub attempts: i16,
    pub event: DomainEvent,
}

/// What a claim found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    pub dialogs: Vec<Claimed>,
    /// It looked at as many rows as it may: there may be more.
    pub is_full: bool,
    /// When the next one is due that is not due yet.
    pub next_due: Option<Instant>,
}

static CLAIM: Statement = Statement::new(
    "delivery claim",
    "
with due as materialized (
    select o.seq, o.dialog_id
      from outbox o
     where {{waiting o}} and o.due_at <= $now
     order by o.due_at, o.seq
     limit $most
       -- another worker's claim is not waited for: there is other work
       for update skip locked
), placed as (
    select d.seq, d.dialog_id, h.seq as head, h.due_at as head_due_at, h.leased_until
      from due d
     cross join lateral (
         select h.seq, h.due_at, h.leased_until
           from outbox h
          where h.dialog_id = d.dialog_id and {{waiting h}}
          order by h.seq
          limit 1
     ) h
), claimed as (
    update outbox o
       set leased_until = $until
         , due_at = $until
      from placed p
     where o.seq = p.seq and p.head = p.seq
    returning o.seq, o.dialog_id
), put_off as (                                     -- a lease may end any moment, a failure waits for its time
    update outbox o
       set due_at = greatest(case when p.leased_until > $now then $now else p.head_due_at end, $soon)
      from placed p
     where o.seq = p.seq and p.head <> p.seq
)
select (select count(*) from due) as looked_at
     , (select min(o.due_at) from outbox o where {{waiting o}} and o.due_at > $now) as next_due
     , e.*
  from (values (1)) always
  left join (
      select e.seq, e.dialog_id, e.attempts, e.body
        from claimed c
       cross join lateral (
           select e.seq, e.dialog_id, e.attempts, e.body
             from outbox e
            where e.dialog_id = c.dialog_id and e.seq >= c.seq and {{waiting e}}
            order by e.seq
            limit $run
       ) e
  ) e on true",
);

static SETTLE: Statement = Statement::new(
    "delivery settle",
    "
with delivered as (
    update outbox o
       set delivered_at = $now
         , attempts = least(o.attempts + 1, 32767)
         , last_error = null
         , leased_until = null
     where o.seq = any($delivered)
), failed as (
    update outbox o
       set attempts = least(o.attempts + 1, 32767)
         , last_error = $error
         -- of one that is parked the time means nothing; it is due at once when somebody sends it again
         , due_at = coalesce($again::timestamptz, '-infinity')
         , parked_at = case when $is_parked then $now::timestamptz end
         , leased_until = null
     where o.seq = $failed
)
update outbox o                                     -- what waits behind them, or was not tried
   set due_at = case when $is_parked then '-infinity' else coalesce($again::timestamptz, '-infinity') end
     , leased_until = null
 where o.dialog_id = $dialog and {{waiting o}} and o.seq <> all($delivered) and o.seq is distinct from $failed
   and (o.due_at > $now or o.leased_until is not null or $again::timestamptz is not null)",
);

pub(super) const STATEMENTS: [&Statement; 2] = [&CLAIM, &SETTLE];

/// Leases up to `most` dialogs that are due, those first that wait longest. They are the caller's until then.
pub async fn claim(db: &Db, now: Instant, until: Instant, most: usize) -> sqlx::Result<Claim> {
    /// A row that is not the first of its dialog is looked at again after so long.
    // Much shorter than a lease: the first one may be settled any moment.
    const SOON: TimeDelta = TimeDelta::milliseconds(250);
    type Row = (i64, Option<Instant>, Option<i64>, Option<Uuid>, Option<i16>, Option<Json<DomainEvent>>);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows: Vec<Row> = CLAIM
        .with("now", now)
        .with("until", until)
        .with("soon", now + SOON)
        .with("most", most)
        .with("run", RUN)
        .all(db)
        .await?;
    let mut claim = Claim::default();
    // Rows come in no promised order, so they are put together here.
    let mut dialogs: BTreeMap<Uuid, Vec<Waiting>> = BTreeMap::new();
    for (looked_at, next_due, row, dialog, attempts, event) in rows {
        (claim.is_full, claim.next_due) = (looked_at >= most, next_due);
        if let (Some(row), Some(dialog), Some(attempts), Some(Json(event))) = (row, dialog, attempts, event) {
            dialogs.entry(dialog).or_default().push(Waiting { row, attempts, event });
        }
    }
    claim.dialogs = dialogs
        .into_iter()
        .map(|(dialog, mut events)| {
            events.sort_unstable_by_key(|waiting| waiting.row);
            Claimed { dialog: DialogId(dialog), events }
        })
        .collect();
    Ok(claim)
}

/// What became of the events of one dialog. Those that are in neither list are free again.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    pub dialog: DialogId,
    /// In the order in which they went out.
    pub delivered: Vec<i64>,
    pub failed: Option<Failed<'a>>,
}

/// The one that was not taken.
#[derive(Clone, Debug)]
pub struct Failed<'a> {
    pub row: i64,
    /// When to try again; `None`: it is parked, and those behind it go on.
    pub again: Option<Instant>,
    /// Says neither who nor what.
    pub reason: &'a str,
}

/// Notes what became of them, and ends the lease.
pub async fn settle(db: &Db, outcome: &Outcome<'_>, now: Instant) -> sqlx::Result<()> {
    let failed = outcome.failed.as_ref();
    SETTLE
        .with("dialog", outcome.dialog)
        .with("delivered", &outcome.delivered)
        // Null if all were taken: then no row is the failed one, which the statement's `is distinct from` provides for.
        .with("failed", failed.map(|failed| failed.row))
        .with("again", failed.and_then(|failed| failed.again))
        .with("is_parked", failed.is_some_and(|failed| failed.again.is_none()))
        .with("error", failed.map(|failed| failed.reason))
        .with("now", now)
        .run(db)
        .await?;
    Ok(())
}
