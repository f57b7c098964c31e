//! `GET /serviceowner/dialogs`.

use serde_json::{Value, json};

use crate::harness::{
    Answer, Client, Edit, OTHER_PERSON, PERSON, RESOURCE, TestApp, simple_activity, simple_dialog, simple_transmission,
    text,
};

const SECOND: &str = "urn:altinn:resource:ttd-dialogporten-automated-tests-2";
const LEVEL_4: &str = "urn:altinn:resource:ttd-dialogporten-transmissions-test";
const LIST: &str = "serviceowner/dialogs";

fn person(number: &str) -> String {
    format!("urn:altinn:person:identifier-no:{number}")
}

async fn listed(client: &Client<'_>, query: &str) -> Value {
    let answer = client.get(&format!("{LIST}?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.body
}

/// The external references of the page, which these tests use as names.
async fn names(client: &Client<'_>, query: &str) -> Vec<String> {
    let page = listed(client, query).await;
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| item["externalReference"].as_str().unwrap_or("-").to_owned()).collect()
}

async fn sorted(client: &Client<'_>, query: &str) -> Vec<String> {
    let mut names = names(client, query).await;
    names.sort();
    names
}

fn named(name: &str) -> Value {
    simple_dialog().with("externalReference", name)
}

async fn refused(client: &Client<'_>, query: &str, status: u16) -> Answer {
    let answer = client.get(&format!("{LIST}?{query}")).await;
    assert_eq!(answer.status, status, "{query}: {}", answer.text);
    answer
}

/// OS-001, OS-002, OS-003, OS-005, OS-018, S-028, S-031
#[tokio::test]
async fn filters_choose() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(named("one").with("extendedStatus", "a").with("status", "Awaiting").with("process", "urn:p:1")).await;
    owner
        .creates(named("two").with("extendedStatus", "b").with("status", "Completed").with("process", "urn:p:2"))
        .await;
    owner.creates(named("Three").with("serviceResource", SECOND).with("isApiOnly", true)).await;
    for (query, expected) in [
        ("", &["Three", "one", "two"][..]),
        ("extendedStatus=a&extendedStatus=b", &["one", "two"]),
        (&format!("serviceResource={SECOND}"), &["Three"]),
        (&format!("serviceResource={SECOND}&endUserId={}", person(PERSON)), &["Three"]),
        (&format!("serviceResource={}", SECOND.to_uppercase()), &[]),
        ("excludeApiOnly=true", &["one", "two"]),
        ("process=urn:p:2", &["two"]),
        ("status=Completed", &["two"]),
        ("externalReference=Three", &["Three"]),
        ("externalReference=three", &[]),
        (&format!("party={}", person(PERSON)), &["Three", "one", "two"]),
        (&format!("party={}", person(OTHER_PERSON)), &[]),
    ] {
        assert_eq!(sorted(&owner, query).await, expected, "{query}");
    }
    assert_eq!(listed(&owner, "process=urn:p:2").await["items"][0]["process"], "urn:p:2");
    for item in listed(&owner, "").await["items"].as_array().unwrap() {
        assert_eq!(item["isApiOnly"], item["externalReference"] == "Three");
    }
    assert_eq!(sorted(&app.service_owner("brg"), "").await, [""; 0], "others see nothing");
}

/// OS-006, OS-025, S-037
#[tokio::test]
async fn pages_follow_each_other() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for name in ["1", "2", "3", "4"] {
        owner.creates(named(name)).await;
    }
    let first = listed(&owner, "limit=2").await;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["hasNextPage"]), (2, &json!(true)));
    assert_eq!(first["orderBy"], "contentupdatedat_desc,id_desc");
    let token = first["continuationToken"].as_str().expect("a token");
    let second = listed(&owner, &format!("limit=2&continuationToken={token}")).await;
    assert_eq!((second["items"].as_array().unwrap().len(), &second["hasNextPage"]), (2, &json!(false)));
    let ids =
        |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)));
    let token = second["continuationToken"].as_str().expect("the last page has a token, too");
    let third = listed(&owner, &format!("limit=2&continuationToken={token}")).await;
    assert_eq!(
        third,
        json!({
            "items": [], "hasNextPage": false, "continuationToken": token, "orderBy": "contentupdatedat_desc,id_desc"
        })
    );

    let answer = owner.get("serviceowner/dialogs/?Limit=1000&ServiceOwnerLabels=abc").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    refused(&owner, "limit=1001", 400).await;
}

