//! What the inbox's unmodified server asked, of this service and of the platform: recorded between it and `dialogporten dev`,
//! less secrets, and replayed here in the same order (chapter 07 §1 to §5, §16).
//!
//! `recorded.json` holds the requests. Documents and headers are the server's own; a script asked it for one thing after the
//! other, so what the variables hold is the script's choice. Its page sent the same documents with the same headers. Ids of
//! dialogs that were made for the recording are replaced by that of the one dialog of the scenario with an id of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use dialogporten::{
    dev::seed,
    sandbox::{keys::KeyName, world::World},
};
use reqwest::{Method, StatusCode, header, redirect::Policy};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::harness::{Edit, PERSON, TestApp, simple_dialog};

/// Longer lists are shortened in the snapshot.
const MOST_SHOWN: usize = 12;
const CALLBACK: &str = "http://localhost:8080/api/cb";
const VERIFIER: &str = "f2a1c0de5b7e4d3c9a8b7c6d5e4f30211203f4e5d6c7b8a9f0e1d2c3b4a59687";
/// Base64url of its SHA-256.
const CHALLENGE: &str = "mOno0fHvKyYhNlfwsE7pkA44CMwk0JhizLVAyX8HvpY";

#[derive(Deserialize)]
struct Recording {
    /// GraphQL documents by the names of their operations.
    documents: BTreeMap<String, String>,
    requests: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    /// Which document was sent, and what beside it.
    document: Option<String>,
    #[serde(default)]
    beside: Map<String, Value>,
    /// Any other body.
    body: Option<String>,
    /// Somebody stepped up before this.
    #[serde(default)]
    step_up: bool,
    /// With a token of the inbox itself, not of a person.
    #[serde(default)]
    own_token: bool,
    #[serde(default)]
    anonymous: bool,
}

/// Tokens to ask with.
struct Tokens {
    usual: String,
    high: String,
    own: String,
}

/// The recorded requests in their order, each answered with what the inbox counted on when it was recorded.
#[tokio::test]
async fn what_the_inbox_asked_is_answered_as_it_was() {
    let world = World::named("default").expect("the shipped world");
    let app = TestApp::start_in(world, &[]).await;
    seed::dialogs(&app.sandbox).await.expect("the scenario's dialogs");
    // What only a login of the highest level opens.
    let secret = simple_dialog()
        .with("id", "01960000-0000-7000-8000-000000000444")
        .with("serviceResource", "urn:altinn:resource:ttd-dialogporten-transmissions-test");
    app.service_owner("ttd").creates(secret).await;
    let recording: Recording = serde_json::from_str(include_str!("recorded.json")).expect("the recording");
    assert!(recording.documents.len() >= 8 && recording.requests.len() > 40, "there is something to replay");

    let client = client();
    let tokens = Tokens {
        usual: login(&client, &app, "idporten-loa-substantial").await,
        high: login(&client, &app, "idporten-loa-high").await,
        own: own_token(&client, &app).await,
    };
    let (mut answers, mut known) = (Vec::new(), BTreeSet::new());
    for request in &recording.requests {
        let mut answer = replayed(&client, &app, &recording, request, &tokens).await;
        if !known.insert(&request.document) {
            answer["answer"] = in_brief(&answer["answer"]);
        }
        answers.push(answer);
    }
    insta::assert_json_snapshot!(answers);
}

async fn replayed(
    client: &reqwest::Client,
    app: &TestApp,
    recording: &Recording,
    request: &Recorded,
    tokens: &Tokens,
) -> Value {
    let body = match &request.document {
        Some(name) => {
            let mut body = request.beside.clone();
            body.insert("query".into(), recording.documents[name].as_str().into());
            Some(Value::Object(body).to_string())
        }
        None => request.body.clone(),
    };
    let method: Method = request.method.parse().expect("a method");
    let mut asked = client.request(method, app.url(&request.path));
    for (name, value) in &request.headers {
        asked = asked.header(name, value);
    }
    if !request.anonymous {
        let person = if request.step_up { &tokens.high } else { &tokens.usual };
        asked = asked.bearer_auth(if request.own_token { &tokens.own } else { person });
    }
    if let Some(body) = body {
        asked = asked.body(body);
    }
    let answer = asked.send().await.expect("an answer");
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().expect("text").to_owned());
    let text = answer.text().await.expect("a whole answer");
    // Nothing that the inbox asks may fail in a way that it does not expect.
    assert!(status.is_success() || status == StatusCode::UNPROCESSABLE_ENTITY, "{}: {status} {text}", request.path);
    let answered = serde_json::from_str(&text).unwrap_or(Value::String(text));
    json!({
        "asked": format!("{} {}", request.method, request.path),
        "document": request.document,
        "variables": request.beside.get("variables"),
        "status": status.as_u16(),
        "type": kind,
        "answer": steady(&answered),
    })
}

