//! Every outcome of every operation that reads, and of the labels of end users: the table of chapter 02 §11, walked cell by
//! cell over HTTP.
//!
//! A row is an operation, a column a condition, a cell what must come out: a status; or, where lists answer 200 whatever
//! happens, whether the dialog is `in` the answer or `out` of it. A cell that no code below brings about fails the test.
//! Where ours differs from the existing system (chapter 02 §12: parts of hidden dialogs, malformed parties), the table has
//! what ours does.

use chrono::TimeDelta;
use dialogporten::domain::ids::DialogId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    harness::{
        Answer, Client, Edit, OTHER_PERSON, PERSON, TestApp, fresh_id, simple_activity, simple_dialog,
        simple_transmission,
    },
    statuses::is_known,
};

const NOTIFIER: &str = "altinn:system/notifications.condition.check";
const HIGH: &str = "urn:altinn:resource:ttd-dialogporten-transmissions-test";
const CONDITIONS: [&str; 14] = [
    "success",
    "no token",
    "wrong scope",
    "malformed id",
    "bad input",
    "missing",
    "not for the caller",
    "deleted",
    "not visible yet",
    "expired",
    "level too low",
    "wrong revision",
    "child missing",
    "platform fails",
];

/// One line an operation; columns as in [`CONDITIONS`]; `-` where it cannot occur.
const TABLE: &str = "
EU GET dialog               200 401 403 400 400 404 403 410 404 404 403 -   -   502
EU list activities          200 401 403 400 400 404 404 410 404 404 403 -   -   502
EU get activity             200 401 403 400 400 404 404 410 404 404 403 -   404 502
EU list transmissions       200 401 403 400 400 404 404 410 404 404 403 -   -   502
EU get transmission         200 401 403 400 400 404 404 410 404 404 403 -   404 502
EU list seen log            200 401 403 400 -   404 404 410 404 404 403 -   -   502
EU get seen entry           200 401 403 400 -   404 404 410 404 404 403 -   404 502
EU label log                200 401 403 400 -   404 404 404 404 404 403 -   -   502
EU set labels               204 401 403 400 400 404 403 404 204 204 204 412 -   502
EU set labels in bulk       204 401 403 400 400 404 404 404 204 204 204 412 -   502
EU search                   in  401 403 -   400 -   out out out out in  -   -   502
EU lookup                   200 401 403 400 400 404 403 404 200 200 200 -   -   502
EU parties                  200 401 403 -   406 -   -   -   -   -   -   -   -   502
EU service resources        in  401 403 -   400 -   out in  in  in  in  -   -   502
SO GET dialog               200 401 403 400 400 404 404 200 200 200 -   -   -   502
SO GET dialog for a person  200 401 403 400 400 404 404 200 200 200 200 -   -   502
SO list activities          200 401 403 400 -   404 404 410 200 200 -   -   -   502
SO get activity             200 401 403 400 -   404 404 410 200 200 -   -   404 502
SO list transmissions       200 401 403 400 -   404 404 410 200 200 -   -   -   502
SO get transmission         200 401 403 400 -   404 404 410 200 200 -   -   404 502
SO list seen log            200 401 403 400 -   404 404 410 200 200 -   -   -   502
SO get seen entry           200 401 403 400 -   404 404 410 200 200 -   -   404 502
SO set labels               204 401 403 400 400 404 404 404 204 204 204 412 -   502
SO set labels in bulk       204 401 403 400 400 404 404 404 204 204 204 412 -   502
SO labels                   200 401 403 400 -   404 404 404 200 200 -   -   -   502
SO add label                204 401 403 400 400 404 404 404 204 204 -   412 -   502
SO remove label             204 401 403 400 -   404 404 404 204 204 -   412 404 502
SO notification condition   200 401 403 400 400 404 200 200 200 200 -   -   -   -
SO end-user contexts        in  401 403 -   400 -   out in  in  in  -   -   -   502
SO search                   in  401 403 -   400 -   out out in  in  -   -   -   -
SO search for a person      in  401 403 -   400 -   out out in  in  in  -   -   502
SO lookup                   200 401 403 400 400 404 403 200 200 200 -   -   -   502
service resources           in  -   -   -   400 -   -   in  in  in  -   -   -   502
limits                      200 -   -   -   406 -   -   -   -   -   -   -   -   -
keys                        200 -   -   -   406 -   -   -   -   -   -   -   -   -
issuer                      200 -   -   -   406 -   -   -   -   -   -   -   -   -
";

