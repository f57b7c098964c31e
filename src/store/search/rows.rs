//! What a list item shows, for the dialogs of one page.

use std::sync::LazyLock;

use serde::Deserialize;
use sqlx::{FromRow, QueryBuilder, Row as _, postgres::PgRow, types::Json};
use uuid::Uuid;

use crate::{
    db::Connection,
    domain::{
        Instant,
        actor::{Actor, ActorType},
        dialog::Head,
        listed::Listed,
        seen_log::SeenEntry,
    },
    store::parts,
};

/// A dialog as lists show it, of either surface.
#[derive(Clone, Debug)]
pub struct ListRow {
    pub head: Head,
    pub listed: Listed,
    /// Since the last change of content, the newest entry of each reader.
    pub seen: Vec<SeenEntry>,
    pub(super) party_key: i64,
    pub(super) resource_key: i32,
    /// There is no room for another item behind this one.
    pub(super) ends_page: bool,
}

impl FromRow<'_, PgRow> for ListRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let Json(listed) = row.try_get("listed")?;
        let Json(seen): Json<Vec<Seen>> = row.try_get("seen")?;
        Ok(Self {
            head: Head::from_row(row)?,
            listed,
            seen: seen.into_iter().map(Into::into).collect(),
            party_key: row.try_get("party_key")?,
            resource_key: row.try_get("resource_key")?,
            ends_page: row.try_get("ends_page")?,
        })
    }
}

/// An entry of the seen log.
#[derive(Deserialize)]
struct Seen {
    id: Uuid,
    created_at: Instant,
    is_via_service_owner: bool,
    actor_id: String,
    actor_name: String,
}

impl From<Seen> for SeenEntry {
    fn from(seen: Seen) -> Self {
        Self {
            id: seen.id,
            created_at: seen.created_at,
            is_via_service_owner: seen.is_via_service_owner,
            seen_by: Actor {
                actor_type: ActorType::PartyRepresentative,
                actor_id: Some(seen.actor_id),
                actor_name: Some(seen.actor_name),
            },
        }
    }
}

/// The list items of `page (id, place)`, in the order of the places.
pub(super) static ITEMS: LazyLock<String> =
    LazyLock::new(|| parts::told(include_str!("rows.sql")).expect("every word of the file is known"));

/// The rows of `ids`, in their order. Ids that are no longer there are left out.
pub(super) async fn fetch(connection: &mut Connection, ids: &[Uuid]) -> Result<Vec<ListRow>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::new("/* search items */ with page as materialized (select * from unnest(");
    sql.push_bind(ids).push("::uuid[]) with ordinality page (id, place)) select * from (");
    sql.push(ITEMS.as_str()).push(") item");
    sql.build_query_as().fetch_all(connection).await
}
