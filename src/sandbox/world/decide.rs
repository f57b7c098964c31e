//! The decision point: a request's elements, the subject's enrichment, policies, delegations.

use serde_json::{Map, Value, json};

use super::xacml::{ACTION, ANY_URI, Attribute, Attributes, Decision, Effect, Fit, INTEGER, RESOURCE, STRING, SUBJECT};
use super::{Delegation, IdentityKind, Registered, World, policy, xacml};
use crate::domain::Instant;
use crate::domain::party::PartyKind;

pub const PERSON: &str = "urn:altinn:person:identifier-no";
pub const ORGANIZATION: &str = "urn:altinn:organization:identifier-no";
pub const SYSTEM_USER: &str = "urn:altinn:systemuser:uuid";
pub const USER_ID: &str = "urn:altinn:userid";
pub const PARTY_ID: &str = "urn:altinn:partyid";
pub const INSTANCE: &str = "urn:altinn:resource:instance-id";
const RESOURCE_ID: &str = "urn:altinn:resource";
const ORG: &str = "urn:altinn:org";
const APP: &str = "urn:altinn:app";
const ROLE: &str = "urn:altinn:rolecode";
const PACKAGE: &str = "urn:altinn:accesspackage";

/// Why there is no decision at all; the whole request is then answered with one Indeterminate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Something in the request that contradicts itself or is malformed.
    Argument(String),
    /// Everything else: unknown resource, person or function.
    Other(String),
}

/// One element of a request: attributes of one category under one id.
#[derive(Clone, Debug, Default)]
pub struct Element {
    pub category: String,
    pub id: String,
    pub attributes: Vec<Attribute>,
}

/// A request made whole: what the policy is evaluated with.
pub struct Prepared<'w> {
    pub registered: &'w Registered,
    pub resource: &'w str,
    pub who: Option<usize>,
    pub party: Option<usize>,
    pub attributes: Attributes,
    /// Attributes that were not in the request.
    pub added: Vec<Attribute>,
}

/// The answer to one question.
#[derive(Clone, Debug)]
pub struct Answer<'w> {
    pub decision: Decision,
    pub missing_attribute: bool,
    pub obligations: Vec<&'w xacml::Obligation>,
    /// Whether a delegation gave what the policy itself did not.
    pub delegated: bool,
}

impl Element {
    pub fn new(category: &str) -> Self {
        Self { category: category.to_owned(), ..Self::default() }
    }

    pub fn with(mut self, id: &str, value: &str) -> Self {
        self.attributes.push(Attribute { id: id.to_owned(), value: value.to_owned(), data_type: STRING });
        self
    }

    fn value(&self, id: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.id == id).map(|attribute| attribute.value.as_str())
    }
}

impl World {
    pub(super) fn answer(&self, body: &Value, now: Instant) -> Value {
        match self.answers(body, now) {
            Ok(answers) => json!({ "response": answers.iter().map(Answer::to_value).collect::<Vec<_>>() }),
            Err(trouble) => {
                let code = match trouble {
                    Trouble::Argument(_) => "processing-error",
                    Trouble::Other(_) => "syntax-error",
                };
                json!({ "response": [{ "decision": "Indeterminate", "status": status(code) }] })
            }
        }
    }

