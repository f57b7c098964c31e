//! Altinn Correspondence (chapter 07 §7): under the public prefix, without `If-Match`, with many nulls.

use dialogporten::auth::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PREFIXED, unquoted};
use crate::harness::{Answer, Client, Edit, PERSON, TestApp, fresh_id};

const OLD_EMBED: &str = "application/vnd.dialogporten.frontchannelembed+json;type=markdown";
const EMBED: &str = "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown";

fn correspondence(app: &TestApp) -> Client<'_> {
    app.service_owner("ttd").with_scopes(&[Scope::ServiceProvider.as_str(), Scope::Correspondence.as_str()])
}

/// As it makes one of a letter.
fn letter(id: &str) -> Value {
    let text = |value: &str| json!({ "value": [{ "value": value, "languageCode": "nb", "mediaType": null }], "mediaType": "text/plain" });
    json!({
        "id": id, "idempotentKey": null,
        "serviceResource": "urn:altinn:resource:ttd-dialogporten-automated-tests-correspondence",
        "party": format!("urn:altinn:person:identifier-no:{PERSON}"),
        "createdAt": null, "updatedAt": null, "visibleFrom": null, "expiresAt": null, "dueAt": null,
        "progress": null, "extendedStatus": null, "externalReference": null, "status": "NotApplicable",
        "content": {
            "title": text(&"t".repeat(512)), "senderName": text("Testdepartementet"), "summary": text("Et brev"),
            "additionalInfo": null, "extendedStatus": null,
            "mainContentReference": {
                "value": [{ "value": "https://example.com/content", "languageCode": "nb" }], "mediaType": OLD_EMBED,
            },
        },
        "searchTags": [{ "value": "brev" }],
        "attachments": [{
            "id": fresh_id(), "displayName": [{ "value": "Vedlegg", "languageCode": "nb" }], "expiresAt": null,
            "urls": [{ "id": null, "consumerType": "Gui", "mediaType": "application/pdf", "url": "https://example.com/1" }],
        }],
        "guiActions": [{
            "id": null, "action": "read", "url": "https://example.com/confirm", "httpMethod": "POST", "priority": "Primary",
            "authorizationAttribute": null, "isDeleteDialogAction": false, "prompt": null,
            "title": [{ "value": "Bekreft", "languageCode": "nb" }],
        }],
        "apiActions": [{
            "id": null, "action": "read", "authorizationAttribute": null,
            "endpoints": [{
                "id": null, "version": null, "url": "https://example.com/api", "httpMethod": "GET",
                "documentationUrl": null, "requestSchema": null, "responseSchema": null, "deprecated": false, "sunsetAt": null,
            }],
        }],
        "transmissions": [],
        "activities": [{
            "id": fresh_id(), "createdAt": "2024-05-01T10:00:00+02:00", "extendedType": null, "type": "DialogCreated",
            "relatedActivityId": null, "transmissionId": null, "description": [],
            "performedBy": { "actorType": "ServiceOwner", "actorName": null, "actorId": null },
        }],
    })
}

async fn created(client: &Client<'_>) -> String {
    let id = fresh_id().to_string();
    let body = letter(&id);
    let answer = client.post(&format!("{PREFIXED}?IsSilentUpdate=true"), body).await.expect(201);
    assert_eq!(unquoted(&answer), id);
    id
}

