//! Replacing one stored transmission, and moving the time of one stored activity: the two writes to what is otherwise
//! append-only.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use super::children;
use crate::{
    db::Db,
    domain::{
        Instant,
        child_ids::ChildKind,
        dialog::Transmission,
        event::DomainEvent,
        ids::{ActivityId, DialogId, Revision, TransmissionId},
        listed::ListedActivity,
        party::Party,
        wire_enum::WireEnum,
    },
    store::{dialog_text, statement::Statement, unit_of_work::UnitOfWork, violation::StoreError},
};

/// A transmission as it shall be.
pub struct Correction<'a> {
    pub dialog: DialogId,
    pub party: &'a Party,
    /// The dialog's revision that was read.
    pub read: Revision,
    /// The dialog's new revision.
    pub revision: Revision,
    pub transmission: &'a Transmission,
    /// Whether its texts that are searched differ.
    pub rewords: bool,
    /// Transmissions whose depth in the tree changes with it.
    pub depths: &'a [(TransmissionId, i16)],
    pub claimed: &'a [(ChildKind, Uuid)],
    pub released: &'a [(ChildKind, Uuid)],
    pub events: &'a [DomainEvent],
}

static CORRECT: Statement = Statement::new(
    "transmission correct",
    "
with written as (
    update dialog d
       set revision = $revision
     where d.id = $dialog and d.party_key = $party and d.revision = $read
    returning d.id
), corrected as (
    update dialog_transmission t
       set created_at = $created_at
         , parent_id = $parent
         , type = $type::smallint
         , depth = coalesce((select m.depth from unnest($moved::uuid[], $depths::smallint[]) m (id, depth) where m.id = t.id), t.depth)
         -- the type may have changed sides, so the fact is worked out anew
         , is_opened = $type::smallint not in ({{types_from_party}})
                       and exists (select from dialog_activity a
                                    where a.dialog_id = w.id and a.party_key = $party
                                      and a.type = {{activity TransmissionOpened}} and a.transmission_id = t.id)
         , has_content = $has_content
         , authorization_attribute = $attribute
         , idempotent_key = $key
         , body = $body
      from written w
     where t.dialog_id = w.id and t.party_key = $party and t.id = $transmission
), moved as (
    update dialog_transmission t
       set depth = m.depth
      from written w
     cross join unnest($moved::uuid[], $depths::smallint[]) m (id, depth)
     where t.id = m.id and t.party_key = $party and t.id <> $transmission and (t.dialog_id = w.id) is true    -- by id
), claimed as ({{claimed}}
), released as ({{released}}
), raised as ({{raised}}
)
select w.id from written w",
);

impl Correction<'_> {
    /// Saves it; false if the dialog no longer has the revision that was read.
    ///
    /// # Errors
    /// Violations of constraints (an id or a key that is taken), and whatever else the database says.
    pub async fn save(self, db: &Db) -> Result<bool, StoreError> {
        // Usual for a technical correction: one statement, no transaction around it.
        if !self.rewords {
            return self.correct(db).await;
        }
        // Which words were those of the transmission alone cannot be told: all texts of the dialog are read again.
        let dialog = self.dialog;
        let mut transaction = db.begin().await?;
        let is_saved = self.correct(&mut *transaction).await?;
        if is_saved {
            dialog_text::renew(&mut transaction, &[dialog.0]).await?;
            transaction.commit().await?;
        }
        Ok(is_saved)
    }

    async fn correct(self, db: impl PgExecutor<'_>) -> Result<bool, StoreError> {
        let transmission = self.transmission;
        let row: Option<(DialogId,)> = CORRECT
            .with("dialog", self.dialog)
            .with("party", self.party.key())
            .with("read", self.read)
            .with("revision", self.revision)
            .with("transmission", transmission.id)
            .with("created_at", transmission.created_at)
            .with("parent", transmission.related_transmission_id)
            .with("type", transmission.transmission_type.id())
            .with("has_content", transmission.body.content.is_some())
            .with("attribute", transmission.authorization_attribute.as_deref())
            .with("key", transmission.idempotent_key.as_deref())
            .with("body", Json(&transmission.body))
            .with("moved", self.depths.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
            .with("depths", self.depths.iter().map(|(_, depth)| *depth).collect::<Vec<_>>())
            .and(|statement| children::claimed(statement, self.claimed))
            .and(|statement| children::released(statement, self.released))
            .and(|statement| children::events(statement, self.events))
            .optional(db)
            .await?;
        Ok(row.is_some())
    }
}

/// The new time of an activity, and what follows for its dialog.
pub struct Retiming<'a> {
    pub dialog: DialogId,
    pub party: &'a Party,
    pub read: Revision,
    pub revision: Revision,
    pub updated_at: Instant,
    pub activity: ActivityId,
    pub created_at: Instant,
    pub event: &'a DomainEvent,
}

static RETIME_DIALOG: Statement = Statement::new(
    "activity retime: dialog",
    "
update dialog d
   set revision = $revision
     , updated_at = $updated_at
 where d.id = $dialog and d.party_key = $party and d.revision = $read",
);

static RETIME_ACTIVITY: Statement = Statement::new(
    "activity retime",
    "
update dialog_activity a
   set created_at = $created_at
 where a.dialog_id = $dialog and a.party_key = $party and a.id = $activity",
);

static LATEST: Statement = Statement::new(
    "activity latest",
    "
select a.id, a.created_at, a.type, a.transmission_id, a.body
  from dialog_activity a
 where a.dialog_id = $dialog and a.party_key = $party
 order by a.created_at desc, a.id desc
 limit 1",
);

static RELIST: Statement = Statement::new(
    "activity retime: list",
    "
update dialog_document x
   set listed = jsonb_set(x.listed::jsonb, '{latest_activity}', $latest)::json
 where x.dialog_id = $dialog and x.party_key = $party",
);

pub(super) const STATEMENTS: [&Statement; 5] = [&CORRECT, &RETIME_DIALOG, &RETIME_ACTIVITY, &LATEST, &RELIST];

impl Retiming<'_> {
    /// Saves it; false if the dialog no longer has the revision that was read. Rare, so it takes its round trips.
    pub async fn save(self, db: &Db) -> Result<bool, StoreError> {
        let mut work = UnitOfWork::begin(db).await?;
        let party = self.party.key();
        let changed = RETIME_DIALOG
            .with("dialog", self.dialog)
            .with("party", party)
            .with("read", self.read)
            .with("revision", self.revision)
            .with("updated_at", self.updated_at)
            .run(work.connection())
            .await?;
        // Somebody was faster; dropping the work rolls back.
        if changed == 0 {
            return Ok(false);
        }
        RETIME_ACTIVITY
            .with("dialog", self.dialog)
            .with("party", party)
            .with("activity", self.activity)
            .with("created_at", self.created_at)
            .run(work.connection())
            .await?;
        // Read after the move: another activity may be the latest now.
        let latest = LATEST.with("dialog", self.dialog).with("party", party).row(work.connection()).await?;
        let latest = latest.ok_or(sqlx::Error::RowNotFound)?;
        let latest = ListedActivity::from(&super::rows::activity(&latest)?);
        RELIST
            .with("dialog", self.dialog)
            .with("party", party)
            .with("latest", Json(latest))
            .run(work.connection())
            .await?;
        work.raise([self.event.clone()]);
        work.commit().await?;
        Ok(true)
    }
}
