//! How the decision point comes to its answer, for people who wonder.

use serde_json::{Value, json};

use super::decide::{Trouble, delegates};
use super::xacml::{ACTION, Decision, Effect, Fit, RESOURCE, Rule, SUBJECT};
use super::{Delegation, Expectation, Outcome, Question, World, numbers};
use crate::domain::Instant;

impl World {
    pub(super) fn explanation(&self, question: &Question<'_>, now: Instant) -> Result<Value, String> {
        let (who, party) = (self.place(question.who)?, self.place(question.party)?);
        let part = if question.subresource.is_empty() { "main" } else { question.subresource };
        let resource = question.resource.strip_prefix("urn:altinn:resource:").unwrap_or(question.resource);
        if !self.resources.contains_key(&resource.to_lowercase()) {
            return Err(format!("there is no resource {resource}"));
        }
        let elements = self.elements_for(who, party, (resource, question.action, part));
        let elements: Vec<_> = elements.iter().collect();
        let rights = self.rights(who, party, now);
        let mut explanation = json!({
            "who": self.everyone[who].urn,
            "party": self.everyone[party].urn,
            "resource": resource,
            "action": question.action,
            "subresource": part,
            "listed": self.lists(who, party, resource, now),
            "grants": {
                "roles": rights.roles,
                "packages": rights.packages,
                "delegations": rights.delegations.iter().map(|one| shown(one)).collect::<Vec<_>>(),
            },
        });
        let answer = self.prepare(&elements, now).and_then(|prepared| Ok((self.decide_one(&elements, now)?, prepared)));
        match answer {
            Err(Trouble::Argument(text) | Trouble::Other(text)) => {
                explanation["decision"] = "Indeterminate".into();
                explanation["why"] = text.into();
            }
            Ok((answer, prepared)) => {
                let added = prepared.added.iter().map(|one| json!({ "id": one.id, "value": one.value }));
                let rules = prepared.registered.policy.rules.iter().map(|rule| told(rule, &prepared.attributes));
                let considered = self.delegations(&prepared, now).into_iter().map(|delegation| {
                    let gives = delegates(delegation, &prepared).unwrap_or(false);
                    json!({ "delegation": shown(delegation), "gives": gives })
                });
                explanation["decision"] = format!("{:?}", answer.decision).into();
                explanation["attributes_added"] = added.collect();
                explanation["rules"] = rules.collect();
                explanation["delegations_considered"] = considered.collect();
                explanation["why"] = reason(answer.decision, answer.delegated).into();
                let takers = prepared.registered.policy.rules.iter().filter(|rule| {
                    let fits = |category| rule.fit(category, &prepared.attributes).is_ok_and(|fit| fit == Fit::Match);
                    rule.effect == Effect::Permit && fits(RESOURCE) && fits(ACTION)
                });
                let takers: Vec<_> = takers.flat_map(|rule| wants(rule, SUBJECT)).collect();
                if answer.decision == Decision::NotApplicable && !takers.is_empty() {
                    explanation["it_takes"] = takers.into();
                }
            }
        }
        explanation["answer"] = self.in_words(who, party, &explanation).into();
        Ok(explanation)
    }

