//! System labels set by a service owner: on behalf of an end user, or by an administrator for a performer it names.

use dialogporten::{
    auth::Scope,
    domain::{
        actor::{Actor, ActorType},
        ids::DialogId,
    },
};
use serde_json::{Value, json};
use sqlx::{PgPool, types::Json};

use crate::harness::{
    Client, Edit, ORGANIZATION, OTHER_PERSON, PERSON, TestApp, fresh_id, simple_dialog, simple_dialog_for,
    simple_transmission,
};

const BULK: &str = "serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset";

fn end_user(number: &str) -> String {
    format!("enduserId=urn:altinn:person:identifier-no:{number}")
}

fn bulk() -> String {
    format!("{BULK}?{}", end_user(PERSON))
}

fn single(dialog: impl std::fmt::Display) -> String {
    format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels?{}", end_user(PERSON))
}

fn add(labels: &[&str]) -> Value {
    json!({ "addLabels": labels })
}

fn remove(labels: &[&str]) -> Value {
    json!({ "removeLabels": labels })
}

/// A bulk request over these dialogs.
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

async fn revision(owner: &Client<'_>, dialog: DialogId) -> String {
    context(owner, dialog).await["revision"].as_str().unwrap().to_owned()
}

/// (label, set or remove, performer) of each change, oldest first.
async fn log(db: &PgPool, dialog: DialogId) -> Vec<(i16, &'static str, Actor)> {
    let rows: Vec<(i16, i16, Json<Actor>)> =
        sqlx::query_as("select label, action, performed_by from dialog_label_log where dialog_id = $1 order by id")
            .bind(dialog)
            .fetch_all(db)
            .await
            .unwrap();
    rows.into_iter().map(|(label, action, by)| (label, if action == 1 { "set" } else { "remove" }, by.0)).collect()
}

/// The default person as the log names it.
fn default_end_user() -> Actor {
    Actor {
        actor_type: ActorType::PartyRepresentative,
        actor_id: Some(format!("urn:altinn:person:identifier-no:{PERSON}")),
        actor_name: Some("LITTERATUR UROMANTISK".into()),
    }
}

/// SL-001, SL-031
#[tokio::test]
async fn two_dialogs_go_to_the_bin_together() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for spelled in ["enduserId", "endUserId", "ENDUSERID"] {
        let dialogs = [owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await];
        let path = format!("{BULK}?{spelled}=urn:altinn:person:identifier-no:{PERSON}");
        let answer = owner.post(&path, over(&dialogs, add(&["Bin"]))).await.expect(204);
        assert_eq!((answer.text.as_str(), answer.etag()), ("", ""), "{spelled}");
        for dialog in dialogs {
            assert_eq!(labels(&owner, dialog).await, json!(["Bin"]), "{spelled}");
        }
    }
}

/// SL-002
#[tokio::test]
async fn nobody_labels_another_owners_dialogs_but_an_administrator() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialogs = [owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await];
    let stranger = app.service_owner("other");
    let refused = stranger.post(&bulk(), over(&dialogs, add(&["Bin"]))).await.expect(404);
    let text =
        format!("Entity 'DialogEntity' with the following key(s) was not found: ({}, {}).", dialogs[0], dialogs[1]);
    assert_eq!(refused.errors("DialogEntity"), [text.as_str()]);
    stranger.put(&single(dialogs[0]), add(&["Bin"])).await.expect(404);
    for dialog in dialogs {
        assert_eq!(labels(&owner, dialog).await, json!(["Default"]));
    }
    let admin = stranger.and_scopes(&[Scope::Admin.as_str()]);
    admin.post(&bulk(), over(&dialogs, add(&["Bin"]))).await.expect(204);
    admin.put(&single(dialogs[0]), add(&["Archive"])).await.expect(204);
    assert_eq!(labels(&owner, dialogs[0]).await, json!(["Archive"]));
    assert_eq!(labels(&owner, dialogs[1]).await, json!(["Bin"]));
}

