//! A database that can be read and not written.

use sqlx::AssertSqlSafe;

use super::{assert_unavailable, dialog_path, readiness};
use crate::harness::{TestApp, simple_dialog};

/// M-25: as after a failover, when old connections lead to what is a replica now.
#[tokio::test]
async fn a_read_only_database_takes_no_writes_and_says_so() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let read_only = async |on: bool| {
        let name: String =
            sqlx::query_scalar("select quote_ident(current_database())").fetch_one(&app.db).await.unwrap();
        let set = format!("alter database {name} set default_transaction_read_only = {on}");
        sqlx::query(AssertSqlSafe(set)).execute(&app.db).await.unwrap();
    };
    read_only(true).await;
    end_sessions(&app).await;

    assert_unavailable(&owner.post("serviceowner/dialogs", simple_dialog()).await);
    let (status, said) = readiness(&app).await;
    assert_eq!((status, said.as_str()), (503, "The database is read-only."));
    owner.get(&dialog_path(dialog)).await.expect(200);

    // The next connection may lead to one that can be written, so none of the old ones is kept.
    read_only(false).await;
    assert_unavailable(&owner.post("serviceowner/dialogs", simple_dialog()).await);
    owner.creates(simple_dialog()).await;
}

/// M-25: no room on the disk. A trigger says what the server would.
#[tokio::test]
async fn a_full_disk_is_told_by_readiness() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let script = "create function no_room() returns trigger language plpgsql as
                  $$ begin raise 'could not extend file' using errcode = 'disk_full'; end $$;
                  create trigger no_room before insert on dialog execute function no_room()";
    sqlx::raw_sql(script).execute(&app.db).await.unwrap();

    assert_unavailable(&owner.post("serviceowner/dialogs", simple_dialog()).await);
    let (status, said) = readiness(&app).await;
    assert_eq!((status, said.as_str()), (503, "The database has no room left on its disk."));
    owner.get(&dialog_path(dialog)).await.expect(200);
}

/// Of the service: those that look past it are left alone.
async fn end_sessions(app: &TestApp) {
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'dialogporten'",
    )
    .execute(&app.db)
    .await
    .unwrap();
}
