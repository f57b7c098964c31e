//! NAV hag-dialogporten-client (chapter 07 §8): ktor with kotlinx.serialization, which writes defaults and nulls.

use reqwest::Method;
use serde_json::{Value, json};

use super::unquoted;
use crate::harness::{Client, Edit, ORGANIZATION, TestApp};

const DIALOGS: &str = "serviceowner/dialogs";
const OLD_EMBED: &str = "application/vnd.dialogporten.frontchannelembed+json;type=markdown";
const PATCH: &str = "application/json-patch+json";

fn text(value: &str) -> Value {
    json!({ "value": [{ "value": value, "languageCode": "nb" }], "mediaType": "text/plain" })
}

fn transmission() -> Value {
    json!({
        "type": "Information", "extendedType": "sykmelding", "externalReference": "ref-1", "isSilentUpdate": false,
        "sender": { "actorType": "ServiceOwner" },
        "content": {
            "title": text("Sykmelding"), "summary": text("Om sykmeldingen"), "additionalInfo": null,
            "contentReference": { "value": [{ "value": "https://example.com/c", "languageCode": "nb" }], "mediaType": OLD_EMBED },
        },
        "attachments": [{
            "displayName": [{ "value": "sykmelding.json", "languageCode": "nb" }],
            "urls": [{ "url": "https://example.com/s.json", "mediaType": "application/json", "consumerType": "Api" }],
        }],
    })
}

fn dialog() -> Value {
    json!({
        "serviceResource": "urn:altinn:resource:ttd-dialogporten-automated-tests",
        "party": format!("urn:altinn:organization:identifier-no:{ORGANIZATION}"),
        "externalReference": "0196c0de-0000-7000-8000-000000000009", "idempotentKey": "hag-key-1", "status": null,
        "content": { "title": text("Sykmelding"), "summary": null, "contentReference": null, "additionalInfo": null },
        "transmissions": [transmission()], "isApiOnly": true,
        "apiActions": [{
            "action": "read",
            "endpoints": [{ "url": "https://example.com/api", "httpMethod": "GET", "documentationUrl": "https://example.com/doc" }],
        }],
        "guiActions": [],
    })
}

async fn created(owner: &Client<'_>) -> String {
    unquoted(&owner.post(DIALOGS, dialog()).await.expect(201))
}

async fn patches(owner: &Client<'_>, id: &str, text: &str) -> Value {
    owner.send_text(Method::PATCH, &format!("{DIALOGS}/{id}"), Some((text, PATCH))).await.expect(204);
    owner.get(&format!("{DIALOGS}/{id}")).await.expect(200).body
}

/// Checklist rows 7, 12
#[tokio::test]
async fn nav_hag_creates_with_nulls_and_reads() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = created(&owner).await;
    let read = owner.get(&format!("{DIALOGS}/{id}")).await.expect(200).body;
    for member in ["id", "serviceResource", "party", "externalReference", "idempotentKey", "status"] {
        assert!(read[member].is_string(), "{member}");
    }
    assert!(read["content"]["title"].is_object());
    let transmission = &read["transmissions"][0];
    for member in ["id", "type", "extendedType", "externalReference"] {
        assert!(transmission[member].is_string(), "{member}");
    }
    assert_eq!(transmission["sender"]["actorType"], "ServiceOwner");
    assert_eq!(
        transmission["content"]["contentReference"]["mediaType"],
        "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown"
    );
}

/// Checklist row 9: it looks for the word, blanks, an apostrophe if there is one, and the id.
#[tokio::test]
async fn nav_hag_finds_the_dialog_of_a_repeated_key() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = created(&owner).await;
    let again = owner.post(DIALOGS, dialog()).await.expect(409);
    assert_eq!(again.errors("IdempotentKey"), [format!("'hag-key-1' already exists with DialogId '{id}'").as_str()]);
    let lower = again.text.to_lowercase();
    let after = lower.split("dialogid").nth(1).expect("the word").trim_start();
    assert_eq!(&after.strip_prefix('\'').unwrap_or(after)[..36], id);
    assert_eq!(lower.matches("dialogid").count(), 1, "the first one counts");
}

