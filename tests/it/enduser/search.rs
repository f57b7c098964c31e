//! `GET /enduser/dialogs`.

use serde_json::{Value, json};

use crate::harness::{
    Client, Edit, ORGANIZATION, OTHER_PERSON, PERSON, RESOURCE, TestApp, simple_dialog, simple_dialog_for,
    simple_transmission, text,
};

const SECOND: &str = "urn:altinn:resource:ttd-dialogporten-automated-tests-2";
const LEVEL_4: &str = "urn:altinn:resource:ttd-dialogporten-transmissions-test";
const LIST: &str = "enduser/dialogs";

fn person(number: &str) -> String {
    format!("urn:altinn:person:identifier-no:{number}")
}

fn named(name: &str) -> Value {
    simple_dialog().with("externalReference", name)
}

async fn listed(client: &Client<'_>, query: &str) -> Value {
    let answer = client.get(&format!("{LIST}?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.body
}

async fn sorted(client: &Client<'_>, query: &str) -> Vec<String> {
    let page = listed(client, query).await;
    let items = page["items"].as_array().expect("items").iter();
    let mut names: Vec<_> = items.map(|item| item["externalReference"].as_str().unwrap_or("-").to_owned()).collect();
    names.sort();
    names
}

/// ES-001, ES-002, ES-009, S-031
#[tokio::test]
async fn filters_choose_among_what_may_be_seen() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(named("one").with("extendedStatus", "a")).await;
    owner.creates(named("two").with("extendedStatus", "b").with("serviceResource", SECOND)).await;
    owner.creates(named("three")).await;
    owner.creates(simple_dialog_for(ORGANIZATION).with("externalReference", "theirs")).await;
    owner.creates(named("foreign").with("party", person(OTHER_PERSON))).await;
    let user = app.person(PERSON);
    let mine = format!("party={}", person(PERSON));
    for (query, expected) in [
        (mine.clone(), &["one", "three", "two"][..]),
        (format!("{mine}&extendedStatus=a&extendedStatus=b"), &["one", "two"]),
        (format!("{mine}&serviceResource={SECOND}"), &["two"]),
        (format!("{mine}&serviceResource={}", SECOND.to_uppercase()), &["two"]),
        (format!("serviceResource={RESOURCE}"), &["one", "theirs", "three"]),
        (format!("party={}", person(OTHER_PERSON)), &[]),
        (format!("{mine}&org=ttd"), &["one", "three", "two"]),
        (format!("{mine}&org=TTD"), &[]),
    ] {
        assert_eq!(sorted(&user, &query).await, expected, "{query}");
    }
    let page = listed(&user, &mine).await;
    let items = page["items"].as_array().unwrap();
    let at = |item: &Value| item["contentUpdatedAt"].as_str().unwrap().to_owned();
    let (newest, oldest) = (at(&items[0]), at(&items[2]));
    assert_eq!(sorted(&user, &format!("{mine}&contentUpdatedAfter={newest}")).await, ["three"]);
    assert_eq!(sorted(&user, &format!("{mine}&contentUpdatedBefore={oldest}")).await, ["one"]);
}

/// ES-006, ES-015
#[tokio::test]
async fn pages_follow_each_other() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for name in ["1", "2", "3", "4", "5", "6"] {
        owner.creates(named(name)).await;
    }
    let user = app.person(PERSON);
    let query = format!("party={}&limit=2&orderBy=createdAt_asc", person(PERSON));
    let first = listed(&user, &query).await;
    let token = first["continuationToken"].as_str().unwrap();
    let second = listed(&user, &format!("{query}&continuationToken={token}")).await;
    let names: Vec<_> =
        second["items"].as_array().unwrap().iter().map(|item| item["externalReference"].clone()).collect();
    assert_eq!((names, &second["hasNextPage"]), (vec![json!("3"), json!("4")], &json!(true)));
}

/// ES-007; the whole request's key: chapter 08 §3.4
#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    for (query, status, part) in [
        ("party=x&process=inval|d", 400, "'Process' is not a well-formatted URI."),
        ("systemLabel=invalid", 400, "systemLabel"),
        ("", 400, "Either ServiceResource or Party must be specified."),
    ] {
        let answer = user.get(&format!("{LIST}?{query}")).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
        assert!(answer.text.contains(part), "{query}: {}", answer.text);
    }
}