    fn answers(&self, body: &Value, now: Instant) -> Result<Vec<Answer<'_>>, Trouble> {
        let request = member(body, "Request").ok_or_else(|| Trouble::Argument("no request".to_owned()))?;
        let elements = elements(request)?;
        let references: Vec<Vec<&str>> = member(request, "MultiRequests")
            .and_then(|multi| member(multi, "RequestReference"))
            .map(list)
            .unwrap_or_default()
            .into_iter()
            .map(|reference| member(reference, "ReferenceId").map(list).unwrap_or_default())
            .map(|ids| ids.into_iter().filter_map(Value::as_str).collect())
            .collect();
        // A single reference is not looked at: the whole request is then one question.
        if references.len() < 2 {
            let all: Vec<_> = elements.iter().collect();
            return Ok(vec![self.decide_one(&all, now)?]);
        }
        references
            .iter()
            .map(|ids| {
                let named = ids.iter().flat_map(|id| elements.iter().filter(move |element| element.id == *id));
                self.decide_one(&named.collect::<Vec<_>>(), now)
            })
            .collect()
    }

    pub(super) fn decide_one(&self, elements: &[&Element], now: Instant) -> Result<Answer<'_>, Trouble> {
        let prepared = self.prepare(elements, now)?;
        let policy = &prepared.registered.policy;
        let trouble = |unknown: xacml::UnknownFunction| Trouble::Other(unknown.to_string());
        let evaluated = policy.evaluate(&prepared.attributes).map_err(trouble)?;
        let mut answer = Answer {
            decision: evaluated.decision,
            missing_attribute: evaluated.missing_attribute,
            obligations: Vec::new(),
            delegated: false,
        };
        if answer.decision == Decision::NotApplicable {
            answer.delegated = self
                .delegations(&prepared, now)
                .into_iter()
                .any(|delegation| delegates(delegation, &prepared).unwrap_or(false));
            if answer.delegated {
                answer.decision = Decision::Permit;
            }
        }
        if answer.decision == Decision::Permit {
            answer.obligations = policy.obligations.iter().filter(|one| one.fulfill_on == Effect::Permit).collect();
        }
        Ok(answer)
    }

    /// Finds subject, party and policy, and adds what the platform knows about them.
    pub(super) fn prepare(&self, elements: &[&Element], now: Instant) -> Result<Prepared<'_>, Trouble> {
        let first = |category: &str| elements.iter().find(|element| element.category == category).copied();
        let subject = first(SUBJECT).ok_or_else(|| Trouble::Argument("no subject".to_owned()))?;
        let resource = first(RESOURCE).ok_or_else(|| Trouble::Argument("no resource".to_owned()))?;
        let mut attributes = Attributes::default();
        for element in elements {
            for one in &element.attributes {
                attributes.add_typed(&element.category, &one.id, &one.value, one.data_type);
            }
        }
        let mut added = Vec::new();
        let mut add = |category: &str, id: &str, value: &str| {
            attributes.add(category, id, value);
            added.push(Attribute { id: id.to_owned(), value: value.to_owned(), data_type: STRING });
        };

        let org_and_app = resource.value(ORG).zip(resource.value(APP));
        let id = match (resource.value(RESOURCE_ID), org_and_app) {
            (Some(id), _) => id.to_owned(),
            (None, Some((org, app))) => format!("app_{org}_{app}"),
            (None, None) => return Err(Trouble::Argument("no resource".to_owned())),
        };
        let registered = self.resources.get(&id.to_lowercase());
        let registered = registered.ok_or_else(|| Trouble::Other(format!("no policy for {id}")))?;
        match (resource.value(RESOURCE_ID), org_and_app) {
            (None, Some(_)) => add(RESOURCE, RESOURCE_ID, &id),
            (Some(id), None) if resource.value(ORG).is_none() && resource.value(APP).is_none() => {
                // As on the platform only two parts are taken, so an app's name ends at its first underscore.
                let mut parts = id.strip_prefix("app_").unwrap_or_default().split('_');
                if let (Some(org), Some(app)) = (parts.next().filter(|org| !org.is_empty()), parts.next()) {
                    add(RESOURCE, ORG, org);
                    add(RESOURCE, APP, app);
                }
            }
            _ => {}
        }

        let who = self.subject(subject)?;
        let party = self.party_of(resource)?;
        if let (Some(who), Some(party)) = (who, party) {
            let rights = self.rights(who, party, now);
            if registered.policy.asks_for_subject(ROLE) {
                for role in rights.roles {
                    // Policies spell the codes both ways.
                    add(SUBJECT, ROLE, &role.to_lowercase());
                    add(SUBJECT, ROLE, &role.to_uppercase());
                }
            }
            if registered.policy.asks_for_subject(PACKAGE) {
                rights.packages.iter().for_each(|package| add(SUBJECT, PACKAGE, package));
            }
        }
        let resource = self.scenario.resources[registered.index].id.as_str();
        Ok(Prepared { registered, resource, who, party, attributes, added })
    }

    /// Who asks; nobody of this world has no rights.
    fn subject(&self, element: &Element) -> Result<Option<usize>, Trouble> {
        let argument = |text: &str| Trouble::Argument(text.to_owned());
        let (user, person) = (element.value(USER_ID), element.value(PERSON));
        let (system_user, organization) = (element.value(SYSTEM_USER), element.value(ORGANIZATION));
        if element.attributes.is_empty() {
            return Err(argument("no subject"));
        }
        if system_user.is_some() && element.attributes.len() > 1 {
            return Err(argument("a system user must be the only attribute of the subject"));
        }
        if [user, person, organization].iter().flatten().count() > 1 {
            return Err(argument("more than one identifier of the subject"));
        }
        if let Some(id) = system_user {
            let id = uuid::Uuid::try_parse(id).map_err(|_| argument("malformed id of a system user"))?;
            return Ok(self.find(PartyKind::SystemUser, &id.to_string()));
        }
        if let Some(id) = user {
            let id = id.parse::<u32>().map_err(|_| argument("malformed user id"))?;
            return Ok(self.by_user_id.get(&id).copied());
        }
        if let Some(number) = person {
            return self.known_person(number).map(Some);
        }
        Ok(organization.and_then(|number| self.find(PartyKind::Organization, number)))
    }

    /// Whose resource is asked about.
    fn party_of(&self, element: &Element) -> Result<Option<usize>, Trouble> {
        if let Some(id) = element.value(PARTY_ID) {
            return Ok(id.parse().ok().and_then(|id: u32| self.by_party_id.get(&id).copied()));
        }
        if let Some(number) = element.value(ORGANIZATION) {
            return Ok(self.find(PartyKind::Organization, number));
        }
        element.value(PERSON).map(|number| self.known_person(number)).transpose()
    }

    fn known_person(&self, number: &str) -> Result<usize, Trouble> {
        self.find(PartyKind::Person, number).ok_or_else(|| Trouble::Other("unknown person".to_owned()))
    }

    /// Delegations that may speak of the request: those without an instance, and those of the same instance.
    pub(super) fn delegations(&self, prepared: &Prepared<'_>, now: Instant) -> Vec<&Delegation> {
        let (Some(who), Some(party)) = (prepared.who, prepared.party) else { return Vec::new() };
        let mut delegations = self.rights(who, party, now).delegations;
        let asked = prepared.attributes.first(RESOURCE, INSTANCE);
        delegations.retain(|delegation| {
            delegation.resource.eq_ignore_ascii_case(prepared.resource)
                && delegation
                    .instance
                    .as_deref()
                    .is_none_or(|instance| asked.is_some_and(|asked| same_instance(instance, asked)))
        });
        delegations
    }

    /// The elements that the service would send for a question.
    pub(super) fn elements_for(
        &self,
        who: usize,
        party: usize,
        (resource, action, subresource): (&str, &str, &str),
    ) -> Vec<Element> {
        let (who, party) = (&self.everyone[who], &self.everyone[party]);
        let subject = match who.kind {
            IdentityKind::Person => Element::new(SUBJECT).with(PERSON, &who.id),
            IdentityKind::Organization => Element::new(SUBJECT).with(ORGANIZATION, &who.id),
            IdentityKind::SystemUser => Element::new(SUBJECT).with(SYSTEM_USER, &who.id),
            IdentityKind::Username | IdentityKind::Email => {
                Element::new(SUBJECT).with(USER_ID, &who.user_id.unwrap_or_default().to_string())
            }
        };
        let (part_id, part) = policy::part_attribute(subresource);
        let mut asked = Element::new(RESOURCE);
        // An attribute that names another resource takes the place of the dialog's own.
        let own = if part_id == RESOURCE_ID { &part } else { resource };
        for (id, value) in policy::resource_attributes(own) {
            asked = asked.with(&id, &value);
        }
        asked = match party.kind {
            IdentityKind::Person => asked.with(PERSON, &party.id),
            IdentityKind::Organization => asked.with(ORGANIZATION, &party.id),
            _ => asked.with(PARTY_ID, &party.party_id.unwrap_or_default().to_string()),
        };
        if part_id != RESOURCE_ID {
            asked = asked.with(&part_id, &part);
        }
        vec![subject, asked, Element::new(ACTION).with(xacml::ACTION_ID, action)]
    }
}