/// SL-003
#[tokio::test]
async fn the_last_of_default_bin_and_archive_wins() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for (added, left) in [
        (&["Bin", "Archive", "Default"][..], json!(["Default"])),
        (&["Default", "Archive", "Bin"], json!(["Bin"])),
        (&["Bin", "Default", "Archive"], json!(["Archive"])),
        (&["Bin", "Bin"], json!(["Bin"])),
        (&["MarkedAsUnopened", "Bin"], json!(["Bin", "MarkedAsUnopened"])),
        (&["bin", "ARCHIVE"], json!(["Archive"])),
    ] {
        let (one, two) = (owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await);
        owner.put(&single(one), add(added)).await.expect(204);
        owner.post(&bulk(), over(&[two], add(added))).await.expect(204);
        assert_eq!(labels(&owner, one).await, left, "{added:?}");
        assert_eq!(labels(&owner, two).await, left, "{added:?}");
    }
}

/// SL-004, SL-005
#[tokio::test]
async fn what_is_removed_falls_back_to_default_and_what_is_absent_stays_absent() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for (change, left) in [
        (remove(&["Archive"]), json!(["Default"])),
        (remove(&["Bin"]), json!(["Archive"])),
        (remove(&["Default"]), json!(["Archive"])),
        (remove(&["MarkedAsUnopened"]), json!(["Archive"])),
        (json!({ "addLabels": [], "removeLabels": [] }), json!(["Archive"])),
        (json!({}), json!(["Archive"])),
        (json!({ "addLabels": ["Bin"], "removeLabels": ["Bin"] }), json!(["Bin"])),
        (json!({ "addLabels": ["Archive"], "removeLabels": ["Archive"] }), json!(["Archive"])),
    ] {
        let archived = simple_dialog().with("systemLabel", "Archive");
        let (one, two) = (owner.creates(archived.clone()).await, owner.creates(archived).await);
        let before = revision(&owner, one).await;
        let answer = owner.put(&single(one), change.clone()).await.expect(204);
        assert_eq!(labels(&owner, one).await, left, "{change}");
        assert_eq!(answer.etag() == before, left == json!(["Archive"]), "{change}: a new revision for a new set");
        assert_eq!(revision(&owner, one).await, answer.etag(), "{change}");
        owner.post(&bulk(), over(&[two], change.clone())).await.expect(204);
        assert_eq!(labels(&owner, two).await, left, "{change}");
    }
}

/// SL-016
#[tokio::test]
async fn a_patch_takes_a_dialog_out_of_the_archive() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    owner.put(&single(dialog), add(&["Archive"])).await.expect(204);
    let patch = json!([{ "op": "replace", "path": "/progress", "value": 5 }]);
    owner.patch(&format!("serviceowner/dialogs/{dialog}"), patch).await.expect(204);
    assert_eq!(labels(&owner, dialog).await, json!(["Default"]));
    let log = log(&app.db, dialog).await;
    let kinds: Vec<_> = log.iter().map(|(label, action, _)| (*label, *action)).collect();
    assert_eq!(kinds, [(3, "set"), (3, "remove")]);
    assert_eq!(log[0].2, default_end_user());
    assert_eq!(log[1].2, Actor::service_owner());
}

/// SL-017: Sent is set by the system, and stays when a user moves the dialog.
#[tokio::test]
async fn sent_stays_beside_what_users_choose() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let submission = simple_transmission().with("type", "Submission");
    let dialog = owner.creates(simple_dialog().and("transmissions", submission)).await;
    assert_eq!(labels(&owner, dialog).await, json!(["Default", "Sent"]));
    owner.put(&single(dialog), add(&["Bin", "MarkedAsUnopened"])).await.expect(204);
    assert_eq!(labels(&owner, dialog).await, json!(["Bin", "MarkedAsUnopened", "Sent"]));
    owner.put(&single(dialog), remove(&["Bin", "MarkedAsUnopened"])).await.expect(204);
    assert_eq!(labels(&owner, dialog).await, json!(["Default", "Sent"]));
}