/// ES-005, ES-008, ES-012, ES-013, ES-019
#[tokio::test]
async fn items_show_what_the_reader_may_know() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let sensitive = named("sensitive")
        .with("serviceResource", LEVEL_4)
        .with("content.nonSensitiveTitle", text("Tittel for alle"))
        .with("content.senderName", text("Avsender"))
        .with("content.extendedStatus", text("Utvidet"))
        .and("transmissions", simple_transmission());
    owner.creates(sensitive).await;
    owner.creates(named("empty").with("isApiOnly", true).without("content")).await;
    let seen = owner.creates(named("seen")).await;
    let user = app.person(PERSON);
    user.get(&format!("enduser/dialogs/{seen}")).await.expect(200);

    let page = listed(&user, &format!("party={}", person(PERSON))).await;
    let item = |name: &str| {
        page["items"].as_array().unwrap().iter().find(|item| item["externalReference"] == name).unwrap().clone()
    };
    let sensitive = item("sensitive");
    assert_eq!(sensitive["content"]["title"]["value"][0]["value"], "Tittel for alle");
    assert_eq!(sensitive["content"].as_object().unwrap().len(), 4);
    assert_eq!(sensitive["hasUnopenedContent"], true);
    assert_eq!(item("empty").get("content"), None);
    assert_eq!(item("seen")["hasUnopenedContent"], false);
    let high = listed(&app.person(PERSON).level(4), &format!("serviceResource={LEVEL_4}")).await;
    assert_eq!(high["items"][0]["content"]["title"]["value"][0]["value"], "Skjema for rapportering");
}

/// ES-011, S-025
#[tokio::test]
async fn time_decides_what_is_shown() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let now = app.clock.now();
    let at = |seconds| (now + chrono::Duration::seconds(seconds)).to_rfc3339();
    owner.creates(named("later").with("visibleFrom", at(600))).await;
    owner.creates(named("ending").with("expiresAt", at(600))).await;
    let user = app.person(PERSON);
    let mine = format!("party={}", person(PERSON));
    assert_eq!(sorted(&user, &mine).await, ["ending"]);
    app.clock.set_frozen(true);
    app.clock.set(now + chrono::Duration::seconds(600));
    assert_eq!(sorted(&user, &mine).await, ["later"]);
}

/// ES-014, S-032 (for persons)
#[tokio::test]
async fn a_delegated_dialog_is_listed_with_the_reader_s_own() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let label = "urn:altinn:integration:storage:51990012/6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013";
    let delegated = "urn:altinn:resource:ttd-delegated";
    let theirs =
        |name: &str| simple_dialog_for("319900012").with("externalReference", name).with("serviceResource", delegated);
    let labels = json!({ "serviceOwnerLabels": [{ "value": label }] });
    owner.creates(theirs("delegated").with("serviceOwnerContext", labels)).await;
    owner.creates(theirs("not delegated")).await;
    owner.creates(named("own").with("party", person("05838090011"))).await;
    let user = app.person("05838090011");
    for (query, expected) in [
        (format!("serviceResource={delegated}"), &["delegated"][..]),
        (format!("serviceResource={delegated}&serviceResource={RESOURCE}"), &["delegated", "own"]),
        (format!("party={}", person("05838090011")), &["own"]),
        ("party=urn:altinn:organization:identifier-no:319900012".to_owned(), &["delegated"]),
    ] {
        assert_eq!(sorted(&user, &query).await, expected, "{query}");
    }
}

/// S-026
#[tokio::test]
async fn seen_is_seen_until_it_is_marked_as_unopened() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(named("first")).await;
    owner.creates(named("second")).await;
    let user = app.person(PERSON);
    let path = format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels?enduserId={}", person(PERSON));
    sqlx::query("update dialog set is_content_seen = true where id = $1")
        .bind(dialog.0)
        .execute(&app.db)
        .await
        .unwrap();
    let mine = format!("party={}", person(PERSON));
    assert_eq!(sorted(&user, &format!("{mine}&isContentSeen=true")).await, ["first"]);
    assert_eq!(sorted(&user, &format!("{mine}&isContentSeen=false")).await, ["second"]);
    owner.put(&path, json!({ "systemLabels": ["MarkedAsUnopened"] })).await.expect(204);
    assert_eq!(sorted(&user, &format!("{mine}&isContentSeen=false")).await, ["first", "second"]);
    assert_eq!(sorted(&user, &format!("{mine}&isContentSeen=true")).await, [""; 0]);
}
