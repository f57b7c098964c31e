//! The schema as a file to download.

use std::time::SystemTime;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, SubsecRound, Utc};
use sha2::{Digest, Sha256};

use crate::graphql::schema::{DialogSchema, part_of, sdl};

/// What is downloaded, printed once.
pub struct SchemaFile {
    whole: String,
    changed_at: DateTime<Utc>,
}

impl SchemaFile {
    pub fn of(schema: &DialogSchema) -> Self {
        Self { whole: sdl(schema), changed_at: age_of_program() }
    }

    /// The whole, or the types that `types=A,B` names.
    pub fn answer(&self, headers: &HeaderMap, query: &str) -> Response {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let types = pairs.find(|(name, _)| name == "types").map(|(_, types)| types.into_owned());
        let names: Option<Vec<&str>> = types.as_deref().map(|types| types.split(',').map(str::trim).collect());
        let text = names.map_or_else(|| self.whole.clone(), |names| part_of(&self.whole, &names));
        // Of the content, so that all replicas of one version say the same.
        let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(text.as_bytes())[..18]));
        let is_known =
            if headers.contains_key(header::IF_NONE_MATCH) { is_tagged(headers, &tag) } else { self.is_since(headers) };
        let changed_at = self.changed_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let kept = [
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600, must-revalidate")),
            (header::ETAG, HeaderValue::try_from(tag).expect("base64 in quotes is a header's value")),
            (header::LAST_MODIFIED, HeaderValue::try_from(changed_at).expect("a date is a header's value")),
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
    /// Whether the client has it as it became at the latest. A date that is none says nothing (RFC 9110 §13.1.3).
    fn is_since(&self, headers: &HeaderMap) -> bool {
        let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        since.and_then(|since| DateTime::parse_from_rfc2822(since).ok()).is_some_and(|since| self.changed_at <= since)
    }
}

fn is_tagged(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        // Proxies that compress make a tag weak; for a GET weak comparison is right (RFC 9110 §13.1.2).
        .any(|known| known.trim().trim_start_matches("W/") == tag)
}

/// The schema is as old as the program, which is one file wherever an image runs.
fn age_of_program() -> DateTime<Utc> {
    let modified = std::env::current_exe().and_then(|program| program.metadata()?.modified());
    let now = SystemTime::now();
    // Nothing was modified after now, whatever a file says (RFC 9110 §8.8.2.1).
    DateTime::from(modified.unwrap_or(now).min(now)).trunc_subsecs(0)
}
