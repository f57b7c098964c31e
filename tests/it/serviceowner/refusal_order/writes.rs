//! `POST`, `PUT` and `PATCH` of a dialog.

use dialogporten::domain::ids::DialogId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{FOREIGN, LETTERS, NOBODY, PAST, Stage, play, row, stale};
use crate::harness::{Edit, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission};

/// Chapter 01 §3.2, §3.3
#[tokio::test]
async fn creating() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let dialogs = "serviceowner/dialogs";
    let keyed = simple_dialog().with("idempotentKey", "the-key");
    stage.owner.creates(keyed.clone()).await;
    let invalid = |body: Value| body.with("progress", 101);
    let unknown = |body: Value| body.with("serviceResource", "urn:altinn:resource:notavailable");
    let foreign = |body: Value| body.with("serviceResource", FOREIGN);
    let late = |body: Value| body.with("dueAt", PAST);
    let letter_activity = |body: Value| body.and("activities", simple_activity("CorrespondenceOpened"));
    let twice = |body: Value| {
        let one = simple_transmission().with("idempotentKey", "again");
        body.and("transmissions", one.clone()).and("transmissions", one)
    };
    let circle = |body: Value| {
        let (a, b) = (fresh_id().to_string(), fresh_id().to_string());
        let one = |id: &str, parent: &str| simple_transmission().with("id", id).with("relatedTransmissionId", parent);
        body.and("transmissions", one(&a, &b)).and("transmissions", one(&b, &a))
    };
    let by_nobody = |body: Value| {
        let sender = json!({ "actorType": "PartyRepresentative", "actorId": NOBODY });
        body.and("transmissions", simple_transmission().with("sender", sender))
    };
    let new = simple_dialog;
    let bad_person = "serviceowner/dialogs?enduserid=1";
    play(
        Method::POST,
        vec![
            row("bad end user, no dialog at all", &stage.owner, bad_person, json!([]), (400, "EndUserId")),
            row(
                "a list, and a bad query",
                &stage.owner,
                "serviceowner/dialogs?isSilentUpdate=x",
                new(),
                (400, "isSilentUpdate"),
            ),
            row("invalid, unknown resource", &stage.owner, dialogs, invalid(unknown(new())), (400, "dto.progress")),
            row("invalid, foreign resource", &stage.owner, dialogs, invalid(foreign(new())), (400, "dto.progress")),
            row("invalid, taken key", &stage.owner, dialogs, invalid(keyed.clone()), (400, "dto.progress")),
            row(
                "unknown resource, foreign attribute",
                &stage.owner,
                dialogs,
                unknown(by_nobody(new())),
                (422, "ServiceResource"),
            ),
            row("unknown resource, late", &stage.owner, dialogs, unknown(late(new())), (422, "Org")),
            row(
                "unknown resource as administrator, circle",
                &stage.admin,
                dialogs,
                unknown(circle(new())),
                (422, "ServiceResource"),
            ),
            row("foreign resource, taken key", &stage.owner, dialogs, foreign(keyed.clone()), (403, "Forbidden")),
            row("foreign resource, late", &stage.owner, dialogs, foreign(late(new())), (403, "Forbidden")),
            row(
                "letter without scope, late",
                &stage.plain,
                dialogs,
                late(new().with("serviceResource", LETTERS)),
                (403, "Forbidden"),
            ),
            row(
                "letter without scope, taken key",
                &stage.plain,
                dialogs,
                keyed.clone().with("serviceResource", LETTERS),
                (403, "Forbidden"),
            ),
            row("taken key, late", &stage.owner, dialogs, late(keyed.clone()), (409, "IdempotentKey")),
            row(
                "taken key, activity without scope",
                &stage.plain,
                dialogs,
                letter_activity(keyed.clone()),
                (409, "IdempotentKey"),
            ),
            row("taken key, circle", &stage.owner, dialogs, circle(keyed.clone()), (409, "IdempotentKey")),
            row("late, activity without scope", &stage.plain, dialogs, letter_activity(late(new())), (422, "DueAt")),
            row(
                "activity without scope, circle",
                &stage.plain,
                dialogs,
                letter_activity(circle(new())),
                (403, "Forbidden"),
            ),
            row(
                "activity without scope, keys twice",
                &stage.plain,
                dialogs,
                letter_activity(twice(new())),
                (403, "Forbidden"),
            ),
            row("late, keys twice", &stage.owner, dialogs, twice(late(new())), (422, "DueAt")),
            row("circle, keys twice", &stage.owner, dialogs, twice(circle(new())), (422, "Transmissions")),
            row("keys twice, nobody", &stage.owner, dialogs, by_nobody(twice(new())), (409, "IdempotentKey")),
            row("late, nobody", &stage.owner, dialogs, by_nobody(late(new())), (422, "DueAt")),
            row(
                "late, id taken",
                &stage.owner,
                dialogs,
                late(new().with("id", stage.live.to_string())),
                (422, "DueAt"),
            ),
            row(
                "circle, id taken",
                &stage.owner,
                dialogs,
                circle(new().with("id", stage.live.to_string())),
                (422, "Transmissions"),
            ),
        ],
    )
    .await;
    let both = stage.owner.post(dialogs, late(circle(new())).with("expiresAt", PAST)).await.expect(422);
    let keys: Vec<_> = both.body["errors"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["DueAt", "ExpiresAt", "Transmissions"], "what is deferred is told together");
}

