//! What the platform permits a reader on one dialog (chapter 03 §5.5).

use std::collections::BTreeMap;

use super::visibility::MAIN;

/// What the decision point said of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Permit,
    Deny,
    /// No rule speaks of it.
    NotApplicable,
    /// It could not tell, or told nothing.
    Indeterminate,
}

/// What was said of each (action, attribute) pair that was asked. Pairs are compared exactly, letter case included, and
/// everything but `Permit` is a denial; the rest is kept to explain it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    // Ordered: the claim `a` of a dialog token lists what is permitted in ordinal order (chapter 03 §5.3).
    outcomes: BTreeMap<(String, String), Outcome>,
}

impl Decision {
    pub fn new(outcomes: impl IntoIterator<Item = ((String, String), Outcome)>) -> Self {
        Self { outcomes: outcomes.into_iter().collect() }
    }

    /// Of permitted pairs alone.
    pub fn permitting(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::new(pairs.into_iter().map(|pair| (pair, Outcome::Permit)))
    }

    /// Every pair asked, in ordinal order.
    pub fn outcomes(&self) -> impl Iterator<Item = (&str, &str, Outcome)> {
        self.outcomes.iter().map(|((action, attribute), outcome)| (action.as_str(), attribute.as_str(), *outcome))
    }

    /// In ordinal order.
    pub fn permitted(&self) -> impl Iterator<Item = (&str, &str)> {
        self.outcomes()
            .filter(|(_, _, outcome)| *outcome == Outcome::Permit)
            .map(|(action, attribute, _)| (action, attribute))
    }

    fn permits(&self, action: &str, attribute: &str) -> bool {
        self.permitted().any(|pair| pair == (action, attribute))
    }

    /// Any action on the dialog itself will do.
    pub fn has_access_to_main(&self) -> bool {
        self.permitted().any(|(_, attribute)| attribute == MAIN)
    }

    pub fn may_read_main(&self) -> bool {
        self.permits("read", MAIN)
    }

    /// An action without an attribute is also lit by permission for its name on any part, if the dialog itself is open.
    pub fn allows_action(&self, action: &str, attribute: Option<&str>) -> bool {
        match attribute {
            Some(attribute) => self.permits(action, attribute),
            // The contract compares the name of the action alone, whatever part it was permitted on (chapter 03 §5.5).
            None => self.has_access_to_main() && self.permitted().any(|(permitted, _)| permitted == action),
        }
    }

    /// A transmission without an attribute follows the dialog itself.
    pub fn allows_transmission(&self, attribute: Option<&str>) -> bool {
        match attribute {
            // Either name will do, though only one was asked for: which one depends on the attribute (see
            // `pairs_of_parts`).
            Some(attribute) => self.permits("transmissionread", attribute) || self.permits("read", attribute),
            None => self.has_access_to_main(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(pairs: &[(&str, &str)]) -> Decision {
        Decision::permitting(pairs.iter().map(|(action, attribute)| ((*action).to_owned(), (*attribute).to_owned())))
    }

    /// EG-018, EG-019, EG-020, OG-013
    #[test]
    fn actions_follow_their_attribute_or_the_dialog() {
        let nothing = decision(&[]);
        let writer = decision(&[("write", MAIN)]);
        let signer_of_a_part = decision(&[("write", MAIN), ("sign", "part")]);
        let stranger_with_a_part = decision(&[("sign", "part")]);
        for (decision, action, attribute, permitted) in [
            (&nothing, "read", None, false),
            (&writer, "write", None, true),
            (&writer, "read", None, false),
            (&writer, "Write", None, false),
            (&writer, "write", Some("part"), false),
            (&writer, "write", Some(MAIN), true),
            (&signer_of_a_part, "sign", None, true),
            (&signer_of_a_part, "sign", Some("part"), true),
            (&signer_of_a_part, "sign", Some("other"), false),
            (&stranger_with_a_part, "sign", None, false),
            (&stranger_with_a_part, "sign", Some("part"), true),
        ] {
            let found = decision.allows_action(action, attribute);
            assert_eq!(found, permitted, "{action} on {attribute:?} under {decision:?}");
        }
        assert!(!writer.may_read_main() && writer.has_access_to_main());
        assert!(decision(&[("read", MAIN)]).may_read_main());
        assert!(!stranger_with_a_part.has_access_to_main());
    }

    /// EG-023
    #[test]
    fn transmissions_are_read_by_either_action() {
        let decision = decision(&[("transmissionread", "a"), ("read", "urn:altinn:resource:b")]);
        for (attribute, permitted) in
            [(Some("a"), true), (Some("urn:altinn:resource:b"), true), (Some("c"), false), (None, false)]
        {
            assert_eq!(decision.allows_transmission(attribute), permitted, "{attribute:?}");
        }
    }
}
