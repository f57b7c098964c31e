//! The conditions of a request on a dialog, other than who may see it.

use sqlx::{Postgres, QueryBuilder};

use super::text::TextCondition;
use crate::domain::{Instant, order::Key, system_label::Labels};

/// Both ends inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub after: Option<Instant>,
    pub before: Option<Instant>,
}

impl Range {
    pub fn is_open(self) -> bool {
        self == Self::default()
    }

    fn tightened(self, other: Self) -> Self {
        Self { after: self.after.max(other.after), before: [self.before, other.before].into_iter().flatten().min() }
    }
}

/// Whether soft-deleted dialogs are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deleted {
    #[default]
    Exclude,
    Include,
    Only,
}

/// Which `visibleFrom` is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    #[default]
    Any,
    /// Null or not later.
    AsOf(Instant),
    /// Inside the range; null is outside any range.
    Within(Range),
}

/// A label of the service owner's, lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerLabel {
    Exact(String),
    Prefix(String),
}

/// All conditions hold together. Empty lists and `None` ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// Any of these owners.
    pub orgs: Option<Vec<i16>>,
    pub statuses: Vec<i16>,
    pub extended_statuses: Vec<String>,
    pub external_reference: Option<String>,
    pub process: Option<String>,
    pub created: Range,
    pub updated: Range,
    pub content_updated: Range,
    pub due: Range,
    pub visibility: Visibility,
    /// Neither made nor updated later than this. Whatever is visible at an instant is so, give or take the clocks: a dialog
    /// that is not visible yet bears the day it appears in place of these times (`domain::birth`, `domain::change`), and
    /// stands in front of all others. With this a walk begins behind them.
    pub present: Option<Instant>,
    /// Not yet expired at this instant.
    pub alive_at: Option<Instant>,
    pub deleted: Deleted,
    /// Bits of system labels that must all be set.
    pub labels: i16,
    pub is_content_seen: Option<bool>,
    pub exclude_api_only: bool,
    pub owner_labels: Vec<OwnerLabel>,
    pub text: Option<TextCondition>,
}

const MARKED_AS_UNOPENED: i16 = 8;
/// One more than the largest mask of system labels.
const MASKS: i16 = 32;

impl Conditions {
    pub fn range(&self, key: Key) -> Range {
        match key {
            Key::ContentUpdatedAt => self.content_updated,
            Key::CreatedAt => self.created,
            Key::UpdatedAt => self.updated,
            Key::DueAt => self.due,
        }
    }

    /// Whether nearly every dialog meets them: nothing is asked but what every end user's list asks.
    pub(super) fn are_light(&self) -> bool {
        let Self { orgs, statuses, extended_statuses, external_reference, process, owner_labels, .. } = self;
        orgs.is_none()
            && statuses.is_empty()
            && extended_statuses.is_empty()
            && external_reference.is_none()
            && process.is_none()
            && owner_labels.is_empty()
            && [self.created, self.updated, self.due].into_iter().all(Range::is_open)
            && matches!(self.visibility, Visibility::Any | Visibility::AsOf(_))
            && self.labels & !Labels::default().mask() == 0
            && self.is_content_seen.is_none()
            && self.text.is_none()
    }

    /// The range of `key` that matching dialogs lie in, with what other ranges imply: content is never updated after the
    /// dialog, nor more than 15 seconds (the skew granted to clients' clocks) before it was created.
    pub(super) fn implied_range(&self, key: Key) -> Range {
        let own = self.range(key);
        if key != Key::ContentUpdatedAt {
            return own;
        }
        let skew = chrono::Duration::seconds(crate::domain::limits::CLOCK_SKEW_SECONDS);
        let after = self.created.after.map(|at| at.checked_sub_signed(skew).unwrap_or(at));
        own.tightened(Range { after, before: self.updated.before })
    }

    /// The same with what [`present`](Self::present) says: what a walk along `key` need not leave.
    pub(super) fn walked_range(&self, key: Key) -> Range {
        let before = if key == Key::DueAt { None } else { self.present };
        self.implied_range(key).tightened(Range { after: None, before })
    }

