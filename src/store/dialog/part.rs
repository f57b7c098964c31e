//! Reading children of one kind by themselves: neither the dialog's document nor children of other kinds are touched.
//!
//! One statement brings what decides who may look (the cover) as its first row and the children behind it. They are read by
//! the dialog's id and not joined to it, so that all of them are one walk along an index that has the reading order; nothing
//! of them is read if the dialog was not found.

use futures_util::TryStreamExt;
use sqlx::{PgExecutor, Row, postgres::PgRow};
use uuid::Uuid;

use super::{load::Find, rows};
use crate::domain::{
    Instant,
    dialog::{Activity, Transmission},
    ids::DialogId,
    party::Party,
    seen_log::SeenEntry,
    system_label::LabelEntry,
    visibility::Cover,
};

/// What kind of children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Transmissions,
    Activities,
    SeenLog,
    LabelLog,
}

/// How children of one kind are read.
pub struct Part<T> {
    pub kind: Kind,
    /// What a missing child is called in refusals.
    pub entity: &'static str,
    /// The attribute by which the platform decides about a child of its own.
    pub attribute: fn(&T) -> Option<&str>,
    all: &'static str,
    /// `None` for children without an id of their own.
    one: Option<&'static str>,
    child: fn(&PgRow) -> sqlx::Result<T>,
}

/// `$empty`: the child's columns in the cover's row, with their names. `$1` is the dialog, `$2` its owner if that matters,
/// `$3` the child.
macro_rules! statement {
    ($empty:literal, $columns:literal, $table:literal, $which:literal) => {
        concat!(
            "with found as materialized (
    select dialog.id as dialog_id, party.urn as party, service_resource.urn as service_resource, dialog.owner_labels
         , dialog.deleted_at, dialog.visible_from, dialog.expires_at
      from dialog
      join party on party.party_key = dialog.party_key
      join service_resource on service_resource.id = dialog.resource_id
      join org on org.id = dialog.org_id
     where dialog.id = $1 and ($2::text is null or org.name = $2)
)
select found.*, ",
            $empty,
            " from found
union all (
select null::uuid, null::text, null::text, null::text[], null::timestamptz, null::timestamptz, null::timestamptz, ",
            $columns,
            " from ",
            $table,
            " c where exists (select from found) and ",
            $which,
            ")"
        )
    };
    (all $empty:literal, $columns:literal, $table:literal) => {
        statement!($empty, $columns, $table, "c.dialog_id = $1 order by c.created_at, c.id")
    };
    // By its own id: the dialog is only compared, so that nothing else of it is read.
    (one $empty:literal, $columns:literal, $table:literal) => {
        statement!($empty, $columns, $table, "c.id = $3 and (c.dialog_id = $1) is true")
    };
}

macro_rules! part {
    ($part:ident: $child:ty, $kind:ident, $entity:literal, $attribute:expr, $read:expr, $table:literal, $empty:literal, $columns:literal) => {
        pub static $part: Part<$child> = Part {
            kind: Kind::$kind,
            entity: $entity,
            attribute: $attribute,
    all: statement!(all $empty, $columns, $table),
    one: Some(statement!(one $empty, $columns, $table)),
            child: $read,
        };
    };
}

part!(
    TRANSMISSIONS: Transmission,
    Transmissions,
    "DialogTransmission",
    |transmission| transmission.authorization_attribute.as_deref(),
    rows::transmission,
    "dialog_transmission",
    "null::uuid as id, null::timestamptz as created_at, null::text as idempotent_key
     , null::text as authorization_attribute, null::uuid as transmission_id, null::smallint as type
     , null::boolean as is_opened, null::jsonb as body",
    "c.id, c.created_at, c.idempotent_key, c.authorization_attribute, c.parent_id, c.type, c.is_opened, c.body"
);

