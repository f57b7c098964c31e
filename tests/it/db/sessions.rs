//! Which connections requests get.

use futures_util::future::join_all;

use super::dialog_path;
use crate::harness::{TestApp, simple_dialog};

/// The plans of the statements rely on these; the rest ends what nobody waits for.
#[tokio::test]
async fn every_connection_has_been_told_its_settings() {
    let app = TestApp::start_with(&[("database.statement_timeout", "7s")]).await;
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(app.door.acquire().await.unwrap());
    }
    for connection in &mut connections {
        for (name, value) in [
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_sort", "off"),
            ("max_parallel_workers_per_gather", "0"),
            ("jit", "off"),
            ("statement_timeout", "7s"),
            ("idle_in_transaction_session_timeout", "8s"),
            ("client_connection_check_interval", "1s"),
            ("application_name", "dialogporten"),
        ] {
            let query = sqlx::query_scalar::<_, String>("select current_setting($1)").bind(name);
            assert_eq!(query.fetch_one(&mut *connection).await.unwrap(), value, "{name}");
        }
    }
}

/// One caller keeps one connection hot, however many are open.
#[tokio::test]
async fn the_connection_that_was_given_back_last_is_used_next() {
    let app = TestApp::start_with(&[("database.max_connections", "4")]).await;
    let owner = app.service_owner("ttd");
    let path = dialog_path(owner.creates(simple_dialog()).await);
    let process = async || sqlx::query_scalar::<_, i32>("select pg_backend_pid()").fetch_one(&app.door).await.unwrap();
    join_all((0..16).map(|_| process())).await;

    let hot = process().await;
    for _ in 0..8 {
        owner.get(&path).await.expect(200);
        assert_eq!(process().await, hot);
    }
}

/// Whoever comes after a restart of the server gets a connection to the new one.
#[tokio::test]
async fn connections_that_lost_their_server_are_not_handed_out() {
    let app = TestApp::start().await;
    let process = async || sqlx::query_scalar::<_, i32>("select pg_backend_pid()").fetch_one(&app.door).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(app.door.acquire().await.unwrap());
    }
    drop(held);
    sqlx::query(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity
          where datname = current_database() and application_name = 'dialogporten'",
    )
    .execute(&app.db)
    .await
    .unwrap();
    // One that was in use a moment ago is trusted; it fails, and tells of the others.
    let _ = process().await;
    for _ in 0..8 {
        process().await.unwrap();
    }
}
