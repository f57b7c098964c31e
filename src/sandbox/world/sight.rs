//! What somebody acts for, as one would tell it to a person.

use super::{Identity, IdentityKind, World};
use crate::domain::Instant;

/// A party that somebody acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    pub name: String,
    /// Roles and packages by name, and delegations; none for oneself.
    pub by: Vec<String>,
    /// How many service resources lists of dialogs show there.
    pub services: usize,
}

impl World {
    /// The first `most` parties that `who` acts for at `now`, itself before the others in file order; and how many more
    /// there are.
    pub fn acts_for(&self, who: &Identity, most: usize, now: Instant) -> (Vec<Acting>, usize) {
        let Some(who) = self.by_urn.get(&who.urn).copied() else { return (Vec::new(), 0) };
        let is_other = |party: &usize| *party != who && self.everyone[*party].kind != IdentityKind::SystemUser;
        let parties = std::iter::once(who).chain((0..self.everyone.len()).filter(is_other));
        let mut parties = parties.filter(|party| !self.rights(who, *party, now).is_empty());
        let told = parties.by_ref().take(most).map(|party| self.acting(who, party, now)).collect();
        (told, parties.count())
    }

    /// Whether `who` holds anything for `party` at `now`.
    pub fn acts_for_party(&self, who: &Identity, party: &Identity, now: Instant) -> bool {
        let pair = self.by_urn.get(&who.urn).zip(self.by_urn.get(&party.urn));
        pair.is_some_and(|(who, party)| !self.rights(*who, *party, now).is_empty())
    }

    fn acting(&self, who: usize, party: usize, now: Instant) -> Acting {
        let mut by = Vec::new();
        if who != party {
            let rights = self.rights(who, party, now);
            by.extend(rights.roles.iter().map(|role| self.role_name(role)));
            by.extend(rights.packages.iter().map(|package| self.package_name(package)));
            match rights.delegations.len() {
                0 => {}
                1 => by.push("1 delegation".to_owned()),
                many => by.push(format!("{many} delegations")),
            }
        }
        let services = self.resources.keys().filter(|resource| self.lists(who, party, resource, now)).count();
        Acting { name: self.everyone[party].name.clone(), by, services }
    }

    /// As it is shown in English, or else its code.
    fn role_name(&self, code: &str) -> String {
        shown(&self.role_list("en"), |role| role["legacyRoleCode"] == code).unwrap_or_else(|| code.to_owned())
    }

    fn package_name(&self, code: &str) -> String {
        let urn = format!("urn:altinn:accesspackage:{code}");
        let packages = &self.package_list("en")[0]["areas"][0]["packages"];
        shown(packages, |package| package["urn"] == urn).unwrap_or_else(|| code.to_owned())
    }
}

fn shown(list: &serde_json::Value, is_it: impl Fn(&serde_json::Value) -> bool) -> Option<String> {
    let found = list.as_array()?.iter().find(|item| is_it(item))?;
    found["name"].as_str().map(str::to_owned)
}
