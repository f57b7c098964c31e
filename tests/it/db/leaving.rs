//! Callers who leave before they are answered.

use sqlx::PgPool;

use super::{dialog_path, in_time};
use crate::harness::{TestApp, simple_activity, simple_dialog};

/// M-03: the statement of a caller who left ends, and the connection is free for others, although what it waited for is
/// still held.
#[tokio::test]
async fn a_caller_who_leaves_takes_the_statement_along() {
    let app = TestApp::start_with(&[("database.max_connections", "1")]).await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let path = dialog_path(dialog);
    let mut holder = app.db.begin().await.unwrap();
    sqlx::query("select from dialog where id = $1 for update").bind(dialog).execute(&mut *holder).await.unwrap();

    let activities = format!("{path}/activities");
    tokio::select! {
        answer = owner.post(&activities, simple_activity("Information")) => {
            panic!("the row is held, and yet: {}", answer.text)
        }
        () = in_time(until(&app.db, 1)) => {}
    }
    in_time(owner.get(&path)).await.expect(200);
    in_time(until(&app.db, 0)).await;

    holder.rollback().await.unwrap();
    let dialog = owner.reads(dialog).await;
    assert_eq!(dialog["activities"], serde_json::json!([]), "what was left was not written");
}

/// A dropped transaction is rolled back by the time its connection is handed out again.
#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_behind() {
    let app = TestApp::start_with(&[("database.max_connections", "1")]).await;
    let mut work = app.door.begin().await.unwrap();
    sqlx::query("insert into org (name) values ('nobody')").execute(&mut *work).await.unwrap();
    drop(work);
    let query = "select (select count(*) from org where name = 'nobody'), pg_current_xact_id_if_assigned() is null";
    let (left, is_alone): (i64, bool) = sqlx::query_as(query).fetch_one(&app.door).await.unwrap();
    assert_eq!((left, is_alone), (0, true), "the row is gone, and no transaction is open");
}

/// Returns when so many statements wait for a lock.
async fn until(db: &PgPool, waiting: i64) {
    let query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(query).fetch_one(db).await.unwrap() != waiting {
        tokio::task::yield_now().await;
    }
}