/// OS-007
#[tokio::test]
async fn equal_due_dates_are_told_apart_by_the_next_key() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    // Neither the order of creation nor that of ids tells the two of one due date apart as their updates do.
    for (name, due, updated) in [("early", 2090, 3), ("newer", 2091, 2), ("older", 2091, 1), ("late", 2092, 0)] {
        let updated = format!("2024-01-01T00:00:0{updated}Z");
        let dialog = named(name).with("createdAt", "2023-01-01T00:00:00Z").with("updatedAt", updated);
        owner.creates(dialog.with("dueAt", format!("{due}-01-01T00:00:00Z"))).await;
    }
    for (order, expected) in [
        ("dueAt_desc,updatedAt_desc", ["late", "newer", "older", "early"]),
        ("dueAt_asc,updatedAt_desc", ["early", "newer", "older", "late"]),
        ("dueAt_asc,updatedAt_asc", ["early", "older", "newer", "late"]),
    ] {
        assert_eq!(names(&owner, &format!("orderBy={order}")).await, expected, "{order}");
    }
}

/// S-033, S-034
#[tokio::test]
async fn dialogs_without_due_date_come_first_descending_and_last_ascending() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for (name, due) in
        [("none1", None), ("2090", Some("2090")), ("none2", None), ("2091", Some("2091")), ("2089", Some("2089"))]
    {
        let dialog = named(name);
        let dialog = match due {
            Some(year) => dialog.with("dueAt", format!("{year}-01-01T00:00:00Z")),
            None => dialog,
        };
        owner.creates(dialog).await;
    }
    for (order, expected) in [
        ("dueAt_desc", ["none2", "none1", "2091", "2090", "2089"]),
        ("dueAt_asc", ["2089", "2090", "2091", "none2", "none1"]),
        ("dueAt_desc,updatedAt_asc", ["none1", "none2", "2091", "2090", "2089"]),
        ("createdAt_desc,dueAt_asc", ["2089", "2091", "none2", "2090", "none1"]),
    ] {
        let mut found = Vec::new();
        let mut query = format!("orderBy={order}&limit=2");
        for _ in 0..4 {
            let page = listed(&owner, &query).await;
            let items = page["items"].as_array().unwrap().iter();
            found.extend(items.map(|item| item["externalReference"].as_str().unwrap().to_owned()));
            if page["hasNextPage"] == false {
                break;
            }
            query =
                format!("orderBy={order}&limit=2&continuationToken={}", page["continuationToken"].as_str().unwrap());
        }
        assert_eq!(found, expected, "{order}");
    }
    let page = listed(&owner, "orderBy=dueAt&limit=1").await;
    assert!(page["continuationToken"].as_str().unwrap().starts_with("dueat_,id_"));
}

/// OS-011, OS-012, OS-014, OS-015
#[tokio::test]
async fn bounds_are_inclusive() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for year in ["2020", "2021", "2022", "2023"] {
        let at = format!("{year}-01-01T00:00:00Z");
        let due = format!("{}-01-01T00:00:00Z", year.replace("202", "209"));
        owner.creates(named(year).with("createdAt", at.clone()).with("updatedAt", at).with("dueAt", due)).await;
    }
    owner
        .creates(
            named("no due date").with("createdAt", "2019-01-01T00:00:00Z").with("updatedAt", "2019-01-01T00:00:00Z"),
        )
        .await;
    for (name, from, to) in [
        ("created", "2021", "2022"),
        ("updated", "2021", "2022"),
        ("contentUpdated", "2021", "2022"),
        ("due", "2091", "2092"),
    ] {
        let query = format!("{name}After={from}-01-01T00:00:00Z&{name}Before={to}-01-01T00:00:00Z");
        assert_eq!(sorted(&owner, &query).await, ["2021", "2022"], "{query}");
    }
    assert_eq!(sorted(&owner, "dueAfter=2000-01-01").await, ["2020", "2021", "2022", "2023"]);
    let oldest = listed(&owner, "orderBy=contentUpdatedAt_asc&limit=1").await["items"][0]["contentUpdatedAt"].clone();
    let until = format!("contentUpdatedBefore={}", oldest.as_str().unwrap());
    assert_eq!(sorted(&owner, &until).await, ["no due date"]);
}

