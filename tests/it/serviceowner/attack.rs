//! Whatever is sent, writes to stored dialogs answer with success or a documented refusal, and a refusal stores nothing.

use dialogporten::domain::ids::DialogId;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRng, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::writes::{
    CHANGE_TRANSMISSIONS, activities, api_action, attachment, full_dialog, gui_action, path, replace, silently,
    transmissions,
};
use crate::harness::{Answer, Client, Edit, TestApp, localized, simple_activity, simple_transmission, text};

const REFUSALS: [u16; 8] = [400, 403, 404, 409, 410, 412, 413, 422];

/// The same cases in every run.
fn cases() -> TestRunner {
    let config = Config { failure_persistence: None, ..Config::default() };
    let seed = TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, seed)
}

fn draw<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy.new_tree(runner).expect("a case").current()
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, i| if i % 2 == 0 { json!([inner]) } else { json!({"a": inner}) })
}

/// Values that somebody could have forgotten.
fn odd() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        Just(json!(u64::MAX)),
        (-3i32..20).prop_map(Value::from),
        prop::sample::select(vec![
            "",
            " ",
            "\0",
            "a\0b",
            "\u{ffff}",
            "\u{202e}",
            "😀",
            "https://example.com/\0",
            "https://example.com/ æ",
            "https://",
            "https://[",
            "urn:altinn:resource:",
            "urn:altinn:resource:æ",
            "urn:altinn:person:identifier-no:",
            "urn:altinn:person:idporten-email:a%00@b.no",
            "urn:altinn:person:legacy-selfidentified:%ff",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59-14:00",
            "0001-01-01T00:00:00+14:00",
            "2026-02-30T00:00:00Z",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-7fff-bfff-ffffffffffff",
            "Secondary",
            "TransmissionOpened",
            "text/html",
            "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
            "nb",
            "no_",
        ])
        .prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        (0usize..3000).prop_map(|n| "å".repeat(n).into()),
        prop::collection::vec(-2i32..3, 0..4).prop_map(|list| json!(list)),
        (0usize..90).prop_map(nested),
        Just(json!([null])),
        Just(json!({})),
        Just(attachment()),
        Just(gui_action()),
        Just(api_action()),
        Just(simple_transmission()),
        Just(simple_activity("Information")),
        Just(text("a")),
        Just(localized("b")),
    ]
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    odd().prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[a-zA-Z]{0,12}", inner, 0..6).prop_map(|members| json!(members)),
        ]
    })
}

/// All places in a document, as pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                places(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{i}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The document with odd values here and there, or with parts missing, repeated or in the wrong place.
fn disturbed(runner: &mut TestRunner, mut document: Value) -> Value {
    for _ in 0..draw(runner, &(1usize..3)) {
        let mut all = Vec::new();
        places(&document, "", &mut all);
        let places = prop::sample::select(all);
        let (place, elsewhere) = (draw(runner, &places), draw(runner, &places));
        let (odd, elsewhere) = (draw(runner, &odd()), document.pointer(&elsewhere).cloned().unwrap_or_default());
        let kind = draw(runner, &(0..5));
        let Some(here) = document.pointer_mut(&place) else { continue };
        match here {
            Value::Array(items) if kind == 0 => items.extend(items.first().cloned()),
            Value::Array(items) if kind == 1 => drop(items.pop()),
            Value::Object(members) if kind <= 1 => {
                let name = members.keys().nth(draw(runner, &(0usize..8))).cloned();
                name.map(|name| members.remove(&name));
            }
            Value::String(text) if kind <= 1 => text.push('x'),
            _ if kind == 2 => *here = elsewhere,
            _ if place.is_empty() => {}
            _ => *here = odd,
        }
    }
    document
}

