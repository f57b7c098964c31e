//! `GET /serviceowner/dialogs`: the rules of its parameters one by one, and what `endUserId` changes.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Edit, PERSON, TestApp, simple_dialog};

const LIST: &str = "serviceowner/dialogs";

fn person(number: &str) -> String {
    format!("urn:altinn:person:identifier-no:{number}")
}

fn named(name: &str) -> Value {
    simple_dialog().with("externalReference", name)
}

async fn answer(client: &Client<'_>, query: &str, status: u16) -> Answer {
    let answer = client.get(&format!("{LIST}?{query}")).await;
    assert_eq!(answer.status, status, "{query:.300}: {}", answer.text);
    answer
}

async fn names(client: &Client<'_>, query: &str) -> Vec<String> {
    let page = answer(client, query, 200).await.body;
    let items = page["items"].as_array().expect("items").iter();
    let mut names: Vec<_> = items.map(|item| item["externalReference"].as_str().unwrap_or("-").to_owned()).collect();
    names.sort();
    names
}

/// OS-004, OS-010, OS-013, OS-019, OS-024; chapter 08 §3.4
#[tokio::test]
async fn every_rule_has_its_key_and_words() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let for_person = format!("endUserId={0}&party={0}", person(PERSON));
    let parties = |count: usize| vec![format!("party={}", person(PERSON)); count].join("&");
    for name in ["created", "updated", "contentUpdated", "due", "visible"] {
        let refused = answer(&owner, &format!("{name}After=2022-01-01&{name}Before=2021-01-01"), 400).await;
        let (first, rest) = name.split_at(1);
        let shown = format!("{}{rest}", first.to_uppercase());
        assert_eq!(
            refused.errors(&format!("{name}After")),
            [format!("'{shown}After' must be less than or equal to '{shown}Before'.")]
        );
        answer(&owner, &format!("{name}After=2022-01-01&{name}Before=2022-01-01"), 200).await;
    }
    for (query, key, text) in [
        ("process=inval|d".to_owned(), "process", "'Process' is not a well-formatted URI."),
        ("search=word".into(), "search", "'EndUserId' must be specified if Search is provided."),
        (
            "serviceOwnerLabels=ok*&serviceOwnerLabels=ab".into(),
            "serviceOwnerLabels[1]",
            "The length of 'ServiceOwnerLabels' must be at least 3 characters. You entered 2 characters.",
        ),
        (
            format!("serviceOwnerLabels={}", "x".repeat(256)),
            "serviceOwnerLabels[0]",
            "The length of 'ServiceOwnerLabels' must be 255 characters or fewer. You entered 256 characters.",
        ),
        (parties(21), "party.Count", "'Count' must be less than or equal to '20'."),
        (format!("{for_person}&{}", parties(100)), "party.Count", "'Count' must be less than or equal to '100'."),
        (
            format!("endUserId={}", person(PERSON)),
            "endUserId",
            "Either 'ServiceResource' or 'Party' must be specified if 'EndUserId' is provided.",
        ),
    ] {
        let refused = answer(&owner, &query, 400).await;
        assert_eq!(refused.errors(key), [text], "{query:.200}: {}", refused.text);
    }
    // The number is looked at first, before the endpoint and under its own key.
    let refused = answer(&owner, &format!("endUserId={}&limit=0", person("05848297888")), 400).await;
    assert_eq!(refused.body["errors"].as_object().unwrap().keys().collect::<Vec<_>>(), ["EndUserId"]);
    assert!(refused.errors("EndUserId")[0].starts_with("EndUserId must be a valid end user identifier."));
    let refused = answer(&owner, &format!("endUserId={PERSON}&party={}", person(PERSON)), 400).await;
    assert!(refused.errors("endUserId")[0].contains("or 'urn:altinn:systemuser:uuid:{uuid}'."));
    for (query, key) in [("deleted=Sometimes", "deleted"), ("deleted=7", "deleted"), ("visibleAfter=x", "visibleAfter")]
    {
        assert!(!answer(&owner, query, 400).await.errors(key).is_empty(), "{query}");
    }
    // Chapter 04 §11: blank is as good as absent.
    answer(&owner, "deleted=&limit=1", 200).await;
    answer(&owner, &parties(20), 200).await;
    answer(&owner, &format!("{for_person}&{}", parties(99)), 200).await;
}

/// Chapter 02 §10.4
#[tokio::test]
async fn visibility_is_a_filter_for_owners_and_a_moment_for_persons() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let at = |days| (app.clock.now() + Duration::days(days)).to_rfc3339().replace('+', "%2B");
    let plain = |days| (app.clock.now() + Duration::days(days)).to_rfc3339();
    owner.creates(named("always")).await;
    owner.creates(named("soon").with("visibleFrom", plain(2))).await;
    owner.creates(named("later").with("visibleFrom", plain(20))).await;
    owner.creates(named("over").with("expiresAt", plain(1))).await;
    let (soon, middle, expired) = (at(2), at(10), at(1));
    app.clock.advance(Duration::hours(36));
    assert!(expired < soon);
    let someone = format!("party={0}&endUserId={0}", person(PERSON));
    for (query, plainly, for_person) in [
        (String::new(), &["always", "later", "over", "soon"][..], &["always", "later", "over", "soon"][..]),
        (format!("visibleAfter={middle}"), &["later"], &["always", "over", "soon"]),
        (format!("visibleBefore={middle}"), &["soon"], &["always", "later", "over", "soon"]),
        (format!("visibleAfter={expired}&visibleBefore={middle}"), &["soon"], &["always", "over"]),
    ] {
        assert_eq!(names(&owner, &query).await, plainly, "{query}");
        assert_eq!(names(&owner, &format!("{someone}&{query}")).await, for_person, "{query}, for a person");
    }
}

/// Chapter 02 §0.3: on every route, before anything of the request is looked at.
#[tokio::test]
async fn the_person_to_act_for_is_checked_on_every_route() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for query in ["enduserid=05848297888", "EndUserId=", "ENDUSERID=urn:x:1", "enduserid=1&enduserid=2"] {
        let refused = owner.post(&format!("{LIST}?{query}"), json!("no dialog")).await.expect(400);
        assert_eq!(refused.errors("EndUserId").len(), 1, "{query}: {}", refused.text);
    }
    for query in [format!("enduserid={PERSON}"), format!("endUserId={}", person(PERSON))] {
        owner.post(&format!("{LIST}?{query}"), simple_dialog()).await.expect(201);
    }
}

/// OS-025, chapter 02 §10.5
#[tokio::test]
async fn a_page_says_where_it_ends() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let nothing = answer(&owner, "orderBy=createdAt_asc", 200).await;
    assert_eq!(nothing.body, json!({ "items": [], "hasNextPage": false, "orderBy": "createdat_asc,id_desc" }));
    let dialog = owner.creates(named("one")).await;
    let page = answer(&owner, "Limit=1000", 200).await;
    let item = &page.body["items"][0];
    let token = format!("contentupdatedat_{},id_{dialog}", item["contentUpdatedAt"].as_str().unwrap());
    assert_eq!(page.body["continuationToken"], token);
    assert_eq!((&page.body["hasNextPage"], page.etag()), (&json!(false), ""));
    assert_eq!(item["revision"], owner.reads(dialog).await["revision"]);
}
