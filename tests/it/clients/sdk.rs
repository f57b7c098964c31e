//! The published .NET SDKs (chapter 07 §10): Refit with `PascalCase` query keys and .NET's text forms.

use serde_json::{Value, json};

use super::{bare_etag, unquoted};
use crate::harness::{Client, Edit, PERSON, RESOURCE, TestApp, simple_dialog, simple_transmission};

const ACCEPT: &str = "application/json, application/problem+json, text/plain";

fn sdk(client: Client<'_>) -> Client<'_> {
    client.header("accept", ACCEPT).header("accept-language", "")
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Checklist rows 5, 16: names in another case, repeated keys, `True`, dates as .NET's invariant culture writes them.
#[tokio::test]
async fn sdk_searches() {
    let app = TestApp::start().await;
    let owner = sdk(app.service_owner("ttd"));
    let dialog = owner.creates(simple_dialog().with("status", "InProgress")).await;
    let soon = (app.clock.now() + chrono::TimeDelta::days(2)).format("%m/%d/%Y %H:%M:%S +00:00").to_string();
    let before = (app.clock.now() - chrono::TimeDelta::days(2)).format("%m/%d/%Y %H:%M:%S +00:00").to_string();
    let party = encoded(&format!("urn:altinn:person:identifier-no:{PERSON}"));
    let query = format!(
        "Party={party}&ServiceResource={}&Status=InProgress&Status=Draft&CreatedAfter={}&CreatedBefore={}&Limit=5",
        encoded(RESOURCE),
        encoded(&before),
        encoded(&soon),
    );
    for (client, path) in [
        (owner.clone(), format!("serviceowner/dialogs?{query}")),
        (sdk(app.person(PERSON)), format!("enduser/dialogs?{query}&ExcludeApiOnly=True")),
        (sdk(app.person(PERSON)), format!("enduser/dialogs?{query}&ExcludeApiOnly=False&SystemLabel=Default")),
    ] {
        let found = client.get(&path).await.expect(200);
        assert_eq!(found.body["items"][0]["id"], json!(dialog), "{path}");
        assert_eq!(found.body["items"].as_array().unwrap().len(), 1, "{path}");
        assert!(super::has_no_duplicate_keys(&found.text));
    }
    let none = format!("serviceowner/dialogs?Party={party}&CreatedAfter={}", encoded(&soon));
    assert_eq!(owner.get(&none).await.expect(200).body["items"], json!([]));
}

#[tokio::test]
async fn sdk_pages() {
    let app = TestApp::start().await;
    let owner = sdk(app.service_owner("ttd"));
    for _ in 0..3 {
        owner.creates(simple_dialog()).await;
    }
    let party = encoded(&format!("urn:altinn:person:identifier-no:{PERSON}"));
    let first =
        owner.get(&format!("serviceowner/dialogs?Party={party}&Limit=2&OrderBy=createdAt_desc")).await.expect(200);
    let token = encoded(first.body["continuationToken"].as_str().expect("a token"));
    let next = format!("serviceowner/dialogs?Party={party}&Limit=2&OrderBy=createdAt_desc&ContinuationToken={token}");
    let next = owner.get(&next).await.expect(200);
    assert_eq!(next.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(next.body["hasNextPage"], false);
}

/// All languages without a wish; an empty header is none.
#[tokio::test]
async fn sdk_reads_every_language() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let english = json!({ "languageCode": "en", "value": "A form" });
    let dialog = owner.creates(simple_dialog().and("content.title.value", english)).await;
    for client in [sdk(app.person(PERSON)), app.person(PERSON)] {
        let read = client.get(&format!("enduser/dialogs/{dialog}")).await.expect(200);
        assert_eq!(read.body["content"]["title"]["value"].as_array().unwrap().len(), 2);
        bare_etag(&read);
    }
    let english = app.person(PERSON).header("accept-language", "en").get(&format!("enduser/dialogs/{dialog}")).await;
    assert_eq!(english.body["content"]["title"]["value"].as_array().unwrap().len(), 1);
}

/// Checklist row 7: text as it came, and an `operationType` that means nothing.
#[tokio::test]
async fn sdk_writes() {
    let app = TestApp::start().await;
    let owner = sdk(app.service_owner("ttd"));
    let created = owner.post("serviceowner/dialogs?IsSilentUpdate=False", simple_dialog()).await.expect(201);
    let (id, etag) = (unquoted(&created), bare_etag(&created));
    let path = format!("serviceowner/dialogs/{id}");
    let guarded = owner.clone().header("if-Match", &etag);
    let operations = json!([
        { "operationType": "Add", "value": 40, "op": "replace", "path": "/progress" },
        { "OperationType": 0, "from": null, "value": "Draft", "op": "Replace", "path": "/Status" },
    ]);
    let patched = guarded.patch(&path, operations).await.expect(204);
    let read = owner.get(&path).await.expect(200).body;
    assert_eq!((&read["progress"], &read["status"]), (&json!(40), &json!("Draft")));
    let quoted = format!("\"{}\"", bare_etag(&patched));
    owner.clone().header("if-Match", &quoted).delete(&path).await.expect(204);
    let gone = owner.put(&path, simple_dialog()).await.expect(410);
    assert_eq!(gone.header("content-type"), "application/problem+json; charset=utf-8");
    assert!(gone.body["traceId"].is_string());
}

/// It stops the application if this fails.
#[tokio::test]
async fn sdk_loads_the_keys_at_start() {
    let app = TestApp::start().await;
    for path in ["/api/v1/.well-known/jwks.json", "/dialogporten/api/v1/.well-known/jwks.json"] {
        let keys = sdk(app.anonymous()).get(path).await.expect(200);
        let keys = keys.body["keys"].as_array().expect("keys").clone();
        assert!(!keys.is_empty());
        for key in keys {
            assert_eq!(
                (&key["kty"], &key["use"], &key["crv"], &key["alg"]),
                (&json!("OKP"), &json!("sig"), &json!("Ed25519"), &json!("EdDSA"))
            );
            assert!(key["kid"].is_string() && key["x"].is_string());
        }
    }
}

/// Enums by their `PascalCase` names, in exact case.
#[tokio::test]
async fn sdk_reads_names_in_exact_case() {
    let app = TestApp::start().await;
    let owner = sdk(app.service_owner("ttd"));
    let dialog =
        owner.creates(simple_dialog().and("transmissions", simple_transmission().with("type", "submission"))).await;
    let read = owner.reads(dialog).await;
    assert_eq!(read["transmissions"][0]["type"], "Submission");
    assert_eq!(read["transmissions"][0]["sender"]["actorType"], "ServiceOwner");
    assert_eq!(read["endUserContext"]["systemLabels"], json!(["Default", "Sent"]));
    assert_ne!(read["serviceOwnerContext"]["revision"], Value::Null);
}
