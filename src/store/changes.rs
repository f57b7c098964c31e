//! The change feed: every change of an owner's dialogs in the order of commits, none skipped (see [`super::outbox`] for the
//! order, and the migration for who writes it).

use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{outbox::Position, statement::Statement};
use crate::{db::Db, domain::Instant};

/// What became of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Created,
    Updated,
    Deleted,
    Restored,
    /// It is gone for good.
    Purged,
    Labels,
    Seen,
}

impl Kind {
    // The numbers are written by triggers (migrations); the names are what clients of the feed compare.
    const ALL: [(Self, i16, &'static str); 7] = [
        (Self::Created, 1, "created"),
        (Self::Updated, 2, "updated"),
        (Self::Deleted, 3, "deleted"),
        (Self::Restored, 4, "restored"),
        (Self::Purged, 5, "purged"),
        (Self::Labels, 6, "labels"),
        (Self::Seen, 7, "seen"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., name)| name)
    }

    fn of(number: i16) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == number).map(|(kind, ..)| *kind)
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub position: Position,
    pub at: Instant,
    pub kind: Kind,
    pub dialog: Uuid,
    /// The dialog's revision after it; of one that is gone, its last.
    pub revision: Uuid,
    pub party: String,
    pub service_resource: String,
    /// Nobody is told of it by an event.
    pub is_silent: bool,
}

/// What is behind a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behind {
    pub changes: Vec<Change>,
    /// Everything before this was looked at: whoever found less than it asked for goes on from here.
    pub horizon: i64,
    /// More is stored already and cannot be told yet: ask again soon.
    pub is_unsettled: bool,
    /// What was behind the place has been removed in part, or the place belongs to another history of the database.
    pub is_expired: bool,
}

/// The same for both orders of search.
// Two texts and not one with `or`: a generic plan would have to serve both, and walk the owner's whole feed for one
// dialog.
macro_rules! behind {
    ($which:literal) => {
        concat!(
            "
with horizon as materialized (
    -- read once for the whole statement: the answer and its horizon must be of one snapshot
    select pg_snapshot_xmin(pg_current_snapshot()) as oldest
         , (select o.id from org o where o.name = $org) as org_id
)
select h.oldest::text::bigint as horizon
     , coalesce((
           -- The newest alone: that hardly any is so new is more than the planner can know.
           select b.position >= h.oldest
             from dialog_change b
            where b.org_id = h.org_id
            order by b.position desc, b.seq desc
            limit 1
       ), false) as is_unsettled
     , $commit <> 0 and exists (
           select from dialog_change_floor f where (f.position, f.seq) > ($commit::bigint::text::xid8, $row)
       ) or $commit::bigint::text::xid8 > pg_snapshot_xmax(pg_current_snapshot()) as is_expired
     , c.*
  from horizon h
  -- left: the horizon is told also where nothing is behind the place
  left join lateral (
      select c.position::text::bigint as commit, c.seq, c.at, c.change, c.dialog_id, c.revision
           , (select p.urn from party p where p.party_key = c.party_key) as party
           , (select r.urn from service_resource r where r.id = c.resource_id) as service_resource
           , not exists (
                 select from outbox o where o.position = c.position and o.dialog_id = c.dialog_id and not o.is_silent
             ) as is_silent
        from dialog_change c
       where ",
            $which,
            "
         and (c.position, c.seq) > ($commit::bigint::text::xid8, $row)
         and c.position < h.oldest
       order by c.position, c.seq
       limit $limit
  ) c on true"
        )
    };
}

static OF_OWNER: Statement = Statement::new("changes of owner", behind!("c.org_id = h.org_id"));

static OF_DIALOG: Statement =
    // `is true` keeps the owner out of the choice of an index: the dialog's own is the short one.
    Statement::new("changes of dialog", behind!("c.dialog_id = $dialog and (c.org_id = h.org_id) is true"));

pub(super) const STATEMENTS: [&Statement; 2] = [&OF_OWNER, &OF_DIALOG];

/// The first `limit` changes behind a place, of one owner (by short name) and perhaps of one dialog.
pub async fn behind(db: &Db, org: &str, dialog: Option<Uuid>, place: Position, limit: i64) -> sqlx::Result<Behind> {
    let statement = match dialog {
        Some(dialog) => OF_DIALOG.with("dialog", dialog),
        None => OF_OWNER.bound(),
    };
    let asked = statement.with("org", org).with("commit", place.commit).with("row", place.row).with("limit", limit);
    let mut behind = Behind::default();
    for row in asked.raw(db).await? {
        behind.horizon = row.try_get("horizon")?;
        behind.is_unsettled = row.try_get("is_unsettled")?;
        behind.is_expired = row.try_get("is_expired")?;
        // Null in the one row that comes where there are no changes.
        if let Some(commit) = row.try_get("commit")? {
            behind.changes.push(change(commit, &row)?);
        }
    }
    Ok(behind)
}

fn change(commit: i64, row: &PgRow) -> sqlx::Result<Change> {
    let number: i16 = row.try_get("change")?;
    let kind =
        Kind::of(number).ok_or_else(|| sqlx::Error::Decode(format!("no change has the number {number}").into()))?;
    Ok(Change {
        position: Position { commit, row: row.try_get("seq")? },
        at: row.try_get("at")?,
        kind,
        dialog: row.try_get("dialog_id")?,
        revision: row.try_get("revision")?,
        party: row.try_get("party")?,
        service_resource: row.try_get("service_resource")?,
        is_silent: row.try_get("is_silent")?,
    })
}
