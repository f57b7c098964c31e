//! How end users mark dialogs, one or several, and the log of it.

use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use crate::harness::{
    Client, Edit, ORGANIZATION, OTHER_PERSON, PERSON, TestApp, fresh_id, simple_dialog, simple_dialog_for,
    simple_transmission,
};

const BULK: &str = "enduser/dialogs/context/systemlabels/actions/bulkset";
const SYSTEM_USER: &str = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";

fn single(dialog: impl std::fmt::Display) -> String {
    format!("enduser/dialogs/{dialog}/context/systemlabels")
}

fn add(labels: &[&str]) -> Value {
    json!({ "addLabels": labels })
}

fn over(dialogs: &[DialogId], change: Value) -> Value {
    let dialogs: Vec<Value> = dialogs.iter().map(|id| json!({ "dialogId": id })).collect();
    change.with("dialogs", dialogs)
}

async fn context(owner: &Client<'_>, dialog: DialogId) -> Value {
    owner.reads(dialog).await["endUserContext"].clone()
}

async fn labels(owner: &Client<'_>, dialog: DialogId) -> Value {
    context(owner, dialog).await["systemLabels"].clone()
}

async fn log(user: &Client<'_>, dialog: DialogId) -> Vec<Value> {
    let answer = user.get(&format!("enduser/dialogs/{dialog}/context/labellog")).await.expect(200);
    answer.body.as_array().expect("a list").clone()
}

/// Name and action of each entry.
fn told(log: &[Value]) -> Vec<(String, &str)> {
    log.iter()
        .map(|entry| {
            let name = entry["name"].as_str().expect("a name").strip_prefix("systemlabel:").expect("the prefix");
            (name.to_owned(), entry["action"].as_str().expect("an action"))
        })
        .collect()
}

fn pairs(told: &[(&'static str, &'static str)]) -> Vec<(String, &'static str)> {
    told.iter().map(|(name, action)| ((*name).to_owned(), *action)).collect()
}

/// SL-007, SL-020, SL-026, SL-027, SL-028: several at once, guarded or not.
#[tokio::test]
async fn several_dialogs_are_marked_together() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialogs = [owner.creates(simple_dialog()).await, owner.creates(simple_dialog_for(ORGANIZATION)).await];
    let before = context(&owner, dialogs[0]).await["revision"].clone();
    let done = user.post(BULK, over(&dialogs, add(&["Bin"]))).await.expect(204);
    assert_eq!((done.etag(), done.text.as_str()), ("", ""));
    for dialog in dialogs {
        assert_eq!(labels(&owner, dialog).await, json!(["Bin"]));
    }
    assert_ne!(context(&owner, dialogs[0]).await["revision"], before);

    user.post(BULK, over(&dialogs, json!({ "removeLabels": ["Bin"] }))).await.expect(204);
    assert_eq!(labels(&owner, dialogs[0]).await, json!(["Default"]));
    user.post(BULK, over(&dialogs, json!({ "systemLabels": ["Archive"] }))).await.expect(204);
    assert_eq!(labels(&owner, dialogs[1]).await, json!(["Archive"]));

    let mut entries = Vec::new();
    for dialog in dialogs {
        let revision = context(&owner, dialog).await["revision"].clone();
        entries.push(json!({ "dialogId": dialog, "endUserContextRevision": revision }));
    }
    user.post(BULK, add(&["Default"]).with("dialogs", entries.clone())).await.expect(204);
    assert_eq!(labels(&owner, dialogs[0]).await, json!(["Default"]));
    // SL-018: one stale revision stops all.
    let mixed = vec![json!({ "dialogId": dialogs[0] }), entries[1].clone()];
    let refused = user.post(BULK, add(&["Bin"]).with("dialogs", mixed)).await.expect(412);
    assert!(refused.body.get("errors").is_none());
    assert_eq!(labels(&owner, dialogs[0]).await, json!(["Default"]));
}

/// SL-009, SL-026: missing, deleted and out of reach are told alike, with their ids, and nothing changes.
#[tokio::test]
async fn what_is_out_of_reach_is_listed() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let mine = owner.creates(simple_dialog()).await;
    let foreign = owner.creates(simple_dialog_for("437454302")).await;
    let deleted = owner.creates(simple_dialog()).await;
    owner.delete(&format!("serviceowner/dialogs/{deleted}")).await.expect(204);
    let unknown = DialogId(fresh_id());
    let refused = user.post(BULK, over(&[mine, foreign, deleted, unknown], add(&["Bin"]))).await.expect(404);
    let text = refused.errors("DialogEntity")[0].to_owned();
    for id in [foreign, deleted, unknown] {
        assert!(text.contains(&id.to_string()), "{id} in {text}");
    }
    assert!(!text.contains(&mine.to_string()));
    assert_eq!(labels(&owner, mine).await, json!(["Default"]));
}

