//! Bodies at `POST /serviceowner/dialogs`: accepted, or refused with the place of the fault and nothing stored.

use std::{fmt::Write, time::Instant};

use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};

use super::{hold, is_one_of};
use crate::harness::{
    Answer, Client, Edit, PERSON, RESOURCE, TestApp, fresh_id, localized, simple_activity, simple_dialog,
    simple_transmission, text,
};

const DIALOGS: &str = "serviceowner/dialogs";

/// Rows of all tables together.
async fn rows(app: &TestApp) -> i64 {
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
            .fetch_all(&app.db)
            .await
            .unwrap();
    let counts: Vec<_> = tables.iter().map(|table| format!("(select count(*) from {table})")).collect();
    let sum = sqlx::AssertSqlSafe(format!("select {}", counts.join(" + ")));
    sqlx::query_scalar(sum).fetch_one(&app.db).await.unwrap()
}

/// A dialog with something in every member.
pub fn full_dialog() -> Value {
    let id = || fresh_id().to_string();
    let url = |kind: &str| json!({"url": "https://example.com/a", "mediaType": "text/html", "consumerType": kind});
    let attachment = json!({
        "id": id(), "displayName": localized("Vedlegg"), "name": "a.pdf", "urls": [url("Gui")],
        "expiresAt": "2090-01-01T00:00:00Z",
    });
    let (mut of_dialog, transmission) = (attachment.clone().with("id", id()), id());
    of_dialog["urls"][0]["id"] = id().into();
    let mut titles = text("Tittel");
    titles["value"] = json!([{"languageCode": "nb", "value": "Tittel"}, {"languageCode": "en", "value": "Title"}]);
    let reference = json!({
        "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
        "value": localized("https://example.com/main"),
    });
    simple_dialog()
        .with("id", id())
        .with("idempotentKey", id())
        .with("progress", 50)
        .with("extendedStatus", "urn:status")
        .with("externalReference", "ref")
        .with("visibleFrom", "2030-01-01T00:00:00Z")
        .with("dueAt", "2031-01-01T00:00:00Z")
        .with("expiresAt", "2032-01-01T00:00:00Z")
        .with("process", "urn:process:1")
        .with("precedingProcess", "urn:process:0")
        .with("isApiOnly", false)
        .with("createdAt", "2024-01-01T00:00:00Z")
        .with("updatedAt", "2024-01-02T00:00:00Z")
        .with("status", "InProgress")
        .with("systemLabel", "Archive")
        .with("serviceOwnerContext", json!({"serviceOwnerLabels": [{"value": "label"}]}))
        .with("content.title", titles)
        .with("content.nonSensitiveTitle", text("Tittel for alle"))
        .with("content.nonSensitiveSummary", text("Sammendrag for alle"))
        .with("content.senderName", text("Avsender"))
        .with("content.additionalInfo", json!({"mediaType": "text/markdown", "value": localized("# Mer")}))
        .with("content.extendedStatus", text("Under arbeid"))
        .with("content.mainContentReference", reference.clone())
        .and("searchTags", json!({"value": "merkelapp"}))
        .and("attachments", of_dialog)
        .and(
            "transmissions",
            simple_transmission()
                .with("id", transmission.clone())
                .with("idempotentKey", id())
                .with("createdAt", "2024-01-01T00:00:00Z")
                .with("authorizationAttribute", "element1")
                .with("externalReference", "ref")
                .with("extendedType", "urn:type")
                .with("content.contentReference", reference)
                .and("attachments", attachment)
                .and(
                    "navigationalActions",
                    json!({"title": localized("Dit"), "url": "https://example.com/b", "expiresAt": "2090-01-01T00:00:00Z"}),
                ),
        )
        .and("transmissions", simple_transmission().with("id", id()).with("relatedTransmissionId", transmission.clone()))
        .and(
            "guiActions",
            json!({
                "id": id(), "action": "read", "url": "https://example.com/c", "authorizationAttribute": "element1",
                "isDeleteDialogAction": false, "httpMethod": "GET", "priority": "Primary",
                "title": localized("Les"), "prompt": localized("Sikker?"),
            }),
        )
        .and(
            "apiActions",
            json!({
                "id": id(), "action": "read", "authorizationAttribute": "element1", "name": "les",
                "endpoints": [{
                    "id": id(), "version": "1", "url": "https://example.com/d", "httpMethod": "POST",
                    "documentationUrl": "https://example.com/e", "requestSchema": "https://example.com/f",
                    "responseSchema": "https://example.com/g", "deprecated": true, "sunsetAt": "2090-01-01T00:00:00Z",
                }],
            }),
        )
        .and(
            "activities",
            simple_activity("TransmissionOpened")
                .with("id", id())
                .with("createdAt", "2024-01-01T00:00:00Z")
                .with("extendedType", "urn:type")
                .with("transmissionId", transmission)
                .with("performedBy", json!({"actorType": "PartyRepresentative", "actorName": "En"})),
        )
        .and("activities", simple_activity("Information"))
}

