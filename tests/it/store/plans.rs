//! No statement of a request path reads a growing table from end to end, or sorts without a bound.
//!
//! Everything that a connection has prepared is planned as it is in production: for any values, under the settings of the
//! pool. The world is a small seeded one, and the planner is told that every growing table has five thousand times as many
//! rows: ten million dialogs. A sort is bounded if what it sorts is limited, or belongs to rows that are named.

use std::collections::{BTreeMap, HashSet};

use chrono::{TimeZone, Utc};
use dialogporten::{
    db::Db,
    domain::{
        order::{Direction, Key, Order, Position},
        party::Party,
    },
    seed::{self, Detail, Wish},
    store::{
        self,
        dictionary::Dictionary,
        search::{
            self, Effort, Request,
            conditions::{Conditions, Deleted, OwnerLabel, Range, Visibility},
            scope::{Delegated, Group, Resource, Scope},
            text::{TextCondition, TextReach},
        },
    },
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, Row, SqlSafeStr};
use uuid::Uuid;

/// All others stay small: owners, service resources, what the registry says.
const GROWING: [&str; 14] = [
    "dialog",
    "dialog_document",
    "dialog_transmission",
    "dialog_activity",
    "dialog_seen",
    "dialog_label_log",
    "dialog_mark",
    "dialog_owner_label",
    "dialog_text",
    "child_id",
    "party",
    "party_resource",
    "outbox",
    "dialog_change",
];

/// Statements that are not on a request path, or whose tables a request path bounds otherwise: why.
/// This list may only shrink.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("changes forget", "a job's: what is forgotten stands at the beginning of the table"),
    ("outbox forget", "a job's: what is forgotten stands at the beginning of the table"),
    ("end-user contexts by resource", "the deleted dialogs of each party, of which there are few, are sorted"),
    ("outbox pile", "counts what waits, from an index of nothing else, for an operator"),
];

#[tokio::test]
async fn no_growing_table_is_read_or_sorted_whole() {
    let database = crate::harness::database().await;
    pretend_that_it_is_large(&database.url).await;
    // One connection, which keeps what it has prepared.
    let db = Db::at(&database.url, 1).unwrap();
    let mut looked = Looked::default();
    for statement in store::all() {
        db.prepare(statement.sql().unwrap().into_sql_str()).await.unwrap();
    }
    looked.at_all(&db).await;
    // It keeps 256.
    for requests in requests().chunks(50) {
        for request in requests {
            search::page(&db, &Dictionary::default(), request).await.unwrap();
        }
        looked.at_all(&db).await;
    }
    assert!(looked.seen.len() > store::all().len() + 100, "{} statements", looked.seen.len());
    assert!(looked.faults.is_empty(), "{:#?}", looked.faults);
    db.close();
}

/// Fills every growing table, looks at them as the server would, and multiplies what it noted.
async fn pretend_that_it_is_large(url: &str) {
    let wish = Wish {
        dialogs: 2_000,
        parties: None,
        owner: None,
        seed: 1,
        people_of: None,
        until: "2030-01-01T00:00:00Z".parse().unwrap(),
        detail: Detail::Whole,
        is_quiet: true,
    };
    seed::run(url, &wish).await.unwrap();
    let mut connection = PgConnection::connect(url).await.unwrap();
    // What a seed leaves empty: changes are noted by a trigger.
    sqlx::raw_sql(
        "update dialog set revision = gen_random_uuid();
         insert into outbox (occurred_at, event_id, dialog_id, party_key, is_silent, kind, body)
         select created_at, gen_random_uuid(), id, party_key, false, 'x', '{}' from dialog;
         insert into child_id (kind, id, dialog_id, party_key) select 1, id, dialog_id, party_key from dialog_activity",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    for table in GROWING {
        // Or the server looks again, and sees how small it is.
        let look = format!("alter table {table} set (autovacuum_enabled = off); analyze {table}");
        sqlx::raw_sql(AssertSqlSafe(look)).execute(&mut connection).await.unwrap();
    }
    let grow = "update pg_class c set reltuples = reltuples * 5000
                  from pg_index i
                 where (c.oid = i.indexrelid or c.oid = i.indrelid) and i.indrelid = any($1::regclass[])";
    let tables = GROWING.map(str::to_owned).to_vec();
    let grown = sqlx::query(grow).bind(tables).execute(&mut connection).await.unwrap().rows_affected();
    assert!(grown > 2 * GROWING.len() as u64, "{grown} tables and indexes");
}

