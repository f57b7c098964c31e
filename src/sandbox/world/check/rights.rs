//! Who may do what: resources and their policies, grants, what is said about roles and packages, dialogs, expectations.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::Check;
use super::people::{MOST_IN_SERIES, first8};
use crate::domain::party::PartyKind;
use crate::domain::violations::At;
use crate::sandbox::world::numbers::organizations_from;
use crate::sandbox::world::{
    Delegation, Expectation, Grant, Held, Identity, IdentityKind, Package, Policy, Registered, Resource, Right, Role,
    Scenario, Texts, policy, xacml,
};

/// The registry's types of resources, in its spelling.
const RESOURCE_TYPES: [&str; 10] = [
    "GenericAccessResource",
    "AltinnApp",
    "MigratedApp",
    "CorrespondenceService",
    "Default",
    "Systemresource",
    "MaskinportenSchema",
    "Altinn2Service",
    "BrokerService",
    "Consent",
];

impl Check<'_> {
    pub(super) fn metadata(&mut self, scenario: &mut Scenario) -> (IndexMap<String, Role>, IndexMap<String, Package>) {
        fn last_part(urn: Option<&String>) -> String {
            urn.and_then(|urn| urn.rsplit(':').next()).unwrap_or_default().to_owned()
        }
        let mut roles = IndexMap::new();
        for (index, role) in scenario.roles.iter_mut().enumerate() {
            if role.code.is_empty() {
                role.code = last_part(role.urn.as_ref());
            }
            let list = At::Root("roles");
            let taken = roles.insert(role.code.to_lowercase(), role.clone()).is_some();
            self.metadatum(self.item(&list, index), &role.code, &role.name, taken);
        }
        let mut packages = IndexMap::new();
        for (index, package) in scenario.packages.iter_mut().enumerate() {
            if package.code.is_empty() {
                package.code = last_part(package.urn.as_ref());
            }
            let list = At::Root("packages");
            let taken = packages.insert(package.code.to_lowercase(), package.clone()).is_some();
            self.metadatum(self.item(&list, index), &package.code, &package.name, taken);
        }
        (roles, packages)
    }

    fn metadatum(&mut self, at: At<'_>, code: &str, name: &Texts, taken: bool) {
        if code.trim().is_empty() {
            self.fault(at, "code or urn is missing");
        } else if taken {
            self.fault(at.field("code"), "this code is taken");
        }
        if name.get("nb").is_none_or(|name| name.trim().is_empty()) {
            self.fault(at.field("name"), "a name in nb is missing");
        }
    }

    pub(super) fn resources(&mut self, scenario: &Scenario) -> IndexMap<String, Registered> {
        let list = At::Root("resources");
        let mut resources = IndexMap::new();
        for (index, resource) in scenario.resources.iter().enumerate() {
            let at = self.item(&list, index);
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if resource.id.is_empty() || !resource.id.chars().all(plain) {
                self.fault(
                    at.field("id"),
                    "an id consists of letters, digits, `-`, `_` and `.`, without a URN's prefix",
                );
            } else if resource.id.starts_with("app_") && policy::app(&resource.id).is_none() {
                self.fault(at.field("id"), "an app's id is app_{org}_{app}");
            }
            if !RESOURCE_TYPES.contains(&resource.kind.as_str()) {
                self.fault(at.field("type"), format!("none of {}", RESOURCE_TYPES.join(", ")));
            }
            if !self.known.contains_key(&format!("owners:{}", resource.owner)) {
                self.fault(at.field("owner"), "there is no such service owner");
            }
            let id = resource.id.to_lowercase();
            if resources.contains_key(&id) {
                self.fault(at.field("id"), "this resource is there already");
            }
            match self.registered(at, index, resource) {
                Some(registered) => {
                    resources.insert(id, registered);
                }
                None => {
                    self.known.insert(format!("resources:{id}"), None);
                }
            }
        }
        resources
    }

    fn registered(&mut self, at: At<'_>, index: usize, resource: &Resource) -> Option<Registered> {
        let nothing = Policy::default();
        let xml = match (&resource.policy, &resource.policy_xml) {
            (None, Some(xml)) => Ok(xml.clone()),
            (policy, _) => policy::compile(&resource.id, policy.as_ref().unwrap_or(&nothing)).map_err(|faults| {
                let policy = at.field("policy");
                let rules = policy.field("rules");
                for (rule, text) in faults {
                    self.fault(rules.item(rule), text);
                }
            }),
        };
        let xml = xml.ok()?;
        let policy = xacml::Policy::parse(&xml).map_err(|text| self.fault(at.field("policy_xml"), text)).ok()?;
        if let Some(rule) = policy.rules.iter().find(|rule| !speaks_of(&resource.id, rule)) {
            let text = format!("rule {} does not name this resource, or names another one", rule.id);
            self.fault(at.field("policy_xml"), text);
        }
        Some(Registered::new(index, xml, policy))
    }

    pub(super) fn grants(
        &mut self,
        scenario: &Scenario,
        everyone: &[Identity],
        resources: &IndexMap<String, Registered>,
        held: &mut HashMap<(usize, usize), Vec<Held>>,
    ) {
        let list = At::Root("grants");
        for (index, grant) in scenario.grants.iter().enumerate() {
            let at = self.item(&list, index);
            let to = self.reference(at.field("to"), &grant.to);
            let party = self.reference(at.field("for"), &grant.party);
            if party.is_some_and(|party| everyone[party].kind == IdentityKind::SystemUser) {
                self.fault(at.field("for"), "a system user is not a party");
            }
            if grant.role.is_some() && to.is_some_and(|to| everyone[to].kind == IdentityKind::SystemUser) {
                self.fault(at.field("role"), "system users have packages and delegations, no roles");
            }
            let right = self.right(at, grant, resources);
            if let (Some(to), Some(party), Some(right)) = (to, party, right) {
                held.entry((to, party)).or_default().push(Held { right, until: grant.until });
            }
        }
    }

    fn right(&mut self, at: At<'_>, grant: &Grant, resources: &IndexMap<String, Registered>) -> Option<Right> {
        if grant.resource.is_none() {
            for (given, name) in [(grant.instance.is_some(), "instance"), (grant.actions.is_some(), "actions")] {
                if given {
                    self.fault(at.field(name), "this stands only beside a resource");
                }
            }
        }
        match (&grant.role, &grant.package, &grant.resource) {
            (Some(role), None, None) => Some(Right::Role(role.to_lowercase())),
            (None, Some(package), None) => Some(Right::Package(package.to_lowercase())),
            (None, None, Some(resource)) => {
                let id = resource.to_lowercase();
                if !resources.contains_key(&id) && !self.known.contains_key(&format!("resources:{id}")) {
                    self.fault(at.field("resource"), "there is no such resource");
                }
                if grant.instance.as_deref().is_some_and(|instance| !is_instance(instance)) {
                    self.fault(
                        at.field("instance"),
                        "none of urn:altinn:instance-id:{party id}/{uuid}, urn:altinn:correspondence-id:{uuid} and \
                         urn:altinn:dialog-id:{uuid}",
                    );
                }
                Some(Right::Delegation(Delegation {
                    resource: id,
                    instance: grant.instance.clone(),
                    actions: grant.actions.clone(),
                }))
            }
            _ => {
                self.fault(at, "exactly one of role, package and resource is needed");
                None
            }
        }
    }

    pub(super) fn series_grants(
        &mut self,
        scenario: &Scenario,
        everyone: &[Identity],
        held: &mut HashMap<(usize, usize), Vec<Held>>,
    ) {
        let list = At::Root("series");
        for (index, series) in scenario.series.iter().enumerate() {
            let at = self.item(&list, index);
            let Some(to) = self.reference(at.field("to"), &series.to) else { continue };
            if everyone[to].kind == IdentityKind::SystemUser {
                self.fault(at.field("to"), "system users have packages and delegations, no roles");
            }
            let Some(first) = first8(series) else { continue };
            for number in organizations_from(first).take(series.count.min(MOST_IN_SERIES) as usize) {
                let urn = format!("{}{number}", PartyKind::Organization.prefix());
                if let Some(Some(party)) = self.known.get(&urn) {
                    let right = Right::Role(series.role.to_lowercase());
                    held.entry((to, *party)).or_default().push(Held { right, until: None });
                }
            }
        }
    }

    pub(super) fn dialogs(&mut self, scenario: &Scenario) {
        let list = At::Root("dialogs");
        for (index, dialog) in scenario.dialogs.iter().enumerate() {
            let at = self.item(&list, index);
            if !self.known.contains_key(&format!("owners:{}", dialog.owner)) {
                self.fault(at.field("as"), "there is no such service owner");
            }
            if !dialog.create.is_object() {
                self.fault(at.field("create"), "the body of a create operation is an object");
            }
            for (step, then) in dialog.then.iter().enumerate() {
                if let Some(reference) = &then.seen_by {
                    let steps = at.field("then");
                    self.reference(steps.item(step).field("seen_by"), reference);
                }
            }
        }
    }

    pub(super) fn expectation(
        &mut self,
        index: usize,
        expectation: &Expectation,
        resources: &IndexMap<String, Registered>,
    ) {
        let list = At::Root("expect");
        let at = self.item(&list, index);
        self.reference(at.field("who"), &expectation.who);
        for party in &expectation.party {
            self.reference(at.field("party"), party);
        }
        for resource in expectation.resource.iter().filter(|resource| *resource != "any") {
            let id = resource.to_lowercase();
            if !resources.contains_key(&id) && !self.known.contains_key(&format!("resources:{id}")) {
                self.fault(at.field("resource"), format!("there is no resource {resource}"));
            }
        }
        if expectation.outcome.is_none() && expectation.listed.is_none() {
            self.fault(at, "outcome or listed is missing");
        }
    }
}

