//! The wire form of a refusal: status, headers and problem document (chapter 05 §A10). Which refusals there are is
//! [`Refusal`]'s to say.
//!
//! What the contract fixes (status, keys, texts, and which answers are empty) stands first in the document; the members that
//! are ours alone come behind it and can be passed over: `code` and `hint` of the first fault, `details` with those of all,
//! `existingId`, `currentRevision` (chapter 11 §1).

use std::{borrow::Cow, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    answer,
    context::{self, RequestContext},
    ledger::{Noted, loggable},
};
use crate::domain::{
    Instant,
    ids::Revision,
    limits::BODY_BYTES,
    refusal::{Denied, Refusal},
    rules::code::Code,
    violations::{Fault, Violations},
};

/// What a status says besides its number.
struct Problem {
    status: StatusCode,
    content_type: &'static str,
    kind: &'static str,
    title: Cow<'static, str>,
    detail: Option<&'static str>,
    /// What is wrong, by key.
    found: Violations,
    /// Whether the contract lists it.
    listed: bool,
    /// Whether the contract has a body at all.
    empty: bool,
    existing_id: Option<Uuid>,
    current_revision: Option<Revision>,
    retry_after: Option<Duration>,
}

const PROBLEM: &str = "application/problem+json; charset=utf-8";

/// The document on the wire, in the contract's order of members; then those that are ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a Violations>,
    trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_revision: Option<Revision>,
}

/// One fault of a list.
#[derive(Serialize)]
struct Detail<'a> {
    path: &'a str,
    code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    allowed: &'a [Cow<'static, str>],
}

