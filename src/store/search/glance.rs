//! The first statement of a search: what it finds comes with its list items, so that an ordinary page takes one round trip.
//!
//! It runs alone, outside any transaction, and is a snapshot by itself. If it does not fill the page, the search begins
//! anew inside a transaction, with the [`Hint`] of how far the page seems to be.

use std::collections::HashMap;

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    conditions::Deleted,
    merge::{Streams, as_limit},
    order::Segment,
    plan::{Axis, List, Plan},
    rows::{self, ITEMS, ListRow, SHOWN},
    statements::{Ask, Branch, Budget, Hit, Step, Stretch},
};
use crate::{
    db::Connection,
    domain::{
        Instant,
        order::{Order, Position},
    },
    store::{dictionary::Dictionary, parts},
};

/// What a glance that did not fill the page tells the search.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hint {
    /// The first budget of the walk was spent in vain.
    pub has_walked: bool,
    /// At the density found, the page is so far away that lists are worth a try.
    pub is_far: bool,
    /// Where the page seems to end ([`Streams::until`]).
    pub until: Option<Instant>,
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
    /// The first index entries of each branch of a walk, so many of them with their rows, and the delegated dialogs.
    Heads {
        best: i64,
    },
}

/// Branches from which on it is worth a sort to fetch no more rows than the page has.
pub(super) const MANY: usize = 8;

/// Index entries that all pairs of party and resource together may be read for.
const PAIR_HEADS: i64 = 4_000;

/// Looks for the first `limit` rows beyond `after`, and for whether there are more.
pub(super) async fn glance(
    connection: &mut Connection,
    dictionary: &Dictionary,
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
            let answer = sql.build().fetch_all(&mut *connection).await?;
            let Some(hits) = ask.read_list(&answer)? else {
                return Ok(Glance::TooLittle(Hint { has_long_list: true, ..Hint::default() }));
            };
            streams.replace_by_list(list, after, hits, wanted);
            let Some(hits) = streams.settled(wanted) else { return Ok(Glance::TooLittle(Hint::default())) };
            let items = rows::read(connection, dictionary, &answer).await?;
            Ok(page_of(hits, items, wanted, Hint::default()))
        }
        Some(_) => Ok(Glance::TooLittle(Hint::default())),
        None => {
            let first = after.map_or(0, |position| ask.order.segment_of(position));
            let segments = &ask.order.segments()[first..];
            let branches = streams.all.len() - delegated;
            // Half as many again as the page has: some are not visible yet, or not any more.
            let best = as_limit(wanted + wanted / 2 + 10);
            let has_heads = matches!(plan.axis, Axis::Party | Axis::Pair | Axis::Resource);
            let by_heads = has_heads && branches >= MANY && ask.are_heads_enough();
            let opening = if by_heads { Opening::Heads { best } } else { Opening::Walk(segments) };
            let mut sql = ask.glance(&opening, streams, after, limit);
            let answer = sql.build().fetch_all(&mut *connection).await?;
            let budget = streams.first_budget(wanted, by_heads);
            let mut steps: Vec<Vec<Step>> = (0..=branches * segments.len()).map(|_| Vec::new()).collect();
            for row in &answer {
                let step = ask.read_step(row)?;
                steps[step.place].push(step);
            }
            if delegated > 0 {
                let hits = std::mem::take(&mut steps[0]).into_iter().filter_map(|step| step.hit).collect();
                streams.take(0, hits, wanted);
            }
            let cut = if by_heads { cut(&steps[1..], best, ask.order) } else { None };
            for (number, steps) in (first..).zip(steps[1..].chunks_mut(branches.max(1))) {
                // What a later segment holds counts where the earlier one was read to its end.
                let walks: Vec<usize> =
                    (0..branches).map(|at| at + delegated).filter(|at| streams.stands_in(*at, number)).collect();
                let steps = walks.iter().map(|at| std::mem::take(&mut steps[at - delegated])).collect();
                streams.advance(&walks, steps, budget, cut.as_ref());
            }
            let is_far = streams.is_far_from(wanted, ask.first_walk(plan.axis));
            let hint = Hint { has_walked: branches > 0, is_far, until: streams.until(wanted), ..Hint::default() };
            let Some(hits) = streams.settled(wanted) else { return Ok(Glance::TooLittle(hint)) };
            let items = rows::read(connection, dictionary, &answer).await?;
            Ok(page_of(hits, items, wanted, hint))
        }
    }
}

/// Where the `best` entries of all branches end, if there are more than those.
fn cut(steps: &[Vec<Step>], best: i64, order: &Order) -> Option<Position> {
    let all = || steps.iter().flatten();
    if as_limit(all().count()) < best {
        return None;
    }
    all().map(|step| &step.at).max_by(|a, b| order.compare(a, b)).cloned()
}

