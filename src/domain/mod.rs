//! The words and the rules of the field. No async, no SQL, no HTTP, no reading of the clock.

pub mod actor;
pub mod attachment;
pub mod birth;
pub mod change;
pub mod child_ids;
pub mod content;
pub mod decision;
pub mod dialog;
pub mod event;
pub mod growth;
pub mod hierarchy;
pub mod identity;
pub mod ids;
pub mod limits;
pub mod listed;
pub mod masking;
pub mod merge;
pub mod order;
pub mod owner_label;
pub mod party;
pub mod policy;
pub mod refusal;
pub mod resource;
pub mod rules;
#[cfg(test)]
pub mod sample;
pub mod seen_log;
pub mod system_label;
pub mod violations;
pub mod visibility;
pub mod wire_enum;

/// An instant in UTC with microsecond precision.
pub type Instant = chrono::DateTime<chrono::Utc>;
