//! A walk along an index: each row is tested, up to a budget.

use sqlx::{Postgres, QueryBuilder, Row as _, postgres::PgRow};

use super::{
    super::{
        conditions::{Conditions, Deleted, Range, Test},
        order::Segment,
        plan::Axis,
        scope::{Branches, Scope},
    },
    Ask, COLUMNS, Hit, REST, push_in,
};
use crate::domain::{
    Instant,
    order::{Direction, Position},
};

/// One branch of a walk and where it begins.
pub(in crate::store::search) struct Branch<'a> {
    pub key: i64,
    pub set: i32,
    pub after: Option<&'a Position>,
}

/// How far one statement goes in each branch.
#[derive(Clone, Copy, Debug)]
pub(in crate::store::search) struct Budget {
    /// Rows walked.
    pub walked: i64,
    /// Rows found.
    pub found: i64,
}

/// What a walk goes along, whom it admits, and how far one statement goes.
#[derive(Clone, Copy)]
pub(in crate::store::search) struct Stretch<'a> {
    pub axis: Axis,
    pub admitted: Option<&'a [(i32, i64)]>,
    pub budget: Budget,
    /// The value of the order's first key where every branch ends, if the budget does not before.
    pub until: Option<Instant>,
    /// Whether rows are fetched only of what is among the rows `candidate`, which the statement tells before.
    pub is_sieved: bool,
}

/// One row of a walk's answer.
pub(in crate::store::search) struct Step {
    /// Which branch, from 1.
    pub place: usize,
    /// The how-manieth row of the branch's walk this is.
    pub number: i64,
    pub at: Position,
    /// `None`: the row only tells where the walk stopped.
    pub hit: Option<Hit>,
}

