//! What a list item shows, for the dialogs of one page.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;
use sqlx::{QueryBuilder, Row as _, postgres::PgRow, types::Json};
use uuid::Uuid;

use super::statements::COLUMNS;
use crate::{
    db::Connection,
    domain::{
        Instant,
        actor::{Actor, ActorType},
        dialog::Head,
        listed::Listed,
        party::Party,
        seen_log::SeenEntry,
    },
    store::{dictionary::Dictionary, parts},
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

/// The items of an answer. Names of owners and service resources are held in memory.
pub(super) async fn read(
    connection: &mut Connection,
    dictionary: &Dictionary,
    answer: &[PgRow],
) -> Result<Vec<ListRow>, sqlx::Error> {
    let mut items = Vec::with_capacity(answer.len());
    for row in answer {
        // Of rows that are no items of the page.
        if let Some(ends_page) = row.try_get("ends_page")? {
            items.push((row, row.try_get::<i64, _>("party_key")?, row.try_get::<i32, _>("resource_key")?, ends_page));
        }
    }
    let names = dictionary.names(connection, items.iter().map(|(_, _, resource, _)| *resource)).await?;
    let mut parties: HashMap<i64, Party> = HashMap::new();
    for (row, party_key, ..) in &items {
        if let Some(urn) = row.try_get("party")? {
            parties.insert(*party_key, Party::from_stored(urn));
        }
    }
    let item = |(row, party_key, resource_key, ends_page): (&PgRow, i64, i32, bool)| {
        let named = names.get(&resource_key).ok_or(sqlx::Error::RowNotFound)?;
        let party = parties.get(&party_key).ok_or(sqlx::Error::RowNotFound)?.clone();
        let seen: Option<Json<Vec<Seen>>> = row.try_get("seen")?;
        let Json(listed) = row.try_get("listed")?;
        Ok(ListRow {
            head: Head::named(row, party, named.urn.clone(), named.org.clone())?,
            listed,
            seen: seen.into_iter().flat_map(|Json(seen)| seen).map(Into::into).collect(),
            party_key,
            resource_key,
            ends_page,
        })
    };
    items.into_iter().map(item).collect()
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

/// The list items of `page`: rows of dialogs, with their places as `at`.
pub(super) static ITEMS: LazyLock<String> =
    LazyLock::new(|| parts::told(include_str!("rows.sql")).expect("every word of the file is known"));

/// The rows of `ids`, in their order. Ids that are no longer there are left out.
pub(super) async fn fetch(
    connection: &mut Connection,
    dictionary: &Dictionary,
    ids: &[Uuid],
) -> Result<Vec<ListRow>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::new("/* search items */ with page as materialized (select d.*, n.at from unnest(");
    sql.push_bind(ids).push("::uuid[]) with ordinality n (id, at) cross join lateral (select ").push(COLUMNS.as_str());
    sql.push(" from dialog d where d.id = n.id offset 0) d) select * from (").push(ITEMS.as_str()).push(") item");
    let answer = sql.build().fetch_all(&mut *connection).await?;
    read(connection, dictionary, &answer).await
}
