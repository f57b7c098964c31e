//! Access to one dialog: what is asked of the decision point, and what its answer allows (chapter 03 §5).

mod request;

use std::{collections::BTreeSet, sync::Arc};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    Altinn, AltinnError,
    cache::Answer,
    http::{Access, read},
};
use crate::domain::{
    decision::{Decision, Outcome},
    identity::EndUserIdentity,
    ids::DialogId,
    party::Party,
    visibility::Cover,
};

pub use request::{InstanceRef, instance_ref};

/// One question about a dialog.
#[derive(Clone, Debug)]
pub struct DecisionAsk<'a> {
    pub dialog_id: DialogId,
    pub party: &'a Party,
    pub service_resource: &'a str,
    pub owner_labels: &'a [String],
    /// Action and attribute of everything that is shown, as [`crate::domain::visibility::pairs_to_decide`] gives them. They
    /// stand in order, and so do the outcomes.
    pub pairs: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> DecisionAsk<'a> {
    /// What must be known before the dialog can be shown; `pairs` as `visibility::pairs_to_decide` gives them.
    pub fn about(dialog: &Cover<'a>, pairs: BTreeSet<(&'a str, &'a str)>) -> Self {
        Self {
            dialog_id: dialog.id,
            party: dialog.party,
            service_resource: dialog.service_resource,
            owner_labels: dialog.owner_labels,
            pairs,
        }
    }
}

#[derive(Deserialize)]
struct Response {
    response: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    decision: String,
}

impl From<Said> for Outcome {
    fn from(said: Said) -> Self {
        match said.decision.as_str() {
            "Permit" => Self::Permit,
            "Deny" => Self::Deny,
            "NotApplicable" => Self::NotApplicable,
            // Also a word that nobody knows: everything but "Permit" denies.
            _ => Self::Indeterminate,
        }
    }
}

impl Response {
    /// Outcomes stand in the order of the pairs asked; what is missing could not be told.
    fn decide(self, pairs: Vec<(String, String)>, dialog: DialogId) -> Answer<Arc<Decision>> {
        let missing = pairs.len().saturating_sub(self.response.len());
        // By position, up to the shorter length (chapter 03 §5.5); what is missing is denied.
        let said = self.response.into_iter().map(Outcome::from).chain(std::iter::repeat(Outcome::Indeterminate));
        let decision = Arc::new(Decision::new(pairs.into_iter().zip(said)));
        let undecided = decision.outcomes().filter(|(_, _, outcome)| *outcome == Outcome::Indeterminate).count();
        if undecided == 0 {
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
    pub async fn decide(&self, caller: &EndUserIdentity, ask: DecisionAsk<'_>) -> Result<Arc<Decision>, AltinnError> {
        let subject = caller.subject.as_ref().ok_or(AltinnError::NoSubject)?;
        // Levels must be known to whoever acts on the decision; only the first call after a start waits.
        self.synced().await?;
        let instance = instance_ref(ask.owner_labels, ask.dialog_id);
        let body = request::body(subject, caller, &ask, &instance);
        // The body holds all that the answer depends on; the identifying claims keep callers of one subject apart.
        let mut key = Sha256::new();
        key.update(caller.identifying.as_bytes());
        // Keeps the two parts from running into each other.
        key.update([0]);
        key.update(&body);
        let altinn = self.clone();
        let dialog = ask.dialog_id;
        let pairs: Vec<_> = ask.pairs.iter().map(|(action, part)| ((*action).to_owned(), (*part).to_owned())).collect();
        self.0
            .decisions
            .get(key.finalize().into(), || async move {
                let platform = &altinn.0.platform;
                let request = platform.client().post(platform.address("authorization/api/v1/authorize"));
                let request = request.header("Content-Type", "application/json").body(body);
                let answer = platform.send("decision", Access::Ours, request).await?;
                Ok(read::<Response>("decision", &answer)?.decide(pairs, dialog))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::visibility::MAIN;

    #[test]
    fn answers_go_by_position_and_only_permit_permits() {
        use Outcome::{Deny, Indeterminate, NotApplicable, Permit};
        let pairs =
            || [("read", MAIN), ("sign", MAIN), ("write", "x")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        for (words, kept, outcomes) in [
            (&["Deny", "Permit", "NotApplicable"][..], true, [Deny, Permit, NotApplicable]),
            (&["permit", "PERMIT", "Deny"], false, [Indeterminate, Indeterminate, Deny]),
            (&["Permit", "Indeterminate", "Deny"], false, [Permit, Indeterminate, Deny]),
            (&["Indeterminate"], false, [Indeterminate; 3]),
            (&["Permit", "Permit", "Permit", "Permit"], true, [Permit; 3]),
        ] {
            let response = words.iter().map(|word| Said { decision: (*word).to_owned() }).collect();
            let (decision, was_kept) = match (Response { response }).decide(pairs(), DialogId(uuid::Uuid::nil())) {
                Answer::Keep(decision) => (decision, true),
                Answer::Once(decision) => (decision, false),
            };
            let found: Vec<_> = decision.outcomes().map(|(_, _, outcome)| outcome).collect();
            assert_eq!((found, was_kept), (outcomes.to_vec(), kept), "{words:?}");
            let permitted = decision.permitted().count();
            assert_eq!(permitted, outcomes.iter().filter(|outcome| **outcome == Permit).count(), "{words:?}");
        }
    }
}
