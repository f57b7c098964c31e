//! Who holds what for whom, and the list of authorized parties made of it.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::decide::{PARTY_ID, PERSON, SYSTEM_USER, USER_ID, member};
use super::{Delegation, Identity, IdentityKind, Include, Right, World};
use crate::domain::Instant;
use crate::domain::party::PartyKind;

/// What somebody holds for a party, each thing once.
#[derive(Clone, Debug, Default)]
pub struct Rights<'w> {
    pub roles: Vec<&'w str>,
    pub packages: Vec<&'w str>,
    pub delegations: Vec<&'w Delegation>,
}

impl Rights<'_> {
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.packages.is_empty() && self.delegations.is_empty()
    }
}

impl World {
    /// What `who` holds for `party` at `now`: by itself, by being that party, and by roles for the party's parent.
    pub(super) fn rights(&self, who: usize, party: usize, now: Instant) -> Rights<'_> {
        let mut rights = Rights::default();
        if who == party {
            rights.roles.extend(match self.everyone[who].kind {
                IdentityKind::Person => &["priv", "privatperson"][..],
                IdentityKind::Username | IdentityKind::Email => &["seln"],
                IdentityKind::Organization | IdentityKind::SystemUser => &[],
            });
        }
        for right in self.held_now(who, party, now) {
            match right {
                Right::Role(role) => once(&mut rights.roles, role.as_str()),
                Right::Package(package) => once(&mut rights.packages, package.as_str()),
                Right::Delegation(delegation) => once(&mut rights.delegations, delegation),
            }
        }
        let parent = self.parents.get(&party).filter(|_| self.everyone[party].inherit);
        for right in parent.into_iter().flat_map(|parent| self.held_now(who, *parent, now)) {
            if let Right::Role(role) = right {
                once(&mut rights.roles, role.as_str());
            }
        }
        rights
    }

    fn held_now(&self, who: usize, party: usize, now: Instant) -> impl Iterator<Item = &Right> {
        let held = self.held.get(&(who, party)).map_or(&[][..], Vec::as_slice);
        held.iter().filter(move |held| held.until.is_none_or(|until| now < until)).map(|held| &held.right)
    }

    /// Whether the list authorization gives the resource: any subject that its policy names is enough, or a delegation.
    pub(super) fn lists(&self, who: usize, party: usize, resource: &str, now: Instant) -> bool {
        let rights = self.rights(who, party, now);
        let Some(registered) = self.resources.get(&resource.to_lowercase()) else { return false };
        let roles = rights.roles.iter().map(|role| format!("urn:altinn:rolecode:{role}"));
        let packages = rights.packages.iter().map(|package| format!("urn:altinn:accesspackage:{package}"));
        roles.chain(packages).any(|subject| registered.subjects.contains(&subject))
            || rights
                .delegations
                .iter()
                .any(|one| one.instance.is_none() && one.resource.eq_ignore_ascii_case(resource))
    }

    pub(super) fn parties_of(&self, body: &Value, include: Include, now: Instant) -> Result<Value, String> {
        let Some(who) = self.named_in(body)? else { return Ok(json!([])) };
        let filter = self.filter(body)?;
        let passes = |party: usize| filter.as_ref().is_none_or(|filter| filter.contains(&party));
        let mut parties = Vec::new();
        for (index, party) in self.everyone.iter().enumerate() {
            // Sub-units come with their parents, system users are no parties.
            if self.parents.contains_key(&index) || party.kind == IdentityKind::SystemUser {
                continue;
            }
            let own = if passes(index) { self.rights(who, index, now) } else { Rights::default() };
            let sub_units: Vec<_> = self
                .sub_units(index)
                .filter(|unit| passes(*unit))
                .map(|unit| (unit, self.rights(who, unit, now)))
                .filter(|(_, rights)| !rights.is_empty())
                .map(|(unit, rights)| self.entry(unit, &rights, include, &[]))
                .collect();
            if !own.is_empty() || !sub_units.is_empty() {
                parties.push(self.entry(index, &own, include, &sub_units));
            }
        }
        Ok(parties.into())
    }

    fn sub_units(&self, parent: usize) -> impl Iterator<Item = usize> {
        self.children.get(&parent).into_iter().flatten().copied()
    }

    /// The subject of a request for authorized parties; `None` for somebody who is not of this world.
    fn named_in(&self, body: &Value) -> Result<Option<usize>, String> {
        let text = |name: &str| member(body, name).and_then(Value::as_str);
        let (kind, value) = text("type").zip(text("value")).ok_or("type and value are needed")?;
        self.by_attribute(kind, value)
    }

    fn filter(&self, body: &Value) -> Result<Option<HashSet<usize>>, String> {
        let Some(Value::Array(filter)) = member(body, "partyFilter") else { return Ok(None) };
        let mut parties = HashSet::new();
        for party in filter {
            parties.extend(self.named_in(party)?);
        }
        Ok((!filter.is_empty()).then_some(parties))
    }

    fn by_attribute(&self, kind: &str, value: &str) -> Result<Option<usize>, String> {
        let number = || value.parse::<u32>().map_err(|_| format!("{kind} is not a number"));
        Ok(match kind {
            PERSON => self.find(PartyKind::Person, value),
            super::decide::ORGANIZATION => self.find(PartyKind::Organization, value),
            SYSTEM_USER => self.find(PartyKind::SystemUser, &value.to_lowercase()),
            USER_ID => self.by_user_id.get(&number()?).copied(),
            PARTY_ID => self.by_party_id.get(&number()?).copied(),
            "urn:altinn:person:idporten-email" => self.find(PartyKind::Email, &value.to_lowercase()),
            "urn:altinn:person:legacy-selfidentified" => self.find(PartyKind::SelfIdentified, &value.to_lowercase()),
            "urn:altinn:feide-subject" => None,
            "urn:altinn:party:uuid" | "urn:altinn:person:uuid" | "urn:altinn:organization:uuid" => {
                let uuid = uuid::Uuid::try_parse(value).map_err(|_| format!("{kind} is not a UUID"))?;
                self.everyone.iter().position(|one| one.party_uuid == uuid)
            }
            other => return Err(format!("unknown type {other}")),
        })
    }

    fn entry(&self, index: usize, rights: &Rights<'_>, include: Include, sub_units: &[Value]) -> Value {
        let party = &self.everyone[index];
        let is = |kind| party.kind == kind;
        let id_if = |kind| is(kind).then_some(&party.id);
        let kind = match party.kind {
            IdentityKind::Organization => "Organization",
            IdentityKind::Person => "Person",
            IdentityKind::Username | IdentityKind::Email | IdentityKind::SystemUser => "SelfIdentified",
        };
        let parent = self.parents.get(&index).map(|parent| self.everyone[*parent].party_uuid);
        let id_of = |resource: &str| {
            let registered = self.resources.get(resource).map(|one| self.scenario.resources[one.index].id.as_str());
            registered.unwrap_or(resource).to_owned()
        };
        let mut resources = Vec::new();
        for delegation in rights.delegations.iter().filter(|one| one.instance.is_none()) {
            once(&mut resources, id_of(&delegation.resource));
        }
        let instances: Vec<_> = rights
            .delegations
            .iter()
            .filter_map(|one| one.instance.as_deref().map(|instance| (one, instance)))
            .map(|(one, instance)| {
                let id = instance.rsplit(['/', ':']).next();
                json!({ "resourceId": id_of(&one.resource), "instanceId": id, "instanceRef": instance })
            })
            .collect();
        json!({
            "partyUuid": party.party_uuid,
            "name": party.name,
            "organizationNumber": id_if(IdentityKind::Organization),
            "parentId": parent,
            "personId": id_if(IdentityKind::Person),
            "dateOfBirth": party.date_of_birth,
            "partyId": party.party_id,
            "emailId": id_if(IdentityKind::Email),
            "type": kind,
            "unitType": party.unit_type,
            "isDeleted": party.deleted,
            "onlyHierarchyElementWithNoAccess": rights.is_empty(),
            "authorizedAccessPackages": if include.access_packages { rights.packages.clone() } else { Vec::new() },
            "authorizedResources": if include.resources { resources } else { Vec::new() },
            "authorizedRoles": if include.roles { rights.roles.clone() } else { Vec::new() },
            "authorizedInstances": if include.instances { instances } else { Vec::new() },
            "subunits": sub_units,
        })
    }

    pub(super) fn find(&self, kind: PartyKind, id: &str) -> Option<usize> {
        self.by_urn.get(&format!("{}{id}", kind.prefix())).copied()
    }

    pub(super) fn identity(&self, kind: PartyKind, id: &str) -> Option<&Identity> {
        self.find(kind, id).map(|index| &self.everyone[index])
    }
}

fn once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