fn is_instance(text: &str) -> bool {
    let text = text.to_lowercase();
    let uuid = |text: &str| uuid::Uuid::try_parse(text).is_ok();
    if let Some((party, id)) = text.strip_prefix("urn:altinn:instance-id:").and_then(|rest| rest.split_once('/')) {
        return party.parse::<u32>().is_ok() && uuid(id);
    }
    ["urn:altinn:correspondence-id:", "urn:altinn:dialog-id:"]
        .iter()
        .any(|prefix| text.strip_prefix(prefix).is_some_and(uuid))
}

/// The registry takes only policies whose every rule names the resource itself, and no other.
fn speaks_of(resource: &str, rule: &xacml::Rule) -> bool {
    let values = |id: &str| {
        let named = rule.matches().filter(|one| one.category == xacml::RESOURCE && one.attribute_id == id);
        named.map(|one| one.value.to_lowercase()).collect::<HashSet<_>>()
    };
    let only = |id: &str, value: &str| values(id) == HashSet::from([value.to_lowercase()]);
    match policy::app(resource) {
        Some((org, app)) if only("urn:altinn:org", org) && only("urn:altinn:app", app) => {
            values("urn:altinn:resource").iter().all(|id| id.eq_ignore_ascii_case(resource))
        }
        _ => only("urn:altinn:resource", resource),
    }
}
