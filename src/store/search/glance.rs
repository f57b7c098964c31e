//! The first statement of a search: what it finds comes with its list items, so that an ordinary page takes one round trip.
//!
//! It runs alone, outside any transaction, and is a snapshot by itself. If it does not fill the page, the search begins
//! anew inside a transaction, with the [`Hint`] of how far the page seems to be.

use std::collections::HashMap;

use sqlx::{FromRow as _, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{
    merge::{Streams, as_limit},
    order::Segment,
    plan::{List, Plan},
    rows::{ITEMS, ListRow},
    statements::{Ask, Branch, Budget, Hit, Step, Stretch},
};
use crate::{db::Connection, domain::order::Position};

/// What a glance that did not fill the page tells the search.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hint {
    /// The first budget of the walk was spent in vain.
    pub has_walked: bool,
    /// At the density found, the page is so far away that lists are worth a try.
    pub is_far: bool,
    /// The first of the plan's lists is too long.
    pub has_long_list: bool,
}

pub(super) enum Glance {
    /// The whole page, in order, with the list items.
    Page(Vec<Hit>, HashMap<Uuid, ListRow>),
    TooLittle(Hint),
}

/// What the statement reads.
enum Opening<'a> {
    List(&'a List),
    /// The walk in these segments of the order, and the delegated dialogs.
    Walk(&'a [Segment]),
}

/// Looks for the first `limit` rows beyond `after`, and for whether there are more.
pub(super) async fn glance(
    connection: &mut Connection,
    ask: &Ask<'_>,
    plan: &Plan,
    streams: &mut Streams<'_>,
    after: Option<&Position>,
    limit: usize,
) -> Result<Glance, sqlx::Error> {
    let wanted = limit + 1;
    let delegated = usize::from(!ask.delegated.ids.is_empty());
    match plan.before.first() {
        Some(list) if delegated == 0 && streams.all.len() > delegated => {
            let mut sql = ask.glance(&Opening::List(list), streams, after, limit);
            let answer = sql.build().fetch_all(connection).await?;
            let Some(hits) = ask.read_list(&answer)? else {
                return Ok(Glance::TooLittle(Hint { has_long_list: true, ..Hint::default() }));
            };
            streams.replace_by_list(list, after, hits, wanted);
            streams.page_of(&answer, wanted, Hint::default())
        }
        Some(_) => Ok(Glance::TooLittle(Hint::default())),
        None => {
            let first = after.map_or(0, |position| ask.order.segment_of(position));
            let segments = &ask.order.segments()[first..];
            let mut sql = ask.glance(&Opening::Walk(segments), streams, after, limit);
            let answer = sql.build().fetch_all(connection).await?;
            let budget = streams.first_budget(wanted);
            let branches = streams.all.len() - delegated;
            let mut steps: Vec<Vec<Step>> = (0..=branches * segments.len()).map(|_| Vec::new()).collect();
            for row in &answer {
                let step = ask.read_step(row)?;
                steps[step.place].push(step);
            }
            if delegated > 0 {
                let hits = std::mem::take(&mut steps[0]).into_iter().filter_map(|step| step.hit).collect();
                streams.take(0, hits, wanted);
            }
            for (number, steps) in (first..).zip(steps[1..].chunks_mut(branches.max(1))) {
                // What a later segment holds counts where the earlier one was read to its end.
                let walks: Vec<usize> =
                    (0..branches).map(|at| at + delegated).filter(|at| streams.stands_in(*at, number)).collect();
                let steps = walks.iter().map(|at| std::mem::take(&mut steps[at - delegated])).collect();
                streams.advance(&walks, steps, budget);
            }
            let is_far = streams.is_far_from(wanted, ask.first_walk(plan.axis));
            streams.page_of(&answer, wanted, Hint { has_walked: branches > 0, is_far, ..Hint::default() })
        }
    }
}

impl Streams<'_> {
    fn page_of(&self, answer: &[PgRow], wanted: usize, hint: Hint) -> Result<Glance, sqlx::Error> {
        let Some(hits) = self.settled(wanted) else { return Ok(Glance::TooLittle(hint)) };
        let mut items = HashMap::new();
        for row in answer {
            if row.try_get::<Option<Uuid>, _>("id")?.is_some() {
                let item = ListRow::from_row(row)?;
                items.insert(item.head.id.0, item);
            }
        }
        // Rows that the statement could not tell from foreign ones may have taken the place of the page's. Those behind the
        // one that ends the page are not missed.
        let mut in_order = hits.iter().take(wanted - 1).map(|hit| items.get(&hit.at.id));
        let first_gap = in_order.find(|item| item.is_none_or(|item| item.ends_page));
        if first_gap.is_none_or(|item| item.is_some()) {
            Ok(Glance::Page(hits, items))
        } else {
            Ok(Glance::TooLittle(hint))
        }
    }

    /// How far a glance goes: in each branch as far as one of few parties may need, since a second statement costs more.
    fn first_budget(&self, wanted: usize) -> Budget {
        let branches = as_limit(self.all.len().max(1));
        let found = (4 * as_limit(wanted) / branches + 16).min(as_limit(wanted));
        Budget { walked: (self.ask.first_walk(self.axis) / branches).max(found), found }
    }
}

impl Ask<'_> {
    fn glance(
        &self,
        opening: &Opening,
        streams: &Streams,
        after: Option<&Position>,
        limit: usize,
    ) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("/* search glance */ with step as materialized (");
        let condition = match opening {
            Opening::List(list) => {
                self.push_list(&mut sql, list, after, as_limit(limit + 1));
                "hit is not null"
            }
            Opening::Walk(segments) => {
                let walks = streams.walks();
                let budget = streams.first_budget(limit + 1);
                let stretch = Stretch { axis: streams.axis, admitted: streams.admitted, budget };
                let mut parts = 0;
                for (number, segment) in segments.iter().enumerate().filter(|_| !walks.is_empty()) {
                    sql.push(if parts > 0 { " union all (" } else { "(" });
                    let after = if number == 0 { after } else { None };
                    let branch = |&(key, set): &(i64, i32)| Branch { key, set, after };
                    let branches: Vec<Branch> = walks.iter().map(branch).collect();
                    self.push_walk(&mut sql, stretch, *segment, &branches, number * walks.len());
                    sql.push(")");
                    parts += 1;
                }
                if !self.delegated.ids.is_empty() {
                    sql.push(if parts > 0 { " union all (" } else { "(" });
                    self.push_delegated(&mut sql, after, as_limit(limit + 1));
                    sql.push(")");
                }
                "passes"
            }
        };
        let keys: Vec<String> = (0..self.order.keys.len()).map(|at| format!("k{at}")).collect();
        let order: Vec<String> = keys
            .iter()
            .zip(&self.order.keys)
            .map(|(name, (_, direction))| format!("{name} {}", direction.word()))
            .collect();
        sql.push(format_args!(
            "), page as materialized (select hit as id, row_number() over (order by {}, hit {}) as place from step \
             where {condition} group by hit, {} order by place limit ",
            order.join(", "),
            self.order.id.word(),
            keys.join(", ")
        ));
        sql.push_bind(as_limit(limit)).push("), item as materialized (").push(ITEMS.as_str());
        sql.push(") select step.*, item.* from step left join item on item.id = step.hit");
        sql
    }
}
