//! The wire, once: refusals, JSON, query strings, If-Match, paging, languages.

pub mod accept;
pub mod accept_language;
pub mod announced;
pub mod answer;
pub mod body;
pub mod context;
pub mod if_match;
pub mod json;
pub mod json_patch;
pub mod ledger;
mod nearest;
pub mod page;
pub mod paging;
pub mod path;
pub mod prefer;
pub mod problem;
pub mod query;
pub mod templates;
pub mod timestamp;

pub use accept::AcceptsJson;
pub use accept_language::AcceptLanguage;
pub use announced::Announced;
pub use answer::{Created, NoContent, Ok200};
pub use if_match::IfMatch;
pub use json::{Json, parse_json};
pub use paging::{ContinuationToken, Page, PageRequest};
pub use path::Path;
pub use query::Query;
pub use timestamp::Timestamp;

use uuid::Uuid;

/// A UUID in any notation that routes, query strings and headers may hold: hyphenated, 32 digits, in braces or in
/// parentheses. (JSON bodies take the hyphenated form only.)
pub fn lenient_uuid(text: &str) -> Option<Uuid> {
    let text = text.trim();
    let bare = match text.as_bytes() {
        [b'{', .., b'}'] | [b'(', .., b')'] if text.len() == 38 => &text[1..37],
        _ => text,
    };
    matches!(bare.len(), 32 | 36).then(|| Uuid::try_parse(bare).ok()).flatten()
}

/// The text of a query or route value that does not fit its type.
fn not_valid(value: &str, wanted: &str) -> String {
    format!("Value [{value}] is not valid for a [{wanted}] property!")
}

/// The text of a header value that does not fit its type.
fn not_bindable(value: &str, wanted: &str) -> String {
    format!("Unable to bind header value [{value}] to a [{wanted}] property!")
}
