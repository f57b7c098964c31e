//! Lists of dialogs: the cost of a page follows the page, not the store, and no request is too broad.
//!
//! [`plan`] chooses a way, [`statements`] writes it as SQL, [`merge`] follows it statement after statement until the page is
//! full or about two seconds have passed (then the page is short and says where to go on), [`rows`] fetches what a list item
//! shows. One page is one snapshot.

pub mod filter;
mod merge;
pub mod order;
mod plan;
mod rows;
pub mod scope;
mod statements;

use sqlx::{PgConnection, PgPool};

pub use self::merge::Effort;
pub use self::plan::PARTIES as FEW_PARTIES;
pub use self::rows::{ListRow, Seen};
use self::{
    filter::Filter,
    order::{Order, Position},
    scope::{Delegated, Guard, Scope},
};

/// A request for one page.
#[derive(Clone, Debug)]
pub struct Search {
    pub scope: Scope,
    pub delegated: Delegated,
    pub filter: Filter,
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

/// Opens the snapshot and sets, for this transaction only, what the statements' plans rely on: generic plans (planning a set
/// of 20,000 parties costs more than running it), no full sort where an index has the order (a sort that has no alternative
/// is still made), no parallel workers and no compilation for millisecond statements. The time-out is a fuse, not a design.
///
/// One round trip, sent together; see `docs/performance.md` for what it costs against settings of the whole pool.
pub(crate) const BEGIN: &str = "begin isolation level repeatable read read only; \
     set local plan_cache_mode = force_generic_plan; set local enable_sort = off; \
     set local max_parallel_workers_per_gather = 0; set local jit = off; set local statement_timeout = '20s'";

/// Finds one page. The caller may see whatever `scope` and `delegated` hold: authorization happened before.
pub async fn page(pool: &PgPool, search: &Search) -> Result<Page, sqlx::Error> {
    let mut snapshot = pool.begin_with(BEGIN).await?;
    // Dropping the read-only transaction ends it, after the answer is on its way.
    page_in(&mut snapshot, search).await
}

async fn page_in(connection: &mut PgConnection, search: &Search) -> Result<Page, sqlx::Error> {
    let guard = Guard::new(&search.scope, &search.delegated);
    let ask = statements::Ask {
        scope: &search.scope,
        delegated: &search.delegated,
        filter: &search.filter,
        order: &search.order,
        effort: search.effort,
    };
    let plan = plan::choose(&search.scope, &search.filter, &search.order);
    let found = merge::find(connection, &ask, &guard, &plan, search.after.as_ref(), search.limit + 1).await?;
    let has_next = found.hits.len() > search.limit || found.stopped_at.is_some();
    let hits = &found.hits[..found.hits.len().min(search.limit)];
    let last = hits.last().map(|hit| hit.at.clone());
    let next = if found.hits.len() > search.limit { last } else { found.stopped_at.or(last) };
    let ids: Vec<_> = hits.iter().map(|hit| hit.at.id).collect();
    let mut rows = rows::fetch(connection, &ids).await?;
    rows.retain(|row| {
        let known = guard.knows(row.id.0, row.party_key, &row.party, row.resource_key);
        if !known {
            tracing::error!(dialog.id = %row.id, "a found dialog belongs to a party that was not asked for");
        }
        known
    });
    Ok(Page { rows, has_next, next })
}