/// OS-004, OS-010, OS-013, OS-019, OS-024, S-020, S-029, S-035, S-036
#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let long = "x".repeat(256);
    for (query, key, part) in [
        ("process=inval|d", "process", "'Process' is not a well-formatted URI."),
        (
            "createdAfter=2022-01-01&createdBefore=2021-01-01",
            "createdAfter",
            "'CreatedAfter' must be less than or equal to 'CreatedBefore'.",
        ),
        ("visibleAfter=2022-01-01&visibleBefore=2021-01-01", "visibleAfter", "'VisibleAfter' must be"),
        ("search=word", "search", "'EndUserId' must be specified"),
        ("search=ab", "search", "at least 3 characters"),
        ("serviceOwnerLabels=ab", "serviceOwnerLabels[0]", "at least"),
        (&format!("serviceOwnerLabels={long}"), "serviceOwnerLabels[0]", "or fewer"),
        ("serviceOwnerLabels=a*c1", "serviceOwnerLabels[0]", "asterisk"),
        ("limit=0", "limit", "'Limit' must be between 1 and 1000. You entered 0."),
        ("orderBy=title", "orderBy", ""),
        ("orderBy=createdAt,CREATEDAT", "orderBy", ""),
        ("status=nothing", "status", ""),
        ("party=urn:x:1", "party[0]", "'Party' must be on format"),
        (
            "searchLanguageCode=no",
            "searchLanguageCode",
            "'SearchLanguageCode' 'no' is not a valid language code. Use 'nb' or 'nn'",
        ),
        (
            "orderBy=createdAt&continuationToken=contentupdatedat_2031-04-05T06:07:08.1234560Z,id_0196c0de-0000-7000-8000-000000000001",
            "continuationToken",
            "[createdat]",
        ),
        (
            &format!("endUserId={}", person(PERSON)),
            "endUserId",
            "Either 'ServiceResource' or 'Party' must be specified",
        ),
    ] {
        let answer = refused(&owner, query, 400).await;
        assert!(answer.errors(key).iter().any(|text| text.contains(part)), "{query}: {}", answer.text);
    }
    let answer = refused(&owner, &format!("endUserId={}&party={}", person("05848297888"), person(PERSON)), 400).await;
    assert!(answer.text.contains("EndUserId must be a valid end user identifier."));
    let resources = (0..21).map(|i| format!("serviceResource=r{i}")).collect::<Vec<_>>().join("&");
    let answer = refused(&owner, &resources, 400).await;
    assert_eq!(answer.errors("serviceResource.Count"), ["'Count' must be less than or equal to '20'."]);
    assert_eq!(listed(&owner, "orderBy=id_asc").await["orderBy"], "contentupdatedat_desc,id_asc");
}

/// OS-022, OS-023, S-029
#[tokio::test]
async fn labels_are_all_wanted() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let labels = |labels: &[&str]| json!({ "serviceOwnerLabels": labels.iter().map(|l| json!({ "value": l })).collect::<Vec<_>>() });
    owner.creates(named("all").with("serviceOwnerContext", labels(&["Scadrial", "Roshar", "Adonalsium"]))).await;
    owner.creates(named("two").with("serviceOwnerContext", labels(&["Scadrial", "Roshar", "a_c1"]))).await;
    owner.creates(named("one").with("serviceOwnerContext", labels(&["Scadrial", "abc1"]))).await;
    for (query, expected) in [
        ("serviceOwnerLabels=scadrial&serviceOwnerLabels=ROSHAR", &["all", "two"][..]),
        ("serviceOwnerLabels=Scadrial*&serviceOwnerLabels=Roshar&serviceOwnerLabels=Adon*", &["all"]),
        ("serviceOwnerLabels=a_c*", &["two"]),
        ("serviceOwnerLabels=%20%20*", &["all", "one", "two"]),
        ("serviceOwnerLabels=nothing", &[]),
    ] {
        assert_eq!(sorted(&owner, query).await, expected, "{query}");
    }
}

