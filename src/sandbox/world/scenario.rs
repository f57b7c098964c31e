//! The scenario document: what people write down, member by member.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::Instant;

/// Texts by language code.
pub type Texts = IndexMap<String, String>;

/// A whole scenario as it was written; what was left out shows its default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scenario {
    pub clock: ClockSetting,
    pub owners: Vec<Owner>,
    pub people: Vec<Person>,
    pub organizations: Vec<Organization>,
    pub self_identified: Vec<SelfIdentified>,
    pub system_users: Vec<SystemUser>,
    pub resources: Vec<Resource>,
    pub grants: Vec<Grant>,
    pub series: Vec<Series>,
    pub roles: Vec<Role>,
    pub packages: Vec<Package>,
    pub dialogs: Vec<Dialog>,
    pub expect: Vec<Expectation>,
}

/// Where the clock stands when the scenario begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockSetting {
    pub start: Start,
    pub frozen: bool,
}

/// `now`, or an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    #[default]
    Now,
    At(Instant),
}

impl Serialize for Start {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Now => to.serialize_str("now"),
            Self::At(instant) => instant.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "now" {
            return Ok(Self::Now);
        }
        text.parse().map(Self::At).map_err(|_| serde::de::Error::custom("neither `now` nor an instant"))
    }
}

/// A service owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub code: String,
    pub organization: String,
    pub name: Texts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_uuid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<String>,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default = "yes")]
    pub in_register: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_uuid: Option<Uuid>,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default = "yes")]
    pub in_register: bool,
    /// The number of the organization this one is a sub-unit of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Whether roles for the parent hold here too. Packages and delegations never do.
    #[serde(default = "yes")]
    pub inherit: bool,
}

/// A user without a national number: an old user name, or an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfIdentified {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_uuid: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemUser {
    pub id: Uuid,
    /// The organization that owns it.
    pub organization: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_id: Option<String>,
    #[serde(default = "yes")]
    pub in_register: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Bare, without its URN prefix.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// Code of its service owner.
    pub owner: String,
    /// Whether the registry tells the owner's organization number.
    #[serde(default = "yes")]
    pub owner_number: bool,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub title: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub description: Texts,
    #[serde(default = "active")]
    pub status: String,
    #[serde(default = "yes")]
    pub delegable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// A policy document, or the name of a file that holds it. Beside `policy` it is only shown, never read: there
    /// `policy` decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_xml: Option<String>,
}

/// The short form of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_org: Option<i32>,
    pub rules: Vec<Rule>,
}

/// Who may (or must not) do what on which parts. Exactly one of `permit` and `deny` names the subjects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deny: Option<Vec<String>>,
    pub actions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<String>>,
}

/// One right of somebody for some party: exactly one of role, package and resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub to: String,
    #[serde(rename = "for")]
    pub party: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// It holds before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// Many organizations at once, all with one role for one holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The eight digits from which the numbers count up; those without a check digit are skipped.
    pub first8: String,
    pub count: u32,
    /// `{n}` or `{n:03}` stands for the running number, from 1.
    pub name: String,
    pub role: String,
    pub to: String,
}

/// How a role is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The last part of `urn`, where only that is given.
    #[serde(default)]
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<String>,
    pub name: Texts,
}

/// How an access package is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The last part of `urn`, where only that is given.
    #[serde(default)]
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<String>,
    pub name: Texts,
}

/// A dialog to begin with, created through the service's own interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dialog {
    /// Code of the service owner that creates it.
    #[serde(rename = "as")]
    pub owner: String,
    /// Body of the create operation.
    pub create: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Step>,
}

/// What happens to a dialog after it was created.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmission: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,
    /// The end user that opens the dialog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_by: Option<String>,
    /// System labels that `seen_by`, or else the dialog's party, sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
}

/// What must hold when the world is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    pub who: String,
    /// `read` unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Resources, or `any` for each one there is.
    pub resource: OneOrMany,
    pub party: OneOrMany,
    /// `main` unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether the resource belongs to the party in the list of authorized parties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Permit,
    NotPermit,
    Deny,
    NotApplicable,
}

/// One text, or a list of them; written back as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn iter(&self) -> std::slice::Iter<'_, String> {
        match self {
            Self::One(text) => std::slice::from_ref(text).iter(),
            Self::Many(texts) => texts.iter(),
        }
    }
}

impl<'a> IntoIterator for &'a OneOrMany {
    type Item = &'a String;
    type IntoIter = std::slice::Iter<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for OneOrMany {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(text) => text.serialize(to),
            Self::Many(texts) => texts.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany::Many(texts))
            }
        }
        from.deserialize_any(Either)
    }
}

fn yes() -> bool {
    true
}

fn active() -> String {
    "Active".to_owned()
}
