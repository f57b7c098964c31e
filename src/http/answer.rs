//! Success on the wire: 201 with an id, 204, 200 with a document.

use std::fmt::Display;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::context::{self, PREFIX};
use crate::{
    domain::{ids::Revision, refusal::Refusal},
    heavy,
};

/// The media type of success.
pub const JSON: &str = "application/json; charset=utf-8";

/// 201: something new has this id, and can be read at `location`.
#[derive(Debug)]
pub struct Created<I> {
    /// An absolute path such as `/api/v1/serviceowner/dialogs/…`; the public prefix is added if the request had it.
    pub location: String,
    pub etag: Revision,
    pub id: I,
}

/// 204.
#[derive(Debug, Default)]
pub struct NoContent {
    pub etag: Option<Revision>,
}

/// 200.
#[derive(Debug)]
pub struct Ok200<T> {
    etag: Option<Revision>,
    body: T,
    weight: usize,
}

impl<T> Ok200<T> {
    /// Without an `Etag`.
    pub fn of(body: T) -> Self {
        Self { etag: None, body, weight: 0 }
    }

    /// With an `Etag`.
    pub fn at(revision: Revision, body: T) -> Self {
        Self { etag: Some(revision), ..Self::of(body) }
    }

    /// About how many bytes it will have, if it can have very many: long answers are written beside the threads that
    /// answer requests.
    pub fn weighing(self, weight: usize) -> Self {
        Self { weight, ..self }
    }
}

impl<I: Display> IntoResponse for Created<I> {
    fn into_response(self) -> Response {
        // Clients behind the gateway know the service under its prefix only.
        let prefix = if context::current().is_some_and(|request| request.prefixed) { PREFIX } else { "" };
        let location = HeaderValue::try_from(format!("{prefix}{}", self.location));
        // The id as a bare JSON string (C-026).
        let mut response = json(StatusCode::CREATED, &self.id.to_string());
        // A path made of our routes and UUIDs is always a header value; if not, the answer does without.
        if let Ok(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        with_etag(response, Some(self.etag))
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        with_etag(StatusCode::NO_CONTENT.into_response(), self.etag)
    }
}

impl<T: Serialize> IntoResponse for Ok200<T> {
    fn into_response(self) -> Response {
        // Taking apart what was shown takes about as long as writing it.
        let (body, etag) = (self.body, self.etag);
        let response = heavy::aside(self.weight, move || json(StatusCode::OK, &body));
        with_etag(response, etag)
    }
}

/// A compact document. Members that are null are left out by their types.
pub fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static(JSON))], bytes).into_response(),
        Err(error) => Refusal::Fault(anyhow::Error::new(error).context("write an answer")).into_response(),
    }
}

/// The revision bare, without quotes: clients send it back as it came.
fn with_etag(mut response: Response, etag: Option<Revision>) -> Response {
    if let Some(etag) = etag.and_then(|revision| HeaderValue::try_from(revision.to_string()).ok()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}
