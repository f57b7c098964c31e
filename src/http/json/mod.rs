//! JSON in: the contract's reading of request bodies, and the extractor that applies it.

mod de;
pub(in crate::http) mod text;
mod words;

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use serde::de::DeserializeOwned;

pub use de::UnknownMember;

use super::{body::read_body, context, ledger::Ignored, nearest};
use crate::{
    domain::{
        refusal::Refusal,
        rules::code::Code,
        violations::{Fault, Violations},
    },
    heavy,
};

/// The key of refusals that concern the document as a whole.
pub(super) const WHOLE: &str = "SerializerErrors";

/// A body of `application/json`, read by the contract's rules: member names in any letter case, the last of several
/// counts, unknown ones are ignored, `null` only where absence is possible.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        // Before the body is read: what is not JSON is not worth its bytes.
        expect_media_type(request.headers(), &["application/json"])?;
        let body = read_body(request).await?;
        // The text goes as soon as it was read.
        // On another thread if it is long: twenty megabytes keep a processor busy for a good while.
        Ok(Self(heavy::beside(body.len(), move || parse_body(&body, &[])).await??))
    }
}

/// Refuses with 415 unless `Content-Type` is one of `accepted`; parameters such as the charset do not matter.
pub fn expect_media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<(), Refusal> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if accepted.iter().any(|accepted| is_of(given, accepted)) {
        Ok(())
    } else {
        Err(Refusal::UnsupportedMediaType { accepted: accepted.iter().map(|&accepted| accepted.to_owned()).collect() })
    }
}

/// Reads a request's body as a `T`. Members that mean nothing are ignored, which the answer says, unless the client wants
/// them refused; those `besides` are known to whoever calls.
pub fn parse_body<T: DeserializeOwned>(bytes: &[u8], besides: &[&str]) -> Result<T, Violations> {
    let (value, mut unknown) = parse(bytes)?;
    unknown.retain(|member| !besides.iter().any(|known| known.eq_ignore_ascii_case(&member.path)));
    told_or_refused(unknown)?;
    Ok(value)
}

/// Has the answer name members that mean nothing.
///
/// # Errors
/// 400 that names them, if the client wants them refused.
pub fn told_or_refused(unknown: Vec<UnknownMember>) -> Result<(), Violations> {
    if !context::preferences().strict {
        let ignored = unknown.into_iter().map(|UnknownMember { path, name, known }| Ignored {
            name: path,
            meant: nearest::meant(&name, known).map(str::to_owned),
        });
        context::note(|noted| noted.ignored.extend(ignored));
        return Ok(());
    }
    let mut found = Violations::new();
    for UnknownMember { path, name, known } in unknown {
        let fault = Code::UnknownMember.says(format!("'{name}' is no member of this object."));
        found.add(path, fault.hint(nearest::hint(&name, known)).allowed(known.iter().copied()));
    }
    found.into_result()
}

/// Reads a document as a `T`. The first mistake is the only one reported: under `SerializerErrors` if it concerns the
/// document, under the path of the value otherwise.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Violations> {
    parse(bytes).map(|(value, _)| value)
}

/// The same, with the members that `T` does not know.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, Vec<UnknownMember>), Violations> {
    let text = text::Checked::new(bytes).map_err(|error| malformed(bytes, error.to_string()))?;
    // `Option` members take null, a body does not.
    if text.cursor().peek() == b'n' {
        let fault = Code::BodyNull.says("The body must not be null.");
        return Err(Violations::one(WHOLE, fault.hint("Send the document that the operation takes.")));
    }
    de::read(text).map_err(|error| {
        let path = error.path.filter(|path| !path.is_empty());
        let fault = value_fault(error.text, error.allowed);
        Violations::one(path.unwrap_or_else(|| WHOLE.to_owned()), fault)
    })
}

/// A value that is not of its type.
fn value_fault(text: String, allowed: Vec<String>) -> Fault {
    let hint = if !allowed.is_empty() {
        "Write one of the names in `allowed`."
    } else if text.contains("DateTimeOffset") {
        "Write an instant with its offset, such as 2031-04-05T06:07:08Z."
    } else if text.contains("UUID") {
        "Write a UUID in its form of 36 characters, such as 0196c0de-0000-7000-8000-000000000001."
    } else if text.contains("null") {
        "Leave the member out instead of sending null."
    } else {
        "Send the type that the text names; the API documents at /swagger show every member's."
    };
    Code::ValueMalformed.says(text).hint(hint).allowed(allowed)
}

/// No JSON document at all.
fn malformed(bytes: &[u8], text: String) -> Violations {
    let hint = match bytes.trim_ascii_start().first() {
        None => "The body is empty: send a JSON document.",
        Some(b'{' | b'[' | b'"') => {
            "Mend the JSON at the place that the text names; comments and trailing commas are no JSON."
        }
        Some(_) => "Send JSON in UTF-8, an object in braces.",
    };
    Violations::one(WHOLE, Code::BodyMalformed.says(text).hint(hint))
}

/// Whether a `Content-Type` is of a media type; parameters such as the charset do not matter.
pub fn is_of(content_type: &str, media_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
}

#[cfg(test)]
mod tests;
