//! `setSystemLabel` and `bulkSetSystemLabels`.

use serde_json::{Value, json};

use super::{ask, data, told};
use crate::harness::{OTHER_PERSON, PERSON, TestApp, fresh_id, simple_dialog};

const SET: &str = "mutation ($input: SetSystemLabelInput!) { setSystemLabel(input: $input) { success errors { __typename message } } }";
const BULK: &str = "mutation ($input: BulkSetSystemLabelInput!) { bulkSetSystemLabels(input: $input) { success errors { __typename message } } }";

fn adding(dialog: impl std::fmt::Display, label: &str) -> Value {
    json!({"input": {"dialogId": dialog.to_string(), "addLabels": [label], "removeLabels": []}})
}

/// GQ-023; §9.5
#[tokio::test]
async fn a_dialog_is_marked() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let answer = ask(&user, SET, adding(dialog, "ARCHIVE")).await.expect(200);
    assert_eq!(answer.body, json!({"data": {"setSystemLabel": {"success": true, "errors": []}}}));
    let context = owner.reads(dialog).await["endUserContext"].clone();
    assert_eq!(
        (context["systemLabels"].clone(), answer.etag()),
        (json!(["Archive"]), context["revision"].as_str().expect("an id"))
    );

    // Two in one document are made one after the other; each says its revision.
    let two = "mutation ($a: SetSystemLabelInput!, $b: SetSystemLabelInput!) { a: setSystemLabel(input: $a) { success } \
               b: setSystemLabel(input: $b) { success } }";
    let variables = json!({"a": adding(dialog, "BIN")["input"], "b": adding(dialog, "DEFAULT")["input"]});
    let answer = ask(&user, two, variables).await.expect(200);
    assert_eq!(answer.headers.get_all("etag").iter().count(), 2);
    assert_eq!(owner.reads(dialog).await["endUserContext"]["systemLabels"], json!(["Default"]));

    let deleted = owner.creates(simple_dialog()).await;
    owner.delete(&format!("serviceowner/dialogs/{deleted}")).await.expect(204);
    let stranger = app.person(OTHER_PERSON);
    for (caller, id, label, kind, words) in [
        (&user, fresh_id().to_string(), "BIN", "SetSystemLabelEntityNotFound", "was not found"),
        (&user, deleted.to_string(), "BIN", "SetSystemLabelEntityNotFound", "was not found"),
        (&stranger, dialog.to_string(), "BIN", "SetSystemLabelForbidden", "unauthorized"),
        (&user, dialog.to_string(), "SENT", "SetSystemLabelDomainError", "Cannot manually add or remove"),
    ] {
        let answer = ask(caller, SET, adding(&id, label)).await.expect(200);
        let payload = &answer.body["data"]["setSystemLabel"];
        assert_eq!(
            (&payload["success"], told(payload)[0].0, answer.etag()),
            (&json!(false), kind, ""),
            "{}",
            answer.text
        );
        assert!(told(payload)[0].1.contains(words), "{}", answer.text);
    }
    for wrong in [
        json!({"input": {"dialogId": dialog, "addLabels": ["ARCHIVE"]}}),
        json!({"input": {"dialogId": "x", "addLabels": [], "removeLabels": []}}),
        adding(dialog, "Archive"),
    ] {
        ask(&user, SET, wrong).await.expect(400);
    }
}

/// §9.5
#[tokio::test]
async fn several_dialogs_are_marked_together_or_not_at_all() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialogs = [owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await];
    let change =
        |dialogs: Value, label: &str| json!({"input": {"dialogs": dialogs, "addLabels": label, "removeLabels": []}});
    let both = json!([{"dialogId": dialogs[0]}, {"dialogId": dialogs[1]}]);
    let answer = ask(&user, BULK, change(both.clone(), "BIN")).await.expect(200);
    assert_eq!(answer.body["data"]["bulkSetSystemLabels"], json!({"success": true, "errors": []}));
    assert_eq!(answer.etag(), "");
    for dialog in dialogs {
        assert_eq!(owner.reads(dialog).await["endUserContext"]["systemLabels"], json!(["Bin"]));
    }
    // A single one stands for a list, as everywhere.
    let one = data(&user, BULK, change(json!({"dialogId": dialogs[0]}), "ARCHIVE")).await;
    assert_eq!(one["bulkSetSystemLabels"]["success"], true);
    // A revision that has moved on: no success, and nothing is said.
    let stale = json!([{"dialogId": dialogs[0], "enduserContextRevision": fresh_id()}]);
    let stale = data(&user, BULK, change(stale, "BIN")).await["bulkSetSystemLabels"].clone();
    assert_eq!(stale, json!({"success": false, "errors": []}));
    let current = json!([{"dialogId": dialogs[0], "enduserContextRevision": owner.reads(dialogs[0]).await["endUserContext"]["revision"]}]);
    assert_eq!(data(&user, BULK, change(current, "DEFAULT")).await["bulkSetSystemLabels"]["success"], true);

    let missing = fresh_id();
    for (caller, dialogs, label, kind, words) in [
        (
            app.person(PERSON),
            json!([{"dialogId": dialogs[0]}, {"dialogId": missing}]),
            "BIN",
            "BulkSetSystemLabelNotFound",
            missing.to_string(),
        ),
        (app.person(OTHER_PERSON), both.clone(), "BIN", "BulkSetSystemLabelNotFound", dialogs[1].to_string()),
        (app.person(PERSON), both.clone(), "SENT", "BulkSetSystemLabelValidationError", "Cannot manually".to_owned()),
        (app.person(PERSON), json!([]), "BIN", "BulkSetSystemLabelValidationError", "between 1 and 100".to_owned()),
    ] {
        let payload = data(&caller, BULK, change(dialogs, label)).await["bulkSetSystemLabels"].clone();
        assert_eq!((&payload["success"], told(&payload)[0].0), (&json!(false), kind), "{payload}");
        assert!(told(&payload)[0].1.contains(&words), "{payload}");
    }
    assert_eq!(owner.reads(dialogs[0]).await["endUserContext"]["systemLabels"], json!(["Default"]));
}
