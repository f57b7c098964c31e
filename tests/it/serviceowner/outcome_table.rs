//! Every outcome of every write operation: the table of chapter 01 §12.1, walked cell by cell over HTTP.
//!
//! A row is a condition, a column an operation, a cell the status that must come out. A cell that no code below brings about
//! is printed and fails the test.

use Op::{
    Delete, Freeze, OwnerLabels, Patch, PostActivity, PostDialog, PostTransmission, Purge, Put, PutTransmission,
    Restore, SystemLabels,
};
use dialogporten::domain::ids::DialogId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    harness::{
        Answer, Client, Edit, OTHER_PERSON, PERSON, TestApp, fresh_id, localized, simple_activity, simple_dialog,
        simple_transmission,
    },
    statuses::is_known,
};

const ADMIN: &str = "digdir:dialogporten.serviceprovider.admin";
const CORRESPONDENCE: &str = "urn:altinn:resource:ttd-dialogporten-automated-tests-correspondence";
const FOREIGN: &str = "urn:altinn:resource:brg-dialogporten-automated-tests";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    PostDialog,
    Put,
    Patch,
    Delete,
    Restore,
    Purge,
    Freeze,
    PostTransmission,
    PutTransmission,
    PostActivity,
    OwnerLabels,
    SystemLabels,
}

impl Op {
    /// In the combined document.
    fn id(self) -> &'static str {
        match self {
            PostDialog => "V1ServiceOwnerDialogsCommandsCreate_Dialog",
            Put => "V1ServiceOwnerDialogsCommandsUpdate_Dialog",
            Patch => "V1ServiceOwnerDialogsPatchDialog",
            Delete => "V1ServiceOwnerDialogsCommandsDelete_Dialog",
            Restore => "V1ServiceOwnerDialogsCommandsRestore_Dialog",
            Purge => "V1ServiceOwnerDialogsCommandsPurge_Dialog",
            Freeze => "V1ServiceOwnerDialogsCommandsFreeze_FreezeDialog",
            PostTransmission => "V1ServiceOwnerDialogsCommandsCreateTransmission_DialogTransmission",
            PutTransmission => "V1ServiceOwnerDialogsCommandsUpdateTransmission_DialogTransmission",
            PostActivity => "V1ServiceOwnerDialogsCommandsCreateActivity_DialogActivity",
            OwnerLabels => "V1ServiceOwnerServiceOwnerContextCommandsCreateServiceOwnerLabel_ServiceOwnerLabel",
            SystemLabels => "V1ServiceOwnerEndUserContextCommandsSetSystemLabel_SetDialogSystemLabels",
        }
    }
}

const OPS: [Op; 12] = [
    PostDialog,
    Put,
    Patch,
    Delete,
    Restore,
    Purge,
    Freeze,
    PostTransmission,
    PutTransmission,
    PostActivity,
    OwnerLabels,
    SystemLabels,
];

