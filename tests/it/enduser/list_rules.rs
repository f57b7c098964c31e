//! `GET /enduser/dialogs`: the rules of its parameters one by one, and lists of other users than persons.

use serde_json::{Value, json};

use crate::harness::{
    Answer, Client, Edit, PERSON, TestApp, bare, simple_activity, simple_dialog, simple_dialog_for, text,
};

const LIST: &str = "enduser/dialogs";
const NO_LEVEL: &str = "urn:altinn:resource:ttd-no-level";

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

/// The external references of the page, which these tests use as names, in alphabetical order.
async fn names(client: &Client<'_>, query: &str) -> Vec<String> {
    let page = answer(client, query, 200).await.body;
    let items = page["items"].as_array().expect("items").iter();
    let mut names: Vec<_> = items.map(|item| item["externalReference"].as_str().unwrap_or("-").to_owned()).collect();
    names.sort();
    names
}

/// ES-003
#[tokio::test]
async fn labels_choose_and_are_shown() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for (name, label) in [("first", "Bin"), ("second", "Archive")] {
        let dialog = owner.creates(named(name)).await;
        let path = format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels?enduserId={}", person(PERSON));
        owner.put(&path, json!({ "systemLabels": [label] })).await.expect(204);
    }
    let query = format!("party={}&systemLabel=Bin", person(PERSON));
    let page = answer(&app.person(PERSON), &query, 200).await.body;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["externalReference"], "first");
    assert_eq!(page["items"][0]["endUserContext"]["systemLabels"], json!(["Bin"]));
    assert_eq!(page["items"][0]["systemLabel"], "Bin");
}

/// ES-004
#[tokio::test]
async fn a_system_user_lists_the_dialogs_of_its_organization() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(simple_dialog_for("310057223").with("externalReference", "own")).await;
    owner.creates(simple_dialog_for("437454302").with("externalReference", "foreign")).await;
    let user = app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364");
    let party = |number: &str| format!("party=urn:altinn:organization:identifier-no:{number}");
    assert_eq!(names(&user, &party("310057223")).await, ["own"]);
    let page = answer(&user, &party("437454302"), 200).await.body;
    assert_eq!(
        page,
        json!({ "items": [], "hasNextPage": false, "orderBy": "contentupdatedat_desc,id_desc" }),
        "nothing may be seen, and there is no place to go on from"
    );
}

/// ES-010
#[tokio::test]
async fn bounds_are_inclusive() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for year in ["2020", "2021", "2022", "2023"] {
        let at = format!("{year}-01-01T00:00:00Z");
        owner.creates(named(year).with("createdAt", at.clone()).with("updatedAt", at)).await;
    }
    let (user, mine) = (app.person(PERSON), format!("party={}", person(PERSON)));
    for name in ["created", "updated", "contentUpdated"] {
        for (bounds, expected) in [
            (format!("{name}After=2021-01-01T00:00:00Z&{name}Before=2022-01-01T00:00:00Z"), &["2021", "2022"][..]),
            (format!("{name}After=2022-01-01T01:00:00%2B01:00"), &["2022", "2023"]),
            (format!("{name}Before=2020-01-01"), &["2020"]),
            (format!("{name}After=2023-01-01T00:00:00.000001Z"), &[]),
        ] {
            assert_eq!(names(&user, &format!("{mine}&{bounds}")).await, expected, "{bounds}");
        }
    }
}

/// ES-016
#[tokio::test]
async fn the_letter_case_of_an_address_does_not_matter() {
    // Whoever logs in with an address is at level 0, which none of the usual resources is content with.
    let rules = json!([{ "permit": ["role:seln"], "actions": ["read"] }]);
    let open = json!({
        "id": "ttd-for-everybody", "type": "GenericAccessResource", "owner": "ttd", "title": { "nb": "For alle" },
        "policy": { "level": 0, "rules": rules },
    });
    let world = bare().patched(&json!({ "resources": [open] })).expect("a world");
    let app = TestApp::start_in(world, &[]).await;
    let party = |address: &str| format!("urn:altinn:person:idporten-email:{address}");
    let mail = named("mail")
        .with("party", party("Test@Test.no"))
        .with("serviceResource", "urn:altinn:resource:ttd-for-everybody");
    let dialog = app.service_owner("ttd").creates(mail).await;
    for address in ["TEST@TEST.NO", "test@test.no"] {
        let user = app.email(address);
        assert_eq!(names(&user, &format!("party={}", party("tEsT@tEsT.nO"))).await, ["mail"]);
        let read = user.opens(dialog).await;
        let [seen] = read["seenSinceLastUpdate"].as_array().expect("entries").as_slice() else { panic!("{read}") };
        assert_eq!(seen["isCurrentEndUser"], true, "{address}");
    }
}

