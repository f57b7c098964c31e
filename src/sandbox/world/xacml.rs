//! XACML policies as the platform uses them: reading a document, evaluating it as the platform's engine does.
//!
//! Where that engine departs from the standard (several `AnyOf`s of one category are alternatives, the policy's own
//! target is never looked at) so does this one.

use std::collections::HashMap;

use roxmltree::{Document, Node};

pub const SUBJECT: &str = "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject";
pub const RESOURCE: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:resource";
pub const ACTION: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:action";
pub const ACTION_ID: &str = "urn:oasis:names:tc:xacml:1.0:action:action-id";
pub const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
pub const INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
pub const ANY_URI: &str = "http://www.w3.org/2001/XMLSchema#anyURI";
pub const STRING_EQUAL: &str = "urn:oasis:names:tc:xacml:1.0:function:string-equal";
pub const STRING_EQUAL_IGNORE_CASE: &str = "urn:oasis:names:tc:xacml:3.0:function:string-equal-ignore-case";
pub const NAMESPACE: &str = "urn:oasis:names:tc:xacml:3.0:core:schema:wd-17";

/// A policy document, as far as the platform evaluates it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// URN of the rule-combining algorithm, known or not.
    pub algorithm: String,
    pub rules: Vec<Rule>,
    pub obligations: Vec<Obligation>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub id: String,
    pub effect: Effect,
    /// Of all `AnyOf`s, in document order.
    pub all_ofs: Vec<Vec<Match>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Permit,
    Deny,
}

/// One comparison of a policy value with the request's values.
#[derive(Clone, Debug)]
pub struct Match {
    pub function: String,
    pub value: String,
    pub data_type: String,
    pub attribute_id: String,
    pub category: String,
    pub must_be_present: bool,
}

/// What must be done along with a decision; here always a level of authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    pub id: String,
    pub fulfill_on: Effect,
    pub assignments: Vec<Assignment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub attribute_id: String,
    pub category: String,
    pub value: String,
    pub data_type: String,
}

/// A request's attributes by category.
#[derive(Clone, Debug, Default)]
pub struct Attributes(HashMap<String, Vec<Attribute>>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub id: String,
    pub value: String,
    pub data_type: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Permit,
    Deny,
    NotApplicable,
    Indeterminate,
}

impl From<Effect> for Decision {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Permit => Self::Permit,
            Effect::Deny => Self::Deny,
        }
    }
}

/// A decision, and whether it is Indeterminate because a required attribute was missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluated {
    pub decision: Decision,
    pub missing_attribute: bool,
}

/// How a category of a rule fits a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    Match,
    NoMatch,
    /// A required attribute is missing.
    Missing,
}

/// The engine gives up: no decision at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown match function {0}")]
pub struct UnknownFunction(pub String);

impl Attributes {
    pub fn add(&mut self, category: &str, id: &str, value: &str) {
        self.add_typed(category, id, value, STRING);
    }

    pub fn add_typed(&mut self, category: &str, id: &str, value: &str, data_type: &'static str) {
        let attribute = Attribute { id: id.to_owned(), value: value.to_owned(), data_type };
        self.0.entry(category.to_owned()).or_default().push(attribute);
    }

    pub fn of(&self, category: &str) -> &[Attribute] {
        self.0.get(category).map_or(&[], Vec::as_slice)
    }

    pub fn first(&self, category: &str, id: &str) -> Option<&str> {
        self.of(category).iter().find(|attribute| attribute.id == id).map(|attribute| attribute.value.as_str())
    }
}

