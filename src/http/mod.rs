//! The wire, once: refusals, JSON, query strings, If-Match, paging, languages.

pub mod docs;
pub mod json_patch;
pub mod openapi;
pub mod refusal;
