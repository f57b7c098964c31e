//! What end users and their systems may do.

mod get;
mod search;
