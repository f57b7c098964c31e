//! Lists of dialogs: the cost of a page follows the page, not the store, and no request is too broad.
//!
//! [`plan`] chooses a way and [`statements`] writes it as SQL. Nearly every page is found by the one statement of
//! [`glance`], with what its items show. If not, [`merge`] follows the way, statement after statement, until the page is full
//! or 50,000 rows were walked (then the page is short and says where to go on), and [`rows`] fetches the items. One
//! page is one snapshot. A page has at most 8 MiB of items (by what is stored for lists, `listed_bytes`), or one item: it
//! ends early and says where to go on.

pub mod conditions;
mod glance;
mod merge;
mod order;
mod plan;
mod rows;
pub mod scope;
mod statements;
pub mod text;

pub use self::merge::Effort;
pub use self::plan::{Axis, List, PARTIES as FEW_PARTIES, Plan};
pub use self::rows::{ListRow, page_weight};
use self::{
    conditions::Conditions,
    glance::Glance,
    merge::Found,
    scope::{Delegated, Guard, Scope},
    text::TextCondition,
};
use crate::{
    db::Db,
    domain::order::{Order, Position},
    store::dictionary::Dictionary,
};

/// A request for one page.
#[derive(Clone, Debug)]
pub struct Request {
    pub scope: Scope,
    pub delegated: Delegated,
    pub conditions: Conditions,
    pub order: Order,
    pub after: Option<Position>,
    pub limit: usize,
    pub effort: Effort,
}

/// One page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub rows: Vec<ListRow>,
    pub has_next: bool,
    /// Where the next page begins; `None` if nothing was found.
    pub next: Option<Position>,
}

impl Page {
    /// See [`page_weight`].
    pub fn weight(&self) -> usize {
        page_weight(self.rows.iter().map(|row| row.weight))
    }
}

/// Opens the snapshot of a search that takes more than one statement.
///
/// What the statements' plans rely on (generic plans: planning a set of 20,000 parties costs more than running it; no full
/// sort where an index has the order; no parallel workers and no compilation for millisecond statements) is set once per
/// connection, by [`crate::db`]. Without it pages are the same, but slow.
const BEGIN: &str = "begin isolation level repeatable read read only";

/// Which way leads to the page: for those who measure and compare ways.
pub fn way(search: &Request) -> Plan {
    plan::choose(&search.scope, &search.conditions, &search.order)
}

/// Finds one page. The caller may see whatever `scope` and `delegated` hold: authorization happened before.
pub async fn page(db: &Db, dictionary: &Dictionary, search: &Request) -> Result<Page, sqlx::Error> {
    if search.conditions.text.as_ref().is_some_and(TextCondition::finds_nothing) {
        return Ok(Page::default());
    }
    let guard = Guard::new(&search.scope, &search.delegated);
    let ask = statements::Ask {
        scope: &search.scope,
        delegated: &search.delegated,
        conditions: &search.conditions,
        order: &search.order,
        effort: search.effort,
    };
    let plan = way(search);
    let walk = statements::branches(plan.axis, ask.scope, ask.conditions);
    if walk.keys.is_empty() && ask.delegated.ids.is_empty() {
        return Ok(Page::default());
    }
    let (after, limit) = (search.after.as_ref(), search.limit);
    let begin = || merge::Streams::new(&ask, &guard, plan.axis, &walk, after);
    let mut connection = db.acquire().await?;
    let hint = match glance::glance(&mut connection, dictionary, &ask, &plan, &mut begin(), after, limit).await? {
        Glance::Page(hits, mut items) => {
            let found = Found { hits, stopped_at: None };
            let rows = found.hits.iter().take(limit).filter_map(|hit| items.remove(&hit.at.id)).collect();
            return Ok(page_of(&found, rows, &guard, limit));
        }
        Glance::TooLittle(hint) => hint,
    };
    // Dropping the read-only transaction ends it, after the answer is on its way.
    let mut snapshot = connection.begin_with(BEGIN).await?;
    let found = merge::find(&mut snapshot, &mut begin(), &plan, hint, after, limit + 1).await?;
    let ids: Vec<_> = found.hits.iter().take(limit).map(|hit| hit.at.id).collect();
    let rows = rows::fetch(&mut snapshot, dictionary, &ids).await?;
    Ok(page_of(&found, rows, &guard, limit))
}

fn page_of(found: &Found, mut rows: Vec<ListRow>, guard: &Guard, limit: usize) -> Page {
    // The last row may be the last that there was room for.
    let full = rows.last().filter(|row| row.ends_page).map(|row| row.head.id.0);
    let end = full.and_then(|id| found.hits.iter().position(|hit| hit.at.id == id)).map_or(limit, |at| at + 1);
    let has_more = found.hits.len() > end;
    let last = found.hits.iter().take(end).next_back().map(|hit| hit.at.clone());
    let next = if has_more { last } else { found.stopped_at.clone().or(last) };
    rows.retain(|row| {
        let known = guard.knows(row.head.id.0, row.party_key, row.head.party.as_str(), row.resource_key);
        if !known {
            tracing::error!(dialog.id = %row.head.id, "a found dialog belongs to a party that was not asked for");
        }
        known
    });
    Page { rows, has_next: has_more || found.stopped_at.is_some(), next }
}