/// Chapter 01 §4.2
#[tokio::test]
async fn replacing() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}");
    let nil = DialogId(Uuid::nil());
    let invalid = |body: Value| body.with("progress", 101);
    let late = |body: Value| body.with("dueAt", PAST);
    let letter_activity = |body: Value| body.and("activities", simple_activity("CorrespondenceOpened"));
    let known_activity =
        |body: Value| body.and("activities", simple_activity("DialogOpened").with("id", stage.activity.to_string()));
    let known_transmission =
        |body: Value| body.and("transmissions", simple_transmission().with("id", stage.transmission.to_string()));
    let orphan = |body: Value| {
        body.and("transmissions", simple_transmission().with("relatedTransmissionId", fresh_id().to_string()))
    };
    let taken = |body: Value| body.and("transmissions", simple_transmission().with("idempotentKey", "taken"));
    let unknown_reference = |body: Value| {
        body.and("activities", simple_activity("TransmissionOpened").with("transmissionId", fresh_id().to_string()))
    };
    let foreign = |body: Value| {
        body.and(
            "apiActions",
            json!({
                "action": "read", "authorizationAttribute": FOREIGN,
                "endpoints": [{ "url": "https://example.com", "httpMethod": "GET" }],
            }),
        )
    };
    let by_nobody = |body: Value| {
        let performer = json!({ "actorType": "PartyRepresentative", "actorId": NOBODY });
        body.and("activities", simple_activity("DialogOpened").with("performedBy", performer))
    };
    let (live, new) = (path(stage.live), simple_dialog);
    play(
        Method::PUT,
        vec![
            row("no JSON object, unknown", &stage.owner, path(stage.unknown), json!([]), (400, "SerializerErrors")),
            row(
                "malformed revision, unknown",
                &stage.owner.clone().if_match("x"),
                path(stage.unknown),
                new(),
                (400, "If-Match"),
            ),
            row("all zero, invalid", &stage.owner, path(nil), invalid(new()), (400, "id")),
            row("unknown, invalid", &stage.owner, path(stage.unknown), invalid(new()), (404, "DialogEntity")),
            row("foreign, invalid", &stage.stranger, live.clone(), invalid(new()), (404, "DialogEntity")),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown), new(), (404, "DialogEntity")),
            row("invalid, deleted", &stage.owner, path(stage.deleted), invalid(new()), (400, "dto.progress")),
            row("invalid, frozen", &stage.owner, path(stage.frozen), invalid(new()), (400, "dto.progress")),
            row("invalid, stale", &stale(&stage.owner), live.clone(), invalid(new()), (400, "dto.progress")),
            row("deleted, frozen", &stage.owner, path(stage.frozen_and_deleted), new(), (410, "DialogEntity")),
            row("deleted, stale", &stale(&stage.owner), path(stage.deleted), new(), (410, "DialogEntity")),
            row("frozen, stale", &stale(&stage.owner), path(stage.frozen), new(), (403, "Forbidden")),
            row("frozen, late", &stage.owner, path(stage.frozen), late(new()), (403, "Forbidden")),
            row("stale, late", &stale(&stage.owner), live.clone(), late(new()), (412, "")),
            row("stale, activity without scope", &stale(&stage.plain), live.clone(), letter_activity(new()), (412, "")),
            row("stale, foreign attribute", &stale(&stage.owner), live.clone(), foreign(new()), (412, "")),
            row(
                "late, activity without scope",
                &stage.plain,
                live.clone(),
                letter_activity(late(new())),
                (422, "DueAt"),
            ),
            row(
                "known activity, activity without scope",
                &stage.plain,
                live.clone(),
                letter_activity(known_activity(new())),
                (422, "DialogActivity"),
            ),
            row(
                "activity without scope, known transmission",
                &stage.plain,
                live.clone(),
                letter_activity(known_transmission(new())),
                (403, "Forbidden"),
            ),
            row(
                "activity without scope, taken key",
                &stage.plain,
                live.clone(),
                letter_activity(taken(new())),
                (403, "Forbidden"),
            ),
            row(
                "known transmission, taken key",
                &stage.owner,
                live.clone(),
                taken(known_transmission(new())),
                (422, "DialogTransmission"),
            ),
            row("orphan, taken key", &stage.owner, live.clone(), taken(orphan(new())), (422, "Transmissions")),
            row("late, taken key", &stage.owner, live.clone(), taken(late(new())), (422, "DueAt")),
            row(
                "taken key, unknown reference",
                &stage.owner,
                live.clone(),
                unknown_reference(taken(new())),
                (409, "IdempotentKey"),
            ),
            row(
                "taken key, foreign attribute",
                &stage.owner,
                live.clone(),
                foreign(taken(new())),
                (409, "IdempotentKey"),
            ),
            row("taken key, nobody", &stage.owner, live.clone(), by_nobody(taken(new())), (409, "IdempotentKey")),
            row("late, foreign attribute", &stage.owner, live.clone(), foreign(late(new())), (403, "Forbidden")),
            row("orphan, foreign attribute", &stage.owner, live.clone(), foreign(orphan(new())), (403, "Forbidden")),
            row(
                "unknown reference, foreign attribute",
                &stage.owner,
                live.clone(),
                foreign(unknown_reference(new())),
                (403, "Forbidden"),
            ),
            row("late, letter without scope", &stage.plain, path(stage.letter), late(new()), (403, "Forbidden")),
            row("foreign attribute, nobody", &stage.owner, live.clone(), foreign(by_nobody(new())), (403, "Forbidden")),
            row("late, nobody", &stage.owner, live.clone(), by_nobody(late(new())), (422, "DueAt")),
        ],
    )
    .await;
    let unchanged = stage.owner.reads(stage.live).await;
    assert_eq!(unchanged["activities"].as_array().unwrap().len(), 1);
    assert_eq!(unchanged["transmissions"].as_array().unwrap().len(), 2);
}