/// Lists answer 200 also about what they leave out: what must be in the answer to tell.
fn is_list(operation: &str) -> bool {
    [
        "EU search",
        "EU service resources",
        "SO end-user contexts",
        "SO search",
        "SO search for a person",
        "service resources",
    ]
    .contains(&operation)
}

/// In the combined document.
fn id(operation: &str) -> &'static str {
    match operation {
        "EU GET dialog" => "V1EndUserDialogsQueriesGet_Dialog",
        "EU list activities" => "V1EndUserDialogsQueriesSearchActivities_DialogActivity",
        "EU get activity" => "V1EndUserDialogsQueriesGetActivity_DialogActivity",
        "EU list transmissions" => "V1EndUserDialogsQueriesSearchTransmissions_DialogTransmission",
        "EU get transmission" => "V1EndUserDialogsQueriesGetTransmission_DialogTransmission",
        "EU list seen log" => "V1EndUserDialogsQueriesSearchSeenLogs_DialogSeenLog",
        "EU get seen entry" => "V1EndUserDialogsQueriesGetSeenLog_DialogSeenLog",
        "EU label log" => "V1EndUserEndUserContextQueriesSearchLabelAssignmentLogs_DialogLabelAssignmentLog",
        "EU set labels" => "V1EndUserEndUserContextCommandsSetSystemLabel_SetDialogSystemLabels",
        "EU set labels in bulk" => "V1EndUserEndUserContextCommandsBulkSetSystemLabels_BulkSetDialogSystemLabels",
        "EU search" => "V1EndUserDialogsQueriesSearch_Dialog",
        "EU lookup" => "V1EndUserDialogLookupQueriesGet_DialogLookup",
        "EU parties" => "V1EndUserAccessManagementQueriesGetParties_Parties",
        "EU service resources" => "V1EndUserServiceResourcesSearch_AuthorizedServiceResources",
        "SO GET dialog" | "SO GET dialog for a person" => "V1ServiceOwnerDialogsQueriesGet_Dialog",
        "SO list activities" => "V1ServiceOwnerDialogsQueriesSearchActivities_DialogActivity",
        "SO get activity" => "V1ServiceOwnerDialogsQueriesGetActivity_DialogActivity",
        "SO list transmissions" => "V1ServiceOwnerDialogsQueriesSearchTransmissions_DialogTransmission",
        "SO get transmission" => "V1ServiceOwnerDialogsQueriesGetTransmission_DialogTransmission",
        "SO list seen log" => "V1ServiceOwnerDialogsQueriesSearchSeenLogs_DialogSeenLog",
        "SO get seen entry" => "V1ServiceOwnerDialogsQueriesGetSeenLog_DialogSeenLog",
        "SO set labels" => "V1ServiceOwnerEndUserContextCommandsSetSystemLabel_SetDialogSystemLabels",
        "SO set labels in bulk" => "V1ServiceOwnerEndUserContextCommandsBulkSetSystemLabels_BulkSetDialogSystemLabels",
        "SO labels" => "V1ServiceOwnerServiceOwnerContextQueriesGetServiceOwnerLabel_ServiceOwnerLabel",
        "SO add label" => "V1ServiceOwnerServiceOwnerContextCommandsCreateServiceOwnerLabel_ServiceOwnerLabel",
        "SO remove label" => "V1ServiceOwnerServiceOwnerContextCommandsDeleteServiceOwnerLabel_ServiceOwnerLabel",
        "SO notification condition" => "V1ServiceOwnerDialogsQueriesNotificationCondition_NotificationCondition",
        "SO end-user contexts" => "V1ServiceOwnerDialogsQueriesSearchEndUserContext_DialogEndUserContext",
        "SO search" | "SO search for a person" => "V1ServiceOwnerDialogsQueriesSearch_Dialog",
        "SO lookup" => "V1ServiceOwnerDialogLookupQueriesGet_DialogLookup",
        "service resources" => "V1MetadataServiceResourcesGet_ServiceResourceMetadata",
        "limits" => "V1MetadataLimitsGet_Limits",
        "keys" => "V1WellKnownJwksGet_Jwks",
        "issuer" => "V1WellKnownOauthAuthorizationServerGet_OauthAuthorizationServer",
        _ => panic!("{operation} has no id"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_of_every_read() {
    let app = TestApp::start_with(&[("altinn.retry_delay", "1ms")]).await;
    let (mut wrong, mut missing, mut shown) = (Vec::new(), Vec::new(), 0);
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let (operation, cells) = line.split_at(28);
        let operation = operation.trim();
        let cells: Vec<&str> = cells.split_whitespace().collect();
        assert_eq!(cells.len(), CONDITIONS.len(), "{operation}");
        for (condition, expected) in CONDITIONS.into_iter().zip(cells) {
            if expected == "-" {
                continue;
            }
            let Some((answer, trace)) = bring_about(&app, operation, condition).await else {
                missing.push(format!("{operation}: {condition}"));
                continue;
            };
            let came_out = match answer.status.as_u16() {
                200 if is_list(operation) => if answer.text.contains(&trace) { "in" } else { "out" }.to_owned(),
                status => status.to_string(),
            };
            let status = answer.status.as_u16();
            if came_out == expected && !is_known(id(operation), status) {
                // M-21
                wrong.push(format!(
                    "{operation}: {condition}: {status} is neither documented nor in docs/deviations.md"
                ));
            } else if came_out == expected {
                shown += 1;
            } else {
                wrong.push(format!("{operation}: {condition}: {came_out} instead of {expected}: {}", answer.text));
            }
        }
    }
    println!("{shown} outcomes shown");
    assert!(missing.is_empty(), "outcomes without a scene: {missing:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A dialog with one of everything, and who may do everything with it.
struct Scene<'a> {
    app: &'a TestApp,
    owner: Client<'a>,
    user: Client<'a>,
    party: String,
    resource: String,
    dialog: DialogId,
    activity: Uuid,
    transmission: Uuid,
    /// Somebody has opened it.
    seen: String,
}

impl<'a> Scene<'a> {
    async fn new(app: &'a TestApp, condition: &str) -> Self {
        let (activity, transmission) = (fresh_id(), fresh_id());
        let at = |days: i64| (app.clock.now() + TimeDelta::days(days)).to_rfc3339();
        let mut body = simple_dialog()
            .and("activities", simple_activity("Information").with("id", activity.to_string()))
            .and("transmissions", simple_transmission().with("id", transmission.to_string()))
            .with("serviceOwnerContext.serviceOwnerLabels", json!([{ "value": "a-label" }]));
        let mut user = app.person(PERSON);
        match condition {
            "not for the caller" => {
                body = body.with("party", format!("urn:altinn:person:identifier-no:{OTHER_PERSON}"));
            }
            "expired" => body = body.with("expiresAt", at(1)),
            "level too low" => body = body.with("serviceResource", HIGH),
            "missing" | "child missing" | "deleted" | "not visible yet" | "success" => {}
            _ => user = user.level(4),
        }
        let (party, resource) =
            (body["party"].as_str().unwrap().to_owned(), body["serviceResource"].as_str().unwrap().to_owned());
        let owner = app.service_owner("ttd");
        let dialog = owner.creates(body).await;
        let mut scene = Self { app, owner, user, party, resource, dialog, activity, transmission, seen: String::new() };
        scene.is_seen().await;
        match condition {
            "deleted" => drop(scene.owner.delete(&scene.owners("")).await.expect(204)),
            "not visible yet" => {
                // Only a new dialog takes a time before which it is hidden; this one was opened first.
                let visible_from = app.clock.now() + TimeDelta::days(2);
                sqlx::query("update dialog set visible_from = $2 where id = $1")
                    .bind(dialog)
                    .bind(visible_from)
                    .execute(&app.db)
                    .await
                    .expect("the row is there");
            }
            "expired" => app.clock.advance(TimeDelta::days(2)),
            _ => {}
        }
        scene
    }

    /// Somebody at the highest level opens it.
    async fn is_seen(&mut self) {
        let number = self.party.rsplit(':').next().expect("a number");
        self.app.person(number).level(4).opens(self.dialog).await;
        let log = self.owner.get(&self.owners("/seenlog")).await;
        self.seen = log.body[0]["id"].as_str().map_or_else(|| fresh_id().to_string(), str::to_owned);
    }

    fn owners(&self, rest: &str) -> String {
        format!("serviceowner/dialogs/{}{rest}", self.dialog)
    }
}

/// The query of an owner who reads for the person.
fn on_behalf() -> String {
    format!("endUserId=urn:altinn:person:identifier-no:{PERSON}")
}

/// What is sent, by whom.
struct Request<'a> {
    client: Client<'a>,
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Request<'_> {
    async fn send(self) -> Answer {
        self.client.send(self.method, &self.path, self.body).await
    }
}

/// The request that succeeds unless something stands in its way; `id` in the place of the dialog's, `child` of its child's.
fn request<'a>(scene: &Scene<'a>, operation: &str, id: &str, child: Option<&str>) -> Request<'a> {
    let (user, owner) = (format!("enduser/dialogs/{id}"), format!("serviceowner/dialogs/{id}"));
    let child = |own: &str| child.unwrap_or(own).to_owned();
    let (activity, transmission) = (child(&scene.activity.to_string()), child(&scene.transmission.to_string()));
    let (seen, label) = (child(&scene.seen), child("a-label"));
    let (party, resource, for_person) = (&scene.party, &scene.resource, on_behalf());
    let reference = format!("instanceRef=urn:altinn:dialog-id:{id}");
    let archive = json!({ "addLabels": ["Archive"] });
    let bulk = archive.clone().with("dialogs", json!([{ "dialogId": id }]));
    let (method, path, body) = match operation {
        "EU GET dialog" => (Method::GET, user, None),
        "EU list activities" => (Method::GET, format!("{user}/activities"), None),
        "EU get activity" => (Method::GET, format!("{user}/activities/{activity}"), None),
        "EU list transmissions" => (Method::GET, format!("{user}/transmissions"), None),
        "EU get transmission" => (Method::GET, format!("{user}/transmissions/{transmission}"), None),
        "EU list seen log" => (Method::GET, format!("{user}/seenlog"), None),
        "EU get seen entry" => (Method::GET, format!("{user}/seenlog/{seen}"), None),
        "EU label log" => (Method::GET, format!("{user}/context/labellog"), None),
        "EU set labels" => (Method::PUT, format!("{user}/context/systemlabels"), Some(archive)),
        "EU set labels in bulk" => {
            (Method::POST, "enduser/dialogs/context/systemlabels/actions/bulkset".into(), Some(bulk))
        }
        "EU search" => (Method::GET, format!("enduser/dialogs?party={party}&serviceResource={resource}"), None),
        "EU lookup" => (Method::GET, format!("enduser/dialoglookup?{reference}"), None),
        "EU parties" => (Method::GET, "enduser/parties".into(), None),
        "EU service resources" => (Method::GET, format!("enduser/serviceresources?party={party}"), None),
        "SO GET dialog" => (Method::GET, owner, None),
        "SO GET dialog for a person" => (Method::GET, format!("{owner}?{for_person}"), None),
        "SO list activities" => (Method::GET, format!("{owner}/activities"), None),
        "SO get activity" => (Method::GET, format!("{owner}/activities/{activity}"), None),
        "SO list transmissions" => (Method::GET, format!("{owner}/transmissions"), None),
        "SO get transmission" => (Method::GET, format!("{owner}/transmissions/{transmission}"), None),
        "SO list seen log" => (Method::GET, format!("{owner}/seenlog"), None),
        "SO get seen entry" => (Method::GET, format!("{owner}/seenlog/{seen}"), None),
        "SO set labels" => (Method::PUT, format!("{owner}/endusercontext/systemlabels?{for_person}"), Some(archive)),
        "SO set labels in bulk" => {
            let path = format!("serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset?{for_person}");
            (Method::POST, path, Some(bulk))
        }
        "SO labels" => (Method::GET, format!("{owner}/context/labels"), None),
        "SO add label" => (Method::POST, format!("{owner}/context/labels"), Some(json!({ "value": "another" }))),
        "SO remove label" => (Method::DELETE, format!("{owner}/context/labels/{label}"), None),
        "SO notification condition" => {
            let path =
                format!("{owner}/actions/should-send-notification?conditionType=Exists&activityType=Information");
            (Method::GET, path, None)
        }
        "SO end-user contexts" => (Method::GET, format!("serviceowner/dialogs/endusercontext?party={party}"), None),
        "SO search" => (Method::GET, format!("serviceowner/dialogs?party={party}"), None),
        "SO search for a person" => (Method::GET, format!("serviceowner/dialogs?party={party}&{for_person}"), None),
        "SO lookup" => (Method::GET, format!("serviceowner/dialoglookup?{reference}"), None),
        "service resources" => (Method::GET, "metadata/serviceresources".into(), None),
        "limits" => (Method::GET, "metadata/limits".into(), None),
        "keys" => (Method::GET, ".well-known/jwks.json".into(), None),
        "issuer" => (Method::GET, ".well-known/oauth-authorization-server".into(), None),
        other => panic!("no operation is called {other}"),
    };
    let client = match operation {
        "SO notification condition" => scene.owner.clone().with_scopes(&[NOTIFIER]),
        _ if operation.starts_with("EU") => scene.user.clone(),
        _ if operation.starts_with("SO") => scene.owner.clone(),
        _ => scene.app.anonymous(),
    };
    Request { client, method, path, body }
}

