//! The statements that find rows. Their shape is written down, not left to the planner:
//!
//! - A walk is a sub-select that ends in a limit (its budget); what is tested stands above a numbering of its rows, which no
//!   condition passes, and the walk's last row is always returned, so that the next statement knows where to go on. Every
//!   level repeats the order: without that the planner forgets it at the numbering, sorts, and cannot stop early.
//! - Set tests read `(x in (select …)) is true`: without `is true` they become joins and the order is lost.
//! - Rows of a list are fetched behind `offset 0`: by id and by nothing else.
//!
//! They run on generic plans, under the settings of [`super::BEGIN`].

use sqlx::{Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{
    Effort,
    filter::{Deleted, Filter, OwnerLabel, Test},
    order::{Key, Order, Position, Segment},
    plan::{Axis, List},
    scope::{Branches, Delegated, Scope},
};
use crate::domain::Instant;

/// A found row: enough to merge, check and fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub at: Position,
    pub party_key: i64,
    pub resource: i32,
}

/// What every statement of one search shares.
pub(super) struct Ask<'a> {
    pub scope: &'a Scope,
    pub delegated: &'a Delegated,
    pub filter: &'a Filter,
    pub order: &'a Order,
    pub effort: Effort,
}

/// One branch of a walk and where it begins.
pub(super) struct Branch<'a> {
    pub key: i64,
    pub set: i32,
    pub after: Option<&'a Position>,
}

/// How far one statement goes in each branch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Rows walked.
    pub walked: i64,
    /// Rows found.
    pub found: i64,
}

/// What a walk goes along, whom it admits, and how far one statement goes.
#[derive(Clone, Copy)]
pub(super) struct Stretch<'a> {
    pub axis: Axis,
    pub admitted: Option<&'a [(i32, i64)]>,
    pub budget: Budget,
}

/// One row of a walk's answer.
pub(super) struct Step {
    /// Which branch, from 1.
    pub place: usize,
    /// The how-manieth row of the branch's walk this is.
    pub number: i64,
    pub at: Position,
    /// `None`: the row only tells where the walk stopped.
    pub hit: Option<Hit>,
}

/// What is filtered by.
const COLUMNS: &str = "d.id, d.party_key, d.resource_id, d.org_id, d.content_updated_at, d.created_at, d.updated_at, d.due_at, \
     d.visible_from, d.expires_at, d.deleted_at, d.status, d.system_labels, d.is_api_only, d.is_content_seen, \
     d.extended_status, d.external_reference, d.process, d.owner_labels";

