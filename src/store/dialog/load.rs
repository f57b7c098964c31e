//! Reading one dialog: the row alone, with its body, or whole.
//!
//! A read begins with whose dialogs it may see: [`owned_by`], [`any_owner`] or [`for_end_user`]. There is no other way in.
//!
//! # The whole dialog
//! One statement brings everything as a union of rows: first the dialog with its body, then the transmissions, the
//! activities and the seen entries. Why so:
//! - One statement is one round trip and one snapshot: revision, counters and children always belong together, without a
//!   transaction around them, whose `begin` and `commit` would be round trips of their own.
//! - Rows stream. A dialog with 20,000 transmissions leaves the server as it is read from the index, where an aggregate
//!   would first be built whole (and end at 1 GB), to be parsed as one document here.
//! - The price is four bytes for each column that is null in a child's row: about 150 bytes a row, in a statement that
//!   costs 0.2 ms for an ordinary dialog.
//!
//! Each arm reads one index in its order; `union all` keeps the arms as they come, but does not promise it, so each list is
//! put in order once more here, which costs one pass when it is in order already.

use futures_util::TryStreamExt;
use sqlx::{PgExecutor, Row};
use uuid::Uuid;

use super::rows::{self, TransmissionHeader};
use crate::{
    domain::{
        dialog::{ACTIVITY_WEIGHT, Activity, Dialog, Head, TRANSMISSION_WEIGHT, Transmission},
        ids::{ActivityId, DialogId, TransmissionId},
        seen_log::SeenEntry,
    },
    store::statement::Statement,
};

/// A dialog with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct WholeDialog {
    pub dialog: Dialog,
    /// This and the next two in reading order: `created_at`, then id.
    pub transmissions: Vec<Transmission>,
    pub activities: Vec<Activity>,
    /// Only those since the content changed last; no reader is shown older ones here.
    pub seen: Vec<SeenEntry>,
}

/// A dialog to be read, by somebody.
#[derive(Clone, Debug)]
#[must_use = "nothing is read before one of the methods is called"]
pub struct Find {
    id: DialogId,
    /// The owner's short name in lower case, if it matters who owns the dialog.
    owner: Option<String>,
}

/// The dialog, if the organization with this short name (in lower case) owns it. Somebody else's looks like a missing one.
pub fn owned_by(org: impl Into<String>, id: DialogId) -> Find {
    Find { id, owner: Some(org.into()) }
}

/// The dialog, whoever owns it: for administrators and for the service itself.
pub fn any_owner(id: DialogId) -> Find {
    Find { id, owner: None }
}

/// The dialog as stored, for a handler that decides what an end user sees of it: also deleted, expired and not yet visible
/// ones, because the order of refusals tells them apart (`domain::visibility`).
pub fn for_end_user(id: DialogId) -> Find {
    Find { id, owner: None }
}

static ROW: Statement = Statement::new(
    "dialog row",
    "select {{head}} from {{head_tables}} where d.id = $dialog and ($owner::text is null or o.name = $owner)",
);

static WITH_BODY: Statement = Statement::new(
    "dialog with body",
    "select {{head}}, x.body
      from {{head_tables}}
      join dialog_document x on x.dialog_id = d.id
     where d.id = $dialog and ($owner::text is null or o.name = $owner)",
);

const DIALOG: i16 = 0;
const TRANSMISSION: i16 = 1;
const ACTIVITY: i16 = 2;
const SEEN: i16 = 3;

// `found` is evaluated once. The children are read by the dialog's id and not joined to it, so that each arm is one walk along
// an index that already has the wanted order; nothing of them is read if the dialog was not found.
static WHOLE: Statement = Statement::new(
    "dialog whole",
    "
    with found as materialized (
        select {{head}}, d.party_key, x.body
          from {{head_tables}}
          join dialog_document x on x.dialog_id = d.id
         where d.id = $dialog and ($owner::text is null or o.name = $owner)
    )
    -- numbered, since `union all` promises no order and rows are told apart by this
    select 0::smallint as kind, found.id, found.created_at, found.idempotent_key, found.body
         , null::smallint as type, null::uuid as transmission_id, null::boolean as is_opened
         , null::text as authorization_attribute
         , null::boolean as is_via_service_owner, null::text as actor_id, null::text as actor_name
         , {{rest_of_head found}}
      from found
    union all (
    select 1::smallint, t.id, t.created_at, t.idempotent_key, t.body
         , t.type, t.parent_id, t.is_opened, t.authorization_attribute, null::boolean, null::text, null::text
         , {{no_head}}
      from dialog_transmission t
     where t.dialog_id = $dialog and exists (select from found) and t.party_key = (select party_key from found)
     order by t.created_at, t.id)
    union all (
    select 2::smallint, a.id, a.created_at, null::text, a.body
         , a.type, a.transmission_id, null::boolean, null::text, null::boolean, null::text, null::text
         , {{no_head}}
      from dialog_activity a
     where a.dialog_id = $dialog and exists (select from found) and a.party_key = (select party_key from found)
     order by a.created_at, a.id)
    union all (
    select 3::smallint, s.id, s.created_at, null::text, null::jsonb
         , null::smallint, null::uuid, null::boolean, null::text, s.is_via_service_owner, s.actor_id, s.actor_name
         , {{no_head}}
      from dialog_seen s
     -- only the newest: who read an old state is shown by the seen log alone, which may be long
     where s.dialog_id = $dialog and s.created_at >= (select content_updated_at from found)
       and s.party_key = (select party_key from found)
     order by s.created_at, s.id)",
);