/// Brings the condition about and sends the operation's request into it, with what tells the dialog in its answer. `None` if
/// nobody wrote down how.
async fn bring_about(app: &TestApp, operation: &str, condition: &str) -> Option<(Answer, String)> {
    let scene = Scene::new(app, condition).await;
    let id = scene.dialog.to_string();
    let mut request = request(&scene, operation, &id, None);
    let trace = if operation.contains("service resources") {
        scene.resource.rsplit(':').next().unwrap_or_default().to_owned()
    } else {
        id.clone()
    };
    let answer = match condition {
        "success" | "deleted" | "not visible yet" | "expired" | "level too low" => request.send().await,
        "no token" => Request { client: app.anonymous(), ..request }.send().await,
        "wrong scope" => {
            Request { client: request.client.clone().with_scopes(&["wrong-scope"]), ..request }.send().await
        }
        "malformed id" => {
            request.path = request.path.replace(&id, "not-an-id");
            request.body =
                request.body.map(|body| serde_json::from_str(&body.to_string().replace(&id, "not-an-id")).unwrap());
            request.send().await
        }
        "missing" => {
            let unknown = fresh_id().to_string();
            self::request(&scene, operation, &unknown, None).send().await
        }
        "child missing" => {
            let unknown =
                if operation == "SO remove label" { "no-such-label".to_owned() } else { fresh_id().to_string() };
            self::request(&scene, operation, &id, Some(&unknown)).send().await
        }
        "not for the caller" => match operation {
            // Owners are refused what is others', end users what is not their party's.
            _ if operation.ends_with("person") || ["SO set labels", "SO set labels in bulk"].contains(&operation) => {
                if operation.starts_with("SO set") {
                    request.client = app.service_owner("other");
                }
                request.send().await
            }
            _ if operation.starts_with("SO") => {
                let scopes = if operation == "SO notification condition" { &[NOTIFIER][..] } else { &[] };
                let other = app.service_owner("brg");
                request.client = if scopes.is_empty() { other } else { other.with_scopes(scopes) };
                request.send().await
            }
            _ => request.send().await,
        },
        "wrong revision" => {
            let wrong = Uuid::new_v4().to_string();
            if request.path.contains("bulkset") {
                request.body = request.body.map(|body| body.with("dialogs.0.endUserContextRevision", wrong.as_str()));
            } else {
                request.client = request.client.if_match(&wrong);
            }
            request.send().await
        }
        "bad input" => bad_input(operation, request)?.send().await,
        "platform fails" => platform_fails(app, operation, request).await,
        _ => return None,
    };
    Some((answer, trace))
}

