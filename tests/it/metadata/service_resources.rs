//! `GET /metadata/serviceresources`.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{Edit, PERSON, TestApp, bare, simple_dialog};

const PATH: &str = "metadata/serviceresources";
const ROLES: &str = "/accessmanagement/api/v1/meta/info/roles";

async fn stored(app: &TestApp, resource: &str) {
    app.service_owner("ttd")
        .creates(simple_dialog().with("serviceResource", format!("urn:altinn:resource:{resource}")))
        .await;
}

fn urns(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|item| item["urn"].as_str().expect("a URN").to_owned()).collect()
}

/// M-006, M-011: the whole answer; everybody may have it, and a bad token does no harm.
#[tokio::test]
async fn everything_that_dialogs_are_about_is_listed() {
    let app = TestApp::start().await;
    assert_eq!(app.anonymous().get(PATH).await.expect(200).body, json!({ "items": [] }));
    stored(&app, "ttd-dialogporten-transmissions-test").await;
    stored(&app, "ttd-level-3").await;
    let answer = app.anonymous().get(PATH).await.expect(200);
    assert_eq!((answer.header("etag"), answer.header("cache-control")), ("", ""));
    let body: Value = serde_json::from_str(&answer.text.replace(&app.url("/"), "https://platform/")).expect("JSON");
    assert_json_snapshot!(body);
    assert_eq!(app.with_token("nonsense").get(PATH).await.expect(200).body, answer.body);
    assert_eq!(app.person(PERSON).get(PATH).await.expect(200).body, answer.body);
    // The links lead somewhere.
    for link in links(&answer.body) {
        let path = link.strip_prefix(app.url("").as_str()).expect("an address of the platform").to_owned();
        app.anonymous().get(&path).await.expect(200);
    }
}

fn links(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = value["metadata"].as_str().map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(links)).collect()
        }
        Value::Array(items) => items.iter().flat_map(links).collect(),
        _ => Vec::new(),
    }
}

/// M-009: `dagl` comes before `lede` in Norwegian and after it in English.
#[tokio::test]
async fn names_are_sorted_as_they_are_shown() {
    let app = TestApp::start().await;
    stored(&app, "ttd-level-3").await;
    stored(&app, "ttd-no-level").await;
    let anonymous = app.anonymous();
    let of = async |languages: &str| {
        let answer = anonymous.clone().header("accept-language", languages).get(PATH).await.expect(200).body;
        let roles = urns(&answer["items"][0]["roles"]);
        (answer, roles)
    };
    let code = |codes: &[&str]| codes.iter().map(|code| format!("urn:altinn:rolecode:{code}")).collect::<Vec<_>>();
    for (languages, order) in [
        ("", ["dagl", "priv", "seln", "lede"]),
        ("nb", ["dagl", "priv", "seln", "lede"]),
        ("en", ["lede", "dagl", "priv", "seln"]),
    ] {
        let (answer, roles) = of(languages).await;
        assert_eq!(roles, code(&order), "{languages}: {answer:#}");
        let texts = answer["items"][0]["serviceResource"]["name"].as_array().expect("names").len();
        assert_eq!(texts, if languages.is_empty() { 3 } else { 1 });
    }
    anonymous.clone().header("accept-language", "invalid;;;").get(PATH).await.expect(400);
}

/// M-010
#[tokio::test]
async fn the_answer_is_compressed_if_the_client_likes() {
    let app = TestApp::start().await;
    stored(&app, "ttd-level-3").await;
    for (accepted, encoding) in
        [("br, gzip", "br"), ("gzip", "gzip"), ("gzip, br;q=0", "gzip"), ("identity", ""), ("zstd", "")]
    {
        let answer = app.anonymous().header("accept-encoding", accepted).get(PATH).await.expect(200);
        assert_eq!(answer.header("content-encoding"), encoding, "{accepted}");
        assert!(answer.header("vary").eq_ignore_ascii_case("accept-encoding"), "{accepted}: {}", answer.header("vary"));
    }
    assert_eq!(app.anonymous().get(PATH).await.expect(200).header("content-encoding"), "");
}

/// M-012
#[tokio::test]
async fn a_resource_that_the_registry_lost_is_listed_under_its_id() {
    let app = TestApp::start().await;
    stored(&app, "ttd-level-3").await;
    let mut world = app.anonymous().get("/sandbox/world").await.expect(200).body;
    world["resources"].as_array_mut().expect("resources").retain(|resource| resource["id"] != "ttd-level-3");
    world["grants"].as_array_mut().expect("grants").retain(|grant| grant["resource"] != "ttd-level-3");
    world["expect"] = json!([]);
    app.anonymous().put("/sandbox/world", world).await.expect(204);
    let items = app.anonymous().get(PATH).await.expect(200).body["items"].clone();
    assert_eq!(
        items,
        json!([{
            "serviceResource": {
                "id": "ttd-level-3", "resourceType": "", "status": "", "isDelegable": false,
                "minimumAuthenticationLevel": items[0]["serviceResource"]["minimumAuthenticationLevel"],
                "name": [{"languageCode": "nb", "value": "ttd-level-3"}],
                "links": {"metadata": app.url("/resourceregistry/api/v1/resource/ttd-level-3")},
            },
            "roles": [], "accessPackages": [],
            "serviceOwner": {"orgNumber": "", "code": "", "name": [{"languageCode": "nb", "value": ""}]},
        }])
    );
}

/// Without names there is no list; with older ones there is.
#[tokio::test]
async fn a_platform_that_fails_is_a_bad_gateway() {
    let app = TestApp::start_in(bare(), &[("altinn.retry_delay", "1ms")]).await;
    stored(&app, "ttd-level-3").await;
    let anonymous = app.anonymous();
    let faults = json!([{"path": ROLES, "status": 500}]);
    anonymous.put("/sandbox/faults", faults.clone()).await.expect(200);
    anonymous.get(PATH).await.expect(502);
    anonymous.put("/sandbox/faults", json!([])).await.expect(200);
    let whole = anonymous.get(PATH).await.expect(200).body;
    anonymous.put("/sandbox/faults?forget=false", faults).await.expect(200);
    app.clock.advance(chrono::TimeDelta::minutes(61));
    assert_eq!(anonymous.get(PATH).await.expect(200).body, whole);
}