/// ES-007, S-004, S-020; chapter 08 §3.4: each rule under its key, in its words.
#[tokio::test]
async fn every_rule_has_its_key_and_words() {
    let app = TestApp::start().await;
    let (user, mine) = (app.person(PERSON), format!("party={}", person(PERSON)));
    let many = |name: &str, count: usize| (0..count).map(|n| format!("{name}=x{n}")).collect::<Vec<_>>().join("&");
    let parties = vec![mine.clone(); 101].join("&");
    let uri = format!("process=urn:{}", "x".repeat(1020));
    let less = |name: &str| format!("'{name}After' must be less than or equal to '{name}Before'.");
    let backwards = |name: &str| format!("{name}After=2022-01-01&{name}Before=2021-12-31T23:59:59.999999Z");
    let table = [
        ("limit=0".to_owned(), "limit", "'Limit' must be between 1 and 1000. You entered 0.".to_owned()),
        ("limit=1001".into(), "limit", "'Limit' must be between 1 and 1000. You entered 1001.".into()),
        ("limit=".into(), "limit", "'Limit' must be between 1 and 1000. You entered 0.".into()),
        (
            "orderBy=createdAt,dueAt&continuationToken=id_0196c0de-0000-7000-8000-000000000001".into(),
            "continuationToken",
            "ContinuationToken does not match OrderBy. Missing token keys: [createdat,dueat].".into(),
        ),
        (
            "search=ab".into(),
            "search",
            "The length of 'Search' must be at least 3 characters. You entered 2 characters.".into(),
        ),
        (many("org", 21), "org.Count", "'Count' must be less than or equal to '20'.".into()),
        (many("serviceResource", 21), "serviceResource.Count", "'Count' must be less than or equal to '20'.".into()),
        (parties, "party.Count", "'Count' must be less than or equal to '100'.".into()),
        (many("extendedStatus", 21), "extendedStatus.Count", "'Count' must be less than or equal to '20'.".into()),
        ("process=inval|d".into(), "process", "'Process' is not a well-formatted URI.".into()),
        (
            uri,
            "process",
            "The length of 'Process' must be 1023 characters or fewer. You entered 1024 characters.".into(),
        ),
        (backwards("created"), "createdAfter", less("Created")),
        (backwards("due"), "dueAfter", less("Due")),
        (backwards("updated"), "updatedAfter", less("Updated")),
        (backwards("contentUpdated"), "contentUpdatedAfter", less("ContentUpdated")),
    ];
    for (query, key, text) in table {
        let refused = answer(&user, &format!("{mine}&{query}"), 400).await;
        assert!(refused.errors(key).contains(&text.as_str()), "{query:.200}: {}", refused.text);
    }
    for (query, key) in [
        ("status=99", "status[0]"),
        ("status=New&status=99", "status[1]"),
        ("systemLabel=99", "systemLabel[0]"),
        ("systemLabel=invalid", "systemLabel"),
        ("STATUS=unheard", "STATUS"),
        ("orderBy=", "orderBy"),
        ("orderBy=createdAt_up", "orderBy"),
        ("orderBy=createdAt,createdAt", "orderBy"),
        ("continuationToken=", "continuationToken"),
        ("continuationToken=x", "continuationToken"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("createdAfter=soon", "createdAfter"),
        ("isContentSeen=1", "isContentSeen"),
        ("excludeApiOnly=yes", "excludeApiOnly"),
        ("party=urn:altinn:systemuser:uuid:51551dd0-b9c5-4f4b-a4a2-9b7e3669b364", "party[1]"),
        ("party=", "party[1]"),
        ("searchLanguageCode=no", "searchLanguageCode"),
        ("searchLanguageCode=xx", "searchLanguageCode"),
    ] {
        let refused = answer(&user, &format!("{mine}&{query}"), 400).await;
        assert!(!refused.errors(key).is_empty(), "{query}: {}", refused.text);
    }
    let refused = answer(&user, "org=ttd", 400).await;
    assert_eq!(refused.errors(""), ["Either ServiceResource or Party must be specified."]);
    for good in
        ["limit=1000", "orderBy=,", "searchLanguageCode=nb-NO", "searchLanguageCode=NB", "searchLanguageCode=nb_no"]
    {
        answer(&user, &format!("{mine}&{good}"), 200).await;
    }
    for kind in ["legacy-selfidentified:Leif", "idporten-email:a@b.no"] {
        answer(&user, &format!("party=urn:altinn:person:{kind}"), 200).await;
    }
    answer(&user, &[mine.as_str(); 100].join("&"), 200).await;
}

/// Chapter 05 §A5
#[tokio::test]
async fn lists_of_values_come_in_three_notations() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(named("draft").with("status", "Draft").with("extendedStatus", "a,b")).await;
    owner.creates(named("completed").with("status", "Completed").with("extendedStatus", "a")).await;
    owner.creates(named("other").with("status", "Awaiting").with("extendedStatus", "b")).await;
    let (user, mine) = (app.person(PERSON), format!("PARTY={}", person(PERSON)));
    for (query, expected) in [
        ("status=Draft&STATUS=completed", &["completed", "draft"][..]),
        ("status=draft,COMPLETED", &["completed", "draft"]),
        ("status=[%22Draft%22,%22Completed%22]", &["completed", "draft"]),
        ("extendedStatus=a,b", &["completed", "other"]),
        ("extendedStatus=a,b&extendedStatus=c", &["draft"]),
        ("extendedStatus=a,b,", &[]),
        ("unknown=%00&x", &["completed", "draft", "other"]),
    ] {
        assert_eq!(names(&user, &format!("{mine}&{query}")).await, expected, "{query}");
    }
}

