//! Query strings in, JSON and text out.

use axum::{
    body::Body,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header, request::Parts};
use serde::Serialize;

/// The parameters of a request. Names match in any letter case, and an empty value counts as none.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// The same as a query string, with one more.
    pub fn with(&self, name: &str, value: &str) -> String {
        let pairs = self.0.iter().filter(|(given, _)| !given.eq_ignore_ascii_case(name));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).append_pair(name, value).finish()
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A number; `Err` names the parameter that is none.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        self.get(name).map(|text| text.parse().map_err(|_| format!("{name}: not a number in range"))).transpose()
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("our own answers can be written as JSON");
    typed(status, "application/json; charset=utf-8", body)
}

pub fn ok(value: &impl Serialize) -> Response {
    json(StatusCode::OK, value)
}

pub fn text(status: StatusCode, text: impl Into<Body>) -> Response {
    typed(status, "text/plain; charset=utf-8", text)
}

pub fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}
