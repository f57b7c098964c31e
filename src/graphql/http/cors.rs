//! Pages of other origins, as far as the settings let them ask (chapter 05 §A14): no credentials, any method, any header.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

/// The value of `Access-Control-Allow-Origin`, if the page may ask.
fn granted(origins: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    // Safe with a star, as no credentials of the browser are let in: tokens stand in a header that the page must know.
    if permits_all(origins) {
        return Some(HeaderValue::from_static("*"));
    }
    origins.iter().any(|allowed| is_it(allowed, text)).then(|| origin.clone())
}

fn permits_all(origins: &[String]) -> bool {
    origins.iter().any(|allowed| allowed == "*")
}

/// Whether the setting means the origin: it is the same, or the same but for a port that may be any (`http://localhost:*`).
fn is_it(allowed: &str, origin: &str) -> bool {
    let allowed = allowed.trim_end_matches('/');
    let Some(host) = allowed.strip_suffix(":*") else { return allowed.eq_ignore_ascii_case(origin) };
    let Some((start, rest)) = origin.split_at_checked(host.len()) else { return false };
    // Digits only, or `http://localhost:*` would let in `http://localhost:1.evil.example`.
    let is_port = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    start.eq_ignore_ascii_case(host) && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

/// Whether a browser asks on behalf of a page whether it may ask.
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    // Both make a preflight: a bare OPTIONS is an ordinary request, and gets 401 or 404 like any.
    method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight, which comes without a token; `None` if it is none.
pub fn preflight(origins: &[String], method: &Method, headers: &HeaderMap) -> Option<Response> {
    const ASKED: [(HeaderName, HeaderName); 2] = [
        (header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_ALLOW_METHODS),
        (header::ACCESS_CONTROL_REQUEST_HEADERS, header::ACCESS_CONTROL_ALLOW_HEADERS),
    ];
    if !is_preflight(method, headers) {
        return None;
    }
    // 204 also to strangers: the lack of headers is what makes their browser refuse (GQ-019).
    let mut response = StatusCode::NO_CONTENT.into_response();
    if granted(origins, headers).is_some() {
        for (asked, allowed) in ASKED {
            if let Some(value) = headers.get(asked) {
                response.headers_mut().insert(allowed, value.clone());
            }
        }
    }
    grant(&mut response, origins, headers);
    Some(response)
}

/// Lets a page of a permitted origin read the answer.
pub fn grant(response: &mut Response, origins: &[String], asked: &HeaderMap) {
    if origins.is_empty() {
        return;
    }
    // Also without a grant, or a cache would hand one origin's answer to another. Under a star all origins have the same.
    if !permits_all(origins) {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = granted(origins, asked) {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_permitted_as_a_whole() {
        for (allowed, origin, permitted) in [
            ("https://af.altinn.no", "https://af.altinn.no", true),
            ("https://af.altinn.no/", "HTTPS://af.altinn.no", true),
            ("https://af.altinn.no", "https://af.altinn.no.example", false),
            ("https://af.altinn.no", "http://af.altinn.no", false),
            ("http://localhost:*", "http://localhost:3000", true),
            ("http://localhost:*", "http://localhost", true),
            ("http://localhost:*", "http://localhost.example:3000", false),
            ("http://localhost:*", "http://localhost:3000.example", false),
            ("http://localhost:*", "null", false),
        ] {
            assert_eq!(is_it(allowed, origin), permitted, "{allowed} {origin}");
        }
    }
}
