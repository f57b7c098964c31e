//! Whom to begin with: a service owner, one of its resources, and a person who may read about it.

use super::xacml::Decision;
use super::{Identity, IdentityKind, Owner, Resource, World};
use crate::domain::Instant;

/// What a first dialog needs, so that whoever creates it can read it as an end user.
#[derive(Clone, Copy, Debug)]
pub struct FirstSteps<'a> {
    pub owner: &'a Owner,
    pub resource: &'a Resource,
    pub person: &'a Identity,
}

impl World {
    /// The first resource that dialogs can be about, with the first person who may read it on their own behalf and finds
    /// it in lists.
    pub fn first_steps(&self, now: Instant) -> Option<FirstSteps<'_>> {
        let resources = self.scenario.resources.iter().filter(|resource| {
            resource.owner_number && ["GenericAccessResource", "AltinnApp"].contains(&resource.kind.as_str())
        });
        let mut pairs = resources.flat_map(|resource| {
            let owner = self.scenario.owners.iter().find(|owner| owner.code == resource.owner);
            let people = self.everyone.iter().enumerate().filter(|(_, one)| one.kind == IdentityKind::Person);
            owner
                .into_iter()
                .flat_map(move |owner| people.clone().map(move |(at, person)| (owner, resource, at, person)))
        });
        pairs.find_map(|(owner, resource, at, person)| {
            let elements = self.elements_for(at, at, (&resource.id, "read", "main"));
            let answer = self.decide_one(&elements.iter().collect::<Vec<_>>(), now).ok()?;
            let reads = answer.decision == Decision::Permit && self.lists(at, at, &resource.id, now);
            reads.then_some(FirstSteps { owner, resource, person })
        })
    }
}