fn page_of(hits: Vec<Hit>, items: Vec<ListRow>, wanted: usize, hint: Hint) -> Glance {
    let items: HashMap<Uuid, ListRow> = items.into_iter().map(|item| (item.head.id.0, item)).collect();
    // Rows that the statement could not tell from foreign ones may have taken the place of the page's. Those behind the one
    // that ends the page are not missed.
    let mut in_order = hits.iter().take(wanted - 1).map(|hit| items.get(&hit.at.id));
    let first_gap = in_order.find(|item| item.is_none_or(|item| item.ends_page));
    if first_gap.is_none_or(|item| item.is_some()) { Glance::Page(hits, items) } else { Glance::TooLittle(hint) }
}

impl Streams<'_> {
    /// How far a glance goes: in each branch as far as one of few parties may need, since a second statement costs more. Index
    /// entries cost little.
    fn first_budget(&self, wanted: usize, by_heads: bool) -> Budget {
        let branches = as_limit(self.all.len().max(1));
        let share = if by_heads { 8 } else { 4 };
        // One service resource may have most of what its party has: where there are not too many, enough for a whole page.
        let of_pair = if by_heads && self.axis == Axis::Pair { PAIR_HEADS / branches } else { 0 };
        let found = (share * as_limit(wanted) / branches + 16).max(of_pair).min(as_limit(wanted));
        Budget { walked: (self.ask.first_walk(self.axis) / branches).max(found), found }
    }
}

impl Ask<'_> {
    /// Whether the indexes of parties, of resources and of both tell nearly all there is to know.
    fn are_heads_enough(&self) -> bool {
        self.order.is_by_content_alone() && self.conditions.deleted == Deleted::Exclude && self.conditions.are_light()
    }

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
                self.push_list(&mut sql, list, self.most_of(list), after, as_limit(limit + 1));
                "hit is not null"
            }
            Opening::Walk(_) | Opening::Heads { .. } => {
                self.push_opening(&mut sql, opening, streams, after, limit);
                "passes"
            }
        };
        let keys = self.order.keys.iter().enumerate();
        let order: Vec<String> = keys.map(|(at, (_, direction))| format!("k{at} {}", direction.word())).collect();
        let order = format!("order by {}, hit {}", order.join(", "), self.order.id.word());
        // Only what items are sought by: the rows are long, and each part of the statement would copy them.
        sql.push(
            "), page as materialized (select step.hit as id, step.hit_party as party_key, step.content_updated_at",
        );
        sql.push(format_args!(", row_number() over ({order}) as at from step where {condition}"));
        let is_list = matches!(opening, Opening::List(_));
        if !self.delegated.ids.is_empty() && !is_list {
            // What the walk finds as well counts once.
            sql.push(" and (place > 0 or hit not in (select hit from step where passes and place > 0))");
        }
        sql.push(format_args!(" {order} limit ")).push_bind(as_limit(limit)).push("), ").push(ITEMS);
        sql.push(" select ").push(if is_list { "step.is_short, " } else { "step.place, step.step, step.passes, " });
        sql.push(self.names_of_hit("step"));
        for column in parts::own_columns().filter(|column| *column != "id") {
            // Rows that are no items only tell where a walk stopped.
            sql.push(format_args!(", case when item.at is not null then step.{column} end as {column}"));
        }
        sql.push(SHOWN).push(" from step left join item on item.id = step.hit");
        sql
    }

    /// All branches, in each segment, and the delegated dialogs.
    fn push_opening(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        opening: &Opening,
        streams: &Streams,
        after: Option<&Position>,
        limit: usize,
    ) {
        let walks = streams.walks();
        let budget = streams.first_budget(limit + 1, matches!(opening, Opening::Heads { .. }));
        let stretch = Stretch { axis: streams.axis, admitted: streams.admitted, budget, until: None, is_sieved: false };
        let branches = |after| walks.iter().map(|&(key, set)| Branch { key, set, after }).collect::<Vec<_>>();
        let mut parts = 0;
        let mut begin = |sql: &mut QueryBuilder<Postgres>| {
            sql.push(if parts > 0 { " union all (" } else { "(" });
            parts += 1;
        };
        match opening {
            Opening::Heads { best } => {
                begin(sql);
                self.push_heads(sql, stretch, &branches(after), *best);
                sql.push(")");
            }
            Opening::Walk(segments) if !walks.is_empty() => {
                for (number, segment) in segments.iter().enumerate() {
                    begin(sql);
                    let after = if number == 0 { after } else { None };
                    self.push_walk(sql, stretch, *segment, &branches(after), number * walks.len());
                    sql.push(")");
                }
            }
            Opening::Walk(_) | Opening::List(_) => {}
        }
        if !self.delegated.ids.is_empty() {
            begin(sql);
            self.push_delegated(sql, after, as_limit(limit + 1));
            sql.push(")");
        }
    }
}
