//! `GET /serviceowner/dialogs` of an owner with very many dialogs.

use crate::harness::{Client, TestApp, simple_dialog};

const DIALOGS: usize = 100_000;

/// The external references of a page, which name the dialogs here, and how many rows and index entries it was read from.
async fn page(app: &TestApp, owner: &Client<'_>, query: &str) -> (Vec<String>, i64) {
    let before = read_so_far(app).await;
    let path = format!("serviceowner/dialogs?limit=10&{query}");
    let mut answer = owner.get(&path).await;
    // Its connections have just been ended: that may be told once.
    if answer.status == 503 {
        answer = owner.get(&path).await;
    }
    let answer = answer.expect(200);
    let items = answer.body["items"].as_array().expect("items").iter();
    let names = items.map(|item| item["externalReference"].as_str().expect("a name").to_owned()).collect();
    (names, read_so_far(app).await - before)
}

/// What has been read of all tables and indexes. Work is what the speed of a list follows from, and does not depend on what
/// else the machine does.
async fn read_so_far(app: &TestApp) -> i64 {
    // The server's counts hold what a connection did once it has ended; what this one did, when it is told to say so.
    let mut connection = app.db.acquire().await.unwrap();
    let end = "select count(*) filter (where not pg_terminate_backend(pid, 10000)) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()";
    let left: i64 = sqlx::query_scalar(end).fetch_one(&mut *connection).await.unwrap();
    assert_eq!(left, 0, "every connection ends");
    sqlx::query("select pg_stat_force_next_flush()").execute(&mut *connection).await.unwrap();
    let read = "select ((select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables)
                     + (select sum(idx_tup_read) from pg_stat_user_indexes))::bigint";
    sqlx::query_scalar(read).fetch_one(&mut *connection).await.unwrap()
}

/// S-040
#[tokio::test]
async fn what_none_of_very_many_dialogs_has_costs_no_more_than_a_page() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(simple_dialog()).await;
    // What the server does by itself is counted, too.
    let alone = "do $$ declare name regclass; begin
         for name in select relid from pg_stat_user_tables loop
             execute format('alter table %s set (autovacuum_enabled = off)', name);
         end loop; end $$";
    sqlx::raw_sql(alone).execute(&app.db).await.unwrap();
    // The one dialog over and over, without the change feed and without a look at what it refers to.
    let fill = format!(
        "set local session_replication_role = replica; set local synchronous_commit = off;
         create temporary table made on commit drop as
         select i, ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid as id
              , timestamptz '2020-01-01' + i * interval '1 minute' as at
           from generate_series(1, {DIALOGS}) i;
         insert into dialog (content_updated_at, created_at, updated_at, due_at, party_key, id, revision, context_revision
              , owner_context_revision, resource_id, org_id, status, resource_type, external_reference, process)
         select at, at, at, case when i % 3 = 0 then timestamptz '2090-01-01' + i * 7919 % {DIALOGS} * interval '1 minute' end
              , d.party_key, m.id, m.id, m.id, m.id, d.resource_id, d.org_id, d.status, d.resource_type
              , 'r' || i, 'urn:p:' || i % 100
           from made m cross join dialog d;
         insert into dialog_document (dialog_id, party_key, body, listed)
         select m.id, d.party_key, d.body, d.listed from made m cross join dialog_document d;
         insert into dialog_owner_label (dialog_id, party_key, org_id, label)
         select m.id, d.party_key, d.org_id, 'label-' || i % 1000 from made m join dialog d using (id);
         set local session_replication_role = origin;
         delete from dialog where external_reference is null"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("begin; {fill}; commit; analyze dialog; analyze dialog_owner_label")))
        .execute(&app.db)
        .await
        .unwrap();

    let newest: Vec<String> = (0..10).map(|n| format!("r{}", DIALOGS - n)).collect();
    let (names, ordinary) = page(&app, &owner, "").await;
    assert_eq!(names, newest);
    assert!((10..500).contains(&ordinary), "ten items, and what they show: {ordinary}");
    let by_due = async |order: &str| -> Vec<String> {
        let sql = format!("select external_reference from dialog order by {order}, id desc limit 10");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&app.db).await.unwrap()
    };
    for (query, expected) in [
        ("externalReference=none", Vec::new()),
        ("serviceOwnerLabels=none", Vec::new()),
        ("serviceOwnerLabels=none*", Vec::new()),
        ("process=urn:p:none", Vec::new()),
        ("externalReference=none&orderBy=dueAt", Vec::new()),
        ("orderBy=dueAt_desc", by_due("due_at desc nulls first").await),
        ("orderBy=dueAt_asc", by_due("due_at asc nulls last").await),
    ] {
        let (names, read) = page(&app, &owner, query).await;
        assert_eq!(names, expected, "{query}");
        // Dialogs with and without a due date are two walks. A look at every dialog would read a thousand times as much.
        assert!(read <= 4 * ordinary, "{query}: {read} rows and entries were read, {ordinary} for an ordinary page");
    }
}
