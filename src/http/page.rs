//! HTML pages, with what browsers must keep to.

use std::borrow::Cow;

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};

/// Scripts are files of ours, never part of a page. Swagger UI sets styles as it goes, and asks the token service of a login.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self' https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A whole page.
#[derive(Clone, Debug)]
pub struct Page(pub Cow<'static, str>);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "no-referrer"),
            // Pages change with the release, under the same address.
            (header::CACHE_CONTROL, "no-store"),
        ];
        (headers, Html(self.0)).into_response()
    }
}
