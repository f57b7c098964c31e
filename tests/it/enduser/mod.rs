//! What end users and their systems may do.

mod dialog_token;
mod free_text;
mod get;
mod large;
mod list_rules;
mod lookup;
mod pages;
mod parties;
pub mod parts;
mod reading_at_once;
mod search;
mod seen_log;
mod service_resources;
mod system_labels;