/// Chapter 02 §10.3, §10.5; chapter 04 §6
#[tokio::test]
async fn items_are_counted_and_levelled() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let attachment = |kinds: &[&str]| {
        let urls: Vec<_> =
            kinds.iter().map(|kind| json!({ "url": "https://example.com", "consumerType": kind })).collect();
        json!({ "urls": urls, "expiresAt": "2090-01-01T00:00:00Z" })
    };
    let activity = |id: &str| simple_activity("Information").with("id", id).with("createdAt", "2024-01-01T00:00:00Z");
    let (low, high) = ("018cc251-f400-7000-8000-000000000001", "018cc251-f400-7000-8000-000000000002");
    let dialog = named("full")
        .with("serviceResource", NO_LEVEL)
        .with("content.nonSensitiveTitle", text("Tittel for alle"))
        .and("attachments", attachment(&["Gui", "Gui", "Api"]))
        .and("attachments", attachment(&["Api"]))
        .and("attachments", attachment(&["Gui"]))
        .and("activities", activity(high))
        .and("activities", activity(low));
    owner.creates(dialog).await;
    app.clock.set("2090-06-01T00:00:00Z".parse().unwrap());
    // Level 1 is 0 to dialogs; a resource whose level nobody knows demands nothing in lists.
    let page = answer(&app.person(PERSON).level(1), &format!("party={}", person(PERSON)), 200).await;
    let item = &page.body["items"][0];
    assert_eq!(item["content"]["title"]["value"][0]["value"], "Skjema for rapportering");
    assert_eq!(item["guiAttachmentCount"], 2, "each once, expired ones too");
    assert_eq!(item["latestActivity"]["id"], high);
    assert_eq!((page.etag(), item.get("revision"), item.get("visibleFrom")), ("", None, None));
}