/// OS-009, OS-016, OS-020, OS-021, OS-026
#[tokio::test]
async fn items_show_what_lists_show() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = named("full")
        .with("serviceResource", LEVEL_4)
        .with("content.senderName", text("Avsender"))
        .with("content.extendedStatus", text("Utvidet"))
        .with("content.additionalInfo", text("Mer"))
        .with("content.nonSensitiveTitle", text("Tittel for alle"))
        .with("content.nonSensitiveSummary", text("Sammendrag for alle"))
        .with(
            "content.mainContentReference",
            json!({
                "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
                "value": [{ "languageCode": "nb", "value": "https://example.com/innhold.md" }],
            }),
        )
        .and("transmissions", simple_transmission().with("type", "Alert"))
        .and(
            "transmissions",
            simple_transmission()
                .with("type", "Submission")
                .with("sender", json!({ "actorType": "PartyRepresentative", "actorName": "En" })),
        )
        .and("activities", simple_activity("Information").with("createdAt", "2024-02-01T00:00:00Z"))
        .and("activities", simple_activity("DialogClosed").with("createdAt", "2024-03-01T00:00:00Z"))
        .and("activities", simple_activity("Information").with("createdAt", "2024-01-01T00:00:00Z"));
    owner.creates(dialog).await;
    let page = listed(&owner, "").await;
    let item = &page["items"][0];
    let content = json!({
        "title": text("Tittel for alle"), "summary": text("Sammendrag for alle"),
        "senderName": text("Avsender"), "extendedStatus": text("Utvidet"),
    });
    assert_eq!(item["content"], content);
    assert_eq!(item["latestActivity"]["type"], "DialogClosed");
    assert_eq!(item["latestActivity"]["description"], json!([]));
    assert_eq!(
        (&item["fromServiceOwnerTransmissionsCount"], &item["fromPartyTransmissionsCount"]),
        (&json!(1), &json!(1))
    );
    assert_eq!((&item["guiAttachmentCount"], &item["systemLabel"]), (&json!(0), &json!("Default")));
    for context in ["endUserContext", "serviceOwnerContext"] {
        assert!(item[context]["revision"].as_str().is_some_and(|revision| revision.parse::<uuid::Uuid>().is_ok()));
    }

    let nobody = listed(&owner, &format!("serviceResource={RESOURCE}&endUserId={}", person("27069815400"))).await;
    assert_eq!(nobody["items"], json!([]));
}

/// OS-017, S-027; deleted ones: chapter 02 §10.1
#[tokio::test]
async fn labels_and_deletion_choose() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(named("plain")).await;
    let binned = owner.creates(named("bin")).await;
    let gone = owner.creates(named("gone")).await;
    let path = format!("serviceowner/dialogs/{binned}/endusercontext/systemlabels?enduserId={}", person(PERSON));
    owner.put(&path, json!({ "systemLabels": ["Bin"] })).await.expect(204);
    owner.delete(&format!("serviceowner/dialogs/{gone}")).await.expect(204);
    let someone = format!("party={0}&endUserId={0}", person(PERSON));
    for (query, expected) in [
        ("systemLabel=Bin", &["bin"][..]),
        ("systemLabel=Bin&systemLabel=Archive", &[]),
        ("", &["bin", "plain"]),
        ("deleted=Include", &["bin", "gone", "plain"]),
        ("deleted=Only", &["gone"]),
    ] {
        assert_eq!(sorted(&owner, query).await, expected, "{query}");
        assert_eq!(sorted(&owner, &format!("{someone}&{query}")).await, expected, "{query}, for a person");
    }
}