/// Operations that often lead somewhere.
fn operations(runner: &mut TestRunner, read: &Value) -> Value {
    const PATCHED: [&str; 11] = [
        "progress",
        "extendedStatus",
        "externalReference",
        "dueAt",
        "process",
        "status",
        "content",
        "searchTags",
        "attachments",
        "guiActions",
        "apiActions",
    ];
    let mut document = read.clone();
    document.as_object_mut().unwrap().retain(|name, _| PATCHED.contains(&name.as_str()));
    let mut known = Vec::new();
    places(&document, "", &mut known);
    let mut paths = known.clone();
    let extra =
        ["/transmissions/-", "/activities/-", "/attachments/-", "/guiActions/0", "/nope", "progress", "/~1", "//"];
    paths.extend(extra.map(str::to_owned));
    let (known, paths) = (prop::sample::select(known), prop::sample::select(paths));
    let count = draw(runner, &(1usize..4));
    let operation = |runner: &mut TestRunner| {
        let op = draw(runner, &prop::sample::select(vec!["add", "replace", "remove", "copy", "move", "test"]));
        let (path, from) = (draw(runner, &paths), draw(runner, &known));
        let value = match draw(runner, &(0..3)) {
            0 => draw(runner, &odd()),
            // What is there already, or what is elsewhere.
            1 => document.pointer(&path).cloned().unwrap_or_else(|| draw(runner, &odd())),
            _ => document.pointer(&from).cloned().unwrap_or_default(),
        };
        json!({"op": op, "path": path, "from": from, "value": value})
    };
    (0..count).map(|_| operation(runner)).collect::<Vec<_>>().into()
}

/// A dialog under attack.
struct Attack<'a> {
    app: &'a TestApp,
    owner: Client<'a>,
    dialog: DialogId,
    before: Value,
    events: i64,
    accepted: usize,
}

impl<'a> Attack<'a> {
    async fn begin(app: &'a TestApp) -> Self {
        let owner = app.service_owner("ttd").and_scopes(&[CHANGE_TRANSMISSIONS]);
        let dialog = owner.creates(full_dialog(app)).await;
        let mut attack = Self { app, owner, dialog, before: Value::Null, events: 0, accepted: 0 };
        attack.look().await;
        attack
    }

    async fn look(&mut self) {
        self.before = self.owner.reads(self.dialog).await;
        self.events = self.events().await;
    }

    async fn events(&self) -> i64 {
        sqlx::query_scalar("select count(*) from outbox").fetch_one(&self.app.db).await.unwrap()
    }

    /// What was sent is either refused without a trace, or stored so that it can be read and written back.
    async fn judge(&mut self, sent: &str, answer: Answer) {
        let status = answer.status.as_u16();
        if answer.status.is_success() {
            self.accepted += 1;
            self.look().await;
            let again = self.owner.patch(&silently(self.dialog), json!([])).await;
            assert_eq!(again.status, 204, "accepted {sent}, but then {}", again.text);
            // Corrections leave it to the next update to find out what is unopened.
            let (before, after) = (self.before.clone(), self.owner.reads(self.dialog).await);
            let expected = ["revision", "hasUnopenedContent"]
                .iter()
                .fold(before, |before, name| before.with(name, after[name].clone()));
            assert_eq!(after, expected, "accepted {sent}");
            self.look().await;
        } else {
            assert!(REFUSALS.contains(&status), "{status} for {sent}: {}", answer.text);
            assert_eq!(self.owner.reads(self.dialog).await, self.before, "{status} for {sent}");
            assert_eq!(self.events().await, self.events, "{status} for {sent}");
        }
    }

    fn transmission(&self) -> String {
        format!("{}/{}", transmissions(self.dialog), self.before["transmissions"][0]["id"].as_str().unwrap())
    }

