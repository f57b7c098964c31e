//! The wire form of a refusal: status, headers and problem document (chapter 05 §A10). Which refusals there are is
//! [`Refusal`]'s to say.
//!
//! What the contract fixes (status, keys, texts, and which answers are empty) stands first in the document; the members that
//! are ours alone come behind it and can be passed over: `code` and `hint` of the first fault, `details` with those of all,
//! `existingId`, `currentRevision` (chapter 11 §1).

mod document;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use self::document::{Problem, rfc};
use super::context::{self, RequestContext};
use crate::domain::{
    Instant,
    refusal::{Denied, Refusal},
    rules::code::Code,
    violations::Violations,
};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(found) => Self::bad_request(found),
            Refusal::Unauthorized(fault) => Self::unauthorized(fault),
            // Empty as in the contract; the reason goes into the challenge.
            Refusal::PolicyDenied(denied) => Self::forbidden(Violations::one("Authorization", denied.fault)).empty(),
            Refusal::UserType { allowed, actual, .. } => {
                let fault =
                    Code::UserTypeNotAllowed.says(user_type_text(allowed)).hint(user_type_hint(allowed, actual));
                let found = Violations::one("Type", fault.allowed(allowed.iter().copied()));
                // The contract labels this one as plain JSON.
                Self::forbidden(found).labelled_json()
            }
            Refusal::Forbidden(reasons) => {
                let mut found = Violations::new();
                for reason in reasons {
                    found.add("Forbidden", reason);
                }
                Self::forbidden(found)
            }
            Refusal::NotFound { entity, keys } => Self::missing(entity, &keys),
            Refusal::NotVisible { visible_from } => {
                let text = format!("Dialog is not visible until {}", sortable(visible_from));
                let fault = Code::DialogNotYetVisible.says(text).hint("Read it from that time (UTC) on.");
                Self::not_found("DialogEntity", fault)
            }
            Refusal::Expired { expires_at } => {
                let text = format!("Dialog expired at {}", sortable(expires_at));
                let fault = Code::DialogExpired.says(text).hint("Its service owner can move `expiresAt`.");
                Self::not_found("DialogEntity", fault)
            }
            Refusal::NotAcceptable => Self::not_acceptable(),
            Refusal::Conflict { key, fault, existing } => Self::conflict(key, fault, existing),
            Refusal::Gone { entity, key } => Self::gone(entity, &key),
            Refusal::PreconditionFailed { current } => Self::precondition_failed(current),
            Refusal::TooLarge => Self::too_large(),
            Refusal::UnsupportedMediaType { accepted } => Self::unsupported_media_type(accepted),
            Refusal::Unprocessable(found) => Self::unprocessable(found),
            Refusal::TooSlow => Self::too_slow(),
            Refusal::Unavailable { code, retry_after } => Self::unavailable(code, retry_after),
            Refusal::BadGateway(_) => Self::bad_gateway(),
            Refusal::Fault(_) => Self::fault(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        log(&self);
        // Before the refusal becomes a document, which takes it.
        let (challenge, expires) = (challenge(&self), expires(&self));
        let mut response = Problem::from(self).into_response();
        for (name, value) in [(header::WWW_AUTHENTICATE, challenge), (header::EXPIRES, expires)] {
            // Made of ASCII; if one is no header value after all, the answer does without.
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// The texts of a refusal, for answers that are no problem documents. It is logged and written down as every refusal is.
pub fn texts(refusal: Refusal) -> Vec<String> {
    log(&refusal);
    let problem = Problem::from(refusal);
    context::note(|noted| problem.note(noted));
    problem.found.faults().map(|(_, fault)| fault.text.clone()).collect()
}

/// Failures are logged where their answers are made; refusals are written down for the request's own line.
fn log(refusal: &Refusal) {
    let trace = context::current().map(|request| request.trace.to_string()).unwrap_or_default();
    match refusal {
        Refusal::Fault(error) => tracing::error!(trace_id = trace, error = format!("{error:#}"), "request failed"),
        Refusal::BadGateway(error) => {
            tracing::error!(trace_id = trace, error = format!("{error:#}"), "the platform failed");
        }
        Refusal::PolicyDenied(Denied { policy, .. }) | Refusal::UserType { policy, .. } => {
            context::note(|noted| noted.policy = Some(*policy));
        }
        _ => {}
    }
}

/// `WWW-Authenticate`, as RFC 6750 has it. Nothing in it is of a person.
fn challenge(refusal: &Refusal) -> Option<String> {
    Some(match refusal {
        Refusal::Unauthorized(None) => "Bearer".to_owned(),
        Refusal::Unauthorized(Some(fault)) => {
            format!("Bearer error=\"invalid_token\", error_description=\"{}\"", quotable(&fault.text))
        }
        Refusal::PolicyDenied(Denied { scope, fault, .. }) => format!(
            "Bearer error=\"insufficient_scope\", scope=\"{scope}\", error_description=\"{}\"",
            quotable(&fault.text)
        ),
        Refusal::UserType { allowed, actual, .. } => format!(
            "Bearer error=\"insufficient_scope\", error_description=\"{}\"",
            quotable(&user_type_hint(allowed, actual))
        ),
        _ => return None,
    })
}

/// What may stand between the quotes of `error_description`.
fn quotable(text: &str) -> String {
    // RFC 6750 §3: neither quotes nor backslashes, and ASCII only.
    text.chars().filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\\')).collect()
}

/// The header `Expires`: a dialog that is not visible yet says when it will be.
pub fn expires(refusal: &Refusal) -> Option<String> {
    let Refusal::NotVisible { visible_from } = refusal else { return None };
    Some(visible_from.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// A refusal as the answer to a request that does not get as far as the router. It names its trace as all answers do.
pub async fn before_routing(refusal: Refusal, request: RequestContext) -> Response {
    let (trace, ledger) = (request.trace.to_string(), request.ledger.clone());
    let mut response = context::within(request, async { refusal.into_response() }).await;
    if let Ok(trace) = HeaderValue::try_from(trace) {
        response.headers_mut().insert("traceparent", trace);
    }
    if let Some(reason) = ledger.take().reason {
        tracing::debug!(target: "dialogporten::refused", "{}: {reason}", response.status().as_u16());
    }
    response
}

/// The service is closed until `retry_at`, if that is known. The contract says so in two words of plain text (chapter 05 D7);
/// the document is for those who prefer one.
pub fn of_maintenance(retry_at: Option<Instant>) -> Response {
    let fault = Code::Maintenance.says("the service is closed for maintenance").hint(match retry_at {
        Some(_) => "Send it again at the time that `Retry-After` says.",
        None => "Send it again later.",
    });
    let found = Violations::one("", fault);
    let kind = rfc!("rfc7231#section-6.6.4");
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, kind, "Service unavailable.", found)
        .detailed("The service is closed for maintenance.")
        .empty();
    let mut response = problem.into_response();
    if !response.headers().contains_key(header::CONTENT_TYPE) {
        let plain = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))];
        response = (StatusCode::SERVICE_UNAVAILABLE, plain, "Service Unavailable").into_response();
    }
    let date = retry_at.map(|at| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if let Some(date) = date.and_then(|date| HeaderValue::try_from(date).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, date);
    }
    response
}

