//! What opening a dialog leaves behind, and the seen log as end users read it.

use std::collections::BTreeSet;

use chrono::Duration;
use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use crate::harness::{
    Client, Edit, ORGANIZATION, OTHER_PERSON, PERSON, TestApp, bare, fresh_id, simple_activity, simple_dialog,
    simple_dialog_for, simple_transmission,
};

const SYSTEM_USER: &str = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";
const EPHEMERAL: &str = "urn:altinn:person:identifier-ephemeral:";

fn urn(person: &str) -> String {
    format!("urn:altinn:person:identifier-no:{person}")
}

fn log(dialog: DialogId) -> String {
    format!("enduser/dialogs/{dialog}/seenlog")
}

/// The seen log as its owner reads it.
async fn entries(owner: &Client<'_>, dialog: DialogId) -> Vec<Value> {
    let answer = owner.get(&format!("serviceowner/dialogs/{dialog}/seenlog")).await.expect(200);
    answer.body.as_array().expect("a list").clone()
}

/// Moves `updatedAt` and nothing that readers have to look at.
async fn touches(app: &TestApp, owner: &Client<'_>, dialog: DialogId, progress: i32) {
    app.clock.advance(Duration::seconds(1));
    let change = json!([{ "op": "add", "path": "/progress", "value": progress }]);
    owner.patch(&format!("serviceowner/dialogs/{dialog}"), change).await.expect(204);
    app.clock.advance(Duration::seconds(1));
}

async fn kinds(app: &TestApp, dialog: DialogId) -> Vec<String> {
    app.raised_events(dialog).await.into_iter().map(|event| event.kind).collect()
}

/// A dialog as the owner reads it for a person.
async fn read_for(owner: &Client<'_>, dialog: DialogId, person: &str) -> Value {
    owner.get(&format!("serviceowner/dialogs/{dialog}?endUserId={}", urn(person))).await.expect(200).body
}

fn actors(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|entry| entry["seenBy"]["actorId"].as_str().expect("an id")).collect()
}

/// N-003, N-004, N-012: the first look is in its own answer, under a passing name.
#[tokio::test]
async fn the_first_look_is_told_in_its_own_answer() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let before = owner.reads(dialog).await;
    let user = app.person(PERSON);

    let opened = user.opens(dialog).await;

    assert_eq!(opened["isContentSeen"], true);
    for list in ["seenSinceLastUpdate", "seenSinceLastContentUpdate"] {
        let [entry] = opened[list].as_array().expect("a list").as_slice() else { panic!("one entry in {opened}") };
        assert_eq!(entry["isCurrentEndUser"], true);
        assert_eq!(entry["isViaServiceOwner"], false);
        assert!(entry["seenBy"]["actorId"].as_str().is_some_and(|id| id.starts_with(EPHEMERAL)), "{entry}");
        assert_eq!(entry["seenBy"]["actorName"], "LITTERATUR UROMANTISK");
    }
    assert!(!opened["seenSinceLastUpdate"].to_string().contains(PERSON));
    // Reading leaves every revision and time as it was.
    let after = owner.reads(dialog).await;
    for member in ["revision", "updatedAt", "contentUpdatedAt", "endUserContext"] {
        assert_eq!(after[member], before[member], "{member}");
    }

    let entry = &opened["seenSinceLastUpdate"][0];
    let members: BTreeSet<_> = entry.as_object().expect("an entry").keys().map(String::as_str).collect();
    assert_eq!(members, ["id", "seenAt", "seenBy", "isViaServiceOwner", "isCurrentEndUser"].into());
    let listed = user.get(&log(dialog)).await.expect(200).body;
    assert_eq!(listed, json!([entry]));
    let single = user.get(&format!("{}/{}", log(dialog), entry["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(single.body, *entry);
    assert_eq!(single.etag(), "");
}

/// N-010, N-014, EV-001: one entry for each state that a reader opens, and events for new ones only.
#[tokio::test]
async fn the_same_state_is_noted_once() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    for _ in 0..3 {
        user.opens(dialog).await;
        app.clock.advance(Duration::seconds(1));
    }
    assert_eq!(entries(&owner, dialog).await.len(), 1);
    assert_eq!(kinds(&app, dialog).await, ["DialogCreated", "DialogUpdated", "DialogSeen"]);
    let seen = app.raised_events(dialog).await.pop().expect("the seen event");
    let entry = entries(&owner, dialog).await[0]["id"].clone();
    assert_eq!((&seen.body["event_id"], &seen.body["seen_log_id"]), (&entry, &entry));

    touches(&app, &owner, dialog, 10).await;
    user.opens(dialog).await;
    assert_eq!(entries(&owner, dialog).await.len(), 2);

    app.clock.advance(Duration::seconds(1));
    let change = json!([{ "op": "add", "path": "/extendedStatus", "value": "news" }]);
    owner.patch(&format!("serviceowner/dialogs/{dialog}"), change).await.expect(204);
    assert_eq!(owner.reads(dialog).await["isContentSeen"], false);
    let opened = user.opens(dialog).await;
    assert_eq!(opened["isContentSeen"], true);
    for list in ["seenSinceLastUpdate", "seenSinceLastContentUpdate"] {
        assert_eq!(opened[list].as_array().map(Vec::len), Some(1), "{list}");
    }
}

/// N-009: however often somebody reads, each list shows them once, with the latest entry.
#[tokio::test]
async fn a_reader_stands_once_in_each_list() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    user.opens(dialog).await;
    for round in 1..=2 {
        touches(&app, &owner, dialog, round).await;
        let opened = user.opens(dialog).await;
        let shown = owner.reads(dialog).await;
        for list in ["seenSinceLastUpdate", "seenSinceLastContentUpdate"] {
            let [entry] = shown[list].as_array().expect("a list").as_slice() else { panic!("one entry: {shown}") };
            let latest = entries(&owner, dialog).await.pop().expect("an entry");
            assert_eq!((&entry["id"], &opened[list][0]["id"]), (&latest["id"], &latest["id"]), "{list}");
        }
    }
}