/// SL-018, SL-020
#[tokio::test]
async fn one_stale_revision_stops_the_whole_request() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (one, two) = (owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await);
    let (first, second) = (revision(&owner, one).await, revision(&owner, two).await);
    let with = |of_second: &str| {
        add(&["Bin"]).with(
            "dialogs",
            json!([
                { "dialogId": one, "endUserContextRevision": first },
                { "dialogId": two, "endUserContextRevision": of_second },
            ]),
        )
    };
    let refused = owner.post(&bulk(), with(&fresh_id().to_string())).await.expect(412);
    assert_eq!((refused.body["status"].clone(), refused.body.get("errors")), (json!(412), None));
    assert_eq!(labels(&owner, one).await, json!(["Default"]));
    owner.post(&bulk(), with(&second)).await.expect(204);
    assert_eq!(labels(&owner, one).await, json!(["Bin"]));
    assert_eq!(labels(&owner, two).await, json!(["Bin"]));
    owner.post(&bulk(), with(&second)).await.expect(412);
    let null = add(&["Archive"]).with("dialogs", json!([{ "dialogId": one, "endUserContextRevision": null }]));
    owner.post(&bulk(), null).await.expect(204);
}

/// SL-019: missing, deleted and out of the end user's reach are told alike.
#[tokio::test]
async fn what_is_missing_is_listed_and_nothing_changes() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let mine = owner.creates(simple_dialog()).await;
    let unknown = DialogId(fresh_id());
    let deleted = owner.creates(simple_dialog()).await;
    owner.delete(&format!("serviceowner/dialogs/{deleted}")).await.expect(204);
    let others = simple_dialog().with("party", format!("urn:altinn:person:identifier-no:{OTHER_PERSON}"));
    let foreign = owner.creates(others).await;
    let refused = owner.post(&bulk(), over(&[unknown, mine, deleted, foreign], add(&["Bin"]))).await.expect(404);
    let text =
        format!("Entity 'DialogEntity' with the following key(s) was not found: ({unknown}, {deleted}, {foreign}).");
    assert_eq!(refused.errors("DialogEntity"), [text.as_str()]);
    assert_eq!(labels(&owner, mine).await, json!(["Default"]));
    // Singly, the last one is forbidden.
    owner.put(&single(unknown), add(&["Bin"])).await.expect(404);
    owner.put(&single(deleted), add(&["Bin"])).await.expect(404);
    let refused = owner.put(&single(foreign), add(&["Bin"])).await.expect(403);
    let text = format!("The following dialog ids are unauthorized and/or missing: ({foreign}).");
    assert_eq!(refused.errors("Forbidden"), [text.as_str()]);
    // An administrator need not ask for the end user's rights.
    app.admin().put(&single(foreign), add(&["Bin"])).await.expect(204);
    app.admin().post(&bulk(), over(&[foreign, mine], add(&["Archive"]))).await.expect(204);
}

/// SL-021
#[tokio::test]
async fn sent_is_not_theirs_to_give_or_take() {
    let app = TestApp::start().await;
    let submission = simple_transmission().with("type", "Submission");
    for owner in [app.service_owner("ttd"), app.admin()] {
        let plain = owner.creates(simple_dialog()).await;
        let sent = owner.creates(simple_dialog().and("transmissions", submission.clone())).await;
        for dialog in [plain, sent] {
            for (change, key) in [
                (add(&["Bin", "Sent"]), "addLabels[1]"),
                (remove(&["sent"]), "removeLabels[0]"),
                (json!({ "systemLabels": ["Sent"], "addLabels": ["Bin"] }), "addLabels[1]"),
                (json!({ "addLabels": [5] }), "addLabels[0]"),
            ] {
                let text = "Cannot manually add or remove system label Sent. It is added automatically when a transmissions of \
                            type 'Submission or 'Correction' is added to the dialog.";
                let refused = owner.put(&single(dialog), change.clone()).await.expect(400);
                assert_eq!(refused.errors(key), [text], "{change}");
                let refused = owner.post(&bulk(), over(&[dialog], change.clone())).await.expect(400);
                assert_eq!(refused.errors(&format!("dto.{key}")), [text], "{change}");
            }
        }
        assert_eq!(labels(&owner, plain).await, json!(["Default"]));
        assert_eq!(labels(&owner, sent).await, json!(["Default", "Sent"]));
    }
}

