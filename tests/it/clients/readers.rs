//! End-user systems and dashboards in the wild, and the reading half of the published SDKs (chapter 07 §10, §13).

use serde_json::{Value, json};

use super::has_no_duplicate_keys;
use crate::harness::{Answer, Edit, PERSON, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission};

const SYSTEM_USER: &str = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";

fn organization() -> String {
    "urn:altinn:organization:identifier-no:310057223".to_owned()
}

/// What a strict reader insists on: JSON by name, no name twice, no more than it can hold, no redirect.
#[track_caller]
fn is_strict_json(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type").split(';').next(), Some("application/json"));
    assert_eq!(answer.header("location"), "");
    assert!(answer.text.len() < 2 << 20 && has_no_duplicate_keys(&answer.text), "{}", answer.text);
    assert!(!answer.text.contains(":null"), "{}", answer.text);
}

/// Every instant has an offset, every id its canonical form, every flag is a flag.
#[track_caller]
fn is_well_formed(value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "createdAt" | "updatedAt" | "contentUpdatedAt" | "seenAt" | "expiresAt" | "dueAt" => {
                        let text = member.as_str().expect("an instant");
                        assert!(
                            chrono::DateTime::parse_from_rfc3339(text).is_ok() && text.ends_with('Z'),
                            "{name}: {text}"
                        );
                    }
                    "id" | "dialogId" | "revision" | "partyUuid" | "endUserContextRevision" => {
                        let text = member.as_str().expect("an id");
                        assert_eq!(text.parse::<uuid::Uuid>().map(|id| id.to_string()).as_deref(), Ok(text), "{name}");
                    }
                    "isAuthorized" => assert!(member.is_boolean(), "{name}: {member}"),
                    _ => is_well_formed(member),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(is_well_formed),
        _ => {}
    }
}

/// §13, checklist rows 1, 3, 16: the Python client reads dialogs and their parts as a system user and takes nothing on trust.
#[tokio::test]
async fn a_strict_reader_gets_what_it_insists_on() {
    let app = TestApp::start().await;
    let (activity, transmission) = (fresh_id().to_string(), fresh_id().to_string());
    let action = json!({"action": "read", "url": "https://example.com", "priority": "Primary", "title": [{"languageCode": "nb", "value": "Les"}]});
    let body = simple_dialog()
        .with("party", organization())
        .and("guiActions", action)
        .and("activities", simple_activity("Information").with("id", activity.as_str()))
        .and("transmissions", simple_transmission().with("id", transmission.as_str()));
    let dialog = app.service_owner("ttd").creates(body).await;
    let reader = app.system_user(SYSTEM_USER).header("accept", "application/json");
    for path in [
        String::new(),
        "/activities".into(),
        format!("/activities/{activity}"),
        "/transmissions".into(),
        format!("/transmissions/{transmission}"),
        "/seenlog".into(),
        "/seenLog".into(),
        "/context/labellog".into(),
    ] {
        let answer = reader.get(&format!("/dialogporten/api/v1/enduser/dialogs/{dialog}{path}")).await;
        is_strict_json(&answer);
        is_well_formed(&answer.body);
    }
    let opened = reader.opens(dialog).await;
    for name in ["id", "revision", "org", "serviceResource", "party", "status", "createdAt", "updatedAt"] {
        assert!(opened[name].is_string(), "{name}");
    }
    for path in ["enduser/parties", "enduser/serviceresources", "metadata/serviceresources"] {
        is_strict_json(&reader.get(path).await);
    }
}

/// §13: a TypeScript client wants Norwegian, and takes attachment URLs that are https or the placeholder only.
#[tokio::test]
async fn a_norwegian_reader_gets_norwegian_and_safe_urls() {
    let app = TestApp::start().await;
    let file = json!({"urls": [{"url": "https://example.com/file", "consumerType": "Gui"}]});
    let both = json!({"value": [{"languageCode": "en", "value": "Title"}, {"languageCode": "nb", "value": "Tittel"}]});
    let message = |attribute: Option<&str>| {
        simple_transmission()
            .with("content.title", both.clone())
            .and("attachments", file.clone())
            .with("authorizationAttribute", attribute)
    };
    let body = simple_dialog()
        .with("content.title", both.clone())
        .with("transmissions", json!([message(None), message(Some("someunavailablesubresource"))]));
    let dialog = app.service_owner("ttd").creates(body).await;
    let reader = app.person(PERSON).header("accept-language", "nb");
    let list = reader.get(&format!("enduser/dialogs/{dialog}/transmissions")).await.expect(200).body;
    for (n, url) in [(0, "https://example.com/file"), (1, "urn:dialogporten:unauthorized")] {
        assert_eq!(list[n]["content"]["title"]["value"], json!([{"languageCode": "nb", "value": "Tittel"}]));
        assert_eq!(list[n]["attachments"][0]["urls"][0]["url"], url);
    }
}

/// §10, checklist rows 5, 16: names in Pascal case, booleans and instants as .NET prints them, an empty language header.
#[tokio::test]
async fn the_sdk_spells_queries_its_own_way() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").header("accept", "application/json, application/problem+json, text/plain");
    let dialog = owner.creates(simple_dialog()).await;
    let party = simple_dialog()["party"].as_str().expect("a party").to_owned();
    let contexts = owner
        .get(&format!(
            "serviceowner/dialogs/endusercontext?Party={party}&Label=Default&ContentUpdatedAfter=01%2F31%2F2020%2010%3A00%3A00%20%2B00%3A00&Limit=5"
        ))
        .await
        .expect(200);
    assert_eq!(contexts.body["items"][0]["dialogId"], dialog.to_string());
    let reader = app.person(PERSON).header("accept-language", "");
    let found =
        reader.get(&format!("enduser/dialoglookup?InstanceRef=urn%3Aaltinn%3Adialog-id%3A{dialog}")).await.expect(200);
    assert_eq!(found.body["serviceResource"]["id"], "ttd-dialogporten-automated-tests");
    let resources = reader.get(&format!("enduser/serviceresources?Party={party}")).await.expect(200);
    assert_eq!(resources.body["items"].as_array().map(Vec::len), Some(1));
    let notifier = app.service_owner("ttd").with_scopes(&["altinn:system/notifications.condition.check"]);
    let path = format!(
        "serviceowner/dialogs/{dialog}/actions/should-send-notification?ConditionType=NotExists&ActivityType=Information"
    );
    assert_eq!(notifier.get(&path).await.expect(200).body, json!({ "sendNotification": true }));
}

/// §10: the key service stops its application if a key lacks anything.
#[tokio::test]
async fn the_sdks_key_service_starts() {
    let app = TestApp::start().await;
    let keys = app.anonymous().get("/dialogporten/api/v1/.well-known/jwks.json").await.expect(200).body;
    for key in keys["keys"].as_array().expect("keys") {
        for name in ["kty", "use", "kid", "crv", "x", "alg"] {
            assert!(key[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {key}");
        }
    }
}

/// §13: a support dashboard looks instances up in lower case, and takes a 404 for "none".
#[tokio::test]
async fn a_dashboard_looks_instances_up() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = fresh_id();
    let path = format!("serviceowner/dialoglookup?instanceRef=urn:altinn:instance-id:51990012/{id}");
    assert_eq!(owner.get(&path).await.expect(404).body["status"], 404);
    let label = json!([{ "value": format!("urn:altinn:integration:storage:51990012/{id}") }]);
    let dialog = owner.creates(simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", label)).await;
    assert_eq!(owner.get(&path).await.expect(200).body["dialogId"], dialog.to_string());
}