    /// Pushes `and …` for every condition, on the columns of `table`.
    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>, table: &'static str) {
        let mut test = Test { sql, table };
        match self.deleted {
            Deleted::Exclude => test.plain("deleted_at", "is null"),
            Deleted::Include => {}
            Deleted::Only => test.plain("deleted_at", "is not null"),
        }
        match self.visibility {
            Visibility::Any => {}
            Visibility::AsOf(at) => test.open_or("visible_from", "<=", at),
            Visibility::Within(range) => test.within("visible_from", range),
        }
        if let Some(at) = self.alive_at {
            test.open_or("expires_at", ">", at);
        }
        if let Some(orgs) = &self.orgs {
            test.any("org_id", orgs.clone());
        }
        if !self.statuses.is_empty() {
            test.any("status", self.statuses.clone());
        }
        if !self.extended_statuses.is_empty() {
            test.any("extended_status", self.extended_statuses.clone());
        }
        if let Some(reference) = &self.external_reference {
            test.value("external_reference", "=", reference.clone());
        }
        if let Some(process) = &self.process {
            test.value("process", "=", process.clone());
        }
        for key in [Key::ContentUpdatedAt, Key::CreatedAt, Key::UpdatedAt, Key::DueAt] {
            let before = if key == Key::DueAt { None } else { self.present };
            test.within(key.column(), self.range(key).tightened(Range { after: None, before }));
        }
        if self.labels != 0 {
            // A list of masks: the planner has no idea of `mask & x = x`, and takes it for rare.
            let masks: Vec<i16> = (0..MASKS).filter(|mask| mask & self.labels == self.labels).collect();
            test.any("system_labels", masks);
        }
        if let Some(seen) = self.is_content_seen {
            let column = |name| format!("{table}.{name}");
            test.sql.push(format_args!(
                " and ({} and {} & {MARKED_AS_UNOPENED} = 0) = ",
                column("is_content_seen"),
                column("system_labels")
            ));
            test.sql.push_bind(seen);
        }
        if self.exclude_api_only {
            test.sql.push(format_args!(" and not {table}.is_api_only"));
        }
        for label in &self.owner_labels {
            match label {
                OwnerLabel::Exact(label) => {
                    test.sql.push(format_args!(" and {table}.owner_labels @> array["));
                    test.sql.push_bind(label.clone()).push("]");
                }
                OwnerLabel::Prefix(prefix) => {
                    test.sql.push(format_args!(
                        " and exists (select from unnest({table}.owner_labels) l (label) where starts_with(l.label, "
                    ));
                    test.sql.push_bind(prefix.clone()).push("))");
                }
            }
        }
        // The dearest test comes last: it reads another row.
        if let Some(text) = &self.text {
            text.push_test(test.sql, table);
        }
    }
}

/// Writes conditions on the columns of one table.
pub(super) struct Test<'a> {
    pub sql: &'a mut QueryBuilder<Postgres>,
    pub table: &'static str,
}

impl Test<'_> {
    fn plain(&mut self, column: &str, condition: &str) {
        self.sql.push(format_args!(" and {}.{column} {condition}", self.table));
    }

    fn value<T>(&mut self, column: &str, operator: &str, value: T)
    where
        T: 'static + sqlx::Encode<'static, Postgres> + sqlx::Type<Postgres> + Send,
    {
        self.sql.push(format_args!(" and {}.{column} {operator} ", self.table)).push_bind(value);
    }

    fn any<T>(&mut self, column: &str, values: Vec<T>)
    where
        Vec<T>: 'static + sqlx::Encode<'static, Postgres> + sqlx::Type<Postgres> + Send,
    {
        self.sql.push(format_args!(" and {}.{column} = any(", self.table)).push_bind(values).push(")");
    }

    fn open_or(&mut self, column: &str, operator: &str, at: Instant) {
        let table = self.table;
        self.sql.push(format_args!(" and ({table}.{column} is null or {table}.{column} {operator} "));
        self.sql.push_bind(at).push(")");
    }

    pub(super) fn within(&mut self, column: &str, range: Range) {
        if let Some(after) = range.after {
            self.value(column, ">=", after);
        }
        if let Some(before) = range.before {
            self.value(column, "<=", before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creation_and_update_bound_the_content() {
        let at = |s| Instant::from_timestamp(s, 0).expect("valid");
        let range = |after, before| Range { after: Some(at(after)), before: Some(at(before)) };
        let conditions = Conditions { created: range(100, 200), updated: range(0, 300), ..Conditions::default() };
        assert_eq!(conditions.implied_range(Key::ContentUpdatedAt), range(85, 300));
        assert_eq!(conditions.implied_range(Key::CreatedAt), range(100, 200));
    }
}