    /// Method, path and an acceptable body of each operation that takes one.
    fn targets(&self) -> Vec<(Method, String, Value)> {
        let dialog = self.dialog;
        let correction = simple_transmission()
            .with("isSilentUpdate", true)
            .with("createdAt", "2020-01-01T00:00:00Z")
            .and("attachments", attachment())
            .and("navigationalActions", json!({"title": localized("Gå"), "url": "https://example.com/n"}));
        let ignored = ["serviceResource", "party", "serviceOwnerContext"];
        let full = || ignored.iter().fold(full_dialog(self.app), |body, name| body.without(name));
        let fresh = full().with("transmissions", json!([])).with("activities", json!([]));
        vec![
            (Method::PUT, path(dialog), fresh.clone()),
            (
                Method::PUT,
                path(dialog),
                fresh.and("transmissions", correction.clone().without("attachments.0.urls.0.id")),
            ),
            (Method::PUT, silently(dialog), full()),
            (Method::POST, transmissions(dialog), correction.clone().without("attachments.0.urls.0.id")),
            (Method::PUT, self.transmission(), correction),
            (
                Method::POST,
                activities(dialog),
                simple_activity("Information").with("createdAt", "2020-01-01T00:00:00Z"),
            ),
        ]
    }
}

#[tokio::test]
async fn disturbed_bodies() {
    let app = TestApp::start().await;
    let mut runner = cases();
    let mut accepted = 0;
    for _ in 0..4 {
        let mut attack = Attack::begin(&app).await;
        for _ in 0..75 {
            let targets = attack.targets();
            let (method, url, body) = draw(&mut runner, &prop::sample::select(targets));
            let body = disturbed(&mut runner, body);
            let answer = attack.owner.send(method.clone(), &url, Some(body.clone())).await;
            attack.judge(&format!("{method} {url} {body}"), answer).await;
        }
        accepted += attack.accepted;
    }
    assert!(accepted > 20, "most cases are refused at once: {accepted}");
}

#[tokio::test]
async fn arbitrary_bodies() {
    let app = TestApp::start().await;
    let mut runner = cases();
    let mut attack = Attack::begin(&app).await;
    let strategy = arbitrary_json();
    for _ in 0..120 {
        let (method, url, _) = draw(&mut runner, &prop::sample::select(attack.targets()));
        let body = draw(&mut runner, &strategy);
        let answer = attack.owner.send(method.clone(), &url, Some(body.clone())).await;
        attack.judge(&format!("{method} {url} {body}"), answer).await;
        let body = draw(&mut runner, &strategy);
        let answer = attack.owner.patch(&path(attack.dialog), body.clone()).await;
        attack.judge(&format!("PATCH {body}"), answer).await;
    }
}

#[tokio::test]
async fn arbitrary_patches() {
    let app = TestApp::start().await;
    let mut runner = cases();
    let mut accepted = 0;
    for _ in 0..4 {
        let mut attack = Attack::begin(&app).await;
        for _ in 0..75 {
            let patch = operations(&mut runner, &attack.before);
            let answer = attack.owner.patch(&path(attack.dialog), patch.clone()).await;
            attack.judge(&format!("PATCH {patch}"), answer).await;
        }
        accepted += attack.accepted;
    }
    assert!(accepted > 10, "most cases are refused at once: {accepted}");
}

