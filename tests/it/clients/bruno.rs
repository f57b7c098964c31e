//! The request collection for Bruno (chapter 07 §12).

use serde_json::json;

use super::{PREFIXED, unquoted};
use crate::harness::{Edit, PERSON, TestApp, simple_dialog};

/// Checklist rows 1, 7: JSON whatever it says it takes; paths in any case, with a slash at the end.
#[tokio::test]
async fn bruno_takes_plain_text_and_gets_json() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").header("accept", "text/plain");
    let id = unquoted(&owner.post("/dialogporten/api/v1/ServiceOwner/Dialogs/", simple_dialog()).await.expect(201));
    for path in [
        format!("{PREFIXED}/{id}/"),
        format!("/api/v1/ServiceOwner/dialogs/{id}"),
        format!("/Dialogporten/API/v1/SERVICEOWNER/DIALOGS/{}/", id.to_uppercase()),
    ] {
        let read = owner.get(&path).await.expect(200);
        assert_eq!(read.body["id"], id, "{path}");
        assert_eq!(read.header("content-type"), "application/json; charset=utf-8");
    }
    let refused = owner.get(&format!("{PREFIXED}/{}", crate::harness::fresh_id())).await.expect(404);
    assert_eq!(refused.body["status"], 404);
    let party = format!("urn:altinn:person:identifier-no:{PERSON}");
    let listed = owner.get(&format!("{PREFIXED}/?Party={party}")).await.expect(200);
    assert_eq!(listed.body["items"][0]["id"], id);
    let listed =
        app.person(PERSON).get(&format!("/dialogporten/api/v1/enduser/dialogs/?Party={party}")).await.expect(200);
    assert_eq!(listed.body["items"][0]["id"], id);
    owner.post(&format!("{PREFIXED}/{id}/Actions/Purge/"), None).await.expect(204);
}

/// Checklist row 6: the leading slash may be missing.
#[tokio::test]
async fn bruno_patches_without_leading_slash() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = owner.creates(simple_dialog()).await;
    let patch = json!([{ "op": "replace", "path": "progress", "value": 60 }]);
    owner.patch(&format!("{PREFIXED}/{id}"), patch).await.expect(204);
    assert_eq!(owner.reads(id).await["progress"], 60);
}

/// Checklist row 4
#[tokio::test]
async fn bruno_puts_what_it_may_not_change() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = owner.creates(simple_dialog()).await;
    let body = simple_dialog()
        .with("id", id.to_string())
        .with("revision", "0196c0de-0000-4000-8000-000000000001")
        .with("org", "digdir")
        .with("party", "urn:altinn:organization:identifier-no:991825827")
        .with("status", "New");
    owner.put(&format!("{PREFIXED}/{id}/"), body).await.expect(204);
    let read = owner.reads(id).await;
    assert_eq!((&read["org"], &read["status"]), (&json!("ttd"), &json!("NotApplicable")));
    assert_eq!(read["party"], simple_dialog()["party"]);
}

/// Routes of old: 404 or 405, never anything else.
#[tokio::test]
async fn bruno_asks_for_retired_routes() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = owner.creates(simple_dialog()).await;
    for path in [
        format!("{PREFIXED}/{id}/labels"),
        format!("/api/v1/enduser/dialogs/{id}/labels"),
        format!("{PREFIXED}/{id}/notifications"),
    ] {
        let answer = owner.put(&path, json!({})).await;
        assert!([404, 405].contains(&answer.status.as_u16()), "{path} {}", answer.status);
        assert_eq!(answer.text, "");
    }
}