/// Gives an outcome of routing, which is empty, its reason: 404 for a path that nobody knows, 405 for a verb.
pub fn of_routing(response: Response) -> Response {
    let status = response.status();
    let (kind, title, fault) = match status {
        StatusCode::NOT_FOUND => (
            rfc!("rfc7231#section-6.5.4"),
            "Resource not found.",
            Code::RouteUnknown.says("there is nothing at this path").hint(
                "Paths begin with /api/v1/enduser, /api/v1/serviceowner or /api/v1/metadata; all are listed at /swagger.",
            ),
        ),
        StatusCode::METHOD_NOT_ALLOWED => {
            let allow = response.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
            let verbs: Vec<String> = allow.split(',').map(|verb| verb.trim().to_owned()).collect();
            let fault = Code::MethodNotAllowed.says("the path does not know the verb");
            let fault = fault.hint(format!("It knows {}.", verbs.join(", "))).allowed(verbs);
            (rfc!("rfc7231#section-6.5.5"), "Method not allowed.", fault)
        }
        _ => return response,
    };
    let mut problem = Problem::new(status, kind, title, Violations::one("", fault)).empty().into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}

fn user_type_text(allowed: &[&str]) -> String {
    format!(
        "The request was authenticated, but we were unable to determine valid user type in order to authorize the \
         request. Valid user types for this endpoint are: {}",
        allowed.join(", ")
    )
}

fn user_type_hint(allowed: &[&str], actual: &str) -> String {
    let token = match actual {
        "Unknown" => "the token names no known kind of user".to_owned(),
        known => format!("the token is of kind {known}"),
    };
    format!("{token}; this is for {}", allowed.join(", "))
}

/// As texts write instants: seconds, without offset.
fn sortable(instant: Instant) -> impl std::fmt::Display {
    instant.format("%Y-%m-%dT%H:%M:%S")
}

#[cfg(test)]
mod tests;
