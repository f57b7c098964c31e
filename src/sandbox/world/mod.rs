//! The sandbox's world: who there is, what belongs to whom, who may do what. Pure: no HTTP, no clock.
//!
//! A [`World`] is read from a scenario document, checked whole, and never changes; a change makes another world.
//! It answers every question the platform is asked: decisions, authorized parties, the registry, names, metadata.

mod check;
mod decide;
mod explain;
mod load;
mod merge;
mod numbers;
mod parties;
mod policy;
mod reader;
mod registry;
mod scenario;
mod sight;
mod source;
mod steps;
#[cfg(test)]
mod tests;
pub mod xacml;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;
use uuid::Uuid;

pub use scenario::*;
pub use sight::Acting;
pub use steps::FirstSteps;

use crate::domain::Instant;
use crate::domain::party::PartyKind;
use source::Node;

/// The lists of a scenario and the members that tell one item from another; none: all members do.
const LISTS: [(&str, &[&str]); 12] = [
    ("owners", &["code"]),
    ("people", &["id"]),
    ("organizations", &["id"]),
    ("self_identified", &["username", "email"]),
    ("system_users", &["id"]),
    ("resources", &["id"]),
    ("grants", &[]),
    ("series", &["first8"]),
    ("roles", &["code", "urn"]),
    ("packages", &["code", "urn"]),
    ("dialogs", &[]),
    ("expect", &[]),
];

/// What is wrong with a scenario, and where.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// Path of the member, such as `grants[3].to`; empty for the document itself.
    pub path: String,
    pub line: Option<usize>,
    pub text: String,
}

impl Fault {
    fn of_document(text: impl Into<String>) -> Self {
        Self { path: String::new(), line: None, text: text.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

/// What a list of authorized parties tells beside the parties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    pub access_packages: bool,
    pub roles: bool,
    pub resources: bool,
    pub instances: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKind {
    Person,
    Organization,
    Username,
    Email,
    SystemUser,
}

/// Somebody in the world, with every id filled in.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Identity {
    pub kind: IdentityKind,
    /// Number, user name, e-mail address or UUID.
    pub id: String,
    pub urn: String,
    pub name: String,
    /// Persons and self-identified users.
    pub user_id: Option<u32>,
    /// All but system users.
    pub party_id: Option<u32>,
    pub party_uuid: Uuid,
    /// Persons.
    pub date_of_birth: Option<String>,
    /// Organizations.
    pub unit_type: Option<String>,
    pub parent: Option<String>,
    pub inherit: bool,
    /// Organizations that are service owners.
    pub owner_code: Option<String>,
    /// System users: the owning organization's number.
    pub organization: Option<String>,
    pub system_id: Option<String>,
    pub deleted: bool,
    pub in_register: bool,
    /// Made by a series.
    #[serde(skip)]
    generated: bool,
}

impl Identity {
    fn new(kind: IdentityKind, id: &str, name: &str) -> Self {
        let id = match kind {
            IdentityKind::Person | IdentityKind::Organization => id.to_owned(),
            IdentityKind::Username | IdentityKind::Email | IdentityKind::SystemUser => id.to_lowercase(),
        };
        Self {
            kind,
            urn: format!("{}{id}", PartyKind::from(kind).prefix()),
            id,
            name: name.to_owned(),
            user_id: None,
            party_id: None,
            party_uuid: Uuid::nil(),
            date_of_birth: None,
            unit_type: None,
            parent: None,
            inherit: true,
            owner_code: None,
            organization: None,
            system_id: None,
            deleted: false,
            in_register: true,
            generated: false,
        }
    }

    fn is_self_identified(&self) -> bool {
        matches!(self.kind, IdentityKind::Username | IdentityKind::Email)
    }
}

impl From<IdentityKind> for PartyKind {
    fn from(kind: IdentityKind) -> Self {
        match kind {
            IdentityKind::Person => Self::Person,
            IdentityKind::Organization => Self::Organization,
            IdentityKind::Username => Self::SelfIdentified,
            IdentityKind::Email => Self::Email,
            IdentityKind::SystemUser => Self::SystemUser,
        }
    }
}

/// A pair of the registry's list of subjects and resources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectResource {
    pub subject_urn: String,
    pub resource_urn: String,
}

/// Names that were found, and whether one was missing (status 206).
#[derive(Clone, Debug, PartialEq)]
pub struct PartyNames {
    /// `{"data": [{"partyUuid", "displayName", …}]}`
    pub body: Value,
    pub incomplete: bool,
}

/// Who wants to do what. References are short (`person:…`) or full URNs; `resource` is bare.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub who: &'a str,
    pub party: &'a str,
    pub resource: &'a str,
    pub action: &'a str,
    /// `main` where empty.
    pub subresource: &'a str,
}

