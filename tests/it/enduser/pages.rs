//! `GET /enduser/dialogs`: whole lists, page by page, for those who represent many or were delegated much.

use std::fmt::Write as _;

use dialogporten::sandbox::world::World;
use serde_json::{Value, json};

use crate::harness::{Client, Edit, ORGANIZATION, PERSON, RESOURCE, TestApp, simple_dialog, simple_dialog_for};

const DELEGATED: &str = "urn:altinn:resource:ttd-delegated";

fn person(number: &str) -> String {
    format!("urn:altinn:person:identifier-no:{number}")
}

fn named(name: &str) -> Value {
    simple_dialog().with("externalReference", name)
}

async fn page(client: &Client<'_>, query: &str) -> Value {
    let answer = client.get(&format!("enduser/dialogs?{query}")).await;
    assert_eq!(answer.status, 200, "{query:.300}: {}", answer.text);
    answer.body
}

/// The external references of a page, which these tests use as names.
fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item["externalReference"].as_str().unwrap_or("-").to_owned()).collect()
}

/// Of all pages, each of which is full but the last.
async fn all(client: &Client<'_>, query: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut token = String::new();
    for _ in 0..100 {
        let page = page(client, &format!("{query}&limit={limit}{token}")).await;
        let has_next = page["hasNextPage"].as_bool().expect("a flag");
        let listed = names(&page);
        assert!(listed.len() == limit || (!has_next && listed.len() < limit), "{query:.300}: {}", listed.len());
        found.extend(listed);
        if !has_next {
            return found;
        }
        token = format!("&continuationToken={}", page["continuationToken"].as_str().expect("a token"));
    }
    panic!("paging does not end: {query:.300}");
}

/// With its check digit, if it has one.
fn organization(first8: u32) -> Option<u32> {
    let digits = (0..8).rev().map(|place| first8 / 10u32.pow(place) % 10);
    let sum: u32 = digits.zip([3, 2, 7, 6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
    match (11 - sum % 11) % 11 {
        10 => None,
        digit => Some(first8 * 10 + digit),
    }
}

/// ES-017 (without text)
#[tokio::test]
async fn any_number_of_parties_and_resources_gives_exactly_the_authorized_dialogs() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let user = app.person("30885190045");
    let parties: Vec<String> = (31_910_000..)
        .filter_map(organization)
        .map(|number| format!("urn:altinn:organization:identifier-no:{number}"))
        .take(101)
        .collect();
    assert!(parties[100].ends_with("319101101"), "the last one of the test world");
    let resource = |n: usize| format!("urn:altinn:resource:ttd-many-{n:02}");
    let mut stored: Vec<(usize, usize, String)> = Vec::new();
    // Each party on one of the resources; the first two on every one.
    let everywhere = (1..=21).flat_map(|n| [(0, n), (1, n)]);
    for (party, n) in (0..101).map(|party| (party, 1 + party % 21)).chain(everywhere) {
        let name = format!("{party} on {n}, {}", stored.len());
        let dialog = named(&name).with("party", parties[party].as_str()).with("serviceResource", resource(n));
        owner.creates(dialog).await;
        stored.push((party, n, name));
    }
    owner.creates(named("foreign").with("serviceResource", resource(1))).await;
    for count in [1, 2, 51, 101] {
        for services in [1, 2, 21] {
            // What goes beyond the limits of a request is asked for by leaving the parameter out.
            if count > 100 && services > 20 {
                continue;
            }
            let mut query = "orderBy=createdAt_desc".to_owned();
            for party in parties[..count].iter().filter(|_| count <= 100) {
                write!(query, "&party={party}").unwrap();
            }
            for n in (1..=services).filter(|_| services <= 20) {
                write!(query, "&serviceResource={}", resource(n)).unwrap();
            }
            let matching = |(party, n, _): &&(usize, usize, String)| *party < count && *n <= services;
            let expected: Vec<_> = stored.iter().rev().filter(matching).map(|(_, _, name)| name.clone()).collect();
            assert_eq!(all(&user, &query, 20).await, expected, "{count} parties, {services} services");
        }
    }
}

/// ES-018 (without text)
#[tokio::test]
async fn delegated_dialogs_are_interleaved_with_the_reader_s_own() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let label = "urn:altinn:integration:storage:51990012/6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013";
    let mut expected = Vec::new();
    for n in 0..35 {
        let name = format!("{n}");
        let dialog = if n % 3 == 0 {
            named(&name).with("party", person("05838090011"))
        } else {
            let labels = json!({ "serviceOwnerLabels": [{ "value": label }] });
            simple_dialog_for("319900012")
                .with("externalReference", name.as_str())
                .with("serviceResource", DELEGATED)
                .with("serviceOwnerContext", labels)
        };
        owner.creates(dialog).await;
        expected.insert(0, name);
    }
    let user = app.person("05838090011");
    let query = format!("serviceResource={DELEGATED}&serviceResource={RESOURCE}");
    assert_eq!(all(&user, &query, 10).await, expected);
    expected.reverse();
    assert_eq!(all(&user, &format!("{query}&orderBy=createdAt_asc"), 10).await, expected);
}

