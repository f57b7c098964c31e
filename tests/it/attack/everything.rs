//! Every operation there is, with whatever fits into its address and its body: never a fault.

use std::sync::LazyLock;

use dialogporten::{auth::Scope, openapi::Operation};
use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};

use super::{bodies::any_json, hold, queries};
use crate::harness::{Edit, PERSON, fresh_id, simple_activity, simple_dialog, simple_transmission};

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    [
        dialogporten::metadata::operations(),
        dialogporten::enduser::operations(),
        dialogporten::serviceowner::operations(),
    ]
    .concat()
});

/// What stands in the place of an id.
#[derive(Clone, Debug)]
enum Id {
    Known,
    Fresh,
    Odd(&'static str),
}

fn id() -> impl Strategy<Value = Id> {
    let odd =
        ["%00", "%ff", "x", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a%2Fb"];
    prop_oneof![12 => Just(Id::Known), 1 => Just(Id::Fresh), 1 => prop::sample::select(odd.to_vec()).prop_map(Id::Odd)]
}

/// What is sent along.
#[derive(Clone, Debug)]
enum Body {
    Nothing,
    Anything(Value),
    /// What the operation wants; of several forms any.
    Fitting(prop::sample::Index),
    /// The same with one member replaced or added.
    Changed(prop::sample::Index, String, Value),
}

fn body() -> impl Strategy<Value = Body> {
    let name = prop::sample::select(vec![
        "type",
        "content",
        "sender",
        "performedBy",
        "transmissionId",
        "relatedTransmissionId",
        "attachments",
        "status",
        "dueAt",
        "expiresAt",
        "process",
        "activities",
        "transmissions",
        "guiActions",
        "value",
        "systemLabels",
        "addLabels",
        "isApiOnly",
        "id",
        "createdAt",
        "serviceResource",
        "party",
        "idempotentKey",
        "searchTags",
        "description",
        "unknown",
    ]);
    prop_oneof![
        1 => Just(Body::Nothing),
        2 => any_json().prop_map(Body::Anything),
        4 => any::<prop::sample::Index>().prop_map(Body::Fitting),
        5 => (any::<prop::sample::Index>(), name, any_json())
            .prop_map(|(at, name, value)| Body::Changed(at, name.to_owned(), value)),
    ]
}

/// Bodies that the operation takes.
fn fitting(operation: &Operation, transmission: &str) -> Vec<Value> {
    let opened = simple_activity("TransmissionOpened").with("transmissionId", transmission);
    match (operation.route.method, operation.route.path.rsplit('/').next().unwrap_or_default()) {
        ("patch", _) => vec![
            json!([{"op": "replace", "path": "/progress", "value": 7}]),
            json!([{"op": "add", "path": "/activities/-", "value": opened}]),
            json!([{"op": "test", "path": "/status", "value": null}]),
            json!([{"op": "move", "from": "/attachments", "path": "/attachments/0"}]),
            json!([{"op": "copy", "from": "", "path": "/content"}]),
            json!([{"op": "copy", "from": "/content/title", "path": "/content/senderName"}]),
            json!([{"op": "replace", "path": "", "value": null}]),
            json!([{"op": "remove", "path": "/content"}]),
            json!([{"op": "add", "path": "/transmissions/99999999999999999999", "value": {}}]),
        ],
        (_, "systemlabels") => vec![
            json!({"systemLabels": ["Bin"]}),
            json!({"addLabels": ["Archive", "MarkedAsUnopened"], "removeLabels": ["Bin", "Archive"]}),
        ],
        (_, "labels") => vec![json!({"value": "label"})],
        (_, "activities") => vec![simple_activity("Information"), opened],
        (_, "transmissions" | "{transmissionId}") => {
            vec![simple_transmission(), simple_transmission().with("relatedTransmissionId", transmission)]
        }
        (_, "updateFormSavedActivityTime") => vec![json!({"newUpdatedAt": "2024-01-01T00:00:00Z"})],
        _ => {
            vec![simple_dialog(), simple_dialog().and("transmissions", simple_transmission()).and("activities", opened)]
        }
    }
}

#[test]
fn every_operation_answers() {
    let case = (
        any::<prop::sample::Index>(),
        prop::collection::vec(id(), 3),
        body(),
        prop_oneof![2 => Just(Vec::new()), 1 => queries::parameters(2)],
        proptest::option::weighted(
            0.3,
            prop::sample::select(vec!["", "x", "current", "current", "0196c0de-0000-4000-8000-000000000001"]),
        ),
    );
    let scopes = [
        Scope::ServiceProvider,
        Scope::Search,
        Scope::Admin,
        Scope::ChangeTransmissions,
        Scope::Correspondence,
        Scope::LegacyHtml,
        Scope::NotificationCondition,
    ];
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    hold(600, &case, &async |app, (at, ids, body, parameters, revision)| {
        let operation = at.get(&OPERATIONS);
        let owner = app.service_owner("ttd").with_scopes(&scopes);
        let (transmission, activity) = (fresh_id().to_string(), fresh_id().to_string());
        let dialog = simple_dialog()
            .and("transmissions", simple_transmission().with("id", transmission.as_str()))
            .and("activities", simple_activity("FormSaved").with("id", activity.as_str()));
        let dialog = owner.creates(dialog).await;
        let mut ids = ids.iter();
        let mut fill = |segment: &str| match (segment.starts_with('{'), segment) {
            (false, literal) => literal.to_owned(),
            (true, parameter) => match ids.next() {
                Some(Id::Known) if parameter == "{transmissionId}" => transmission.clone(),
                Some(Id::Known) if parameter == "{activityId}" => activity.clone(),
                Some(Id::Known) => dialog.to_string(),
                Some(Id::Odd(text)) => (*text).to_owned(),
                Some(Id::Fresh) | None => fresh_id().to_string(),
            },
        };
        let path = operation.route.path.split('/').map(&mut fill).collect::<Vec<_>>().join("/");
        let mut path = format!("{path}?{}", queries::joined(&parameters));
        let method: Method = operation.route.method.to_uppercase().parse().unwrap();
        let mut caller = if path.contains("/enduser/") { app.person(PERSON) } else { owner.clone() };
        if let Some(revision) = revision {
            let current = owner.reads(dialog).await["revision"].as_str().unwrap().to_owned();
            caller = caller.if_match(if revision == "current" { &current } else { revision });
        }
        let fits = fitting(operation, &transmission);
        let body = match body {
            Body::Nothing => None,
            Body::Anything(value) => Some(value),
            Body::Fitting(at) => Some(at.get(&fits).clone()),
            Body::Changed(at, name, value) => {
                let (fit, place) = (at.get(&fits).clone(), if at.get(&fits).is_array() { "0.value" } else { &name });
                Some(fit.with(place, value))
            }
        };
        if path.ends_with("systemlabels?") {
            path = format!("{path}enduserId=urn:altinn:person:identifier-no:{PERSON}");
        }
        let answer = caller.send(method, &path, body.clone()).await;
        let status = answer.status.as_u16();
        prop_assert!(
            matches!(status, 200 | 201 | 204 | 400 | 403 | 404 | 405 | 406 | 409 | 410 | 412 | 415 | 422),
            "{status} to {} {path} with {body:?}: {}",
            operation.route.method,
            answer.text
        );
        // Whatever was done to it, the dialog can be read unless it is gone for good.
        let read = owner.get(&format!("serviceowner/dialogs/{dialog}")).await;
        prop_assert!(matches!(read.status.as_u16(), 200 | 404), "{path} broke the dialog: {}", read.text);
        let opened = app.person(PERSON).get(&format!("enduser/dialogs/{dialog}")).await;
        prop_assert!(opened.status.as_u16() < 500, "{path} broke the dialog for its reader: {}", opened.text);
        Ok(())
    });
}
