//! NAV fp-inntektsmelding (chapter 07 §9).

use reqwest::Method;
use serde_json::{Value, json};

use super::unquoted;
use crate::harness::{ORGANIZATION, TestApp};

fn text(value: &str) -> Value {
    json!({ "value": [{ "value": value, "languageCode": "nb" }], "mediaType": "text/plain" })
}

/// Two things of one name: free text at the root, and a content value.
#[tokio::test]
async fn nav_fp_changes_status_content_and_appends() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let transmission = json!({
        "type": "Information", "extendedType": "forespoersel", "sender": { "actorType": "ServiceOwner" },
        "content": { "title": text("Inntektsmelding"), "summary": text("Send inn") },
    });
    let dialog = json!({
        "serviceResource": "urn:altinn:resource:ttd-dialogporten-automated-tests",
        "party": format!("urn:altinn:organization:identifier-no:{ORGANIZATION}"),
        "externalReference": "0196c0de-0000-7000-8000-00000000000a", "extendedStatus": "Opprettet", "status": "New",
        "content": { "title": text("Inntektsmelding"), "summary": text("Nav trenger"), "extendedStatus": text("Opprettet") },
        "transmissions": [transmission],
    });
    let id = unquoted(&owner.post("serviceowner/dialogs", dialog).await.expect(201));
    let path = format!("serviceowner/dialogs/{id}");
    let operations = json!([
        { "op": "replace", "path": "/status", "value": "Completed" },
        { "op": "replace", "path": "/extendedStatus", "value": "Mottatt" },
        { "op": "replace", "path": "/content", "value": {
            "title": text("Inntektsmelding mottatt"), "summary": null, "extendedStatus": text("Mottatt"),
        } },
        { "op": "add", "path": "/transmissions", "value": [transmission] },
    ])
    .to_string();
    owner.send_text(Method::PATCH, &path, Some((&operations, "application/json-patch+json"))).await.expect(204);
    let read = owner.get(&path).await.expect(200).body;
    assert_eq!((&read["status"], &read["extendedStatus"]), (&json!("Completed"), &json!("Mottatt")));
    assert_eq!(read["content"]["extendedStatus"]["value"][0]["value"], "Mottatt");
    assert!(read["content"].get("summary").is_none());
    assert_eq!(read["transmissions"].as_array().unwrap().len(), 2);
    assert_eq!(read["transmissions"][1]["extendedType"], "forespoersel");
}

/// It logs every refusal whole: no number of a person may be in it.
#[tokio::test]
async fn nav_fp_logs_refusals() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let number = crate::harness::PERSON;
    let dialog = json!({
        "serviceResource": "urn:altinn:resource:ttd-dialogporten-automated-tests",
        "party": format!("urn:altinn:person:identifier-no:{number}"), "progress": 101, "status": "x",
    });
    let refused = owner.post("serviceowner/dialogs", dialog).await.expect(400);
    assert!(!refused.text.contains(number), "{}", refused.text);
}
