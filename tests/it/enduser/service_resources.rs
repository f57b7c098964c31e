//! `GET /enduser/serviceresources`.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{Client, Edit, ORGANIZATION, PERSON, RESOURCE, TestApp, simple_dialog};

const PATH: &str = "enduser/serviceresources";

fn organization(number: &str) -> String {
    format!("urn:altinn:organization:identifier-no:{number}")
}

fn person(number: &str) -> String {
    format!("urn:altinn:person:identifier-no:{number}")
}

async fn stored(app: &TestApp, resource: &str, party: &str) {
    let body = simple_dialog().with("serviceResource", format!("urn:altinn:resource:{resource}")).with("party", party);
    app.admin().creates(body).await;
}

async fn ids(client: &Client<'_>, query: &str) -> Vec<String> {
    ids_of(&client.get(&format!("{PATH}{query}")).await.expect(200).body)
}

fn ids_of(body: &Value) -> Vec<String> {
    let id = |item: &Value| item["serviceResource"]["id"].as_str().expect("an id").to_owned();
    body["items"].as_array().expect("items").iter().map(id).collect()
}

/// M-001, M-004, M-005: nothing without dialogs; then the whole answer of what there is.
#[tokio::test]
async fn resources_with_dialogs_are_listed() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    assert_eq!(user.get(PATH).await.expect(200).body, json!({ "items": [] }));
    stored(&app, "ttd-dialogporten-automated-tests", &person(PERSON)).await;
    stored(&app, "ttd-no-level", &organization(ORGANIZATION)).await;
    // Of a party of the user's, but no rule names any of its subjects there.
    stored(&app, "ttd-altinn-events-automated-tests", &person(PERSON)).await;
    let answer = user.get(PATH).await.expect(200);
    assert_eq!(ids_of(&answer.body), ["ttd-dialogporten-automated-tests", "ttd-no-level"]);
    let address = app.url("/");
    let body: Value = serde_json::from_str(&answer.text.replace(&address, "https://platform/")).expect("JSON");
    assert_json_snapshot!(body);
    // H-001: nothing is compressed but the public list.
    let packed = user.header("accept-encoding", "br, gzip").get(PATH).await.expect(200);
    assert_eq!((packed.header("content-encoding"), packed.etag()), ("", ""));
}

/// M-002, M-003
#[tokio::test]
async fn parties_narrow_the_list_down() {
    let app = TestApp::start().await;
    let (a, b) = (organization("319900012"), organization("319900020"));
    for party in [&a, &b] {
        for resource in ["ttd-two-parties-a", "ttd-two-parties-b"] {
            stored(&app, resource, party).await;
        }
    }
    let user = app.person("17874490091");
    assert_eq!(ids(&user, "").await, ["ttd-two-parties-a", "ttd-two-parties-b"]);
    assert_eq!(ids(&user, &format!("?party={a}")).await, ["ttd-two-parties-a"]);
    assert_eq!(ids(&user, &format!("?PARTY={}", b.to_uppercase())).await, ["ttd-two-parties-b"]);
    assert_eq!(ids(&user, &format!("?party={a}&party={b}")).await.len(), 2);
    for unknown in [person(PERSON), organization(ORGANIZATION), "urn:altinn:person:legacy-selfidentified:x".to_owned()]
    {
        assert_eq!(ids(&user, &format!("?party={unknown}")).await, [] as [&str; 0], "{unknown}");
    }
    assert_eq!(ids(&user, &format!("?party={a}&party={}", person(PERSON))).await, ["ttd-two-parties-a"]);
}

/// What only an instance or a deleted dialog is there for, and what was purged.
#[tokio::test]
async fn deleted_dialogs_count_and_purged_ones_do_not() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    assert_eq!(ids(&user, "").await, [&RESOURCE["urn:altinn:resource:".len()..]]);
    owner.post(&format!("serviceowner/dialogs/{dialog}/actions/purge"), None).await.expect(204);
    assert_eq!(ids(&user, "").await, [] as [&str; 0]);
    assert_eq!(ids_of(&app.anonymous().get("metadata/serviceresources").await.expect(200).body), [] as [&str; 0]);
}

/// Chapter 02 §7.3: whoever represents more than a thousand parties and names none gets the whole public list.
#[tokio::test]
async fn the_whole_catalogue_stands_in_for_very_many_parties() {
    let app = TestApp::start().await;
    stored(&app, "ttd-two-parties-a", &organization("319900012")).await;
    stored(&app, "super-simple-service", &organization("319200002")).await;
    let whale = app.person("14836090188");
    let whole = whale.get(PATH).await.expect(200).body;
    assert_eq!(whole["isFullCatalogueFallback"], true);
    assert_eq!(ids_of(&whole), ["super-simple-service", "ttd-two-parties-a"]);
    let public = app.anonymous().get("metadata/serviceresources").await.expect(200).body;
    assert_eq!(whole["items"], public["items"]);
    let one = whale.get(&format!("{PATH}?party={}", organization("319200002"))).await.expect(200).body;
    assert_eq!(one.get("isFullCatalogueFallback"), None);
    assert_eq!(ids_of(&one), ["super-simple-service"]);
    // 101 organizations are not too many.
    let many = app.person("30885190045").get(PATH).await.expect(200).body;
    assert_eq!(many, json!({ "items": [] }));
}

/// M-007, M-008, and texts that are no parties at all.
#[tokio::test]
async fn odd_parties_are_refused() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    let many = |count: usize| {
        let party = |n: usize| format!("party=urn:altinn:person:legacy-selfidentified:u{n}");
        (0..count).map(party).collect::<Vec<_>>().join("&")
    };
    user.get(&format!("{PATH}?{}", many(100))).await.expect(200);
    let refused = user.get(&format!("{PATH}?{}", many(101))).await.expect(400);
    assert_eq!(refused.errors("parties.Length"), ["'Length' must be between 1 and 100. You entered 101."]);
    let refused = user.get(&format!("{PATH}?party=[]")).await.expect(400);
    assert_eq!(refused.errors("parties.Length"), ["'Length' must be between 1 and 100. You entered 0."]);
    for odd in [
        "",
        "%20",
        "x",
        "urn:altinn:person:identifier-no:05848297888",
        "urn:altinn:systemuser:uuid:51551dd0-b9c5-4f4b-a4a2-9b7e3669b364",
        "%F0%9F%92%A9",
    ] {
        let refused = user.get(&format!("{PATH}?party={}&party={odd}", person(PERSON))).await.expect(400);
        assert_eq!(refused.errors("parties[1]").len(), 1, "{odd}: {}", refused.text);
        assert_eq!(refused.errors("parties[0]").len(), 0, "{odd}: {}", refused.text);
    }
    let refused = user.get(&format!("{PATH}?party=a%00b")).await.expect(400);
    assert_eq!(refused.errors("party").len(), 1, "{}", refused.text);
    let refused = user.clone().header("accept-language", "invalid;;;").get(PATH).await.expect(400);
    assert_eq!(refused.errors("Accept-Language").len(), 1);
    // More than anybody would send.
    let thousands = (0..2_000).map(|n| format!("p{n}={n}")).collect::<Vec<_>>().join("&");
    user.get(&format!("{PATH}?{thousands}")).await.expect(200);
}
