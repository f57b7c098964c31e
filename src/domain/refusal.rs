//! What callers may hear when the answer is no: one variant per outcome of the contract (chapter 05 §A10).
//!
//! Nothing here knows HTTP: `http::problem` gives each refusal its form on the wire, and other surfaces give it theirs.

use super::{Instant, ids::DialogId, violations::Violations};

/// An answer other than success.
#[derive(Debug)]
pub enum Refusal {
    /// 400: the request itself is wrong.
    Invalid(Violations),
    /// 401, empty body. `supplied`: a token was there but did not hold.
    Unauthorized { supplied: bool },
    /// 403 of the route's policy: empty body.
    PolicyDenied,
    /// 403 key `Type`: a valid token of the wrong kind of user; names the allowed kinds.
    UserType { allowed: &'static [&'static str] },
    /// 403 key `Forbidden`, one text per reason.
    Forbidden(Vec<String>),
    /// 404: missing, or somebody else's, which looks the same.
    NotFound { entity: &'static str, keys: Vec<String> },
    /// 404 with an `Expires` header.
    NotVisible { visible_from: Instant },
    /// 404: the dialog's time is over.
    Expired { expires_at: Instant },
    /// 406 key `Accept`.
    NotAcceptable,
    /// 409.
    Conflict { key: &'static str, text: String },
    /// 410: soft-deleted.
    Gone { entity: &'static str, key: String },
    /// 412, without `errors`.
    PreconditionFailed,
    /// 413.
    TooLarge,
    /// 415, empty body.
    UnsupportedMediaType,
    /// 422: right in itself, wrong against what is stored.
    Unprocessable(Violations),
    /// 502: the platform failed; logged with its cause.
    BadGateway(anyhow::Error),
    /// 500: our fault; logged once with its whole chain, the client gets a trace id.
    Fault(anyhow::Error),
}

impl Refusal {
    /// The dialog does not exist, or not for this caller.
    pub fn no_dialog(id: DialogId) -> Self {
        Self::NotFound { entity: "DialogEntity", keys: vec![id.to_string()] }
    }

    pub fn forbidden(text: impl Into<String>) -> Self {
        Self::Forbidden(vec![text.into()])
    }

    /// What kind it is, for logs: what clients may hear can hold what they sent, so nothing else of it is told there.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Unauthorized { .. } => "unauthorized",
            Self::PolicyDenied => "policy denied",
            Self::UserType { .. } => "user type",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound { .. } => "not found",
            Self::NotVisible { .. } => "not visible",
            Self::Expired { .. } => "expired",
            Self::NotAcceptable => "not acceptable",
            Self::Conflict { .. } => "conflict",
            Self::Gone { .. } => "gone",
            Self::PreconditionFailed => "precondition failed",
            Self::TooLarge => "too large",
            Self::UnsupportedMediaType => "unsupported media type",
            Self::Unprocessable(_) => "unprocessable",
            Self::BadGateway(_) => "bad gateway",
            Self::Fault(_) => "fault",
        }
    }
}

impl From<Violations> for Refusal {
    fn from(found: Violations) -> Self {
        Self::Invalid(found)
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Fault(error)
    }
}
