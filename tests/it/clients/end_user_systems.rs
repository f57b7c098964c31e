//! Systems of end users in the wild (chapter 07 §13): they list, read each dialog and look closely at what comes.

use chrono::DateTime;
use serde_json::{Value, json};

use super::has_no_duplicate_keys;
use crate::harness::{
    Answer, Edit, PERSON, TestApp, localized, simple_activity, simple_dialog, simple_dialog_for, simple_transmission,
};

const SYSTEM_USER: &str = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";
const MIB: usize = 1 << 20;

fn rich(dialog: Value) -> Value {
    let letter = json!({
        "displayName": localized("Brev"),
        "urls": [{ "url": "https://example.com/letter.pdf", "consumerType": "Gui", "mediaType": "application/pdf" }],
    });
    let action = json!({
        "action": "some_unauthorized_action",
        "url": "https://example.com/gui",
        "priority": "Tertiary",
        "title": localized("Gjør det"),
    });
    let message = simple_transmission().with("authorizationAttribute", "someunavailablesubresource");
    dialog
        .and("attachments", letter.clone())
        .and("guiActions", action)
        .and("transmissions", message.and("attachments", letter))
        .and("transmissions", simple_transmission())
        .and("activities", simple_activity("Information"))
}

/// Every value under this name, wherever it stands.
fn all<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                if key == name {
                    found.push(member);
                }
                all(member, name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| all(item, name, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn values<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    all(value, name, &mut found);
    found
}

/// What the Python client insists on.
#[track_caller]
fn python_takes(answer: &Answer) {
    assert_eq!(answer.status, 200, "no redirect either");
    assert_eq!(answer.header("content-type").split(';').next(), Some("application/json"));
    assert!(answer.text.len() < 2 * MIB && has_no_duplicate_keys(&answer.text), "{}", answer.text);
    for name in ["createdAt", "updatedAt", "contentUpdatedAt", "seenAt"] {
        for time in values(&answer.body, name) {
            DateTime::parse_from_rfc3339(time.as_str().expect("a time")).expect("a time with its offset");
        }
    }
    let known = ["Information", "Acceptance", "Rejection", "Request", "Alert", "Decision", "Submission", "Correction"];
    for transmission in answer.body["transmissions"].as_array().into_iter().flatten() {
        assert!(known.contains(&transmission["type"].as_str().expect("a type")));
    }
    assert!(values(&answer.body, "isAuthorized").iter().all(|flag| flag.is_boolean()), "{}", answer.text);
}

/// Checklist rows 1, 2, 3 and 9
#[tokio::test]
async fn a_python_client_reads_with_a_system_user() {
    let app = TestApp::start().await;
    let id = app.service_owner("ttd").creates(rich(simple_dialog_for("310057223"))).await;
    let user = app.system_user(SYSTEM_USER).header("accept", "application/json");
    for path in [format!("/dialogporten/api/v1/enduser/dialogs/{id}"), format!("/api/v1/EndUser/Dialogs/{id}/")] {
        let answer = user.get(&path).await;
        python_takes(&answer);
        assert_eq!(answer.etag(), answer.body["revision"].as_str().expect("a revision"));
        assert_eq!(answer.body["transmissions"].as_array().map(Vec::len), Some(2));
        assert_eq!(answer.body["guiActions"][0]["url"], "urn:dialogporten:unauthorized");
    }
    for log in ["seenlog", "seenLog", "context/labellog"] {
        let answer = user.get(&format!("/dialogporten/api/v1/enduser/dialogs/{id}/{log}")).await;
        python_takes(&answer);
        assert!(answer.body.is_array());
    }
}

/// Checklist rows 3, 9 and 16
#[tokio::test]
async fn a_typescript_client_checks_every_member() {
    let app = TestApp::start().await;
    let id = app.service_owner("ttd").creates(rich(simple_dialog())).await;
    let answer =
        app.person(PERSON).header("accept-language", "nb").get(&format!("enduser/dialogs/{id}")).await.expect(200);
    for name in ["id", "revision", "org", "serviceResource", "party", "status", "createdAt", "updatedAt"] {
        assert!(answer.body[name].is_string(), "{name} in {}", answer.text);
    }
    for id in values(&answer.body, "id").into_iter().chain(values(&answer.body, "revision")) {
        let text = id.as_str().expect("an id");
        assert_eq!(text.parse::<uuid::Uuid>().expect("a UUID").to_string(), text, "canonical");
    }
    for urls in values(&answer.body, "urls") {
        for url in values(urls, "url") {
            let text = url.as_str().expect("a URL");
            let plain = url::Url::parse(text).is_ok_and(|url| {
                url.scheme() == "https"
                    && url.username().is_empty()
                    && url.password().is_none()
                    && url.fragment().is_none()
            });
            assert!(plain || text == "urn:dialogporten:unauthorized", "{text}");
        }
    }
    for texts in values(&answer.body["content"], "value").iter().filter_map(|value| value.as_array()) {
        assert!(texts.iter().all(|text| text["languageCode"] == "nb"));
    }
}

/// Vendors list, then read each dialog, then what hangs on it.
#[tokio::test]
async fn vendors_list_and_then_read_each() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let ids = [owner.creates(rich(simple_dialog())).await, owner.creates(simple_dialog()).await];
    let user = app.person(PERSON);
    let party = format!("urn:altinn:person:identifier-no:{PERSON}");
    let listed = user.get(&format!("enduser/dialogs?party={party}")).await.expect(200).body;
    let items = listed["items"].as_array().expect("a list");
    assert_eq!(items.len(), ids.len());
    for item in items {
        let read = user.get(&format!("enduser/dialogs/{}", item["id"].as_str().expect("an id"))).await;
        python_takes(&read);
        for member in ["org", "serviceResource", "party", "status", "createdAt", "updatedAt"] {
            assert_eq!(read.body[member], item[member], "{member}");
        }
    }
    let again = user.get(&format!("enduser/dialogs?party={party}&isContentSeen=true")).await.expect(200).body;
    assert_eq!(again["items"].as_array().map(Vec::len), Some(ids.len()), "what was read counts as seen");
}

/// The check of published SDKs (§10): known key, time window, the dialog's id, the wanted action as one of the elements.
#[tokio::test]
async fn an_sdk_checks_the_dialog_token() {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let app = TestApp::start().await;
    let id = app.service_owner("ttd").creates(simple_dialog()).await;
    let opened = app.person(PERSON).header("accept-language", "").opens(id).await;
    let token = opened["dialogToken"].as_str().expect("a token");
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, _] = parts[..] else { panic!("three parts, not {token}") };
    let json = |part: &str| -> Value {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
    };
    let (header, claims) = (json(header), json(payload));
    let keys = app.anonymous().get("/dialogporten/api/v1/.well-known/jwks.json").await.expect(200).body;
    let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == header["kid"]).expect("known");
    for (member, value) in [("kty", "OKP"), ("use", "sig"), ("crv", "Ed25519"), ("alg", "EdDSA")] {
        assert_eq!(key[member], value);
    }
    let now = app.clock.now().timestamp();
    assert!(claims["nbf"].as_i64() <= Some(now) && Some(now) < claims["exp"].as_i64());
    assert_eq!(claims["i"], json!(id));
    assert!(claims["a"].as_str().expect("actions").split(';').any(|action| action.eq_ignore_ascii_case("READ")));
}
