//! Reading children of one kind by themselves: neither the dialog's document nor children of other kinds are touched.
//!
//! One statement brings what decides who may look (the cover) as its first row and the children behind it. They are read by
//! the dialog's id and not joined to it, so that all of them are one walk along an index that has the reading order; nothing
//! of them is read if the dialog was not found.

use futures_util::TryStreamExt;
use sqlx::{PgExecutor, Row, postgres::PgRow};
use uuid::Uuid;

use super::{load::Find, rows};
use crate::{
    domain::{
        Instant,
        dialog::{Activity, Transmission},
        ids::DialogId,
        party::Party,
        resource::ResourceUrn,
        seen_log::SeenEntry,
        system_label::LabelEntry,
        visibility::Cover,
    },
    store::statement::Statement,
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
    all: Statement,
    /// `None` for children without an id of their own.
    one: Option<Statement>,
    child: fn(&PgRow) -> sqlx::Result<T>,
}

/// `$empty`: the child's columns in the cover's row, with their names. `$dialog` is the dialog, `$owner` its owner if that
/// matters, `$child` the child. The party of the children is taken from the dialog's row.
// A macro, since statements are static texts that are put together at compile time.
macro_rules! statement {
    ($name:expr, $empty:literal, $columns:literal, $table:literal, $which:literal) => {
        Statement::new(
            $name,
            concat!(
                "with found as materialized (
    select d.id as dialog_id, p.urn as party, r.urn as service_resource, d.owner_labels
         , d.deleted_at, d.visible_from, d.expires_at, d.party_key
      from {{head_tables}}
     where d.id = $dialog and ($owner::text is null or o.name = $owner)
)
select found.*, ",
                $empty,
                " from found
union all (
select null::uuid, null::text, null::text, null::text[], null::timestamptz, null::timestamptz, null::timestamptz
     , null::bigint, ",
                $columns,
                " from ",
                $table,
                " c where exists (select from found) and c.party_key = (select party_key from found) and ",
                $which,
                ")"
            ),
        )
    };
    (all $empty:literal, $columns:literal, $table:literal) => {
        statement!(
            concat!("all of ", $table),
            $empty,
            $columns,
            $table,
            "c.dialog_id = $dialog order by c.created_at, c.id"
        )
    };
    // By its own id: the dialog is only compared, so that nothing else of it is read.
    (one $empty:literal, $columns:literal, $table:literal) => {
        statement!(
            concat!("one of ", $table),
            $empty,
            $columns,
            $table,
            "c.id = $child and (c.dialog_id = $dialog) is true"
        )
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

pub(super) fn statements() -> Vec<&'static Statement> {
    fn of<T>(part: &'static Part<T>) -> impl Iterator<Item = &'static Statement> {
        std::iter::once(&part.all).chain(&part.one)
    }
    of(&TRANSMISSIONS).chain(of(&ACTIVITIES)).chain(of(&SEEN_LOG)).chain(of(&LABEL_LOG)).collect()
}

/// The cover as it was read.
#[derive(Clone, Debug)]
pub struct CoverRow {
    pub id: DialogId,
    pub party: Party,
    pub service_resource: ResourceUrn,
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
            service_resource: ResourceUrn::stored(row.try_get::<String, _>("service_resource")?),
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
    pub async fn part<'e, T>(
        self,
        db: impl PgExecutor<'e> + 'e,
        part: &'static Part<T>,
    ) -> sqlx::Result<Option<(CoverRow, Vec<T>)>> {
        let (id, owner) = self.into_parts();
        let (mut cover, mut children) = (None, Vec::new());
        let mut stream = part.all.with("dialog", id).with("owner", owner).rows(db)?;
        while let Some(row) = stream.try_next().await? {
            match CoverRow::of(&row)? {
                Some(found) => cover = Some(found),
                None => children.push((part.child)(&row)?),
            }
        }
        Ok(cover.map(|cover| (cover, children)))
    }

    /// One of them, if it is a child of this dialog. Children without an id of their own are never found.
    pub async fn child<'e, T>(
        self,
        db: impl PgExecutor<'e> + 'e,
        part: &'static Part<T>,
        child: Uuid,
    ) -> sqlx::Result<Option<(CoverRow, Option<T>)>> {
        let Some(statement) = &part.one else { return Ok(None) };
        let (id, owner) = self.into_parts();
        let (mut cover, mut found) = (None, None);
        let mut rows = statement.with("dialog", id).with("owner", owner).with("child", child).rows(db)?;
        while let Some(row) = rows.try_next().await? {
            match CoverRow::of(&row)? {
                Some(read) => cover = Some(read),
                None => found = Some((part.child)(&row)?),
            }
        }
        Ok(cover.map(|cover| (cover, found)))
    }
}
