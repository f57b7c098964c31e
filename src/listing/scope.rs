//! From names to numbers, and from an authorization to a scope.

use std::{collections::HashMap, sync::Arc};

use crate::{
    access::{ListAuthorization, ResourceSet},
    domain::party::Party,
    store::{
        dictionary::KnownResources,
        search::scope::{Delegated, Group, Resource, Scope},
    },
};

/// What an authorization covers. Parties with equal resources make a group; resources without dialogs are left out.
pub fn granted(authorization: &ListAuthorization, known: &KnownResources) -> Scope {
    let mut groups: Vec<Group> = Vec::new();
    let mut numbers: HashMap<*const ResourceSet, usize> = HashMap::new();
    for (party, resources) in &authorization.parties {
        // By address, as equal sets are shared; comparing thousands of long sets would cost more than the search.
        let number = *numbers.entry(Arc::as_ptr(resources)).or_insert_with(|| {
            let resources = resources.iter().filter_map(|urn| known.get(urn)).collect();
            groups.push(Group { parties: Vec::new(), resources });
            groups.len() - 1
        });
        groups[number].parties.push(party.clone());
    }
    // Last, so that the numbers of groups stay right above.
    groups.retain(|group| !group.resources.is_empty());
    Scope::Pairs(groups)
}

/// The dialogs that were delegated one by one, of the parties and resources that were asked for.
pub fn delegated(
    authorization: &ListAuthorization,
    parties: &[String],
    resources: &[String],
    known: &KnownResources,
) -> Delegated {
    let asked = |parties: &[String]| parties.iter().filter_map(|urn| Party::parse_owner(urn).ok()).collect();
    let held = |resources: &[String]| resources.iter().filter_map(|urn| known.get(&urn.to_lowercase())).collect();
    Delegated {
        ids: authorization.dialogs.clone(),
        // `None` asks for all; an empty list would ask for nobody.
        parties: (!parties.is_empty()).then(|| asked(parties)),
        resources: (!resources.is_empty()).then(|| held(resources)),
    }
}

/// What an owner asks for; `None` if nothing can match.
pub fn owned(parties: &[String], resources: &[String], known: &KnownResources) -> Option<Scope> {
    let parties: Vec<Party> = parties.iter().filter_map(|urn| Party::parse_owner(urn).ok()).collect();
    // Letter for letter, as stored: owners know how they wrote it.
    let held: Vec<Resource> = resources.iter().filter_map(|urn| known.get(urn)).collect();
    // Resources were named, and none has dialogs: an empty list must not become "all".
    if !resources.is_empty() && held.is_empty() {
        return None;
    }
    Some(match (parties.is_empty(), held.is_empty()) {
        (true, true) => Scope::Everything,
        (false, true) => Scope::Parties(unique(parties)),
        (true, false) => Scope::Resources(held),
        (false, false) => Scope::Pairs(vec![Group { parties: unique(parties), resources: held }]),
    })
}

fn unique(mut parties: Vec<Party>) -> Vec<Party> {
    parties.sort_unstable();
    parties.dedup();
    parties
}