/// Where something stands: members and numbers of items.
type Place = Vec<String>;

fn places(value: &Value, here: &Place, found: &mut Vec<Place>) {
    let mut visit = |step: String, value: &Value| {
        let place = here.iter().cloned().chain([step]).collect::<Place>();
        found.push(place.clone());
        places(value, &place, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| visit(name.clone(), value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| visit(at.to_string(), value)),
        _ => {}
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Delete,
    Rename,
    /// The same member once more, with this in place of its value, before or after the good one.
    Twice(Vec<u8>, bool),
    Replace(Vec<u8>),
}

const MARK: &str = "@@here@@";

/// The body with the mutation at the place, as text.
fn mutated(mut body: Value, place: &Place, mutation: &Mutation) -> Vec<u8> {
    let (last, parent) = place.split_last().expect("a place below the root");
    let parent = body.pointer_mut(&parent.iter().fold(String::new(), |path, step| path + "/" + step)).unwrap();
    let mut raw = Vec::new();
    match (mutation, parent) {
        (Mutation::Delete, Value::Object(members)) => drop(members.remove(last)),
        (Mutation::Delete | Mutation::Rename, Value::Array(items)) => drop(items.remove(last.parse().unwrap())),
        (Mutation::Rename, Value::Object(members)) => {
            let value = members.remove(last).unwrap();
            members.insert(format!("{last}x"), value);
        }
        (Mutation::Twice(instead, before), Value::Object(members)) => {
            let good = std::mem::replace(&mut members[last], MARK.into()).to_string().into_bytes();
            let (first, second) = if *before { (instead, &good) } else { (&good, instead) };
            raw = [first, format!(",\"{last}\":").as_bytes(), second].concat();
        }
        (Mutation::Replace(instead) | Mutation::Twice(instead, _), parent) => {
            match parent {
                Value::Array(items) => items[last.parse::<usize>().unwrap()] = MARK.into(),
                parent => parent[last] = MARK.into(),
            }
            raw.clone_from(instead);
        }
        (_, scalar) => unreachable!("{scalar} holds nothing"),
    }
    let text = body.to_string();
    match text.split_once(&format!("\"{MARK}\"")) {
        Some((before, after)) => [before.as_bytes(), &raw, after.as_bytes()].concat(),
        None => text.into_bytes(),
    }
}

fn instead() -> impl Strategy<Value = Vec<u8>> {
    let fixed: &[&str] = &[
        "null",
        "true",
        "0",
        "-1",
        "1e400",
        "-0.0",
        "1e-400",
        "99999999999999999999999",
        "2147483648",
        "32768",
        "{}",
        "[]",
        "[null]",
        "[{}]",
        "[[]]",
        "\"\"",
        "\" \"",
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"Unheard\"",
        "\"gui\"",
        "\"1\"",
        "99",
        "\"f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f\"",
        "\"00000000-0000-0000-0000-000000000000\"",
        "\"{0196c0de-0000-7000-8000-000000000001}\"",
        "\"0001-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59.9999999Z\"",
        "\"9999-12-31T23:59:59-14:00\"",
        "\"2031-04-05T06:07:08\"",
        "\"https://example.com/\\u200b\"",
        "\"https://[::1\"",
        "\"urn:altinn:resource:\"",
        "\"urn:altinn:resource:a b\"",
        "\"urn:altinn:person:identifier-no:08844397714\"",
        "\"nb\"",
        "\"no\"",
        "NaN",
        "'a'",
        "",
        ",",
        "}",
        "]",
        "\"",
        "\\",
        "\"\n\"",
        "/* */ 1",
        "\"<script>\"",
    ];
    let fixed: Vec<Vec<u8>> = fixed.iter().map(|text| text.as_bytes().to_vec()).collect();
    prop_oneof![
        6 => prop::sample::select(fixed),
        1 => Just(b"\"\xff\xfe\"".to_vec()),
        1 => Just(b"\"\xed\xa0\x80\"".to_vec()),
        1 => (1_usize..20_000).prop_map(|n| format!("\"{}\"", "x".repeat(n)).into_bytes()),
        1 => (1_usize..2_000).prop_map(|n| format!("\"{}\"", "\u{1d11e}".repeat(n)).into_bytes()),
        1 => (1_usize..10_000).prop_map(|n| [vec![b'['; n], vec![b']'; n]].concat()),
        1 => (1_usize..3_000).prop_map(|n| ["{\"a\":".repeat(n), "1".into(), "}".repeat(n)].concat().into_bytes()),
        2 => any::<String>().prop_map(|text| Value::from(text).to_string().into_bytes()),
        1 => any::<f64>().prop_map(|number| number.to_string().into_bytes()),
        1 => any::<i64>().prop_map(|number| number.to_string().into_bytes()),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        1 => Just(Mutation::Delete),
        1 => Just(Mutation::Rename),
        1 => (instead(), any::<bool>()).prop_map(|(instead, before)| Mutation::Twice(instead, before)),
        4 => instead().prop_map(Mutation::Replace),
    ]
}

async fn post(owner: &Client<'_>, body: Vec<u8>) -> Answer {
    owner.send_bytes(Method::POST, DIALOGS, body, "application/json").await
}

/// What the answer to a body must be; on refusal nothing is left behind.
async fn check(app: &TestApp, body: Vec<u8>) -> Result<Answer, TestCaseError> {
    let owner = app.service_owner("ttd");
    let before = rows(app).await;
    let what = format!("{:.2000}", String::from_utf8_lossy(&body));
    let answer = post(&owner, body).await;
    is_one_of(&answer, &[201, 400, 403, 409, 422], &what)?;
    if answer.status.is_client_error() {
        prop_assert_eq!(rows(app).await, before, "rows after {} to {}", answer.status, what);
    } else {
        let id = answer.body.as_str().unwrap();
        let read = owner.get(&format!("{DIALOGS}/{id}")).await;
        prop_assert_eq!(read.status, 200, "what was accepted cannot be read: {} to {}", read.text, what);
        sqlx::query("update dialog set visible_from = null where id = $1::uuid")
            .bind(id)
            .execute(&app.db)
            .await
            .unwrap();
        let opened = app.person(PERSON).get(&format!("enduser/dialogs/{id}")).await;
        is_one_of(&opened, &[200, 403, 404], &what)?;
        let mine = app.person(PERSON).get(&format!("enduser/dialogs?limit=1&serviceResource={RESOURCE}")).await;
        is_one_of(&mine, &[200], &what)?;
        let listed = owner.get(&format!("{DIALOGS}?limit=1&orderBy=createdAt")).await;
        prop_assert_eq!(listed.status, 200, "what was accepted cannot be listed: {} to {}", listed.text, what);
    }
    Ok(answer)
}

#[tokio::test]
async fn the_full_dialog_is_accepted() {
    let app = TestApp::start().await;
    app.service_owner("ttd").post(DIALOGS, full_dialog()).await.expect(201);
}

#[test]
fn one_fault_in_a_good_body_is_named_or_harmless() {
    let strategy = (any::<prop::sample::Index>(), mutation());
    hold(600, &strategy, &async |app, (at, mutation)| {
        let body = full_dialog();
        let mut all = Vec::new();
        places(&body, &Vec::new(), &mut all);
        let place = at.get(&all);
        let answer = check(app, mutated(body, place, &mutation)).await?;
        if answer.status == 400 {
            // The key leads to the member's own list or object, or says that the document as a whole cannot be read.
            let errors = answer.body["errors"].as_object().unwrap();
            let root = place[0].as_str();
            let near = |key: &str| {
                let key = key.strip_prefix("dto.").unwrap_or(key);
                key == "SerializerErrors" || key.split(['.', '[']).next() == Some(root)
            };
            let elsewhere = errors.keys().any(|key| key.starts_with("dto."));
            prop_assert!(
                errors.keys().any(|key| near(key)) || elsewhere,
                "{:?} at {:?}: {}",
                mutation,
                place,
                answer.text
            );
        }
        Ok(())
    });
}

pub fn any_json() -> impl Strategy<Value = Value> {
    const NAMES: &[&str] = &[
        "serviceResource",
        "party",
        "content",
        "title",
        "value",
        "languageCode",
        "mediaType",
        "transmissions",
        "sender",
        "actorType",
        "type",
        "activities",
        "performedBy",
        "attachments",
        "urls",
        "url",
        "guiActions",
        "apiActions",
        "endpoints",
        "status",
        "id",
        "dueAt",
        "progress",
        "searchTags",
        "serviceOwnerContext",
        "serviceOwnerLabels",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec!["nb", "text/plain", "Information", "ServiceOwner", "2031-04-05T06:07:08Z"])
            .prop_map(Value::from),
    ];
    let name = prop_oneof![8 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => any::<String>()];
    leaf.prop_recursive(6, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
pub fn any_json_is_answered() {
    hold(300, &any_json(), &async |app, body| check(app, body.to_string().into_bytes()).await.map(drop));
}

#[test]
fn any_bytes_are_answered() {
    hold(100, &prop::collection::vec(any::<u8>(), 0..200), &async |app, body| {
        let answer = check(app, body).await?;
        prop_assert_eq!(answer.status, 400);
        Ok(())
    });
}

/// Bodies as long as they may be, of forms that cost the most: answered within five seconds. A debug build on a busy machine is many times
/// slower, so it gets a fifth of the length and more time.
#[tokio::test]
async fn the_longest_bodies_are_answered_in_time() {
    const LONGEST: usize = if cfg!(debug_assertions) { 4_000_000 } else { 20_000_000 };
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let before = rows(&app).await;
    let fill = |open: &str, item: &str, close: &str| {
        let times = (LONGEST - open.len() - close.len()) / (item.len() + 1);
        let mut text = String::with_capacity(LONGEST);
        text.push_str(open);
        for at in 0..times {
            if at > 0 {
                text.push(',');
            }
            text.push_str(item);
        }
        text.push_str(close);
        text
    };
    let mut members = String::from("{");
    for at in 0..LONGEST / 20 {
        let _ = write!(members, "\"member{at}\":1,");
    }
    members.push_str("\"party\":1}");
    for (name, body) in [
        ("empty transmissions", fill("{\"transmissions\":[", "{}", "]}")),
        ("empty activities", fill("{\"activities\":[", "{}", "]}")),
        ("tags", fill("{\"searchTags\":[", "{\"value\":\"a\"}", "]}")),
        ("texts", fill("{\"content\":{\"title\":{\"value\":[", "{\"languageCode\":\"nb\",\"value\":\"\"}", "]}}}")),
        ("one long text", format!("{{\"party\":\"{}\"}}", "x".repeat(LONGEST - 20))),
        ("escapes", format!("{{\"party\":\"{}\"}}", "\\u00e6".repeat((LONGEST - 20) / 6))),
        (
            "HTML",
            format!(
                "{{\"content\":{{\"additionalInfo\":{{\"mediaType\":\"text/html\",\"value\":[{{\"languageCode\":\"nb\",\"value\":\"{}\"}}]}}}}}}",
                "<p>".repeat((LONGEST - 150) / 3)
            ),
        ),
        ("the same member", fill("{", "\"party\":1", "}")),
        ("unknown members", members),
        ("numbers", fill("{\"unknown\":[", "1e300", "],\"party\":1}")),
        ("brackets", "[".repeat(LONGEST)),
        ("blanks", " ".repeat(LONGEST)),
    ] {
        assert!(body.len() <= LONGEST, "{name}");
        let began = Instant::now();
        let answer = post(&owner, body.into_bytes()).await;
        let took = began.elapsed().as_secs_f32();
        assert_eq!(answer.status, 400, "{name}: {:.1000}", answer.text);
        assert!(took < if cfg!(debug_assertions) { 20.0 } else { 5.0 }, "{name} took {took} s");
        assert!(answer.text.len() < 1_000_000, "{name}: the answer has {} bytes", answer.text.len());
    }
    assert_eq!(rows(&app).await, before);
}

/// Dialogs with as much of everything as there is room for: stored and shown, at a cost that grows with their length.
#[tokio::test]
async fn the_largest_dialogs_are_taken() {
    const LENGTH: usize = if cfg!(debug_assertions) { 2_000_000 } else { 19_000_000 };
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let many = |item: &dyn Fn(usize) -> Value| {
        let length = item(0).to_string().len() + 10;
        // A dialog counts its transmissions in sixteen bits.
        Value::from((0..(LENGTH / length).min(32_000)).map(item).collect::<Vec<_>>())
    };
    let url = json!({"url": "https://example.com/a", "consumerType": "Gui"});
    let endpoint = json!({"url": "https://example.com/a", "httpMethod": "GET"});
    let ids = || (0..LENGTH / 100).map(|_| fresh_id().to_string()).collect::<Vec<_>>();
    let (ids, others) = (ids(), ids());
    // Up to a hundred levels, with up to a hundred answers each.
    let chained = |n: usize| {
        let message = simple_transmission().without("content.summary").with("id", ids[n].as_str());
        if n.is_multiple_of(100) { message } else { message.with("relatedTransmissionId", ids[n - 1].as_str()) }
    };
    let crowds = |n: usize| {
        let message = simple_transmission().without("content.summary").with("id", others[n].as_str());
        if n.is_multiple_of(101) {
            message
        } else {
            message.with("relatedTransmissionId", others[n - n % 101].as_str())
        }
    };
    for (what, member, items) in [
        ("transmissions in chains", "transmissions", many(&chained)),
        ("transmissions in crowds", "transmissions", many(&crowds)),
        (
            "transmissions with keys",
            "transmissions",
            many(&|n| simple_transmission().with("idempotentKey", format!("key-{n}"))),
        ),
        ("activities", "activities", many(&|_| simple_activity("DialogOpened"))),
        ("tags", "searchTags", many(&|n| json!({"value": format!("tag-{n}")}))),
        ("attachments", "attachments", many(&|_| json!({"urls": [url.clone()]}))),
        ("URLs", "attachments", json!([{"urls": many(&|_| url.clone())}])),
        ("API actions", "apiActions", many(&|_| json!({"action": "read", "endpoints": [endpoint.clone()]}))),
        ("endpoints", "apiActions", json!([{"action": "read", "endpoints": many(&|_| endpoint.clone())}])),
    ] {
        let body = simple_dialog().with(member, items).to_string().into_bytes();
        let began = Instant::now();
        let answer = post(&owner, body).await;
        let took = began.elapsed().as_secs_f32();
        assert_eq!(answer.status, 201, "{what}: {:.500}", answer.text);
        let read = owner.get(&format!("{DIALOGS}/{}", answer.body.as_str().unwrap())).await;
        let read_took = began.elapsed().as_secs_f32() - took;
        assert_eq!(read.status, 200, "{what}: {:.500}", read.text);
        assert!(took < 20.0 && read_took < 20.0, "{what}: {took} s to store, {read_took} s to read");
    }
}
