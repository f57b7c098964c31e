//! Requests that may ask for silence by `isSilentUpdate`: in the query string, beside what the body holds, or alone in it.

use std::convert::Infallible;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    domain::refusal::Refusal,
    heavy,
    http::{
        body::read_body,
        json::{expect_media_type, parse_body, parse_json},
        query::Query,
    },
};

/// Whether the query string asks for silence. It is read when the handler asks, because what is wrong with the body is told
/// first.
#[derive(Debug)]
pub struct SilentQuery(Query);

impl SilentQuery {
    /// # Errors
    /// 400 for a value that is no boolean.
    pub fn read(mut self) -> Result<bool, Refusal> {
        let silent = self.0.boolean("isSilentUpdate").unwrap_or(false);
        self.0.finish()?;
        Ok(silent)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SilentQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Query::of(&parts.uri)))
    }
}

/// A body, and whether it or the query string asks for silence.
#[derive(Debug)]
pub struct MaybeSilent<T> {
    pub body: T,
    pub silent: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Silence {
    #[serde(default)]
    is_silent_update: bool,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for MaybeSilent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        expect_media_type(request.headers(), &["application/json"])?;
        let mut query = Query::of(request.uri());
        let asked = query.boolean("isSilentUpdate");
        query.finish()?;
        let bytes = read_body(request).await?;
        heavy::beside(bytes.len(), move || {
            // Read twice: the wish may stand beside the body's own members, where it must not count as an unknown one.
            let body = parse_body(&bytes, &["isSilentUpdate"])?;
            let silence: Silence = parse_json(&bytes)?;
            // The query string wins over the body, also with `false`.
            Ok(Self { body, silent: asked.unwrap_or(silence.is_silent_update) })
        })
        .await?
    }
}

/// Whether the query string, or else a JSON body, asks for silence. For operations that need no body: what is not called
/// JSON is not looked at, and nothing or `null` says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent(pub bool);

impl<S: Send + Sync> FromRequest<S> for Silent {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let mut query = Query::of(request.uri());
        let asked = query.boolean("isSilentUpdate");
        query.finish()?;
        if let Some(asked) = asked {
            return Ok(Self(asked));
        }
        // These operations need no body, so a wrong type is no 415 here (chapter 01 §12.1).
        if expect_media_type(request.headers(), &["application/json"]).is_err() {
            return Ok(Self(false));
        }
        let bytes = read_body(request).await?;
        // A wish for silence that cannot be read must not end in telling everybody.
        match bytes.trim_ascii() {
            b"" | b"null" => Ok(Self(false)),
            body => Ok(Self(parse_body::<Silence>(body, &[])?.is_silent_update)),
        }
    }
}
