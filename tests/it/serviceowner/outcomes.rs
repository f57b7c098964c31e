//! The table of chapter 01 §12.1: operation by outcome. What one operation alone answers is shown beside that operation.

use dialogporten::domain::ids::DialogId;
use reqwest::Method;
use serde_json::{Value, json};

use super::writes::{CHANGE_TRANSMISSIONS, PROVIDER, V4, created, id, path, replace, simple_update, texts, unchanged};
use crate::harness::{Answer, Client, Edit, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Put,
    Patch,
    Delete,
    Restore,
    Purge,
    Freeze,
    PostTransmission,
    PutTransmission,
    PostActivity,
    FormSaved,
}

use Operation::{
    Delete, FormSaved, Freeze, Patch, PostActivity, PostTransmission, Purge, Put, PutTransmission, Restore,
};

const ALL: [Operation; 10] =
    [Put, Patch, Delete, Restore, Purge, Freeze, PostTransmission, PutTransmission, PostActivity, FormSaved];

/// With a transmission and a saved form.
struct Target {
    dialog: String,
    transmission: String,
    activity: String,
}

impl Operation {
    fn method(self) -> Method {
        match self {
            Put | PutTransmission => Method::PUT,
            Patch => Method::PATCH,
            Delete => Method::DELETE,
            Restore | Purge | Freeze | PostTransmission | PostActivity | FormSaved => Method::POST,
        }
    }

    fn path(self, target: &Target) -> String {
        let Target { dialog, transmission, activity } = target;
        let rest = match self {
            Put | Patch | Delete => String::new(),
            Restore => "/actions/restore".into(),
            Purge => "/actions/purge".into(),
            Freeze => "/actions/freeze".into(),
            PostTransmission => "/transmissions".into(),
            PutTransmission => format!("/transmissions/{transmission}"),
            PostActivity => "/activities".into(),
            FormSaved => format!("/activities/{activity}/actions/updateFormSavedActivityTime"),
        };
        format!("serviceowner/dialogs/{dialog}{rest}")
    }

    /// A body that is accepted and changes something.
    fn body(self) -> Option<Value> {
        Some(match self {
            Put => simple_update().with("progress", 9),
            Patch => json!([replace("/progress", 9)]),
            PostTransmission => simple_transmission(),
            PutTransmission => simple_transmission().with("isSilentUpdate", true).with("externalReference", "x"),
            PostActivity => simple_activity("PaymentMade"),
            FormSaved => json!("2022-01-01T00:00:00Z"),
            Delete | Restore | Purge | Freeze => return None,
        })
    }

    async fn send(self, client: &Client<'_>, target: &Target) -> Answer {
        client.send(self.method(), &self.path(target), self.body()).await
    }

    fn success(self) -> u16 {
        if matches!(self, PostTransmission | PostActivity) { 201 } else { 204 }
    }

    fn is_administrators(self) -> bool {
        matches!(self, Freeze | FormSaved)
    }
}

/// A client that may do it.
fn allowed(app: &TestApp, operation: Operation) -> Client<'_> {
    match operation {
        Freeze | FormSaved => app.admin(),
        _ => app.service_owner("ttd").and_scopes(&[CHANGE_TRANSMISSIONS]),
    }
}

async fn target(app: &TestApp) -> (DialogId, Target, Value) {
    let (transmission, activity) = (id(), id());
    let body = simple_dialog()
        .and("transmissions", simple_transmission().with("id", transmission.as_str()))
        .and("activities", simple_activity("FormSaved").with("id", activity.as_str()));
    let (dialog, read) = created(&app.service_owner("ttd"), body).await;
    (dialog, Target { dialog: dialog.to_string(), transmission, activity }, read)
}

/// for these operations: rows "success", "no token" and "scope policy".
#[tokio::test]
async fn tokens_and_scopes() {
    let app = TestApp::start().await;
    let (dialog, there, before) = target(&app).await;
    for operation in ALL {
        let refused = operation.send(&app.anonymous(), &there).await.expect(401);
        assert!(refused.header("www-authenticate").contains("Bearer"));
        operation.send(&app.with_token("thisisnotavalidtoken"), &there).await.expect(401);
        operation.send(&app.person(crate::harness::PERSON), &there).await.expect(403);
        operation.send(&app.service_owner("ttd").with_scopes(&["wrong-scope"]), &there).await.expect(403);
        if operation.is_administrators() {
            operation.send(&app.service_owner("ttd"), &there).await.expect(403);
        }
    }
    unchanged(&app.service_owner("ttd"), dialog, &before).await;
    for operation in ALL {
        let (_, there, before) = target(&app).await;
        let answer = operation.send(&allowed(&app, operation), &there).await.expect(operation.success());
        match operation {
            Purge => assert_eq!(answer.etag(), ""),
            Restore => assert_eq!(before["revision"], answer.etag()),
            _ => assert_ne!(before["revision"], answer.etag(), "{operation:?}"),
        }
        assert_eq!(answer.etag().len(), if operation == Purge { 0 } else { 36 }, "{operation:?}");
    }
}