/// A checked scenario with its indexes. Immutable; keep it in an `Arc`.
#[derive(Clone, Debug)]
pub struct World {
    scenario: Scenario,
    /// Organizations, those of series, persons, self-identified users, system users; each in file order.
    everyone: Vec<Identity>,
    by_urn: HashMap<String, usize>,
    by_user_id: HashMap<u32, usize>,
    by_party_id: HashMap<u32, usize>,
    /// Of sub-units.
    parents: HashMap<usize, usize>,
    children: HashMap<usize, Vec<usize>>,
    roles: IndexMap<String, Role>,
    packages: IndexMap<String, Package>,
    /// By id in lower case, in file order.
    resources: IndexMap<String, Registered>,
    /// By holder and party.
    held: HashMap<(usize, usize), Vec<Held>>,
}

/// A resource's policy, as the registry serves it and as it is evaluated.
#[derive(Clone, Debug)]
struct Registered {
    /// Among the scenario's resources.
    index: usize,
    xml: String,
    policy: xacml::Policy,
    /// URNs of the subjects that any rule names, values in lower case.
    subjects: Vec<String>,
}

/// A right and when it ends.
#[derive(Clone, Debug)]
struct Held {
    right: Right,
    until: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Right {
    Role(String),
    Package(String),
    Delegation(Delegation),
}

/// A resource, or one instance of it, passed on to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Delegation {
    /// In lower case.
    resource: String,
    instance: Option<String>,
    /// All that the policy knows, where none are named.
    actions: Option<Vec<String>>,
}

impl Right {
    /// The subject by which policies name this right.
    fn subject(&self) -> Option<String> {
        match self {
            Self::Role(code) => Some(format!("urn:altinn:rolecode:{code}")),
            Self::Package(code) => Some(format!("urn:altinn:accesspackage:{code}")),
            Self::Delegation(_) => None,
        }
    }
}

impl Registered {
    fn new(index: usize, xml: String, policy: xacml::Policy) -> Self {
        let mut seen = HashSet::new();
        let subjects = policy.subjects().map(|one| format!("{}:{}", one.attribute_id, one.value.to_lowercase()));
        let subjects = subjects.filter(|subject| seen.insert(subject.clone())).collect();
        Self { index, xml, policy, subjects }
    }
}

impl World {
    /// A shipped scenario (`default`, `bare`) or a file.
    ///
    /// # Errors
    /// Every fault of the document at once.
    pub fn named(name_or_file: &str) -> Result<Self, Vec<Fault>> {
        load::named(name_or_file)
    }

    /// A document in YAML or JSON; files it names are looked up beside `origin`.
    ///
    /// # Errors
    /// Every fault of the document at once.
    pub fn parse(text: &str, origin: Option<&Path>) -> Result<Self, Vec<Fault>> {
        load::parse(text, origin)
    }

