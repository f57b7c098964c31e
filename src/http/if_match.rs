//! `If-Match`: which revision a writer has seen.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::{lenient_uuid, not_bindable};
use crate::domain::{
    ids::Revision,
    refusal::Refusal,
    violations::{Code, Violations},
};

/// The expected revision: one UUID, bare or quoted. `None` without the header.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(pub Option<Revision>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let Some(first) = values.next() else { return Ok(Self(None)) };
        let text = String::from_utf8_lossy(first.as_bytes());
        let bare = text.trim();
        // Quotes are HTTP's own form of an entity tag; the contract's is bare.
        let bare = bare.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(bare);
        match lenient_uuid(bare) {
            // Two headers name two revisions, of which none can be meant.
            Some(revision) if values.next().is_none() => Ok(Self(Some(Revision(revision)))),
            _ => {
                let fault = Code::RevisionMalformed.says(not_bindable(&text, "Guid"));
                let hint = "Send the `Etag` of an earlier answer as it came: one UUID, without W/ and without *.";
                Err(Violations::one("If-Match", fault.hint(hint)).into())
            }
        }
    }
}