/// One line a condition; columns as in [`OPS`]; `-` where it cannot occur.
const TABLE: &str = "
success                             201 204 204 204 204 204 204 201 204 201 204 204
no token                            401 401 401 401 401 401 401 401 401 401 401 401
invalid token                       401 401 401 401 401 401 401 401 401 401 401 401
scope policy                        403 403 403 403 403 403 403 403 403 403 403 403
body over 20 MB                     413 413 413 -   -   -   -   413 413 413 413 413
wrong content type                  415 415 415 -   -   -   -   415 415 415 415 415
malformed JSON                      400 400 400 -   -   -   -   400 400 400 400 400
malformed id                        -   400 400 400 400 400 400 400 400 400 400 400
malformed If-Match                  -   400 400 400 400 400 400 400 400 400 400 400
validator failure                   400 400 400 -   -   400 -   400 400 400 400 400
patch operation cannot apply        -   -   400 -   -   -   -   -   -   -   -   -
dialog unknown                      -   404 404 404 404 404 404 404 404 404 404 404
dialog of another owner             -   404 404 404 404 404 -   404 404 404 404 404
soft-deleted                        -   410 410 410 204 204 410 410 410 410 404 404
soft-deleted, administrator         -   410 410 410 204 204 410 410 410 201 404 404
frozen, not administrator           -   403 403 403 204 204 403 403 403 403 204 204
frozen, administrator               -   204 204 204 204 204 204 201 204 201 204 204
not administrator                   -   -   -   -   -   -   403 -   -   -   -   403
If-Match mismatch                   -   412 412 412 412 412 412 412 412 412 412 412
resource unknown                    422 -   -   -   -   -   -   -   -   -   -   -
resource or attribute not owned     403 403 403 -   -   -   -   403 403 -   -   -
correspondence without scope        403 403 403 403 204 403 -   403 403 403 -   -
correspondence, administrator       201 204 204 403 204 403 -   201 204 201 -   -
correspondence activity, no scope   403 403 403 -   -   -   -   -   -   403 -   -
dialog key in use                   409 -   -   -   -   -   -   -   -   -   -   -
transmission key in use             409 409 409 -   -   -   -   409 409 -   -   -
id already exists                   422 422 422 -   -   -   -   422 422 422 -   -
times not in the future             422 422 422 -   -   -   -   -   -   -   -   -
attachment expired                  400 422 422 -   -   -   -   422 204 -   -   -
navigational action expired         400 400 400 -   -   -   -   400 400 -   -   -
unknown relatedTransmissionId       400 422 422 -   -   -   -   422 422 -   -   -
impossible tree                     422 422 422 -   -   -   -   422 422 -   -   -
unknown transmission of activity    400 422 422 -   -   -   -   -   -   422 -   -
actor without a name                422 422 422 -   -   -   -   422 422 422 -   422
lost race                           -   409 409 409 409 409 409 201 409 201 409 409
lost race with If-Match             -   412 412 412 412 412 412 412 412 412 412 412
platform fails                      502 502 502 502 502 502 -   502 502 502 502 502
";

