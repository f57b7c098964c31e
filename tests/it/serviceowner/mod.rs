//! What service owners may do.

mod activities;
mod attack;
mod concurrency;
mod create;
mod create_children;
mod create_refused;
mod end_user_contexts;
mod events;
mod get;
mod labels;
mod lifecycle;
mod list_rules;
mod lookup;
mod members;
mod notification_condition;
mod outcome_table;
mod outcomes;
mod parts;
mod patch;
mod refusal_order;
mod search;
mod seen_log;
mod send_back;
mod system_labels;
mod transmissions;
mod update;
pub mod writes;