impl Ask<'_> {
    /// Rows that the first statement walks.
    pub(super) fn first_walk(&self, axis: Axis) -> i64 {
        if axis == Axis::Resource { self.effort.first_index_walk } else { self.effort.first_walk }
    }

    /// A step of the walk of every branch, all in one segment of the order.
    pub(super) fn walk(&self, stretch: Stretch, segment: Segment, branches: &[Branch]) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("");
        self.push_walk(&mut sql, stretch, segment, branches, 0);
        sql
    }

    /// The same as a part of a statement; `behind` is the place of the branch before the first.
    pub(super) fn push_walk(
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
            Axis::Party | Axis::Org => self.push_rows(sql, stretch, segment),
            Axis::Resource => self.push_index_rows(sql, stretch, segment),
        }
        sql.push(" order by ").push(self.order.sql_in(segment, "w")).push(" limit ").push_bind(stretch.budget.found);
        sql.push(") w");
    }

    /// The walk reads whole rows and tests them.
    fn push_rows(&self, sql: &mut QueryBuilder<Postgres>, stretch: Stretch, segment: Segment) {
        let Stretch { axis, admitted, budget } = stretch;
        sql.push("select w.* from (select v.*, row_number() over () as step, (true");
        self.filter.push(sql, "v");
        if axis == Axis::Org {
            self.push_scope(sql, "v");
        } else {
            push_admitted(sql, "v.resource_id::bigint", admitted);
        }
        sql.push(") is true as passes from (select ").push(COLUMNS).push(" from dialog d where ");
        sql.push(if axis == Axis::Org {
            "d.org_id = s.key::smallint"
        } else {
            "d.party_key = s.key and d.deleted_at is null"
        });
        self.push_stretch(sql, segment, budget);
        sql.push(") v order by ").push(self.order.sql_in(segment, "v"));
        sql.push(") w where w.passes or w.step = ").push_bind(budget.walked);
    }

    /// The walk reads index entries; rows are fetched only for what belongs to the right parties.
    fn push_index_rows(&self, sql: &mut QueryBuilder<Postgres>, stretch: Stretch, segment: Segment) {
        let Stretch { admitted, budget, .. } = stretch;
        sql.push("select w.*, d.passes, d.resource_id from (select v.*, row_number() over () as step, (true");
        push_admitted(sql, "v.party_key", admitted);
        sql.push(") is true as admitted from (select d.id, d.party_key, d.content_updated_at from dialog d");
        sql.push(" where d.resource_id = s.key::integer and d.deleted_at is null");
        self.push_stretch(sql, segment, budget);
        sql.push(") v order by ").push(self.order.sql_in(segment, "v"));
        sql.push(") w left join lateral (select true as passes, d.resource_id from dialog d where d.id = w.id and w.admitted");
        self.filter.push(sql, "d");
        sql.push(" offset 0) d on true where (w.admitted or w.step = ").push_bind(budget.walked);
        sql.push(") and (d.passes or w.step = ").push_bind(budget.walked).push(")");
    }

    /// Where in the index the walk begins and how far it goes.
    fn push_stretch(&self, sql: &mut QueryBuilder<Postgres>, segment: Segment, budget: Budget) {
        if let Some(condition) = segment.condition() {
            sql.push(" and ").push(condition);
        }
        let leading = self.order.leading().0;
        if segment != Segment::DueIsNull {
            Test { sql, table: "d" }.within(leading.column(), self.filter.implied_range(leading));
        }
        sql.push(" and ").push(self.order.keyset_in(segment));
        sql.push(" order by ").push(self.order.sql_in(segment, "d")).push(" limit ").push_bind(budget.walked);
    }

    /// The first `found` rows of a list beyond a position. Every answer has at least one row; its first column says whether
    /// the list was short enough: if not, there are no others.
    pub(super) fn list(&self, list: &List, after: Option<&Position>, found: i64) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("");
        self.push_list(&mut sql, list, after, found);
        sql
    }

    /// The same as a part of a statement.
    pub(super) fn push_list(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        list: &List,
        after: Option<&Position>,
        found: i64,
    ) {
        sql.push("with candidate as materialized (");
        self.push_candidates(sql, list);
        sql.push(" limit ").push_bind(self.effort.list_rows + 1);
        sql.push("), size as materialized (select count(*) <= ").push_bind(self.effort.list_rows);
        sql.push(" as is_short from candidate) select size.is_short, w.* from size left join (");
        self.push_found(sql, "", after);
        sql.push(" cross join candidate c cross join lateral (select ").push(COLUMNS);
        sql.push(" from dialog d where d.id = c.id and (select is_short from size)");
        self.filter.push(sql, "d");
        self.push_scope(sql, "d");
        sql.push(" offset 0) d where ").push(self.order.keyset_in(Segment::Whole));
        sql.push(" order by ").push(self.order.sql_in(Segment::Whole, "d")).push(" limit ").push_bind(found);
        sql.push(") w on true");
    }

    /// The first `found` delegated dialogs beyond a position.
    pub(super) fn delegated(&self, after: Option<&Position>, found: i64) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("");
        self.push_delegated(&mut sql, after, found);
        sql
    }

    /// The same as a part of a statement, in the form of a walk's answer, with the place 0.
    pub(super) fn push_delegated(&self, sql: &mut QueryBuilder<Postgres>, after: Option<&Position>, found: i64) {
        self.push_found(sql, "0::bigint as place, 0::bigint as step, true as passes, ", after);
        sql.push(" cross join unnest(").push_bind(self.delegated.ids.clone());
        sql.push("::uuid[]) c (id) cross join lateral (select ").push(COLUMNS).push(" from dialog d where d.id = c.id");
        self.filter.push(sql, "d");
        if let Some(parties) = &self.delegated.parties {
            push_in(sql, "d.party_key", parties.iter().map(crate::domain::party::Party::key).collect::<Vec<_>>());
        }
        if let Some(resources) = &self.delegated.resources {
            push_in(sql, "d.resource_id", resources.iter().map(|resource| resource.id).collect::<Vec<_>>());
        }
        sql.push(" offset 0) d where ").push(self.order.keyset_in(Segment::Whole));
        sql.push(" order by ").push(self.order.sql_in(Segment::Whole, "d")).push(" limit ").push_bind(found);
    }

    /// The ids that a list names.
    fn push_candidates(&self, sql: &mut QueryBuilder<Postgres>, list: &List) {
        match list {
            List::Reference { org, reference } => {
                sql.push("select d.id from dialog d where d.org_id = ").push_bind(*org);
                sql.push(" and d.external_reference = ").push_bind(reference.clone());
            }
            List::Process { org, process } => {
                sql.push("select d.id from dialog d where d.process is not null and d.org_id = ").push_bind(*org);
                sql.push(" and hashtextextended(d.process, 0) = hashtextextended(")
                    .push_bind(process.clone())
                    .push(", 0)");
            }
            List::OwnerLabel { org, label } => {
                sql.push("select l.dialog_id as id from dialog_owner_label l where l.org_id = ").push_bind(*org);
                match label {
                    OwnerLabel::Exact(label) => sql.push(" and l.label = ").push_bind(label.clone()),
                    // As a range, since a pattern that is a parameter cannot enter an index.
                    OwnerLabel::Prefix(prefix) => sql
                        .push(" and l.label >= ")
                        .push_bind(prefix.clone())
                        .push(" and l.label <= ")
                        .push_bind(format!("{prefix}{}", char::MAX)),
                };
            }
            List::Mark(bit) => {
                sql.push("select m.dialog_id as id from unnest(")
                    .push_bind(self.scope.party_keys().unwrap_or_default());
                sql.push(
                    "::bigint[]) p (key) cross join lateral (select m.dialog_id from dialog_mark m where m.label = ",
                );
                sql.push_bind(*bit).push(" and m.party_key = p.key offset 0) m");
            }
            List::Range(key) => self.push_range_candidates(sql, *key),
            List::Parties => {
                let includes = self.filter.deleted != Deleted::Only;
                for state in ["is not null"].into_iter().chain(includes.then_some("is null")) {
                    sql.push(if state == "is null" { " union all " } else { "" }).push("select d.id from unnest(");
                    sql.push_bind(self.scope.party_keys().unwrap_or_default());
                    sql.push(
                        "::bigint[]) p (key) cross join lateral (select d.id from dialog d where d.party_key = p.key",
                    );
                    sql.push(format_args!(" and d.deleted_at {state} offset 0) d"));
                }
            }
            List::Pairs => {
                let resources: Vec<i32> = self.scope.resources().unwrap_or_default().iter().map(|r| r.id).collect();
                sql.push("select d.id from unnest(").push_bind(self.scope.party_keys().unwrap_or_default());
                sql.push("::bigint[]) p (key) cross join lateral (select r.resource_id from party_resource r where r.party_key = p.key");
                push_in(sql, "r.resource_id", resources);
                sql.push(" offset 0) r cross join lateral (select d.id from dialog d where d.party_key = p.key");
                sql.push(" and d.resource_id = r.resource_id and d.deleted_at is null offset 0) d");
            }
        }
    }

    fn push_range_candidates(&self, sql: &mut QueryBuilder<Postgres>, key: Key) {
        sql.push("select d.id from unnest(");
        if let (Some(parties), Deleted::Exclude) = (self.scope.party_keys(), self.filter.deleted) {
            sql.push_bind(parties);
            sql.push("::bigint[]) p (key) cross join lateral (select d.id from dialog d where d.party_key = p.key and d.deleted_at is null");
        } else {
            sql.push_bind(self.filter.orgs.clone().unwrap_or_default());
            sql.push("::smallint[]) p (key) cross join lateral (select d.id from dialog d where d.org_id = p.key");
        }
        Test { sql, table: "d" }.within(key.column(), self.filter.range(key));
        sql.push(" offset 0) d");
    }

    /// The columns of a hit, named so that those of a list item may stand beside them.
    fn push_hit(&self, sql: &mut QueryBuilder<Postgres>, table: &str) {
        sql.push(format_args!(
            "{table}.party_key as hit_party, {table}.resource_id as hit_resource, {table}.id as hit"
        ));
        for (at, (key, _)) in self.order.keys.iter().enumerate() {
            sql.push(format_args!(", {table}.{} as k{at}", key.column()));
        }
    }

    /// The cursor as one row `s`, and the columns of a hit behind some others.
    fn push_found(&self, sql: &mut QueryBuilder<Postgres>, others: &str, after: Option<&Position>) {
        let start = self.order.start_in(Segment::Whole, after);
        sql.push("select ").push(others);
        self.push_hit(sql, "d");
        sql.push(" from (select ");
        for (at, value) in start.values.iter().enumerate() {
            sql.push_bind(*value).push("::timestamptz as c").push(at).push(", ");
        }
        sql.push_bind(start.id).push("::uuid as cid) s");
    }

    /// `from` the branches with their cursors.
    fn push_branches(&self, sql: &mut QueryBuilder<Postgres>, segment: Segment, branches: &[Branch]) {
        let starts: Vec<Position> = branches.iter().map(|b| self.order.start_in(segment, b.after)).collect();
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

    /// Whose rows count, as far as sets of parties and of resources can tell; pairs are checked on what is found.
    fn push_scope(&self, sql: &mut QueryBuilder<Postgres>, table: &str) {
        if let Some(parties) = self.scope.party_keys() {
            push_in(sql, &format!("{table}.party_key"), parties);
        }
        if let Some(resources) = self.scope.resources() {
            push_in(sql, &format!("{table}.resource_id"), resources.iter().map(|r| r.id).collect::<Vec<_>>());
        }
    }

    pub(super) fn read_hit(&self, row: &PgRow) -> Result<Hit, sqlx::Error> {
        Ok(Hit {
            at: self.read_position(row)?,
            party_key: row.try_get("hit_party")?,
            resource: row.try_get("hit_resource")?,
        })
    }

    /// The answer of a list; `None` if it is too long.
    pub(super) fn read_list(&self, rows: &[PgRow]) -> Result<Option<Vec<Hit>>, sqlx::Error> {
        let mut hits = Vec::new();
        for row in rows {
            if !row.try_get::<bool, _>("is_short")? {
                return Ok(None);
            }
            if row.try_get::<Option<Uuid>, _>("hit")?.is_some() {
                hits.push(self.read_hit(row)?);
            }
        }
        Ok(Some(hits))
    }

    pub(super) fn read_step(&self, row: &PgRow) -> Result<Step, sqlx::Error> {
        let place: i64 = row.try_get("place")?;
        let passes: Option<bool> = row.try_get("passes")?;
        Ok(Step {
            place: usize::try_from(place).map_err(|error| sqlx::Error::Decode(error.into()))?,
            number: row.try_get("step")?,
            at: self.read_position(row)?,
            hit: if passes == Some(true) { Some(self.read_hit(row)?) } else { None },
        })
    }

    fn read_position(&self, row: &PgRow) -> Result<Position, sqlx::Error> {
        let value = |at: usize| row.try_get::<Option<Instant>, _>(format!("k{at}").as_str());
        Ok(Position {
            values: (0..self.order.keys.len()).map(value).collect::<Result<_, _>>()?,
            id: row.try_get::<Uuid, _>("hit")?,
        })
    }
}