/// S-030
#[tokio::test]
async fn all_conditions_hold_together_with_a_token() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let at = |year: u32| format!("{year}-01-01T00:00:00Z");
    let matching = |name: &str, year: u32| {
        named("same")
            .with("content.title.value.0.value", name)
            .with("createdAt", at(year))
            .with("updatedAt", at(year))
            .with("dueAt", "2090-01-01T00:00:00Z")
            .with("process", "urn:p:1")
            .with("extendedStatus", "a")
    };
    for (name, year) in [("one", 2020), ("two", 2021), ("three", 2022)] {
        owner.creates(matching(name, year)).await;
    }
    owner.creates(matching("too old", 2019)).await;
    owner.creates(matching("too new", 2023)).await;
    for (member, value) in [
        ("process", "urn:p:2"),
        ("extendedStatus", "b"),
        ("externalReference", "other"),
        ("dueAt", "2091-01-02T00:00:00Z"),
        ("party", "urn:altinn:organization:identifier-no:310923044"),
    ] {
        owner.creates(matching("another", 2021).with(member, value)).await;
    }
    let mut query = format!(
        "party={}&process=urn:p:1&externalReference=same&extendedStatus=a&org=ttd&dueAfter={}&dueBefore={}",
        person(PERSON),
        at(2090),
        at(2091)
    );
    for name in ["created", "updated", "contentUpdated"] {
        write!(query, "&{name}After={}&{name}Before={}", at(2020), at(2022)).unwrap();
    }
    let titles = |page: &Value| -> Vec<String> {
        let title = |item: &Value| item["content"]["title"]["value"][0]["value"].as_str().unwrap_or("-").to_owned();
        page["items"].as_array().expect("items").iter().map(title).collect()
    };
    let user = app.person(PERSON);
    let first = page(&user, &format!("{query}&limit=2")).await;
    assert_eq!((titles(&first), &first["hasNextPage"]), (vec!["three".into(), "two".into()], &json!(true)));
    let token = first["continuationToken"].as_str().expect("a token");
    let second = page(&user, &format!("{query}&limit=2&continuationToken={token}")).await;
    assert_eq!((titles(&second), &second["hasNextPage"]), (vec!["one".into()], &json!(false)));

    // S-038: the order of a token's parts does not matter, nor does one that is not needed.
    let (content, id) = token.split_once(',').expect("two parts");
    let swapped = page(&user, &format!("{query}&limit=2&continuationToken={id},dueat_,{content}")).await;
    assert_eq!(swapped, second);
}

/// S-032
#[tokio::test]
async fn what_is_delegated_of_one_party_is_not_listed_with_another() {
    let id = "01900000-0000-7000-8000-0000000d0032";
    let system_user = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";
    let grant = json!({
        "to": format!("system-user:{system_user}"),
        "for": "organization:319900012",
        "resource": "ttd-delegated",
        "instance": format!("urn:altinn:dialog-id:{id}"),
    });
    let world = World::named("bare").expect("a world without faults");
    let world = world.patched(&json!({ "grants": [grant] })).expect("a world without faults");
    let app = TestApp::start_in(world, &[]).await;
    let owner = app.service_owner("ttd");
    owner.creates(simple_dialog_for("310057223").with("externalReference", "of A")).await;
    let of_b = simple_dialog_for("319900012").with("externalReference", "of B").with("serviceResource", DELEGATED);
    owner.creates(of_b.with("id", id)).await;
    let user = app.system_user(system_user);
    let party = |number: &str| format!("party=urn:altinn:organization:identifier-no:{number}");
    for (query, expected) in [
        (party("310057223"), &["of A"][..]),
        (party("319900012"), &["of B"]),
        (format!("{}&{}", party("310057223"), party("319900012")), &["of B", "of A"]),
        (format!("{}&serviceResource={RESOURCE}", party("319900012")), &[]),
        (format!("serviceResource={DELEGATED}"), &["of B"]),
        (party(ORGANIZATION), &[]),
    ] {
        assert_eq!(names(&page(&user, &query).await), expected, "{query}");
    }
}