/// Names the operation's cell of a row; `None` for `-`.
fn cells(line: &str) -> (&str, Vec<Option<u16>>) {
    let (condition, cells) = line.split_at(36);
    let status = |cell: &str| (cell != "-").then(|| cell.parse().expect("a status"));
    (condition.trim(), cells.split_whitespace().map(status).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_of_every_write_operation() {
    let app = TestApp::start_with(&[("altinn.retry_delay", "1ms")]).await;
    let (mut wrong, mut missing, mut shown) = (Vec::new(), Vec::new(), 0);
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let (condition, cells) = cells(line);
        assert_eq!(cells.len(), OPS.len(), "{condition}");
        for (op, expected) in OPS.into_iter().zip(cells) {
            let Some(expected) = expected else { continue };
            match bring_about(&app, op, condition).await {
                None => missing.push(format!("{op:?}: {condition}")),
                Some(answer) if answer.status.as_u16() != expected => {
                    wrong
                        .push(format!("{op:?}: {condition}: {} instead of {expected}: {}", answer.status, answer.text));
                }
                // M-21
                Some(_) if !is_known(op.id(), expected) => wrong.push(format!(
                    "{op:?}: {condition}: {expected} is neither documented nor listed in docs/deviations.md"
                )),
                Some(_) => shown += 1,
            }
        }
    }
    println!("{shown} outcomes shown, without a test: {missing:?}");
    assert!(missing.is_empty(), "outcomes without a test: {missing:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A request that succeeds unless something stands in its way.
#[derive(Clone)]
struct Request {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Request {
    async fn by(self, client: &Client<'_>) -> Answer {
        client.send(self.method, &self.path, self.body).await
    }

    fn with_body(mut self, change: impl FnOnce(Value) -> Value) -> Self {
        self.body = self.body.map(change);
        self
    }
}

/// A dialog with a transmission and labels, and who may do everything to it but act for others.
struct Scene<'a> {
    app: &'a TestApp,
    owner: Client<'a>,
    dialog: DialogId,
    transmission: Uuid,
}

impl<'a> Scene<'a> {
    async fn new(app: &'a TestApp) -> Self {
        Self::of(app, app.service_owner("ttd"), simple_dialog()).await
    }

    async fn of(app: &'a TestApp, owner: Client<'a>, body: Value) -> Self {
        let transmission = fresh_id();
        let first = simple_transmission().with("id", transmission.to_string()).with("idempotentKey", "first-key");
        let dialog = owner.creates(body.with("transmissions", json!([first]))).await;
        Self { app, owner, dialog, transmission }
    }

    /// Freezing is for administrators; all else an ordinary service owner may do.
    fn client(&self, op: Op) -> Client<'a> {
        if op == Freeze { self.admin() } else { self.owner.clone() }
    }

    fn admin(&self) -> Client<'a> {
        self.owner.clone().and_scopes(&[ADMIN])
    }

    fn request(&self, op: Op) -> Request {
        self.request_at(op, &self.dialog.to_string())
    }

    fn request_at(&self, op: Op, id: &str) -> Request {
        let dialog = format!("serviceowner/dialogs/{id}");
        let transmission = self.transmission;
        let (method, path, body) = match op {
            PostDialog => (Method::POST, "serviceowner/dialogs".into(), Some(simple_dialog())),
            Put => (Method::PUT, dialog, Some(simple_dialog())),
            Patch => (Method::PATCH, dialog, Some(json!([{"op": "replace", "path": "/progress", "value": 5}]))),
            Delete => (Method::DELETE, dialog, None),
            Restore => (Method::POST, format!("{dialog}/actions/restore"), None),
            Purge => (Method::POST, format!("{dialog}/actions/purge"), None),
            Freeze => (Method::POST, format!("{dialog}/actions/freeze"), None),
            PostTransmission => (Method::POST, format!("{dialog}/transmissions"), Some(simple_transmission())),
            PutTransmission => {
                let body = simple_transmission().with("isSilentUpdate", true);
                (Method::PUT, format!("{dialog}/transmissions/{transmission}"), Some(body))
            }
            PostActivity => (Method::POST, format!("{dialog}/activities"), Some(simple_activity("PaymentMade"))),
            OwnerLabels => (Method::POST, format!("{dialog}/context/labels"), Some(json!({"value": "a-label"}))),
            SystemLabels => {
                let path =
                    format!("{dialog}/endusercontext/systemlabels?enduserId=urn:altinn:person:identifier-no:{PERSON}");
                (Method::PUT, path, Some(json!({"addLabels": ["Archive"]})))
            }
        };
        Request { method, path, body }
    }

    async fn deletes(&self) {
        self.owner.delete(&format!("serviceowner/dialogs/{}", self.dialog)).await.expect(204);
    }

    async fn freezes(&self) {
        self.admin().post(&format!("serviceowner/dialogs/{}/actions/freeze", self.dialog), None).await.expect(204);
    }
}

/// Where an operation takes a transmission: the request with it, changed.
fn with_transmission(request: Request, op: Op, transmission: Value) -> Option<Request> {
    Some(match op {
        PostDialog | Put => request.with_body(|body| body.with("transmissions", json!([transmission]))),
        Patch => request.with_body(|_| json!([{"op": "add", "path": "/transmissions/-", "value": transmission}])),
        PostTransmission => request.with_body(|_| transmission),
        PutTransmission => request.with_body(|_| transmission.with("isSilentUpdate", true).without("id")),
        _ => return None,
    })
}

/// Where an operation takes an activity: the request with it.
fn with_activity(request: Request, op: Op, activity: Value) -> Option<Request> {
    Some(match op {
        PostDialog | Put => request.with_body(|body| body.with("activities", json!([activity]))),
        Patch => request.with_body(|_| json!([{"op": "add", "path": "/activities/-", "value": activity}])),
        PostActivity => request.with_body(|_| activity),
        _ => return None,
    })
}

/// Where an operation takes members of the dialog itself: the request with one.
fn with_member(request: Request, op: Op, name: &str, value: Value) -> Option<Request> {
    Some(match op {
        PostDialog | Put => request.with_body(|body| body.with(name, value)),
        Patch => request.with_body(|_| json!([{"op": "add", "path": format!("/{name}"), "value": value}])),
        _ => return None,
    })
}

/// Brings the condition about and sends the operation's request into it. `None` if nobody wrote down how.
async fn bring_about(app: &TestApp, op: Op, condition: &str) -> Option<Answer> {
    let scene = Scene::new(app).await;
    let (client, request) = (scene.client(op), scene.request(op));
    Some(match condition {
        "success" => {
            if op == Restore {
                scene.deletes().await;
            }
            request.by(&client).await
        }
        "no token" => request.by(&app.anonymous()).await,
        "invalid token" => request.by(&app.with_token("thisisnotavalidtoken")).await,
        "scope policy" => request.by(&client.with_scopes(&["wrong-scope"])).await,
        "body over 20 MB" => {
            let body = format!("\"{}\"", "x".repeat(20_000_000));
            client.send_text(request.method, &request.path, Some((&body, "application/json"))).await
        }
        "wrong content type" => {
            let body = request.body?.to_string();
            client.send_text(request.method, &request.path, Some((&body, "text/plain"))).await
        }
        "malformed JSON" => {
            client.send_text(request.method, &request.path, Some(("{\"a\": ", "application/json"))).await
        }
        "malformed id" => scene.request_at(op, "not-an-id").by(&client).await,
        "malformed If-Match" => request.by(&client.if_match("not-a-revision")).await,
        "If-Match mismatch" => {
            if op == Restore {
                scene.deletes().await;
            }
            request.by(&client.if_match(&Uuid::new_v4().to_string())).await
        }
        "validator failure" => invalid(&scene, op, request)?.by(&client).await,
        "patch operation cannot apply" => {
            request.with_body(|_| json!([{"op": "replace", "path": "/nowhere", "value": 1}])).by(&client).await
        }
        "dialog unknown" => scene.request_at(op, &fresh_id().to_string()).by(&client).await,
        "dialog of another owner" => {
            let label_free = app.service_owner("other");
            request.by(&label_free).await
        }
        "soft-deleted" => {
            scene.deletes().await;
            request.by(&client).await
        }
        "soft-deleted, administrator" => {
            scene.deletes().await;
            request.by(&scene.admin()).await
        }
        "frozen, not administrator" => {
            scene.freezes().await;
            request.by(&scene.owner).await
        }
        "frozen, administrator" => {
            scene.freezes().await;
            request.by(&scene.admin()).await
        }
        "not administrator" => match op {
            Freeze => request.by(&scene.owner).await,
            _ => performed_by(request, json!({"actorType": "ServiceOwner"})).by(&scene.owner).await,
        },
        "lost race" => race(&scene, op, None).await,
        "lost race with If-Match" => race(&scene, op, Some(())).await,
        "platform fails" => platform_fails(&scene, op).await,
        "correspondence without scope" | "correspondence, administrator" => {
            correspondence(app, op, condition.ends_with("administrator")).await
        }
        _ => wrong_content(&scene, op, condition, request).await?.by(&client_for(&scene, op, condition)).await,
    })
}

/// The caller of a condition that lies in the content of the request.
fn client_for<'a>(scene: &Scene<'a>, op: Op, condition: &str) -> Client<'a> {
    match (condition, op) {
        ("actor without a name", SystemLabels) => scene.admin(),
        ("correspondence activity, no scope", _) => {
            scene.owner.clone().with_scopes(&["digdir:dialogporten.serviceprovider"])
        }
        _ => scene.client(op),
    }
}

