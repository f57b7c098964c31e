//! The request that is being answered, for whoever makes an answer: trace id, path, and the prefix it came under.

use axum::http::{HeaderMap, Uri};
use uuid::Uuid;

use super::{
    ledger::{Ledger, Noted},
    prefer::Preferences,
};
use crate::telemetry::Place;

/// The prefix that the public address has and the routes have not.
pub const PREFIX: &str = "/dialogporten";

/// A place in a trace, in the form of W3C Trace Context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId {
    /// 32 hexadecimal digits.
    trace: String,
    /// 16 hexadecimal digits, ours.
    span: String,
    flags: String,
    /// Whose step this is.
    caller: Option<Place>,
}

impl TraceId {
    /// A step of the caller's trace if a valid `traceparent` names one, otherwise of a fresh trace.
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers.get("traceparent").and_then(|value| parse_traceparent(value.to_str().ok()?));
        let (caller, flags) = given.unzip();
        // Not sampled: nobody asked for the trace.
        let flags = flags.unwrap_or_else(|| "00".to_owned());
        let fresh = || Uuid::new_v4().simple().to_string();
        let trace = caller.as_ref().map_or_else(fresh, |caller: &Place| caller.trace.clone());
        let mut span = fresh();
        span.truncate(16);
        Self { trace, span, flags, caller }
    }

    pub fn caller(&self) -> Option<&Place> {
        self.caller.as_ref()
    }

    /// What a collector is told of the request counts: answers name the same trace and span.
    pub fn is_at(&mut self, place: Place) {
        self.flags = format!("{:02x}", u8::from(place.is_sampled));
        (self.trace, self.span) = (place.trace, place.span);
    }
}

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "00-{}-{}-{}", self.trace, self.span, self.flags)
    }
}

/// The caller's place, and its flags as they are. Later versions may append fields, which are ignored.
fn parse_traceparent(text: &str) -> Option<(Place, String)> {
    let lower_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let valid = lower_hex(version, 2)
        && version != "ff"
        // Version 00 has four fields exactly (W3C Trace Context §3.2.2).
        && (version != "00" || parts.next().is_none())
        && lower_hex(trace, 32)
        && trace.bytes().any(|byte| byte != b'0')
        && lower_hex(span, 16)
        && span.bytes().any(|byte| byte != b'0')
        && lower_hex(flags, 2);
    let is_sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
    valid.then(|| (Place { trace: trace.to_owned(), span: span.to_owned(), is_sampled }, flags.to_owned()))
}

/// What answers need to know of their request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    pub trace: TraceId,
    /// The path as the client sent it, without query and without [`PREFIX`].
    pub instance: String,
    /// Whether the request came under [`PREFIX`]: addresses in the answer then carry it too.
    pub prefixed: bool,
    pub prefers: Preferences,
    /// What the request's line in the log is going to say.
    pub ledger: Ledger,
}

impl RequestContext {
    pub fn new(headers: &HeaderMap, uri: &Uri) -> Self {
        let path = uri.path();
        let stripped = without_prefix(path);
        Self {
            trace: TraceId::of(headers),
            instance: stripped.unwrap_or(path).to_owned(),
            prefixed: stripped.is_some(),
            prefers: Preferences::of(headers),
            ledger: Ledger::default(),
        }
    }
}

/// The path below [`PREFIX`], if it is there, in any letter case.
pub fn without_prefix(path: &str) -> Option<&str> {
    let (prefix, rest) = path.split_at_checked(PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    match rest {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

tokio::task_local! {
    // Task-local instead of an argument: extractors and refusals deep down need it, and neither knows the request.
    static CURRENT: RequestContext;
}

/// Runs `answering` with `context` as the current request. Spawned tasks do not inherit it.
pub async fn within<F: Future>(context: RequestContext, answering: F) -> F::Output {
    CURRENT.scope(context, answering).await
}

/// The request this task is answering, if it is answering one.
pub fn current() -> Option<RequestContext> {
    CURRENT.try_with(Clone::clone).ok()
}

/// What the client of the current request would like.
pub fn preferences() -> Preferences {
    CURRENT.try_with(|request| request.prefers).unwrap_or_default()
}

/// Notes what the dialog in question is about, for the sums that costs are shared by.
pub fn about(service_resource: &str) {
    note(|noted| noted.usage.service_resource = Some(service_resource.to_owned()));
}

/// Writes into the ledger of the request under way.
pub fn note(note: impl FnOnce(&mut Noted)) {
    // Outside a request (tests, background work) there is no ledger, and nothing is lost.
    let _ = CURRENT.try_with(|request| request.ledger.write(note));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on() {
        let mut headers = HeaderMap::new();
        let parent = "00-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01";
        headers.insert("traceparent", parent.parse().expect("a header value"));
        let ours = TraceId::of(&headers).to_string();
        assert!(ours.starts_with("00-7d1f0a6b5c4e3d2c1b0a998877665544-") && ours.ends_with("-01"), "{ours}");
        assert_ne!(ours, parent, "the span is ours");
    }

    #[test]
    fn a_broken_parent_starts_a_fresh_trace() {
        for parent in [
            "",
            "x",
            "00-00000000000000000000000000000000-1122334455667788-01",
            "00-7d1f0a6b5c4e3d2c1b0a998877665544-0000000000000000-01",
            "ff-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01",
            "00-7D1F0A6B5C4E3D2C1B0A998877665544-1122334455667788-01",
            "00-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01-x",
        ] {
            assert_eq!(parse_traceparent(parent), None, "{parent}");
        }
        assert_eq!(TraceId::of(&HeaderMap::new()).to_string().len(), 55);
    }

    #[test]
    fn the_public_prefix_is_no_part_of_the_instance() {
        for (path, below) in [
            ("/dialogporten/api/v1/x", Some("/api/v1/x")),
            ("/Dialogporten/api", Some("/api")),
            ("/dialogporten", Some("/")),
            ("/dialogportenx/api", None),
            ("/api/v1/x", None),
        ] {
            assert_eq!(without_prefix(path), below, "{path}");
        }
    }
}
