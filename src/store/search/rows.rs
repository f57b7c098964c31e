//! What a list item shows, for the dialogs of one page.

use serde::Deserialize;
use sqlx::{QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{
    db::Connection,
    domain::{
        Instant,
        actor::{Actor, ActorType},
        ids::{DialogId, Revision},
        listed::Listed,
        seen_log::SeenEntry,
    },
};

/// A dialog as lists show it, of either surface.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ListRow {
    pub id: DialogId,
    pub revision: Revision,
    pub context_revision: Revision,
    pub owner_context_revision: Revision,
    pub org: String,
    pub service_resource: String,
    pub resource_type: String,
    pub party: String,
    pub(super) party_key: i64,
    pub(super) resource_key: i32,
    pub status: i16,
    pub progress: Option<i16>,
    pub system_labels: i16,
    pub from_party_transmissions: i16,
    pub from_owner_transmissions: i16,
    pub is_api_only: bool,
    pub is_content_seen: bool,
    pub has_unopened_content: bool,
    pub extended_status: Option<String>,
    pub external_reference: Option<String>,
    pub process: Option<String>,
    pub preceding_process: Option<String>,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub content_updated_at: Instant,
    pub due_at: Option<Instant>,
    pub visible_from: Option<Instant>,
    pub deleted_at: Option<Instant>,
    pub owner_labels: Vec<String>,
    pub listed: Json<Listed>,
    /// There is no room for another item behind this one.
    pub(super) ends_page: bool,
    /// Since the last change of content, the newest entry of each reader.
    pub seen: Json<Vec<Seen>>,
}

/// An entry of the seen log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Seen {
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
pub(super) const ITEMS: &str = include_str!("rows.sql");

/// The rows of `ids`, in their order. Ids that are no longer there are left out.
pub(super) async fn fetch(connection: &mut Connection, ids: &[Uuid]) -> Result<Vec<ListRow>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::new("/* search items */ with page as materialized (select * from unnest(");
    sql.push_bind(ids).push("::uuid[]) with ordinality page (id, place)) select * from (").push(ITEMS).push(") item");
    sql.build_query_as().fetch_all(connection).await
}
