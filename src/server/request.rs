//! One request: whether it is taken on, and what becomes of its connection.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Request, Response, Version, header, request::Parts, uri::Authority},
};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tower::ServiceExt;

use super::{
    body::{Reader, Rest, Upload},
    connection::Watch,
    drain::Lifecycle,
    limits::{Admitted, Load},
};
use crate::{
    config,
    domain::{refusal::Refusal, rules::code::Code, violations::Violations},
    http::{
        context::{RequestContext, without_prefix},
        problem,
    },
};

/// What all requests share.
pub(super) struct Requests {
    router: Router,
    load: Arc<Load>,
    lifecycle: Lifecycle,
}

impl Requests {
    pub fn new(router: Router, settings: &config::Server, lifecycle: Lifecycle) -> Self {
        Self { router, load: Load::new(settings), lifecycle }
    }

    pub fn settings(&self) -> &config::Server {
        &self.load.settings
    }

    pub fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// The answer, which says whether the connection ends with it.
    pub async fn answer(&self, request: Request<Incoming>, watch: &Arc<Watch>) -> Response<Answered> {
        watch.answers();
        let (parts, incoming) = request.into_parts();
        let asks_first = parts.headers.get(header::EXPECT).is_some_and(|value| !value.is_empty());
        let admitted = self.load.admit();
        let upload = (!incoming.is_end_stream()).then(|| Upload::new(&self.load, incoming));
        let mut response = if let Some(refusal) = refusal(&parts, admitted.is_some()) {
            let request = RequestContext::new(&parts.headers, &parts.uri);
            problem::before_routing(refusal, request).await
        } else {
            let body = upload.as_ref().map_or_else(Body::empty, |upload| Body::new(Reader(Arc::clone(upload))));
            let answered = self.router.clone().oneshot(Request::from_parts(parts, body)).await;
            answered.unwrap_or_else(|never| match never {})
        };
        let rest = match &upload {
            Some(upload) => upload.settle(asks_first).await,
            None => Rest::Nothing,
        };
        if rest == Rest::Unread {
            watch.leaves_body_unread();
        }
        if rest == Rest::Unread || self.lifecycle.is_stopping() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let is_under_way = response.extensions().get::<LongLived>().is_none();
        let held = Held {
            watch: Arc::clone(watch),
            _admitted: admitted.filter(|_| is_under_way),
            _upload: upload.filter(|_| is_under_way),
        };
        response.map(|body| Answered { body, _held: held })
    }
}

/// Marks an answer that goes on for as long as its client likes. It costs little but its connection, so that it does not
/// count among the requests under way.
#[derive(Clone, Copy, Debug)]
pub struct LongLived;

/// Why a request is not taken on.
fn refusal(parts: &Parts, is_admitted: bool) -> Option<Refusal> {
    if !names_one_host(parts.version, &parts.headers) {
        let fault = Code::HostMalformed.says("The request must name its host, once.");
        return Some(Violations::one("Host", fault.hint("Send `Host`, as libraries do by themselves.")).into());
    }
    // Whoever asks how we are is told, however much there is to do.
    let path = without_prefix(parts.uri.path()).unwrap_or(parts.uri.path());
    let asks_for_health = path.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("/health"));
    (!is_admitted && !asks_for_health).then(Refusal::overloaded)
}

/// RFC 9112 §3.2: one `Host` from HTTP/1.1 on, and one that can be a host. Older requests need none.
fn names_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(_), Some(_)) => false,
        (Some(host), None) => host.to_str().is_ok_and(|host| {
            // Empty is right for an address without a host, which some probes use.
            host.is_empty() || !host.contains('@') && host.parse::<Authority>().is_ok()
        }),
    }
}

/// The body of an answer; while it is being written, its request counts.
pub(super) struct Answered {
    body: Body,
    _held: Held,
}

struct Held {
    watch: Arc<Watch>,
    _admitted: Option<Admitted>,
    _upload: Option<Arc<Upload>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.watch.has_answered();
    }
}

impl hyper::body::Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-16.
    #[test]
    fn a_request_names_one_host() {
        for (hosts, is_right) in [
            (&[][..], false),
            (&["a", "a"], false),
            (&["a b"], false),
            (&["a/b"], false),
            (&["user@a"], false),
            (&["a:1:2"], false),
            (&["a"], true),
            (&["a.no:8080"], true),
            (&["[::1]:8080"], true),
            (&["127.0.0.1"], true),
            (&[""], true),
        ] {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            assert_eq!(names_one_host(Version::HTTP_11, &headers), is_right, "{hosts:?}");
            assert_eq!(names_one_host(Version::HTTP_10, &headers), is_right || hosts.is_empty(), "{hosts:?}");
        }
    }
}
