//! The harness itself: what the other tests take for granted.

use crate::harness::{Edit, OTHER_PERSON, PERSON, TestApp, database, localized, simple_dialog};

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

#[tokio::test]
async fn a_reader_without_rights_learns_nothing() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;

    let refused = app.person(OTHER_PERSON).get(&format!("enduser/dialogs/{dialog}")).await;

    assert_eq!(refused.status, 403);
    assert_eq!(app.person(PERSON).opens(dialog).await["id"], dialog.to_string());
    let raised: Vec<_> = app.raised_events(dialog).await.into_iter().map(|event| event.kind).collect();
    assert_eq!(raised.first().map(String::as_str), Some("DialogCreated"), "{raised:?}");
}

#[tokio::test]
async fn a_changed_world_is_in_force_when_the_change_is_answered() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let reader = app.person(OTHER_PERSON);
    let path = format!("enduser/dialogs/{dialog}");
    assert_eq!(reader.get(&path).await.status, 403);

    let grant = serde_json::json!({ "grants": [{
        "to": format!("person:{OTHER_PERSON}"), "for": format!("person:{PERSON}"),
        "resource": "ttd-dialogporten-automated-tests",
    }] });
    app.anonymous().patch("/sandbox/world", grant).await;
    assert_eq!(reader.get(&path).await.status, 200);

    app.anonymous().post("/sandbox/reset", None).await.expect(204);
    assert_eq!(app.service_owner("ttd").get(&format!("serviceowner/dialogs/{dialog}")).await.status, 404);
}

/// M-00: whatever a test took (files, sockets, connections to the database) it gives back, so that the suite passes under
/// the usual limit of 1,024 open files. In a process of its own, where no other test opens anything meanwhile.
#[test]
fn a_test_gives_back_what_it_took() {
    let counted = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "harness_works::descriptors_are_counted", "--ignored", "--nocapture"])
        .output()
        .expect("this program runs once more");
    let said = String::from_utf8_lossy(&counted.stdout);
    assert!(
        counted.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&counted.stderr)
    );
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn descriptors_are_counted() {
    let one_test = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let app = TestApp::start().await;
            let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
            app.person(PERSON).opens(dialog).await;
            app.anonymous().post("/sandbox/reset", None).await.expect(204);
        });
    };
    let open = || std::fs::read_dir("/proc/self/fd").or_else(|_| std::fs::read_dir("/dev/fd")).map(Iterator::count);
    // The first opens what all share: the server's locks, statics.
    one_test();
    let before = open().expect("a list of open files");
    for _ in 0..8 {
        one_test();
    }
    let after = open().expect("a list of open files");
    assert!(after <= before + 2, "{before} files were open after one test, {after} after nine");
}