/// Checklist rows 1, 3, 12: mandatory members, empty lists, the rewritten media type, no name twice.
#[tokio::test]
async fn correspondence_reads_its_letter() {
    let app = TestApp::start().await;
    let client = correspondence(&app);
    let id = created(&client).await;
    let read = client.get(&format!("{PREFIXED}/{id}")).await.expect(200);
    assert!(super::has_no_duplicate_keys(&read.text));
    for member in ["id", "serviceResource", "party", "status"] {
        assert!(read.body[member].is_string(), "{member}");
    }
    assert!(read.body["content"]["title"]["value"].is_array());
    assert_eq!(read.body["content"]["mainContentReference"]["mediaType"], EMBED);
    assert!(read.body["guiActions"][0]["action"].is_string());
    let endpoint = &read.body["apiActions"][0]["endpoints"][0];
    assert_eq!((&endpoint["httpMethod"], endpoint["url"].is_string()), (&json!("GET"), true));
    let attachment = &read.body["attachments"][0];
    assert!(attachment["id"].is_string() && attachment["displayName"].is_array() && attachment["urls"].is_array());
    assert_eq!(read.body["activities"][0]["performedBy"]["actorType"], "ServiceOwner");
    assert_eq!(read.body["transmissions"], json!([]));
    let raised = app.raised_events(dialogporten::domain::ids::DialogId(id.parse().unwrap())).await;
    assert!(raised.iter().all(|event| event.body["is_silent_update"] == true), "IsSilentUpdate in that spelling");
}

/// Checklist row 9: these words mean success to it.
#[tokio::test]
async fn correspondence_repeats_itself() {
    let app = TestApp::start().await;
    let client = correspondence(&app);
    let id = created(&client).await;
    let body = letter(&id).without("attachments").with("activities", json!([]));
    let again = client.post(PREFIXED, body).await.expect(422);
    assert!(again.text.contains("already exists"), "{}", again.text);
    let activity = json!({
        "id": fresh_id(), "createdAt": null, "type": "CorrespondenceOpened", "extendedType": null, "relatedActivityId": null,
        "transmissionId": null, "description": null,
        "performedBy": { "actorType": "PartyRepresentative", "actorName": null,
                         "actorId": format!("urn:altinn:person:identifier-no:{PERSON}") },
    });
    let path = format!("{PREFIXED}/{id}/activities?isSilentUpdate=true");
    // A list that is null is a parse fault, as in the reference; it leaves it out.
    client.post(&path, activity.clone()).await.expect(400);
    let activity = activity.without("description");
    client.post(&path, activity.clone()).await.expect(201);
    let again = client.post(&path, activity).await.expect(422);
    assert!(again.text.contains("already exists"), "{}", again.text);
}

/// Checklist row 6: indices follow what was read, the whole list of attachments is exchanged.
#[tokio::test]
async fn correspondence_patches_as_plain_json() {
    let app = TestApp::start().await;
    let client = correspondence(&app);
    let id = created(&client).await;
    let path = format!("{PREFIXED}/{id}");
    let patch = async |operations: Value| -> Answer {
        let text = operations.to_string();
        client.send_text(Method::PATCH, &path, Some((&text, "application/json; charset=utf-8"))).await
    };
    patch(json!([
        { "op": "replace", "path": "/content/summary/value/0/value", "value": "Bekreftet" },
        { "op": "replace", "path": "/status", "value": "Completed" },
        { "op": "remove", "path": "/guiActions/0" },
        { "op": "remove", "path": "/apiActions/0" },
        { "op": "remove", "path": "/attachments" },
        { "op": "add", "path": "/attachments", "value": [{
            "id": null, "displayName": [{ "value": "Nytt", "languageCode": "nb" }], "expiresAt": null,
            "urls": [{ "id": null, "consumerType": "Gui", "mediaType": null, "url": "https://example.com/2" }],
        }] },
    ]))
    .await
    .expect(204);
    let read = client.get(&path).await.expect(200).body;
    assert_eq!(read["content"]["summary"]["value"][0]["value"], "Bekreftet");
    assert_eq!(
        (&read["status"], &read["guiActions"], &read["apiActions"]),
        (&json!("Completed"), &json!([]), &json!([]))
    );
    assert_eq!(read["attachments"][0]["displayName"][0]["value"], "Nytt");
    let expiry = (app.clock.now() + chrono::TimeDelta::days(30)).to_rfc3339();
    patch(json!([{ "op": "add", "path": "/expiresAt", "value": expiry }])).await.expect(204);
}