impl Ask<'_> {
    /// A step of the walk of every branch, all in one segment of the order.
    pub(in crate::store::search) fn walk(
        &self,
        stretch: Stretch,
        segment: Segment,
        branches: &[Branch],
    ) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("/* search walk */ select step.place, step.step, step.passes, ");
        sql.push(self.names_of_hit("step")).push(" from (");
        self.push_walk(&mut sql, stretch, segment, branches, 0);
        sql.push(") step");
        sql
    }

    /// The same as a part of a statement; `behind` is the place of the branch before the first.
    pub(in crate::store::search) fn push_walk(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        stretch: Stretch,
        segment: Segment,
        branches: &[Branch],
        behind: usize,
    ) {
        sql.push("select s.place + ").push(behind).push(" as place, w.step, w.passes, ");
        self.push_hit(sql, "w");
        self.push_branches(sql, segment, branches);
        sql.push(" cross join lateral (");
        match stretch.axis {
            Axis::Party if stretch.is_sieved => self.push_index_rows(sql, stretch, segment),
            Axis::Party | Axis::Pair | Axis::Org | Axis::OrgExtended | Axis::PartyExtended => {
                self.push_rows(sql, stretch, segment);
            }
            Axis::Resource => self.push_index_rows(sql, stretch, segment),
            Axis::Mark(label) => self.push_marks(sql, stretch, segment, label),
        }
        sql.push(" order by ").push(self.order.sql_in(segment, "w")).push(" limit ").push_bind(stretch.budget.found);
        sql.push(") w");
    }

    /// The walk reads whole rows and tests them.
    fn push_rows(&self, sql: &mut QueryBuilder<Postgres>, stretch: Stretch, segment: Segment) {
        let Stretch { axis, admitted, budget, until, .. } = stretch;
        sql.push("select w.* from (select v.*, row_number() over () as step, (true");
        self.conditions.push(sql, "v");
        match axis {
            Axis::Org | Axis::OrgExtended | Axis::PartyExtended => self.push_scope(sql, "v"),
            Axis::Party | Axis::Pair | Axis::Resource | Axis::Mark(_) => {
                push_admitted(sql, "v.resource_id::bigint", admitted);
            }
        }
        sql.push(") is true as passes from (");
        let from = |sql: &mut QueryBuilder<Postgres>| {
            sql.push("select ").push(COLUMNS.as_str()).push(" from dialog d where ");
        };
        match axis {
            Axis::Party | Axis::Resource | Axis::Mark(_) => {
                self.push_living(sql, (COLUMNS.as_str(), "d.party_key = s.key"), segment, (budget, until));
            }
            Axis::Pair => {
                from(sql);
                sql.push("d.party_key = s.key and d.resource_id = s.grp and d.deleted_at is null");
                self.push_stretch(sql, segment, (budget, until));
            }
            Axis::OrgExtended | Axis::PartyExtended => {
                from(sql);
                let holder =
                    if axis == Axis::PartyExtended { "d.party_key = s.key" } else { "d.org_id = s.key::smallint" };
                sql.push(holder).push(" and d.extended_status = (");
                sql.push_bind(self.conditions.extended_statuses.clone()).push("::text[])[s.grp]");
                self.push_stretch(sql, segment, (budget, until));
            }
            Axis::Org => {
                from(sql);
                sql.push("d.org_id = s.key::smallint");
                if self.conditions.deleted == Deleted::Only && self.order.is_by_content_alone() {
                    // Which has an index of its own.
                    sql.push(" and d.deleted_at is not null");
                }
                self.push_stretch(sql, segment, (budget, until));
            }
        }
        sql.push(") v order by ").push(self.order.sql_in(segment, "v"));
        sql.push(") w where w.passes or w.step = ").push_bind(budget.walked);
    }

    /// The walk reads index entries; rows are fetched only for what belongs to the right parties and resources.
    fn push_index_rows(&self, sql: &mut QueryBuilder<Postgres>, stretch: Stretch, segment: Segment) {
        let Stretch { axis, admitted, budget, until, is_sieved } = stretch;
        // What of a dialog the index tells is not sought in its row.
        let (key, entry, other, column) = if axis == Axis::Resource {
            ("d.resource_id = s.key::integer", "d.id, d.party_key, d.content_updated_at", "v.party_key", "resource_id")
        } else {
            ("d.party_key = s.key", "d.id, d.resource_id, d.content_updated_at", "v.resource_id::bigint", "party_key")
        };
        sql.push(format_args!("select w.*, d.passes, d.{column}, ")).push(REST.as_str());
        sql.push(" from (select v.*, row_number() over () as step, (true");
        push_admitted(sql, other, admitted);
        if is_sieved {
            sql.push(" and (v.id in (select c.id from candidate c)) is true");
        }
        sql.push(") is true as admitted from (");
        self.push_living(sql, (entry, key), segment, (budget, until));
        sql.push(") v order by ").push(self.order.sql_in(segment, "v"));
        sql.push(") w left join lateral (select (true");
        self.conditions.push(sql, "d");
        sql.push(") is true as passes, ").push(COLUMNS.as_str());
        sql.push(" from dialog d where d.id = w.id and w.admitted offset 0) d on true where (w.admitted or w.step = ")
            .push_bind(budget.walked);
        sql.push(") and (d.passes or w.step = ").push_bind(budget.walked).push(")");
    }

    /// The dialogs of the branches' parties that have the words, sought by the index of words. Up to `few` are listed, the
    /// first `found` of them, at the place 0. Of more, only the ids are kept, and the walk goes along the parties' index
    /// entries and looks at no others: for words that too many have to fetch each one's row, and too few to come across
    /// them. Every answer has at least one row; its first columns say whether there are at most `few` such dialogs, and at
    /// most `most`: if not, there are no others.
    pub(in crate::store::search) fn words(
        &self,
        stretch: Stretch,
        branches: &[Branch],
        (few, most): (i64, i64),
        after: Option<&Position>,
    ) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("/* search words */ with candidate as materialized (");
        self.push_text_candidates(&mut sql, Some(branches.iter().map(|branch| branch.key).collect()));
        sql.push(" limit ").push_bind(most + 1);
        sql.push("), counted as materialized (select count(*) as dialogs from candidate)");
        sql.push(", size as materialized (select dialogs <= ").push_bind(few).push(" as is_short, dialogs <= ");
        sql.push_bind(most).push(" as is_sieve from counted)");
        sql.push(" select size.is_short, size.is_sieve, step.place, step.step, step.passes, ");
        sql.push(self.names_of_hit("step"));
        sql.push(" from size left join ((select 0::bigint as place, 0::bigint as step, true as passes, ");
        self.push_listed(&mut sql, false, after, stretch.budget.found);
        sql.push(") union all (");
        self.push_walk(&mut sql, stretch, Segment::Whole, branches, 0);
        sql.push(" where (select is_sieve and not is_short from size))) step on true");
        sql
    }

    /// The walk reads the marks of one label; rows are fetched for each.
    fn push_marks(&self, sql: &mut QueryBuilder<Postgres>, stretch: Stretch, segment: Segment, label: i16) {
        let Stretch { admitted, budget, until, .. } = stretch;
        sql.push("select w.*, d.passes, d.resource_id, ").push(REST.as_str());
        sql.push(" from (select v.*, row_number() over () as step from (");
        sql.push("select d.id, d.party_key, d.content_updated_at from (select m.dialog_id as id, m.party_key, m.label");
        sql.push(", m.content_updated_at from dialog_mark m) d where d.party_key = s.key and d.label = ")
            .push_bind(label);
        self.push_stretch(sql, segment, (budget, until));
        sql.push(") v order by ").push(self.order.sql_in(segment, "v"));
        sql.push(") w left join lateral (select (true");
        self.conditions.push(sql, "d");
        push_admitted(sql, "d.resource_id::bigint", admitted);
        sql.push(") is true as passes, ").push(COLUMNS.as_str());
        sql.push(" from dialog d where d.id = w.id offset 0) d on true where d.passes or w.step = ")
            .push_bind(budget.walked);
    }

    /// The first entries of every branch (of parties, resources or pairs), told by the index alone, and of them all the `best` that
    /// come first: only their rows are fetched. For many branches of which nearly every dialog passes. Their answer is that of
    /// a walk.
    pub(in crate::store::search) fn push_heads(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        stretch: Stretch,
        branches: &[Branch],
        best: i64,
    ) {
        const ENTRY: &str = "d.id, d.party_key, d.resource_id, d.content_updated_at";
        let Stretch { axis, admitted, budget, until, .. } = stretch;
        let (key, other) = match axis {
            Axis::Resource => ("d.resource_id = s.key::integer", "u.party_key"),
            Axis::Pair => ("d.party_key = s.key and d.resource_id = s.grp", "u.resource_id::bigint"),
            _ => ("d.party_key = s.key", "u.resource_id::bigint"),
        };
        let segment = Segment::Whole;
        sql.push("select h.place, h.step, h.passes, ");
        self.push_hit(sql, "h");
        sql.push(" from (select h.*, d.passes, ").push(REST.as_str()).push(" from (select s.place, w.*");
        self.push_branches(sql, segment, branches);
        sql.push(" cross join lateral (select v.* from (select u.*, row_number() over () as step, (true");
        push_admitted(sql, other, admitted);
        sql.push(") is true as admitted from (select ").push(ENTRY);
        sql.push(" from dialog d where ").push(key).push(" and d.deleted_at is null");
        self.push_stretch(sql, segment, (budget, until));
        sql.push(") u order by ").push(self.order.sql_in(segment, "u"));
        sql.push(") v where v.admitted or v.step = ").push_bind(budget.walked);
        sql.push(" order by ").push(self.order.sql_in(segment, "v")).push(" limit ").push_bind(budget.found);
        sql.push(") w order by ").push(self.order.sql_in(segment, "w")).push(" limit ").push_bind(best);
        sql.push(") h left join lateral (select (true");
        self.conditions.push(sql, "d");
        sql.push(") is true as passes, ").push(COLUMNS.as_str());
        sql.push(" from dialog d where d.id = h.id and h.admitted offset 0) d on true) h");
    }

    /// `select` the stretch of dialogs that `key` names and that are, or are not, or whether or not they are, soft-deleted. Both
    /// have indexes with that condition; together they are merged, if each arm ends by itself.
    fn push_living(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        (columns, key): (&str, &str),
        segment: Segment,
        (budget, until): (Budget, Option<Instant>),
    ) {
        let arm = |sql: &mut QueryBuilder<Postgres>, state: &str| {
            sql.push(format_args!("select {columns} from dialog d where {key} and d.deleted_at {state}"));
            self.push_stretch(sql, segment, (budget, until));
        };
        match self.conditions.deleted {
            Deleted::Exclude => arm(sql, "is null"),
            Deleted::Only => arm(sql, "is not null"),
            Deleted::Include => {
                sql.push("select d.* from ((");
                arm(sql, "is null");
                sql.push(") union all (");
                arm(sql, "is not null");
                sql.push(")) d order by ").push(self.order.sql_in(segment, "d"));
                sql.push(" limit ").push_bind(budget.walked);
            }
        }
    }

    /// Where in the index the walk begins and how far it goes.
    fn push_stretch(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        segment: Segment,
        (budget, until): (Budget, Option<Instant>),
    ) {
        if let Some(condition) = segment.condition() {
            sql.push(" and ").push(condition);
        }
        // Where all dates due are alike, the next key leads.
        if let Some((leading, direction)) = self.order.keys_in(segment).first().copied() {
            // Where the walk begins is told by its start, and by that alone: of two bounds on one side, the server may
            // enter the index at the farther one.
            let Range { after, before } = self.conditions.walked_range(leading);
            let ends = match direction {
                Direction::Asc => Range { after: None, before: until.into_iter().chain(before).min() },
                Direction::Desc => Range { after: until.max(after), before: None },
            };
            Test { sql, table: "d" }.within(leading.column(), ends);
        }
        sql.push(" and ").push(self.order.keyset_in(segment));
        sql.push(" order by ").push(self.order.sql_in(segment, "d")).push(" limit ").push_bind(budget.walked);
    }

    /// Behind `after`, and not before the range that the walk keeps to.
    fn start(&self, segment: Segment, after: Option<&Position>) -> Position {
        let start = self.order.start_in(segment, after);
        let leading = self.order.keys_in(segment).first().copied();
        let (Some((leading, direction)), Some(Some(value))) = (leading, start.values.first().copied()) else {
            return start;
        };
        let Range { after, before } = self.conditions.walked_range(leading);
        let entry = match direction {
            Direction::Asc => after.filter(|after| value < *after),
            Direction::Desc => before.filter(|before| value > *before),
        };
        let Some(entry) = entry else { return start };
        let mut first = self.order.start_in(segment, None);
        first.values[0] = Some(entry);
        first
    }

    /// `from` the branches with their cursors.
    fn push_branches(&self, sql: &mut QueryBuilder<Postgres>, segment: Segment, branches: &[Branch]) {
        let starts: Vec<Position> = branches.iter().map(|branch| self.start(segment, branch.after)).collect();
        let columns = self.order.keys_in(segment).len();
        sql.push(" from unnest(").push_bind(branches.iter().map(|branch| branch.key).collect::<Vec<_>>());
        sql.push("::bigint[], ").push_bind(branches.iter().map(|branch| branch.set).collect::<Vec<_>>());
        sql.push("::integer[], ");
        for at in 0..columns {
            sql.push_bind(starts.iter().map(|start| start.values[at]).collect::<Vec<_>>()).push("::timestamptz[], ");
        }
        sql.push_bind(starts.iter().map(|start| start.id).collect::<Vec<_>>());
        sql.push("::uuid[]) with ordinality s (key, grp, ");
        for at in 0..columns {
            sql.push("c").push(at).push(", ");
        }
        sql.push("cid, place)");
    }

    pub(in crate::store::search) fn read_step(&self, row: &PgRow) -> Result<Step, sqlx::Error> {
        let place: i64 = row.try_get("place")?;
        let passes: Option<bool> = row.try_get("passes")?;
        let at = self.read_position(row)?;
        let hit = if passes == Some(true) { Some(Self::read_hit_at(row, at.clone())?) } else { None };
        Ok(Step {
            place: usize::try_from(place).map_err(|error| sqlx::Error::Decode(error.into()))?,
            number: row.try_get("step")?,
            at,
            hit,
        })
    }
}

