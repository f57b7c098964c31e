//! `GET /enduser/parties`.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{Client, OTHER_PERSON, PERSON, TestApp};

const PARTIES: &str = "/accessmanagement/api/v1/resourceowner/authorizedparties";

async fn parties(client: &Client<'_>) -> Value {
    client.get("enduser/parties").await.expect(200).body
}

/// P-001, P-002: the whole answer, in the platform's order.
#[tokio::test]
async fn a_person_is_told_whom_it_represents() {
    let app = TestApp::start().await;
    let answer = app.person(PERSON).get("enduser/parties").await.expect(200);
    assert_eq!((answer.etag(), answer.header("cache-control")), ("", ""));
    assert_json_snapshot!(answer.body);
}

/// What else there may be: a deleted organization, one that only leads to a sub-unit, system users, e-mail users.
#[tokio::test]
async fn everybody_is_told_their_own() {
    let app = TestApp::start().await;
    let shape = |parties: &Value| -> Vec<Value> {
        let shown = |party: &Value| {
            let units: Option<Vec<Value>> =
                party["subParties"].as_array().map(|units| units.iter().map(|unit| unit["party"].clone()).collect());
            json!([
                party["party"],
                party["partyType"],
                party["isDeleted"],
                party["hasOnlyAccessToSubParties"],
                party["isCurrentEndUser"],
                units.unwrap_or_default()
            ])
        };
        parties["authorizedParties"].as_array().expect("a list").iter().map(shown).collect()
    };
    let organization = |number: &str| format!("urn:altinn:organization:identifier-no:{number}");
    let composed = parties(&app.person("06889090039")).await;
    assert_eq!(
        shape(&composed),
        [
            json!([organization("319900039"), "Organization", true, false, false, []]),
            json!([organization("319900047"), "Organization", false, true, false, [organization("319900055")]]),
            json!(["urn:altinn:person:identifier-no:06889090039", "Person", false, false, true, []]),
        ]
    );
    let system_user = parties(&app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364")).await;
    assert_eq!(shape(&system_user), [json!([organization("310057223"), "Organization", false, false, false, []])]);
    let nobody = parties(&app.system_user("5a1f0c2e-7b1d-4a39-9d55-0f6f0a6c1e11")).await;
    assert_eq!(nobody, json!({ "authorizedParties": [] }));
    let email = parties(&app.email("test@test.no")).await;
    assert_eq!(
        shape(&email),
        [json!(["urn:altinn:person:idporten-email:test@test.no", "SelfIdentified", false, false, true, []])]
    );
    let other = parties(&app.person(OTHER_PERSON)).await;
    assert_eq!(shape(&other).len(), 1);
    let mass = parties(&app.person("30885190045")).await;
    assert_eq!(shape(&mass).len(), 102);
    // Organizations, those of series too, come before persons.
    assert_eq!(shape(&mass).last().expect("a party")[1], "Person");
}

/// Chapter 02 §7.2: no query parameter, no language; JSON must be taken.
#[tokio::test]
async fn only_accept_is_looked_at() {
    let app = TestApp::start().await;
    let person = app.person(PERSON);
    let odd = person.clone().header("accept-language", "invalid;;;");
    odd.get("enduser/parties?party=x&limit=y&orderBy=z").await.expect(200);
    let refused = person.clone().header("accept", "text/html").get("enduser/parties").await.expect(406);
    assert_eq!(refused.errors("Accept"), ["The request must accept application/json responses."]);
    person.header("accept", "text/html, application/problem+json").get("enduser/parties").await.expect(200);
}

/// Nobody at all is a fault of the platform's, as is every other answer that says nothing.
#[tokio::test]
async fn a_platform_that_fails_is_a_bad_gateway() {
    let app = TestApp::start_with(&[("altinn.retry_delay", "1ms")]).await;
    for fault in [
        json!({"status": 500}),
        json!({"status": 200, "body": []}),
        json!({"status": 200, "body": {}}),
        json!({"drop": true}),
    ] {
        let mut fault = fault;
        fault["path"] = PARTIES.into();
        app.anonymous().put("/sandbox/faults", json!([fault])).await.expect(200);
        app.person(PERSON).get("enduser/parties").await.expect(502);
    }
    app.anonymous().delete("/sandbox/faults").await;
    app.person(PERSON).get("enduser/parties").await.expect(200);
}
