//! What end users and their systems may do.

mod dialog_token;
mod get;
mod large;
mod list_rules;
mod pages;
mod reading_at_once;
mod search;
mod seen_log;
mod system_labels;