/// SL-013, SL-014, SL-015, SL-030
#[tokio::test]
async fn one_dialog_is_marked() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let before = context(&owner, dialog).await;
    let stale = user.clone().if_match(&fresh_id().to_string()).put(&single(dialog), add(&["Bin"])).await.expect(412);
    assert!(stale.body.get("errors").is_none());
    assert_eq!(context(&owner, dialog).await, before);
    let dialogs_own = owner.reads(dialog).await["revision"].as_str().expect("a revision").to_owned();
    user.clone().if_match(&dialogs_own).put(&single(dialog), add(&["Bin"])).await.expect(412);

    let revision = before["revision"].as_str().expect("a revision");
    let done = user.clone().if_match(revision).put(&single(dialog), add(&["Bin", "Archive"])).await.expect(204);
    let after = context(&owner, dialog).await;
    assert_eq!(after["systemLabels"], json!(["Archive"]));
    assert_eq!(done.etag(), after["revision"].as_str().expect("a revision"));
    assert_ne!(after["revision"], before["revision"]);
    // What changes nothing answers with the revision as it is.
    for nothing in [json!({}), add(&[]), add(&["Archive"])] {
        assert_eq!(user.put(&single(dialog), nothing).await.expect(204).etag(), done.etag());
    }
    // M-12: what no label has is not dropped.
    let refused = user.put(&single(dialog), json!({ "addLabels": [99] })).await.expect(400);
    assert_eq!(refused.errors("addLabels[0]"), ["'AddLabels' has a range of values which does not include '99'."]);
    assert_eq!(app.raised_events(dialog).await.len(), 1, "EV-012: labels raise nothing");

    let unknown = user.put(&single(fresh_id()), add(&["Bin"])).await.expect(404);
    assert_eq!(unknown.errors("DialogEntity").len(), 1);
    let foreign = owner.creates(simple_dialog_for("437454302")).await;
    let refused = user.put(&single(foreign), add(&["Bin"])).await.expect(403);
    let text = format!("The following dialog ids are unauthorized and/or missing: ({foreign}).");
    assert_eq!(refused.errors("Forbidden"), [text.as_str()]);
    app.person(OTHER_PERSON).put(&single(dialog), add(&["Bin"])).await.expect(403);
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    user.put(&single(dialog), add(&["Bin"])).await.expect(404);
}

/// SL-010, SL-011, SL-012
#[tokio::test]
async fn the_log_tells_each_change() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    assert_eq!(log(&user, dialog).await, [] as [Value; 0]);
    user.put(&single(dialog), add(&["Bin"])).await.expect(204);
    let [entry] = log(&user, dialog).await.try_into().expect("one entry");
    let mut shown = entry.clone();
    let id = shown["performedBy"]["actorId"].take();
    let id = id.as_str().expect("an id");
    assert!(id.starts_with("urn:altinn:person:identifier-ephemeral:") && !id.contains(PERSON));
    shown["createdAt"].as_str().expect("a time");
    assert_eq!(
        shown.without("createdAt"),
        json!({
            "name": "systemlabel:Bin",
            "action": "set",
            "performedBy": {
                "actorType": "PartyRepresentative",
                "actorName": "LITTERATUR UROMANTISK",
                "actorId": null,
            },
        })
    );
    user.put(&single(dialog), add(&["Archive"])).await.expect(204);
    let so_far = [("Bin", "set"), ("Archive", "set"), ("Bin", "remove")];
    assert_eq!(told(&log(&user, dialog).await), pairs(&so_far));
    user.put(&single(dialog), add(&["Default"])).await.expect(204);
    user.put(&single(dialog), add(&["MarkedAsUnopened"])).await.expect(204);
    user.opens(dialog).await;
    let rest = [("Archive", "remove"), ("MarkedAsUnopened", "set"), ("MarkedAsUnopened", "remove")];
    assert_eq!(told(&log(&user, dialog).await), pairs(&[so_far.as_slice(), &rest].concat()));
}