    /// Yes or no, of whom and what, and why.
    fn in_words(&self, who: usize, party: usize, explanation: &Value) -> String {
        let text = |member: &str| explanation[member].as_str().unwrap_or_default();
        let permitted = text("decision") == "Permit";
        let (verdict, may) = if permitted { ("Yes", "may") } else { ("No", "may not") };
        let part = match text("subresource") {
            "main" => String::new(),
            part => format!(", part {part},"),
        };
        let whose =
            if who == party { "on their own behalf".to_owned() } else { format!("for {}", self.everyone[party].name) };
        let takes = explanation["it_takes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let takes: Vec<_> = takes.map(|one| one.replace("urn:altinn:", "").replace(" = ", " ")).collect();
        let takes = if takes.is_empty() { String::new() } else { format!("; it takes one of {}", takes.join(", ")) };
        format!(
            "{verdict}: {} {may} {} {}{part} {whose}; {}{takes}.",
            self.everyone[who].name,
            text("action"),
            text("resource"),
            text("why"),
        )
    }

    /// What does not hold of an expectation.
    pub(super) fn disappointments(&self, expectation: &Expectation, now: Instant) -> Vec<String> {
        let mut untrue = Vec::new();
        let action = expectation.action.as_deref().unwrap_or("read");
        let part = expectation.subresource.as_deref().unwrap_or("main");
        let all = || self.scenario.resources.iter().map(|resource| resource.id.as_str());
        let resources: Vec<&str> = if expectation.resource.iter().any(|resource| resource == "any") {
            all().collect()
        } else {
            expectation.resource.iter().map(String::as_str).collect()
        };
        let Ok(who) = self.place(&expectation.who) else { return vec!["who is this?".to_owned()] };
        for reference in &expectation.party {
            let Ok(party) = self.place(reference) else { continue };
            for resource in &resources {
                if let Some(outcome) = expectation.outcome {
                    let elements = self.elements_for(who, party, (resource, action, part));
                    let answer = self.decide_one(&elements.iter().collect::<Vec<_>>(), now);
                    let decision = answer.map_or(Decision::Indeterminate, |answer| answer.decision);
                    let holds = match outcome {
                        Outcome::Permit => decision == Decision::Permit,
                        Outcome::Deny => decision == Decision::Deny,
                        Outcome::NotApplicable => decision == Decision::NotApplicable,
                        Outcome::NotPermit => matches!(decision, Decision::Deny | Decision::NotApplicable),
                    };
                    if !holds {
                        untrue.push(format!("{resource} for {reference}: the decision is {decision:?}"));
                    }
                }
                let listed = self.lists(who, party, resource, now);
                if expectation.listed.is_some_and(|expected| expected != listed) {
                    let words = if listed { "is listed" } else { "is not listed" };
                    untrue.push(format!("{resource} for {reference} {words}"));
                }
            }
        }
        untrue
    }

    pub(super) fn place(&self, reference: &str) -> Result<usize, String> {
        let party = numbers::resolve(&numbers::whole(reference)).map_err(|_| {
            format!("`{reference}` names nobody: give a number, an e-mail address, a UUID, `person:…` or a whole URN")
        })?;
        self.by_urn.get(party.as_str()).copied().ok_or_else(|| format!("there is no {reference} in this world"))
    }
}

fn shown(delegation: &Delegation) -> Value {
    json!({ "resource": delegation.resource, "instance": delegation.instance, "actions": delegation.actions })
}

fn told(rule: &Rule, attributes: &super::xacml::Attributes) -> Value {
    let fit = |category: &str| match rule.fit(category, attributes) {
        Ok(Fit::Match) => "matches".to_owned(),
        Ok(Fit::NoMatch) => "does not match".to_owned(),
        Ok(Fit::Missing) => "a required attribute is missing".to_owned(),
        Err(unknown) => unknown.to_string(),
    };
    let side = |category: &str| json!({ "result": fit(category), "one_of": wants(rule, category) });
    json!({
        "id": rule.id,
        "effect": match rule.effect { Effect::Permit => "Permit", Effect::Deny => "Deny" },
        "subject": side(SUBJECT),
        "resource": side(RESOURCE),
        "action": side(ACTION),
    })
}

/// What a rule asks for in a category: one of these.
fn wants(rule: &Rule, category: &str) -> Vec<String> {
    let all_ofs = rule.all_ofs.iter().map(|all_of| {
        let matches = all_of.iter().filter(|one| one.category == category);
        matches.map(|one| format!("{} = {}", one.attribute_id, one.value)).collect::<Vec<_>>().join(" and ")
    });
    all_ofs.filter(|text| !text.is_empty()).collect()
}

fn reason(decision: Decision, delegated: bool) -> &'static str {
    match (decision, delegated) {
        (Decision::Permit, true) => "no rule gives it, a delegation does",
        (Decision::Permit, false) => "a rule permits it",
        (Decision::Deny, _) => "a rule denies it",
        (Decision::NotApplicable, _) => "no rule speaks of it and no delegation gives it",
        (Decision::Indeterminate, _) => "the policy cannot be decided: a missing attribute or an unknown algorithm",
    }
}