/// S-027, S-036
#[tokio::test]
async fn two_labels_are_both_wanted_and_a_token_fits_its_order() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for (name, labels) in [
        ("both", &["Archive", "MarkedAsUnopened"][..]),
        ("archived", &["Archive"]),
        ("unopened", &["MarkedAsUnopened"]),
        ("neither", &[]),
    ] {
        let dialog = owner.creates(named(name)).await;
        let path = format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels?enduserId={}", person(PERSON));
        owner.put(&path, json!({ "systemLabels": labels })).await.expect(204);
    }
    let (user, mine) = (app.person(PERSON), format!("party={}", person(PERSON)));
    let both = page(&user, &format!("{mine}&systemLabel=Archive&systemLabel=MarkedAsUnopened")).await;
    assert_eq!(names(&both), ["both"]);

    let first = page(&user, &format!("{mine}&limit=1")).await;
    let token = first["continuationToken"].as_str().expect("a token");
    let path = format!("enduser/dialogs?{mine}&limit=1&continuationToken={token}");
    let refused = user.get(&format!("{path}&orderBy=createdAt")).await.expect(400);
    assert!(refused.errors("continuationToken")[0].contains("createdat"), "{}", refused.text);
    assert_eq!(names(&user.get(&path).await.expect(200).body), ["unopened"]);
}

/// M-26: a page of large items ends early, with a token; all pages together have every dialog once.
#[tokio::test]
async fn a_page_ends_before_it_grows_without_bound() {
    const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es \
         et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv";
    const DIALOGS: usize = 60;
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let texts: Vec<Value> =
        LANGUAGES.split(' ').map(|code| json!({"languageCode": code, "value": "ø".repeat(255)})).collect();
    let long = ["title", "nonSensitiveTitle", "summary", "nonSensitiveSummary", "senderName"]
        .iter()
        .fold(simple_dialog(), |body, name| body.with(&format!("content.{name}"), json!({"value": texts})));
    let mut expected = Vec::new();
    for n in 0..DIALOGS {
        let name = format!("{n:03}");
        owner.creates(named(&name)).await;
        expected.push(name);
    }
    let template = owner.creates(long.with("externalReference", "060")).await;
    expected.push("060".into());
    // What is stored for lists is what counts.
    sqlx::query("update dialog_document x set listed = t.listed from dialog_document t where t.dialog_id = $1")
        .bind(template)
        .execute(&app.db)
        .await
        .unwrap();
    let user = app.person(PERSON);
    let lists = [
        (&user, format!("enduser/dialogs?party={}", person(PERSON))),
        (&owner, format!("serviceowner/dialogs?serviceResource={RESOURCE}")),
    ];
    for (client, list) in lists {
        for limit in [1000, 50] {
            let (mut found, mut pages, mut token) = (Vec::new(), 0, String::new());
            loop {
                let answer =
                    client.get(&format!("{list}&orderBy=createdAt_asc&limit={limit}{token}")).await.expect(200);
                assert!(answer.text.len() < 12_000_000, "{}", answer.text.len());
                let listed = names(&answer.body);
                assert!(!listed.is_empty() && listed.len() < 50, "{}", listed.len());
                found.extend(listed);
                pages += 1;
                if answer.body["hasNextPage"] == false {
                    break;
                }
                token = format!("&continuationToken={}", answer.body["continuationToken"].as_str().expect("a token"));
            }
            assert_eq!(found, expected, "{list}");
            assert!(pages > 1, "{list}");
        }
    }
}
