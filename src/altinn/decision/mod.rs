//! Access to one dialog: what is asked of the decision point, and what its answer allows (chapter 03 §5).

mod request;

use std::{collections::HashSet, sync::Arc};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    Altinn, AltinnError,
    cache::Answer,
    http::{Access, read},
};
use crate::{
    auth::EndUserIdentity,
    domain::{ids::DialogId, party::Party},
};

pub use request::{InstanceRef, instance_ref};

/// The attribute that stands for the dialog itself.
pub const MAIN: &str = "main";
/// The action that opens something.
pub const READ: &str = "read";
/// The action that opens a transmission with an attribute of its own. A rule that grants `read` on a whole resource grants
/// it on every part as well, so parts that shall be closed need an action of their own.
pub const TRANSMISSION_READ: &str = "transmissionread";

/// Who the decision point is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The platform's number of a user.
    User(String),
    /// A person number.
    Person(String),
    /// A system user's id.
    SystemUser(String),
}

/// What a transmission's authorization attribute is asked with: another resource has a policy of its own, where plain
/// `read` is right.
pub fn transmission_action(attribute: &str) -> &'static str {
    const RESOURCE: &str = "urn:altinn:resource:";
    let other = attribute.get(..RESOURCE.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESOURCE));
    if other { READ } else { TRANSMISSION_READ }
}

/// One question about a dialog.
#[derive(Clone, Copy, Debug)]
pub struct DecisionAsk<'a> {
    pub dialog_id: DialogId,
    pub party: &'a Party,
    pub service_resource: &'a str,
    pub owner_labels: &'a [String],
    /// Action and attribute of everything that is shown; no attribute is the dialog itself. `read` of the dialog itself is
    /// asked in any case.
    pub pairs: &'a [(String, Option<String>)],
}

/// What a caller may do with a dialog. Clones share the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision(Arc<[(String, String)]>);

impl Decision {
    /// From permitted pairs, `main` for the dialog itself.
    pub fn permitting(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort();
        pairs.dedup();
        Self(pairs.into())
    }

    /// Any permitted action on the dialog itself.
    pub fn has_access_to_main(&self) -> bool {
        self.0.iter().any(|(_, attribute)| attribute == MAIN)
    }

    /// `read` on the dialog itself.
    pub fn may_read_main(&self) -> bool {
        self.permits(READ, MAIN)
    }

    /// Whether an action of the dialog is allowed. Without an attribute, the same action on anything will do, beside access
    /// to the dialog itself.
    pub fn allows_action(&self, action: &str, attribute: Option<&str>) -> bool {
        match attribute {
            Some(attribute) => self.permits(action, attribute),
            None => self.has_access_to_main() && self.0.iter().any(|(permitted, _)| permitted == action),
        }
    }

    /// Whether a transmission's content is open.
    pub fn allows_transmission(&self, attribute: Option<&str>) -> bool {
        match attribute {
            Some(attribute) => self.permits(TRANSMISSION_READ, attribute) || self.permits(READ, attribute),
            None => self.has_access_to_main(),
        }
    }

    /// Action and attribute of everything permitted, sorted; `main` is the dialog itself.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(action, attribute)| (action.as_str(), attribute.as_str()))
    }

    /// The same as the claim `a` of a dialog token.
    pub fn as_claim(&self) -> String {
        let words: Vec<String> = self
            .pairs()
            .map(|(action, attribute)| if attribute == MAIN { action.to_owned() } else { format!("{action},{attribute}") })
            .collect();
        words.join(";")
    }

    fn permits(&self, action: &str, attribute: &str) -> bool {
        self.pairs().any(|pair| pair == (action, attribute))
    }
}

#[derive(Deserialize)]
struct Response {
    response: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    decision: String,
}

impl Response {
    /// Outcomes stand in the order of the pairs asked. Everything but `Permit`, and what is missing, is a denial.
    fn decide(self, pairs: Vec<(String, String)>, dialog: DialogId) -> Answer<Decision> {
        let undecided = self.response.iter().filter(|outcome| outcome.decision == "Indeterminate").count();
        let missing = pairs.len().saturating_sub(self.response.len());
        let outcomes = self.response.into_iter().map(|outcome| outcome.decision == "Permit");
        let permitted = pairs.into_iter().zip(outcomes).filter(|(_, permit)| *permit).map(|(pair, _)| pair);
        let decision = Decision::permitting(permitted);
        if undecided + missing == 0 {
            return Answer::Keep(decision);
        }
        tracing::error!(dialog.id = %dialog, undecided, missing, "the decision point could not decide everything");
        Answer::Once(decision)
    }
}

