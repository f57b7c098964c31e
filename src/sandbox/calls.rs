//! What the platform was asked and what it answered, and the faults that were switched on.

use std::{collections::VecDeque, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Sandbox, lock, wire};
use crate::domain::Instant;

/// So many calls are kept.
// Enough for a long test run; a sandbox may be left on for days, and must not grow.
pub const KEPT: usize = 10_000;
/// So many bytes of bodies are kept; beyond, the oldest calls lose theirs.
const KEPT_BYTES: usize = 64 << 20;
/// The longest body that a platform call may have, and an answer.
const LONGEST_BODY: usize = 64 << 20;

/// The last calls, oldest first.
#[derive(Default)]
pub struct Calls {
    kept: VecDeque<Call>,
    newest: u64,
    bytes: usize,
    /// Calls up to this one have lost their bodies.
    // A mark instead of a search: bodies are shed from the oldest on, so everything up to it is bare.
    bare_until: u64,
}

struct Call {
    seq: u64,
    at: Instant,
    method: String,
    path: String,
    query: String,
    traceparent: Option<String>,
    request: Bytes,
    status: Option<u16>,
    response: Bytes,
}

/// A call as it is shown.
#[derive(Serialize)]
pub struct Shown<'a> {
    seq: u64,
    at: Instant,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    /// The trace that it was a step of, if it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    request: Value,
    /// None while it lasts, and if the connection was dropped.
    status: Option<u16>,
    response: Value,
}

impl Calls {
    fn begin(&mut self, mut call: Call) -> u64 {
        self.newest += 1;
        call.seq = self.newest;
        self.bytes += call.request.len();
        self.kept.push_back(call);
        if self.kept.len() > KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.request.len() + oldest.response.len();
        }
        self.shed();
        self.newest
    }

    fn end(&mut self, seq: u64, status: u16, response: Bytes) {
        let bare_until = self.bare_until;
        let Some(call) = self.position(seq).and_then(|at| self.kept.get_mut(at)) else { return };
        call.status = Some(status);
        // A call that is answered after its question was shed keeps no answer either.
        if seq > bare_until {
            self.bytes += response.len();
            call.response = response;
        }
        self.shed();
    }

    fn position(&self, seq: u64) -> Option<usize> {
        let first = self.kept.front()?.seq;
        usize::try_from(seq.checked_sub(first)?).ok()
    }

    fn shed(&mut self) {
        // Lines stay when bodies go: that something was called is what tests ask about.
        while self.bytes > KEPT_BYTES && self.bare_until < self.newest {
            self.bare_until += 1;
            if let Some(call) = self.position(self.bare_until).and_then(|at| self.kept.get_mut(at)) {
                self.bytes -= call.request.len() + call.response.len();
                call.request = Bytes::new();
                call.response = Bytes::new();
            }
        }
    }

    /// Forgets what was called; numbers go on.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
        // Calls under way end after this, and find that they are gone.
        self.bare_until = self.newest;
    }

    /// The first `limit` calls after number `after` whose path begins so.
    pub fn after(&self, after: u64, path: &str, limit: usize) -> Vec<Shown<'_>> {
        let fits = |call: &&Call| call.seq > after && call.path.starts_with(path);
        self.kept.iter().filter(fits).take(limit).map(Call::shown).collect()
    }
}

impl Call {
    fn shown(&self) -> Shown<'_> {
        let readable = |body: &Bytes| match serde_json::from_slice(body) {
            Ok(json) => json,
            Err(_) if body.is_empty() => Value::Null,
            Err(_) => String::from_utf8_lossy(body).into(),
        };
        Shown {
            seq: self.seq,
            at: self.at,
            method: &self.method,
            path: &self.path,
            query: &self.query,
            traceparent: self.traceparent.as_deref(),
            request: readable(&self.request),
            status: self.status,
            response: readable(&self.response),
        }
    }
}

/// What goes wrong with calls whose path begins so. Without `status`, `body` and `drop` the call is only late.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// A text is sent as it is, anything else as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    drop: bool,
    /// How often it still happens; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    /// How often out of 1 it happens; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
}

impl Fault {
    /// What keeps it from being a fault that can happen.
    pub fn wrong(&self) -> Option<&'static str> {
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            Some("status: not between 200 and 599")
        } else if self.probability.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
            Some("probability: not between 0 and 1")
        } else {
            None
        }
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let method_fits = self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        self.times != Some(0) && method_fits && path.starts_with(&self.path)
    }

    /// Whether it happens this time, and counts it.
    fn happens(&mut self) -> bool {
        let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
        let dice = f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0);
        let happens = self.probability.is_none_or(|chance| dice < chance);
        if happens && let Some(times) = &mut self.times {
            *times -= 1;
        }
        happens
    }

    fn answer(&self) -> Option<Response> {
        if self.status.is_none() && self.body.is_none() {
            return None;
        }
        let status = self.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
        Some(match &self.body {
            None => status.into_response(),
            Some(Value::String(text)) => wire::text(status, text.clone()),
            Some(body) => wire::json(status, body),
        })
    }
}

/// Keeps every platform call, and lets the first fault that fits it happen.
pub async fn record(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let seq = lock(&sandbox.0.calls).begin(Call {
        seq: 0,
        at: sandbox.clock().now(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        traceparent: parts.headers.get("traceparent").and_then(|place| Some(place.to_str().ok()?.to_owned())),
        request: body.clone(),
        status: None,
        response: Bytes::new(),
    });

    let fault = {
        let mut faults = lock(&sandbox.0.faults);
        let first = faults.iter_mut().find(|fault| fault.fits(parts.method.as_str(), parts.uri.path()));
        // The first that fits decides, also if chance spares it: a second one behind it is not tried.
        first.and_then(|fault| fault.happens().then(|| fault.clone()))
    };
    // With no lock held: other calls go on while this one is late.
    if let Some(delay) = fault.as_ref().and_then(|fault| fault.delay_ms) {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if fault.as_ref().is_some_and(|fault| fault.drop) {
        return dropped();
    }
    let response = match fault.and_then(|fault| fault.answer()) {
        Some(answer) => answer,
        None => next.run(Request::from_parts(parts, Body::from(body))).await,
    };

    let (head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    lock(&sandbox.0.calls).end(seq, head.status.as_u16(), body.clone());
    Response::from_parts(head, Body::from(body))
}

/// An answer whose body fails before its first byte: the server closes the connection without having sent anything.
fn dropped() -> Response {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "dropped as the sandbox was told");
    Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(broken)])).into_response()
}