macro_rules! rfc {
    ($section:literal) => {
        concat!("https://datatracker.ietf.org/doc/html/", $section)
    };
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: impl Into<Cow<'static, str>>, found: Violations) -> Self {
        Self {
            status,
            content_type: PROBLEM,
            kind,
            title: title.into(),
            detail: None,
            found,
            listed: true,
            empty: false,
            existing_id: None,
            current_revision: None,
            retry_after: None,
        }
    }

    /// Some answers are labelled as plain JSON, and clients know them so.
    fn labelled_json(self) -> Self {
        Self { content_type: answer::JSON, ..self }
    }

    fn detailed(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// The contract has no `errors` here.
    fn unlisted(self) -> Self {
        Self { listed: false, ..self }
    }

    /// The contract has no body here.
    fn empty(self) -> Self {
        Self { listed: false, empty: true, ..self }
    }

    fn bad_request(found: Violations) -> Self {
        const TITLE: &str = "One or more validation errors occurred.";
        Self::new(StatusCode::BAD_REQUEST, rfc!("rfc7231#section-6.5.1"), TITLE, found)
    }

    fn unauthorized(fault: Option<Fault>) -> Self {
        let fault = fault.unwrap_or_else(|| {
            Code::TokenMissing
                .says("there is no bearer token")
                .hint("Send a token of Maskinporten, ID-porten or Altinn: `Authorization: Bearer eyJ…`.")
        });
        let found = Violations::one("Authorization", fault);
        Self::new(StatusCode::UNAUTHORIZED, rfc!("rfc7235#section-3.1"), "Unauthorized.", found).empty()
    }

    fn forbidden(found: Violations) -> Self {
        Self::new(StatusCode::FORBIDDEN, rfc!("rfc7231#section-6.5.3"), "Forbidden.", found)
    }

    fn not_found(entity: &str, fault: Fault) -> Self {
        const TITLE: &str = "Resource not found.";
        Self::new(StatusCode::NOT_FOUND, rfc!("rfc7231#section-6.5.4"), TITLE, Violations::one(entity, fault))
    }

    fn missing(entity: &str, keys: &[String]) -> Self {
        let text = format!("Entity '{entity}' with the following key(s) was not found: ({}).", keys.join(", "));
        let code = Refusal::code_of_missing(entity);
        let hint = match code {
            Code::DialogNotFound => {
                "It does not exist (any more) in this environment, or the caller has no access to it."
            }
            Code::LabelNotFound => "The labels there are: GET …/context/labels.",
            _ => "Read the dialog: it lists what it holds, with ids.",
        };
        Self::not_found(entity, code.says(text).hint(hint))
    }

    fn not_acceptable() -> Self {
        const TITLE: &str = "Requested content type is not acceptable.";
        let fault = Code::NotAcceptable
            .says("The request must accept application/json responses.")
            .hint("Send `Accept: application/json`, or no `Accept` at all.");
        Self::new(StatusCode::NOT_ACCEPTABLE, rfc!("rfc7231#section-6.5.6"), TITLE, Violations::one("Accept", fault))
            .labelled_json()
            .detailed("The Accept header must allow JSON responses.")
    }

    fn conflict(key: &str, fault: Fault) -> Self {
        Self::new(StatusCode::CONFLICT, rfc!("rfc7231#section-6.5.8"), "Conflict.", Violations::one(key, fault))
    }

    fn gone(entity: &str, key: &str) -> Self {
        let text = format!("Entity '{entity}' with the following key(s) is removed: ({key}).");
        let fault = match entity {
            "ChangeCursor" => Code::CursorExpired.says(text).hint("Read the lists anew, and go on from `after=now`."),
            _ => Code::DialogDeleted.says(text).hint("Its service owner can restore it: POST …/actions/restore."),
        };
        Self::new(
            StatusCode::GONE,
            rfc!("rfc7231#section-6.5.9"),
            "Resource no longer available.",
            Violations::one(entity, fault),
        )
    }

    fn precondition_failed(current: Option<Revision>) -> Self {
        let fault = Code::RevisionStale.says("the revision has moved on").hint(match current {
            Some(_) => "Read again, redo the change, and send `currentRevision` (the `Etag` of reads) as `If-Match`.",
            None => {
                "It changed at the same moment: read again, redo the change, and send the new `Etag` as `If-Match`."
            }
        });
        let found = Violations::one("If-Match", fault);
        let problem =
            Self::new(StatusCode::PRECONDITION_FAILED, rfc!("rfc7232#section-4.2"), "Precondition failed.", found)
                .unlisted();
        Self { current_revision: current, ..problem }
    }

    fn too_large() -> Self {
        let title = format!("Payload too large. The maximum allowed size is {BODY_BYTES} bytes.");
        let fault = Code::BodyTooLarge.says("the body is too large").hint("Send the rest in further requests.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, rfc!("rfc7231#section-6.5.11"), title, Violations::one("", fault))
            .labelled_json()
            .unlisted()
    }

    fn unsupported_media_type(accepted: Vec<String>) -> Self {
        let hint = format!("Send `Content-Type: {}`.", accepted.join("` or `"));
        let fault = Code::MediaTypeUnsupported.says("the media type is not read here").hint(hint).allowed(accepted);
        let found = Violations::one("Content-Type", fault);
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, rfc!("rfc7231#section-6.5.13"), "Unsupported media type.", found)
            .empty()
    }

    fn unprocessable(found: Violations) -> Self {
        const TITLE: &str = "Unprocessable request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, rfc!("rfc4918#section-11.2"), TITLE, found)
    }

    fn too_slow() -> Self {
        let fault = Code::RequestTimeout.says("the request did not come in time").hint("Send it again, in one go.");
        let found = Violations::one("", fault);
        Self::new(StatusCode::REQUEST_TIMEOUT, rfc!("rfc7231#section-6.5.7"), "Request timeout.", found)
            .detailed("The request did not come in time.")
            .unlisted()
    }

    fn unavailable(code: Code, retry_after: Duration) -> Self {
        let fault = code.says("not now").hint("Send it again after as many seconds as `Retry-After` says.");
        let found = Violations::one("", fault);
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, rfc!("rfc7231#section-6.6.4"), "Service unavailable.", found)
                .detailed("The service cannot answer this now. Please try again later.")
                .unlisted();
        Self { retry_after: Some(retry_after), ..problem }
    }

    fn bad_gateway() -> Self {
        const DETAIL: &str = "An upstream server is down or returned an invalid response. Please try again later.";
        let fault = Code::PlatformFailed.says("the platform failed").hint("Nothing was changed: send it again later.");
        let found = Violations::one("", fault);
        Self::new(StatusCode::BAD_GATEWAY, rfc!("rfc7231#section-6.6.3"), "Bad gateway.", found)
            .labelled_json()
            .detailed(DETAIL)
            .unlisted()
    }

    fn fault() -> Self {
        const TITLE: &str = "An error occurred while processing the request.";
        let fault = Code::InternalError.says("something failed").hint("Report it with the `traceId`.");
        let found = Violations::one("", fault);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, rfc!("rfc7231#section-6.6.1"), TITLE, found)
            .labelled_json()
            .detailed("Something went wrong during the request.")
            .unlisted()
    }

    fn document(&self, request: Option<&RequestContext>) -> Vec<u8> {
        let first = self.found.faults().next().map(|(_, fault)| fault);
        let details = self.found.faults().map(|(path, fault)| Detail {
            path,
            code: fault.code,
            hint: fault.hint.as_deref(),
            allowed: &fault.allowed,
        });
        let document = Document {
            r#type: self.kind,
            title: &self.title,
            status: self.status.as_u16(),
            detail: self.detail,
            instance: request.map(|request| request.instance.as_str()),
            errors: self.listed.then_some(&self.found),
            trace_id: request.map(|request| request.trace.to_string()).unwrap_or_default(),
            code: first.map(|fault| fault.code),
            hint: first.and_then(|fault| fault.hint.as_deref()),
            allowed: first
                .filter(|_| !self.listed)
                .map(|fault| fault.allowed.iter().map(AsRef::as_ref).collect())
                .unwrap_or_default(),
            details: if self.listed { details.collect() } else { Vec::new() },
            existing_id: self.existing_id,
            current_revision: self.current_revision,
        };
        serde_json::to_vec(&document).expect("a problem holds nothing but texts")
    }

    /// Writes the reason down for the log: rules and places, never what the client sent.
    fn note(&self, noted: &mut Noted) {
        const SHOWN: usize = 5;
        let mut faults = self.found.faults();
        let Some((place, first)) = faults.next() else { return };
        let at = |place: &str, fault: &Fault| match fault.code {
            // What it is called there is what the client wrote.
            Code::UnknownMember | Code::UnknownParameter => String::new(),
            _ if place.is_empty() => String::new(),
            _ => format!(" at {}", loggable(place)),
        };
        let mended = if self.empty { Some(first.text.as_str()) } else { first.hint.as_deref() };
        let mended = mended.map(|mended| format!(": {mended}")).unwrap_or_default();
        let rest: Vec<_> = faults.map(|(place, fault)| format!("; {}{}", fault.code, at(place, fault))).collect();
        let more = rest.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let rest = rest[..rest.len().min(SHOWN)].concat();
        noted.reason = Some(format!("{}{}{mended}{rest}{more}", first.code, at(place, first)));
        noted.code = Some(first.code.as_str());
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let request = context::current();
        context::note(|noted| self.note(noted));
        let asked_for = request.as_ref().is_some_and(|request| request.prefers.representation);
        if self.empty && !asked_for {
            return self.status.into_response();
        }
        let body = self.document(request.as_ref());
        let content_type = HeaderValue::from_static(self.content_type);
        let mut response = (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        let headers = response.headers_mut();
        if self.empty {
            headers.append("preference-applied", HeaderValue::from_static("return=representation"));
        }
        if self.status.is_server_error() {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache,no-store"));
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
            headers.insert(header::EXPIRES, HeaderValue::from_static("-1"));
        }
        if let Some(retry_after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(found) => Self::bad_request(found),
            Refusal::Unauthorized(fault) => Self::unauthorized(fault),
            Refusal::PolicyDenied(denied) => Self::forbidden(Violations::one("Authorization", denied.fault)).empty(),
            Refusal::UserType { allowed, actual, .. } => {
                let fault =
                    Code::UserTypeNotAllowed.says(user_type_text(allowed)).hint(user_type_hint(allowed, actual));
                let found = Violations::one("Type", fault.allowed(allowed.iter().copied()));
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
            Refusal::Conflict { key, fault, existing } => Self { existing_id: existing, ..Self::conflict(key, fault) },
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
