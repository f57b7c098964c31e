//! What each status says, and the document that says it on the wire.

use std::{borrow::Cow, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

use super::super::{
    answer,
    context::{self, RequestContext},
    ledger::{Noted, loggable},
};
use crate::domain::{
    ids::Revision,
    limits::BODY_BYTES,
    refusal::Refusal,
    rules::code::Code,
    violations::{Fault, Violations},
};

/// What a status says besides its number.
pub(super) struct Problem {
    status: StatusCode,
    content_type: &'static str,
    kind: &'static str,
    title: Cow<'static, str>,
    detail: Option<&'static str>,
    /// What is wrong, by key.
    pub found: Violations,
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
pub(super) use rfc;

impl Problem {
    pub fn new(status: StatusCode, kind: &'static str, title: impl Into<Cow<'static, str>>, found: Violations) -> Self {
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
    pub fn labelled_json(self) -> Self {
        Self { content_type: answer::JSON, ..self }
    }

    pub fn detailed(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// The contract has no `errors` here.
    pub fn unlisted(self) -> Self {
        Self { listed: false, ..self }
    }

    /// The contract has no body here.
    pub fn empty(self) -> Self {
        Self { listed: false, empty: true, ..self }
    }

    pub fn bad_request(found: Violations) -> Self {
        const TITLE: &str = "One or more validation errors occurred.";
        Self::new(StatusCode::BAD_REQUEST, rfc!("rfc7231#section-6.5.1"), TITLE, found)
    }

    pub fn unauthorized(fault: Option<Fault>) -> Self {
        let fault = fault.unwrap_or_else(|| {
            Code::TokenMissing
                .says("there is no bearer token")
                .hint("Send a token of Maskinporten, ID-porten or Altinn: `Authorization: Bearer eyJ…`.")
        });
        let found = Violations::one("Authorization", fault);
        Self::new(StatusCode::UNAUTHORIZED, rfc!("rfc7235#section-3.1"), "Unauthorized.", found).empty()
    }

    pub fn forbidden(found: Violations) -> Self {
        Self::new(StatusCode::FORBIDDEN, rfc!("rfc7231#section-6.5.3"), "Forbidden.", found)
    }

    pub fn not_found(entity: &str, fault: Fault) -> Self {
        const TITLE: &str = "Resource not found.";
        Self::new(StatusCode::NOT_FOUND, rfc!("rfc7231#section-6.5.4"), TITLE, Violations::one(entity, fault))
    }

    pub fn missing(entity: &str, keys: &[String]) -> Self {
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

    pub fn not_acceptable() -> Self {
        const TITLE: &str = "Requested content type is not acceptable.";
        let fault = Code::NotAcceptable
            .says("The request must accept application/json responses.")
            .hint("Send `Accept: application/json`, or no `Accept` at all.");
        Self::new(StatusCode::NOT_ACCEPTABLE, rfc!("rfc7231#section-6.5.6"), TITLE, Violations::one("Accept", fault))
            .labelled_json()
            .detailed("The Accept header must allow JSON responses.")
    }

    pub fn conflict(key: &str, fault: Fault, existing_id: Option<Uuid>) -> Self {
        let found = Violations::one(key, fault);
        Self { existing_id, ..Self::new(StatusCode::CONFLICT, rfc!("rfc7231#section-6.5.8"), "Conflict.", found) }
    }

    pub fn gone(entity: &str, key: &str) -> Self {
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

    pub fn precondition_failed(current: Option<Revision>) -> Self {
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

    pub fn too_large() -> Self {
        let title = format!("Payload too large. The maximum allowed size is {BODY_BYTES} bytes.");
        let fault = Code::BodyTooLarge.says("the body is too large").hint("Send the rest in further requests.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, rfc!("rfc7231#section-6.5.11"), title, Violations::one("", fault))
            .labelled_json()
            .unlisted()
    }

    pub fn unsupported_media_type(accepted: Vec<String>) -> Self {
        let hint = format!("Send `Content-Type: {}`.", accepted.join("` or `"));
        let fault = Code::MediaTypeUnsupported.says("the media type is not read here").hint(hint).allowed(accepted);
        let found = Violations::one("Content-Type", fault);
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, rfc!("rfc7231#section-6.5.13"), "Unsupported media type.", found)
            .empty()
    }

    pub fn unprocessable(found: Violations) -> Self {
        const TITLE: &str = "Unprocessable request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, rfc!("rfc4918#section-11.2"), TITLE, found)
    }

    pub fn too_slow() -> Self {
        let fault = Code::RequestTimeout.says("the request did not come in time").hint("Send it again, in one go.");
        let found = Violations::one("", fault);
        Self::new(StatusCode::REQUEST_TIMEOUT, rfc!("rfc7231#section-6.5.7"), "Request timeout.", found)
            .detailed("The request did not come in time.")
            .unlisted()
    }

    pub fn unavailable(code: Code, retry_after: Duration) -> Self {
        let fault = code.says("not now").hint("Send it again after as many seconds as `Retry-After` says.");
        let found = Violations::one("", fault);
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, rfc!("rfc7231#section-6.6.4"), "Service unavailable.", found)
                .detailed("The service cannot answer this now. Please try again later.")
                .unlisted();
        Self { retry_after: Some(retry_after), ..problem }
    }

    pub fn bad_gateway() -> Self {
        const DETAIL: &str = "An upstream server is down or returned an invalid response. Please try again later.";
        let fault = Code::PlatformFailed.says("the platform failed").hint("Nothing was changed: send it again later.");
        let found = Violations::one("", fault);
        Self::new(StatusCode::BAD_GATEWAY, rfc!("rfc7231#section-6.6.3"), "Bad gateway.", found)
            .labelled_json()
            .detailed(DETAIL)
            .unlisted()
    }

    pub fn fault() -> Self {
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
                // Where there is a list, each fault names its own.
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
    pub fn note(&self, noted: &mut Noted) {
        // A line of the log, not the whole answer.
        const SHOWN: usize = 5;
        let mut faults = self.found.faults();
        let Some((place, first)) = faults.next() else { return };
        let at = |place: &str, fault: &Fault| match fault.code {
            // What it is called there is what the client wrote.
            Code::UnknownMember | Code::UnknownParameter => String::new(),
            _ if place.is_empty() => String::new(),
            _ => format!(" at {}", loggable(place)),
        };
        // Texts of empty answers are ours and hold nothing that a client wrote; others may quote values.
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
        // Empty unless the client asked for more: the contract's clients know these without a body.
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
        // As the reference's error handler sets them, so that no cache keeps a failure.
        if self.status.is_server_error() {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache,no-store"));
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
            headers.insert(header::EXPIRES, HeaderValue::from_static("-1"));
        }
        if let Some(retry_after) = self.retry_after {
            // Nought would be an invitation to come back at once.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
        }
        response
    }
}
