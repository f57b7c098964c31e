//! The short form of a policy, compiled to the XACML document that the registry serves and the decision point evaluates.

use std::fmt::Write;

use super::scenario::{Policy, Rule};
use super::xacml::{
    ACTION, ACTION_ID, INTEGER, NAMESPACE, RESOURCE, STRING, STRING_EQUAL, STRING_EQUAL_IGNORE_CASE, SUBJECT,
};

/// One comparison: attribute id and value.
type Attribute = (String, String);

/// The document of a policy.
///
/// # Errors
/// What is wrong, each with the number of its rule.
pub fn compile(resource: &str, policy: &Policy) -> Result<String, Vec<(usize, String)>> {
    let mut faults = Vec::new();
    let mut rules = String::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        match compile_rule(resource, index + 1, rule) {
            Ok(rule) => rules.push_str(&rule),
            Err(text) => faults.push((index, text)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let resource = escaped(resource);
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <xacml:Policy xmlns:xacml=\"{NAMESPACE}\" PolicyId=\"urn:altinn:resource:{resource}:policyid:1\" Version=\"1.0\" \
         RuleCombiningAlgId=\"urn:oasis:names:tc:xacml:3.0:rule-combining-algorithm:deny-overrides\">\n\
         \x20 <xacml:Target/>\n{rules}{}</xacml:Policy>\n",
        obligations(policy)
    ))
}

/// The attributes by which policies name a resource: its id, or organization and name of an app.
pub fn resource_attributes(resource: &str) -> Vec<Attribute> {
    match app(resource) {
        Some((org, app)) => vec![("urn:altinn:org".into(), org.into()), ("urn:altinn:app".into(), app.into())],
        None => vec![("urn:altinn:resource".into(), resource.into())],
    }
}

/// Organization and name of an app `app_{org}_{app}`; the name may hold underscores.
pub fn app(resource: &str) -> Option<(&str, &str)> {
    resource.strip_prefix("app_")?.split_once('_')
}

/// The attribute for a part of a resource: a plain word is a sub-resource, a URN is split at its last colon.
pub fn part_attribute(part: &str) -> Attribute {
    match part.rsplit_once(':') {
        Some((id, value)) if !value.is_empty() => (id.to_owned(), value.to_owned()),
        _ => ("urn:altinn:subresource".to_owned(), part.to_owned()),
    }
}

fn subject_attribute(subject: &str) -> Result<Attribute, String> {
    let (kind, value) = subject.rsplit_once(':').filter(|(_, value)| !value.is_empty()).unwrap_or_default();
    let id = match kind {
        "role" => "urn:altinn:rolecode",
        "package" => "urn:altinn:accesspackage",
        "org" => "urn:altinn:org",
        urn if urn.starts_with("urn:") => urn,
        _ => return Err(format!("`{subject}` is none of role:…, package:…, org:…, any and a URN")),
    };
    Ok((id.to_owned(), value.to_owned()))
}

fn compile_rule(resource: &str, number: usize, rule: &Rule) -> Result<String, String> {
    let (effect, subjects) = match (&rule.permit, &rule.deny) {
        (Some(subjects), None) => ("Permit", subjects),
        (None, Some(subjects)) => ("Deny", subjects),
        _ => return Err("a rule needs exactly one of permit and deny".to_owned()),
    };
    for (list, name) in [(Some(subjects), effect), (Some(&rule.actions), "actions"), (rule.on.as_ref(), "on")] {
        if list.is_some_and(|list| list.is_empty() || list.iter().any(|word| word.trim().is_empty())) {
            return Err(format!("{} must name something", name.to_lowercase()));
        }
    }
    // `any` leaves the subject open.
    let subjects = if subjects.iter().any(|subject| subject == "any") { &[] } else { subjects.as_slice() };
    let subjects = subjects
        .iter()
        .map(|subject| Ok(comparison(STRING_EQUAL_IGNORE_CASE, SUBJECT, &subject_attribute(subject)?)))
        .collect::<Result<Vec<_>, String>>()?;
    let whole: String =
        resource_attributes(resource).iter().map(|one| comparison(STRING_EQUAL, RESOURCE, one)).collect();
    let resources = match &rule.on {
        None => vec![whole],
        Some(parts) => parts
            .iter()
            .map(|part| whole.clone() + &comparison(STRING_EQUAL, RESOURCE, &part_attribute(part)))
            .collect(),
    };
    let actions: Vec<_> = rule
        .actions
        .iter()
        .map(|action| comparison(STRING_EQUAL, ACTION, &(ACTION_ID.to_owned(), action.clone())))
        .collect();
    Ok(format!(
        "  <xacml:Rule RuleId=\"urn:altinn:resource:{}:ruleid:{number}\" Effect=\"{effect}\">\n    <xacml:Target>\n\
         {}{}{}    </xacml:Target>\n  </xacml:Rule>\n",
        escaped(resource),
        any_of(&subjects),
        any_of(&resources),
        any_of(&actions)
    ))
}

