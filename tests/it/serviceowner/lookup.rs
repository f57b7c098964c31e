//! `GET /serviceowner/dialoglookup`.

use dialogporten::domain::ids::DialogId;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{Edit, TestApp, fresh_id, simple_dialog};

fn by_id(id: DialogId) -> String {
    format!("serviceowner/dialoglookup?instanceRef=urn:altinn:dialog-id:{id}")
}

/// D-004, D-020: the whole answer, with everything and with as little as there may be.
#[tokio::test]
async fn an_instance_leads_to_its_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let both = |nb: &str, en: &str| json!({"value": [{"languageCode": "nb", "value": nb}, {"languageCode": "en", "value": en}]});
    let instance = fresh_id();
    let full = simple_dialog()
        .with("content.title", both("Tittel", "Title"))
        .with("content.nonSensitiveTitle", both("Åpen", "Open"))
        .with(
            "serviceOwnerContext.serviceOwnerLabels",
            json!([{"value": format!("urn:altinn:integration:storage:7/{instance}")}]),
        );
    let dialog = owner.creates(full).await;
    let answer = owner.get(&by_id(dialog)).await.expect(200);
    assert_eq!((answer.etag(), answer.header("cache-control")), ("", ""));
    let shown = |text: &str, dialog: DialogId| -> Value {
        let text = text.replace(&dialog.to_string(), "[dialog]").replace(&instance.to_string(), "[instance]");
        serde_json::from_str(&text).expect("JSON")
    };
    assert_json_snapshot!("everything", shown(&answer.text, dialog));
    let path = format!("serviceowner/dialoglookup?INSTANCEREF=%20URN:ALTINN:INSTANCE-ID:7/{instance}%20");
    assert_eq!(owner.get(&path).await.expect(200).body, answer.body);

    let english = owner.clone().header("accept-language", "en").get(&by_id(dialog)).await.expect(200).body;
    assert_eq!(english["title"], json!([{"languageCode": "en", "value": "Title"}]));
    assert_eq!(english["nonSensitiveTitle"], json!([{"languageCode": "en", "value": "Open"}]));

    let bare = owner.creates(simple_dialog().without("content").with("isApiOnly", true)).await;
    let answer = owner.get(&by_id(bare)).await.expect(200);
    assert_json_snapshot!("nothing", shown(&answer.text, bare));
}

/// D-006, and deleted ones; an instance that two dialogs claim says nothing.
#[tokio::test]
async fn owners_find_their_own_deleted_or_not() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let label = format!("urn:altinn:correspondence-id:{}", fresh_id());
    let body = simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", json!([{"value": label}]));
    let dialog = owner.creates(body.clone()).await;
    let refused = app.service_owner("brg").get(&by_id(dialog)).await.expect(403);
    assert_eq!(refused.errors("Forbidden"), ["The authenticated service owner does not own the resolved dialog."]);
    app.service_owner("other").get(&by_id(dialog)).await.expect(403);
    app.service_owner("other")
        .and_scopes(&["digdir:dialogporten.serviceprovider.admin"])
        .get(&by_id(dialog))
        .await
        .expect(200);
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    owner.get(&by_id(dialog)).await.expect(200);
    let path = format!("serviceowner/dialoglookup?instanceRef={label}");
    assert_eq!(owner.get(&path).await.expect(200).body["dialogId"], dialog.to_string());
    owner.creates(body).await;
    owner.get(&path).await.expect(500);
    app.service_owner("other")
        .get(&format!("serviceowner/dialoglookup?instanceRef=urn:altinn:dialog-id:{}", fresh_id()))
        .await
        .expect(404);
}

/// D-007
#[tokio::test]
async fn odd_references_are_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for query in [
        "?instanceRef=urn:altinn:unsupported:abc",
        "?instanceRef=",
        "",
        "?instanceRef=x&instanceRef=y",
        "?instanceRef=%F0%9F%A6%80",
    ] {
        let refused = owner.get(&format!("serviceowner/dialoglookup{query}")).await.expect(400);
        assert_eq!(refused.body["errors"].as_object().map(serde_json::Map::len), Some(1), "{query}: {}", refused.text);
        assert_eq!(refused.errors("InstanceRef").len(), 1, "{query}");
    }
    let odd = owner.header("accept-language", "invalid;;;");
    assert_eq!(odd.get(&by_id(DialogId(fresh_id()))).await.expect(400).errors("Accept-Language").len(), 1);
}

/// What the registry forgot is named by what the dialog knows.
#[tokio::test]
async fn a_resource_that_the_registry_lost_is_named_by_its_id() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let dialog = admin.creates(simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-level-3")).await;
    let mut world = app.anonymous().get("/sandbox/world").await.expect(200).body;
    world["resources"].as_array_mut().expect("resources").retain(|resource| resource["id"] != "ttd-level-3");
    world["grants"].as_array_mut().expect("grants").retain(|grant| grant["resource"] != "ttd-level-3");
    world["expect"] = json!([]);
    app.anonymous().put("/sandbox/world", world).await.expect(204);
    let found = admin.get(&by_id(dialog)).await.expect(200).body;
    assert_eq!(found["serviceResource"]["name"], json!([{"languageCode": "nb", "value": "ttd-level-3"}]));
    assert_eq!(found["serviceResource"]["isDelegable"], false);
    assert_eq!(
        found["serviceOwner"],
        json!({"orgNumber": "", "code": "ttd", "name": [{"languageCode": "nb", "value": "ttd"}]})
    );
}

/// What the documents propose is there once the default scenario is loaded.
#[test]
fn the_documents_example_is_in_the_default_scenario() {
    let (_, instance) = dialogporten::lookup::EXAMPLE.rsplit_once(':').expect("a URN");
    let label = format!("urn:altinn:integration:storage:{instance}");
    assert!(include_str!("../../../scenarios/default.yaml").contains(&label));
}