impl Altinn {
    /// What the caller may do with a dialog.
    ///
    /// # Errors
    /// `NoSubject` for an e-mail user whose token names no user of the platform; else the platform failed.
    pub async fn decide(&self, caller: &EndUserIdentity, ask: DecisionAsk<'_>) -> Result<Decision, AltinnError> {
        let subject = caller.subject.as_ref().ok_or(AltinnError::NoSubject)?;
        let pairs = sorted(ask.pairs);
        let instance = instance_ref(ask.owner_labels, ask.dialog_id);
        let body = request::body(subject, caller, &ask, &instance, &pairs);
        // The body holds all that the answer depends on; the identifying claims keep callers of one subject apart.
        let mut key = Sha256::new();
        key.update(caller.identifying.as_bytes());
        key.update([0]);
        key.update(&body);
        let altinn = self.clone();
        let dialog = ask.dialog_id;
        self.0
            .decisions
            .get(key.finalize().into(), || async move {
                let platform = &altinn.0.platform;
                let request = platform.client.post(platform.address("authorization/api/v1/authorize"));
                let request = request.header("Content-Type", "application/json").body(body);
                let answer = platform.send("decision", Access::Ours, request).await?;
                Ok(read::<Response>("decision", &answer)?.decide(pairs, dialog))
            })
            .await
    }
}

/// What is asked, once each and in order, with `read` of the dialog itself among it.
fn sorted(pairs: &[(String, Option<String>)]) -> Vec<(String, String)> {
    let mut asked: HashSet<(&str, &str)> =
        pairs.iter().map(|(action, attribute)| (action.as_str(), attribute.as_deref().unwrap_or(MAIN))).collect();
    asked.insert((READ, MAIN));
    let mut asked: Vec<_> = asked.into_iter().collect();
    asked.sort_unstable();
    asked.into_iter().map(|(action, attribute)| (action.to_owned(), attribute.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(pairs: &[(&str, &str)]) -> Decision {
        Decision::permitting(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())))
    }

    #[test]
    fn predicates_follow_the_permitted_pairs() {
        let some = decision(&[("sign", MAIN), ("confirm", "part"), (TRANSMISSION_READ, "a"), (READ, "urn:altinn:resource:b")]);
        assert!(some.has_access_to_main() && !some.may_read_main());
        assert!(some.allows_action("sign", None) && some.allows_action("sign", Some(MAIN)));
        assert!(some.allows_action("confirm", None), "permission on a part counts with access to main");
        assert!(some.allows_action("confirm", Some("part")) && !some.allows_action("sign", Some("part")));
        assert!(!some.allows_action("Sign", None));
        assert!(some.allows_transmission(None) && some.allows_transmission(Some("a")));
        assert!(some.allows_transmission(Some("urn:altinn:resource:b")) && !some.allows_transmission(Some("c")));
        let part = decision(&[("confirm", "part")]);
        assert!(!part.has_access_to_main() && !part.allows_action("confirm", None) && !part.allows_transmission(None));
        assert!(decision(&[(READ, MAIN)]).may_read_main());
    }

    #[test]
    fn the_claim_of_a_dialog_token_lists_everything_sorted() {
        let all = decision(&[(TRANSMISSION_READ, "attachment-b"), ("sign", "urn:altinn:task:Task_2"), (READ, MAIN)]);
        assert_eq!(all.as_claim(), "read;sign,urn:altinn:task:Task_2;transmissionread,attachment-b");
        assert_eq!(decision(&[]).as_claim(), "");
    }

    #[test]
    fn answers_go_by_position_and_only_permit_permits() {
        let pairs = || sorted(&[("sign".into(), None), ("write".into(), Some("x".into())), ("sign".into(), None)]);
        assert_eq!(pairs().len(), 3);
        let answer = |words: &[&str]| {
            let response = words.iter().map(|word| Outcome { decision: (*word).to_owned() }).collect();
            Response { response }.decide(pairs(), DialogId(uuid::Uuid::nil()))
        };
        assert!(matches!(answer(&["Deny", "Permit", "NotApplicable"]), Answer::Keep(d) if d == decision(&[("sign", MAIN)])));
        assert!(matches!(answer(&["permit", "PERMIT", "Deny"]), Answer::Keep(d) if d == decision(&[])));
        assert!(matches!(answer(&["Permit", "Indeterminate", "Deny"]), Answer::Once(d) if d == decision(&[(READ, MAIN)])));
        assert!(matches!(answer(&["Indeterminate"]), Answer::Once(d) if d == decision(&[])));
        let surplus = answer(&["Permit", "Permit", "Permit", "Permit"]);
        assert!(matches!(surplus, Answer::Keep(d) if d.pairs().count() == 3));
    }

    #[test]
    fn transmissions_of_other_resources_are_read() {
        assert_eq!(transmission_action("URN:altinn:Resource:x"), READ);
        assert_eq!(transmission_action("urn:altinn:task:x"), TRANSMISSION_READ);
        assert_eq!(transmission_action("part"), TRANSMISSION_READ);
    }
}
