//! What the tests of writes to stored dialogs share.

use chrono::{DateTime, TimeDelta, Utc};
use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use crate::harness::{
    Answer, Client, Edit, TestApp, fresh_id, localized, simple_activity, simple_dialog, simple_transmission, text,
};

pub const PROVIDER: &str = "digdir:dialogporten.serviceprovider";
pub const CORRESPONDENCE: &str = "digdir:dialogporten.correspondence";
pub const LEGACY_HTML: &str = "digdir:dialogporten.serviceprovider.legacyhtml";
pub const CHANGE_TRANSMISSIONS: &str = "digdir:dialogporten.serviceprovider.changetransmissions";
pub const LETTERS: &str = "urn:altinn:resource:ttd-dialogporten-automated-tests-correspondence";
pub const V4: &str = "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f";

pub fn path(dialog: DialogId) -> String {
    format!("serviceowner/dialogs/{dialog}")
}

pub fn silently(dialog: DialogId) -> String {
    format!("serviceowner/dialogs/{dialog}?isSilentUpdate=true")
}

pub fn transmissions(dialog: DialogId) -> String {
    format!("serviceowner/dialogs/{dialog}/transmissions")
}

pub fn activities(dialog: DialogId) -> String {
    format!("serviceowner/dialogs/{dialog}/activities")
}

pub fn action(dialog: DialogId, name: &str) -> String {
    format!("serviceowner/dialogs/{dialog}/actions/{name}")
}

pub fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("an instant, not {value}"))
}

pub fn in_days(app: &TestApp, days: i64) -> String {
    (app.clock.now() + TimeDelta::days(days)).to_rfc3339()
}

/// An id of version 7 as text.
pub fn id() -> String {
    fresh_id().to_string()
}

/// A PUT body that says what [`simple_dialog`] says.
pub fn simple_update() -> Value {
    simple_dialog().without("serviceResource").without("party")
}

pub fn replace(path: &str, value: impl Into<Value>) -> Value {
    json!({"op": "replace", "path": path, "value": value.into()})
}

pub fn attachment() -> Value {
    json!({"id": id(), "displayName": localized("Vedlegg"), "urls": [{"id": id(), "url": "https://example.com/a.pdf", "mediaType": "application/pdf", "consumerType": "Gui"}]})
}

pub fn gui_action() -> Value {
    json!({"id": id(), "action": "open", "url": "https://example.com/g", "priority": "Primary", "httpMethod": "POST", "title": localized("Åpne"), "prompt": localized("Sikker?")})
}

pub fn api_action() -> Value {
    json!({"id": id(), "action": "read", "name": "les", "endpoints": [{"id": id(), "url": "https://example.com/e", "httpMethod": "PUT", "version": "1"}]})
}

/// A dialog with something of everything, ids chosen.
pub fn full_dialog(app: &TestApp) -> Value {
    let transmission = simple_transmission()
        .with("id", id())
        .and("attachments", json!({"id": id(), "displayName": localized("Til"), "urls": [{"url": "https://example.com/t", "consumerType": "Api"}]}))
        .and("navigationalActions", json!({"title": localized("Gå"), "url": "https://example.com/n"}));
    let opened = simple_activity("TransmissionOpened").with("transmissionId", transmission["id"].clone());
    simple_dialog()
        .with("progress", 10)
        .with("extendedStatus", "venter")
        .with("externalReference", "ref-1")
        .with("dueAt", in_days(app, 10))
        .with("expiresAt", in_days(app, 20))
        .with("process", "urn:process:2")
        .with("precedingProcess", "urn:process:1")
        .with("status", "InProgress")
        .with("content.nonSensitiveTitle", text("Uten innhold"))
        .with("content.senderName", text("Avsender"))
        .with("content.additionalInfo", json!({"mediaType": "text/markdown", "value": [{"languageCode": "en", "value": "*more*"}, {"languageCode": "nb", "value": "*mer*"}]}))
        .with("content.extendedStatus", text("Venter"))
        .with("content.mainContentReference", json!({"mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown", "value": localized("https://example.com/m")}))
        .with("searchTags", json!([{"value": "skjema"}, {"value": "frist"}]))
        .with("serviceOwnerContext.serviceOwnerLabels", json!([{"value": "sel"}]))
        .and("attachments", attachment())
        .and("attachments", json!({"name": "uten-id", "urls": [{"url": "https://example.com/u", "consumerType": "Api"}]}))
        .and("guiActions", gui_action())
        .and("apiActions", api_action())
        .and("transmissions", transmission)
        .and("activities", simple_activity("DialogCreated").with("id", id()))
        .and("activities", opened.with("id", id()))
}

/// What a service owner read, as a PUT body: existing transmissions and activities would be appended again.
pub fn sent_back(read: Value) -> Value {
    read.with("transmissions", json!([])).with("activities", json!([]))
}

/// Creates a dialog and reads it.
pub async fn created(owner: &Client<'_>, body: Value) -> (DialogId, Value) {
    let id = owner.creates(body).await;
    (id, owner.reads(id).await)
}

/// The refusal left everything as it was, including labels.
pub async fn unchanged(owner: &Client<'_>, id: DialogId, before: &Value) {
    assert_eq!(&owner.reads(id).await, before);
}

/// The texts of a refusal under one key.
#[track_caller]
pub fn texts(answer: &Answer, key: &str) -> Vec<String> {
    let texts: Vec<_> = answer.errors(key).into_iter().map(str::to_owned).collect();
    assert!(!texts.is_empty(), "nothing under {key}: {}", answer.text);
    texts
}

/// Some text of some key holds this, in any letter case.
#[track_caller]
pub fn says(answer: &Answer, part: &str) {
    let all = answer.body["errors"].as_object().into_iter().flatten();
    let mut texts = all.flat_map(|(key, texts)| {
        texts.as_array().into_iter().flatten().filter_map(Value::as_str).map(move |text| format!("{key}: {text}"))
    });
    let part = part.to_lowercase();
    assert!(texts.any(|text| text.to_lowercase().contains(&part)), "no {part} in {}", answer.text);
}

/// Keys and texts of `errors` in the order of the wire, one a line.
pub fn in_order(answer: &Answer) -> String {
    struct Members(Vec<(String, Vec<String>)>);
    impl<'de> serde::Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Members;

                fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                    f.write_str("a map of lists")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    #[derive(serde::Deserialize)]
    struct Body {
        errors: Members,
    }
    let Body { errors } = serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("errors, not {}", answer.text));
    let lines =
        errors.0.into_iter().flat_map(|(key, texts)| texts.into_iter().map(move |text| format!("{key}: {text}\n")));
    lines.collect()
}
