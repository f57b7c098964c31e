//! Altinn app adapter (chapter 07 §6): Refit with camelCase enums and written nulls, as an administrator.

use chrono::TimeDelta;
use dialogporten::auth::Scope;
use serde_json::{Value, json};

use super::{bare_etag, unquoted};
use crate::harness::{Client, Edit, PERSON, TestApp, fresh_id};

const LABEL: &str = "urn:altinn:integration:storage:50012345/0196c0de-1111-7000-8000-000000000001";

fn adapter(app: &TestApp) -> Client<'_> {
    app.service_owner("ttd").with_scopes(&[
        Scope::ServiceProvider.as_str(),
        Scope::Search.as_str(),
        Scope::Admin.as_str(),
        Scope::LegacyHtml.as_str(),
    ])
}

/// As it makes one of an app's instance.
fn instance(app: &TestApp) -> Value {
    let text = |value: &str| json!({ "value": [{ "languageCode": "nb", "value": value }], "mediaType": "text/plain" });
    let now = app.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    json!({
        "id": fresh_id(), "idempotentKey": null, "isApiOnly": false,
        "serviceResource": "urn:altinn:resource:app_ttd_some-app_with_underscores",
        "party": format!("urn:altinn:person:identifier-no:{PERSON}"),
        "progress": null, "extendedStatus": null, "externalReference": "urn:altinn:integration:storage:1/2",
        "visibleFrom": null, "dueAt": null, "process": null, "precedingProcess": null, "expiresAt": null,
        "createdAt": now, "updatedAt": now,
        "status": "inProgress", "systemLabel": "default",
        "serviceOwnerContext": { "serviceOwnerLabels": [{ "value": LABEL }] },
        "content": {
            "title": text("Skjema"), "nonSensitiveTitle": null, "summary": text("Fyll ut"), "nonSensitiveSummary": null,
            "senderName": null, "additionalInfo": {
                "value": [{ "languageCode": "nb", "value": "<p>Les <a href=\"https://example.com\">mer</a></p>" }],
                "mediaType": "text/html",
            },
            "extendedStatus": null, "mainContentReference": null,
        },
        "searchTags": [{ "value": "some-app_with_underscores" }],
        "attachments": [{
            "id": fresh_id(), "name": null, "expiresAt": null,
            "displayName": [{ "languageCode": "nb", "value": "kvittering.pdf" }],
            "urls": [{ "id": fresh_id(), "url": "https://example.com/1.pdf", "mediaType": "application/pdf", "consumerType": "gui" }],
        }],
        "transmissions": [{
            "id": fresh_id(), "createdAt": now, "type": "submission", "relatedTransmissionId": null,
            "authorizationAttribute": null, "extendedType": null, "externalReference": null, "idempotentKey": null,
            "sender": { "actorType": "partyRepresentative", "actorName": null,
                        "actorId": format!("urn:altinn:person:identifier-no:{PERSON}") },
            "content": { "title": text("Innsendt"), "summary": null, "contentReference": null },
            "attachments": [], "navigationalActions": [],
        }],
        "guiActions": [{
            "id": fresh_id(), "action": "write", "url": "https://example.com/open", "authorizationAttribute": null,
            "isDeleteDialogAction": false, "httpMethod": "get", "priority": "primary",
            "title": [{ "languageCode": "nb", "value": "Gå til skjema" }], "prompt": null,
        }],
        "apiActions": [],
        "activities": [{
            "id": fresh_id(), "createdAt": now, "extendedType": null, "type": "formSaved", "transmissionId": null,
            "performedBy": { "actorType": "partyRepresentative", "actorName": null,
                             "actorId": format!("urn:altinn:person:identifier-no:{PERSON}") },
            "description": [],
        }],
    })
}

