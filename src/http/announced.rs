//! How much a request is going to send.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use crate::heavy::HEAVY;

/// The length that the request announces for its body. One without a length counts as heavy.
#[derive(Clone, Copy, Debug)]
pub struct Announced(pub usize);

impl<S: Send + Sync> FromRequestParts<S> for Announced {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        // Only a hint of where to work: what is really read is bounded elsewhere.
        Ok(Self(length.unwrap_or(HEAVY)))
    }
}
