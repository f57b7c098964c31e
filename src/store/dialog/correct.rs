//! Replacing one stored transmission, and moving the time of one stored activity: the two writes to what is otherwise
//! append-only.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use super::children::{bind_claims, bind_events};
use crate::{
    db::Db,
    domain::{
        Instant,
        child_ids::ChildKind,
        dialog::Transmission,
        event::DomainEvent,
        ids::{ActivityId, DialogId, Revision, TransmissionId},
        listed::ListedActivity,
        wire_enum::WireEnum,
    },
    store::violation::StoreError,
};

/// A transmission as it shall be.
pub struct Correction<'a> {
    pub dialog: DialogId,
    /// The dialog's revision that was read.
    pub read: Revision,
    /// The dialog's new revision.
    pub revision: Revision,
    pub transmission: &'a Transmission,
    /// Transmissions whose depth in the tree changes with it.
    pub depths: &'a [(TransmissionId, i16)],
    pub claimed: &'a [(ChildKind, Uuid)],
    pub released: &'a [(ChildKind, Uuid)],
    pub events: &'a [DomainEvent],
}

const CORRECT: &str = "
with changed as (
    update dialog d
       set revision = $3
     where d.id = $1 and d.revision = $2
    returning d.id
), corrected as (
    update dialog_transmission t
       set created_at = $5
         , parent_id = $6
         , type = $7
         , depth = coalesce((select m.depth from unnest($12::uuid[], $13::smallint[]) m (id, depth) where m.id = t.id), t.depth)
         , is_opened = $7 not in (7, 8)
                       and exists (select from dialog_activity a where a.dialog_id = c.id and a.type = 4 and a.transmission_id = t.id)
         , has_content = $8
         , authorization_attribute = $9
         , idempotent_key = $10
         , body = $11
      from changed c
     where t.dialog_id = c.id and t.id = $4
), moved as (
    update dialog_transmission t
       set depth = m.depth
      from changed c
     cross join unnest($12::uuid[], $13::smallint[]) m (id, depth)
     where t.id = m.id and t.id <> $4 and (t.dialog_id = c.id) is true
), claimed as (
    insert into child_id (kind, id, dialog_id)
    select i.kind, i.id, c.id
      from changed c
     cross join unnest($14::smallint[], $15::uuid[]) i (kind, id)
), released as (
    delete from child_id x
     using changed c, unnest($16::smallint[], $17::uuid[]) i (kind, id)
     where x.kind = i.kind and x.id = i.id and (x.dialog_id = c.id) is true
), raised as (
    insert into outbox (event_id, occurred_at, is_silent, kind, body, dialog_id)
    select e.event_id, e.occurred_at, e.is_silent, e.kind, e.body, c.id
      from changed c
     cross join unnest($18::uuid[], $19::timestamptz[], $20::boolean[], $21::text[], $22::jsonb[])
           with ordinality e (event_id, occurred_at, is_silent, kind, body, place)
     order by e.place
)
select c.id from changed c";

impl Correction<'_> {
    /// Saves it; false if the dialog no longer has the revision that was read.
    ///
    /// # Errors
    /// Violations of constraints (an id or a key that is taken), and whatever else the database says.
    pub async fn save(self, db: impl PgExecutor<'_>) -> Result<bool, StoreError> {
        let transmission = self.transmission;
        let statement = sqlx::query_as(CORRECT)
            .bind(self.dialog)
            .bind(self.read)
            .bind(self.revision)
            .bind(transmission.id)
            .bind(transmission.created_at)
            .bind(transmission.related_transmission_id)
            .bind(transmission.transmission_type.id())
            .bind(transmission.body.content.is_some())
            .bind(transmission.authorization_attribute.as_deref())
            .bind(transmission.idempotent_key.as_deref())
            .bind(Json(&transmission.body))
            .bind(self.depths.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
            .bind(self.depths.iter().map(|(_, depth)| *depth).collect::<Vec<_>>());
        let statement = bind_claims(bind_claims(statement, self.claimed), self.released);
        let row: Option<(Uuid,)> = bind_events(statement, self.events).fetch_optional(db).await?;
        Ok(row.is_some())
    }
}

/// The new time of an activity, and what follows for its dialog.
pub struct Retiming<'a> {
    pub dialog: DialogId,
    pub read: Revision,
    pub revision: Revision,
    pub updated_at: Instant,
    pub activity: ActivityId,
    pub created_at: Instant,
    pub event: &'a DomainEvent,
}

const RETIME_DIALOG: &str = "
update dialog d
   set revision = $3
     , updated_at = $4
 where d.id = $1 and d.revision = $2";

const RETIME_ACTIVITY: &str = "
update dialog_activity a
   set created_at = $3
 where a.dialog_id = $1 and a.id = $2";

const LATEST: &str = "
select a.id, a.created_at, a.type, a.transmission_id, a.body
  from dialog_activity a
 where a.dialog_id = $1
 order by a.created_at desc, a.id desc
 limit 1";

const RELIST: &str = "
update dialog_document x
   set listed = jsonb_set(x.listed, '{latest_activity}', $2)
 where x.dialog_id = $1";

impl Retiming<'_> {
    /// Saves it; false if the dialog no longer has the revision that was read. Rare, so it takes its round trips.
    pub async fn save(self, db: &Db) -> Result<bool, StoreError> {
        let mut work = crate::store::unit_of_work::UnitOfWork::begin(db).await?;
        let changed = sqlx::query(RETIME_DIALOG)
            .bind(self.dialog)
            .bind(self.read)
            .bind(self.revision)
            .bind(self.updated_at)
            .execute(work.connection())
            .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(RETIME_ACTIVITY)
            .bind(self.dialog)
            .bind(self.activity)
            .bind(self.created_at)
            .execute(work.connection())
            .await?;
        let latest = sqlx::query(LATEST).bind(self.dialog).fetch_one(work.connection()).await?;
        let latest = ListedActivity::from(&super::rows::activity(&latest)?);
        sqlx::query(RELIST).bind(self.dialog).bind(Json(latest)).execute(work.connection()).await?;
        work.raise([self.event.clone()]);
        work.commit().await?;
        Ok(true)
    }
}