/// Checklist rows 2, 4, 5: what it read goes back whole, without the children that cannot be sent twice.
#[tokio::test]
async fn altinn_app_adapter_sends_back_what_it_read() {
    let app = TestApp::start().await;
    let adapter = adapter(&app);
    let body = instance(&app);
    let created = adapter.post("serviceowner/dialogs?isSilentUpdate=True", body.clone()).await.expect(201);
    let etag = bare_etag(&created);
    let id = unquoted(&created);
    assert_eq!(body["id"], id);

    let path = format!("serviceowner/dialogs/{id}");
    let read = adapter.get(&path).await.expect(200);
    assert_eq!(bare_etag(&read), etag);
    assert_eq!(
        (&read.body["status"], &read.body["guiActions"][0]["httpMethod"]),
        (&json!("InProgress"), &json!("GET"))
    );
    assert!(read.body.get("deleted").is_none() && read.body.get("deletedAt").is_none());

    let whole = read.body.clone().without("transmissions").without("activities").with("deleted", false);
    let same =
        adapter.clone().if_match(&etag).put(&format!("{path}?isSilentUpdate=False"), whole.clone()).await.expect(204);
    assert_eq!(bare_etag(&same), etag, "nothing differs");
    let changed = whole.with("status", "completed").with("transmissions", json!([])).with("activities", json!([]));
    let put = adapter.if_match(&etag).put(&format!("{path}?isSilentUpdate=True"), changed).await.expect(204);
    assert_ne!(bare_etag(&put), etag);
    let after = app.admin().get(&path).await.expect(200).body;
    assert_eq!(after["status"], "Completed");
    for kept in ["transmissions", "activities", "attachments", "guiActions", "searchTags", "content", "createdAt"] {
        assert_eq!(after[kept], read.body[kept], "{kept}");
    }
}

#[tokio::test]
async fn altinn_app_adapter_finds_by_label() {
    let app = TestApp::start().await;
    let adapter = adapter(&app);
    let id = unquoted(&adapter.post("serviceowner/dialogs", instance(&app)).await.expect(201));
    let label = LABEL.replace(':', "%3A").replace('/', "%2F");
    let found = adapter.get(&format!("serviceowner/dialogs?serviceOwnerLabels={label}&limit=1")).await.expect(200);
    assert_eq!(found.body["items"][0]["id"], id, "{}", found.text);
    let both = format!("serviceowner/dialogs?serviceOwnerLabels={label}&serviceOwnerLabels=other");
    assert_eq!(adapter.get(&both).await.expect(200).body["items"], json!([]));
}

/// Checklist rows 2, 8, 10: where each answer leads its message bus.
#[tokio::test]
async fn altinn_app_adapter_deletes_restores_and_purges() {
    let app = TestApp::start().await;
    let adapter = adapter(&app);
    let created = adapter.post("serviceowner/dialogs", instance(&app)).await.expect(201);
    let (path, etag) = (format!("serviceowner/dialogs/{}", unquoted(&created)), bare_etag(&created));
    adapter.clone().if_match(&fresh_id().to_string()).delete(&path).await.expect(412);
    let deleted = bare_etag(&adapter.clone().if_match(&etag).delete(&path).await.expect(204));
    adapter.clone().if_match(&deleted).delete(&path).await.expect(410);
    let restore = format!("{path}/actions/restore");
    let restored = bare_etag(&adapter.clone().if_match(&deleted).post(&restore, None).await.expect(204));
    let purge = format!("{path}/actions/purge");
    adapter.clone().if_match(&deleted).post(&purge, None).await.expect(412);
    adapter.clone().if_match(&restored).post(&purge, None).await.expect(204);
    let gone = adapter.if_match(&restored).post(&purge, None).await.expect(404);
    assert_eq!(gone.body["status"], 404);
    assert!(gone.body["traceId"].as_str().is_some_and(|trace| !trace.is_empty()), "{}", gone.text);
}

#[tokio::test]
async fn altinn_app_adapter_moves_the_time_of_a_saved_form() {
    let app = TestApp::start().await;
    let adapter = adapter(&app);
    let body = instance(&app);
    let created = adapter.post("serviceowner/dialogs", body.clone()).await.expect(201);
    let activity = body["activities"][0]["id"].as_str().unwrap();
    let path = format!(
        "serviceowner/dialogs/{}/activities/{activity}/actions/updateFormSavedActivityTime",
        unquoted(&created)
    );
    let later = (app.clock.now() + TimeDelta::seconds(5)).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    let answer = adapter.if_match(&bare_etag(&created)).post(&path, json!(later)).await.expect(204);
    bare_etag(&answer);
}

/// Where an app turned parts off, the reference refuses null for the two lists; a missing summary is no fault.
#[tokio::test]
async fn altinn_app_adapter_may_leave_parts_out() {
    let app = TestApp::start().await;
    let adapter = adapter(&app);
    adapter.post("serviceowner/dialogs", instance(&app).with("content.summary", Value::Null)).await.expect(201);
    for list in ["guiActions", "apiActions"] {
        let refused = adapter.post("serviceowner/dialogs", instance(&app).with(list, Value::Null)).await.expect(400);
        assert_eq!(refused.body["status"], 400);
    }
}
