//! `dialogporten seed`: a world at size.

use std::{collections::BTreeMap, num::NonZeroUsize, process::Command, time::Duration};

use dialogporten::{
    db::Db,
    reindex::{self, Ending, Orders},
    seed::{self, Detail, Wish},
    store::text_reindex::Kind,
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::harness::{TestDatabase, database};

fn wish(dialogs: u64) -> Wish {
    Wish {
        dialogs,
        parties: None,
        owner: None,
        seed: 3,
        people_of: None,
        until: "2030-01-01T00:00:00Z".parse().unwrap(),
        detail: Detail::Whole,
        is_quiet: true,
    }
}

/// Every index by the statement that makes it.
async fn indexes(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select indexdef from pg_indexes where schemaname = 'public' order by indexdef")
        .fetch_all(pool)
        .await
        .unwrap()
}

/// Rows and a sum over all of their content, by table; what the database itself numbers is left out.
async fn content(pool: &PgPool) -> BTreeMap<String, (i64, String)> {
    let mut found = BTreeMap::new();
    for table in [
        "party",
        "service_resource",
        "dialog",
        "dialog_document",
        "dialog_text",
        "dialog_transmission",
        "dialog_activity",
        "dialog_mark",
        "dialog_owner_label",
        "dialog_seen",
        "dialog_label_log",
        "party_resource",
        "outbox",
        "child_id",
    ] {
        let sum = format!(
            "select count(*), coalesce(md5(string_agg(row, '' order by row)), '')
               from (select md5((to_jsonb(t) - array['{}'])::text) as row from {table} t) r",
            if table == "dialog_label_log" { "id" } else { "" }
        );
        let row: (i64, String) = sqlx::query_as(sqlx::AssertSqlSafe(sum)).fetch_one(pool).await.unwrap();
        found.insert(table.to_owned(), row);
    }
    found
}

async fn seeded(wish: &Wish) -> (TestDatabase, PgPool) {
    let database = database().await;
    seed::run(&database.url, wish).await.unwrap();
    let pool = PgPool::connect(&database.url).await.unwrap();
    (database, pool)
}

/// Chapter 11 §5. What is derived agrees with what it is derived from, and the indexes are those of the migrations.
#[tokio::test]
async fn a_seeded_world_is_whole() {
    let (_database, pool) = seeded(&wish(2_000)).await;
    let empty = database().await;
    let fresh = PgPool::connect(&empty.url).await.unwrap();
    assert_eq!(indexes(&pool).await, indexes(&fresh).await);
    let content = content(&pool).await;
    let rows = |table: &str| content[table].0;
    assert_eq!((rows("dialog"), rows("dialog_document"), rows("outbox"), rows("child_id")), (2_000, 2_000, 0, 0));
    assert!(rows("dialog_transmission") > 1_000 && rows("dialog_activity") > 1_000 && rows("dialog_seen") > 500);
    for (what, wrong) in [
        (
            "marks",
            "select count(*) from dialog d where bit_count((system_labels & 30)::bit(16)) <> (select count(*) from dialog_mark m where m.dialog_id = d.id and m.label & d.system_labels <> 0)",
        ),
        (
            "times of marks",
            "select count(*) from dialog_mark m join dialog d on d.id = m.dialog_id where m.content_updated_at <> d.content_updated_at",
        ),
        (
            "owner labels",
            "select count(*) from dialog d where cardinality(owner_labels) <> (select count(*) from dialog_owner_label l where l.dialog_id = d.id and l.label = any(d.owner_labels))",
        ),
        (
            "transmissions",
            "select count(*) from dialog d where from_party_transmissions + from_owner_transmissions <> (select count(*) from dialog_transmission t where t.dialog_id = d.id)",
        ),
        ("pairs", "select abs(2000 - sum(dialog_count)) from party_resource"),
        (
            "newest",
            "select count(*) from dialog d join party_resource p using (party_key, resource_id) where d.content_updated_at > p.newest",
        ),
        (
            "parties",
            "select count(*) from dialog d where not exists (select from party p where p.party_key = d.party_key)",
        ),
        ("listed", "select count(*) from dialog_document where listed_bytes < 20"),
    ] {
        let wrong: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select ({wrong})::bigint")))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(wrong, 0, "{what}");
    }
    pool.close().await;
    fresh.close().await;
}

/// Lists cannot tell a lean world from a whole one.
#[tokio::test]
async fn a_lean_world_has_all_that_lists_read() {
    let (_whole, whole) = seeded(&wish(500)).await;
    let (_lean, lean) = seeded(&Wish { detail: Detail::Lists, ..wish(500) }).await;
    let (whole, lean) = (content(&whole).await, content(&lean).await);
    for table in ["dialog", "dialog_text", "dialog_mark", "dialog_owner_label", "dialog_seen", "party_resource"] {
        assert_eq!(lean[table], whole[table], "{table}");
    }
    assert_eq!((lean["dialog_document"].0, lean["dialog_transmission"].0), (500, 0));
}

/// Returns when some dialogs are there.
async fn begun(pool: &PgPool) {
    loop {
        let next: Result<Option<i64>, _> = sqlx::query_scalar("select next from seed.run").fetch_optional(pool).await;
        if next.is_ok_and(|next| next.is_some_and(|next| next > 0)) {
            return;
        }
    }
}

/// A run that is stopped goes on, and comes to the same as one that was not.
#[tokio::test]
async fn a_seed_that_is_stopped_goes_on() {
    let wish = wish(12_000);
    let (_whole, whole) = seeded(&wish).await;
    let database = database().await;
    let pool = PgPool::connect(&database.url).await.unwrap();
    // Dropped half way, which is as good as killed: what it was about to do is rolled back.
    tokio::select! {
        ended = seed::run(&database.url, &wish) => panic!("it was to be stopped half way: {ended:?}"),
        () = begun(&pool) => {}
    }
    let stopped_at: i64 = sqlx::query_scalar("select count(*) from dialog").fetch_one(&pool).await.unwrap();
    assert!(stopped_at > 0);
    // The lock is free as soon as the server has noticed that nobody is there any more.
    let outcome = loop {
        match seed::run(&database.url, &wish).await {
            Ok(outcome) => break outcome,
            Err(error) => assert!(format!("{error:#}").contains("another seed is at work"), "{error:#}"),
        }
    };
    assert!(!outcome.was_there);
    assert_eq!(content(&pool).await, content(&whole).await);
    assert_eq!(indexes(&pool).await, indexes(&whole).await);

    let again = seed::run(&database.url, &wish).await.unwrap();
    assert!(again.was_there);
    let other = seed::run(&database.url, &Wish { dialogs: 10, ..wish }).await.unwrap_err();
    assert!(format!("{other:#}").contains("choose another --seed"), "{other:#}");
    pool.close().await;
    whole.close().await;
}

/// Results on standard output, progress on standard error.
#[tokio::test]
async fn the_command_ends_with_what_it_did() {
    let database = database().await;
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
            .args(["seed", "--dialogs", "300", "--people-of", "default", "--database-url", &database.url])
            .env_clear()
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (out, _) = run();
    assert!(out.starts_with("300 dialogs in ") && out.trim_end().ends_with(" s"), "{out}");
    let (_, told) = run();
    assert!(told.contains("there already"), "{told}");
}

/// The words of a seeded world are those that reading its texts gives.
#[tokio::test]
async fn a_seeded_world_has_its_words() {
    let (database, pool) = seeded(&wish(300)).await;
    let words = async || -> Vec<String> {
        let all = "select concat_ws(' ', dialog_id, part, strip(vector), strip(ts_filter(vector, '{a}'))) from dialog_text order by 1";
        sqlx::query_scalar(all).fetch_all(&pool).await.unwrap()
    };
    let seeded = words().await;
    let of_now: i64 = sqlx::query_scalar("select count(*) from dialog where text_analysis = $1")
        .bind(dialogporten::text::ANALYSIS)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(of_now == 300 && seeded.len() > 250, "{of_now} dialogs, {} with words", seeded.len());
    let orders = Orders {
        kind: Some(Kind::Full),
        is_stale_first: false,
        batch: NonZeroUsize::new(100).unwrap(),
        workers: NonZeroUsize::MIN,
        rest: Duration::ZERO,
    };
    let db = Db::at(&database.url, 3).unwrap();
    let ending = reindex::run(&db, "command", orders, &CancellationToken::new(), |_| {}).await.unwrap();
    assert_eq!(ending, Ending::Finished { done: 300 });
    assert_eq!(words().await, seeded);
}
