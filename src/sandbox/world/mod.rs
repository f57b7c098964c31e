//! The sandbox's world: who there is, what belongs to whom, who may do what. Pure: no HTTP, no clock.
//!
//! A [`World`] is read from a scenario document, checked whole, and never changes; a change makes another world.
//! It answers every question the platform is asked: decisions, authorized parties, the registry, names, metadata.

mod scenario;
pub mod xacml;

use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

pub use scenario::*;

use crate::domain::Instant;

/// What is wrong with a scenario, and where.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// Path of the member, such as `grants[3].to`; empty for the document itself.
    pub path: String,
    pub line: Option<usize>,
    pub text: String,
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

/// A checked scenario with its indexes. Immutable; keep it in an `Arc`.
#[derive(Clone, Debug)]
pub struct World {
    scenario: Scenario,
}

impl World {
    /// A shipped scenario (`default`, `bare`) or a file.
    pub fn named(name_or_file: &str) -> Result<Self, Vec<Fault>> {
        Err(unfinished(name_or_file))
    }

    /// A document in YAML or JSON; files it names are looked up beside `origin`.
    ///
    /// # Errors
    /// Every fault of the document at once.
    pub fn parse(text: &str, origin: Option<&Path>) -> Result<Self, Vec<Fault>> {
        let _ = origin;
        Err(unfinished(text))
    }

    /// The world as JSON: the scenario with defaults filled in, and every resource's `policy_xml`.
    pub fn document(&self) -> Value {
        Value::Null
    }

    /// The world after a change in the same document form: items are matched by their natural keys and replaced or added,
    /// `{"remove": true}` beside the key removes. Expectations that a change makes untrue go with it.
    ///
    /// # Errors
    /// Every fault of the result; this world is as before.
    pub fn patched(&self, patch: &Value) -> Result<Self, Vec<Fault>> {
        Err(unfinished(&patch.to_string()))
    }

    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Answers a request to the decision point; the body of the answer, always with status 200.
    pub fn decide(&self, request: &Value, now: Instant) -> Value {
        let _ = (request, now);
        Value::Null
    }

    /// The parties that the named subject may act for, in file order.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn authorized_parties(&self, body: &Value, include: Include, now: Instant) -> Result<Value, String> {
        let _ = (body, include, now);
        Ok(Value::Null)
    }

    /// The registry's list of resources.
    pub fn resource_list(&self) -> Value {
        Value::Null
    }

    /// One resource as the registry shows it.
    pub fn resource(&self, id: &str) -> Option<Value> {
        let _ = id;
        None
    }

    pub fn policy_xml(&self, id: &str) -> Option<&str> {
        let _ = id;
        None
    }

    /// The pairs of subject and resource that policies name, distinct.
    pub fn subject_resources(&self) -> Vec<SubjectResource> {
        Vec::new()
    }

    pub fn party_names(&self, urns: &[String]) -> PartyNames {
        let _ = urns;
        PartyNames { body: Value::Null, incomplete: false }
    }

    /// `altinn-orgs.json`.
    pub fn orgs(&self) -> Value {
        Value::Null
    }

    /// `meta/info/roles` in a language (`nb`, `nn`, `en`).
    pub fn roles(&self, lang: &str) -> Value {
        let _ = lang;
        Value::Null
    }

    /// `meta/info/accesspackages/export` in a language (`nb`, `nn`, `en`).
    pub fn access_packages(&self, lang: &str) -> Value {
        let _ = lang;
        Value::Null
    }

    /// How the decision point comes to its answer.
    ///
    /// # Errors
    /// What is wrong with a reference.
    pub fn explain(&self, question: &Question<'_>, now: Instant) -> Result<Value, String> {
        let _ = (question, now);
        Ok(Value::Null)
    }

    /// Expectations of the scenario that do not hold at `now`.
    pub fn check_expectations(&self, now: Instant) -> Vec<Fault> {
        let _ = now;
        Vec::new()
    }

    /// Everybody in the scenario: persons, organizations, self-identified users, system users. Not those of `series`.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        std::iter::empty()
    }

    /// A person by number.
    pub fn person(&self, id: &str) -> Option<&Identity> {
        let _ = id;
        None
    }

    /// An organization by number.
    pub fn organization(&self, id: &str) -> Option<&Identity> {
        let _ = id;
        None
    }

    /// A system user by UUID, in any letter case.
    pub fn system_user(&self, id: &str) -> Option<&Identity> {
        let _ = id;
        None
    }

    /// A self-identified user by user name or e-mail address, in any letter case.
    pub fn self_identified(&self, username_or_email: &str) -> Option<&Identity> {
        let _ = username_or_email;
        None
    }
}

/// Who wants to do what. References are short (`person:…`) or full URNs; `resource` is bare.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub who: &'a str,
    pub party: &'a str,
    pub resource: &'a str,
    pub action: &'a str,
    pub subresource: &'a str,
}

fn unfinished(what: &str) -> Vec<Fault> {
    vec![Fault { path: String::new(), line: None, text: format!("cannot read {what} yet") }]
}
