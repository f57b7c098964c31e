//! JSON in: the contract's reading of request bodies, and the extractor that applies it.

mod de;
mod text;

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use bytes::BytesMut;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::domain::{limits::BODY_BYTES, refusal::Refusal, violations::Violations};

/// The key of refusals that concern the document as a whole.
const WHOLE: &str = "SerializerErrors";

/// A body of `application/json`, read by the contract's rules: member names in any letter case, the last of several
/// counts, unknown ones are ignored, `null` only where absence is possible.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        expect_media_type(request.headers(), &["application/json"])?;
        let body = read_body(request).await?;
        Ok(Self(parse_json(&body)?))
    }
}

/// Refuses with 415 unless `Content-Type` is one of `accepted`; parameters such as the charset do not matter.
pub fn expect_media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<(), Refusal> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if accepted.iter().any(|accepted| is_of(given, accepted)) { Ok(()) } else { Err(Refusal::UnsupportedMediaType) }
}

/// The whole body, refused with 413 as soon as it is known to be too large.
pub async fn read_body(request: Request) -> Result<Bytes, Refusal> {
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let mut body = request.into_body();
    if announced.is_some_and(|length| length > BODY_BYTES as u64) {
        pass_over(&mut body).await;
        return Err(Refusal::TooLarge);
    }
    let mut read = BytesMut::new();
    while let Some(piece) = piece_of(&mut body).await? {
        if read.len() + piece.len() > BODY_BYTES {
            pass_over(&mut body).await;
            return Err(Refusal::TooLarge);
        }
        read.extend_from_slice(&piece);
    }
    Ok(read.freeze())
}

async fn piece_of(body: &mut Body) -> Result<Option<Bytes>, Refusal> {
    let Some(frame) = body.frame().await else { return Ok(None) };
    let frame = frame.map_err(|_| Violations::one(WHOLE, "The request body could not be read to its end."))?;
    Ok(Some(frame.into_data().unwrap_or_default()))
}

/// Reads on without keeping anything, so that a client that is still sending gets to see the answer instead of a broken
/// connection. Only so far and so long: whoever sends much more than is allowed is cut off.
async fn pass_over(body: &mut Body) {
    const MOST: usize = 2 * BODY_BYTES;
    const LONGEST: Duration = Duration::from_secs(5);
    let reading = async {
        let mut passed = 0;
        while let Ok(Some(piece)) = piece_of(body).await {
            passed += piece.len();
            if passed > MOST {
                break;
            }
        }
    };
    // Whether it ended or not, the answer is the same.
    let _ = tokio::time::timeout(LONGEST, reading).await;
}

/// Reads a document as a `T`. The first mistake is the only one reported: under `SerializerErrors` if it concerns the
/// document, under the path of the value otherwise.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Violations> {
    let text = text::Checked::new(bytes).map_err(|error| Violations::one(WHOLE, error.to_string()))?;
    if text.cursor().peek() == b'n' {
        return Err(Violations::one(WHOLE, "The body must not be null."));
    }
    de::read(text).map_err(|error| {
        let path = error.path.filter(|path| !path.is_empty());
        Violations::one(path.unwrap_or_else(|| WHOLE.to_owned()), error.text)
    })
}

/// Reads an already parsed document (one that was patched) by the same rules as [`parse_json`].
pub fn from_value<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, Violations> {
    let text = serde_json::to_vec(value).map_err(|error| Violations::one(WHOLE, error.to_string()))?;
    parse_json(&text)
}

/// Whether a `Content-Type` is of a media type; parameters such as the charset do not matter.
pub fn is_of(content_type: &str, media_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
}

#[cfg(test)]
mod tests;
