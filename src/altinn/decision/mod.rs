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
use crate::domain::{decision::Decision, dialog::Dialog, identity::EndUserIdentity, ids::DialogId, party::Party};

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
    pub fn about(dialog: &'a Dialog, pairs: BTreeSet<(&'a str, &'a str)>) -> Self {
        Self {
            dialog_id: dialog.id,
            party: &dialog.party,
            service_resource: &dialog.service_resource,
            owner_labels: &dialog.owner_labels,
            pairs,
        }
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
    fn decide(self, pairs: Vec<(String, String)>, dialog: DialogId) -> Answer<Arc<Decision>> {
        let undecided = self.response.iter().filter(|outcome| outcome.decision == "Indeterminate").count();
        let missing = pairs.len().saturating_sub(self.response.len());
        let outcomes = self.response.into_iter().map(|outcome| outcome.decision == "Permit");
        let permitted = pairs.into_iter().zip(outcomes).filter(|(_, permit)| *permit).map(|(pair, _)| pair);
        let decision = Arc::new(Decision::new(permitted));
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
    pub async fn decide(&self, caller: &EndUserIdentity, ask: DecisionAsk<'_>) -> Result<Arc<Decision>, AltinnError> {
        let subject = caller.subject.as_ref().ok_or(AltinnError::NoSubject)?;
        // Levels must be known to whoever acts on the decision; only the first call after a start waits.
        self.synced().await?;
        let instance = instance_ref(ask.owner_labels, ask.dialog_id);
        let body = request::body(subject, caller, &ask, &instance);
        // The body holds all that the answer depends on; the identifying claims keep callers of one subject apart.
        let mut key = Sha256::new();
        key.update(caller.identifying.as_bytes());
        key.update([0]);
        key.update(&body);
        let altinn = self.clone();
        let dialog = ask.dialog_id;
        let pairs: Vec<_> = ask.pairs.iter().map(|(action, part)| ((*action).to_owned(), (*part).to_owned())).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::visibility::MAIN;

    fn decision(pairs: &[(&str, &str)]) -> Arc<Decision> {
        Arc::new(Decision::new(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))))
    }

    #[test]
    fn answers_go_by_position_and_only_permit_permits() {
        let pairs =
            || [("read", MAIN), ("sign", MAIN), ("write", "x")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        let answer = |words: &[&str]| {
            let response = words.iter().map(|word| Outcome { decision: (*word).to_owned() }).collect();
            Response { response }.decide(pairs(), DialogId(uuid::Uuid::nil()))
        };
        assert!(
            matches!(answer(&["Deny", "Permit", "NotApplicable"]), Answer::Keep(d) if d == decision(&[("sign", MAIN)]))
        );
        assert!(matches!(answer(&["permit", "PERMIT", "Deny"]), Answer::Keep(d) if d == decision(&[])));
        assert!(
            matches!(answer(&["Permit", "Indeterminate", "Deny"]), Answer::Once(d) if d == decision(&[("read", MAIN)]))
        );
        assert!(matches!(answer(&["Indeterminate"]), Answer::Once(d) if d == decision(&[])));
        let surplus = answer(&["Permit", "Permit", "Permit", "Permit"]);
        assert!(matches!(surplus, Answer::Keep(d) if d.permitted().count() == 3));
    }
}