/// M-12: a number that no label has is refused as every enum refuses it, and nothing else is done.
#[tokio::test]
async fn labels_that_do_not_exist_are_not_dropped() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    for (change, key, name) in [
        (json!({ "addLabels": ["Bin", 99] }), "addLabels[1]", "AddLabels"),
        (json!({ "addLabels": ["Bin"], "removeLabels": [0] }), "removeLabels[0]", "RemoveLabels"),
        (json!({ "addLabels": ["Bin"], "systemLabels": [-1] }), "addLabels[1]", "AddLabels"),
    ] {
        let number = if key.contains("remove") {
            "0"
        } else if change["systemLabels"].is_null() {
            "99"
        } else {
            "-1"
        };
        let text = format!("'{name}' has a range of values which does not include '{number}'.");
        let refused = owner.put(&single(dialog), change.clone()).await.expect(400);
        assert_eq!(refused.errors(key), [text.as_str()], "{change}");
        let refused = owner.post(&bulk(), over(&[dialog], change.clone())).await.expect(400);
        assert_eq!(refused.errors(&format!("dto.{key}")), [text.as_str()], "{change}");
    }
    assert_eq!(labels(&owner, dialog).await, json!(["Default"]));
}

/// SL-022
#[tokio::test]
async fn an_administrator_names_who_did_it() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let (one, two) = (admin.creates(simple_dialog()).await, admin.creates(simple_dialog()).await);
    let path = format!("serviceowner/dialogs/{one}/endusercontext/systemlabels");
    let performer = json!({
        "actorType": "PartyRepresentative",
        "actorId": format!("urn:altinn:person:identifier-no:{PERSON}"),
    });
    let body = add(&["Bin"]).with("performedBy", performer.clone());
    admin.put(&path, body.clone()).await.expect(204);
    admin.post(BULK, over(&[two], body.clone())).await.expect(204);
    for dialog in [one, two] {
        let log = log(&app.db, dialog).await;
        assert_eq!(log, [(2, "set", default_end_user())]);
    }
    let named =
        add(&["Archive"]).with("performedBy", json!({ "actorType": "PartyRepresentative", "actorName": "Kari" }));
    admin.put(&path, named).await.expect(204);
    let of_owner = add(&["Default"]).with("performedBy", json!({ "actorType": "ServiceOwner" }));
    admin.put(&path, of_owner).await.expect(204);
    let log = log(&app.db, one).await;
    let performers: Vec<_> =
        log.iter().skip(1).map(|(label, action, by)| (*label, *action, by.actor_name.clone())).collect();
    assert_eq!(performers, [(3, "set", Some("Kari".into())), (2, "remove", Some("Kari".into())), (3, "remove", None)]);

    // Everybody else is refused, after the request itself was found right.
    let owner = app.service_owner("ttd");
    for refused in [owner.put(&path, body.clone()).await, owner.post(BULK, over(&[two], body)).await] {
        let refused = refused.expect(403);
        assert_eq!(refused.errors("Forbidden"), ["performedBy is only allowed for admin-integrations."]);
    }
    let wrong = add(&["Bin"]).with("performedBy", json!({ "actorType": "PartyRepresentative" }));
    let refused = admin.put(&path, wrong.clone()).await.expect(400);
    assert_eq!(refused.errors("performedBy").len(), 1, "{}", refused.text);
    let refused = admin.post(BULK, over(&[two], wrong)).await.expect(400);
    assert_eq!(refused.errors("dto.performedBy").len(), 1, "{}", refused.text);
    let nobody = json!({
        "actorType": "PartyRepresentative", "actorId": "urn:altinn:person:identifier-no:05848297888",
    });
    admin.put(&path, add(&["Bin"]).with("performedBy", nobody)).await.expect(400);
    let unknown = json!({
        "actorType": "PartyRepresentative", "actorId": "urn:altinn:organization:identifier-no:974760746",
    });
    let refused = admin.put(&path, add(&["Bin"]).with("performedBy", unknown)).await.expect(422);
    assert_eq!(
        refused.errors("ActorId"),
        ["Unable to look up name for actor id: urn:altinn:organization:identifier-no:974760746"]
    );
}

