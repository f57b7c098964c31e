//! Somebody who calls the service.

use std::time::Duration;

use dialogporten::{
    domain::{ids::DialogId, rules::code::Code},
    sandbox::{
        keys::KeyName,
        mint::{Claims, TokenKind},
    },
};
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use super::TestApp;

/// Who is calling.
#[derive(Clone, Debug)]
pub enum Caller {
    ServiceOwner { code: String, organization: String },
    Person { number: String, level: u8 },
    SystemUser { id: String, organization: String },
    Email { address: String },
    Claims(Value),
    Token(String),
    Anonymous,
}

/// A caller with a token and headers. The token is made for each request, by the test's clock.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a TestApp,
    caller: Caller,
    scopes: Vec<String>,
    headers: HeaderMap,
}

impl<'a> Client<'a> {
    pub(super) fn new(app: &'a TestApp, caller: Caller, scopes: &str) -> Self {
        let scopes = scopes.split_whitespace().map(str::to_owned).collect();
        Self { app, caller, scopes, headers: HeaderMap::new() }
    }

    /// Exactly these scopes.
    pub fn with_scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self
    }

    /// These scopes besides.
    pub fn and_scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes.extend(scopes.iter().map(|scope| (*scope).to_owned()));
        self
    }

    /// A person who logged in at this level, 1 to 4.
    pub fn level(mut self, to: u8) -> Self {
        match &mut self.caller {
            Caller::Person { level, .. } => *level = to,
            other => panic!("only persons have a level of their own, not {other:?}"),
        }
        self
    }

    /// A header on every request.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header's name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a header's value"));
        self
    }

    /// The revision that the dialog must have.
    pub fn if_match(self, revision: &str) -> Self {
        self.header("if-match", revision)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.send(Method::POST, path, body.into()).await
    }

    pub async fn put(&self, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.send(Method::PUT, path, body.into()).await
    }

    pub async fn patch(&self, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.send(Method::PATCH, path, body.into()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// `path` is relative to `/api/v1`; one that begins with a slash is relative to the origin.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| (body.to_string(), "application/json"));
        self.send_text(method, path, body.as_ref().map(|(text, kind)| (text.as_str(), *kind))).await
    }

    /// A body as it is, with its content type.
    pub async fn send_text(&self, method: Method, path: &str, body: Option<(&str, &str)>) -> Answer {
        self.answer_to(method, path, body.map(|(text, kind)| (text.to_owned().into_bytes(), kind))).await
    }

    /// A body that need not be text.
    pub async fn send_bytes(&self, method: Method, path: &str, body: Vec<u8>, kind: &str) -> Answer {
        self.answer_to(method, path, Some((body, kind))).await
    }

    async fn answer_to(&self, method: Method, path: &str, body: Option<(Vec<u8>, &str)>) -> Answer {
        let url = if path.starts_with('/') { self.app.url(path) } else { self.app.url(&format!("/api/v1/{path}")) };
        let mut request = self.app.http.request(method, url).headers(self.headers.clone());
        if let Some(token) = self.token() {
            request = request.bearer_auth(token);
        }
        if let Some((bytes, kind)) = body {
            // A test that sets its own means it.
            if !self.headers.contains_key("content-type") {
                request = request.header("content-type", kind);
            }
            request = request.body(bytes);
        }
        let answer = request.send().await.expect("the service answers");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.expect("the service sends what it announced");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        // Every refusal of every test is looked at, so that none slips by because nobody thought of it.
        if status.is_client_error() {
            speaks_of_the_wire(&text);
        }
        let answer = Answer { status, headers, body, text };
        answer.explains_itself();
        answer
    }

    /// Creates a dialog that must be accepted.
    pub async fn creates(&self, body: impl Into<Value>) -> DialogId {
        let answer = self.post("serviceowner/dialogs", body.into()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let id = answer.body.as_str().unwrap_or_else(|| panic!("an id, not {}", answer.text));
        DialogId(id.parse().unwrap_or_else(|_| panic!("an id, not {id}")))
    }

    /// The dialog as this service owner sees it.
    pub async fn reads(&self, dialog: DialogId) -> Value {
        let answer = self.get(&format!("serviceowner/dialogs/{dialog}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.body
    }

    /// The dialog as this end user sees it; opening it counts as seen.
    pub async fn opens(&self, dialog: DialogId) -> Value {
        let answer = self.get(&format!("enduser/dialogs/{dialog}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.body
    }

    /// The token of the next request.
    pub fn token(&self) -> Option<String> {
        let (sandbox, scopes) = (&self.app.sandbox, self.scopes.join(" "));
        Some(match &self.caller {
            Caller::ServiceOwner { code, organization } => sandbox.enterprise(code, organization, &scopes),
            Caller::Person { number, level } => sandbox.person(number, *level, &scopes),
            Caller::SystemUser { id, organization } => sandbox.system_user(id, organization, &scopes),
            Caller::Email { address } => sandbox.email(address, &scopes),
            Caller::Claims(claims) => self.signed(claims),
            Caller::Token(token) => token.clone(),
            Caller::Anonymous => return None,
        })
    }

    fn signed(&self, claims: &Value) -> String {
        let (sandbox, now) = (&self.app.sandbox, self.app.clock.now().timestamp());
        let mut claims: Claims = claims.as_object().expect("claims are an object").clone();
        claims.entry("iss").or_insert_with(|| sandbox.issuer(KeyName::Altinn).into());
        claims.entry("exp").or_insert_with(|| (now + 1800).into());
        sandbox.raw(&claims, &sandbox.altinn_header(), KeyName::Altinn)
    }
}

/// M-11: no refusal of any test speaks of our types or of the libraries' ideas of them.
#[track_caller]
fn speaks_of_the_wire(text: &str) {
    const INSIDE: [&str; 13] =
        ["struct", "enum", "unit value", "sequence", "map", "tuple", "i16", "i32", "i64", "u8", "u64", "f64", "usize"];
    // A code of ours, which is no word of a sentence.
    let text = &text.replace("enum-undefined", "");
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for word in INSIDE {
        for (at, _) in text.match_indices(word) {
            let apart = !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word);
            assert!(!apart, "a refusal speaks of `{word}`: {text:.2000}");
        }
    }
    for (at, _) in text.match_indices("::") {
        // Values that callers sent are quoted in texts, and may hold anything.
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        let path = text[..at].chars().rev().take_while(|&c| is_name(c)).count() > 1
            && text[at + 2..].starts_with(|c: char| c.is_ascii_alphabetic());
        assert!(!path, "a refusal names a path of ours: {text:.2000}");
    }
}

/// What the service said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `Null` if the body is no JSON.
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// A header's text; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// M-28: every problem document has a code of the registry, and one for each of its texts.
    fn explains_itself(&self) {
        let Some(title) = self.body.get("title").filter(|_| self.body.get("traceId").is_some()) else { return };
        let code = self.body["code"].as_str().unwrap_or_default();
        assert!(Code::ALL.iter().any(|known| known.as_str() == code), "{title} without a code: {}", self.text);
        let texts = self.body["errors"].as_object().into_iter().flatten();
        let mut expected: Vec<&String> =
            texts.flat_map(|(path, texts)| texts.as_array().into_iter().flatten().map(move |_| path)).collect();
        let details = self.body["details"].as_array().into_iter().flatten();
        let mut told: Vec<_> = details.map(|detail| detail["path"].as_str().unwrap_or_default()).collect();
        expected.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, expected, "{}", self.text);
    }

    pub fn etag(&self) -> &str {
        self.header("etag")
    }

    /// The texts of a refusal under one key of `errors`.
    pub fn errors(&self, key: &str) -> Vec<&str> {
        self.body["errors"][key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Fails the test with the whole answer unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

pub fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(Duration::from_mins(1))
        // Redirects are answers that tests look at.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Plain HTTP on loopback: the suite passes on a machine without certificates.
        .tls_certs_only([])
        .build()
        .expect("a client without special wishes")
}