/// Chapter 01 §5
#[tokio::test]
async fn patching() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}");
    let replace = |path: &str, value: Value| json!([{ "op": "replace", "path": path, "value": value }]);
    let (good, lost) = (replace("/progress", json!(1)), replace("/apiActions/7/action", json!("x")));
    let (invalid, late) = (replace("/progress", json!(101)), replace("/dueAt", json!(PAST)));
    play(
        Method::PATCH,
        vec![
            row("no list, unknown", &stage.owner, path(stage.unknown), json!({}), (400, "patchDocument")),
            row(
                "malformed revision, unknown",
                &stage.owner.clone().if_match("x"),
                path(stage.unknown),
                good.clone(),
                (400, "If-Match"),
            ),
            row("unknown, lost", &stage.owner, path(stage.unknown), lost.clone(), (404, "DialogEntity")),
            row("foreign, lost", &stage.stranger, path(stage.live), lost.clone(), (404, "DialogEntity")),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown), good.clone(), (404, "DialogEntity")),
            row("invalid, deleted", &stage.owner, path(stage.deleted), invalid.clone(), (400, "dto.progress")),
            row("invalid, stale", &stale(&stage.owner), path(stage.live), invalid.clone(), (400, "dto.progress")),
            row("deleted, frozen", &stage.owner, path(stage.frozen_and_deleted), good.clone(), (410, "DialogEntity")),
            row("deleted, stale", &stale(&stage.owner), path(stage.deleted), good.clone(), (410, "DialogEntity")),
            row("frozen, stale", &stale(&stage.owner), path(stage.frozen), good.clone(), (403, "Forbidden")),
            row("stale, late", &stale(&stage.owner), path(stage.live), late.clone(), (412, "")),
            row("late, letter without scope", &stage.plain, path(stage.letter), late.clone(), (403, "Forbidden")),
        ],
    )
    .await;
    // An operation that cannot be applied is told in a form of its own, before the dialog's state is looked at.
    for client in [stage.owner.clone(), stale(&stage.owner)] {
        for dialog in [stage.live, stage.deleted, stage.frozen] {
            let refused = client.patch(&path(dialog), lost.clone()).await.expect(400);
            assert!(refused.body["UpdateDialogDto"].is_array(), "{}", refused.text);
        }
    }
    let wrong_type = stage.owner.clone().header("content-type", "text/plain");
    wrong_type.patch(&path(stage.unknown), lost).await.expect(415);
}
