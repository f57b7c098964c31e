//! Free text as a condition on dialogs: a test of each row, and a list of the rows that have the words.
//!
//! Nearly every dialog has all its words in one vector, and a search is one text query on it. Where they take several
//! parts, a phrase holds inside one of them, and a group of words over all of them (`dialog_text_matches`).

use sqlx::{Postgres, QueryBuilder};

use crate::text::query::{Literal, Reach, TextQuery};

/// Words that a dialog must have.
#[derive(Clone, Debug)]
pub struct TextCondition {
    /// `None`: what was typed has no word, and finds nothing.
    query: Option<TextQuery>,
    reach: TextReach,
}

/// Which dialogs are found by all their texts; the others by those that anybody may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextReach {
    All,
    /// Those of these service resources.
    Of(Vec<i32>),
}

impl TextCondition {
    /// `language` is a normalised code.
    pub fn of(typed: &str, language: Option<&str>, reach: TextReach) -> Self {
        Self { query: TextQuery::parse(typed, language), reach }
    }

    pub(super) fn finds_nothing(&self) -> bool {
        self.query.is_none()
    }

    /// Whether there is a list of the dialogs that may match: not if it is enough to lack a word.
    pub(super) fn has_list(&self) -> bool {
        self.query.as_ref().is_some_and(|query| query.print_cut().is_some())
    }

    /// Everything that may match, as queries of the text index. Several, not one with `|`: that has the index look at every
    /// dialog that any of them may name, where the rare ones of each are soon found.
    pub(super) fn candidates(&self) -> Vec<String> {
        let Some(query) = &self.query else { return Vec::new() };
        let mut ways = vec![query.print(Reach::Everything)];
        // Without the texts that are out of reach a dialog may lack a word that it has with them.
        if self.reach != TextReach::All && query.groups().iter().flatten().any(|literal| literal.is_negated) {
            ways.push(query.print(Reach::NonSensitive));
        }
        ways.extend(query.print_cut());
        ways
    }

    /// Pushes ` and …`: the dialog that is the row of `table` matches.
    pub(super) fn push_test(&self, sql: &mut QueryBuilder<Postgres>, table: &str) {
        let Some(query) = &self.query else {
            sql.push(" and false");
            return;
        };
        sql.push(" and coalesce((select ");
        match &self.reach {
            TextReach::All => push_match(sql, query, Reach::Everything),
            TextReach::Of(resources) => {
                sql.push(format_args!("case when ({table}.resource_id in (select unnest("));
                sql.push_bind(resources.clone()).push("::integer[]))) is true then ");
                push_match(sql, query, Reach::Everything);
                sql.push(" else ");
                push_match(sql, query, Reach::NonSensitive);
                sql.push(" end");
            }
        }
        sql.push(format_args!(" from dialog_text t where t.dialog_id = {table}.id and t.part = 0), "));
        sql.push_bind(query.matches_nothing_written()).push(")");
    }
}

/// Whether the row `t`, the first of its dialog, matches. Queries stand in sub-selects of their own, which are read once.
fn push_match(sql: &mut QueryBuilder<Postgres>, query: &TextQuery, reach: Reach) {
    let literals: Vec<(i16, &Literal)> = (0..)
        .zip(query.groups())
        .flat_map(|(number, group)| group.iter().map(move |literal| (number, literal)))
        .collect();
    sql.push("case when t.vector @@ '''*'''::tsquery then dialog_text_matches(t.dialog_id, ");
    sql.push_bind(literals.iter().map(|(number, _)| *number).collect::<Vec<_>>());
    sql.push(", (select ").push_bind(literals.iter().map(|(_, literal)| literal.print_term(reach)).collect::<Vec<_>>());
    sql.push("::text[]::tsquery[]), ");
    sql.push_bind(literals.iter().map(|(_, literal)| literal.is_negated).collect::<Vec<_>>());
    sql.push(") else t.vector @@ (select ").push_bind(query.print(reach)).push("::tsquery) end");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_all_that_may_match() {
        let candidates = |typed, reach| TextCondition::of(typed, Some("se"), reach).candidates();
        assert_eq!(candidates("alpha", TextReach::All), ["'alpha'", "('*' & 'alpha')"]);
        let below = candidates("alpha -bravo", TextReach::Of(vec![]));
        assert_eq!(below, ["('alpha' & !'bravo')", "('alpha':A & !'bravo':A)", "('*' & 'alpha')"]);
        assert!(!TextCondition::of("-bravo", None, TextReach::All).has_list());
        assert!(TextCondition::of(" - ", None, TextReach::All).finds_nothing());
    }
}