fn invalid(scene: &Scene, op: Op, request: Request) -> Option<Request> {
    Some(match op {
        PostDialog | Put | Patch => with_member(request, op, "progress", json!(101))?,
        Purge => scene.request_at(op, &Uuid::nil().to_string()),
        PostTransmission | PutTransmission => request.with_body(|body| body.without("sender")),
        PostActivity => request.with_body(|body| body.without("performedBy")),
        OwnerLabels => request.with_body(|_| json!({"value": "ab"})),
        SystemLabels => request.with_body(|_| json!({"addLabels": ["Sent"]})),
        Delete | Restore | Freeze => return None,
    })
}

fn performed_by(request: Request, actor: Value) -> Request {
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    Request { path, ..request }.with_body(|body| body.with("performedBy", actor))
}

/// Requests whose content is what is wrong.
async fn wrong_content(scene: &Scene<'_>, op: Op, condition: &str, request: Request) -> Option<Request> {
    let yesterday = (scene.app.clock.now() - chrono::TimeDelta::days(1)).to_rfc3339();
    let unknown = fresh_id().to_string();
    match condition {
        "resource unknown" => with_member(request, op, "serviceResource", json!("urn:altinn:resource:notavailable")),
        "resource or attribute not owned" => match op {
            PostDialog => with_member(request, op, "serviceResource", json!(FOREIGN)),
            Put | Patch => {
                let action = json!([{"action": "read", "authorizationAttribute": FOREIGN, "endpoints":
                    [{"url": "https://example.com", "httpMethod": "GET"}]}]);
                with_member(request, op, "apiActions", action)
            }
            _ => with_transmission(request, op, simple_transmission().with("authorizationAttribute", FOREIGN)),
        },
        "correspondence activity, no scope" => with_activity(request, op, simple_activity("CorrespondenceOpened")),
        "dialog key in use" => {
            let key = format!("key-{}", &unknown[..8]);
            scene.owner.creates(simple_dialog().with("idempotentKey", key.as_str())).await;
            with_member(request, op, "idempotentKey", json!(key))
        }
        "transmission key in use" => {
            let second = simple_transmission().with("idempotentKey", "first-key");
            match op {
                PostDialog => Some(request.with_body(|body| body.with("transmissions", json!([second, second])))),
                PutTransmission => {
                    let path = format!("serviceowner/dialogs/{}/transmissions", scene.dialog);
                    let other = simple_transmission().with("idempotentKey", "second-key");
                    scene.owner.post(&path, other).await.expect(201);
                    with_transmission(request, op, simple_transmission().with("idempotentKey", "second-key"))
                }
                _ => with_transmission(request, op, second),
            }
        }
        "id already exists" => taken_id(scene, op, request).await,
        "times not in the future" => with_member(request, op, "dueAt", json!(yesterday)),
        "attachment expired" => {
            let attachments =
                json!([{"expiresAt": yesterday, "urls": [{"url": "https://example.com", "consumerType": "Gui"}]}]);
            match op {
                PostDialog | Put | Patch => with_member(request, op, "attachments", attachments),
                _ => with_transmission(request, op, simple_transmission().with("attachments", attachments)),
            }
        }
        "navigational action expired" => {
            let action = json!([{"title": localized("Gå"), "url": "https://example.com", "expiresAt": yesterday}]);
            with_transmission(request, op, simple_transmission().with("navigationalActions", action))
        }
        "unknown relatedTransmissionId" => {
            with_transmission(request, op, simple_transmission().with("relatedTransmissionId", unknown))
        }
        "impossible tree" => impossible_tree(scene, op, request).await,
        "unknown transmission of activity" => {
            with_activity(request, op, simple_activity("TransmissionOpened").with("transmissionId", unknown))
        }
        "actor without a name" => {
            // A well-formed number that nobody has.
            let actor = json!({"actorType": "PartyRepresentative", "actorId": "urn:altinn:organization:identifier-no:312345005"});
            match op {
                PostTransmission | PutTransmission => {
                    with_transmission(request, op, simple_transmission().with("sender", actor))
                }
                SystemLabels => Some(performed_by(request, actor)),
                _ => with_activity(request, op, simple_activity("PaymentMade").with("performedBy", actor)),
            }
        }
        _ => None,
    }
}

