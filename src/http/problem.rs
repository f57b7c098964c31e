//! The wire form of a refusal: status, headers and problem document (chapter 05 §A10). Which refusals there are is
//! [`Refusal`]'s to say.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{answer, context};
use crate::domain::{Instant, limits::BODY_BYTES, refusal::Refusal, violations::Violations};

/// What a status says besides its number.
struct Problem {
    status: StatusCode,
    content_type: &'static str,
    kind: &'static str,
    title: Cow<'static, str>,
    detail: Option<&'static str>,
    errors: Option<Violations>,
}

const PROBLEM: &str = "application/problem+json; charset=utf-8";

/// The document on the wire, in the contract's order of members.
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
}

macro_rules! rfc {
    ($section:literal) => {
        concat!("https://datatracker.ietf.org/doc/html/", $section)
    };
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self { status, content_type: PROBLEM, kind, title: Cow::Borrowed(title), detail: None, errors: None }
    }

    fn with(self, errors: Violations) -> Self {
        Self { errors: Some(errors), ..self }
    }

    /// Some answers are labelled as plain JSON, and clients know them so.
    fn labelled_json(self) -> Self {
        Self { content_type: answer::JSON, ..self }
    }

    fn bad_request(errors: Violations) -> Self {
        const TITLE: &str = "One or more validation errors occurred.";
        Self::new(StatusCode::BAD_REQUEST, rfc!("rfc7231#section-6.5.1"), TITLE).with(errors)
    }

    fn forbidden(errors: Violations) -> Self {
        Self::new(StatusCode::FORBIDDEN, rfc!("rfc7231#section-6.5.3"), "Forbidden.").with(errors)
    }

    fn not_found(entity: &str, text: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, rfc!("rfc7231#section-6.5.4"), "Resource not found.")
            .with(Violations::one(entity, text))
    }

    fn not_acceptable() -> Self {
        const TITLE: &str = "Requested content type is not acceptable.";
        Self {
            detail: Some("The Accept header must allow JSON responses."),
            ..Self::new(StatusCode::NOT_ACCEPTABLE, rfc!("rfc7231#section-6.5.6"), TITLE)
                .with(Violations::one("Accept", "The request must accept application/json responses."))
                .labelled_json()
        }
    }

    fn conflict(key: &str, text: String) -> Self {
        Self::new(StatusCode::CONFLICT, rfc!("rfc7231#section-6.5.8"), "Conflict.").with(Violations::one(key, text))
    }

    fn gone(entity: &str, key: &str) -> Self {
        Self::new(StatusCode::GONE, rfc!("rfc7231#section-6.5.9"), "Resource no longer available.")
            .with(Violations::one(entity, format!("Entity '{entity}' with the following key(s) is removed: ({key}).")))
    }

    fn precondition_failed() -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, rfc!("rfc7232#section-4.2"), "Precondition failed.")
    }

    fn too_large() -> Self {
        let title = format!("Payload too large. The maximum allowed size is {BODY_BYTES} bytes.");
        Self {
            title: Cow::Owned(title),
            ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, rfc!("rfc7231#section-6.5.11"), "").labelled_json()
        }
    }

    fn unprocessable(errors: Violations) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, rfc!("rfc4918#section-11.2"), "Unprocessable request.").with(errors)
    }

    fn bad_gateway() -> Self {
        const DETAIL: &str = "An upstream server is down or returned an invalid response. Please try again later.";
        let problem = Self::new(StatusCode::BAD_GATEWAY, rfc!("rfc7231#section-6.6.3"), "Bad gateway.").labelled_json();
        Self { detail: Some(DETAIL), ..problem }
    }

    fn fault() -> Self {
        const TITLE: &str = "An error occurred while processing the request.";
        let problem =
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, rfc!("rfc7231#section-6.6.1"), TITLE).labelled_json();
        Self { detail: Some("Something went wrong during the request."), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let request = context::current();
        let document = Document {
            r#type: self.kind,
            title: &self.title,
            status: self.status.as_u16(),
            detail: self.detail,
            instance: request.as_ref().map(|request| request.instance.as_str()),
            errors: self.errors.as_ref(),
            trace_id: request.as_ref().map(|request| request.trace.to_string()).unwrap_or_default(),
        };
        let body = serde_json::to_vec(&document).expect("a problem holds nothing but texts");
        let content_type = HeaderValue::from_static(self.content_type);
        let mut response = (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        if self.status.is_server_error() {
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache,no-store"));
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
            headers.insert(header::EXPIRES, HeaderValue::from_static("-1"));
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        log(&self);
        match self {
            Self::Invalid(found) => Problem::bad_request(found).into_response(),
            Self::Unauthorized { supplied } => unauthorized(supplied),
            Self::PolicyDenied => StatusCode::FORBIDDEN.into_response(),
            Self::UserType { allowed } => {
                Problem::forbidden(Violations::one("Type", user_type_text(allowed))).labelled_json().into_response()
            }
            Self::Forbidden(reasons) => {
                let mut found = Violations::new();
                for reason in reasons {
                    found.add("Forbidden", reason);
                }
                Problem::forbidden(found).into_response()
            }
            Self::NotFound { entity, keys } => {
                let keys = keys.join(", ");
                let text = format!("Entity '{entity}' with the following key(s) was not found: ({keys}).");
                Problem::not_found(entity, text).into_response()
            }
            Self::NotVisible { visible_from } => not_visible(visible_from),
            Self::Expired { expires_at } => {
                Problem::not_found("DialogEntity", format!("Dialog expired at {}", sortable(expires_at)))
                    .into_response()
            }
            Self::NotAcceptable => Problem::not_acceptable().into_response(),
            Self::Conflict { key, text } => Problem::conflict(key, text).into_response(),
            Self::Gone { entity, key } => Problem::gone(entity, &key).into_response(),
            Self::PreconditionFailed => Problem::precondition_failed().into_response(),
            Self::TooLarge => Problem::too_large().into_response(),
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
            Self::Unprocessable(found) => Problem::unprocessable(found).into_response(),
            Self::BadGateway(_) => Problem::bad_gateway().into_response(),
            Self::Fault(_) => Problem::fault().into_response(),
        }
    }
}

/// The one place where refusals are logged. What clients may hear can hold what they sent, so only its kind is told.
fn log(refusal: &Refusal) {
    let trace = context::current().map(|request| request.trace.to_string()).unwrap_or_default();
    match refusal {
        Refusal::Fault(error) => tracing::error!(trace_id = trace, error = format!("{error:#}"), "request failed"),
        Refusal::BadGateway(error) => {
            tracing::error!(trace_id = trace, error = format!("{error:#}"), "the platform failed");
        }
        other => tracing::debug!(trace_id = trace, refusal = other.kind(), "request refused"),
    }
}

fn unauthorized(supplied: bool) -> Response {
    let challenge = if supplied { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))]).into_response()
}

