//! What service owners may do.

mod concurrency;
mod create;
mod create_children;
mod create_refused;
mod get;
mod labels;
mod refusal_order;
mod search;
mod system_labels;