/// Checklist row 11
#[tokio::test]
async fn correspondence_restores_and_purges_without_body() {
    let app = TestApp::start().await;
    let client = correspondence(&app);
    for id in [created(&client).await, created(&client).await] {
        let path = format!("{PREFIXED}/{id}");
        client.delete(&path).await.expect(204);
        client.delete(&path).await.expect(410);
        client.post(&format!("{path}/actions/restore"), None).await.expect(204);
        let form = Some(("", "application/x-www-form-urlencoded"));
        client.send_text(Method::POST, &format!("{path}/actions/restore"), form).await.expect(204);
        client.send_text(Method::DELETE, &path, form).await.expect(204);
        client.send_text(Method::POST, &format!("{path}/actions/purge"), form).await.expect(204);
        client.post(&format!("{path}/actions/purge"), None).await.expect(404);
        client.delete(&path).await.expect(404);
        client.post(&format!("{path}/actions/restore"), None).await.expect(404);
    }
}

/// Checklist row 5: labels come as integers.
#[tokio::test]
async fn correspondence_sends_labels_as_integers() {
    let app = TestApp::start().await;
    let client = correspondence(&app);
    let id = created(&client).await;
    let path =
        format!("{PREFIXED}/{id}/endusercontext/systemlabels?enduserId=urn:altinn:person:identifier-no:{PERSON}");
    for (add, remove, left) in [
        (json!([3]), json!([]), json!(["Archive"])),
        (json!([2, 4]), json!([]), json!(["Bin", "MarkedAsUnopened"])),
        (json!([]), json!([2]), json!(["Default", "MarkedAsUnopened"])),
        (json!([1]), json!([4]), json!(["Default"])),
    ] {
        let body = json!({ "dialogId": id, "addLabels": add, "removeLabels": remove, "performedBy": null });
        client.put(&path, body.clone()).await.expect(204);
        let read = client.get(&format!("{PREFIXED}/{id}")).await.expect(200);
        assert_eq!(read.body["endUserContext"]["systemLabels"], left, "{body}");
    }
    let admin = client.and_scopes(&[Scope::Admin.as_str()]);
    let performer = json!({
        "actorType": "PartyRepresentative", "actorName": null, "actorId": format!("urn:altinn:person:identifier-no:{PERSON}"),
    });
    let body = json!({ "dialogId": id, "addLabels": [3], "removeLabels": [], "performedBy": performer });
    admin.put(&format!("{PREFIXED}/{id}/endusercontext/systemlabels"), body).await.expect(204);
}

#[tokio::test]
async fn correspondence_appends_a_transmission() {
    let app = TestApp::start().await;
    let client = correspondence(&app);
    let id = created(&client).await;
    let body = json!({
        "id": fresh_id(), "createdAt": "2024-05-01T10:00:00Z", "authorizationAttribute": null, "extendedType": null,
        "externalReference": null, "relatedTransmissionId": null, "type": "Information",
        "sender": { "actorType": "ServiceOwner", "actorName": null, "actorId": null },
        "content": {
            "title": { "value": [{ "value": "Brev", "languageCode": "nb" }], "mediaType": "text/plain" },
            "summary": null, "senderName": null,
            "contentReference": { "value": [{ "value": "https://example.com/c", "languageCode": "nb" }], "mediaType": OLD_EMBED },
        },
        "attachments": [],
    });
    unquoted(&client.post(&format!("{PREFIXED}/{id}/transmissions"), body).await.expect(201));
    let read = client.get(&format!("{PREFIXED}/{id}")).await.expect(200).body;
    assert_eq!(read["transmissions"][0]["content"]["contentReference"]["mediaType"], EMBED);
}

#[tokio::test]
async fn correspondence_reads_the_keys() {
    let app = TestApp::start().await;
    let keys = app.anonymous().get("/dialogporten/api/v1/.well-known/jwks.json").await.expect(200);
    for key in keys.body["keys"].as_array().unwrap() {
        for member in ["kty", "use", "kid", "crv", "x", "alg"] {
            assert!(key[member].is_string(), "{member} of {key}");
        }
    }
}
