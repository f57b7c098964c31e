//! The schema as a file to download.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::graphql::schema::{DialogSchema, part_of, sdl};

/// What is downloaded, printed once.
pub struct SchemaFile(String);

impl SchemaFile {
    pub fn of(schema: &DialogSchema) -> Self {
        Self(sdl(schema))
    }

    /// The whole, or the types that `types=A,B` names.
    pub fn answer(&self, headers: &HeaderMap, query: &str) -> Response {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let types = pairs.find(|(name, _)| name == "types").map(|(_, types)| types.into_owned());
        let names: Option<Vec<&str>> = types.as_deref().map(|types| types.split(',').map(str::trim).collect());
        let text = names.map_or_else(|| self.0.clone(), |names| part_of(&self.0, &names));
        // Of the content, so that all replicas of one version say the same.
        let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(text.as_bytes())[..18]));
        let is_known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            // Proxies that compress make a tag weak; for a GET weak comparison is right (RFC 9110 §13.1.2).
            .any(|known| known.trim().trim_start_matches("W/") == tag);
        let kept = [
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600, must-revalidate")),
            (header::ETAG, HeaderValue::try_from(tag).expect("base64 in quotes is a header's value")),
        ];
        if is_known {
            return (StatusCode::NOT_MODIFIED, kept).into_response();
        }
        let told = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/graphql; charset=utf-8")),
            (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"schema.graphql\"")),
        ];
        (kept, told, text).into_response()
    }
}