/// N-007, N-008, N-013, N-015
#[tokio::test]
async fn readers_stand_in_the_order_in_which_they_came() {
    let world = bare()
        .patched(&json!({ "grants": [
            { "to": format!("person:{OTHER_PERSON}"), "for": format!("organization:{ORGANIZATION}"), "role": "dagl" },
        ]}))
        .expect("a world without faults");
    let app = TestApp::start_in(world, &[]).await;
    let (owner, a, b) = (app.service_owner("ttd"), app.person(PERSON), app.person(OTHER_PERSON));
    let dialog = owner.creates(simple_dialog_for(ORGANIZATION)).await;
    a.opens(dialog).await;
    app.clock.advance(Duration::seconds(1));
    let opened = b.opens(dialog).await;
    assert_eq!(opened["seenSinceLastUpdate"].as_array().map(Vec::len), Some(2));
    let (a_urn, b_urn) = (urn(PERSON), urn(OTHER_PERSON));
    let shown = owner.reads(dialog).await;
    for list in ["seenSinceLastUpdate", "seenSinceLastContentUpdate"] {
        assert_eq!(actors(&shown[list]), [&a_urn, &b_urn]);
    }

    touches(&app, &owner, dialog, 1).await;
    let opened = b.opens(dialog).await;
    assert_eq!(opened["seenSinceLastContentUpdate"].as_array().map(Vec::len), Some(2));
    assert_eq!(opened["seenSinceLastUpdate"].as_array().map(Vec::len), Some(1));
    let shown = owner.reads(dialog).await;
    assert_eq!(actors(&shown["seenSinceLastContentUpdate"]), [&a_urn, &b_urn]);
    assert_eq!(actors(&shown["seenSinceLastUpdate"]), [&b_urn]);
    let listed = owner.get("serviceowner/dialogs").await.expect(200).body["items"][0].clone();
    assert_eq!(actors(&listed["seenSinceLastContentUpdate"]), [&a_urn, &b_urn]);
    assert_eq!(actors(&listed["seenSinceLastUpdate"]), [&b_urn]);

    app.clock.advance(Duration::seconds(1));
    a.opens(dialog).await;
    let shown = owner.reads(dialog).await;
    assert_eq!(actors(&shown["seenSinceLastContentUpdate"]), [&a_urn, &b_urn], "A came first");
    let newest = entries(&owner, dialog).await.pop().expect("an entry");
    assert_eq!(shown["seenSinceLastContentUpdate"][0]["id"], newest["id"], "with the newer entry");
    assert_eq!(actors(&shown["seenSinceLastUpdate"]), [&b_urn, &a_urn]);
}

/// N-005: somebody else read for the person, who can tell.
#[tokio::test]
async fn an_entry_by_way_of_the_owner_is_the_persons() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    read_for(&owner, dialog, PERSON).await;
    let id = entries(&owner, dialog).await[0]["id"].as_str().expect("an id").to_owned();
    let entry = user.get(&format!("{}/{id}", log(dialog))).await.expect(200).body;
    assert_eq!((&entry["isViaServiceOwner"], &entry["isCurrentEndUser"]), (&json!(true), &json!(true)));
}