/// SL-016
#[tokio::test]
async fn an_owner_s_patch_takes_a_dialog_out_of_the_archive() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    user.put(&single(dialog), add(&["Archive"])).await.expect(204);
    assert_eq!(labels(&owner, dialog).await, json!(["Archive"]));
    let patch = json!([{ "op": "replace", "path": "/progress", "value": 5 }]);
    owner.patch(&format!("serviceowner/dialogs/{dialog}"), patch).await.expect(204);
    assert_eq!(labels(&owner, dialog).await, json!(["Default"]));
    let log = log(&user, dialog).await;
    assert_eq!(told(&log), pairs(&[("Archive", "set"), ("Archive", "remove")]));
    assert_eq!(log[0]["performedBy"]["actorType"], "PartyRepresentative");
    assert_eq!(log[1]["performedBy"]["actorType"], "ServiceOwner");
}

/// SL-008, SL-029
#[tokio::test]
async fn a_system_user_marks_dialogs_too() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.system_user(SYSTEM_USER));
    let dialog = owner.creates(simple_dialog_for("310057223")).await;
    user.put(&single(dialog), add(&["Archive"])).await.expect(204);
    user.post(BULK, over(&[dialog], add(&["MarkedAsUnopened"]))).await.expect(204);
    assert_eq!(labels(&owner, dialog).await, json!(["Archive", "MarkedAsUnopened"]));
    let log = log(&user, dialog).await;
    assert_eq!(told(&log), pairs(&[("Archive", "set"), ("MarkedAsUnopened", "set")]));
    for entry in log {
        let performer = json!({
            "actorType": "PartyRepresentative",
            "actorId": format!("urn:altinn:systemuser:uuid:{SYSTEM_USER}"),
            "actorName": "Dialogporten E2E tests (nb)",
        });
        assert_eq!(entry["performedBy"], performer);
    }
}

/// SL-021, SL-032; chapter 08 §3.3: every fault at once, with its place.
#[tokio::test]
async fn bad_requests_are_told_where_they_are_bad() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner
        .creates(
            simple_dialog().and(
                "transmissions",
                simple_transmission()
                    .with("type", "Submission")
                    .with("sender", json!({"actorType": "PartyRepresentative", "actorName": "Kari"})),
            ),
        )
        .await;
    let sent = json!({ "addLabels": ["Bin", "Sent"], "removeLabels": ["Sent"] });
    let refused = user.put(&single(dialog), sent.clone()).await.expect(400);
    assert_eq!(refused.errors("addLabels[1]").len() + refused.errors("removeLabels[0]").len(), 2, "{}", refused.text);
    let refused = user.post(BULK, over(&[dialog], sent)).await.expect(400);
    assert_eq!(refused.errors("dto.addLabels[1]").len() + refused.errors("dto.removeLabels[0]").len(), 2);
    assert_eq!(labels(&owner, dialog).await, json!(["Default", "Sent"]));

    let refused = user.post(BULK, over(&[dialog, dialog], add(&["Bin"]))).await.expect(400);
    assert!(refused.errors("dto.dialogs")[0].contains(&dialog.to_string()), "{}", refused.text);
    let many: Vec<DialogId> = (0..101).map(|_| DialogId(fresh_id())).collect();
    for dialogs in [&[][..], &many] {
        let refused = user.post(BULK, over(dialogs, add(&["Bin"]))).await.expect(400);
        assert_eq!(refused.errors("dto.dialogs"), ["Must supply between 1 and 100 dialogs to update"]);
    }
    user.post(BULK, over(&many[..100], add(&["Bin"]))).await.expect(404);
    for body in [
        json!({ "addLabels": ["Nonsense"] }),
        json!({ "addLabels": "Bin" }),
        json!([]),
        json!({ "addLabels": null }),
        json!({ "addLabels": [null] }),
    ] {
        let refused = user.put(&single(dialog), body.clone()).await.expect(400);
        assert!(refused.body["errors"].is_object(), "{body}");
    }
    user.put(&single("no-id"), add(&["Bin"])).await.expect(400);
    user.clone().if_match("no-revision").put(&single(dialog), add(&["Bin"])).await.expect(400);
    assert_eq!(labels(&owner, dialog).await, json!(["Default", "Sent"]));
}

/// Chapter 02 §4.2: neither level nor visibility matters to labels.
#[tokio::test]
async fn labels_need_no_level_and_no_visible_dialog() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let high = simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-dialogporten-transmissions-test");
    let ahead = (app.clock.now() + chrono::Duration::days(30)).to_rfc3339();
    for body in [high, simple_dialog().with("visibleFrom", ahead)] {
        let dialog = owner.creates(body).await;
        user.put(&single(dialog), add(&["Archive"])).await.expect(204);
        user.post(BULK, over(&[dialog], add(&["Bin"]))).await.expect(204);
        assert_eq!(labels(&owner, dialog).await, json!(["Bin"]));
    }
}