async fn taken_id(scene: &Scene<'_>, op: Op, request: Request) -> Option<Request> {
    let taken = fresh_id().to_string();
    match op {
        PostDialog => with_member(request, op, "id", json!(scene.dialog.to_string())),
        PutTransmission => {
            let attachment = json!([{"id": taken, "urls": [{"url": "https://example.com", "consumerType": "Gui"}]}]);
            scene.owner.creates(simple_dialog().with("attachments", attachment.clone())).await;
            with_transmission(request, op, simple_transmission().with("attachments", attachment))
        }
        PostTransmission => {
            with_transmission(request, op, simple_transmission().with("id", scene.transmission.to_string()))
        }
        _ => {
            let activity = simple_activity("PaymentMade").with("id", taken.as_str());
            scene
                .owner
                .post(&format!("serviceowner/dialogs/{}/activities", scene.dialog), activity.clone())
                .await
                .expect(201);
            with_activity(request, op, activity)
        }
    }
}

/// A 101st child of one parent; for the correction of a transmission a cycle.
async fn impossible_tree(scene: &Scene<'_>, op: Op, request: Request) -> Option<Request> {
    let path = format!("serviceowner/dialogs/{}", scene.dialog);
    let child = |of: &str| simple_transmission().with("relatedTransmissionId", of);
    match op {
        PostDialog => {
            let parent = fresh_id().to_string();
            let mut family = vec![simple_transmission().with("id", parent.as_str())];
            family.extend((0..101).map(|_| child(&parent)));
            Some(request.with_body(|body| body.with("transmissions", json!(family))))
        }
        PutTransmission => {
            let below = fresh_id().to_string();
            let child = child(&scene.transmission.to_string()).with("id", below.as_str());
            scene.owner.post(&format!("{path}/transmissions"), child).await.expect(201);
            with_transmission(request, op, simple_transmission().with("relatedTransmissionId", below))
        }
        _ => {
            let parent = scene.transmission.to_string();
            let family: Vec<Value> = (0..100).map(|_| child(&parent)).collect();
            scene.owner.put(&path, simple_dialog().with("transmissions", json!(family))).await.expect(204);
            with_transmission(request, op, child(&parent))
        }
    }
}

