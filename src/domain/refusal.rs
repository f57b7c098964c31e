//! What callers may hear when the answer is no: one variant per outcome of the contract (chapter 05 §A10).
//!
//! Nothing here knows HTTP: `http::problem` gives each refusal its form on the wire, and other surfaces give it theirs.

use std::time::Duration;

use uuid::Uuid;

use super::{
    Instant,
    ids::{DialogId, Revision},
    rules::code::Code,
    violations::{Fault, Violations},
};

/// An answer other than success.
#[derive(Debug)]
pub enum Refusal {
    /// 400: the request itself is wrong.
    Invalid(Violations),
    /// 401, empty body. What is wrong with the token, if there was one.
    // The fault goes into `WWW-Authenticate`; the body is the reference's: none.
    Unauthorized(Option<Fault>),
    /// 403 of the route's policy: empty body.
    PolicyDenied(Denied),
    /// 403 key `Type`: a valid token of the wrong kind of user; names the allowed kinds.
    UserType { policy: &'static str, allowed: &'static [&'static str], actual: &'static str },
    /// 403 key `Forbidden`, one text per reason.
    Forbidden(Vec<Fault>),
    /// 404: missing, or somebody else's, which looks the same.
    NotFound { entity: &'static str, keys: Vec<String> },
    /// 404 with an `Expires` header.
    NotVisible { visible_from: Instant },
    /// 404: the dialog's time is over.
    Expired { expires_at: Instant },
    /// 406 key `Accept`.
    NotAcceptable,
    /// 409. `existing`: the id of what was there before.
    Conflict { key: &'static str, fault: Fault, existing: Option<Uuid> },
    /// 410: soft-deleted.
    Gone { entity: &'static str, key: String },
    /// 412, without `errors`. `current`: the revision there is, where it is known.
    PreconditionFailed { current: Option<Revision> },
    /// 413.
    TooLarge,
    /// 415, empty body. What the operation takes.
    UnsupportedMediaType { accepted: Vec<String> },
    /// 422: right in itself, wrong against what is stored.
    Unprocessable(Violations),
    /// 408: the client stopped in the middle.
    TooSlow,
    /// 503 with `Retry-After`: not now. Ours alone (`docs/extensions.md`).
    Unavailable { code: Code, retry_after: Duration },
    /// 502: the platform failed; logged with its cause.
    BadGateway(anyhow::Error),
    /// 500: our fault; logged once with its whole chain, the client gets a trace id.
    Fault(anyhow::Error),
}

/// What a token lacks that a route's policy demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The policy's name.
    pub policy: &'static str,
    /// The scopes that would do, separated by blanks.
    pub scope: String,
    pub fault: Fault,
}

impl Refusal {
    /// The dialog does not exist, or not for this caller.
    pub fn no_dialog(id: DialogId) -> Self {
        Self::NotFound { entity: "DialogEntity", keys: vec![id.to_string()] }
    }

    /// There is more to do than can be done.
    pub fn overloaded() -> Self {
        Self::Unavailable { code: Code::Overloaded, retry_after: Duration::from_secs(1) }
    }

    pub fn forbidden(fault: Fault) -> Self {
        Self::Forbidden(vec![fault])
    }

    /// What kind it is, for logs: what clients may hear can hold what they sent, so nothing else of it is told there.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Unauthorized { .. } => "unauthorized",
            Self::PolicyDenied(_) => "policy denied",
            Self::UserType { .. } => "user type",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound { .. } => "not found",
            Self::NotVisible { .. } => "not visible",
            Self::Expired { .. } => "expired",
            Self::NotAcceptable => "not acceptable",
            Self::Conflict { .. } => "conflict",
            Self::Gone { .. } => "gone",
            Self::PreconditionFailed { .. } => "precondition failed",
            Self::TooLarge => "too large",
            Self::UnsupportedMediaType { .. } => "unsupported media type",
            Self::Unprocessable(_) => "unprocessable",
            Self::TooSlow => "too slow",
            Self::Unavailable { code, .. } => code.as_str(),
            Self::BadGateway(_) => "bad gateway",
            Self::Fault(_) => "fault",
        }
    }

    /// The code of an entity that is missing.
    pub fn code_of_missing(entity: &str) -> Code {
        match entity {
            "DialogTransmission" => Code::TransmissionNotFound,
            "DialogActivity" => Code::ActivityNotFound,
            "DialogSeenLog" => Code::SeenLogNotFound,
            "Label" => Code::LabelNotFound,
            "InstanceRef" => Code::ReferenceUnresolved,
            _ => Code::DialogNotFound,
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