/// Whether a text is meant as a document, and not as a file's name.
pub fn is_document(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it, or what it uses that the platform's policies never do.
    pub fn parse(xml: &str) -> Result<Self, String> {
        if !is_document(xml) {
            return Err("not a policy document; files can be named only in a scenario that is a file itself".to_owned());
        }
        let document = Document::parse(xml.trim_start_matches('\u{feff}')).map_err(|error| error.to_string())?;
        let root = document.root_element();
        if !is(root, "Policy") {
            return Err(format!("the root element is not a Policy of {NAMESPACE}"));
        }
        for unsupported in ["Condition", "VariableDefinition", "AttributeSelector", "AdviceExpressions"] {
            if root.descendants().any(|node| is(node, unsupported)) {
                return Err(format!("{unsupported} does not occur in policies of services and is not evaluated"));
            }
        }
        Ok(Self {
            algorithm: attribute(root, "RuleCombiningAlgId")?,
            rules: children(root, "Rule").map(Rule::parse).collect::<Result<_, _>>()?,
            obligations: children(root, "ObligationExpressions")
                .flat_map(|list| children(list, "ObligationExpression"))
                .map(Obligation::parse)
                .collect::<Result<_, _>>()?,
        })
    }

    /// What the rules say to a request.
    ///
    /// # Errors
    /// A comparison that was reached uses an unknown function.
    pub fn evaluate(&self, request: &Attributes) -> Result<Evaluated, UnknownFunction> {
        let mut collected = Vec::new();
        for rule in &self.rules {
            let resource = rule.fit(RESOURCE, request)?;
            let action = rule.fit(ACTION, request)?;
            if resource == Fit::Missing || action == Fit::Missing {
                return Ok(Evaluated { decision: Decision::Indeterminate, missing_attribute: true });
            }
            if resource == Fit::Match && action == Fit::Match {
                collected.push(rule);
            }
        }
        let results = collected
            .into_iter()
            .map(|rule| Ok((rule.effect, rule.fit(SUBJECT, request)?)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Evaluated { decision: self.combine(&results), missing_attribute: false })
    }

    fn combine(&self, results: &[(Effect, Fit)]) -> Decision {
        use Effect::{Deny, Permit};
        let Some(algorithm) = Algorithm::of(&self.algorithm) else { return Decision::Indeterminate };
        let any = |effect, fit| results.contains(&(effect, fit));
        // The first effect wins over the second, and an undecided rule of either over what is weaker.
        let overriding = |strong: Effect, weak: Effect| match () {
            () if any(strong, Fit::Match) => strong.into(),
            () if any(strong, Fit::Missing) => Decision::Indeterminate,
            () if any(weak, Fit::Match) => weak.into(),
            () if any(weak, Fit::Missing) => Decision::Indeterminate,
            () => Decision::NotApplicable,
        };
        let unless = |otherwise: Effect, exception: Effect| {
            if any(exception, Fit::Match) { exception.into() } else { otherwise.into() }
        };
        match algorithm {
            Algorithm::DenyOverrides => overriding(Deny, Permit),
            Algorithm::PermitOverrides => overriding(Permit, Deny),
            Algorithm::DenyUnlessPermit => unless(Deny, Permit),
            Algorithm::PermitUnlessDeny => unless(Permit, Deny),
            Algorithm::FirstApplicable => match results.iter().find(|(_, fit)| *fit != Fit::NoMatch) {
                None => Decision::NotApplicable,
                Some((_, Fit::Missing)) => Decision::Indeterminate,
                Some((effect, _)) => (*effect).into(),
            },
        }
    }

    /// Whether any rule compares this attribute of the subject.
    pub fn asks_for_subject(&self, attribute_id: &str) -> bool {
        self.subjects().any(|subject| subject.attribute_id == attribute_id)
    }

    /// Every comparison with the subject, whatever the rule's effect and action.
    pub fn subjects(&self) -> impl Iterator<Item = &Match> {
        self.rules.iter().flat_map(Rule::matches).filter(|one| one.category == SUBJECT)
    }
}

impl Rule {
    fn parse(node: Node<'_, '_>) -> Result<Self, String> {
        let mut all_ofs = Vec::new();
        let targets = children(node, "Target").flat_map(|target| children(target, "AnyOf"));
        for all_of in targets.flat_map(|any_of| children(any_of, "AllOf")) {
            all_ofs.push(children(all_of, "Match").map(Match::parse).collect::<Result<_, _>>()?);
        }
        Ok(Self { id: attribute(node, "RuleId")?, effect: effect(&attribute(node, "Effect")?)?, all_ofs })
    }

    pub fn matches(&self) -> impl Iterator<Item = &Match> {
        self.all_ofs.iter().flatten()
    }

    /// How this category of the rule's target fits: any `AllOf` that speaks of the category is enough, and with none
    /// everything fits.
    pub fn fit(&self, category: &str, request: &Attributes) -> Result<Fit, UnknownFunction> {
        let mut result = None;
        for all_of in &self.all_ofs {
            let mut fits = Vec::new();
            for one in all_of.iter().filter(|one| one.category == category) {
                fits.push(one.fit(request)?);
            }
            if fits.is_empty() {
                continue;
            }
            // The later one of a matching and a missing AllOf decides, as in the platform's engine.
            if fits.contains(&Fit::Missing) {
                result = Some(Fit::Missing);
            } else if fits.iter().all(|fit| *fit == Fit::Match) {
                result = Some(Fit::Match);
            } else {
                result = result.or(Some(Fit::NoMatch));
            }
        }
        Ok(result.unwrap_or(Fit::Match))
    }
}

impl Match {
    fn parse(node: Node<'_, '_>) -> Result<Self, String> {
        let value = child(node, "AttributeValue")?;
        let designator = child(node, "AttributeDesignator")?;
        Ok(Self {
            function: attribute(node, "MatchId")?,
            value: text(value),
            data_type: attribute(value, "DataType")?,
            attribute_id: attribute(designator, "AttributeId")?,
            category: attribute(designator, "Category")?,
            must_be_present: designator.attribute("MustBePresent").is_some_and(|value| value == "true" || value == "1"),
        })
    }

    fn fit(&self, request: &Attributes) -> Result<Fit, UnknownFunction> {
        let mut present = false;
        for attribute in request.of(&self.category).iter().filter(|attribute| attribute.id == self.attribute_id) {
            present = true;
            if attribute.data_type == self.data_type && self.compares(&attribute.value)? {
                return Ok(Fit::Match);
            }
        }
        Ok(if self.must_be_present && !present { Fit::Missing } else { Fit::NoMatch })
    }

    fn compares(&self, value: &str) -> Result<bool, UnknownFunction> {
        match self.function.as_str() {
            STRING_EQUAL => Ok(self.value == value),
            STRING_EQUAL_IGNORE_CASE => Ok(self.value.to_lowercase() == value.to_lowercase()),
            unknown => Err(UnknownFunction(unknown.to_owned())),
        }
    }
}

impl Obligation {
    fn parse(node: Node<'_, '_>) -> Result<Self, String> {
        let assignments = children(node, "AttributeAssignmentExpression").filter_map(|assignment| {
            let value = children(assignment, "AttributeValue").next()?;
            Some(Assignment {
                attribute_id: assignment.attribute("AttributeId").unwrap_or_default().to_owned(),
                category: assignment.attribute("Category").unwrap_or_default().to_owned(),
                value: text(value),
                data_type: value.attribute("DataType").unwrap_or(STRING).to_owned(),
            })
        });
        Ok(Self {
            id: attribute(node, "ObligationId")?,
            fulfill_on: effect(&attribute(node, "FulfillOn")?)?,
            assignments: assignments.collect(),
        })
    }
}

/// The combining algorithms that the platform knows.
#[derive(Clone, Copy)]
enum Algorithm {
    DenyOverrides,
    PermitOverrides,
    DenyUnlessPermit,
    PermitUnlessDeny,
    FirstApplicable,
}

impl Algorithm {
    /// The `policy-` spelling is as common as the right one and means the same here.
    fn of(urn: &str) -> Option<Self> {
        let (version, name) = urn.strip_prefix("urn:oasis:names:tc:xacml:")?.split_once(':')?;
        let name = name
            .strip_prefix("rule-combining-algorithm:")
            .or_else(|| name.strip_prefix("policy-combining-algorithm:"))?;
        match (version, name) {
            ("3.0", "deny-overrides" | "ordered-deny-overrides") => Some(Self::DenyOverrides),
            ("3.0", "permit-overrides" | "ordered-permit-overrides") => Some(Self::PermitOverrides),
            ("3.0", "deny-unless-permit") => Some(Self::DenyUnlessPermit),
            ("3.0", "permit-unless-deny") => Some(Self::PermitUnlessDeny),
            ("1.0", "first-applicable") => Some(Self::FirstApplicable),
            _ => None,
        }
    }
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(NAMESPACE)
}

fn children<'a, 'input>(node: Node<'a, 'input>, name: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| is(*child, name))
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Result<Node<'a, 'input>, String> {
    children(node, name).next().ok_or_else(|| format!("{}{} without {name}", place(node), node.tag_name().name()))
}

fn attribute(node: Node<'_, '_>, name: &str) -> Result<String, String> {
    let value = node.attribute(name).map(str::to_owned);
    value.ok_or_else(|| format!("{}{} without {name}", place(node), node.tag_name().name()))
}

fn place(node: Node<'_, '_>) -> String {
    let at = node.document().text_pos_at(node.range().start);
    format!("line {} of the policy: ", at.row)
}

fn text(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect::<String>().trim().to_owned()
}

fn effect(text: &str) -> Result<Effect, String> {
    match text {
        "Permit" => Ok(Effect::Permit),
        "Deny" => Ok(Effect::Deny),
        other => Err(format!("{other} is neither Permit nor Deny")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY_OVERRIDES: &str = "urn:oasis:names:tc:xacml:3.0:rule-combining-algorithm:deny-overrides";

    fn policy(algorithm: &str, rules: &str) -> Policy {
        let xml = format!(
            "\u{feff}<?xml version=\"1.0\"?><p:Policy xmlns:p=\"{NAMESPACE}\" PolicyId=\"p\" Version=\"1.0\" \
             RuleCombiningAlgId=\"{algorithm}\"><p:Target/>{rules}</p:Policy>"
        );
        Policy::parse(&xml).expect("a readable policy")
    }

    fn rule(effect: &str, any_ofs: &[&[&str]]) -> String {
        let element = |name: &str, content: &str| format!("<p:{name}>{content}</p:{name}>");
        let all_ofs = |all_ofs: &[&str]| all_ofs.iter().map(|matches| element("AllOf", matches)).collect::<Vec<_>>();
        let any_ofs: Vec<_> = any_ofs.iter().map(|any_of| element("AnyOf", &all_ofs(any_of).concat())).collect();
        format!("<p:Rule RuleId=\"r\" Effect=\"{effect}\"><p:Target>{}</p:Target></p:Rule>", any_ofs.concat())
    }

    fn compare(function: &str, category: &str, id: &str, value: &str, must_be_present: bool) -> String {
        format!(
            "<p:Match MatchId=\"{function}\"><p:AttributeValue DataType=\"{STRING}\">{value}</p:AttributeValue>\
             <p:AttributeDesignator AttributeId=\"{id}\" Category=\"{category}\" DataType=\"{STRING}\" \
             MustBePresent=\"{must_be_present}\"/></p:Match>"
        )
    }

    fn subject(role: &str) -> String {
        compare(STRING_EQUAL_IGNORE_CASE, SUBJECT, "urn:altinn:rolecode", role, false)
    }

    fn resource(id: &str) -> String {
        compare(STRING_EQUAL, RESOURCE, "urn:altinn:resource", id, false)
    }

    fn part(id: &str) -> String {
        compare(STRING_EQUAL, RESOURCE, "urn:altinn:subresource", id, false)
    }

    fn action(name: &str) -> String {
        compare(STRING_EQUAL, ACTION, ACTION_ID, name, false)
    }

    fn request(roles: &[&str], part: Option<&str>, action: &str) -> Attributes {
        let mut request = Attributes::default();
        for role in roles {
            request.add(SUBJECT, "urn:altinn:rolecode", role);
        }
        request.add(RESOURCE, "urn:altinn:resource", "res");
        if let Some(part) = part {
            request.add(RESOURCE, "urn:altinn:subresource", part);
        }
        request.add(ACTION, ACTION_ID, action);
        request
    }

    fn simple(effect: &str, role: &str, name: &str) -> String {
        rule(effect, &[&[&subject(role)], &[&resource("res")], &[&action(name)]])
    }

    fn decision(policy: &Policy, request: &Attributes) -> Decision {
        policy.evaluate(request).expect("no unknown function").decision
    }

    #[test]
    fn a_deny_rule_overrides_and_letter_case_of_roles_does_not_matter() {
        let policy = policy(DENY_OVERRIDES, &(simple("Permit", "dagl", "read") + &simple("Deny", "regna", "read")));
        assert_eq!(decision(&policy, &request(&["DAGL"], None, "read")), Decision::Permit);
        assert_eq!(decision(&policy, &request(&["dagl", "regna"], None, "read")), Decision::Deny);
        assert_eq!(decision(&policy, &request(&["dagl"], None, "write")), Decision::NotApplicable);
        assert_eq!(decision(&policy, &request(&[], None, "read")), Decision::NotApplicable);
    }

    #[test]
    fn several_any_ofs_of_one_category_are_alternatives() {
        let rules = rule(
            "Permit",
            &[&[&subject("a")], &[&subject("b")], &[&resource("res")], &[&action("x")], &[&action("y")]],
        );
        let policy = policy(DENY_OVERRIDES, &rules);
        assert_eq!(decision(&policy, &request(&["b"], None, "y")), Decision::Permit);
        assert_eq!(decision(&policy, &request(&["a"], None, "x")), Decision::Permit);
        assert_eq!(decision(&policy, &request(&["c"], None, "x")), Decision::NotApplicable);
    }

    #[test]
    fn an_all_of_needs_all_its_comparisons_and_extra_attributes_do_no_harm() {
        let narrow = resource("res") + &part("element1");
        let rules = rule("Permit", &[&[&subject("a")], &[&narrow], &[&action("x")]]) + &simple("Permit", "b", "x");
        let policy = policy(DENY_OVERRIDES, &rules);
        assert_eq!(decision(&policy, &request(&["a"], Some("element1"), "x")), Decision::Permit);
        assert_eq!(decision(&policy, &request(&["a"], Some("main"), "x")), Decision::NotApplicable);
        assert_eq!(decision(&policy, &request(&["a"], None, "x")), Decision::NotApplicable);
        assert_eq!(decision(&policy, &request(&["b"], Some("anything"), "x")), Decision::Permit);
    }

    #[test]
    fn a_rule_without_target_speaks_of_everything() {
        assert_eq!(decision(&policy(DENY_OVERRIDES, &rule("Permit", &[])), &request(&[], None, "x")), Decision::Permit);
    }

    #[test]
    fn a_missing_required_attribute_of_resource_or_action_leaves_all_undecided() {
        let required = compare(STRING_EQUAL, RESOURCE, "urn:altinn:task", "t", true);
        let policy = policy(
            DENY_OVERRIDES,
            &(simple("Permit", "a", "x") + &rule("Permit", &[&[&required], &[&action("never")]])),
        );
        let evaluated = policy.evaluate(&request(&["a"], None, "x"));
        assert_eq!(evaluated, Ok(Evaluated { decision: Decision::Indeterminate, missing_attribute: true }));
        let mut with = request(&["a"], None, "x");
        with.add(RESOURCE, "urn:altinn:task", "another");
        assert_eq!(decision(&policy, &with), Decision::Permit);
    }

    #[test]
    fn a_missing_required_attribute_of_the_subject_counts_with_the_rules_effect() {
        let required = compare(STRING_EQUAL, SUBJECT, "urn:altinn:org", "ttd", true);
        let permit = policy(DENY_OVERRIDES, &(rule("Permit", &[&[&required]]) + &simple("Permit", "a", "x")));
        assert_eq!(decision(&permit, &request(&["a"], None, "x")), Decision::Permit);
        assert_eq!(decision(&permit, &request(&[], None, "x")), Decision::Indeterminate);
        let deny = policy(DENY_OVERRIDES, &(rule("Deny", &[&[&required]]) + &simple("Permit", "a", "x")));
        let evaluated = deny.evaluate(&request(&["a"], None, "x"));
        assert_eq!(evaluated, Ok(Evaluated { decision: Decision::Indeterminate, missing_attribute: false }));
    }

    #[test]
    fn of_a_matching_and_a_missing_all_of_the_later_decides() {
        let required = compare(STRING_EQUAL, SUBJECT, "urn:altinn:org", "ttd", true);
        let missing_last = policy(DENY_OVERRIDES, &rule("Permit", &[&[&subject("a"), &required]]));
        let missing_first = policy(DENY_OVERRIDES, &rule("Permit", &[&[&required, &subject("a")]]));
        assert_eq!(decision(&missing_last, &request(&["a"], None, "x")), Decision::Indeterminate);
        assert_eq!(decision(&missing_first, &request(&["a"], None, "x")), Decision::Permit);
    }

    #[test]
    fn an_unknown_function_matters_only_when_it_is_reached() {
        let odd = compare("urn:demo:function", SUBJECT, "urn:altinn:rolecode", "a", false);
        let policy = policy(DENY_OVERRIDES, &rule("Permit", &[&[&odd], &[&action("x")]]));
        assert_eq!(policy.evaluate(&request(&["a"], None, "x")), Err(UnknownFunction("urn:demo:function".into())));
        assert_eq!(decision(&policy, &request(&["a"], None, "y")), Decision::NotApplicable);
        assert_eq!(decision(&policy, &request(&[], None, "x")), Decision::NotApplicable);
    }

    #[test]
    fn only_values_of_the_same_type_are_compared() {
        let policy = policy(DENY_OVERRIDES, &rule("Permit", &[&[&subject("a")]]));
        let mut request = Attributes::default();
        request.add_typed(SUBJECT, "urn:altinn:rolecode", "a", ANY_URI);
        assert_eq!(decision(&policy, &request), Decision::NotApplicable);
    }

    #[test]
    fn every_combining_algorithm_decides_by_its_table() {
        use Decision::{Deny, Indeterminate, NotApplicable, Permit};
        let rules = simple("Permit", "p", "x") + &simple("Deny", "d", "x");
        // nothing collected, neither, permit, deny, both
        let table = [
            ("3.0:rule-combining-algorithm:deny-overrides", [NotApplicable, NotApplicable, Permit, Deny, Deny]),
            ("3.0:policy-combining-algorithm:deny-overrides", [NotApplicable, NotApplicable, Permit, Deny, Deny]),
            ("3.0:rule-combining-algorithm:ordered-deny-overrides", [NotApplicable, NotApplicable, Permit, Deny, Deny]),
            ("3.0:rule-combining-algorithm:permit-overrides", [NotApplicable, NotApplicable, Permit, Deny, Permit]),
            ("3.0:rule-combining-algorithm:deny-unless-permit", [Deny, Deny, Permit, Deny, Permit]),
            ("3.0:rule-combining-algorithm:permit-unless-deny", [Permit, Permit, Permit, Deny, Deny]),
            ("1.0:rule-combining-algorithm:first-applicable", [NotApplicable, NotApplicable, Permit, Deny, Permit]),
            ("1.0:rule-combining-algorithm:deny-overrides", [Indeterminate; 5]),
            ("1.0:policy-combining-algorithm:only-one-applicable", [Indeterminate; 5]),
        ];
        for (algorithm, expected) in table {
            let policy = policy(&format!("urn:oasis:names:tc:xacml:{algorithm}"), &rules);
            let requests = [
                request(&["p"], None, "y"),
                request(&[], None, "x"),
                request(&["p"], None, "x"),
                request(&["d"], None, "x"),
                request(&["p", "d"], None, "x"),
            ];
            assert_eq!(requests.map(|request| decision(&policy, &request)), expected, "{algorithm}");
        }
    }

    #[test]
    fn both_obligations_are_read() {
        let xml = format!(
            "<Policy xmlns=\"{NAMESPACE}\" PolicyId=\"p\" Version=\"1\" RuleCombiningAlgId=\"{DENY_OVERRIDES}\"><Target/>\
             <ObligationExpressions>\
             <ObligationExpression ObligationId=\"one\" FulfillOn=\"Permit\"><AttributeAssignmentExpression \
             AttributeId=\"a\" Category=\"c\"><AttributeValue DataType=\"{INTEGER}\">3</AttributeValue>\
             </AttributeAssignmentExpression></ObligationExpression>\
             <ObligationExpression ObligationId=\"two\" FulfillOn=\"Deny\"/></ObligationExpressions></Policy>"
        );
        let policy = Policy::parse(&xml).expect("readable");
        let read: Vec<_> = policy.obligations.iter().map(|one| (one.id.as_str(), one.fulfill_on)).collect();
        assert_eq!(read, [("one", Effect::Permit), ("two", Effect::Deny)]);
        assert_eq!(policy.obligations[0].assignments[0].value, "3");
    }

    #[test]
    fn what_is_never_evaluated_is_refused() {
        assert!(Policy::parse("<Policy/>").is_err_and(|text| text.contains("root element")));
        assert!(Policy::parse("<!DOCTYPE a [<!ENTITY b \"c\">]><a/>").is_err());
        let condition = format!(
            "<Policy xmlns=\"{NAMESPACE}\" RuleCombiningAlgId=\"a\"><Rule RuleId=\"r\" Effect=\"Permit\"><Condition/></Rule></Policy>"
        );
        assert!(Policy::parse(&condition).is_err_and(|text| text.starts_with("Condition")));
    }
}
