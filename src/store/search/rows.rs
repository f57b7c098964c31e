//! What a list item shows, for the dialogs of one page.

use std::collections::HashMap;

use sqlx::{Column, QueryBuilder, Row as _, postgres::PgRow, types::Json};
use uuid::Uuid;

use super::statements::COLUMNS;
use crate::{
    db::Connection,
    domain::{
        Instant,
        actor::{Actor, ActorType},
        dialog::Head,
        ids::DialogId,
        listed::Listed,
        party::Party,
        seen_log::SeenEntry,
    },
    heavy,
    store::{dictionary::Dictionary, parts},
};

/// About how many bytes an item takes as JSON beside what is stored for lists: names, ids and times of its dialog.
const HEAD_WEIGHT: usize = 700;

/// Pages up to here, those of a hundred usual items, are done with before another thread had taken over from this one.
const LIGHT_PAGE: usize = 256 << 10;

/// A dialog as lists show it, of either surface.
#[derive(Clone, Debug)]
pub struct ListRow {
    pub head: Head,
    pub listed: Listed,
    /// Since the last change of content, the newest entry of each reader.
    pub seen: Vec<SeenEntry>,
    pub(super) party_key: i64,
    pub(super) resource_key: i32,
    /// About how many bytes it takes as JSON.
    pub weight: usize,
    /// There is no room for another item behind this one.
    pub(super) ends_page: bool,
}

/// The items of an answer: a row of each, which has the columns of a hit, of the head and those that are [`SHOWN`]. Names of
/// owners and service resources are held in memory.
pub(super) async fn read(
    connection: &mut Connection,
    dictionary: &Dictionary,
    answer: &[PgRow],
) -> Result<Vec<ListRow>, sqlx::Error> {
    let Some(first) = answer.first() else { return Ok(Vec::new()) };
    // To look for columns by their names costs more than what is in them.
    let column = |name| first.try_column(name).map(Column::ordinal);
    let (party, resource, id) = (column("hit_party")?, column("hit_resource")?, column("hit")?);
    let (listed, ends_page) = (column("listed")?, column("ends_page")?);
    let mut items = Vec::with_capacity(answer.len());
    let mut once = None;
    for row in answer {
        // Of rows that are no items of the page.
        if let Some(ends_page) = row.try_get(ends_page)? {
            let weight = HEAD_WEIGHT + row.try_get_raw(listed)?.as_bytes().map_or(0, <[u8]>::len);
            items.push((row, row.try_get::<i64, _>(party)?, row.try_get::<i32, _>(resource)?, ends_page, weight));
            if once.is_none() {
                once = Once::of(row)?;
            }
        }
    }
    let names = dictionary.names(connection, items.iter().map(|(_, _, resource, ..)| *resource)).await?;
    let Once { parties, seen } = once.unwrap_or_default();
    let item = |(row, party_key, resource_key, ends_page, weight): (&PgRow, i64, i32, bool, usize)| {
        let named = names.get(&resource_key).ok_or(sqlx::Error::RowNotFound)?;
        let party = parties.get(&party_key).ok_or(sqlx::Error::RowNotFound)?.clone();
        let id = row.try_get(id)?;
        let Json(listed) = row.try_get(listed)?;
        Ok(ListRow {
            head: Head::named(row, DialogId(id), party, named.urn.clone(), named.org.clone())?,
            listed,
            // Not taken: a delegated dialog that a walk finds as well comes twice.
            seen: seen.get(&id).cloned().unwrap_or_default(),
            party_key,
            resource_key,
            weight,
            ends_page,
        })
    };
    heavy::aside(page_weight(items.iter().map(|(.., weight)| *weight)), || items.into_iter().map(item).collect())
}

/// About how many bytes a page of items of those weights takes as JSON, as far as it is heavy: then it is unpacked, prepared
/// and written beside the threads that answer requests.
pub fn page_weight(items: impl Iterator<Item = usize>) -> usize {
    Some(items.sum()).filter(|weight| *weight > LIGHT_PAGE).unwrap_or_default()
}

/// What the first item tells of all.
#[derive(Default)]
struct Once {
    parties: HashMap<i64, Party>,
    /// Of each dialog that has any, in reading order.
    seen: HashMap<Uuid, Vec<SeenEntry>>,
}

impl Once {
    /// `None`: it is not this row that tells it.
    fn of(row: &PgRow) -> Result<Option<Self>, sqlx::Error> {
        let Some(keys) = row.try_get::<Option<Vec<i64>>, _>("party_keys")? else { return Ok(None) };
        let urns: Vec<String> = row.try_get("party_urns")?;
        let parties = keys.into_iter().zip(urns.into_iter().map(Party::from_stored)).collect();
        let mut seen: HashMap<Uuid, Vec<SeenEntry>> = HashMap::new();
        if let Some(dialogs) = row.try_get::<Option<Vec<Uuid>>, _>("seen_dialogs")? {
            let ids: Vec<Uuid> = row.try_get("seen_ids")?;
            let times: Vec<Instant> = row.try_get("seen_times")?;
            let via_owners: Vec<bool> = row.try_get("seen_via_owners")?;
            let actors: Vec<String> = row.try_get("seen_actors")?;
            let names: Vec<String> = row.try_get("seen_names")?;
            let entries = ids.into_iter().zip(times).zip(via_owners).zip(actors.into_iter().zip(names));
            for (dialog, (((id, created_at), is_via_service_owner), (actor, name))) in dialogs.into_iter().zip(entries)
            {
                let seen_by =
                    Actor { actor_type: ActorType::PartyRepresentative, actor_id: Some(actor), actor_name: Some(name) };
                seen.entry(dialog).or_default().push(SeenEntry { id, created_at, is_via_service_owner, seen_by });
            }
        }
        for entries in seen.values_mut() {
            entries.sort_unstable_by_key(|entry| (entry.created_at, entry.id));
        }
        Ok(Some(Self { parties, seen }))
    }
}

/// The parts of a statement that add to `page` what list items show: they end with `item`.
pub(super) const ITEMS: &str = include_str!("rows.sql");

/// The columns of `item` that are not those of the dialog's row.
pub(super) const SHOWN: &str = ", item.listed, item.ends_page, item.party_keys, item.party_urns, item.seen_dialogs, item.seen_ids\
     , item.seen_times, item.seen_via_owners, item.seen_actors, item.seen_names";

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
    sql.push(" from dialog d where d.id = n.id offset 0) d), ").push(ITEMS);
    sql.push(" select item.party_key as hit_party, item.resource_id as hit_resource, item.id as hit");
    for column in parts::own_columns().filter(|column| *column != "id") {
        sql.push(format_args!(", item.{column}"));
    }
    sql.push(SHOWN).push(" from item order by item.at");
    let answer = sql.build().fetch_all(&mut *connection).await?;
    read(connection, dictionary, &answer).await
}
