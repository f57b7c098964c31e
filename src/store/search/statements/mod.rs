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

mod list;
mod walk;

pub(super) use walk::{Branch, Budget, Step, Stretch, branches};

use super::{
    Effort,
    conditions::Conditions,
    plan::Axis,
    scope::{Delegated, Scope},
};
use crate::domain::{
    Instant,
    order::{Order, Position},
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

/// What is filtered by.
const COLUMNS: &str = "d.id, d.party_key, d.resource_id, d.org_id, d.content_updated_at, d.created_at, d.updated_at, d.due_at, \
     d.visible_from, d.expires_at, d.deleted_at, d.status, d.system_labels, d.is_api_only, d.is_content_seen, \
     d.extended_status, d.external_reference, d.process, d.owner_labels";

impl Ask<'_> {
    /// Rows that the first statement walks.
    pub(super) fn first_walk(&self, axis: Axis) -> i64 {
        if axis == Axis::Resource { self.effort.first_index_walk } else { self.effort.first_walk }
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

    fn read_position(&self, row: &PgRow) -> Result<Position, sqlx::Error> {
        let value = |at: usize| row.try_get::<Option<Instant>, _>(format!("k{at}").as_str());
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
