//! Reading the body of a request whole.

use std::error::Error;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::header,
};
use http_body_util::BodyExt;

use crate::domain::{limits::BODY_BYTES, refusal::Refusal, rules::code::Code, violations::Violations};

/// Why the server gave a body up before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("the body comes too slowly")]
    TooSlow,
    #[error("there is no room for more of the body")]
    NoRoom,
}

/// The whole body, refused with 413 as soon as it is known to be too large: nothing is read of one that says so itself.
pub async fn read_body(request: Request) -> Result<Bytes, Refusal> {
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES as u64) {
        return Err(Refusal::TooLarge);
    }
    let mut body = request.into_body();
    // Not as long as announced: a client could have us reserve 20 MB by a header alone.
    let mut read = Vec::new();
    while let Some(piece) = piece_of(&mut body).await? {
        // Counted as well, since a chunked body announces nothing.
        if read.len() + piece.len() > BODY_BYTES {
            return Err(Refusal::TooLarge);
        }
        if read.capacity() - read.len() < piece.len() {
            // A quarter more, not double: clients that never finish hold what they have sent, and no more than that.
            read.reserve_exact(piece.len().max(read.len() / 4));
        }
        read.extend_from_slice(&piece);
    }
    Ok(read.into())
}

async fn piece_of(body: &mut Body) -> Result<Option<Bytes>, Refusal> {
    let Some(frame) = body.frame().await else { return Ok(None) };
    let frame = frame.map_err(|error| match broken(&error) {
        Some(Broken::TooSlow) => Refusal::TooSlow,
        // 503 and not 413: this body was not too large, there were too many.
        Some(Broken::NoRoom) => Refusal::overloaded(),
        None => {
            let fault = Code::BodyInterrupted.says("The request body could not be read to its end.");
            Violations::one(super::json::WHOLE, fault.hint("Send as many bytes as `Content-Length` announces.")).into()
        }
    })?;
    Ok(Some(frame.into_data().unwrap_or_default()))
}

fn broken(error: &axum::Error) -> Option<Broken> {
    // The libraries in between wrap what our own stream said.
    let mut causes = std::iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source());
    causes.find_map(|cause| cause.downcast_ref::<Broken>().copied())
}
