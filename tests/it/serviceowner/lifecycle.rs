//! Deleting, restoring, purging and freezing.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use super::writes::{
    CORRESPONDENCE, LETTERS, PROVIDER, V4, action, activities, created, full_dialog, instant, path, silently,
    simple_update, texts, transmissions, unchanged,
};
use crate::harness::{Edit, PERSON, TestApp, simple_activity, simple_dialog, simple_transmission};

/// L-001
#[tokio::test]
async fn restoring_what_is_not_deleted_does_nothing() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog()).await;
    assert_eq!(owner.post(&action(id, "restore"), None).await.expect(204).etag(), before["revision"]);
    unchanged(&owner, id, &before).await;
}

/// L-003, E-006, W-011
#[tokio::test]
async fn a_deleted_dialog_is_read_by_its_owner_and_restored() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog().with("systemLabel", "Bin")).await;
    app.clock.advance(TimeDelta::minutes(1));
    let answer = owner.delete(&path(id)).await.expect(204);
    assert_ne!(before["revision"], answer.etag());
    let deleted = owner.reads(id).await;
    assert_eq!(instant(&deleted["deletedAt"]), app.clock.now());
    let revision = answer.etag();
    assert_eq!(deleted.clone().without("deletedAt"), before.clone().with("revision", revision), "nothing else moved");
    texts(&owner.delete(&path(id)).await.expect(410), "DialogEntity");
    owner.put(&path(id), simple_update()).await.expect(410);
    owner.patch(&path(id), json!([])).await.expect(410);

    let answer = owner.post(&action(id, "restore"), None).await.expect(204);
    assert_ne!(deleted["revision"], answer.etag());
    assert_eq!(owner.reads(id).await, before.with("revision", answer.etag()));
}

/// L-002, L-006
#[tokio::test]
async fn purging_leaves_nothing() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, _) = created(&owner, full_dialog(&app)).await;
    owner.creates(simple_dialog()).await;
    app.person(PERSON).opens(id).await;
    let answer = owner.post(&action(id, "purge"), None).await.expect(204);
    assert_eq!(answer.etag(), "");
    assert_eq!(answer.text, "");
    for part in ["transmissions", "activities", "seenlog", "context/labels"] {
        let refused = owner.get(&format!("{}/{part}", path(id))).await.expect(404);
        texts(&refused, "DialogEntity");
    }
    for refused in [
        owner.post(&action(id, "purge"), None).await.expect(404),
        owner.get(&path(id)).await.expect(404),
        app.person(PERSON).get(&format!("enduser/dialogs/{id}")).await.expect(404),
        owner.put(&path(id), simple_update()).await.expect(404),
    ] {
        assert_eq!(refused.body["status"], 404);
        assert!(refused.body["traceId"].is_string());
        texts(&refused, "DialogEntity");
    }
    for table in [
        "dialog_document",
        "dialog_transmission",
        "dialog_activity",
        "child_id",
        "dialog_text",
        "dialog_mark",
        "dialog_owner_label",
        "dialog_seen",
        "dialog_label_log",
    ] {
        let query = format!("select count(*) from {table} where dialog_id = $1");
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(id).fetch_one(&app.db).await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let count: i32 = sqlx::query_scalar("select dialog_count from party_resource").fetch_one(&app.db).await.unwrap();
    assert_eq!(count, 1);
    let kept = owner.creates(simple_dialog().with("id", id.to_string())).await;
    assert_eq!(kept, id, "the id is free again");
}

/// L-004, L-007, L-008, L-009 and the freeze column of chapter 01 §7.
#[tokio::test]
async fn a_frozen_dialog_is_the_administrators() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let (owner, admin) = (app.service_owner("ttd"), app.admin());
    let (id, before) = created(&owner, simple_dialog().with("systemLabel", "Archive")).await;
    app.clock.advance(TimeDelta::minutes(1));
    let refused = owner.post(&action(id, "freeze"), None).await.expect(403);
    assert_eq!(refused.errors("Forbidden"), ["Only ServiceOwner admin can freeze dialogs."]);
    let answer = admin.post(&action(id, "freeze"), None).await.expect(204);
    assert_ne!(before["revision"], answer.etag());
    let frozen = owner.reads(id).await;
    let expected = before.clone().with("revision", answer.etag()).with("updatedAt", frozen["updatedAt"].clone());
    assert_eq!(frozen, expected);
    assert_eq!(instant(&frozen["updatedAt"]), app.clock.now());
    assert_eq!(admin.post(&action(id, "freeze"), None).await.expect(204).etag(), answer.etag(), "once is enough");

    for refused in [
        owner.put(&path(id), simple_update()).await.expect(403),
        owner.patch(&path(id), json!([])).await.expect(403),
        owner.delete(&path(id)).await.expect(403),
        owner.post(&transmissions(id), simple_transmission()).await.expect(403),
        owner.post(&activities(id), simple_activity("PaymentMade")).await.expect(403),
    ] {
        assert_eq!(refused.errors("Forbidden"), ["User cannot modify frozen dialog"]);
    }
    unchanged(&owner, id, &frozen).await;
    admin.put(&path(id), simple_update().with("progress", 1)).await.expect(204);
    admin.delete(&path(id)).await.expect(204);
    texts(&admin.post(&action(id, "freeze"), None).await.expect(410), "DialogEntity");
    owner.post(&action(id, "restore"), None).await.expect(204);
    owner.delete(&path(id)).await.expect(403);
    owner.post(&action(id, "purge"), None).await.expect(204);
}

