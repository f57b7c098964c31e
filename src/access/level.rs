//! Which authentication level a resource demands of readers (chapter 03 §5.7). Levels are compared here; what a decision
//! point says of them is not looked at.

use crate::{altinn::Altinn, app::App, store::search::text::TextReach};

/// The level of resources that nothing is known about. Lists are laxer.
// The contract has both defaults, 3 here and 0 in lists (chapter 02 §0.4).
const OF_UNKNOWN_RESOURCES: i32 = 3;

/// What readers of a single dialog, look-ups and catalogue entries need.
pub fn demanded(altinn: &Altinn, service_resource: &str) -> i32 {
    altinn.minimum_level(service_resource).unwrap_or(OF_UNKNOWN_RESOURCES)
}

/// Whether lists show a reader of this level the sensitive texts of the resource's dialogs. Of a resource that nothing is
/// known about, everybody sees them.
pub fn shows_in_lists(altinn: &Altinn, service_resource: &str, level: Option<i32>) -> bool {
    level.unwrap_or(0) >= altinn.minimum_level(service_resource).unwrap_or(0)
}

/// Which dialogs are found in lists by all their texts: those whose texts a list may show a reader of this level. What is out of
/// reach can neither be found nor be shown by being found.
pub fn reach_of_texts(app: &App, level: Option<i32>) -> TextReach {
    // Saves naming every resource in the search.
    if app.altinn.is_above_all_levels(level.unwrap_or(0)) {
        return TextReach::All;
    }
    TextReach::Of(app.dictionary.resources_where(|urn| shows_in_lists(&app.altinn, urn, level)))
}