/// SL-023
#[tokio::test]
async fn the_obsolete_member_still_adds() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (one, two) = (owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await);
    let body = json!({ "systemLabels": ["Bin"] });
    owner.post(&bulk(), over(&[one], body.clone())).await.expect(204);
    owner.put(&single(two), body).await.expect(204);
    assert_eq!(labels(&owner, one).await, json!(["Bin"]));
    assert_eq!(labels(&owner, two).await, json!(["Bin"]));
    // It stands behind `addLabels`.
    owner.put(&single(two), json!({ "systemLabels": ["Archive"], "addLabels": ["Bin"] })).await.expect(204);
    assert_eq!(labels(&owner, two).await, json!(["Archive"]));
}

/// SL-024
#[tokio::test]
async fn the_revision_is_the_end_user_contexts_own() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let before = owner.reads(dialog).await;
    let current = revision(&owner, dialog).await;
    let whole = before["revision"].as_str().unwrap().to_owned();
    for wrong in [whole, fresh_id().to_string()] {
        owner.clone().if_match(&wrong).put(&single(dialog), add(&["Bin"])).await.expect(412);
    }
    assert_eq!(labels(&owner, dialog).await, json!(["Default"]));
    let answer = owner.clone().if_match(&current).put(&single(dialog), add(&["Bin"])).await.expect(204);
    assert_ne!(answer.etag(), current);
    let after = owner.reads(dialog).await;
    assert_eq!(after["endUserContext"]["revision"], answer.etag());
    for unchanged in ["revision", "updatedAt", "contentUpdatedAt", "serviceOwnerContext"] {
        assert_eq!(before[unchanged], after[unchanged], "{unchanged}");
    }
    assert_eq!(app.raised_events(dialog).await.len(), 1, "the creation");
    owner.clone().if_match(&current).put(&single(dialog), add(&["Archive"])).await.expect(412);
    // Chapter 01 §1.12: the log names the end user; Default is never logged.
    owner.put(&single(dialog), add(&["Default"])).await.expect(204);
    let log = log(&app.db, dialog).await;
    let kinds: Vec<_> = log.iter().map(|(label, action, _)| (*label, *action)).collect();
    assert_eq!(kinds, [(2, "set"), (2, "remove")]);
    assert!(log.iter().all(|(_, _, by)| *by == default_end_user()), "{log:?}");
}

/// SL-032, and the other bounds of a bulk request.
#[tokio::test]
async fn each_dialog_is_named_once_and_not_too_many() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (one, two) = (owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await);
    let refused = owner.post(&bulk(), over(&[one, two, one], add(&["Bin"]))).await.expect(400);
    assert_eq!(refused.errors("dto.dialogs"), [format!("Can not contain duplicate items: [{one}].").as_str()]);
    let many: Vec<DialogId> = (0..201).map(|_| DialogId(fresh_id())).collect();
    for body in [over(&[], add(&["Bin"])), add(&["Bin"]), over(&many, add(&["Bin"]))] {
        let refused = owner.post(&bulk(), body).await.expect(400);
        assert_eq!(refused.errors("dto.dialogs"), ["Must supply between 1 and 200 dialogs to update"]);
    }
    owner.post(&bulk(), over(&many[..200], add(&["Bin"]))).await.expect(404);
    assert_eq!(labels(&owner, one).await, json!(["Default"]));
    for malformed in [
        json!({ "dialogs": [{ "dialogId": "x" }], "addLabels": ["Bin"] }),
        json!({ "dialogs": [null], "addLabels": ["Bin"] }),
        json!({ "dialogs": [{ "dialogId": one }], "addLabels": ["Attic"] }),
        json!({ "dialogs": [{ "dialogId": one }], "addLabels": null }),
        json!(null),
        json!([]),
    ] {
        owner.post(&bulk(), malformed.clone()).await.expect(400);
    }
}