fn any_of(all_ofs: &[String]) -> String {
    if all_ofs.is_empty() {
        return String::new();
    }
    let mut xml = "      <xacml:AnyOf>\n".to_owned();
    for matches in all_ofs {
        xml.push_str("        <xacml:AllOf>\n");
        xml.push_str(matches);
        xml.push_str("        </xacml:AllOf>\n");
    }
    xml.push_str("      </xacml:AnyOf>\n");
    xml
}

fn comparison(function: &str, category: &str, (id, value): &Attribute) -> String {
    format!(
        "          <xacml:Match MatchId=\"{function}\">\n\
         \x20           <xacml:AttributeValue DataType=\"{STRING}\">{}</xacml:AttributeValue>\n\
         \x20           <xacml:AttributeDesignator AttributeId=\"{}\" Category=\"{category}\" DataType=\"{STRING}\" \
         MustBePresent=\"false\"/>\n          </xacml:Match>\n",
        escaped(value),
        escaped(id)
    )
}

fn obligations(policy: &Policy) -> String {
    let levels = [("", policy.level), ("-org", policy.level_org)];
    let mut xml = String::new();
    for (number, (suffix, level)) in levels.iter().filter_map(|(suffix, level)| Some((suffix, (*level)?))).enumerate() {
        let number = number + 1;
        write!(
            xml,
            "    <xacml:ObligationExpression ObligationId=\"urn:altinn:obligation:{number}\" FulfillOn=\"Permit\">\n\
             \x20     <xacml:AttributeAssignmentExpression AttributeId=\"urn:altinn:obligation-assignment:{number}\" \
             Category=\"urn:altinn:minimum-authenticationlevel{suffix}\">\n\
             \x20       <xacml:AttributeValue DataType=\"{INTEGER}\">{level}</xacml:AttributeValue>\n\
             \x20     </xacml:AttributeAssignmentExpression>\n    </xacml:ObligationExpression>\n"
        )
        .expect("a String takes everything");
    }
    if xml.is_empty() {
        xml
    } else {
        format!("  <xacml:ObligationExpressions>\n{xml}  </xacml:ObligationExpressions>\n")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::xacml::{self, Attributes, Decision};
    use super::*;
    use crate::domain::policy::minimum_level;

    fn rule(permit: &[&str], actions: &[&str], on: Option<&[&str]>) -> Rule {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        Rule { permit: Some(owned(permit)), deny: None, actions: owned(actions), on: on.map(owned) }
    }

    #[test]
    fn levels_become_obligations() {
        let policy = |level, level_org| Policy { level, level_org, rules: Vec::new() };
        let level = |policy: &Policy| minimum_level(&compile("res", policy).expect("compiles")).expect("well-formed");
        assert_eq!(level(&policy(Some(4), Some(3))), Some(4));
        assert_eq!(level(&policy(None, Some(3))), None);
        assert_eq!(level(&Policy::default()), None);
    }

    #[test]
    fn a_rule_on_a_part_speaks_of_that_part_only() {
        let policy = Policy {
            rules: vec![
                rule(&["role:dagl"], &["sign"], Some(&["urn:altinn:task:Task_1", "a&b"])),
                rule(&["any"], &["see"], None),
            ],
            ..Policy::default()
        };
        let xml = compile("app_ttd_my_app", &policy).expect("compiles");
        let policy = xacml::Policy::parse(&xml).expect("readable");
        let decide = |action: &str, part: (&str, &str), app: &str| {
            let mut request = Attributes::default();
            request.add(SUBJECT, "urn:altinn:rolecode", "DAGL");
            request.add(RESOURCE, "urn:altinn:org", "ttd");
            request.add(RESOURCE, "urn:altinn:app", app);
            request.add(RESOURCE, part.0, part.1);
            request.add(ACTION, ACTION_ID, action);
            policy.evaluate(&request).expect("known functions").decision
        };
        assert_eq!(decide("sign", ("urn:altinn:task", "Task_1"), "my_app"), Decision::Permit);
        assert_eq!(decide("sign", ("urn:altinn:subresource", "a&b"), "my_app"), Decision::Permit);
        assert_eq!(decide("sign", ("urn:altinn:task", "Task_2"), "my_app"), Decision::NotApplicable);
        assert_eq!(decide("sign", ("urn:altinn:task", "Task_1"), "my"), Decision::NotApplicable);
        assert_eq!(decide("see", ("urn:altinn:subresource", "main"), "my_app"), Decision::Permit);
    }

    #[test]
    fn every_faulty_rule_is_named() {
        let both = Rule { deny: Some(vec!["any".into()]), ..rule(&["any"], &["x"], None) };
        let rules = vec![both, rule(&["dagl"], &["x"], None), rule(&["any"], &[], None), rule(&["any"], &["x"], None)];
        let faults = compile("res", &Policy { rules, ..Policy::default() }).expect_err("three faults");
        assert_eq!(faults.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