/// Whether a delegation gives what is asked: some permitting rule of the policy speaks of this part and this action.
pub fn delegates(delegation: &Delegation, prepared: &Prepared<'_>) -> Result<bool, xacml::UnknownFunction> {
    let action = prepared.attributes.first(ACTION, xacml::ACTION_ID);
    let granted =
        delegation.actions.as_ref().is_none_or(|actions| actions.iter().any(|one| Some(one.as_str()) == action));
    if !granted {
        return Ok(false);
    }
    for rule in prepared.registered.policy.rules.iter().filter(|rule| rule.effect == Effect::Permit) {
        let fits = |category| rule.fit(category, &prepared.attributes).map(|fit| fit == Fit::Match);
        if fits(RESOURCE)? && fits(ACTION)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// References are compared in any letter case; of an app's instance the bare UUID is enough.
fn same_instance(delegated: &str, asked: &str) -> bool {
    let bare = |text: &str| text.to_lowercase().rsplit_once('/').map(|(_, id)| id.to_owned());
    delegated.eq_ignore_ascii_case(asked)
        || bare(delegated).is_some_and(|id| id.eq_ignore_ascii_case(asked))
        || bare(asked).is_some_and(|id| id.eq_ignore_ascii_case(delegated))
}

impl Answer<'_> {
    fn to_value(&self) -> Value {
        let decision = match self.decision {
            Decision::Permit => "Permit",
            Decision::Deny => "Deny",
            Decision::NotApplicable => "NotApplicable",
            Decision::Indeterminate => "Indeterminate",
        };
        let mut answer = Map::new();
        answer.insert("decision".into(), decision.into());
        answer.insert("status".into(), status(if self.missing_attribute { "missing-attribute" } else { "ok" }));
        if !self.obligations.is_empty() {
            answer.insert("obligations".into(), self.obligations.iter().map(|one| obligation(one)).collect());
        }
        answer.into()
    }
}

fn obligation(obligation: &xacml::Obligation) -> Value {
    let assignments = obligation.assignments.iter().map(|assignment| {
        json!({
            "attributeId": assignment.attribute_id,
            "value": assignment.value,
            "category": assignment.category,
            "dataType": assignment.data_type,
        })
    });
    json!({ "id": obligation.id, "attributeAssignment": assignments.collect::<Vec<_>>() })
}

fn status(code: &str) -> Value {
    json!({ "statusCode": { "value": format!("urn:oasis:names:tc:xacml:1.0:status:{code}") } })
}

fn elements(request: &Value) -> Result<Vec<Element>, Trouble> {
    let mut elements = Vec::new();
    for (name, category) in [("AccessSubject", SUBJECT), ("Resource", RESOURCE), ("Action", ACTION)] {
        for value in member(request, name).map(list).unwrap_or_default() {
            elements.push(element(category, value)?);
        }
    }
    // The general form names its category itself.
    for value in member(request, "Category").map(list).unwrap_or_default() {
        let category = member(value, "CategoryId").and_then(Value::as_str).unwrap_or_default();
        elements.push(element(category, value)?);
    }
    Ok(elements)
}

fn element(category: &str, value: &Value) -> Result<Element, Trouble> {
    let mut element = Element::new(category);
    member(value, "Id").and_then(Value::as_str).unwrap_or_default().clone_into(&mut element.id);
    for attribute in member(value, "Attribute").map(list).unwrap_or_default() {
        let data_type = match member(attribute, "DataType").and_then(Value::as_str) {
            None | Some("" | "string" | STRING) => STRING,
            Some("anyURI" | ANY_URI) => ANY_URI,
            Some("integer" | INTEGER) => INTEGER,
            Some(other) => return Err(Trouble::Other(format!("unknown data type {other}"))),
        };
        let id = member(attribute, "AttributeId").and_then(Value::as_str).unwrap_or_default();
        let value = match member(attribute, "Value") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        element.attributes.push(Attribute { id: id.to_owned(), value, data_type });
    }
    Ok(element)
}

/// A member whatever its letter case.
pub fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        single => vec![single],
    }
}