fn user_type_text(allowed: &[&str]) -> String {
    format!(
        "The request was authenticated, but we were unable to determine valid user type in order to authorize the \
         request. Valid user types for this endpoint are: {}",
        allowed.join(", ")
    )
}

fn not_visible(visible_from: Instant) -> Response {
    let text = format!("Dialog is not visible until {}", sortable(visible_from));
    let mut response = Problem::not_found("DialogEntity", text).into_response();
    let expires = visible_from.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(expires) = HeaderValue::try_from(expires) {
        response.headers_mut().insert(header::EXPIRES, expires);
    }
    response
}

/// As texts write instants: seconds, without offset.
fn sortable(instant: Instant) -> impl std::fmt::Display {
    instant.format("%Y-%m-%dT%H:%M:%S")
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, http::HeaderMap};
    use serde_json::json;

    use super::*;

    /// Status, headers and body of the answer to a request for `/dialogporten/api/v1/x?y=1`.
    async fn answer(refusal: Refusal) -> serde_json::Value {
        let mut headers = HeaderMap::new();
        let parent = "00-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01";
        headers.insert("traceparent", HeaderValue::from_static(parent));
        let uri = "/dialogporten/api/v1/x?y=1".parse().expect("a URI");
        let request = context::RequestContext::new(&headers, &uri);
        let trace = request.trace.to_string();
        let response = context::within(request, async { refusal.into_response() }).await;
        let headers: serde_json::Map<_, _> = response
            .headers()
            .iter()
            .filter(|(name, _)| *name != header::CONTENT_LENGTH)
            .map(|(name, value)| (name.to_string(), json!(value.to_str().expect("ASCII"))))
            .collect();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("UTF-8").replace(&trace, "[trace]");
        json!({ "status": status, "headers": headers, "body": body })
    }

    fn instant() -> Instant {
        "2031-04-05T06:07:08.123456Z".parse().expect("an instant")
    }

    #[tokio::test]
    async fn every_refusal_has_its_form() {
        let secret = || anyhow::anyhow!("the inside").context("the outside");
        let mut answers = Vec::new();
        for refusal in [
            Refusal::Invalid(Violations::one("dto.content", "'Content' must not be empty.")),
            Refusal::Unauthorized { supplied: false },
            Refusal::Unauthorized { supplied: true },
            Refusal::PolicyDenied,
            Refusal::UserType { allowed: &["ServiceOwner", "ServiceOwnerOnBehalfOfPerson"] },
            Refusal::forbidden("User cannot modify frozen dialog"),
            Refusal::no_dialog(uuid::Uuid::nil().into()),
            Refusal::NotVisible { visible_from: instant() },
            Refusal::Expired { expires_at: instant() },
            Refusal::NotAcceptable,
            Refusal::Conflict { key: "", text: "æ < & '".to_owned() },
            Refusal::Gone { entity: "DialogEntity", key: uuid::Uuid::nil().to_string() },
            Refusal::PreconditionFailed,
            Refusal::TooLarge,
            Refusal::UnsupportedMediaType,
            Refusal::Unprocessable(Violations::one("DueAt", "Must be in the future")),
            Refusal::BadGateway(secret()),
            Refusal::Fault(secret()),
        ] {
            answers.push((refusal.kind(), answer(refusal).await));
        }
        insta::assert_json_snapshot!(answers);
    }
}
