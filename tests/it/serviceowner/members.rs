//! Every member of every body: left out, null, empty and of a wrong type.

use std::fmt::Write;

use reqwest::Method;
use serde_json::{Value, json};

use super::writes::{CHANGE_TRANSMISSIONS, activities, path, transmissions};
use crate::{
    attack::bodies::full_dialog,
    harness::{
        Client, Edit, PERSON, TestApp, fresh_id, localized, simple_activity, simple_dialog, simple_transmission,
    },
};

/// Where a member stands: names and numbers of items, separated by dots.
fn members(value: &Value, here: &str, deep: bool, found: &mut Vec<String>) {
    let below = |name: &str| if here.is_empty() { name.to_owned() } else { format!("{here}.{name}") };
    match value {
        Value::Object(members_here) => {
            for (name, member) in members_here {
                found.push(below(name));
                if deep {
                    members(member, &below(name), deep, found);
                }
            }
        }
        // All items of a list are of one form, but the texts in two languages and the second transmission say no more.
        Value::Array(items) => {
            if let Some(first) = items.first() {
                members(first, &below("0"), deep, found);
            }
        }
        _ => {}
    }
}

/// As refusals write it: `guiActions[0].title`.
fn key(place: &str) -> String {
    place.split('.').fold(String::new(), |key, step| match step.parse::<usize>() {
        Ok(item) => format!("{key}[{item}]"),
        Err(_) if key.is_empty() => step.to_owned(),
        Err(_) => format!("{key}.{step}"),
    })
}

fn at<'v>(value: &'v mut Value, place: &str) -> &'v mut Value {
    place.split('.').fold(value, |value, step| match step.parse::<usize>() {
        Ok(item) => &mut value[item],
        Err(_) => &mut value[step],
    })
}

/// An operation, and how a good body for it is made: with fresh ids each time.
struct Target<'t> {
    name: &'t str,
    method: Method,
    path: String,
    body: &'t dyn Fn() -> Value,
    /// Whether the members of members are gone through.
    deep: bool,
}

/// What is said about one changed body, in one line, or nothing if it is accepted.
async fn said(owner: &Client<'_>, target: &Target<'_>, place: &str, change: impl FnOnce(Value) -> Value) -> String {
    let body = change((target.body)());
    let answer = owner.send(target.method.clone(), &target.path, Some(body.clone())).await;
    if answer.status.is_success() {
        return String::new();
    }
    assert!(matches!(answer.status.as_u16(), 400 | 404 | 422), "{} {place} {body}: {}", target.name, answer.text);
    let errors = answer.body["errors"].as_object().unwrap_or_else(|| panic!("{place}: {}", answer.text));
    let texts = errors.iter().flat_map(|(key, texts)| {
        texts.as_array().into_iter().flatten().filter_map(Value::as_str).map(move |text| format!("{key}: {text}"))
    });
    format!("{} {}", answer.status.as_u16(), without_ids(&texts.collect::<Vec<_>>().join(" | ")))
}

fn without_ids(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        words.push(if uuid::Uuid::try_parse(bare).is_ok() { word.replace(bare, "[id]") } else { word.to_owned() });
    }
    words.join(" ")
}

fn of_wrong_type(value: &Value) -> Value {
    match value {
        Value::Bool(_) => json!("true"),
        Value::Number(_) => json!(50.5),
        Value::Array(_) => json!({"a": 1}),
        Value::Null | Value::Object(_) => json!(["a"]),
        Value::String(_) => json!({"a": "b"}),
    }
}

fn empty(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(json!("")),
        Value::Array(_) => Some(json!([])),
        Value::Object(_) => Some(json!({})),
        Value::Bool(_) | Value::Number(_) | Value::Null => None,
    }
}

