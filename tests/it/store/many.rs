//! Words on behalf of very many parties.

use dialogporten::{
    db::Db,
    domain::{
        order::{Direction, Key, Order},
        party::Party,
    },
    store::{
        dictionary::Dictionary,
        search::{
            self, Effort, Request,
            conditions::Conditions,
            scope::{Delegated, Group, Resource, Scope},
            text::{TextCondition, TextReach},
        },
    },
};

use sqlx::Connection as _;

const PARTIES: usize = 5_000;
const DIALOGS: usize = 100_000;

/// S-039
#[tokio::test]
async fn one_resource_of_very_many_parties_is_searched_in_every_order() {
    let database = crate::harness::database().await;
    let db = Db::at(&database.url, 2).unwrap();
    let party = |i: usize| Party::parse(&format!("urn:altinn:person:idporten-email:p{i}@example.no")).unwrap();
    let parties: Vec<Party> = (0..PARTIES).map(party).collect();
    let keys: Vec<i64> = parties.iter().map(Party::key).collect();
    // Filled beside the door, which gives no statement so long, and without the change feed.
    let mut filling = sqlx::PgConnection::connect(&database.url).await.unwrap();
    sqlx::raw_sql(
        "alter table dialog disable trigger user;
         insert into org (name) values ('o'); insert into service_resource (urn, org_id) values ('r', 1)",
    )
    .execute(&mut filling)
    .await
    .unwrap();
    sqlx::query("insert into party (party_key, urn) select * from unnest($1::bigint[], $2::text[])")
        .bind(&keys)
        .bind(parties.iter().map(|party| party.as_str().to_owned()).collect::<Vec<_>>())
        .execute(&mut filling)
        .await
        .unwrap();
    let fill = format!(
        "insert into dialog (content_updated_at, created_at, updated_at, due_at, party_key, id, revision, context_revision
             , owner_context_revision, resource_id, org_id, status, resource_type)
         select t, t, t, case when i % 3 = 0 then t end, k.key, u, u, u, u, 1, 1, 2, 'x'
           from generate_series(1, {DIALOGS}) i
           join unnest($1::bigint[]) with ordinality k (key, place) on k.place = 1 + i % {PARTIES}
          cross join lateral (select timestamptz '2030-01-01' + i * interval '1 minute' as t
                                   , ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid as u) x"
    );
    sqlx::query(sqlx::AssertSqlSafe(fill)).bind(&keys).execute(&mut filling).await.unwrap();
    sqlx::raw_sql(
        "insert into dialog_text (dialog_id, part, party_key, vector)
         select id, 0, party_key, case when id = '00000000-0000-7000-8000-000000000077' then '''alle'':17B ''en'':18B'
                                       else '''alle'':17B' end::tsvector from dialog;
         insert into party_resource (party_key, resource_id, newest, dialog_count)
         select party_key, 1, max(content_updated_at), count(*) from dialog group by 1;
         insert into dialog_document (dialog_id, party_key, body, listed) select id, party_key, '{}', '{}' from dialog;
         analyze dialog; analyze dialog_text",
    )
    .execute(&mut filling)
    .await
    .unwrap();
    // What decides whether a list of the whole store is tried: the database knows common words from others.
    for (word, is_common) in [("'alle'", true), ("'en'", false), ("'ingen'", false)] {
        let plan: serde_json::Value =
            sqlx::query_scalar("explain (format json) select from dialog_text t where t.vector @@ $1::tsquery")
                .bind(word)
                .fetch_one(&db)
                .await
                .unwrap();
        let rows = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_f64).unwrap();
        assert_eq!(rows > 50_000.0, is_common, "{word}: {rows}");
    }
    let group = Group { parties, resources: vec![Resource { id: 1, org: 1 }] };
    for key in [Key::ContentUpdatedAt, Key::CreatedAt, Key::UpdatedAt, Key::DueAt] {
        for direction in [Direction::Asc, Direction::Desc] {
            for (typed, expected) in [("alle", 100), ("en", 1), ("ingen", 0), ("alle AND en", 1)] {
                let request = Request {
                    scope: Scope::Pairs(vec![group.clone()]),
                    delegated: Delegated::default(),
                    conditions: Conditions {
                        text: Some(TextCondition::of(typed, Some("se"), TextReach::All)),
                        ..Conditions::default()
                    },
                    order: Order { keys: vec![(key, direction)], id: Direction::Desc },
                    after: None,
                    limit: 100,
                    effort: Effort::default(),
                };
                let page = search::page(&db, &Dictionary::default(), &request).await.unwrap();
                assert_eq!(
                    (page.rows.len(), page.has_next),
                    (expected, expected == 100),
                    "{typed} by {key:?} {direction:?}"
                );
                let newest_first = (key, direction) == (Key::ContentUpdatedAt, Direction::Desc);
                if typed == "alle" && newest_first {
                    assert_eq!(page.rows[0].head.id.0.as_u128() & 0xfff_ffff, 0x10_0000, "the newest comes first");
                }
            }
        }
    }
}
