//! The wire, once: refusals, JSON, query strings, If-Match, paging, languages.

pub mod json_patch;
pub mod refusal;