    fn new(
        scenario: Scenario,
        everyone: Vec<Identity>,
        (roles, packages): (IndexMap<String, Role>, IndexMap<String, Package>),
        resources: IndexMap<String, Registered>,
        held: HashMap<(usize, usize), Vec<Held>>,
    ) -> Self {
        let by_urn: HashMap<_, _> = everyone.iter().enumerate().map(|(index, one)| (one.urn.clone(), index)).collect();
        let by = |id: fn(&Identity) -> Option<u32>| {
            everyone.iter().enumerate().filter_map(|(index, one)| Some((id(one)?, index))).collect()
        };
        let (by_user_id, by_party_id) = (by(|one| one.user_id), by(|one| one.party_id));
        let mut parents = HashMap::new();
        let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, one) in everyone.iter().enumerate() {
            let urn = one.parent.as_ref().map(|number| format!("{}{number}", PartyKind::Organization.prefix()));
            if let Some(parent) = urn.and_then(|urn| by_urn.get(&urn).copied()) {
                parents.insert(index, parent);
                children.entry(parent).or_default().push(index);
            }
        }
        Self {
            scenario,
            everyone,
            by_urn,
            by_user_id,
            by_party_id,
            parents,
            children,
            roles,
            packages,
            resources,
            held,
        }
    }

    /// The world as JSON: the scenario with defaults filled in, and every resource's `policy_xml`.
    pub fn document(&self) -> Value {
        let mut document = self.plain_document();
        let xml: Vec<_> = self.resources.values().map(|registered| registered.xml.as_str()).collect();
        if let Some(Value::Array(resources)) = document.get_mut("resources") {
            for (resource, xml) in resources.iter_mut().zip(xml) {
                resource["policy_xml"] = xml.into();
            }
        }
        document
    }

    /// The scenario with policies from files put in, and nothing that was not written down.
    fn plain_document(&self) -> Value {
        let mut scenario = self.scenario.clone();
        for (resource, registered) in scenario.resources.iter_mut().zip(self.resources.values()) {
            resource.policy_xml =
                (resource.policy.is_none() && resource.policy_xml.is_some()).then(|| registered.xml.clone());
        }
        serde_json::to_value(scenario).expect("a scenario is made of texts, numbers and lists of them")
    }

    /// The world after a change in the same document form: items are matched by their natural keys and replaced or added,
    /// `{"remove": true}` beside the key removes. Expectations that a change makes untrue go with it.
    ///
    /// # Errors
    /// Every fault of the result; this world is as before.
    pub fn patched(&self, patch: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let root = merge::merge(Node::from(&self.plain_document()), &Node::from(patch), &mut faults);
        if !patch.is_object() {
            faults.push(Fault::of_document("a change is a mapping of members"));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        // Expectations are known by all their members, so old ones stay in front of those that the change brings.
        check::build(&root, self.scenario.expect.len())
    }

    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Answers a request to the decision point; the body of the answer, always with status 200.
    pub fn decide(&self, request: &Value, now: Instant) -> Value {
        self.answer(request, now)
    }

    /// The parties that the named subject may act for, in file order.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn authorized_parties(&self, body: &Value, include: Include, now: Instant) -> Result<Value, String> {
        self.parties_of(body, include, now)
    }

    /// The registry's list of resources.
    pub fn resource_list(&self) -> Value {
        self.scenario.resources.iter().map(|resource| self.registry_entry(resource)).collect()
    }

    /// One resource as the registry shows it.
    pub fn resource(&self, id: &str) -> Option<Value> {
        let registered = self.resources.get(&id.to_lowercase())?;
        Some(self.registry_entry(&self.scenario.resources[registered.index]))
    }

    pub fn policy_xml(&self, id: &str) -> Option<&str> {
        self.resources.get(&id.to_lowercase()).map(|registered| registered.xml.as_str())
    }

    /// The pairs of subject and resource that policies name, distinct.
    pub fn subject_resources(&self) -> Vec<SubjectResource> {
        self.pairs()
    }

    /// Names of persons, organizations and system users, in the order asked for.
    pub fn party_names(&self, urns: &[String]) -> PartyNames {
        self.names(urns)
    }

    /// `altinn-orgs.json`.
    pub fn orgs(&self) -> Value {
        self.owner_list()
    }

    /// `meta/info/roles` in a language (`nb`, `nn`, `en`).
    pub fn roles(&self, lang: &str) -> Value {
        self.role_list(lang)
    }

    /// `meta/info/accesspackages/export` in a language (`nb`, `nn`, `en`).
    pub fn access_packages(&self, lang: &str) -> Value {
        self.package_list(lang)
    }

    /// How the decision point comes to its answer.
    ///
    /// # Errors
    /// What is wrong with a reference.
    pub fn explain(&self, question: &Question<'_>, now: Instant) -> Result<Value, String> {
        self.explanation(question, now)
    }

    /// Expectations of the scenario that do not hold at `now`.
    pub fn check_expectations(&self, now: Instant) -> Vec<Fault> {
        let expectations = self.scenario.expect.iter().enumerate();
        let faults = expectations.flat_map(|(index, expectation)| {
            let path = format!("expect[{index}]");
            let untrue = self.disappointments(expectation, now).into_iter();
            untrue.map(move |text| Fault { path: path.clone(), line: None, text })
        });
        faults.collect()
    }

    /// Everybody in the scenario: organizations, persons, self-identified users, system users. Not those of `series`.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.everyone.iter().filter(|one| !one.generated)
    }

    /// Somebody as scenarios and people name them: `person:…`, a URN, or bare: a number, an e-mail address, a UUID.
    pub fn somebody(&self, name: &str) -> Option<&Identity> {
        self.place(name).ok().map(|at| &self.everyone[at])
    }

    /// A user by the platform's number.
    pub fn user(&self, id: u32) -> Option<&Identity> {
        self.by_user_id.get(&id).map(|at| &self.everyone[*at])
    }

    /// Somebody by the UUID that the register knows them by.
    pub fn party(&self, uuid: Uuid) -> Option<&Identity> {
        self.everyone.iter().find(|one| one.party_uuid == uuid)
    }

    /// A person by number.
    pub fn person(&self, id: &str) -> Option<&Identity> {
        self.identity(PartyKind::Person, id)
    }

    /// An organization by number.
    pub fn organization(&self, id: &str) -> Option<&Identity> {
        self.identity(PartyKind::Organization, id)
    }

    /// A system user by UUID, in any letter case.
    pub fn system_user(&self, id: &str) -> Option<&Identity> {
        self.identity(PartyKind::SystemUser, &id.to_lowercase())
    }

    /// A self-identified user by user name or e-mail address, in any letter case.
    pub fn self_identified(&self, username_or_email: &str) -> Option<&Identity> {
        let id = username_or_email.to_lowercase();
        self.identity(PartyKind::SelfIdentified, &id).or_else(|| self.identity(PartyKind::Email, &id))
    }
}