#[derive(Default)]
struct Looked {
    seen: HashSet<String>,
    /// By the statement's name.
    faults: BTreeMap<String, Vec<String>>,
}

impl Looked {
    async fn at_all(&mut self, db: &Db) {
        let prepared = sqlx::query("select name, statement, cardinality(parameter_types) from pg_prepared_statements")
            .fetch_all(db);
        for row in prepared.await.unwrap() {
            let (name, sql, parameters): (String, String, i32) = (row.get(0), row.get(1), row.get(2));
            if !self.seen.insert(sql.clone()) {
                continue;
            }
            let values = vec!["null"; usize::try_from(parameters).unwrap()].join(", ");
            let values = if values.is_empty() { values } else { format!("({values})") };
            let explain = format!("explain (format json) execute {name}{values}");
            // What is not planned, such as `begin`, is not explained either.
            let Ok(row) = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(db).await else { continue };
            let plan: Value = row.get(0);
            let mut found = Vec::new();
            look(&plan[0]["Plan"], false, &mut found);
            let name = sql.split("*/").next().unwrap().trim_start_matches("/*").trim().to_owned();
            if !found.is_empty() && !EXCEPTIONS.iter().any(|(known, _)| *known == name) {
                let found = found.into_iter().map(|fault| format!("{fault} in {sql}"));
                self.faults.entry(name).or_default().extend(found);
            }
        }
    }
}

fn is_growing(node: &Value) -> bool {
    node["Relation Name"].as_str().is_some_and(|table| GROWING.contains(&table))
}

/// `is_limited`: whoever reads this node stops after a number of rows.
fn look(node: &Value, is_limited: bool, found: &mut Vec<String>) {
    match node["Node Type"].as_str().unwrap_or_default() {
        "Seq Scan" if is_growing(node) => found.push(format!("reads {} whole", node["Relation Name"])),
        // What the planner does in place of it, if it is told not to.
        "Index Scan" | "Index Only Scan" if is_growing(node) && node["Index Cond"].is_null() && !is_limited => {
            found.push(format!("reads the whole of {}", node["Index Name"]));
        }
        "Sort" if !inputs(node).iter().all(is_bounded) => found.push(format!("sorts by {}", node["Sort Key"])),
        _ => {}
    }
    let is_limited = match node["Node Type"].as_str().unwrap_or_default() {
        "Limit" => true,
        // Reads all of its input before it yields anything.
        "Sort" | "Aggregate" | "Hash" => false,
        _ => is_limited,
    };
    for input in inputs(node) {
        look(&input, is_limited, found);
    }
}

fn inputs(node: &Value) -> Vec<Value> {
    node["Plans"].as_array().cloned().unwrap_or_default()
}

/// Whether a node yields a number of rows that does not grow with the tables below it.
fn is_bounded(node: &Value) -> bool {
    match node["Node Type"].as_str().unwrap_or_default() {
        "Limit" => true,
        // Its own plan is looked at where it stands.
        "CTE Scan" | "Function Scan" | "Result" | "Values Scan" if inputs(node).is_empty() => true,
        _ if is_growing(node) => {
            let condition = node["Index Cond"].as_str().unwrap_or_default();
            // One dialog's, or one party: its key is unique there, and nowhere else.
            let of_party = node["Relation Name"] == "party" && condition.contains("party_key = ");
            of_party || ["(id = ", "dialog_id = "].iter().any(|named| condition.contains(named))
        }
        _ => inputs(node).iter().all(is_bounded),
    }
}

