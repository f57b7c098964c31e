//! Transmissions and activities.

use dialogporten::{auth::Scope, domain::ids::DialogId};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{FOREIGN, NOBODY, PAST, Stage, play, row, stale};
use crate::harness::{Edit, TestApp, fresh_id, simple_activity, simple_transmission};

/// Chapter 01 §6.1
#[tokio::test]
async fn appending_a_transmission() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}/transmissions");
    let (live, new) = (path(stage.live), simple_transmission);
    let invalid = |body: Value| body.with("type", "99").without("type");
    let taken = |body: Value| body.with("idempotentKey", "taken");
    let orphan = |body: Value| body.with("relatedTransmissionId", fresh_id().to_string());
    let foreign = |body: Value| body.with("authorizationAttribute", FOREIGN);
    let known = |body: Value| body.with("id", stage.transmission.to_string());
    let late = |body: Value| {
        let urls = json!([{ "url": "https://example.com/a", "consumerType": "Gui" }]);
        body.and("attachments", json!({ "urls": urls, "expiresAt": PAST }))
    };
    let by_nobody = |body: Value| body.with("sender", json!({ "actorType": "PartyRepresentative", "actorId": NOBODY }));
    play(
        Method::POST,
        vec![
            row(
                "malformed revision, invalid",
                &stage.owner.clone().if_match("x"),
                live.clone(),
                invalid(new()),
                (400, "If-Match"),
            ),
            row("all zero, invalid", &stage.owner, path(DialogId(Uuid::nil())), invalid(new()), (400, "dialogId")),
            row("invalid, unknown", &stage.owner, path(stage.unknown), invalid(new()), (400, "transmissions[0].type")),
            row("invalid, deleted", &stage.owner, path(stage.deleted), invalid(new()), (400, "transmissions[0].type")),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown), new(), (404, "DialogEntity")),
            row("foreign, deleted", &stage.stranger, path(stage.deleted), new(), (404, "DialogEntity")),
            row("deleted, frozen", &stage.owner, path(stage.frozen_and_deleted), new(), (410, "DialogEntity")),
            row(
                "deleted as administrator, stale",
                &stale(&stage.admin),
                path(stage.deleted),
                new(),
                (410, "DialogEntity"),
            ),
            row("frozen, stale", &stale(&stage.owner), path(stage.frozen), new(), (403, "Forbidden")),
            row("frozen, taken key", &stage.owner, path(stage.frozen), taken(new()), (403, "Forbidden")),
            row("stale, taken key", &stale(&stage.owner), live.clone(), taken(new()), (412, "")),
            row("stale, foreign attribute", &stale(&stage.owner), live.clone(), foreign(new()), (412, "")),
            row("taken key, orphan", &stage.owner, live.clone(), taken(orphan(new())), (409, "IdempotentKey")),
            row(
                "taken key, foreign attribute",
                &stage.owner,
                live.clone(),
                taken(foreign(new())),
                (409, "IdempotentKey"),
            ),
            row("orphan, foreign attribute", &stage.owner, live.clone(), orphan(foreign(new())), (403, "Forbidden")),
            row(
                "late attachment, foreign attribute",
                &stage.owner,
                live.clone(),
                late(foreign(new())),
                (403, "Forbidden"),
            ),
            row("orphan, letter without scope", &stage.plain, path(stage.letter), orphan(new()), (403, "Forbidden")),
            row("foreign attribute, known id", &stage.owner, live.clone(), known(foreign(new())), (403, "Forbidden")),
            row("foreign attribute, nobody", &stage.owner, live.clone(), by_nobody(foreign(new())), (403, "Forbidden")),
            row("orphan, nobody", &stage.owner, live.clone(), by_nobody(orphan(new())), (422, "Transmissions")),
            row(
                "late attachment, known id",
                &stage.owner,
                live.clone(),
                known(late(new())),
                (422, "Transmissions.Attachments.ExpiresAt"),
            ),
        ],
    )
    .await;
}

