//! A list: the rows that one selective condition names, or that are delegated, fetched whole and sorted.

use sqlx::{Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{
    super::{
        conditions::{Deleted, OwnerLabel, Test},
        order::Segment,
        plan::{List, PARTIES},
        text::TextCondition,
    },
    Ask, COLUMNS, Hit, push_in,
};
use crate::domain::{
    order::{Key, Position},
    party::Party,
};

impl Ask<'_> {
    /// The first `found` rows of a list beyond a position. Every answer has at least one row; its first column says whether
    /// the list was short enough, of at most `most` rows: if not, there are no others.
    pub(in crate::store::search) fn list(
        &self,
        list: &List,
        most: i64,
        after: Option<&Position>,
        found: i64,
    ) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("/* search list */ select step.is_short, ");
        sql.push(self.names_of_hit("step")).push(" from (");
        self.push_list(&mut sql, list, most, after, found);
        sql.push(") step");
        sql
    }

    /// The same as a part of a statement.
    pub(in crate::store::search) fn push_list(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        list: &List,
        most: i64,
        after: Option<&Position>,
        found: i64,
    ) {
        sql.push("with candidate as materialized (");
        self.push_candidates(sql, list);
        sql.push(" limit ").push_bind(most + 1);
        sql.push("), size as materialized (select count(*) <= ").push_bind(most);
        sql.push(" as is_short from candidate) select size.is_short, w.* from size left join (select ");
        self.push_listed(sql, self.tells_order(list), after, found);
        sql.push(") w on true");
    }

    /// The columns and the rest of a `select` of the first `found` dialogs among the rows `candidate`, which have to be
    /// `in_order` known by where they stand in it; none if `size` says that those are not short.
    pub(super) fn push_listed(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        in_order: bool,
        after: Option<&Position>,
        found: i64,
    ) {
        self.push_hit(sql, "d");
        let whole = Segment::Whole;
        if in_order {
            // Sorted first, so that rows are fetched only until the page is full.
            sql.push(" from (select d.id, d.content_updated_at from ");
            self.push_start(sql, after);
            sql.push(" cross join candidate d where (select is_short from size) and ")
                .push(self.order.keyset_in(whole));
            sql.push(" order by ").push(self.order.sql_in(whole, "d")).push(" offset 0) c");
        } else {
            sql.push(" from ");
            self.push_start(sql, after);
            sql.push(" cross join candidate c");
        }
        sql.push(" cross join lateral (select ").push(COLUMNS.as_str());
        sql.push(" from dialog d where d.id = c.id and (select is_short from size) offset 0) d where ");
        sql.push(if in_order { "true".to_owned() } else { self.order.keyset_in(whole) });
        self.conditions.push(sql, "d");
        self.push_scope(sql, "d");
        let sorted = if in_order { "c" } else { "d" };
        sql.push(" order by ").push(self.order.sql_in(whole, sorted)).push(" limit ").push_bind(found);
    }

    /// The first `found` delegated dialogs beyond a position.
    pub(in crate::store::search) fn delegated(&self, after: Option<&Position>, found: i64) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("/* search delegated */ select ");
        sql.push(self.names_of_hit("step")).push(" from (");
        self.push_delegated(&mut sql, after, found);
        sql.push(") step");
        sql
    }

    /// The same as a part of a statement, in the form of a walk's answer, with the place 0.
    pub(in crate::store::search) fn push_delegated(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        after: Option<&Position>,
        found: i64,
    ) {
        sql.push("select 0::bigint as place, 0::bigint as step, true as passes, ");
        self.push_hit(sql, "d");
        sql.push(" from ");
        self.push_start(sql, after);
        sql.push(" cross join unnest(").push_bind(self.delegated.ids.clone());
        sql.push("::uuid[]) c (id) cross join lateral (select ")
            .push(COLUMNS.as_str())
            .push(" from dialog d where d.id = c.id offset 0) d where ")
            .push(self.order.keyset_in(Segment::Whole));
        self.conditions.push(sql, "d");
        if let Some(parties) = &self.delegated.parties {
            push_in(sql, "d.party_key", parties.iter().map(Party::key).collect::<Vec<_>>());
        }
        if let Some(resources) = &self.delegated.resources {
            push_in(sql, "d.resource_id", resources.iter().map(|resource| resource.id).collect::<Vec<_>>());
        }
        sql.push(" order by ").push(self.order.sql_in(Segment::Whole, "d")).push(" limit ").push_bind(found);
    }

    /// The ids that a list names.
    fn push_candidates(&self, sql: &mut QueryBuilder<Postgres>, list: &List) {
        match list {
            List::Reference(reference) => {
                sql.push("select d.id from dialog d where d.external_reference = ").push_bind(reference.clone());
                self.push_orgs(sql);
            }
            List::Process(process) => {
                sql.push("select d.id from dialog d where d.process is not null and hashtextextended(d.process, 0) = ");
                sql.push("hashtextextended(").push_bind(process.clone()).push(", 0)");
                self.push_orgs(sql);
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
                let includes = self.conditions.deleted != Deleted::Only;
                for state in ["is not null"].into_iter().chain(includes.then_some("is null")) {
                    sql.push(if state == "is null" { " union all " } else { "" }).push("select d.id from unnest(");
                    sql.push_bind(self.scope.party_keys().unwrap_or_default());
                    sql.push(
                        "::bigint[]) p (key) cross join lateral (select d.id from dialog d where d.party_key = p.key",
                    );
                    sql.push(format_args!(" and d.deleted_at {state} offset 0) d"));
                }
            }
            List::Text => self.push_text_candidates(sql, self.scope.party_keys()),
            List::Pairs => {
                let resources: Vec<i32> = self.scope.resources().unwrap_or_default().iter().map(|r| r.id).collect();
                let columns = if self.tells_order(list) { "d.id, d.content_updated_at" } else { "d.id" };
                sql.push(format_args!("select {columns} from unnest("));
                sql.push_bind(self.scope.party_keys().unwrap_or_default());
                sql.push("::bigint[]) p (key) cross join lateral (select r.resource_id from party_resource r where r.party_key = p.key");
                push_in(sql, "r.resource_id", resources);
                sql.push(format_args!(
                    " offset 0) r cross join lateral (select {columns} from dialog d where d.party_key = p.key"
                ));
                sql.push(" and d.resource_id = r.resource_id and d.deleted_at is null offset 0) d");
            }
        }
    }

    /// The text index has a list for each party and word: few parties are probed one by one. A dialog that two queries name
    /// comes twice. A long list of words that are in every store is never the way for many parties (see `Ask::is_common`).
    pub(super) fn push_text_candidates(&self, sql: &mut QueryBuilder<Postgres>, parties: Option<Vec<i64>>) {
        let candidates = self.conditions.text.as_ref().map(TextCondition::candidates).unwrap_or_default();
        match parties {
            Some(parties) if parties.len() <= PARTIES => {
                sql.push("select t.dialog_id as id from unnest(").push_bind(parties);
                sql.push("::bigint[]) p (key) cross join unnest(")
                    .push_bind(candidates)
                    .push("::text[]::tsquery[]) q (way)");
                sql.push(" cross join lateral (select t.dialog_id from dialog_text t where t.party_key = p.key");
                sql.push(" and t.vector @@ q.way offset 0) t");
            }
            parties => {
                sql.push("select t.dialog_id as id from unnest(").push_bind(candidates);
                sql.push("::text[]::tsquery[]) q (way) cross join lateral (select t.dialog_id, t.party_key from dialog_text t");
                sql.push(" where t.vector @@ q.way offset 0) t where true");
                if let Some(parties) = parties {
                    push_in(sql, "t.party_key", parties);
                }
            }
        }
    }

    /// What the database expects of the words in the whole store; `None` where it does not matter, since few parties are
    /// probed one by one.
    pub(in crate::store::search) fn text_estimate(&self) -> Option<QueryBuilder<Postgres>> {
        let text = self.conditions.text.as_ref()?;
        if self.scope.party_keys().is_some_and(|parties| parties.len() <= PARTIES) {
            return None;
        }
        let mut sql = QueryBuilder::new(
            "/* search text estimate */ explain (format json) select from dialog_text t where t.vector @@ ",
        );
        sql.push_bind(text.candidates().join(" | ")).push("::tsquery");
        Some(sql)
    }

    fn push_orgs(&self, sql: &mut QueryBuilder<Postgres>) {
        if let Some(orgs) = &self.conditions.orgs {
            sql.push(" and d.org_id = any(").push_bind(orgs.clone()).push(")");
        }
    }

    /// Most rows that a list may have.
    pub(in crate::store::search) fn most_of(&self, list: &List) -> i64 {
        if self.tells_order(list) { self.effort.index_list_rows } else { self.effort.list_rows }
    }

    /// Whether the list's index tells where each dialog stands in the order, so that only those of the page are fetched.
    fn tells_order(&self, list: &List) -> bool {
        matches!(list, List::Range(Key::CreatedAt | Key::UpdatedAt | Key::DueAt) | List::Pairs)
            && self.order.is_by_content_alone()
            && self.conditions.deleted == Deleted::Exclude
            && self.scope.party_keys().is_some()
    }

    fn push_range_candidates(&self, sql: &mut QueryBuilder<Postgres>, key: Key) {
        sql.push(if self.tells_order(&List::Range(key)) {
            "select d.* from unnest("
        } else {
            "select d.id from unnest("
        });
        if let (Some(parties), Deleted::Exclude) = (self.scope.party_keys(), self.conditions.deleted) {
            sql.push_bind(parties);
            sql.push("::bigint[]) p (key) cross join lateral (select d.id");
            if self.tells_order(&List::Range(key)) {
                sql.push(", d.content_updated_at");
            }
            sql.push(" from dialog d where d.party_key = p.key and d.deleted_at is null");
        } else {
            sql.push_bind(self.conditions.orgs.clone().unwrap_or_default());
            sql.push("::smallint[]) p (key) cross join lateral (select d.id from dialog d where d.org_id = p.key");
        }
        Test { sql, table: "d" }.within(key.column(), self.conditions.range(key));
        sql.push(" offset 0) d");
    }

    /// The cursor as one row `s`.
    fn push_start(&self, sql: &mut QueryBuilder<Postgres>, after: Option<&Position>) {
        let start = self.order.start_in(Segment::Whole, after);
        sql.push("(select ");
        for (at, value) in start.values.iter().enumerate() {
            sql.push_bind(*value).push("::timestamptz as c").push(at).push(", ");
        }
        sql.push_bind(start.id).push("::uuid as cid) s");
    }

    /// The answer of a list; `None` if it is too long.
    pub(in crate::store::search) fn read_list(&self, rows: &[PgRow]) -> Result<Option<Vec<Hit>>, sqlx::Error> {
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
}