fn bad_input<'a>(operation: &str, mut request: Request<'a>) -> Option<Request<'a>> {
    let bad_language =
        |request: Request<'a>| Request { client: request.client.clone().header("accept-language", "a;;"), ..request };
    let html =
        |request: Request<'a>| Request { client: request.client.clone().header("accept", "text/html"), ..request };
    Some(match operation {
        "EU GET dialog"
        | "EU list activities"
        | "EU get activity"
        | "EU list transmissions"
        | "EU get transmission"
        | "service resources" => bad_language(request),
        "EU parties" | "limits" | "keys" | "issuer" => html(request),
        "EU set labels" | "EU set labels in bulk" | "SO set labels" | "SO set labels in bulk" => {
            request.body = request.body.map(|body| body.with("addLabels", json!(["Sent"])));
            request
        }
        "EU search" | "SO search" | "SO end-user contexts" => {
            Request { path: format!("{}&limit=0", request.path), ..request }
        }
        "EU lookup" | "SO lookup" => Request { path: request.path.replace("dialog-id", "something"), ..request },
        "EU service resources" => Request { path: format!("{}&party=x", request.path), ..request },
        "SO GET dialog" => Request { path: format!("{}?endUserId=x", request.path), ..request },
        "SO GET dialog for a person" | "SO search for a person" => {
            Request { path: request.path.replace(PERSON, "05848297888"), ..request }
        }
        "SO add label" => Request { body: Some(json!({ "value": "x" })), ..request },
        "SO notification condition" => {
            Request { path: request.path.replace("Information", "TransmissionOpened"), ..request }
        }
        _ => return None,
    })
}

/// Nothing that was known stands in any more.
async fn platform_fails(app: &TestApp, operation: &str, mut request: Request<'_>) -> Answer {
    let anonymous = app.anonymous();
    let faults = json!([
        {"path": "/authorization", "status": 500},
        {"path": "/accessmanagement", "status": 500},
        {"path": "/resourceregistry", "status": 500},
        {"path": "/register", "status": 500},
        {"path": "/orgs", "status": 500},
    ]);
    if operation == "EU get seen entry" {
        request.client = request.client.level(3);
    }
    anonymous.put("/sandbox/faults", faults).await.expect(200);
    // Older than the oldest catalogue that may stand in for a failing registry.
    app.clock.advance(TimeDelta::hours(27));
    let answer = request.send().await;
    anonymous.delete("/sandbox/faults").await;
    answer
}