static HEADERS: Statement = Statement::new(
    "transmission headers",
    "
    select id, parent_id, depth, type, is_opened, has_content, idempotent_key
      from dialog_transmission
     where dialog_id = $dialog
     order by created_at, id",
);

impl WholeDialog {
    /// About how many bytes it takes as JSON.
    pub fn weight(&self) -> usize {
        self.dialog.body.weight()
            + TRANSMISSION_WEIGHT * self.transmissions.len()
            + ACTIVITY_WEIGHT * (self.activities.len() + self.seen.len())
    }
}

impl Find {
    pub(super) fn into_parts(self) -> (DialogId, Option<String>) {
        (self.id, self.owner)
    }

    /// The row alone.
    pub async fn row(self, db: impl PgExecutor<'_>) -> sqlx::Result<Option<Head>> {
        ROW.with("dialog", self.id).with("owner", self.owner).optional(db).await
    }

    /// The dialog without transmissions, activities and seen entries.
    pub async fn with_body(self, db: impl PgExecutor<'_>) -> sqlx::Result<Option<Dialog>> {
        let row = WITH_BODY.with("dialog", self.id).with("owner", self.owner).row(db).await?;
        row.as_ref().map(rows::dialog).transpose()
    }

    /// The dialog with everything that belongs to it, in one round trip.
    pub async fn whole<'e>(self, db: impl PgExecutor<'e> + 'e) -> sqlx::Result<Option<WholeDialog>> {
        let mut dialog = None;
        let mut transmissions = Vec::new();
        let mut activities = Vec::new();
        let mut seen = Vec::new();
        let mut stream = WHOLE.with("dialog", self.id).with("owner", self.owner).rows(db)?;
        while let Some(row) = stream.try_next().await? {
            match row.try_get("kind")? {
                DIALOG => dialog = Some(rows::dialog(&row)?),
                TRANSMISSION => transmissions.push(rows::transmission(&row)?),
                ACTIVITY => activities.push(rows::activity(&row)?),
                SEEN => seen.push(rows::seen(&row)?),
                other => return Err(sqlx::Error::Decode(format!("no arm yields kind {other}").into())),
            }
        }
        drop(stream);
        in_reading_order(&mut transmissions, |transmission| (transmission.created_at, transmission.id.0));
        in_reading_order(&mut activities, |activity| (activity.created_at, activity.id.0));
        in_reading_order(&mut seen, |entry| (entry.created_at, entry.id));
        Ok(dialog.map(|dialog| WholeDialog { dialog, transmissions, activities, seen }))
    }
}

/// The transmissions of a dialog that was found before, without their bodies, in reading order.
pub async fn transmission_headers(db: impl PgExecutor<'_>, dialog: DialogId) -> sqlx::Result<Vec<TransmissionHeader>> {
    HEADERS.with("dialog", dialog).all(db).await
}

static ONE_TRANSMISSION: Statement = Statement::new(
    "transmission one",
    "
    select id, created_at, idempotent_key, authorization_attribute, parent_id as transmission_id, type, is_opened, body
      from dialog_transmission
     where dialog_id = $dialog and id = $transmission",
);

/// One transmission of a dialog that was found before.
pub async fn transmission(
    db: impl PgExecutor<'_>,
    dialog: DialogId,
    id: TransmissionId,
) -> sqlx::Result<Option<Transmission>> {
    let row = ONE_TRANSMISSION.with("dialog", dialog).with("transmission", id).row(db).await?;
    row.as_ref().map(rows::transmission).transpose()
}

static ONE_ACTIVITY: Statement = Statement::new(
    "activity one",
    "
    select id, created_at, type, transmission_id, body
      from dialog_activity
     where dialog_id = $dialog and id = $activity",
);

pub(super) const STATEMENTS: [&Statement; 6] = [&ROW, &WITH_BODY, &WHOLE, &HEADERS, &ONE_TRANSMISSION, &ONE_ACTIVITY];

/// One activity of a dialog that was found before.
pub async fn activity(db: impl PgExecutor<'_>, dialog: DialogId, id: ActivityId) -> sqlx::Result<Option<Activity>> {
    let row = ONE_ACTIVITY.with("dialog", dialog).with("activity", id).row(db).await?;
    row.as_ref().map(rows::activity).transpose()
}

fn in_reading_order<T>(rows: &mut [T], key: impl Fn(&T) -> (crate::domain::Instant, Uuid)) {
    // One pass where they came in order, which is nearly always.
    if !rows.is_sorted_by_key(&key) {
        rows.sort_by_key(key);
    }
}
