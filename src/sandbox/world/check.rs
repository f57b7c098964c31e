//! From a document to a checked world: everything that is wrong is found at once.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde::Deserialize;

use super::numbers::{Derived, date_of_birth, numbered, organizations_from, resolve};
use super::scenario::{Expectation, Grant, Package, Policy, Resource, Role, Scenario, Series, Start};
use super::source::{Content, Node, read};
use super::{Delegation, Fault, Held, Identity, IdentityKind, LISTS, Registered, Right, World, policy, xacml};
use crate::domain::Instant;
use crate::domain::party::{Party, PartyKind, is_organization_number, is_person_number};
use crate::domain::violations::At;

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

/// How many organizations all series may make together: more would make the sandbox slow, not better.
const MOST_IN_SERIES: u32 = 100_000;

/// Builds the world of a document. The first `revocable` expectations may turn out untrue: then they are left out.
pub fn build(root: &Node, revocable: usize) -> Result<World, Vec<Fault>> {
    let mut check = Check {
        root,
        faults: Vec::new(),
        known: HashMap::new(),
        places: HashMap::new(),
        party_ids: HashSet::new(),
        user_ids: HashSet::new(),
        uuids: HashSet::new(),
    };
    let mut scenario = check.read();
    check.owners(&scenario);
    let mut everyone = check.everyone(&mut scenario);
    check.series(&scenario, &mut everyone);
    let names = check.metadata(&mut scenario);
    let resources = check.resources(&scenario);
    let mut held = HashMap::new();
    check.grants(&scenario, &everyone, &resources, &mut held);
    check.series_grants(&scenario, &everyone, &mut held);
    check.dialogs(&scenario);
    let mut kept = Vec::new();
    for (index, expectation) in scenario.expect.drain(..).enumerate() {
        let before = check.faults.len();
        check.expectation(index, &expectation, &resources);
        if index < revocable && check.faults.len() > before {
            check.faults.truncate(before);
        } else {
            kept.push((index, expectation));
        }
    }
    if !check.faults.is_empty() {
        return Err(check.faults);
    }
    let mut world = World::new(scenario, everyone, names, resources, held);
    let now = match world.scenario.clock.start {
        Start::At(instant) => instant,
        // Without a fixed start grants are taken as not yet run out.
        Start::Now => Instant::MIN_UTC,
    };
    for (index, expectation) in kept {
        let untrue = world.disappointments(&expectation, now);
        if untrue.is_empty() {
            world.scenario.expect.push(expectation);
        } else if index >= revocable {
            let list = At::Root("expect");
            for text in untrue {
                check.fault(check.item(&list, index), text);
            }
        }
    }
    if check.faults.is_empty() { Ok(world) } else { Err(check.faults) }
}

struct Check<'a> {
    root: &'a Node,
    faults: Vec<Fault>,
    /// Place in the list of everyone by URN. Those whose item could not be read have none, and references to them
    /// are no further faults.
    known: HashMap<String, Option<usize>>,
    /// By list, the places in the document of its readable items.
    places: HashMap<String, Vec<usize>>,
    party_ids: HashSet<u32>,
    user_ids: HashSet<u32>,
    uuids: HashSet<uuid::Uuid>,
}