/// `and` the pair of the branch's set and `column` is among the admitted ones.
fn push_admitted(sql: &mut QueryBuilder<Postgres>, column: &str, admitted: Option<&[(i32, i64)]>) {
    let Some(admitted) = admitted else { return };
    if admitted.iter().all(|(set, _)| *set == 0) {
        // Half the work for a set of 20,000.
        push_in(sql, column, admitted.iter().map(|(_, key)| *key).collect::<Vec<_>>());
        return;
    }
    sql.push(" and ((s.grp, ").push(column).push(") in (select a.grp, a.key from unnest(");
    sql.push_bind(admitted.iter().map(|(set, _)| *set).collect::<Vec<_>>()).push("::integer[], ");
    sql.push_bind(admitted.iter().map(|(_, key)| *key).collect::<Vec<_>>()).push("::bigint[]) a (grp, key))) is true");
}

/// The branches of a walk of `axis`, with the sets they admit.
pub(in crate::store::search) fn branches(axis: Axis, scope: &Scope, conditions: &Conditions) -> Branches {
    match axis {
        Axis::Party | Axis::Mark(_) => scope.by_party(),
        Axis::Pair => scope.by_pair(),
        Axis::Resource => scope.by_resource(),
        Axis::OrgExtended | Axis::PartyExtended => {
            let holder = if axis == Axis::PartyExtended { Axis::Party } else { Axis::Org };
            let holders = branches(holder, scope, conditions).keys;
            // From 1, as the server counts.
            let statuses = (1..).zip(&conditions.extended_statuses).map(|(number, _)| number);
            let keys = holders.into_iter().flat_map(|(key, _)| statuses.clone().map(move |status| (key, status)));
            Branches { keys: keys.collect(), admitted: None }
        }
        Axis::Org => {
            let held =
                scope.resources().map(|resources| resources.iter().map(|resource| resource.org).collect::<Vec<_>>());
            let mut orgs = match (held, conditions.orgs.clone()) {
                (Some(held), Some(asked)) => held.into_iter().filter(|org| asked.contains(org)).collect(),
                (Some(orgs), None) | (None, Some(orgs)) => orgs,
                (None, None) => Vec::new(),
            };
            orgs.sort_unstable();
            orgs.dedup();
            Branches { keys: orgs.into_iter().map(|org| (i64::from(org), 0)).collect(), admitted: None }
        }
    }
}