/// EG-009: a system user is named, and not masked.
#[tokio::test]
async fn a_system_user_is_a_reader_like_others() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog_for("310057223")).await;
    // By single rights.
    let (other, resource) = ("54cb69df-3d8a-4432-804e-742e40de6211", "ttd-dialogporten-automated-tests-2");
    let single = simple_dialog_for("313006425").with("serviceResource", format!("urn:altinn:resource:{resource}"));
    let single = owner.creates(single).await;
    for (reader, dialog) in [(SYSTEM_USER, dialog), (other, single)] {
        let opened = app.system_user(reader).opens(dialog).await;
        let [entry] = opened["seenSinceLastUpdate"].as_array().expect("entries").as_slice() else { panic!("{opened}") };
        assert_eq!(entry["seenBy"]["actorId"], format!("urn:altinn:systemuser:uuid:{reader}"));
        assert_eq!(entry["isCurrentEndUser"], true);
        let named = "Dialogporten E2E tests (nb)";
        assert_eq!(entry["seenBy"]["actorName"], named);
        let [noted] = entries(&owner, dialog).await.try_into().expect("one entry");
        assert_eq!(noted["seenBy"]["actorName"], named);
    }
}

/// N-016: what lies ahead is noted at most twice.
#[tokio::test]
async fn a_dialog_that_lies_ahead_is_noted_at_most_twice() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let ahead = (app.clock.now() + Duration::days(30)).to_rfc3339();
    let dialog = owner.creates(simple_dialog().with("visibleFrom", ahead)).await;
    for _ in 0..4 {
        read_for(&owner, dialog, PERSON).await;
        app.clock.advance(Duration::seconds(1));
    }
    let noted = entries(&owner, dialog).await.len();
    assert!((1..=2).contains(&noted), "{noted} entries");
    let kinds = kinds(&app, dialog).await;
    let count = |kind: &str| kinds.iter().filter(|raised| *raised == kind).count();
    assert_eq!((count("DialogSeen"), count("DialogUpdated")), (noted, noted));
}

/// N-006: what was moved over from Altinn 2 counts as seen, and opening it is noted all the same.
#[tokio::test]
async fn what_was_moved_over_counts_as_seen() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let moved = simple_dialog().with("serviceResource", "urn:altinn:resource:app_ttd_a2-2802-10793");
    for created in ["2009-01-01T00:00:00Z", "2025-06-01T00:00:00Z"] {
        let dialog = owner.creates(moved.clone().with("createdAt", created).with("updatedAt", created)).await;
        assert_eq!(owner.reads(dialog).await["isContentSeen"], true, "{created}");
    }
    let dialog = owner.creates(moved).await;
    assert_eq!(owner.reads(dialog).await["isContentSeen"], true);
    app.person(PERSON).opens(dialog).await;
    assert_eq!(entries(&owner, dialog).await.len(), 1);
}

/// SL-006, SL-025, OG-009: opening takes the mark away, with an entry in the log by whoever opened it.
#[tokio::test]
async fn opening_takes_the_mark_away() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let labels = format!("enduser/dialogs/{dialog}/context/systemlabels");
    user.put(&labels, json!({ "addLabels": ["Bin", "MarkedAsUnopened"] })).await.expect(204);
    let before = owner.reads(dialog).await;
    assert_eq!(before["endUserContext"]["systemLabels"], json!(["Bin", "MarkedAsUnopened"]));

    let opened = user.opens(dialog).await;

    assert_eq!(opened["endUserContext"]["systemLabels"], json!(["Bin"]));
    assert_eq!((&opened["systemLabel"], &opened["isContentSeen"]), (&json!("Bin"), &json!(true)));
    assert_eq!(opened["endUserContext"]["revision"], before["endUserContext"]["revision"]);
    assert_eq!(owner.reads(dialog).await["endUserContext"], opened["endUserContext"]);
    let log = user.get(&format!("enduser/dialogs/{dialog}/context/labellog")).await.expect(200).body;
    let last = log.as_array().and_then(|log| log.last()).expect("an entry");
    assert_eq!((&last["name"], &last["action"]), (&json!("systemlabel:MarkedAsUnopened"), &json!("remove")));
    assert_eq!(last["performedBy"]["actorName"], "LITTERATUR UROMANTISK");

    // Marked again and opened again: one more entry the first time, later none, but the mark always goes.
    let noted = entries(&owner, dialog).await.len();
    for round in 0..3 {
        user.put(&labels, json!({ "addLabels": ["MarkedAsUnopened"] })).await.expect(204);
        assert_eq!(owner.reads(dialog).await["isContentSeen"], false);
        app.clock.advance(Duration::seconds(1));
        let events = kinds(&app, dialog).await.len();
        let opened = user.opens(dialog).await;
        assert_eq!(opened["isContentSeen"], true);
        assert_eq!(opened["endUserContext"]["systemLabels"], json!(["Bin"]));
        assert_eq!(entries(&owner, dialog).await.len(), noted + 1, "round {round}");
        assert_eq!(kinds(&app, dialog).await.len(), events + if round == 0 { 2 } else { 1 }, "round {round}");
    }
    let marks: i64 = sqlx::query_scalar("select count(*) from dialog_mark where dialog_id = $1 and label = 8")
        .bind(dialog)
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(marks, 0);
}

