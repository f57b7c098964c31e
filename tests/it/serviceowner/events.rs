//! What writes raise, as the outbox holds it.

use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use super::writes::{
    CHANGE_TRANSMISSIONS, action, activities, attachment, created, id, path, replace, silently, simple_update,
    transmissions,
};
use crate::harness::{Client, Edit, TestApp, simple_activity, simple_dialog, simple_transmission};

/// What was raised after the dialog's creation; then the outbox is empty.
async fn raised(app: &TestApp, dialog: DialogId) -> Vec<String> {
    let kinds = app.raised_events(dialog).await.into_iter().map(|event| event.kind).collect();
    sqlx::query("delete from outbox where dialog_id = $1").bind(dialog).execute(&app.db).await.unwrap();
    kinds
}

async fn born(app: &TestApp, owner: &Client<'_>) -> DialogId {
    let (dialog, _) = created(owner, simple_dialog()).await;
    assert_eq!(raised(app, dialog).await, ["DialogCreated"]);
    dialog
}

/// EV-002
#[tokio::test]
async fn a_change_raises_one_update() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = born(&app, &owner).await;
    for body in [simple_update().with("progress", 3), simple_update().and("attachments", attachment())] {
        owner.put(&path(dialog), body).await.expect(204);
        assert_eq!(raised(&app, dialog).await, ["DialogUpdated"]);
    }
    owner.patch(&path(dialog), json!([replace("/progress", 4)])).await.expect(204);
    assert_eq!(raised(&app, dialog).await, ["DialogUpdated"]);
    owner.patch(&path(dialog), json!([])).await.expect(204);
    assert_eq!(raised(&app, dialog).await, [""; 0]);
}

/// EV-003, EV-007
#[tokio::test]
async fn what_is_appended_is_raised_besides() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = born(&app, &owner).await;
    let (activity, transmission) = (id(), id());
    let paid = simple_activity("PaymentMade").with("extendedType", "urn:paid");
    let body = simple_update()
        .and("activities", paid.clone().with("id", activity.as_str()))
        .and("transmissions", simple_transmission().with("id", transmission.as_str()));
    owner.put(&path(dialog), body).await.expect(204);
    let events = app.raised_events(dialog).await;
    assert_eq!(raised(&app, dialog).await, ["DialogUpdated", "DialogTransmissionCreated", "DialogActivityCreated"]);
    assert_eq!(events[1].body["transmission_id"], transmission);
    assert_eq!(events[1].body["sender_type"], "ServiceOwner");
    assert_eq!(events[2].body["activity_id"], activity);
    assert_eq!(events[2].body["activity_type"], "PaymentMade");
    assert_eq!(events[2].body["extended_type"], "urn:paid");

    owner.post(&transmissions(dialog), simple_transmission()).await.expect(201);
    assert_eq!(raised(&app, dialog).await, ["DialogUpdated", "DialogTransmissionCreated"]);
    owner.post(&activities(dialog), paid).await.expect(201);
    assert_eq!(raised(&app, dialog).await, ["DialogUpdated", "DialogActivityCreated"]);
}

/// EV-004, EV-005
#[tokio::test]
async fn deletion_and_restoration_are_raised() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = born(&app, &owner).await;
    owner.post(&action(dialog, "restore"), None).await.expect(204);
    assert_eq!(raised(&app, dialog).await, [""; 0], "nothing to restore");
    owner.delete(&path(dialog)).await.expect(204);
    assert_eq!(raised(&app, dialog).await, ["DialogDeleted"]);
    owner.post(&action(dialog, "restore"), None).await.expect(204);
    assert_eq!(raised(&app, dialog).await, ["DialogRestored"]);
    app.admin().post(&action(dialog, "freeze"), None).await.expect(204);
    assert_eq!(raised(&app, dialog).await, ["DialogUpdated"]);
    app.admin().post(&action(dialog, "freeze"), None).await.expect(204);
    assert_eq!(raised(&app, dialog).await, [""; 0], "frozen already");
    owner.post(&action(dialog, "purge"), None).await.expect(204);
    assert_eq!(raised(&app, dialog).await, ["DialogDeleted"]);

    let dialog = born(&app, &owner).await;
    owner.delete(&path(dialog)).await.expect(204);
    owner.post(&action(dialog, "purge"), None).await.expect(204);
    assert_eq!(raised(&app, dialog).await, ["DialogDeleted"], "only the first");
}

/// Chapter 01 §10: of silent writes only creation and updates are raised, flagged.
#[tokio::test]
async fn silence_leaves_flagged_updates() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").and_scopes(&[CHANGE_TRANSMISSIONS]);
    let answer = owner.post("serviceowner/dialogs?isSilentUpdate=true", simple_dialog()).await.expect(201);
    let dialog = DialogId(answer.body.as_str().unwrap().parse().unwrap());
    let transmission = id();
    let silent = |action_name: &str| format!("{}?isSilentUpdate=true", action(dialog, action_name));
    let body = simple_update()
        .with("progress", 1)
        .and("transmissions", simple_transmission().with("id", transmission.as_str()))
        .and("activities", simple_activity("PaymentMade"));
    owner.put(&silently(dialog), body).await.expect(204);
    owner.post(&transmissions(dialog), simple_transmission().with("isSilentUpdate", true)).await.expect(201);
    owner.post(&activities(dialog), simple_activity("PaymentMade").with("isSilentUpdate", true)).await.expect(201);
    let correction = simple_transmission().with("isSilentUpdate", true).with("externalReference", "ref");
    owner.put(&format!("{}/{transmission}", transmissions(dialog)), correction).await.expect(204);
    owner.delete(&silently(dialog)).await.expect(204);
    owner.post(&silent("restore"), None).await.expect(204);
    owner.post(&silent("purge"), None).await.expect(204);
    let events = app.raised_events(dialog).await;
    assert!(events.iter().all(|event| event.body["is_silent_update"] == true), "{events:?}");
    let kinds: Vec<_> = events.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["DialogCreated", "DialogUpdated", "DialogUpdated", "DialogUpdated", "DialogUpdated"]);
}

/// Chapter 01 §0: these two need no body, but may be told in one.
#[tokio::test]
async fn restoring_and_purging_may_be_silenced_in_the_body() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = born(&app, &owner).await;
    owner.delete(&silently(dialog)).await.expect(204);
    owner.post(&action(dialog, "restore"), json!({"isSilentUpdate": true})).await.expect(204);
    let loud = format!("{}?isSilentUpdate=false", action(dialog, "restore"));
    owner.post(&loud, json!({"isSilentUpdate": true})).await.expect(204);
    owner.post(&action(dialog, "purge"), json!({"IsSilentUpdate": true, "dialogId": dialog})).await.expect(204);
    assert_eq!(raised(&app, dialog).await, [""; 0]);
}

/// A refused write raises nothing.
#[tokio::test]
async fn refusals_raise_nothing() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let activity = simple_activity("PaymentMade").with("id", id());
    let (dialog, _) = created(&owner, simple_dialog().and("activities", activity.clone())).await;
    raised(&app, dialog).await;
    owner.post(&activities(dialog), activity).await.expect(422);
    let stale = owner.clone().if_match(super::writes::V4);
    stale.put(&path(dialog), simple_update().with("progress", 1)).await.expect(412);
    stale.post(&action(dialog, "purge"), Value::Null).await.expect(412);
    assert_eq!(raised(&app, dialog).await, [""; 0]);
}