/// Bytes that are no JSON, or JSON that nobody should build.
#[tokio::test]
async fn bytes() {
    let app = TestApp::start().await;
    let mut attack = Attack::begin(&app).await;
    let deep = |open: &str, close: &str| (open.repeat(100_000) + &close.repeat(100_000)).into_bytes();
    let with = |value: &str| format!(r#"{{"status":"Draft","progress":{value},"content":{{}}}}"#).into_bytes();
    let hostile: Vec<Vec<u8>> = vec![
        b"\xff\xfe".to_vec(),
        b"{\"a\":\"\xc3\x28\"}".to_vec(),
        b"\"\xed\xa0\x80\"".to_vec(),
        b"{\"extendedStatus\":\"a\0b\"}".to_vec(),
        br#"{"status":"Draft","extendedStatus":"a\u0000b","externalReference":"\u0000","progress":1}"#.to_vec(),
        br#"{"a\u0000":1}"#.to_vec(),
        br#"[{"op":"replace","path":"/extendedStatus","value":"a\u0000b"}]"#.to_vec(),
        br#"[{"op":"replace","path":"/extendedStatus\u0000","value":"b"}]"#.to_vec(),
        br#"[{"op":"add","path":"/searchTags","value":[{"value":"abc\u0000"}]}]"#.to_vec(),
        br#"[{"op":"add","path":"/activities","value":[{"type":"Information","description":[{"languageCode":"nb","value":"a\u0000"}],"performedBy":{"actorType":"ServiceOwner"}}]}]"#.to_vec(),
        br#"[{"op":"replace","path":"/progress","value":1e400}]"#.to_vec(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        [br#"[{"op":"add","path":"/a","value":"#.to_vec(), deep("[", "]"), b"}]".to_vec()].concat(),
        with("1e400"),
        with("-1e400"),
        with(&"9".repeat(10_000)),
        with("0.0000000000000000000000000000001"),
        with("NaN"),
        with("1.5"),
        with("\"12\""),
    ];
    for bytes in hostile {
        let shown = String::from_utf8_lossy(&bytes).chars().take(100).collect::<String>();
        for (method, url, _) in attack.targets() {
            let answer = attack.owner.send_bytes(method.clone(), &url, bytes.clone(), "application/json").await;
            assert_eq!(answer.status, 400, "{method} {url} {shown}: {}", answer.text);
            attack.judge(&shown, answer).await;
        }
        let url = path(attack.dialog);
        let answer = attack.owner.send_bytes(Method::PATCH, &url, bytes.clone(), "application/json-patch+json").await;
        assert_eq!(answer.status, 400, "PATCH {shown}: {}", answer.text);
        attack.judge(&shown, answer).await;
    }
    // The zero character in every text that is stored, one at a time.
    for (method, url, body) in attack.targets() {
        let mut all = Vec::new();
        places(&body, "", &mut all);
        for place in all {
            let mut body = body.clone();
            match body.pointer_mut(&place) {
                Some(Value::String(text)) => text.push('\0'),
                _ => continue,
            }
            let answer = attack.owner.send(method.clone(), &url, Some(body)).await;
            assert_eq!(answer.status, 400, "{method} {url} {place}: {}", answer.text);
            attack.judge(&place, answer).await;
        }
    }
    for leaf in
        ["/extendedStatus", "/content/title/value/0/value", "/attachments/0/name", "/searchTags/0/value", "/process"]
    {
        let answer = attack.owner.patch(&path(attack.dialog), json!([replace(leaf, "abc\0")])).await;
        assert_eq!(answer.status, 400, "{leaf}: {}", answer.text);
        attack.judge(leaf, answer).await;
    }
}

/// Paths, query strings and headers.
#[tokio::test]
async fn addresses() {
    let app = TestApp::start().await;
    let attack = Attack::begin(&app).await;
    let dialog = attack.dialog;
    for query in [
        "?isSilentUpdate=maybe",
        "?isSilentUpdate=1",
        "?isSilentUpdate=true&isSilentUpdate=false",
        "?isSilentUpdate=%00",
    ] {
        for (method, url, body) in attack.targets() {
            let url = format!("{}{query}", url.split('?').next().unwrap());
            let answer = attack.owner.send(method, &url, Some(body)).await;
            assert_eq!(answer.status, 400, "{url}: {}", answer.text);
        }
        let url = format!("{}{query}", path(dialog));
        assert_eq!(attack.owner.patch(&url, json!([])).await.status, 400);
        assert_eq!(attack.owner.delete(&url).await.status, 400);
        for name in ["restore", "purge"] {
            let url = format!("{}{query}", super::writes::action(dialog, name));
            assert_eq!(attack.owner.post(&url, Value::Null).await.status, 400);
        }
    }
    for id in ["%00", "%ff", "a%2fb", "..%2f", &"9".repeat(5000), "{0196c0de-0000-7000-8000-00000000000"] {
        for url in [format!("serviceowner/dialogs/{id}"), format!("serviceowner/dialogs/{id}/transmissions/{id}")] {
            let answer = attack.owner.put(&url, json!({})).await;
            assert!([400, 404].contains(&answer.status.as_u16()), "{url}: {} {}", answer.status, answer.text);
        }
    }
    assert_eq!(attack.owner.reads(dialog).await, attack.before);
}
