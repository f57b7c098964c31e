//! Who gets to a dialog: tokens, owners and levels on the real routes.

use dialogporten::auth::Scope;

use crate::harness::{Edit, PERSON, TestApp, fresh_id, simple_dialog};

/// decided before the path, the query and the body are looked at.
#[tokio::test]
async fn the_token_is_judged_before_anything_else() {
    let app = TestApp::start().await;
    let dialog = fresh_id();
    let owners =
        ["serviceowner/dialogs".to_owned(), format!("serviceowner/dialogs/{dialog}"), "serviceowner/dialogs/x".into()];
    let end_users =
        ["enduser/dialogs?limit=x".to_owned(), format!("enduser/dialogs/{dialog}"), "enduser/dialogs/x".into()];
    for path in owners.iter().chain(&end_users) {
        let refused = app.anonymous().get(path).await.expect(401);
        assert!(refused.header("www-authenticate").contains("Bearer") && refused.text.is_empty(), "{path}");
        let refused = app.with_token("thisisnotavalidtoken").get(path).await.expect(401);
        assert!(refused.header("www-authenticate").contains("Bearer error=\"invalid_token\""), "{path}");
        app.service_owner("ttd").with_scopes(&["wrong-scope"]).get(path).await.expect(403);
        app.person(PERSON).with_scopes(&["wrong-scope"]).get(path).await.expect(403);
    }
    for path in &owners {
        app.person(PERSON).get(path).await.expect(403);
    }
    for path in &end_users {
        app.service_owner("ttd").get(path).await.expect(403);
    }
    let body = serde_json::json!({ "not": "a dialog" });
    app.with_token("thisisnotavalidtoken").post("serviceowner/dialogs", body).await.expect(401);
}

///
#[tokio::test]
async fn listing_takes_a_scope_of_its_own() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&[Scope::ServiceProvider.as_str()]);
    owner.get("serviceowner/dialogs").await.expect(403);
    owner.and_scopes(&[Scope::Search.as_str()]).get("serviceowner/dialogs").await.expect(200);
}

///
#[tokio::test]
async fn somebody_elses_dialog_looks_like_a_missing_one() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let path = format!("serviceowner/dialogs/{dialog}");
    let stranger = app.service_owner("other");
    stranger.get(&path).await.expect(404);
    stranger.delete(&path).await.expect(404);
    let admin = stranger.and_scopes(&[Scope::Admin.as_str()]);
    admin.get(&path).await.expect(200);
    admin.delete(&path).await.expect(204);
}

///
#[tokio::test]
async fn readers_need_the_level_of_the_resource() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let table = [
        ("ttd-no-level", [false, true, true]),
        ("ttd-level-3", [false, true, true]),
        ("ttd-dialogporten-transmissions-test", [false, false, true]),
        ("ttd-dialogporten-automated-tests", [false, true, true]),
    ];
    for (resource, expected) in table {
        let body = simple_dialog().with("serviceResource", format!("urn:altinn:resource:{resource}"));
        let dialog = owner.creates(body).await;
        for (level, open) in [1, 3, 4].into_iter().zip(expected) {
            let answer = app.person(PERSON).level(level).get(&format!("enduser/dialogs/{dialog}")).await;
            assert_eq!(answer.status.as_u16(), if open { 200 } else { 403 }, "{resource} at level {level}");
            if !open {
                assert_eq!(answer.errors("Forbidden"), ["Altinn authentication level too low."]);
            }
        }
    }
}
