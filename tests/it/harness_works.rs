//! The harness itself: what the other tests take for granted.

use crate::harness::{Edit, TestApp, database, localized, simple_dialog};

#[tokio::test]
async fn every_test_has_a_migrated_database_of_its_own() {
    let (one, two) = (database().await, database().await);
    assert_ne!(one.url, two.url);
    let pool = sqlx::PgPool::connect(&one.url).await.unwrap();
    let dialogs: i64 = sqlx::query_scalar("select count(*) from dialog").fetch_one(&pool).await.unwrap();
    assert_eq!(dialogs, 0);
}

#[test]
fn bodies_are_changed_by_path() {
    let dialog = simple_dialog()
        .with("content.title.value.0.value", "Ny tittel")
        .with("extra.inner", 3)
        .and("searchTags", serde_json::json!({ "value": "tag" }))
        .and("content.summary.value", localized("Oppsummering")[0].clone())
        .without("status");
    assert_eq!(dialog["content"]["title"]["value"][0]["value"], "Ny tittel");
    assert_eq!(dialog["extra"]["inner"], 3);
    assert_eq!(dialog["searchTags"][0]["value"], "tag");
    assert_eq!(dialog["content"]["summary"]["value"].as_array().unwrap().len(), 2);
    assert!(dialog.get("status").is_none());
}

#[tokio::test]
async fn the_clock_of_a_test_is_that_of_its_tokens() {
    let app = TestApp::start().await;
    app.clock.advance(chrono::Duration::days(400));
    let answer = app.anonymous().get("/sandbox/clock").await.expect(200);
    let year = answer.body["now"].as_str().unwrap()[..4].to_owned();
    assert_eq!(year, app.clock.now().format("%Y").to_string());
    assert!(app.person("08844397713").token().is_some_and(|token| token.matches('.').count() == 2));
}