/// The same at every run: times, tokens and ids that were made by the run are named by what they are, and texts of several
/// languages stand in the order of these, on which the inbox does not count.
fn steady(value: &Value) -> Value {
    match value {
        Value::String(text) => steady_text(text).into(),
        // The registry's list is told by its beginning.
        Value::Array(items) if items.len() > MOST_SHOWN => {
            let shown = items.iter().take(3).map(steady);
            shown.chain([format!("[{} in all]", items.len()).into()]).collect()
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(steady).collect();
            if items.iter().all(|item| item["languageCode"].is_string()) {
                items.sort_by_key(|item| item["languageCode"].to_string());
            }
            items.into()
        }
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), steady(member))).collect(),
        other => other.clone(),
    }
}

fn steady_text(text: &str) -> &str {
    match text {
        _ if chrono::DateTime::parse_from_rfc3339(text).is_ok() => "[time]",
        _ if text.starts_with("00:00:") => "[duration]",
        _ if text.starts_with("eyJ") && text.matches('.').count() == 2 => "[token]",
        _ if text.starts_with("contentupdatedat_") => "[continuation token]",
        _ if text.starts_with("urn:altinn:person:identifier-ephemeral:") => "[passing name]",
        _ if is_made_now(text) => "[id]",
        _ => text,
    }
}

/// What the second and later lists tell: which dialogs, in which order. The first one is shown whole.
fn in_brief(answer: &Value) -> Value {
    let Some(items) = answer["data"]["searchDialogs"]["items"].as_array() else { return answer.clone() };
    let line = |item: &Value| {
        let titles = item["content"]["title"]["value"].as_array();
        let title = titles.and_then(|titles| titles.iter().find(|title| title["languageCode"] == "nb"));
        let title = title.and_then(|title| title["value"].as_str()).unwrap_or_default();
        format!("{title}; {}; {}", item["status"], item["endUserContext"]["systemLabels"])
    };
    items.iter().map(line).collect()
}

/// Version 7: made by the service, unless it is an id of the scenario or of this test.
fn is_made_now(text: &str) -> bool {
    let id = text.parse::<uuid::Uuid>().ok().filter(|id| id.get_version_num() == 7);
    id.is_some() && !text.starts_with("01960000-")
}

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().redirect(Policy::none()).tls_certs_only([]);
    builder.timeout(Duration::from_mins(1)).build().expect("a client")
}

/// A whole login, as the inbox does it; the access token.
async fn login(client: &reqwest::Client, app: &TestApp, acr: &str) -> String {
    let person = format!("urn:altinn:person:identifier-no:{PERSON}");
    let asked = [
        ("redirect_uri", CALLBACK),
        ("scope", "digdir:dialogporten.noconsent openid altinn:portal/enduser"),
        ("acr_values", acr),
        ("state", "state"),
        ("client_id", "arbeidsflate"),
        ("response_type", "code"),
        ("nonce", "nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("sandbox_user", &person),
    ];
    let picked = client.get(app.url("/sandbox/login")).query(&asked).send().await.expect("an answer");
    assert_eq!(picked.status(), StatusCode::FOUND);
    let back = picked.headers()[header::LOCATION].to_str().expect("text");
    let back = Url::parse(back).expect("an address");
    let code = back.query_pairs().find_map(|(name, value)| (name == "code").then(|| value.into_owned()));
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "arbeidsflate"),
        ("code_verifier", VERIFIER),
        ("code", &code.expect("a code")),
        ("redirect_uri", CALLBACK),
    ];
    let token = client.post(app.url("/authentication/api/v1/token")).basic_auth("arbeidsflate", Some("anything"));
    access_token(token.form(&form)).await
}

/// The inbox's own token: from Maskinporten, exchanged at the platform.
async fn own_token(client: &reqwest::Client, app: &TestApp) -> String {
    let (key, now) = (app.sandbox.key(KeyName::Client), app.clock.now().timestamp());
    let claims = json!({
        "iss": "arbeidsflate", "aud": app.url("/"), "scope": "altinn:register/partylookup.admin", "iat": now,
        "exp": now + 100, "jti": uuid::Uuid::new_v4(),
    });
    let assertion = key.sign(&key.header(), claims.as_object().expect("an object"));
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
    let token = access_token(client.post(app.url("/token")).form(&form)).await;
    let exchange = client.get(app.url("/authentication/api/v1/exchange/maskinporten")).bearer_auth(token);
    exchange.send().await.expect("an answer").json().await.expect("a token")
}

async fn access_token(request: reqwest::RequestBuilder) -> String {
    let answer: Value = request.send().await.expect("an answer").json().await.expect("tokens");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("a token, not {answer}")).to_owned()
}
