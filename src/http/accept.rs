//! `Accept`, for the four routes that look at it.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use crate::domain::refusal::Refusal;

/// Having one proves that the client takes JSON, or did not say what it takes.
#[derive(Clone, Copy, Debug)]
pub struct AcceptsJson;

impl<S: Send + Sync> FromRequestParts<S> for AcceptsJson {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        if accepts_json(&parts.headers) { Ok(Self) } else { Err(Refusal::NotAcceptable) }
    }
}

/// One entry with q > 0 is enough; one with q = 0 allows nothing, but takes nothing back either. A header that cannot be
/// read is as good as none.
fn accepts_json(headers: &HeaderMap) -> bool {
    // No entry at all (an empty header) is as good as no header.
    let mut some = false;
    for value in headers.get_all(header::ACCEPT) {
        // Leniently: a client with an odd header should get its answer rather than a 406.
        let Ok(value) = value.to_str() else { return true };
        for entry in value.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let mut parts = entry.split(';').map(str::trim);
            let Some((kind, subtype)) = parts.next().and_then(|range| range.split_once('/')) else { return true };
            let mut weight = 1.0;
            for parameter in parts {
                let Some((name, value)) = parameter.split_once('=') else { return true };
                if name.trim().eq_ignore_ascii_case("q") {
                    let Ok(given) = value.trim().parse::<f32>() else { return true };
                    weight = given;
                }
            }
            some = true;
            if weight > 0.0 && is_json(&kind.to_ascii_lowercase(), &subtype.to_ascii_lowercase()) {
                return true;
            }
        }
    }
    !some
}

fn is_json(kind: &str, subtype: &str) -> bool {
    match kind {
        "*" => subtype == "*",
        "application" => matches!(subtype, "*" | "json") || subtype.ends_with("+json"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_must_be_among_what_is_accepted() {
        for (accept, accepted) in [
            ("", true),
            ("*/*", true),
            ("application/*", true),
            ("Application/JSON; charset=utf-8", true),
            ("text/html, application/problem+json;q=0.1", true),
            ("application/json;q=0, */*;q=0.5", true),
            ("nonsense", true),
            ("text/html", false),
            ("text/*;q=1, image/png", false),
            ("application/json;q=0", false),
            ("application/xml", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a header value"));
            assert_eq!(accepts_json(&headers), accepted, "{accept}");
        }
        assert!(accepts_json(&HeaderMap::new()));
    }
}