/// Chapter 01 §6.2
#[tokio::test]
async fn correcting_a_transmission() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path =
        |dialog: DialogId, transmission: Uuid| format!("serviceowner/dialogs/{dialog}/transmissions/{transmission}");
    let live = path(stage.live, stage.transmission);
    let new = || simple_transmission().with("isSilentUpdate", true).with("idempotentKey", "taken");
    let invalid = |body: Value| body.without("type");
    let taken = |body: Value| body.with("idempotentKey", "also-taken");
    let orphan = |body: Value| body.with("relatedTransmissionId", fresh_id().to_string());
    let by_nobody = |body: Value| body.with("sender", json!({ "actorType": "PartyRepresentative", "actorId": NOBODY }));
    let unscoped = stage.owner.clone().with_scopes(&[Scope::ServiceProvider.as_str(), Scope::Admin.as_str()]);
    let unknown = fresh_id();
    play(
        Method::PUT,
        vec![
            row("no scope, invalid", &unscoped, live.clone(), json!([]), (403, "")),
            row("no scope, unknown", &unscoped, path(stage.unknown, unknown), new(), (403, "")),
            row(
                "malformed revision, invalid",
                &stage.owner.clone().if_match("x"),
                live.clone(),
                invalid(new()),
                (400, "If-Match"),
            ),
            row("invalid, unknown", &stage.owner, path(stage.unknown, unknown), invalid(new()), (400, "dto.type")),
            row(
                "not silent, unknown",
                &stage.owner,
                path(stage.unknown, unknown),
                new().without("isSilentUpdate"),
                (400, "isSilentUpdate"),
            ),
            row(
                "not silent, invalid",
                &stage.owner,
                live.clone(),
                invalid(new()).without("isSilentUpdate"),
                (400, "dto.type"),
            ),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown, unknown), new(), (404, "DialogEntity")),
            row("foreign, deleted", &stage.stranger, path(stage.deleted, unknown), new(), (404, "DialogEntity")),
            row(
                "letter without scope, deleted",
                &stage.plain,
                path(stage.deleted_letter, unknown),
                new(),
                (403, "Forbidden"),
            ),
            row(
                "letter without scope, unknown transmission",
                &stage.plain,
                path(stage.letter, unknown),
                new(),
                (403, "Forbidden"),
            ),
            row("deleted, frozen", &stage.owner, path(stage.frozen_and_deleted, unknown), new(), (410, "DialogEntity")),
            row(
                "deleted, unknown transmission",
                &stage.owner,
                path(stage.deleted, unknown),
                new(),
                (410, "DialogEntity"),
            ),
            row("frozen, unknown transmission", &stage.owner, path(stage.frozen, unknown), new(), (403, "Forbidden")),
            row(
                "unknown transmission, taken key",
                &stage.owner,
                path(stage.live, unknown),
                taken(new()),
                (404, "DialogTransmission"),
            ),
            row(
                "unknown transmission, stale",
                &stale(&stage.owner),
                path(stage.live, unknown),
                new(),
                (404, "DialogTransmission"),
            ),
            row("taken key, orphan", &stage.owner, live.clone(), taken(orphan(new())), (409, "IdempotentKey")),
            row("taken key, stale", &stale(&stage.owner), live.clone(), taken(new()), (409, "IdempotentKey")),
            row("taken key, nobody", &stage.owner, live.clone(), by_nobody(taken(new())), (409, "IdempotentKey")),
            row("orphan, stale", &stale(&stage.owner), live.clone(), orphan(new()), (422, "Transmissions")),
            row("orphan, nobody", &stage.owner, live.clone(), by_nobody(orphan(new())), (422, "Transmissions")),
            row("stale alone", &stale(&stage.owner), live.clone(), new(), (412, "")),
        ],
    )
    .await;
    stage.owner.put(&live, new()).await.expect(204);
}

/// Chapter 01 §6.3
#[tokio::test]
async fn appending_an_activity() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}/activities");
    let (live, new) = (path(stage.live), simple_activity("DialogOpened"));
    let invalid = simple_activity("Information").without("description");
    let letter = simple_activity("CorrespondenceOpened");
    let reference = || simple_activity("TransmissionOpened").with("transmissionId", fresh_id().to_string());
    let performer = json!({ "actorType": "PartyRepresentative", "actorId": NOBODY });
    let by_nobody = |body: Value| body.with("performedBy", performer.clone());
    let admin = stage.plain.clone().and_scopes(&[Scope::Admin.as_str()]);
    play(
        Method::POST,
        vec![
            row(
                "malformed revision, invalid",
                &stage.owner.clone().if_match("x"),
                live.clone(),
                invalid.clone(),
                (400, "If-Match"),
            ),
            row("all zero, invalid", &stage.owner, path(DialogId(Uuid::nil())), invalid.clone(), (400, "dialogId")),
            row("invalid, unknown", &stage.owner, path(stage.unknown), invalid.clone(), (400, "activity.description")),
            row("invalid, deleted", &stage.owner, path(stage.deleted), invalid.clone(), (400, "activity.description")),
            row("invalid, stale", &stale(&stage.owner), live.clone(), invalid, (400, "activity.description")),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown), new.clone(), (404, "DialogEntity")),
            row(
                "unknown, activity without scope",
                &stage.plain,
                path(stage.unknown),
                letter.clone(),
                (404, "DialogEntity"),
            ),
            row("foreign, deleted", &stage.stranger, path(stage.deleted), new.clone(), (404, "DialogEntity")),
            row("deleted, frozen", &stage.owner, path(stage.frozen_and_deleted), new.clone(), (410, "DialogEntity")),
            row("deleted, stale", &stale(&stage.owner), path(stage.deleted), new.clone(), (410, "DialogEntity")),
            row(
                "deleted, activity without scope",
                &stage.plain,
                path(stage.deleted),
                letter.clone(),
                (410, "DialogEntity"),
            ),
            row(
                "deleted as administrator, activity without scope",
                &admin,
                path(stage.deleted),
                letter.clone(),
                (403, "Forbidden"),
            ),
            row("deleted as administrator, stale", &stale(&admin), path(stage.deleted), new.clone(), (412, "")),
            row("frozen, unknown reference", &stage.owner, path(stage.frozen), reference(), (403, "Forbidden")),
            row("frozen, stale", &stale(&stage.owner), path(stage.frozen), new.clone(), (403, "Forbidden")),
            row(
                "activity without scope, stale",
                &stale(&stage.plain),
                live.clone(),
                letter.clone(),
                (403, "Forbidden"),
            ),
            row(
                "unknown reference, letter without scope",
                &stage.plain,
                path(stage.letter),
                reference(),
                (422, "Activity.TransmissionId"),
            ),
            row(
                "unknown reference, stale",
                &stale(&stage.owner),
                live.clone(),
                reference(),
                (422, "Activity.TransmissionId"),
            ),
            row(
                "unknown reference, nobody",
                &stage.owner,
                live.clone(),
                by_nobody(reference()),
                (422, "Activity.TransmissionId"),
            ),
            row(
                "letter without scope, stale",
                &stale(&stage.plain),
                path(stage.letter),
                new.clone(),
                (403, "Forbidden"),
            ),
            row("letter without scope, nobody", &stage.plain, path(stage.letter), by_nobody(new), (403, "Forbidden")),
        ],
    )
    .await;
    let both = stage.plain.post(&path(stage.frozen), letter).await.expect(403);
    assert_eq!(both.errors("Forbidden"), ["User cannot modify frozen dialog"], "frozen, activity without scope");
}