part!(
    ACTIVITIES: Activity,
    Activities,
    "DialogActivity",
    |_| None,
    rows::activity,
    "dialog_activity",
    "null::uuid as id, null::timestamptz as created_at, null::smallint as type, null::uuid as transmission_id
     , null::jsonb as body",
    "c.id, c.created_at, c.type, c.transmission_id, c.body"
);

part!(
    SEEN_LOG: SeenEntry,
    SeenLog,
    "DialogSeenLog",
    |_| None,
    rows::seen,
    "dialog_seen",
    "null::uuid as id, null::timestamptz as created_at, null::boolean as is_via_service_owner, null::text as actor_id
     , null::text as actor_name",
    "c.id, c.created_at, c.is_via_service_owner, c.actor_id, c.actor_name"
);

pub static LABEL_LOG: Part<LabelEntry> = Part {
    kind: Kind::LabelLog,
    entity: "LabelAssignmentLog",
    attribute: |_| None,
    all: statement!(
        all
        "null::timestamptz as created_at, null::smallint as label, null::smallint as action, null::jsonb as performed_by",
        "c.created_at, c.label, c.action, c.performed_by",
        "dialog_label_log"
    ),
    one: None,
    child: rows::label_entry,
};

/// The cover as it was read.
#[derive(Clone, Debug)]
pub struct CoverRow {
    pub id: DialogId,
    pub party: Party,
    pub service_resource: String,
    pub owner_labels: Vec<String>,
    pub deleted_at: Option<Instant>,
    pub visible_from: Option<Instant>,
    pub expires_at: Option<Instant>,
}

impl CoverRow {
    /// `None` for the row of a child.
    fn of(row: &PgRow) -> sqlx::Result<Option<Self>> {
        let Some(id) = row.try_get("dialog_id")? else { return Ok(None) };
        Ok(Some(Self {
            id: DialogId(id),
            party: Party::from_stored(row.try_get("party")?),
            service_resource: row.try_get("service_resource")?,
            owner_labels: row.try_get("owner_labels")?,
            deleted_at: row.try_get("deleted_at")?,
            visible_from: row.try_get("visible_from")?,
            expires_at: row.try_get("expires_at")?,
        }))
    }

    pub fn cover(&self) -> Cover<'_> {
        Cover {
            id: self.id,
            party: &self.party,
            service_resource: &self.service_resource,
            owner_labels: &self.owner_labels,
            deleted_at: self.deleted_at,
            visible_from: self.visible_from,
            expires_at: self.expires_at,
        }
    }
}

impl Find {
    /// The children of one kind, in reading order.
    pub async fn part<T>(self, db: impl PgExecutor<'_>, part: &Part<T>) -> sqlx::Result<Option<(CoverRow, Vec<T>)>> {
        let (id, owner) = self.into_parts();
        let (mut cover, mut children) = (None, Vec::new());
        let mut stream = sqlx::query(part.all).bind(id).bind(owner).fetch(db);
        while let Some(row) = stream.try_next().await? {
            match CoverRow::of(&row)? {
                Some(found) => cover = Some(found),
                None => children.push((part.child)(&row)?),
            }
        }
        Ok(cover.map(|cover| (cover, children)))
    }

    /// One of them, if it is a child of this dialog. Children without an id of their own are never found.
    pub async fn child<T>(
        self,
        db: impl PgExecutor<'_>,
        part: &Part<T>,
        child: Uuid,
    ) -> sqlx::Result<Option<(CoverRow, Option<T>)>> {
        let Some(statement) = part.one else { return Ok(None) };
        let (id, owner) = self.into_parts();
        let (mut cover, mut found) = (None, None);
        for row in sqlx::query(statement).bind(id).bind(owner).bind(child).fetch_all(db).await? {
            match CoverRow::of(&row)? {
                Some(read) => cover = Some(read),
                None => found = Some((part.child)(&row)?),
            }
        }
        Ok(cover.map(|cover| (cover, found)))
    }
}