/// Letters need a scope of their own; administrators need it for deleting and purging only.
async fn correspondence(app: &TestApp, op: Op, administrator: bool) -> Answer {
    let letter = simple_dialog().with("serviceResource", CORRESPONDENCE);
    let mut scene = Scene::of(app, app.service_owner("ttd"), letter.clone()).await;
    if op == Restore {
        scene.deletes().await;
    }
    let scopes =
        ["digdir:dialogporten.serviceprovider", "digdir:dialogporten.serviceprovider.changetransmissions", ADMIN];
    scene.owner = scene.owner.with_scopes(if administrator { &scopes } else { &scopes[..2] });
    let request = scene.request(op);
    let request = if op == PostDialog { request.with_body(|_| letter) } else { request };
    request.by(&scene.owner).await
}

/// Another transaction holds the row with a new revision; the operation reads the old one, waits at its save, and is let go
/// when the other has committed.
async fn race(scene: &Scene<'_>, op: Op, with_if_match: Option<()>) -> Answer {
    if op == Restore {
        scene.deletes().await;
    }
    let column = match op {
        OwnerLabels => "owner_context_revision",
        SystemLabels => "context_revision",
        _ => "revision",
    };
    let db = &scene.app.db;
    let current: Uuid = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select {column} from dialog where id = $1")))
        .bind(scene.dialog)
        .fetch_one(db)
        .await
        .expect("the dialog is stored");
    let mut other = db.begin().await.expect("a transaction");
    sqlx::query(sqlx::AssertSqlSafe(format!("update dialog set {column} = $2 where id = $1")))
        .bind(scene.dialog)
        .bind(Uuid::new_v4())
        .execute(&mut *other)
        .await
        .expect("the row can be taken");
    let holder: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *other).await.expect("a number");
    let client = scene.client(op);
    let client = if with_if_match.is_some() { client.if_match(&current.to_string()) } else { client };
    let request = scene.request(op);
    let answering = request.by(&client);
    let letting_go = async {
        while !is_waited_for(db, holder).await {
            tokio::task::yield_now().await;
        }
        other.commit().await.expect("the other transaction commits");
    };
    tokio::join!(answering, letting_go).0
}

async fn is_waited_for(db: &sqlx::PgPool, holder: i32) -> bool {
    sqlx::query_scalar("select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))")
        .bind(holder)
        .fetch_one(db)
        .await
        .expect("the server tells who waits")
}

/// No registry, no authorized parties: no access.
async fn platform_fails(scene: &Scene<'_>, op: Op) -> Answer {
    let client = scene.client(op);
    let anonymous = scene.app.anonymous();
    let faults = json!([
        {"path": "/resourceregistry", "status": 500},
        {"path": "/accessmanagement", "status": 500},
    ]);
    anonymous.put("/sandbox/faults", faults).await.expect(200);
    // Older than the oldest catalogue that may stand in for a failing registry.
    scene.app.clock.advance(chrono::TimeDelta::hours(27));
    let mut request = scene.request(op);
    if op == SystemLabels {
        // A person whose parties nobody has asked for yet.
        request.path = request.path.replace(PERSON, OTHER_PERSON);
    }
    let answer = request.by(&client).await;
    anonymous.delete("/sandbox/faults").await;
    answer
}
