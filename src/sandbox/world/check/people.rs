//! Who there is: service owners, organizations, persons, users of other kinds, series of organizations.

use std::collections::HashSet;

use super::Check;
use crate::domain::party::{Party, PartyKind, is_organization_number, is_person_number};
use crate::domain::violations::At;
use crate::sandbox::world::numbers::{Derived, date_of_birth, numbered, organizations_from};
use crate::sandbox::world::{Identity, IdentityKind, Organization, Scenario, Series};

/// How many organizations all series may make together: more would make the sandbox slow, not better.
pub(super) const MOST_IN_SERIES: u32 = 100_000;

impl Check<'_> {
    pub(super) fn owners(&mut self, scenario: &Scenario) {
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

    /// Organizations and owners, with their ids filled in.
    pub(super) fn organizations(&mut self, scenario: &Scenario) -> Vec<Identity> {
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
        everyone
    }

    /// Adds persons, self-identified users and system users, in this order, with their ids filled in.
    pub(super) fn users(&mut self, scenario: &mut Scenario, everyone: &mut Vec<Identity>) {
        let list = At::Root("people");
        for (index, person) in scenario.people.iter().enumerate() {
            let at = self.item(&list, index);
            if !is_person_number(&person.id) {
                self.fault(at.field("id"), "not a person number");
            }
            self.named(at, &person.name);
            let mut identity = Identity::new(IdentityKind::Person, &person.id, &person.name);
            identity.date_of_birth = person.date_of_birth.clone().or_else(|| date_of_birth(&person.id));
            if identity.date_of_birth.as_deref().is_some_and(|date| date.parse::<chrono::NaiveDate>().is_err()) {
                self.fault(at.field("date_of_birth"), "a date is written yyyy-mm-dd");
            }
            identity.deleted = person.deleted;
            identity.in_register = person.in_register;
            let given = Given { party: person.party_id, uuid: person.party_uuid, user: person.user_id };
            self.settle(at, at.field("id"), everyone, identity, given);
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
            self.settle(at, at.field(field), everyone, identity, given);
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
            self.settle(at, at.field("id"), everyone, identity, given);
        }
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
            let is_sub_unit = |other: &Organization| other.id == *parent && other.parent.is_some();
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

    pub(super) fn series(&mut self, scenario: &Scenario, everyone: &mut Vec<Identity>) {
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

pub(super) fn first8(series: &Series) -> Option<u32> {
    let digits = series.first8.len() == 8 && series.first8.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| series.first8.parse().ok()).flatten()
}
