//! The statements that find rows. Their shape is written down, not left to the planner:
//!
//! - A walk is a sub-select that ends in a limit (its budget); what is tested stands above a numbering of its rows, which no
//!   condition passes, and the walk's last row is always returned, so that the next statement knows where to go on. Every
//!   level repeats the order: without that the planner forgets it at the numbering, sorts, and cannot stop early.
//! - Set tests read `(x in (select …)) is true`: without `is true` they become joins and the order is lost.
//! - Rows of a list, and those of index entries, are fetched behind `offset 0`: by id and by nothing else. What they are
//!   tested for stands outside of it, or the planner may take the index of a condition for each of them.
//! - Live and deleted rows together are a union of both, each with an index of its own, ordered and limited by itself: only so
//!   does the planner merge them.
//!
//! They run on generic plans, under the settings of [`super::BEGIN`].

use std::sync::LazyLock;

use sqlx::{Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

mod list;
mod walk;

pub(super) use walk::{Branch, Budget, Step, Stretch, branches};

use super::{
    Effort,
    conditions::{Conditions, Deleted},
    plan::Axis,
    scope::{Delegated, Scope},
    text::TextCondition,
};
use crate::{
    domain::{
        Instant,
        order::{Order, Position},
    },
    store::parts,
};

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
    pub conditions: &'a Conditions,
    pub order: &'a Order,
    pub effort: Effort,
}

/// The columns that index entries tell of themselves, whichever index it is.
const OF_ENTRY: [&str; 4] = ["id", "party_key", "resource_id", "content_updated_at"];

/// All columns of a row that is tested, and listed if it passes: it need not be fetched a second time.
fn columns() -> impl Iterator<Item = &'static str> {
    parts::own_columns().chain(["party_key", "resource_id", "org_id"])
}

/// The same, of `d`.
pub(super) static COLUMNS: LazyLock<String> = LazyLock::new(|| of("d", columns()));

/// All columns but those of an index entry, of `d`.
static REST: LazyLock<String> = LazyLock::new(|| of("d", columns().filter(|column| !OF_ENTRY.contains(column))));

fn of(table: &str, columns: impl Iterator<Item = &'static str>) -> String {
    columns.map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
}

impl Ask<'_> {
    /// Rows that the first statement walks.
    pub(super) fn first_walk(&self, axis: Axis) -> i64 {
        match &self.conditions.text {
            _ if axis == Axis::Resource => self.effort.first_index_walk,
            Some(text) if text.has_list() => self.effort.first_text_walk,
            Some(_) | None => self.effort.first_walk,
        }
    }

    /// Rows still to be walked from which on lists are worth a try.
    pub(super) fn long_walk(&self, axis: Axis) -> i64 {
        if self.can_sieve(axis) { self.effort.long_text_walk } else { self.effort.long_walk }
    }

    /// Whether dialogs with the words can be sought along index entries: those of few parties in the default order, or the
    /// opposite.
    pub(super) fn can_sieve(&self, axis: Axis) -> bool {
        let has_words = self.conditions.text.as_ref().is_some_and(TextCondition::has_list);
        has_words
            && axis == Axis::Party
            && self.order.is_by_content_alone()
            && self.conditions.deleted == Deleted::Exclude
    }

    /// How many steps of a walk cost as much as one that reads a row.
    pub(super) fn entries_of_a_row(&self, axis: Axis) -> i64 {
        if axis == Axis::Resource { self.effort.entries_of_a_row } else { 1 }
    }

    /// The columns of a hit, named so that those of its row may stand beside them, which follow.
    fn push_hit(&self, sql: &mut QueryBuilder<Postgres>, table: &str) {
        sql.push(format_args!(
            "{table}.party_key as hit_party, {table}.resource_id as hit_resource, {table}.id as hit"
        ));
        for (at, (key, _)) in self.order.keys.iter().enumerate() {
            sql.push(format_args!(", {table}.{} as k{at}", key.column()));
        }
        sql.push(", ").push(of(table, columns()));
    }

    /// The names of a hit's columns in an answer, without those of its row.
    pub(super) fn names_of_hit(&self, table: &str) -> String {
        let keys = (0..self.order.keys.len()).map(|at| format!("k{at}"));
        let names = ["hit_party", "hit_resource", "hit"].map(str::to_owned).into_iter().chain(keys);
        names.map(|name| format!("{table}.{name}")).collect::<Vec<_>>().join(", ")
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
        Self::read_hit_at(row, self.read_position(row)?)
    }

    fn read_hit_at(row: &PgRow, at: Position) -> Result<Hit, sqlx::Error> {
        Ok(Hit { at, party_key: row.try_get("hit_party")?, resource: row.try_get("hit_resource")? })
    }

    fn read_position(&self, row: &PgRow) -> Result<Position, sqlx::Error> {
        // Most of the key's time would go into printing its name.
        const NAMES: [&str; 4] = ["k0", "k1", "k2", "k3"];
        let value = |at: usize| row.try_get::<Option<Instant>, _>(NAMES[at]);
        Ok(Position {
            values: (0..self.order.keys.len()).map(value).collect::<Result<_, _>>()?,
            id: row.try_get::<Uuid, _>("hit")?,
        })
    }
}

/// `and` the column is among the values, as a hashed set.
fn push_in<T>(sql: &mut QueryBuilder<Postgres>, column: &str, values: Vec<T>)
where
    Vec<T>: 'static + sqlx::Encode<'static, Postgres> + sqlx::Type<Postgres> + Send,
{
    sql.push(" and (").push(column).push(" in (select unnest(").push_bind(values).push("))) is true");
}
