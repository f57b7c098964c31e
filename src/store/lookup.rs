//! Finding the dialog that an instance reference stands for.

use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow, types::Json};
use uuid::Uuid;

use super::statement::Statement;
use crate::domain::{
    Instant,
    content::{ContentValue, Localized},
    ids::DialogId,
    party::Party,
    resource::{OrgCode, ResourceUrn},
};

/// Of a dialog, what a look-up tells.
#[derive(Clone, Debug, PartialEq)]
pub struct LookedUp {
    pub id: DialogId,
    pub party: Party,
    pub service_resource: ResourceUrn,
    /// The owner's.
    pub org: OrgCode,
    pub deleted_at: Option<Instant>,
    pub owner_labels: Vec<String>,
    /// Empty if there is none, as this and the next of API-only dialogs may be.
    pub title: Localized,
    pub non_sensitive_title: Localized,
}

/// By what a dialog is looked up.
#[derive(Clone, Debug)]
pub enum Sought {
    Dialog(DialogId),
    /// The label, in lower case, under which service owners mark dialogs of an instance.
    Labelled(String),
}

impl FromRow<'_, PgRow> for LookedUp {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let text = |column: &str| -> sqlx::Result<Localized> {
            // Two ways of saying that there is none: the key is missing (SQL's null) or its value is null (JSON's).
            let content: Option<Json<Option<ContentValue>>> = row.try_get(column)?;
            Ok(content.and_then(|content| content.0).map(|content| content.value).unwrap_or_default())
        };
        Ok(Self {
            id: row.try_get("id")?,
            party: Party::from_stored(row.try_get("party")?),
            service_resource: ResourceUrn::stored(row.try_get::<String, _>("service_resource")?),
            org: OrgCode::stored(row.try_get::<String, _>("org")?),
            deleted_at: row.try_get("deleted_at")?,
            owner_labels: row.try_get("owner_labels")?,
            title: text("title")?,
            non_sensitive_title: text("non_sensitive_title")?,
        })
    }
}

static LOOK_UP: Statement = Statement::new(
    "look-up",
    "
with sought as (
    select $dialog::uuid as id
     where $dialog::uuid is not null
    union
    select l.dialog_id
      from dialog_owner_label l
     where l.label = $label
)
select d.id
     , p.urn as party
     , r.urn as service_resource
     , o.name as org
     , d.deleted_at
     , d.owner_labels
     , x.listed -> 'title' as title
     , x.listed -> 'non_sensitive_title' as non_sensitive_title
  from sought s
  join dialog d on d.id = s.id
  join party p on p.party_key = d.party_key
  join service_resource r on r.id = d.resource_id
  join org o on o.id = d.org_id
  join dialog_document x on x.dialog_id = d.id
 where $with_deleted or d.deleted_at is null
 -- two are enough to know that a label is ambiguous
 limit 2",
);

pub(super) const STATEMENTS: [&Statement; 1] = [&LOOK_UP];

/// The dialogs that are meant, two of them at most: a label may stand on several, and then it says nothing.
pub async fn dialogs_meant(
    db: impl PgExecutor<'_>,
    sought: &Sought,
    with_deleted: bool,
) -> sqlx::Result<Vec<LookedUp>> {
    let (id, label): (Option<Uuid>, Option<&str>) = match sought {
        Sought::Dialog(id) => (Some(id.0), None),
        Sought::Labelled(label) => (None, Some(label)),
    };
    LOOK_UP.with("dialog", id).with("label", label).with("with_deleted", with_deleted).all(db).await
}
