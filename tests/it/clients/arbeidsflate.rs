//! Arbeidsflate, the inbox: the documents of its BFF with the variables that it sends (chapter 07 §1 to §4, §17).

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{
    Answer, Client, Edit, ORGANIZATION, PERSON, RESOURCE, TestApp, fresh_id, localized, simple_activity, simple_dialog,
    simple_dialog_for, simple_transmission,
};

/// As axios sends it.
const ACCEPT: &str = "application/json, text/plain, */*";

macro_rules! document {
    ($name:literal) => {
        ($name, include_str!(concat!("arbeidsflate/", $name, ".graphql")))
    };
}

const LIST: (&str, &str) = document!("getAllDialogsForParties");
const DIALOG: (&str, &str) = document!("getDialogById");
const LOOKUP: (&str, &str) = document!("dialogLookup");
const ACCESS_INFO: (&str, &str) = document!("dialogAccessInfo");
const PARTIES: (&str, &str) = document!("parties");
const RESOURCES: (&str, &str) = document!("DPServiceResources");
const LABEL: (&str, &str) = document!("updateSystemLabel");
const LABELS: (&str, &str) = document!("bulkUpdateSystemLabels");

/// One call of the BFF.
async fn call(user: &Client<'_>, (name, document): (&str, &str), variables: Value) -> Value {
    let body = json!({"query": document, "variables": variables, "operationName": name});
    executed(&user.clone().header("accept", ACCEPT).post("/dialogporten/graphql", body).await)
}

/// GQ-021: 200, in the form that axios's list gets, without errors at the top level.
#[track_caller]
fn executed(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/graphql-response+json; charset=utf-8");
    assert!(answer.body.get("errors").is_none(), "{}", answer.text);
    answer.body["data"].clone()
}

fn person() -> String {
    format!("urn:altinn:person:identifier-no:{PERSON}")
}

/// The request with which the inbox opens.
fn opening() -> Value {
    json!({
        "partyURIs": [person()],
        "limit": 100,
        "label": ["DEFAULT"],
        "status": ["NOT_APPLICABLE", "IN_PROGRESS", "AWAITING", "REQUIRES_ATTENTION", "COMPLETED"],
        "searchLanguageCode": "nb",
    })
}

fn ids(found: &Value) -> Vec<String> {
    let items = found["searchDialogs"]["items"].as_array().expect("items");
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

fn full_dialog() -> Value {
    let action = |action: &str, priority: &str| {
        json!({"action": action, "url": "https://example.com/action", "httpMethod": "POST", "priority": priority,
               "title": localized("Gjør det"), "prompt": localized("Sikker?")})
    };
    let attachment = json!({"displayName": localized("Brev"), "urls": [
        {"url": "https://example.com/brev.pdf", "consumerType": "Gui", "mediaType": "application/pdf"},
        {"url": "https://example.com/brev.xml", "consumerType": "Api"},
    ]});
    simple_dialog()
        .with("progress", 40)
        .with("status", "RequiresAttention")
        .with("dueAt", "2099-12-31T23:59:59Z")
        .with("content.senderName", json!({"value": localized("Etaten")}))
        .with("content.additionalInfo", json!({"value": localized("Mer"), "mediaType": "text/markdown"}))
        .with(
            "content.mainContentReference",
            json!({
                "value": localized("https://example.com/innhold"),
                "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
            }),
        )
        .and("guiActions", action("read", "Primary"))
        .and("guiActions", action("some_unauthorized_action", "Secondary"))
        .and("attachments", attachment.clone())
        .and("transmissions", simple_transmission().and("attachments", attachment))
        .and("activities", simple_activity("Information"))
}

/// What differs from run to run, by name.
fn steady(answer: &Value) -> Value {
    fn walk(value: &Value) -> Value {
        match value {
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let changes = value.is_string()
                        && matches!(
                            name.as_str(),
                            "id" | "dialogId"
                                | "dialogToken"
                                | "createdAt"
                                | "contentUpdatedAt"
                                | "seenAt"
                                | "actorId"
                                | "instanceRef"
                        );
                    let fixed = value.as_str() == Some("ttd-dialogporten-automated-tests");
                    (name.clone(), if changes && !fixed { json!(format!("[{name}]")) } else { walk(value) })
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Array(items) => items.iter().map(walk).collect(),
            one => one.clone(),
        }
    }
    walk(answer)
}

/// The list, its folders and filters, and its pages.
#[tokio::test]
async fn arbeidsflate_lists_dialogs() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(full_dialog()).await;
    let draft = owner.creates(simple_dialog().with("status", "Draft")).await;
    owner.creates(simple_dialog().with("isApiOnly", true)).await;
    let found = call(&user, LIST, opening()).await;
    assert_eq!(ids(&found), [dialog.to_string()]);
    assert_json_snapshot!("list", steady(&found["searchDialogs"]["items"]));

    let drafts = opening().with("status", json!(["DRAFT"]));
    assert_eq!(ids(&call(&user, LIST, drafts).await), [draft.to_string()]);
    let dropped = json!({"partyURIs": [person()], "limit": 100, "searchLanguageCode": "nn"});
    assert_eq!(ids(&call(&user, LIST, dropped.clone()).await).len(), 2);
    for (filter, count) in [
        (dropped.clone().with("org", json!(["ttd"])), 2),
        (dropped.clone().with("serviceResources", json!([])), 2),
        (dropped.clone().with("serviceResources", json!([RESOURCE])).with("partyURIs", json!([])), 2),
        (dropped.clone().with("isContentSeen", true), 0),
        (dropped.clone().with("label", json!(["SENT"])), 0),
        (
            dropped
                .clone()
                .with("updatedAfter", "2024-01-01T00:00:00.000Z")
                .with("updatedBefore", "2099-01-01T23:59:59.999Z"),
            2,
        ),
    ] {
        assert_eq!(ids(&call(&user, LIST, filter.clone()).await).len(), count, "{filter}");
    }
    let first = call(&user, LIST, dropped.clone().with("limit", 1)).await;
    assert_eq!(first["searchDialogs"]["hasNextPage"], true);
    let next = dropped.with("limit", 1).with("continuationToken", first["searchDialogs"]["continuationToken"].clone());
    assert_ne!(ids(&call(&user, LIST, next).await), ids(&first));
}