/// Checklist row 6: a class name in each operation, the value first.
#[tokio::test]
async fn nav_hag_patches_with_surplus_members_in_any_order() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = created(&owner).await;
    let read =
        patches(&owner, &id, r#"[{"type":"no.nav.AddStatus","value":"InProgress","op":"add","path":"/status"}]"#).await;
    assert_eq!(read["status"], "InProgress");
    let read =
        patches(&owner, &id, r#"[{"type":"no.nav.AddStatus","value":"Completed","op":"add","path":"/status"}]"#).await;
    assert_eq!(read["status"], "Completed");

    let action = r#"{"action":"read","name":null,"endpoints":[{"url":"https://example.com/v2","httpMethod":"GET"}]}"#;
    let gui = r#"{"action":"read","url":"https://example.com/gui","priority":"Primary","title":[{"value":"Se","languageCode":"nb"}]}"#;
    for op in ["add", "replace"] {
        let operations = format!(
            r#"[{{"type":"x","value":[{action}],"op":"{op}","path":"/apiActions"}},
                {{"type":"x","value":[{gui}],"op":"{op}","path":"/guiActions"}}]"#
        );
        let read = patches(&owner, &id, &operations).await;
        assert_eq!(read["apiActions"].as_array().unwrap().len(), 1, "{op}");
        assert_eq!(read["apiActions"][0]["endpoints"][0]["url"], "https://example.com/v2");
        assert_eq!(read["guiActions"][0]["url"], "https://example.com/gui");
    }
    let remove = r#"[{"type":"x","op":"remove","path":"/apiActions"},{"type":"x","op":"remove","path":"/guiActions"}]"#;
    let read = patches(&owner, &id, remove).await;
    assert_eq!((&read["apiActions"], &read["guiActions"]), (&json!([]), &json!([])));

    let attachments = json!([{ "type": "x", "op": "replace", "path": "/attachments", "value": [{
        "displayName": [{ "value": "a", "languageCode": "nb" }],
        "urls": [{ "url": "https://example.com/a", "consumerType": "Api", "mediaType": null }],
    }] }]);
    let read = patches(&owner, &id, &attachments.to_string()).await;
    assert_eq!(read["attachments"].as_array().unwrap().len(), 1);

    let list =
        json!([{ "type": "x", "value": [transmission(), transmission()], "op": "add", "path": "/transmissions" }]);
    let read = patches(&owner, &id, &list.to_string()).await;
    assert_eq!(read["transmissions"].as_array().unwrap().len(), 3);

    let read = patches(&owner, &id, r#"[{"type":"x","op":"remove","path":"/isApiOnly"}]"#).await;
    assert_eq!(read["isApiOnly"], false);
}

#[tokio::test]
async fn nav_hag_appends_and_replaces() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = created(&owner).await;
    let new = transmission().with("idempotentKey", Value::Null).with("relatedTransmissionId", Value::Null);
    let transmission_id =
        unquoted(&owner.post(&format!("{DIALOGS}/{id}/transmissions"), new.clone()).await.expect(201));
    let replaced = new.with("id", transmission_id.as_str()).with("isSilentUpdate", true).with("type", "Alert");
    owner.put(&format!("{DIALOGS}/{id}/transmissions/{transmission_id}"), replaced).await.expect(204);
    let activity = json!({
        "type": "DialogOpened", "transmissionId": null, "extendedType": null, "performedBy": { "actorType": "ServiceOwner" },
    });
    unquoted(&owner.post(&format!("{DIALOGS}/{id}/activities"), activity).await.expect(201));
    let read = owner.get(&format!("{DIALOGS}/{id}")).await.expect(200).body;
    assert_eq!(read["transmissions"][1]["type"], "Alert");
}

/// Checklist row 15: it fetches a new token when it sees this.
#[tokio::test]
async fn nav_hag_is_asked_for_a_token() {
    let app = TestApp::start().await;
    for client in [app.anonymous(), app.with_token("e30.e30.x")] {
        let refused = client.post(DIALOGS, dialog()).await.expect(401);
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
    }
}