/// SL-033
#[tokio::test]
async fn somebody_must_have_done_it_and_only_one() {
    let app = TestApp::start().await;
    let performer = json!({ "actorType": "PartyRepresentative", "actorName": "Kari" });
    for owner in [app.service_owner("ttd"), app.admin()] {
        let dialog = owner.creates(simple_dialog()).await;
        let path = format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels");
        let (nobody, both) = (add(&["Bin"]), add(&["Bin"]).with("performedBy", performer.clone()));
        for refused in [owner.put(&path, nobody.clone()).await, owner.post(BULK, over(&[dialog], nobody)).await] {
            assert_eq!(refused.expect(400).errors("endUserId"), ["EnduserId is required"]);
        }
        for refused in
            [owner.put(&single(dialog), both.clone()).await, owner.post(&bulk(), over(&[dialog], both)).await]
        {
            let refused = refused.expect(400);
            assert_eq!(refused.errors("endUserId"), ["EnduserId must be omitted when performedBy is supplied."]);
        }
        assert_eq!(labels(&owner, dialog).await, json!(["Default"]));
    }
}

/// Chapter 01 §8.2: who is named wrongly is refused before the rest is looked at.
#[tokio::test]
async fn a_malformed_end_user_is_refused_first() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let refused =
        owner.post(&format!("{BULK}?endUserId=urn:altinn:person:identifier-no:1"), json!(null)).await.expect(400);
    assert_eq!(refused.errors("EndUserId").len(), 1);
    let path = "serviceowner/dialogs/x/endusercontext/systemlabels?enduserId=";
    assert_eq!(owner.put(path, json!(null)).await.expect(400).errors("EndUserId").len(), 1);
}

/// Chapter 01 §8.2: the end user's rights count for organizations as well; frozen does not matter.
#[tokio::test]
async fn an_end_user_labels_what_it_may_list() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog_for(ORGANIZATION)).await;
    app.admin().post(&format!("serviceowner/dialogs/{dialog}/actions/freeze"), None).await.expect(204);
    owner.put(&single(dialog), add(&["Archive"])).await.expect(204);
    let by_other = format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels?{}", end_user(OTHER_PERSON));
    owner.put(&by_other, add(&["Bin"])).await.expect(403);
    owner.post(&format!("{BULK}?{}", end_user(OTHER_PERSON)), over(&[dialog], add(&["Bin"]))).await.expect(404);
    assert_eq!(labels(&owner, dialog).await, json!(["Archive"]));
}

/// What searches go by follows the labels.
#[tokio::test]
async fn marks_follow_the_labels() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let marks = async || -> Vec<i16> {
        sqlx::query_scalar("select label from dialog_mark order by label").fetch_all(&app.db).await.unwrap()
    };
    for (change, left) in [
        (add(&["Bin", "MarkedAsUnopened"]), &[2, 8][..]),
        (add(&["Archive"]), &[4, 8]),
        (json!({ "removeLabels": ["MarkedAsUnopened"] }), &[4]),
        (add(&["Default"]), &[]),
    ] {
        owner.put(&single(dialog), change.clone()).await.expect(204);
        assert_eq!(marks().await, left, "{change}");
    }
}