/// `and` the pair of the branch's set and `column` is among the admitted ones.
fn push_admitted(sql: &mut QueryBuilder<Postgres>, column: &str, admitted: Option<&[(i32, i64)]>) {
    let Some(admitted) = admitted else { return };
    sql.push(" and ((s.grp, ").push(column).push(") in (select a.grp, a.key from unnest(");
    sql.push_bind(admitted.iter().map(|(set, _)| *set).collect::<Vec<_>>()).push("::integer[], ");
    sql.push_bind(admitted.iter().map(|(_, key)| *key).collect::<Vec<_>>()).push("::bigint[]) a (grp, key))) is true");
}

/// `and` the column is among the values, as a hashed set.
fn push_in<T>(sql: &mut QueryBuilder<Postgres>, column: &str, values: Vec<T>)
where
    Vec<T>: 'static + sqlx::Encode<'static, Postgres> + sqlx::Type<Postgres> + Send,
{
    sql.push(" and (").push(column).push(" in (select unnest(").push_bind(values).push("))) is true");
}

/// The branches of a walk of `axis`, with the sets they admit. Owners have one branch each.
pub(super) fn branches(axis: Axis, scope: &Scope, filter: &Filter) -> Branches {
    match axis {
        Axis::Party => scope.by_party(),
        Axis::Resource => scope.by_resource(),
        Axis::Org => {
            let held =
                scope.resources().map(|resources| resources.iter().map(|resource| resource.org).collect::<Vec<_>>());
            let mut orgs = match (held, filter.orgs.clone()) {
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
