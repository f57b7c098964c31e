//! Who may use the controls: programs of this machine, and pages that this machine served. Not the other pages that its
//! browser has open.
//!
//! There is no authentication here, and a browser sends requests wherever the page of a stranger asks it to. Such a request
//! says so: by the origin of the page, by `Sec-Fetch-Site`, or, where the stranger's name was made to point at this machine
//! (DNS rebinding), by the name in `Host`.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::json;

use super::{Sandbox, wire};

/// Answers the request, or refuses it with the reason.
pub async fn keep_out(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    match stranger(request.headers(), request.uri(), &host_of(sandbox.base())) {
        None => next.run(request).await,
        Some(reason) => {
            let fault =
                json!({"path": "", "line": null, "text": format!("{reason}; the sandbox answers this machine only")});
            wire::json(StatusCode::FORBIDDEN, &json!({ "faults": [fault] }))
        }
    }
}

/// Why a request comes from the page of a stranger, if it does. `own` is the host that the sandbox is known by.
fn stranger(headers: &HeaderMap, uri: &Uri, own: &str) -> Option<String> {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).or_else(|| uri.authority().map(http::uri::Authority::as_str));
    if let Some(host) = host.map(without_port).filter(|host| !is_ours(host, own)) {
        return Some(format!("Host names {host}"));
    }
    if let Some(origin) = text(header::ORIGIN) {
        let from = host_of(origin);
        // Somebody's address is no name of ours, unless it is how this very request reached us.
        let by_address = from.parse::<IpAddr>().is_ok_and(|address| !address.is_loopback());
        let here = host.is_some_and(|host| without_port(host) == from);
        if !here && (by_address || !is_ours(&from, own)) {
            return Some(format!("Origin is {origin}"));
        }
    }
    (text(header::HeaderName::from_static("sec-fetch-site")) == Some("cross-site"))
        .then(|| "a page of another site sent this request".to_owned())
}

/// Names that no stranger can have: the sandbox's own, addresses, those of this machine (also the one by which containers call
/// it), and names without a dot, which only the networks of containers and offices know.
fn is_ours(host: &str, own: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == own
        || host.parse::<IpAddr>().is_ok()
        || host == "localhost"
        || host.ends_with(".localhost")
        || host == "host.docker.internal"
        || !host.is_empty() && !host.contains('.')
}

/// Whether what is sent to that host stays on this machine, or within networks that only it knows: codes and sessions go
/// nowhere else.
pub fn is_of_this_machine(host: &str, own: &str) -> bool {
    let is_far = host.parse::<IpAddr>().is_ok_and(|address| !address.is_loopback());
    host == own || !is_far && is_ours(host, own)
}

/// The host of an address or an origin, in lower case; empty for `null`.
pub fn host_of(address: &str) -> String {
    let Some((_, rest)) = address.split_once("://") else { return String::new() };
    without_port(rest.split('/').next().unwrap_or_default()).to_ascii_lowercase()
}

/// Without port, and without the brackets of an IPv6 address.
fn without_port(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-22
    #[test]
    fn pages_of_strangers_are_told_from_this_machine() {
        for (given, ours) in [
            (vec![("host", "localhost:7214")], true),
            (vec![("host", "127.0.0.1:7214")], true),
            (vec![("host", "[::1]:7214")], true),
            (vec![("host", "dialogporten:8080")], true),
            (vec![("host", "app.localhost")], true),
            (vec![("host", "host.docker.internal:7214")], true),
            (vec![("host", "host.docker.internal.evil.example")], false),
            (vec![("host", "dev.example.no")], true),
            (vec![("host", "192.168.1.20:7214")], true),
            (vec![], true),
            (vec![("host", "evil.example")], false),
            (vec![("host", "localhost.evil.example:7214")], false),
            (vec![("host", "")], false),
            (vec![("host", "localhost"), ("origin", "http://localhost:3000")], true),
            (vec![("host", "192.168.1.20:7214"), ("origin", "http://192.168.1.20:7214")], true),
            (vec![("host", "localhost"), ("origin", "https://evil.example")], false),
            (vec![("host", "localhost"), ("origin", "http://203.0.113.7")], false),
            (vec![("host", "localhost"), ("origin", "null")], false),
            (vec![("host", "localhost"), ("origin", "http://[::1]:1")], true),
            (vec![("host", "localhost"), ("sec-fetch-site", "same-origin")], true),
            (vec![("host", "localhost"), ("sec-fetch-site", "none")], true),
            (vec![("host", "localhost"), ("sec-fetch-site", "cross-site")], false),
        ] {
            let headers =
                given.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
            let headers: HeaderMap = headers.collect();
            assert_eq!(
                stranger(&headers, &Uri::from_static("/sandbox"), "dev.example.no").is_none(),
                ours,
                "{given:?}"
            );
        }
    }
}
