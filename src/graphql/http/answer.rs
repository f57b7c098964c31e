//! Answers on the wire: which status and which form follow from what became of a document (chapter 02 §9.1).

use async_graphql::ServerError;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::accept::Form;
use crate::graphql::{
    errors::{Malformed, Rejected},
    execute::written,
};

/// The media type of frames.
pub const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

const OTHER_TOKEN: HeaderValue = HeaderValue::from_static(
    "Bearer error=\"invalid_token\", error_description=\"a stream takes the dialog token of its dialog\"",
);

/// An answer with `data`.
pub fn answered(form: Form, body: Vec<u8>, headers: &HeaderMap) -> Response {
    let mut response = on_the_wire(form, StatusCode::OK, body);
    for (name, value) in headers {
        // Appended: several changed labels in one document each bring an `Etag` (chapter 02 §9.5).
        response.headers_mut().append(name, value.clone());
    }
    response
}

/// An answer without `data`, because the document was not executed.
pub fn rejected(form: Form, rejected: &Rejected) -> Response {
    let mut response = refused(form, status(form, rejected), &[rejected.error()]);
    if response.status() == StatusCode::UNAUTHORIZED {
        // As every 401 (chapter 11 §1): the token holds, but not here.
        response.headers_mut().insert(header::WWW_AUTHENTICATE, OTHER_TOKEN);
    }
    response
}

/// The same with what the library found.
pub fn invalid(form: Form, errors: &[ServerError]) -> Response {
    refused(form, if form == Form::Response { StatusCode::BAD_REQUEST } else { StatusCode::OK }, errors)
}

fn refused(form: Form, status: StatusCode, errors: &[ServerError]) -> Response {
    on_the_wire(form, status, written(None, errors))
}

// The order of these arms is the table of §9.1: a request that is none is 400 even as JSON, a refused document only in
// the newer form.
fn status(form: Form, rejected: &Rejected) -> StatusCode {
    match rejected {
        // The client said nothing usable about the form.
        Rejected::Request(Malformed::NotAcceptable) => StatusCode::NOT_ACCEPTABLE,
        Rejected::Request(Malformed::AcceptUnreadable(_)) => StatusCode::BAD_REQUEST,
        _ if form == Form::Events => StatusCode::OK,
        Rejected::Request(_) => StatusCode::BAD_REQUEST,
        _ if form == Form::Json => StatusCode::OK,
        Rejected::OperationKind => StatusCode::METHOD_NOT_ALLOWED,
        // The only refusal inside GraphQL that is 401 (§9.1): queries say the same with 200 and a path.
        Rejected::SubscriptionNotAuthorized => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn on_the_wire(form: Form, status: StatusCode, body: Vec<u8>) -> Response {
    let content_type = match form {
        Form::Response => HeaderValue::from_static("application/graphql-response+json; charset=utf-8"),
        Form::Json => HeaderValue::from_static("application/json; charset=utf-8"),
        Form::Events => {
            let headers =
                // As the stream itself: proxies that keep frames would show old ones.
                [(header::CONTENT_TYPE, EVENTS), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
            return (status, headers, frame(&body)).into_response();
        }
    };
    (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// An answer as a frame. JSON has no line breaks outside its texts, and none inside.
pub fn frame(body: &[u8]) -> Vec<u8> {
    // No `event: complete` follows a single result (chapter 02 §9.1).
    [b"event: next\ndata: ", body, b"\n\n"].concat()
}