/// rows "dialog unknown or not owned".
#[tokio::test]
async fn foreign_dialogs_look_like_missing_ones() {
    let app = TestApp::start().await;
    let (dialog, there, before) = target(&app).await;
    let nobody = Target { dialog: fresh_id().to_string(), transmission: id(), activity: id() };
    for operation in ALL {
        let key = if operation == FormSaved { "DialogActivity" } else { "DialogEntity" };
        let refused = operation.send(&allowed(&app, operation), &nobody).await.expect(404);
        assert_eq!(refused.body["title"], "Resource not found.");
        texts(&refused, key);
        if !operation.is_administrators() {
            for stranger in ["other", "brg", "hko"] {
                let stranger = app.service_owner(stranger).with_scopes(&[PROVIDER, CHANGE_TRANSMISSIONS]);
                texts(&operation.send(&stranger, &there).await.expect(404), "DialogEntity");
            }
        }
    }
    unchanged(&app.service_owner("ttd"), dialog, &before).await;
    let scopes = [PROVIDER, CHANGE_TRANSMISSIONS, "digdir:dialogporten.serviceprovider.admin"];
    for operation in ALL {
        let (_, there, _) = target(&app).await;
        operation.send(&app.service_owner("other").with_scopes(&scopes), &there).await.expect(operation.success());
    }
}

/// Chapter 01 §13 no. 13: somebody of whom neither the token nor the registry tells a short name.
#[tokio::test]
async fn owners_without_a_name_own_nothing() {
    let app = TestApp::start().await;
    let (_, there, _) = target(&app).await;
    let nameless = app.with_claims(json!({
        "scope": format!("{PROVIDER} {CHANGE_TRANSMISSIONS}"),
        "consumer": {"authority": "iso6523-actorid-upis", "ID": "0192:310923044"},
    }));
    for operation in ALL.into_iter().filter(|operation| !operation.is_administrators()) {
        texts(&operation.send(&nameless, &there).await.expect(404), "DialogEntity");
    }
}

/// Rows "dialog soft-deleted" and "frozen, not admin".
#[tokio::test]
async fn deleted_and_frozen_dialogs() {
    let app = TestApp::start().await;
    for operation in ALL {
        let (dialog, there, _) = target(&app).await;
        app.service_owner("ttd").delete(&path(dialog)).await.expect(204);
        let expected = match operation {
            Restore | Purge | FormSaved => 204,
            _ => 410,
        };
        operation.send(&allowed(&app, operation), &there).await.expect(expected);

        let (dialog, there, _) = target(&app).await;
        app.admin().post(&super::writes::action(dialog, "freeze"), None).await.expect(204);
        let expected = match operation {
            Restore | Purge | Freeze | FormSaved => 204,
            _ => 403,
        };
        operation.send(&allowed(&app, operation), &there).await.expect(expected);
    }
}

/// L-005, T-003, Y-006: rows "If-Match mismatch" and "malformed header"; the quoted form of a revision.
#[tokio::test]
async fn revisions() {
    let app = TestApp::start().await;
    let (dialog, there, before) = target(&app).await;
    for operation in ALL {
        let client = allowed(&app, operation);
        let stale = operation.send(&client.clone().if_match(V4), &there).await.expect(412);
        assert_eq!(stale.body["title"], "Precondition failed.");
        for malformed in ["*", "no-uuid", "W/\"x\""] {
            let refused = operation.send(&client.clone().if_match(malformed), &there).await.expect(400);
            texts(&refused, "If-Match");
        }
    }
    unchanged(&app.service_owner("ttd"), dialog, &before).await;
    for operation in ALL {
        let (_, there, before) = target(&app).await;
        let client = allowed(&app, operation).if_match(before["revision"].as_str().unwrap());
        operation.send(&client, &there).await.expect(operation.success());
    }
}

