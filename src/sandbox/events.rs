//! The platform's event endpoint: checks and keeps what it is sent (chapter 03 §8.6).

use std::collections::VecDeque;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Sandbox, exchange, lock, wire};
use crate::domain::Instant;

/// So many are kept; older ones go.
const KEPT: usize = 100_000;

/// Events in order of arrival.
#[derive(Default)]
pub struct Events {
    received: VecDeque<Received>,
    newest: u64,
}

#[derive(Clone, Serialize)]
pub struct Received {
    pub seq: u64,
    pub at: Instant,
    pub event: Value,
}

impl Events {
    fn receive(&mut self, event: Value, at: Instant) {
        self.newest += 1;
        self.received.push_back(Received { seq: self.newest, at, event });
        if self.received.len() > KEPT {
            self.received.pop_front();
        }
    }

    /// Those after number `after`, of one dialog if that is given.
    pub fn after(&self, after: u64, dialog: Option<&str>) -> Vec<&Received> {
        let about = |event: &Value| {
            let instance = event["resourceinstance"].as_str();
            dialog.is_none_or(|dialog| instance.is_some_and(|instance| instance.eq_ignore_ascii_case(dialog)))
        };
        self.received.iter().filter(|received| received.seq > after && about(&received.event)).collect()
    }

    /// Forgets what came; numbers go on, so that nobody who waits for the next one misses it.
    pub fn clear(&mut self) {
        self.received.clear();
    }
}

pub fn routes() -> Router<Sandbox> {
    Router::new().route("/events/api/v1/events", post(publish))
}

async fn publish(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let scopes = ["altinn:events.publish", "altinn:events.publish.admin"];
    if let Err(refused) = exchange::require(&sandbox, &headers, &scopes) {
        return refused.into_response();
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // As the real one: a plain `application/json` is not taken (chapter 03 §8.6).
    if content_type.split(';').next().map(str::trim) != Some("application/cloudevents+json") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let Ok(event) = serde_json::from_slice::<Value>(&body) else {
        return wire::json(StatusCode::BAD_REQUEST, &json!({"errors": ["the body is not JSON"]}));
    };
    let wrong = wrong_with(&event);
    if !wrong.is_empty() {
        return wire::json(StatusCode::BAD_REQUEST, &json!({"errors": wrong}));
    }
    lock(&sandbox.0.events).receive(event, sandbox.clock().now());
    StatusCode::OK.into_response()
}

/// What keeps an object from being a CloudEvent that the platform takes.
fn wrong_with(event: &Value) -> Vec<&'static str> {
    let text = |name: &str| event[name].as_str().filter(|text| !text.trim().is_empty());
    let is_time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).is_ok();
    let is_uri = |text: &str| iri_string::types::UriStr::new(text).is_ok();
    let checks = [
        (text("specversion") == Some("1.0"), "specversion is not 1.0"),
        (text("id").is_some(), "id is missing"),
        (text("type").is_some(), "type is missing"),
        (text("source").is_some_and(is_uri), "source is not an absolute URI"),
        (text("resource").is_some_and(|it| it.starts_with("urn:altinn:resource:")), "resource is not a resource's URN"),
        (event["time"].is_null() || text("time").is_some_and(is_time), "time is not a timestamp"),
        (event["subject"].is_null() || text("subject").is_some(), "subject is not a text"),
        (event["resourceinstance"].is_null() || text("resourceinstance").is_some(), "resourceinstance is not a text"),
    ];
    let attributes_are_lower = event.as_object().is_some_and(|event| {
        event
            .keys()
            .all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) || name == "data_base64")
    });
    let lower = (attributes_are_lower, "a member's name is not in lower case letters and digits");
    checks.into_iter().chain([lower]).filter(|(holds, _)| !holds).map(|(_, text)| text).collect()
}
