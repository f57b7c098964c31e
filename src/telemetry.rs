//! What can be seen of the service at work: a span for each request, for each statement and for each call to the platform,
//! and a line when one of them ends.
//!
//! All of them are of level `debug` and of this module, so that `log.filter = "warn,dialogporten::telemetry=debug"` shows
//! them and nothing else, and without it they cost nothing. Names of attributes are those of OpenTelemetry's semantic
//! conventions. No attribute holds a person, a name, a token, a body, a value of a statement or the id of a dialog.

use std::time::Duration;

use axum::http::Method;
use sqlx::error::DatabaseError;
use tracing::{Span, field::Empty};

/// One request. `route` is its template, not its path.
pub fn request(method: &Method, route: &str) -> Span {
    tracing::debug_span!("request", http.request.method = %method, http.route = route, http.response.status_code = Empty)
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
    tracing::debug_span!("statement", db.query.summary = name, db.response.returned_rows = Empty)
}

/// The database has said everything, or why it did not.
pub fn statement_ended(span: &Span, rows: u64, took: Duration, error: Option<&sqlx::Error>) {
    if !span.is_disabled() {
        span.record("db.response.returned_rows", rows);
        let code = error.map(|error| error.as_database_error().and_then(DatabaseError::code).unwrap_or_default());
        tracing::debug!(parent: span, duration_us = micros(took), error = code.as_deref(), "statement answered");
    }
}

/// One question to the platform, with its repetitions, by its name.
pub fn call(name: &str) -> Span {
    tracing::debug_span!("call", rpc.method = name)
}

/// The platform has answered, or not.
pub fn call_ended(span: &Span, took: Duration, is_answered: bool) {
    if !span.is_disabled() {
        tracing::debug!(parent: span, duration_us = micros(took), is_answered, "call answered");
    }
}

/// For fields of log lines.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