/// Row "concurrent modification": between reading and saving somebody else was faster.
#[tokio::test]
async fn lost_races() {
    let app = TestApp::start().await;
    for operation in ALL {
        for guarded in [false, true] {
            let (dialog, there, before) = target(&app).await;
            // For Restore, so that there is something to do.
            if operation == Restore {
                sqlx::query("update dialog set deleted_at = now() where id = $1")
                    .bind(dialog)
                    .execute(&app.db)
                    .await
                    .unwrap();
            }
            let mut client = allowed(&app, operation);
            if guarded {
                client = client.if_match(before["revision"].as_str().unwrap());
            }
            // Holds the row, so that the operation has read it and waits to write; commits another revision then.
            let mut other = app.db.begin().await.unwrap();
            sqlx::query("update dialog set revision = gen_random_uuid() where id = $1")
                .bind(dialog)
                .execute(&mut *other)
                .await
                .unwrap();
            let commit = async {
                wait_for_waiter(&app).await;
                other.commit().await.unwrap();
            };
            let (answer, ()) = tokio::join!(operation.send(&client, &there), commit);
            if guarded {
                answer.expect(412);
            } else if matches!(operation, PostTransmission | PostActivity) {
                // M-14: what is appended contradicts nobody.
                answer.expect(201);
            } else {
                let refused = answer.expect(409);
                assert_eq!(refused.body["title"], "Conflict.", "{operation:?}");
                assert_eq!(
                    refused.errors(""),
                    ["The request conflicted with a concurrent operation. Please try again."]
                );
            }
        }
    }
}

/// Until some session of this database waits for a lock.
async fn wait_for_waiter(app: &TestApp) {
    for _ in 0..10_000 {
        let waiting: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')",
        )
        .fetch_one(&app.db)
        .await
        .unwrap();
        if waiting {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody waits");
}

/// E-009: rows "body > 20 MB", "wrong content type" and "malformed JSON / UUID".
#[tokio::test]
async fn bodies_and_ids_that_cannot_be_read() {
    let app = TestApp::start().await;
    let (dialog, there, before) = target(&app).await;
    let large = " ".repeat(20_000_001);
    let wrong = Target { dialog: "no-id".into(), transmission: "no-id".into(), activity: "no-id".into() };
    for operation in ALL {
        let client = allowed(&app, operation);
        let status = if operation == FormSaved { 404 } else { 400 };
        operation.send(&client, &wrong).await.expect(status);
        let Some(body) = operation.body().map(|body| body.to_string()) else { continue };
        let send = async |text: &str, kind: &str| {
            client.send_text(operation.method(), &operation.path(&there), Some((text, kind))).await
        };
        let refused = send(&large, "application/json").await.expect(413);
        assert_eq!(
            refused.body["title"], "Payload too large. The maximum allowed size is 20000000 bytes.",
            "{operation:?}"
        );
        for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded"] {
            send(&body, kind).await.expect(415);
        }
        for text in ["", "{", "null", "[1,]", "\"\\ud800\"", "{\"a\":1}}"] {
            send(text, "application/json").await.expect(400);
        }
    }
    unchanged(&app.service_owner("ttd"), dialog, &before).await;
}

/// Rows "validator failure": a missing mandatory thing.
#[tokio::test]
async fn empty_objects() {
    let app = TestApp::start().await;
    let (dialog, there, before) = target(&app).await;
    for operation in [Put, PostTransmission, PutTransmission, PostActivity] {
        let client = allowed(&app, operation);
        let refused = client.send(operation.method(), &operation.path(&there), Some(json!({}))).await.expect(400);
        assert!(refused.body["errors"].as_object().unwrap().len() > 1, "{}", refused.text);
        assert_eq!(refused.body["instance"], format!("/api/v1/{}", operation.path(&there)));
    }
    unchanged(&app.service_owner("ttd"), dialog, &before).await;
}

/// Row "upstream Altinn failure": whose the dialog is cannot be told, so nothing is written. Administrators own all.
#[tokio::test]
async fn a_registry_that_fails() {
    let app = TestApp::start_with(&[
        ("altinn.retry_delay", "1ms"),
        ("cache.resource_list.soft", "100ms"),
        ("cache.resource_list.hard", "1s"),
    ])
    .await;
    let (dialog, there, before) = target(&app).await;
    let fault = json!([{"path": "/resourceregistry/api/v1/resource/resourcelist", "status": 500}]);
    app.anonymous().put("/sandbox/faults?forget=false", fault).await.expect(200);
    app.clock.advance(chrono::TimeDelta::hours(27));
    for operation in ALL.into_iter().filter(|operation| !operation.is_administrators()) {
        let refused = operation.send(&allowed(&app, operation), &there).await.expect(502);
        assert_eq!(refused.body["title"], "Bad gateway.", "{operation:?}");
    }
    app.anonymous().delete("/sandbox/faults").await;
    unchanged(&app.service_owner("ttd"), dialog, &before).await;
}