/// M-10: the table is the contract (chapter 01 §1, chapter 08): a member that may be null is as if it were left out; one that
/// may not is refused where it stands, in words of the wire, and so is a value of another type.
#[tokio::test]
async fn absent_null_empty_and_of_a_wrong_type() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").and_scopes(&[CHANGE_TRANSMISSIONS]);
    let dialog = owner.creates(simple_dialog()).await;
    let correction = || {
        let transmission = full_dialog()["transmissions"][0].clone().with("isSilentUpdate", true).without("id");
        let key = fresh_id().to_string();
        transmission.with("attachments.0.urls.0.id", fresh_id().to_string()).with("idempotentKey", key)
    };
    let corrected = owner.post(&transmissions(dialog), simple_transmission()).await.expect(201).body;
    let label = || json!({"value": fresh_id().to_string().get(..20)});
    let information = || simple_activity("Information").with("id", fresh_id().to_string());
    let labels = || json!({"addLabels": ["Bin"], "removeLabels": ["Archive"], "systemLabels": ["Default"]});
    let bulk = || labels().and("dialogs", json!({"dialogId": dialog}));
    let person = format!("enduserId=urn:altinn:person:identifier-no:{PERSON}");
    let update = || ["transmissions", "activities"].iter().fold(full_dialog(), |body, list| body.with(list, json!([])));
    let posted = || full_dialog()["transmissions"][0].clone();
    let context = format!("{}/context/labels", path(dialog));
    let system = format!("{}/endusercontext/systemlabels?{person}", path(dialog));
    let many = format!("serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset?{person}");
    let targets = [
        Target {
            name: "create",
            method: Method::POST,
            path: "serviceowner/dialogs".into(),
            body: &full_dialog,
            deep: true,
        },
        Target { name: "update", method: Method::PUT, path: path(dialog), body: &update, deep: false },
        Target { name: "transmission", method: Method::POST, path: transmissions(dialog), body: &posted, deep: false },
        Target {
            name: "correction",
            method: Method::PUT,
            path: format!("{}/{}", transmissions(dialog), corrected.as_str().unwrap()),
            body: &correction,
            deep: false,
        },
        Target { name: "activity", method: Method::POST, path: activities(dialog), body: &information, deep: true },
        Target { name: "label", method: Method::POST, path: context, body: &label, deep: true },
        Target { name: "system labels", method: Method::PUT, path: system, body: &labels, deep: true },
        Target { name: "system labels of many", method: Method::POST, path: many, body: &bulk, deep: true },
    ];
    let mut table = String::new();
    for target in &targets {
        let good = (target.body)();
        assert_eq!(said(&owner, target, "", |body| body).await, "", "{}", target.name);
        let mut places = Vec::new();
        members(&good, "", target.deep, &mut places);
        for place in places {
            let here = at(&mut good.clone(), &place).clone();
            let wrong = said(&owner, target, &place, |body| body.with(&place, of_wrong_type(&here))).await;
            // `isAuthorized` and the members that a PUT ignores are not looked at.
            if !wrong.is_empty() {
                let expected = format!("400 {}", key(&place));
                assert!(wrong.starts_with(&expected), "{} {place}: {wrong}", target.name);
                assert!(wrong.contains(": The value must be "), "{} {place}: {wrong}", target.name);
            }
            let absent = said(&owner, target, &place, |body| body.without(&place)).await;
            let null = said(&owner, target, &place, |body| body.with(&place, Value::Null)).await;
            let refused_by_parser = format!("400 {}: The value must be ", key(&place));
            // The one member that may be null for the parser and may not for the rules.
            let refused_by_rule =
                place == "guiActions.0.httpMethod" && null.starts_with("400 dto.guiActions[0].httpMethod: ");
            let refused_by_parser = null.starts_with(&refused_by_parser) && null.ends_with(", not null.");
            assert!(
                null == absent || refused_by_parser || refused_by_rule,
                "{} {place}: {null}, but if it is left out: {absent}",
                target.name
            );
            let mut line = |case: &str, said: &str| {
                if !said.is_empty() {
                    let _ = writeln!(table, "{} {place} {case}: {said}", target.name);
                }
            };
            line("absent", &absent);
            if null != absent {
                line("null", &null);
            }
            if let Some(empty) = empty(&here) {
                line("empty", &said(&owner, target, &place, |body| body.with(&place, empty)).await);
            }
            if wrong.is_empty() {
                line("of a wrong type", "is ignored");
            }
        }
    }
    for line in [
        "create guiActions.0.title absent: 400 dto.guiActions[0].title: 'Title' must not be empty.\n",
        "create searchTags null: 400 searchTags: The value must be a list, not null.\n",
        "create party empty: 400 dto.party: ",
        "update status absent: 400 dto.status: ",
        "activity performedBy absent: 400 activity.performedBy: 'PerformedBy' must not be empty.\n",
        "label value absent: 400 dto.serviceOwnerLabels[",
    ] {
        assert!(table.contains(line), "{line} in\n{table}");
    }
}

/// M-10: the issue's own example.
#[tokio::test]
async fn a_verb_that_is_null_is_none_of_the_three() {
    let app = TestApp::start().await;
    let action = json!({
        "action": "read", "url": "https://example.com", "priority": "Primary", "title": localized("Les"), "httpMethod": null,
    });
    let refused = app
        .service_owner("ttd")
        .post("serviceowner/dialogs", simple_dialog().and("guiActions", action))
        .await
        .expect(400);
    assert_eq!(
        refused.errors("dto.guiActions[0].httpMethod"),
        ["'HttpMethod' for GUI actions must be one of the following: [GET, POST, DELETE]."]
    );
    assert_eq!(refused.body["errors"].as_object().unwrap().len(), 1);
}
