//! What can be seen of the service at work: a span for each request, for each statement, for each call to the platform and for
//! each step of work that nobody waits for, and a line when one of them ends.
//!
//! All of them are of level `debug` and of this module, so that `log.filter = "warn,dialogporten::telemetry=debug"` shows
//! them and nothing else, and without it they cost nothing. They are also what a collector is sent (`otlp`), if there is one.
//! Names of attributes are those of OpenTelemetry's semantic conventions. No attribute holds a person, a name, a token, a
//! body, a value of a statement or the id of a dialog.

use std::time::Duration;

use axum::http::HeaderValue;
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use sqlx::error::DatabaseError;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// What the spans are called.
pub const REQUEST: &str = "request";
pub const STATEMENT: &str = "statement";
pub const CALL: &str = "call";
pub const STEP: &str = "step";

/// A place in a trace, in the hexadecimal digits of W3C Trace Context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// 32 digits.
    pub trace: String,
    /// 16 digits.
    pub span: String,
    pub is_sampled: bool,
}

/// One request. `verb` is one of a few, `route` its template, not its path; `caller` is whose step it is.
pub fn request(verb: &str, route: &str, caller: Option<&Place>) -> Span {
    let span = tracing::debug_span!(
        REQUEST,
        http.request.method = verb,
        http.route = route,
        http.response.status_code = Empty
    );
    if let Some(caller) = caller.and_then(remote)
        && !span.is_disabled()
    {
        // Fails where no collector is sent anything, and then nobody follows the caller.
        let _ = span.set_parent(Context::new().with_remote_span_context(caller));
    }
    span
}

/// A span of somebody else. What else callers say of their trace (`tracestate`) is not handed on: it may hold anything.
fn remote(place: &Place) -> Option<SpanContext> {
    let (trace, span) = (TraceId::from_hex(&place.trace).ok()?, SpanId::from_hex(&place.span).ok()?);
    let flags = if place.is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    Some(SpanContext::new(trace, span, flags, true, TraceState::default()))
}

/// Where in its trace a span is; `None` if no collector is sent anything.
pub fn place(span: &Span) -> Option<Place> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let span = context.span();
    let place = span.span_context();
    place.is_valid().then(|| Place {
        trace: place.trace_id().to_string(),
        span: place.span_id().to_string(),
        is_sampled: place.is_sampled(),
    })
}

/// The header that makes what is asked now a step of the current trace.
pub fn traceparent() -> Option<HeaderValue> {
    let Place { trace, span, is_sampled } = place(&Span::current())?;
    HeaderValue::try_from(format!("00-{trace}-{span}-{:02x}", u8::from(is_sampled))).ok()
}

/// The answer is on its way.
pub fn request_ended(span: &Span, status: u16, took: Duration) {
    if !span.is_disabled() {
        span.record("http.response.status_code", status);
        tracing::debug!(parent: span, duration_us = micros(took), "request answered");
    }
}

/// One statement, by its name.
pub fn statement(name: &str) -> Span {
    tracing::debug_span!(
        STATEMENT,
        db.query.summary = name,
        db.response.returned_rows = Empty,
        db.response.status_code = Empty,
        error.type = Empty
    )
}

/// The database has said everything, or why it did not.
pub fn statement_ended(span: &Span, rows: u64, took: Duration, error: Option<&sqlx::Error>) {
    if span.is_disabled() {
        return;
    }
    span.record("db.response.returned_rows", rows);
    let code = error.map(|error| error.as_database_error().and_then(DatabaseError::code).unwrap_or_default());
    if let Some(code) = code.as_deref() {
        span.record("db.response.status_code", code);
        // Constraints that do not hold and writes that meet are answers (chapter 05 D8).
        if !matches!(code, "23505" | "23503" | "40001") {
            span.record("error.type", if code.is_empty() { "database" } else { code });
        }
    }
    tracing::debug!(parent: span, duration_us = micros(took), error = code.as_deref(), "statement answered");
}

/// One question to the platform, with its repetitions, by its name.
pub fn call(name: &str) -> Span {
    tracing::debug_span!(CALL, rpc.method = name, error.type = Empty)
}

/// The platform has answered, or not.
pub fn call_ended(span: &Span, took: Duration, is_answered: bool) {
    if !span.is_disabled() {
        if !is_answered {
            span.record("error.type", "not answered");
        }
        tracing::debug!(parent: span, duration_us = micros(took), is_answered, "call answered");
    }
}

/// One step of work that goes on beside the requests, or for several of them, by its name.
pub fn step(name: &str) -> Span {
    tracing::debug_span!(STEP, step = name)
}

/// For fields of log lines.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