/// Chapter 02 §3.2: in this order, and nothing of a hidden dialog leaks. The same for the label log, but that a deleted dialog
/// is missing there.
#[tokio::test]
async fn the_logs_are_as_hidden_as_the_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let level_four = simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-dialogporten-transmissions-test");
    let dialog = owner.creates(level_four.with("expiresAt", (app.clock.now() + Duration::hours(1)).to_rfc3339())).await;
    app.person(PERSON).level(4).opens(dialog).await;
    let entry = entries(&owner, dialog).await[0]["id"].as_str().expect("an id").to_owned();
    let paths = |entry: &str| {
        [log(dialog), format!("{}/{entry}", log(dialog)), format!("enduser/dialogs/{dialog}/context/labellog")]
    };
    let none = fresh_id().to_string();
    for path in [log(DialogId(fresh_id())), format!("{}/{none}", log(DialogId(fresh_id())))] {
        assert_eq!(app.person(PERSON).get(&path).await.expect(404).errors("DialogEntity").len(), 1);
    }
    for path in paths(&entry) {
        let stranger = app.person(OTHER_PERSON).level(4).get(&path).await.expect(404);
        assert_eq!(stranger.errors("DialogEntity").len(), 1, "{path}");
        let low = app.person(PERSON).get(&path).await.expect(403);
        assert_eq!(low.errors("Forbidden"), ["Altinn authentication level too low."], "{path}");
        app.person(PERSON).level(4).get(&path).await.expect(200);
    }
    // A missing entry is told before the level.
    let missing = app.person(PERSON).get(&format!("{}/{none}", log(dialog))).await.expect(404);
    assert_eq!(missing.errors("DialogSeenLog").len(), 1);
    app.person(PERSON).get(&format!("{}/no-id", log(dialog))).await.expect(400);

    app.clock.advance(Duration::hours(2));
    for path in paths(&entry) {
        let expired = app.person(PERSON).level(4).get(&path).await.expect(404);
        assert!(expired.errors("DialogEntity")[0].contains("expired"), "{path}");
    }
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    let [list, single, labels] = paths(&entry);
    for path in [list, single] {
        app.person(PERSON).get(&path).await.expect(410);
    }
    app.person(PERSON).get(&labels).await.expect(404);
}

/// Chapter 02 §12 #1: a dialog without content opens like any other.
#[tokio::test]
async fn a_dialog_without_content_opens() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = simple_dialog().with("isApiOnly", true).without("content");
    let body = body
        .and("transmissions", simple_transmission().without("content"))
        .and("activities", simple_activity("Information"));
    let dialog = owner.creates(body).await;
    let opened = app.person(PERSON).opens(dialog).await;
    assert!(opened.get("content").is_none());
    assert_eq!(entries(&owner, dialog).await.len(), 1);
}

/// A register that does not answer keeps a reader out rather than unnamed, and nothing is noted.
#[tokio::test]
async fn nobody_reads_without_a_name() {
    let app = TestApp::start_with(&[("altinn.retry_delay", "1ms")]).await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let fault = json!([{ "path": "/register/", "status": 500 }]);
    app.anonymous().put("/sandbox/faults", fault).await.expect(200);
    app.person(PERSON).get(&format!("enduser/dialogs/{dialog}")).await.expect(502);
    app.anonymous().delete("/sandbox/faults").await;
    assert_eq!(entries(&owner, dialog).await, [] as [Value; 0]);
    app.person(PERSON).opens(dialog).await;
    assert_eq!(entries(&owner, dialog).await.len(), 1);
}
