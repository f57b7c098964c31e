//! A schema that is not the one that this program is made for.

use sqlx::AssertSqlSafe;

use super::{readiness, until_told};
use crate::harness::TestApp;

/// M-36: not migrated, older, changed: not ready, and what mends it. Newer: ready, because migrations leave the version
/// before at work; said all the same.
#[tokio::test]
async fn readiness_compares_the_schema() {
    let app = TestApp::start().await;
    assert_eq!(readiness(&app).await, (200, String::new()));
    for (change, undo, status, said) in [
        (
            "alter table _sqlx_migrations rename to gone",
            "alter table gone rename to _sqlx_migrations",
            503,
            "The database is not migrated. `dialogporten migrate` does it.",
        ),
        (
            "update _sqlx_migrations set checksum = '\\x00' where version = 1",
            "",
            503,
            "Migration 1 was applied in another form",
        ),
    ] {
        sqlx::query(AssertSqlSafe(change)).execute(&app.db).await.unwrap();
        let found = until_told(&app, said).await;
        assert_eq!(found.0, status, "{change}: {found:?}");
        if !undo.is_empty() {
            sqlx::query(AssertSqlSafe(undo)).execute(&app.db).await.unwrap();
        }
    }
}

#[tokio::test]
async fn readiness_tells_older_from_newer() {
    let app = TestApp::start().await;
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (99999999, 'from the future', true, '\\x00', 1)",
    )
    .execute(&app.db)
    .await
    .unwrap();
    let (status, said) = until_told(&app, "The schema is newer than this version: migration 99999999").await;
    assert_eq!(status, 200, "{said}");

    let newest = "delete from _sqlx_migrations where version >= (select max(version) from _sqlx_migrations where version < 99999999)";
    sqlx::query(newest).execute(&app.db).await.unwrap();
    let (status, said) = until_told(&app, "The schema is older than this version: migrations are missing (1, ").await;
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("`dialogporten migrate`"), "{said}");
}
