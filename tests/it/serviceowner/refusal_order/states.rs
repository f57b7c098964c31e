//! Deleting, restoring, purging and freezing.

use dialogporten::{auth::Scope, domain::ids::DialogId};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::{LETTERS, Stage, play, row, stale};
use crate::harness::{Edit, TestApp, simple_dialog};

/// Chapter 01 §7
#[tokio::test]
async fn deleting() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}");
    let null = Value::Null;
    stage.admin.post(&format!("{}/actions/freeze", path(stage.letter)), None).await.expect(204);
    let letter = stage.owner.creates(simple_dialog().with("serviceResource", LETTERS)).await;
    let plain_admin = stage.plain.clone().and_scopes(&[Scope::Admin.as_str()]);
    play(
        Method::DELETE,
        vec![
            row(
                "malformed revision, unknown",
                &stage.owner.clone().if_match("x"),
                path(stage.unknown),
                null.clone(),
                (400, "If-Match"),
            ),
            row(
                "malformed query, unknown",
                &stage.owner,
                format!("{}?isSilentUpdate=x", path(stage.unknown)),
                null.clone(),
                (400, "isSilentUpdate"),
            ),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown), null.clone(), (404, "DialogEntity")),
            row("foreign, deleted", &stage.stranger, path(stage.deleted), null.clone(), (404, "DialogEntity")),
            row("foreign, stale", &stale(&stage.stranger), path(stage.live), null.clone(), (404, "DialogEntity")),
            row("deleted, frozen", &stage.owner, path(stage.frozen_and_deleted), null.clone(), (410, "DialogEntity")),
            row("deleted, stale", &stale(&stage.owner), path(stage.deleted), null.clone(), (410, "DialogEntity")),
            row(
                "deleted, letter without scope",
                &stage.plain,
                path(stage.deleted_letter),
                null.clone(),
                (410, "DialogEntity"),
            ),
            row("frozen, stale", &stale(&stage.owner), path(stage.frozen), null.clone(), (403, "Forbidden")),
            row("letter without scope, stale", &stale(&stage.plain), path(letter), null.clone(), (403, "Forbidden")),
            row(
                "letter without scope as administrator, stale",
                &stale(&plain_admin),
                path(letter),
                null.clone(),
                (403, "Forbidden"),
            ),
            row("frozen as administrator, stale", &stale(&stage.admin), path(stage.frozen), null.clone(), (412, "")),
        ],
    )
    .await;
    let both = stage.plain.delete(&path(stage.letter)).await.expect(403);
    assert_eq!(both.errors("Forbidden"), ["User cannot modify frozen dialog"], "frozen, letter without scope");
}

/// Chapter 01 §7
#[tokio::test]
async fn restoring() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}/actions/restore");
    let null = Value::Null;
    play(
        Method::POST,
        vec![
            row(
                "malformed revision, unknown",
                &stage.owner.clone().if_match("x"),
                path(stage.unknown),
                null.clone(),
                (400, "If-Match"),
            ),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown), null.clone(), (404, "DialogEntity")),
            row("foreign, stale", &stale(&stage.stranger), path(stage.deleted), null.clone(), (404, "DialogEntity")),
            row("stale, not deleted", &stale(&stage.owner), path(stage.live), null.clone(), (412, "")),
            row("stale, frozen", &stale(&stage.owner), path(stage.frozen_and_deleted), null.clone(), (412, "")),
            row(
                "stale, letter without scope",
                &stale(&stage.plain),
                path(stage.deleted_letter),
                null.clone(),
                (412, ""),
            ),
        ],
    )
    .await;
    stage.plain.post(&path(stage.deleted_letter), None).await.expect(204);
    stage.owner.post(&path(stage.frozen_and_deleted), None).await.expect(204);
}

/// Chapter 01 §7
#[tokio::test]
async fn purging() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}/actions/purge");
    let null = Value::Null;
    let plain_admin = stage.plain.clone().and_scopes(&[Scope::Admin.as_str()]);
    play(
        Method::POST,
        vec![
            row(
                "malformed revision, all zero",
                &stage.owner.clone().if_match("x"),
                path(DialogId(Uuid::nil())),
                null.clone(),
                (400, "If-Match"),
            ),
            row("all zero, stale", &stale(&stage.owner), path(DialogId(Uuid::nil())), null.clone(), (400, "dialogId")),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown), null.clone(), (404, "DialogEntity")),
            row(
                "foreign, letter without scope",
                &stage.stranger.clone().with_scopes(&[Scope::ServiceProvider.as_str()]),
                path(stage.letter),
                null.clone(),
                (404, "DialogEntity"),
            ),
            row(
                "letter without scope, stale",
                &stale(&stage.plain),
                path(stage.letter),
                null.clone(),
                (403, "Forbidden"),
            ),
            row(
                "letter without scope as administrator, stale",
                &stale(&plain_admin),
                path(stage.letter),
                null.clone(),
                (403, "Forbidden"),
            ),
            row(
                "letter without scope, deleted",
                &stage.plain,
                path(stage.deleted_letter),
                null.clone(),
                (403, "Forbidden"),
            ),
            row("stale, frozen", &stale(&stage.owner), path(stage.frozen), null.clone(), (412, "")),
            row("stale, deleted", &stale(&stage.owner), path(stage.deleted), null.clone(), (412, "")),
        ],
    )
    .await;
    stage.owner.post(&path(stage.frozen_and_deleted), None).await.expect(204);
}

/// Chapter 01 §7
#[tokio::test]
async fn freezing() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}/actions/freeze");
    let null = Value::Null;
    play(
        Method::POST,
        vec![
            row(
                "malformed revision, no administrator",
                &stage.owner.clone().if_match("x"),
                path(stage.live),
                null.clone(),
                (400, "If-Match"),
            ),
            row("no administrator, unknown", &stage.owner, path(stage.unknown), null.clone(), (403, "Forbidden")),
            row("no administrator, deleted", &stage.owner, path(stage.deleted), null.clone(), (403, "Forbidden")),
            row("no administrator, stale", &stale(&stage.owner), path(stage.live), null.clone(), (403, "Forbidden")),
            row("unknown, stale", &stale(&stage.admin), path(stage.unknown), null.clone(), (404, "DialogEntity")),
            row("deleted, stale", &stale(&stage.admin), path(stage.deleted), null.clone(), (410, "DialogEntity")),
            row("deleted, frozen", &stage.admin, path(stage.frozen_and_deleted), null.clone(), (410, "DialogEntity")),
            row("stale, frozen", &stale(&stage.admin), path(stage.frozen), null.clone(), (412, "")),
        ],
    )
    .await;
}