impl Check<'_> {
    fn fault(&mut self, at: At<'_>, text: impl Into<String>) {
        let line = line_of(self.root, at);
        self.faults.push(Fault { path: at.to_string(), line, text: text.into() });
    }

    /// Reads member by member and item by item.
    fn read(&mut self) -> Scenario {
        let mut scenario = Scenario::default();
        let Content::Map(entries) = &self.root.content else {
            self.fault(At::Root(""), "a scenario is a mapping of members");
            return scenario;
        };
        for entry in entries {
            let (at, node) = (At::Root(&entry.key), &entry.node);
            if node.is_null() {
                continue;
            }
            match entry.key.as_str() {
                "clock" => scenario.clock = read(node, at, &mut self.faults).unwrap_or_default(),
                "owners" => scenario.owners = self.list(node, at),
                "people" => scenario.people = self.list(node, at),
                "organizations" => scenario.organizations = self.list(node, at),
                "self_identified" => scenario.self_identified = self.list(node, at),
                "system_users" => scenario.system_users = self.list(node, at),
                "resources" => scenario.resources = self.list(node, at),
                "grants" => scenario.grants = self.list(node, at),
                "series" => scenario.series = self.list(node, at),
                "roles" => scenario.roles = self.list(node, at),
                "packages" => scenario.packages = self.list(node, at),
                "dialogs" => scenario.dialogs = self.list(node, at),
                "expect" => scenario.expect = self.list(node, at),
                _ => self.faults.push(Fault {
                    path: entry.key.clone(),
                    line: entry.line,
                    text: "there is no such member".to_owned(),
                }),
            }
        }
        scenario
    }

    fn list<T: for<'de> Deserialize<'de>>(&mut self, node: &Node, at: At<'_>) -> Vec<T> {
        let Content::List(items) = &node.content else {
            self.fault(at, "this is a list");
            return Vec::new();
        };
        let mut readable = Vec::new();
        let mut places = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(value) = read(item, at.item(index), &mut self.faults) {
                readable.push(value);
                places.push(index);
            } else {
                self.excuse(&at.to_string(), item);
            }
        }
        self.places.insert(at.to_string(), places);
        readable
    }

    /// Where an item stands in the document; unreadable ones before it are not in the scenario's list.
    fn item<'l>(&self, list: &'l At<'l>, index: usize) -> At<'l> {
        let places = self.places.get(&list.to_string());
        list.item(places.and_then(|places| places.get(index)).copied().unwrap_or(index))
    }

    /// Remembers whom an unreadable item would have been.
    fn excuse(&mut self, list: &str, item: &Node) {
        let keys = LISTS.iter().find(|(name, _)| *name == list).map_or(&[][..], |(_, keys)| *keys);
        let Some(id) = keys.iter().find_map(|key| item.member(key)?.text()) else { return };
        let words: &[&str] = match list {
            "people" => &["person"],
            "organizations" => &["organization"],
            "self_identified" => &["username", "email"],
            "system_users" => &["system-user"],
            "owners" | "resources" => {
                self.known.insert(format!("{list}:{}", id.to_lowercase()), None);
                return;
            }
            _ => return,
        };
        for urn in words.iter().filter_map(|word| resolve(&format!("{word}:{id}")).ok()) {
            self.known.insert(urn.to_string(), None);
        }
    }

    fn owners(&mut self, scenario: &Scenario) {
        let list = At::Root("owners");
        let mut numbers = HashSet::new();
        for (index, owner) in scenario.owners.iter().enumerate() {
            let at = self.item(&list, index);
            if owner.code.trim().is_empty() {
                self.fault(at.field("code"), "a code is missing");
            }
            if self.known.insert(format!("owners:{}", owner.code), Some(index)).is_some() {
                self.fault(at.field("code"), "this code is taken");
            }
            if !is_organization_number(&owner.organization) {
                self.fault(at.field("organization"), "not an organization number");
            } else if !numbers.insert(owner.organization.as_str()) {
                self.fault(at.field("organization"), "this organization owns services under another code");
            }
            if owner.name.get("nb").is_none_or(|name| name.trim().is_empty()) {
                self.fault(at.field("name"), "a name in nb is missing");
            }
        }
    }

    /// Organizations, persons, self-identified users and system users, in this order, with their ids filled in.
    fn everyone(&mut self, scenario: &mut Scenario) -> Vec<Identity> {
        let mut everyone = Vec::new();
        let list = At::Root("organizations");
        for (index, organization) in scenario.organizations.iter().enumerate() {
            let at = self.item(&list, index);
            if !is_organization_number(&organization.id) {
                self.fault(at.field("id"), "not an organization number");
            }
            self.named(at, &organization.name);
            let mut identity = Identity::new(IdentityKind::Organization, &organization.id, &organization.name);
            identity.unit_type = Some(organization.unit_type.clone().unwrap_or_else(|| match organization.parent {
                Some(_) => "BEDR".to_owned(),
                None => "AS".to_owned(),
            }));
            identity.parent.clone_from(&organization.parent);
            identity.inherit = organization.inherit;
            identity.deleted = organization.deleted;
            identity.in_register = organization.in_register;
            let given = Given { party: organization.party_id, uuid: organization.party_uuid, user: None };
            self.settle(at, at.field("id"), &mut everyone, identity, given);
        }
        for owner in &scenario.owners {
            let mut identity = Identity::new(
                IdentityKind::Organization,
                &owner.organization,
                owner.name.get("nb").map_or("", String::as_str),
            );
            if !self.known.contains_key(&identity.urn) {
                identity.unit_type = Some("ORGL".to_owned());
                self.settle(list, list, &mut everyone, identity, Given::default());
            }
        }
        for organization in &mut everyone {
            organization.owner_code = scenario
                .owners
                .iter()
                .find(|owner| owner.organization == organization.id)
                .map(|owner| owner.code.clone());
        }
        self.sub_units(scenario);

        let list = At::Root("people");
        for (index, person) in scenario.people.iter().enumerate() {
            let at = self.item(&list, index);
            if !is_person_number(&person.id) {
                self.fault(at.field("id"), "not a person number");
            }
            self.named(at, &person.name);
            let mut identity = Identity::new(IdentityKind::Person, &person.id, &person.name);
            identity.date_of_birth = person.date_of_birth.clone().or_else(|| date_of_birth(&person.id));
            if identity.date_of_birth.as_deref().is_none_or(|date| date.parse::<chrono::NaiveDate>().is_err()) {
                self.fault(at.field("date_of_birth"), "a date (yyyy-mm-dd) is needed, the number tells none");
            }
            identity.deleted = person.deleted;
            identity.in_register = person.in_register;
            let given = Given { party: person.party_id, uuid: person.party_uuid, user: person.user_id };
            self.settle(at, at.field("id"), &mut everyone, identity, given);
        }

        let list = At::Root("self_identified");
        for (index, user) in scenario.self_identified.iter().enumerate() {
            let at = self.item(&list, index);
            let (kind, id, field) = match (&user.username, &user.email) {
                (Some(name), None) => (IdentityKind::Username, name, "username"),
                (None, Some(email)) => (IdentityKind::Email, email, "email"),
                _ => {
                    self.fault(at, "exactly one of username and email is needed");
                    continue;
                }
            };
            let identity = Identity::new(kind, id, id);
            if Party::parse(&identity.urn).is_err() {
                self.fault(at.field(field), format!("not a well-formed {field}"));
            }
            let given = Given { party: user.party_id, uuid: user.party_uuid, user: user.user_id };
            self.settle(at, at.field(field), &mut everyone, identity, given);
        }

        let list = At::Root("system_users");
        for (index, user) in scenario.system_users.iter().enumerate() {
            let at = self.item(&list, index);
            self.named(at, &user.name);
            let mut identity = Identity::new(IdentityKind::SystemUser, &user.id.to_string(), &user.name);
            let owner = format!("{}{}", PartyKind::Organization.prefix(), user.organization);
            if !self.known.contains_key(&owner) {
                self.fault(at.field("organization"), "there is no such organization");
            }
            identity.organization = Some(user.organization.clone());
            identity.system_id.clone_from(&user.system_id);
            identity.in_register = user.in_register;
            let given = Given { uuid: Some(user.id), ..Given::default() };
            self.settle(at, at.field("id"), &mut everyone, identity, given);
        }
        everyone
    }

    fn sub_units(&mut self, scenario: &Scenario) {
        let list = At::Root("organizations");
        for (index, organization) in scenario.organizations.iter().enumerate() {
            let Some(parent) = &organization.parent else { continue };
            let at = self.item(&list, index);
            let urn = format!("{}{parent}", PartyKind::Organization.prefix());
            if !self.known.contains_key(&urn) {
                self.fault(at.field("parent"), "there is no such organization");
            }
            let is_sub_unit = |other: &super::Organization| other.id == *parent && other.parent.is_some();
            if scenario.organizations.iter().any(is_sub_unit) {
                self.fault(at.field("parent"), "the parent is a sub-unit itself");
            }
        }
    }

    fn named(&mut self, at: At<'_>, name: &str) {
        if name.trim().is_empty() {
            self.fault(at.field("name"), "a name is missing");
        }
    }

    /// Gives somebody the ids that were left out, and a place among everyone.
    fn settle(&mut self, at: At<'_>, key: At<'_>, everyone: &mut Vec<Identity>, mut identity: Identity, given: Given) {
        if self.known.get(&identity.urn).is_some_and(Option::is_some) {
            self.fault(key, "this one is there already");
            return;
        }
        let derived = Derived::of(&identity.urn);
        if identity.kind != IdentityKind::SystemUser {
            let id = given.party.unwrap_or_else(|| free(derived.party_id, &self.party_ids));
            identity.party_id = Some(id);
            if !self.party_ids.insert(id) {
                self.fault(at.field("party_id"), "this party id is taken");
            }
        }
        if matches!(identity.kind, IdentityKind::Person | IdentityKind::Username | IdentityKind::Email) {
            let id = given.user.unwrap_or_else(|| free(derived.user_id, &self.user_ids));
            identity.user_id = Some(id);
            if !self.user_ids.insert(id) {
                self.fault(at.field("user_id"), "this user id is taken");
            }
        }
        identity.party_uuid = given.uuid.unwrap_or(derived.uuid);
        if !self.uuids.insert(identity.party_uuid) {
            self.fault(at.field("party_uuid"), "this UUID is taken");
        }
        self.known.insert(identity.urn.clone(), Some(everyone.len()));
        everyone.push(identity);
    }

    fn series(&mut self, scenario: &Scenario, everyone: &mut Vec<Identity>) {
        let list = At::Root("series");
        let mut made = 0_u32;
        for (index, series) in scenario.series.iter().enumerate() {
            let at = self.item(&list, index);
            let Some(first) = first8(series) else {
                self.fault(at.field("first8"), "eight digits are needed");
                continue;
            };
            made = made.saturating_add(series.count);
            if made > MOST_IN_SERIES {
                self.fault(
                    at.field("count"),
                    format!("all series together make at most {MOST_IN_SERIES} organizations"),
                );
                return;
            }
            if series.role.trim().is_empty() {
                self.fault(at.field("role"), "a role is missing");
            }
            let numbers: Vec<_> = organizations_from(first).take(series.count as usize).collect();
            if numbers.len() < series.count as usize {
                self.fault(at.field("count"), "there are not that many numbers from here on");
            }
            for (number, n) in numbers.iter().zip(1..) {
                let mut identity = Identity::new(IdentityKind::Organization, number, &numbered(&series.name, n));
                identity.unit_type = Some("AS".to_owned());
                identity.generated = true;
                self.settle(at, at.field("first8"), everyone, identity, Given::default());
            }
        }
    }

    /// Who a reference names; notes a fault where it names nobody.
    fn reference(&mut self, at: At<'_>, reference: &str) -> Option<usize> {
        let Ok(party) = resolve(reference) else {
            self.fault(at, format!("`{reference}` is not a reference to somebody"));
            return None;
        };
        let place = self.known.get(party.as_str()).copied();
        if place.is_none() {
            self.fault(at, format!("there is no {reference} in this world"));
        }
        place.flatten()
    }

    fn metadata(&mut self, scenario: &mut Scenario) -> (IndexMap<String, Role>, IndexMap<String, Package>) {
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

    fn metadatum(&mut self, at: At<'_>, code: &str, name: &super::Texts, taken: bool) {
        if code.trim().is_empty() {
            self.fault(at, "code or urn is missing");
        } else if taken {
            self.fault(at.field("code"), "this code is taken");
        }
        if name.get("nb").is_none_or(|name| name.trim().is_empty()) {
            self.fault(at.field("name"), "a name in nb is missing");
        }
    }

    fn resources(&mut self, scenario: &Scenario) -> IndexMap<String, Registered> {
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

    fn grants(
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

    fn series_grants(
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

    fn dialogs(&mut self, scenario: &Scenario) {
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

    fn expectation(&mut self, index: usize, expectation: &Expectation, resources: &IndexMap<String, Registered>) {
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

/// Ids as they were written down.
#[derive(Clone, Copy, Default)]
struct Given {
    party: Option<u32>,
    uuid: Option<uuid::Uuid>,
    user: Option<u32>,
}

fn free(from: u32, taken: &HashSet<u32>) -> u32 {
    (from..=u32::MAX).find(|id| !taken.contains(id)).unwrap_or(from)
}

fn first8(series: &Series) -> Option<u32> {
    let digits = series.first8.len() == 8 && series.first8.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| series.first8.parse().ok()).flatten()
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

/// The line of the deepest value on the way that the document has.
fn line_of(root: &Node, at: At<'_>) -> Option<usize> {
    fn walk<'n>(root: &'n Node, at: &At<'_>) -> (Option<&'n Node>, Option<usize>) {
        let (parent, name, index) = match at {
            At::Root("") => return (Some(root), root.line),
            At::Root(name) => ((Some(root), root.line), Some(*name), None),
            At::Field(parent, name) => (walk(root, parent), Some(*name), None),
            At::Item(parent, index) => (walk(root, parent), None, Some(*index)),
        };
        let (Some(node), line) = parent else { return parent };
        if let Some(index) = index {
            let item = node.items().get(index);
            return (item, item.and_then(|item| item.line).or(line));
        }
        match node.entries().iter().find(|entry| Some(entry.key.as_str()) == name) {
            Some(entry) => (Some(&entry.node), entry.line.or(line)),
            None => (None, line),
        }
    }
    walk(root, &at).1
}
