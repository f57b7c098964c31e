//! The rules of single values, as the contract words them (chapter 08 §2). Each is a pure function of a value and of the
//! path where it stands; what is wrong goes into `found`. An absent value passes every rule but "not empty".

pub mod actor;
pub mod code;
pub mod content;
pub mod html;
pub mod localized;
pub mod tag;
pub mod text;
pub mod time;
pub mod unique;
pub mod uri;
pub mod uuid7;

use super::{Instant, limits, violations::At, wire_enum::Given, wire_enum::WireEnum};
use crate::domain::violations::Violations;
use code::Code;

/// What the rules need to know beside the value: the instant of the request and what the caller's scopes widen.
#[derive(Clone, Copy, Debug)]
pub struct RuleContext {
    // One instant for all rules of a request, so that two of them never disagree.
    pub now: Instant,
    /// Scope `digdir:dialogporten.serviceprovider.admin`.
    pub is_admin: bool,
    /// Scope `digdir:dialogporten.correspondence`: longer texts.
    pub correspondence: bool,
    /// Scope `digdir:dialogporten.serviceprovider.legacyhtml`: HTML media types.
    pub legacy_html: bool,
}

impl RuleContext {
    /// Most characters of an activity's description.
    pub fn description_limit(&self) -> usize {
        if self.correspondence { limits::CORRESPONDENCE_DESCRIPTION } else { limits::DEFAULT_STRING }
    }
}

/// The value is one of the enum's.
pub fn defined<E: WireEnum>(value: Given<E>, at: At, found: &mut Violations) {
    if let Given::Undefined(number) = value {
        let text = format!("'{}' has a range of values which does not include '{number}'.", name_of(at));
        found
            .add(at, Code::EnumUndefined.says(text).hint("Write one of the names in `allowed`.").allowed(names::<E>()));
    }
}

/// The names of an enumeration's values.
pub fn names<E: WireEnum>() -> impl Iterator<Item = &'static str> {
    E::VALUES.iter().map(|(_, name, _)| *name)
}

/// The last name of a path as messages write it: `createdAt` becomes `CreatedAt`.
fn name_of(at: At) -> String {
    let name = at.name();
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod testing {
    use super::*;

    pub fn context() -> RuleContext {
        RuleContext {
            now: "2031-04-05T06:07:08Z".parse().expect("an instant"),
            is_admin: false,
            correspondence: false,
            legacy_html: false,
        }
    }

    /// The texts that a rule gives for a value at `dto.value`.
    pub fn texts(rule: impl FnOnce(At, &mut Violations)) -> Vec<String> {
        let mut found = Violations::new();
        rule(At::Root("dto").field("value"), &mut found);
        found.faults().map(|(_, fault)| fault.text.clone()).collect()
    }

    /// `key: text`, one per fault.
    pub fn lines(rule: impl FnOnce(At, &mut Violations)) -> Vec<String> {
        let mut found = Violations::new();
        rule(At::Root("dto"), &mut found);
        found.faults().map(|(key, fault)| format!("{key}: {}", fault.text)).collect()
    }
}