/// One search of every kind that the chooser tells apart.
fn requests() -> Vec<Request> {
    let resources = |count| (1..=count).map(|id| Resource { id, org: 1 }).collect::<Vec<_>>();
    let parties = |count: usize| {
        let party = |i| Party::parse(&format!("urn:altinn:person:idporten-email:p{i}@example.no")).unwrap();
        (0..count).map(party).collect::<Vec<_>>()
    };
    let now = Utc.with_ymd_and_hms(2030, 1, 1, 0, 0, 0).unwrap();
    let user = |of, held| Request {
        scope: Scope::Pairs(vec![Group { parties: parties(of), resources: resources(held) }]),
        delegated: Delegated::default(),
        conditions: Conditions {
            visibility: Visibility::AsOf(now),
            alive_at: Some(now),
            present: Some(now),
            ..Conditions::default()
        },
        order: Order::default(),
        after: None,
        limit: 100,
        effort: Effort::default(),
    };
    let owner = |scope, deleted| Request {
        scope,
        conditions: Conditions { orgs: Some(vec![1]), deleted, ..Conditions::default() },
        ..user(1, 1)
    };
    let month = Range { after: Some(now - chrono::Duration::days(30)), before: Some(now) };
    let mut all = Vec::new();
    for (of, held) in [(1, 3), (1, 300), (20, 300), (100, 300), (101, 1), (3000, 20), (3000, 21)] {
        all.push(user(of, held));
        let mut labelled = user(of, held);
        labelled.conditions.labels = 2;
        all.push(labelled);
        let mut created = user(of, held);
        created.conditions.created = month;
        created.effort.first_walk = 1;
        all.push(created);
        let mut named = user(of, held);
        named.conditions.external_reference = Some("x".into());
        all.push(named.clone());
        named.conditions.external_reference = None;
        named.conditions.process = Some("urn:x".into());
        all.push(named);
        all.push(Request { delegated: Delegated { ids: vec![Uuid::nil()], ..Delegated::default() }, ..user(of, held) });
        for (typed, reach) in [("alpha", TextReach::All), ("\"alpha bravo\" -charlie", TextReach::Of(vec![1]))] {
            let mut worded = user(of, held);
            worded.conditions.text = Some(TextCondition::of(typed, None, reach));
            // The walk is in vain, and the list is tried.
            worded.effort = Effort { first_text_walk: 1, long_walk: 0, long_text_walk: 0, ..Effort::default() };
            all.push(worded.clone());
            // It is too long, and sought along the parties' index entries.
            worded.effort.sieved_words = -1;
            all.push(worded);
        }
    }
    for deleted in [Deleted::Exclude, Deleted::Include, Deleted::Only] {
        for scope in [
            Scope::Everything,
            Scope::Parties(parties(2)),
            Scope::Resources(resources(2)),
            Scope::Pairs(vec![Group { parties: parties(2), resources: resources(2) }]),
        ] {
            all.push(owner(scope.clone(), deleted));
            let mut extended = owner(scope, deleted);
            extended.conditions.extended_statuses = vec!["x".into()];
            extended.conditions.owner_labels = vec![OwnerLabel::Prefix("x".into())];
            all.push(extended.clone());
            extended.conditions.owner_labels.clear();
            all.push(extended);
        }
    }
    let orders = [Key::ContentUpdatedAt, Key::CreatedAt, Key::UpdatedAt, Key::DueAt].into_iter().flat_map(|key| {
        [Direction::Asc, Direction::Desc].map(|direction| Order { keys: vec![(key, direction)], id: Direction::Desc })
    });
    let mut searches = Vec::new();
    for order in orders {
        for search in &all {
            searches.push(Request { order: order.clone(), ..search.clone() });
        }
        let after = Some(Position { values: vec![Some(now)], id: Uuid::max() });
        searches.push(Request { order, after, ..user(1, 300) });
    }
    searches
}