/// L-009; chapter 07 §7: no body, any content type.
#[tokio::test]
async fn actions_take_any_content_type() {
    let app = TestApp::start().await;
    let (owner, admin) = (app.service_owner("ttd"), app.admin());
    let form = Some(("", "application/x-www-form-urlencoded"));
    let (id, _) = created(&owner, simple_dialog()).await;
    admin.send_text(Method::POST, &action(id, "freeze"), form).await.expect(204);
    admin.send_text(Method::DELETE, &path(id), form).await.expect(204);
    owner.send_text(Method::POST, &action(id, "restore"), form).await.expect(204);
    owner.send_text(Method::POST, &action(id, "purge"), form).await.expect(204);
    for body in [Some(("{}", "application/json")), Some(("rubbish", "text/plain")), None] {
        let (id, _) = created(&owner, simple_dialog()).await;
        for name in ["restore", "purge"] {
            owner.send_text(Method::POST, &action(id, name), body).await.expect(204);
        }
    }
}

/// L-005
#[tokio::test]
async fn a_stale_revision_stops_everything() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog()).await;
    let (stale, stale_admin) = (owner.clone().if_match(V4), app.admin().if_match(V4));
    stale.delete(&path(id)).await.expect(412);
    stale.post(&action(id, "purge"), None).await.expect(412);
    stale.post(&action(id, "restore"), None).await.expect(412);
    stale_admin.post(&action(id, "freeze"), None).await.expect(412);
    stale.post(&transmissions(id), simple_transmission()).await.expect(412);
    stale.put(&path(id), simple_update()).await.expect(412);
    unchanged(&owner, id, &before).await;

    let revision = before["revision"].as_str().unwrap();
    let deleted = owner.clone().if_match(revision).delete(&path(id)).await.expect(204);
    owner.clone().if_match(revision).post(&action(id, "restore"), None).await.expect(412);
    let restored = owner.clone().if_match(deleted.etag()).post(&action(id, "restore"), None).await.expect(204);
    let frozen = app.admin().if_match(restored.etag()).post(&action(id, "freeze"), None).await.expect(204);
    owner.clone().if_match(frozen.etag()).post(&action(id, "purge"), None).await.expect(204);
}

/// A-016 and the correspondence row of chapter 01 §12.1.
#[tokio::test]
async fn letters_need_their_scope() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let plain = owner.clone().with_scopes(&[PROVIDER]);
    let plain_admin = owner.clone().with_scopes(&[PROVIDER, "digdir:dialogporten.serviceprovider.admin"]);
    let letters = owner.clone().with_scopes(&[PROVIDER, CORRESPONDENCE]);
    let (id, before) = created(&owner, simple_dialog().with("serviceResource", LETTERS)).await;
    let written = "User cannot create or modify a dialog with resource type correspondenceservice.";
    for refused in [
        plain.put(&path(id), simple_update().with("progress", 1)).await.expect(403),
        plain.patch(&path(id), json!([])).await.expect(403),
        plain.post(&transmissions(id), simple_transmission()).await.expect(403),
        plain.post(&activities(id), simple_activity("PaymentMade")).await.expect(403),
    ] {
        assert_eq!(refused.errors("Forbidden"), [written]);
    }
    for client in [&plain, &plain_admin] {
        for refused in
            [client.delete(&path(id)).await.expect(403), client.post(&action(id, "purge"), None).await.expect(403)]
        {
            assert_eq!(refused.errors("Forbidden"), ["User cannot modify resource type correspondenceservice."]);
        }
    }
    plain.post(&action(id, "restore"), None).await.expect(204);
    unchanged(&owner, id, &before).await;
    plain_admin.put(&path(id), simple_update().with("progress", 1)).await.expect(204);
    letters.put(&path(id), simple_update().with("progress", 2)).await.expect(204);
    letters.patch(&path(id), json!([])).await.expect(204);
    letters.delete(&silently(id)).await.expect(204);
    letters.post(&action(id, "purge"), None).await.expect(204);
}

/// Chapter 08 §3.3
#[tokio::test]
async fn the_all_zero_id() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let nil = "serviceowner/dialogs/00000000-0000-0000-0000-000000000000";
    let refused = owner.post(&format!("{nil}/actions/purge"), Value::Null).await.expect(400);
    assert_eq!(
        refused.errors("dialogId"),
        ["DialogId was either badly formatted or 00000000-0000-0000-0000-000000000000"]
    );
    assert_eq!(owner.put(nil, simple_update()).await.expect(400).errors("id"), ["'Id' must not be empty."]);
    owner.delete(nil).await.expect(404);
    owner.post(&format!("{nil}/actions/restore"), Value::Null).await.expect(404);
    owner.patch(nil, json!([])).await.expect(404);
}

/// M-12: a wish for silence that cannot be read does not end in telling everybody.
#[tokio::test]
async fn silence_is_not_dropped() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog()).await;
    for body in [json!({"isSilentUpdate": "true"}), json!({"isSilentUpdate": null}), json!([])] {
        for operation in ["restore", "purge"] {
            let refused = owner.post(&action(id, operation), body.clone()).await.expect(400);
            let key = if body.is_array() { "SerializerErrors" } else { "isSilentUpdate" };
            assert_eq!(refused.errors(key).len(), 1, "{}", refused.text);
        }
    }
    unchanged(&owner, id, &before).await;
    owner.post(&action(id, "restore"), json!({})).await.expect(204);
    owner.post(&action(id, "restore"), Value::Null).await.expect(204);
    owner.post(&action(id, "purge"), json!({"isSilentUpdate": true})).await.expect(204);
    let kinds: Vec<_> = app.raised_events(id).await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["DialogCreated"]);
}
