//! Service-owner labels, and what is wrong with one (chapter 01 §8).

use super::{
    limits,
    rules::{text, unique},
    violations::{At, Code, Violations},
};

pub use super::rules::tag::normalised;

/// The labels that a dialog is born with, as they were given.
pub fn check_all(labels: &[Option<&str>], at: At, found: &mut Violations) {
    // As stored, trimmed and in lower case: the reference compares what was sent, and a later write of such a pair
    // fails with 500 (§13 no. 5).
    unique::unique_by(labels.iter().copied().flatten(), normalised, at, found);
    check_number(labels.len(), at, found);
    for (i, label) in labels.iter().enumerate() {
        check_value(*label, at.item(i).field("value"), found);
    }
}

/// A label that joins the stored ones. It stands behind them, which is where its faults are reported.
pub fn check_added(stored: &[String], label: Option<&str>, at: At, found: &mut Violations) {
    let added = label.map(normalised);
    unique::unique(stored.iter().chain(&added).map(String::as_str), at, found);
    check_number(stored.len() + 1, at, found);
    check_value(label, at.item(stored.len()).field("value"), found);
}

fn check_number(labels: usize, at: At, found: &mut Violations) {
    if labels > limits::OWNER_LABELS {
        let text = format!("Maximum {} service owner labels are allowed.", limits::OWNER_LABELS);
        let hint = format!("Leave out or remove {} of them.", labels - limits::OWNER_LABELS);
        found.add(at, Code::OwnerLabelsTooMany.says(text).hint(hint));
    }
}

/// Judged as it is stored; one of blanks is measured as it was given.
fn check_value(label: Option<&str>, at: At, found: &mut Violations) {
    let stored = label.map(normalised).filter(|stored| !stored.is_empty());
    let label = stored.as_deref().or(label);
    text::not_blank(label, at, found);
    text::min_length(label, limits::SHORT_STRING_MIN, at, found);
    text::max_length(label, limits::DEFAULT_STRING, at, found);
}