/// Opening a dialog, the step-up that a low level asks for, and one that is not available.
#[tokio::test]
async fn arbeidsflate_opens_a_dialog() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(full_dialog()).await;
    let found = call(&user, DIALOG, json!({ "id": dialog })).await;
    assert_json_snapshot!("dialog", steady(&found["dialogById"]));
    let high = owner
        .creates(simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-dialogporten-transmissions-test"))
        .await;
    let refused = call(&user, DIALOG, json!({ "id": high })).await;
    assert_eq!(refused["dialogById"]["errors"][0]["__typename"], "DialogByIdForbiddenAuthLevelTooLow");
    call(&user.clone().level(4), DIALOG, json!({ "id": high })).await["dialogById"]["dialog"]["id"]
        .as_str()
        .expect("a dialog");
    let missing = call(&user, DIALOG, json!({ "id": fresh_id() })).await;
    assert_eq!(missing["dialogById"]["dialog"], Value::Null);
}

/// The dialog view asks every twenty minutes; the redirect page passes on whatever it is given.
#[tokio::test]
async fn arbeidsflate_looks_dialogs_up() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let reference = json!({"instanceRef": format!("urn:altinn:dialog-id:{dialog}")});
    assert_json_snapshot!("lookup", steady(&call(&user, LOOKUP, reference.clone()).await));
    assert_json_snapshot!("access_info", steady(&call(&user, ACCESS_INFO, reference).await));
    for nonsense in ["", "x", "urn:altinn:instance-id:1/2", "URN:ALTINN:DIALOG-ID:x", "%00", "{}"] {
        let found = call(&user, LOOKUP, json!({"instanceRef": nonsense})).await;
        assert_eq!(found["dialogLookup"]["lookup"], Value::Null, "{nonsense}");
    }
}

/// Once per login; `subParties` is selected twice, and there is exactly one current end user.
#[tokio::test]
async fn arbeidsflate_asks_whom_the_user_represents() {
    let app = TestApp::start().await;
    let found = call(&app.person(PERSON), PARTIES, json!({})).await;
    let parties = found["parties"].as_array().expect("parties");
    assert_eq!(parties.iter().filter(|party| party["isCurrentEndUser"] == true).count(), 1);
    assert_json_snapshot!("parties", found);
}

/// The one call with languages, and without operation name and variables.
#[tokio::test]
async fn arbeidsflate_asks_for_service_resources() {
    let app = TestApp::start().await;
    app.service_owner("ttd").creates(simple_dialog_for(ORGANIZATION)).await;
    let user = app.person(PERSON).header("accept", ACCEPT).header("accept-language", "nb, nn;q=0.9, en;q=0.8");
    let found = executed(&user.post("/dialogporten/graphql", json!({"query": RESOURCES.1})).await);
    assert_eq!(found["serviceResources"]["items"][0]["serviceResource"]["id"], "ttd-dialogporten-automated-tests");
    assert_json_snapshot!("service_resources", found);
}

/// Archive, bin and back, one by one and together: never a removal.
#[tokio::test]
async fn arbeidsflate_moves_dialogs_between_folders() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialogs = [owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await];
    let labels = async |dialog| owner.reads(dialog).await["endUserContext"]["systemLabels"].clone();
    for (label, expected) in [
        ("ARCHIVE", json!(["Archive"])),
        ("BIN", json!(["Bin"])),
        ("DEFAULT", json!(["Default"])),
        ("MARKED_AS_UNOPENED", json!(["Default", "MarkedAsUnopened"])),
    ] {
        let change = json!({"dialogId": dialogs[0], "addLabels": [label], "removeLabels": []});
        assert_eq!(call(&user, LABEL, change).await, json!({"setSystemLabel": {"success": true}}));
        assert_eq!(labels(dialogs[0]).await, expected);
    }
    let all: Vec<Value> = dialogs.iter().map(|dialog| json!({"dialogId": dialog})).collect();
    let change = json!({"dialogs": all, "addLabels": ["BIN"], "removeLabels": []});
    assert_eq!(call(&user, LABELS, change).await, json!({"bulkSetSystemLabels": {"success": true}}));
    for dialog in dialogs {
        assert_eq!(labels(dialog).await[0], "Bin");
    }
    let bin = opening().with("label", json!(["BIN"])).without("status");
    assert_eq!(ids(&call(&user, LIST, bin).await).len(), 2);
}
