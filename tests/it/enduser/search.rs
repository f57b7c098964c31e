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

/// ES-006
#[tokio::test]
async fn four_dialogs_are_two_pages_of_two() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let mut created = Vec::new();
    for name in ["1", "2", "3", "4"] {
        created.push(json!(owner.creates(named(name)).await));
    }
    owner.creates(named("theirs").with("party", person(OTHER_PERSON))).await;
    let user = app.person(PERSON);
    let query = format!("party={}&limit=2", person(PERSON));
    let ids = |page: &Value| -> Vec<Value> {
        page["items"].as_array().expect("items").iter().map(|item| item["id"].clone()).collect()
    };
    let first = listed(&user, &query).await;
    assert_eq!((ids(&first).len(), &first["hasNextPage"]), (2, &json!(true)));
    let token = first["continuationToken"].as_str().expect("a token");
    let second = listed(&user, &format!("{query}&continuationToken={token}")).await;
    assert_eq!((ids(&second).len(), &second["hasNextPage"]), (2, &json!(false)));
    created.reverse();
    assert_eq!([ids(&first), ids(&second)].concat(), created, "the newest first, each once");
}

/// ES-015
#[tokio::test]
async fn a_page_in_the_middle_is_full() {
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
    let reference = json!({
        "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
        "value": [{ "languageCode": "nb", "value": "https://example.com/innhold.md" }],
    });
    let whole = named("whole")
        .with("content.nonSensitiveTitle", text("Tittel for alle"))
        .with("content.nonSensitiveSummary", text("Sammendrag for alle"))
        .with("content.senderName", text("Avsender"))
        .with("content.extendedStatus", text("Utvidet"))
        .with("content.additionalInfo", text("Mer"))
        .with("content.mainContentReference", reference);
    owner.creates(whole.clone()).await;
    let sensitive = whole
        .with("externalReference", "sensitive")
        .with("serviceResource", LEVEL_4)
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
    let content = |title: &str, summary: &str| {
        json!({
            "title": text(title), "summary": text(summary),
            "senderName": text("Avsender"), "extendedStatus": text("Utvidet"),
        })
    };
    let sensitive = item("sensitive");
    assert_eq!(sensitive["content"], content("Tittel for alle", "Sammendrag for alle"));
    assert_eq!(sensitive["hasUnopenedContent"], true);
    assert_eq!(item("whole")["content"], content("Skjema for rapportering", "Et sammendrag"));
    assert_eq!(item("empty").get("content"), None);
    let seen = item("seen");
    assert_eq!(seen["hasUnopenedContent"], false);
    let [entry] = seen["seenSinceLastUpdate"].as_array().expect("entries").as_slice() else { panic!("{seen}") };
    assert_eq!(entry["isCurrentEndUser"], true);
    let actor = entry["seenBy"]["actorId"].as_str().expect("an id");
    assert!(actor.starts_with("urn:altinn:person:identifier-ephemeral:") && !actor.contains(PERSON), "{actor}");
    assert_eq!(item("whole")["seenSinceLastUpdate"], json!([]), "a list opens nothing");
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
    app.clock.set_frozen(true);
    let instant = now + chrono::Duration::seconds(600);
    for (time, expected) in [
        (now, ["ending"]),
        (instant - chrono::Duration::microseconds(1), ["ending"]),
        (instant, ["later"]),
        (instant + chrono::Duration::microseconds(1), ["later"]),
    ] {
        app.clock.set(time);
        assert_eq!(sorted(&user, &mine).await, expected, "{time}");
    }
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
    // As the end user lists, as the owner does, and as the owner does for the end user.
    let told = async |is_seen: bool| {
        let query = format!("party={}&isContentSeen={is_seen}", person(PERSON));
        let mut lists = vec![sorted(&user, &query).await];
        for query in [query.clone(), format!("{query}&endUserId={}", person(PERSON))] {
            let page = owner.get(&format!("serviceowner/dialogs?{query}")).await.expect(200).body;
            let items = page["items"].as_array().expect("items").iter();
            let mut names: Vec<String> =
                items.map(|item| item["externalReference"].as_str().expect("a name").to_owned()).collect();
            names.sort();
            lists.push(names);
        }
        lists
    };
    let all_say = |names: &[&str]| vec![names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(); 3];
    assert_eq!((told(true).await, told(false).await), (all_say(&[]), all_say(&["first", "second"])));
    user.opens(dialog).await;
    assert_eq!((told(true).await, told(false).await), (all_say(&["first"]), all_say(&["second"])));
    let unopened = json!({ "addLabels": ["MarkedAsUnopened"] });
    user.put(&format!("enduser/dialogs/{dialog}/context/systemlabels"), unopened).await.expect(204);
    assert_eq!((told(true).await, told(false).await), (all_say(&[]), all_say(&["first", "second"])));
}
