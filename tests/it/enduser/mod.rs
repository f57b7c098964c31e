//! What end users and their systems may do.

mod get;
mod list_rules;
mod pages;
mod search;
