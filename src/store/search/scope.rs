//! Whose dialogs a search may return.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use crate::domain::party::Party;

/// A service resource by its number, with its owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    pub id: i32,
    pub org: i16,
}

/// Parties that all hold the same resources. A party stands in one group only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub parties: Vec<Party>,
    pub resources: Vec<Resource>,
}

/// Which pairs of party and resource count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Exactly these: a resource of one group is never taken for a party of another.
    Pairs(Vec<Group>),
    /// Any resource of these parties. For service owners, whose filter names the owner.
    Parties(Vec<Party>),
    /// Any party of these resources. For service owners.
    Resources(Vec<Resource>),
    /// Whatever the filter's owners have.
    Everything,
}

/// Dialogs that count besides the scope's, each by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delegated {
    pub ids: Vec<Uuid>,
    /// If the request names parties, delegated dialogs of others do not count.
    pub parties: Option<Vec<Party>>,
    /// The same for resources.
    pub resources: Option<Vec<Resource>>,
}

impl Scope {
    pub(super) fn party_count(&self) -> Option<usize> {
        match self {
            Self::Pairs(groups) => Some(groups.iter().map(|group| group.parties.len()).sum()),
            Self::Parties(parties) => Some(parties.len()),
            Self::Resources(_) | Self::Everything => None,
        }
    }

    pub(super) fn resource_count(&self) -> Option<usize> {
        self.resources().map(|resources| resources.len())
    }

    /// How many pairs of party and resource count, if both are limited.
    pub(super) fn pair_count(&self) -> Option<usize> {
        match self {
            Self::Pairs(groups) => Some(groups.iter().map(|group| group.parties.len() * group.resources.len()).sum()),
            Self::Parties(_) | Self::Resources(_) | Self::Everything => None,
        }
    }

    /// The keys of all parties, if they are limited.
    pub(super) fn party_keys(&self) -> Option<Vec<i64>> {
        match self {
            Self::Pairs(groups) => Some(groups.iter().flat_map(|group| &group.parties).map(Party::key).collect()),
            Self::Parties(parties) => Some(parties.iter().map(Party::key).collect()),
            Self::Resources(_) | Self::Everything => None,
        }
    }

    /// All resources once, if they are limited.
    pub(super) fn resources(&self) -> Option<Vec<Resource>> {
        let mut resources = match self {
            Self::Pairs(groups) => groups.iter().flat_map(|group| group.resources.iter().copied()).collect(),
            Self::Resources(resources) => resources.clone(),
            Self::Parties(_) | Self::Everything => return None,
        };
        resources.sort_unstable();
        resources.dedup();
        Some(resources)
    }

    /// One branch per party, with the resources that count there.
    pub(super) fn by_party(&self) -> Branches {
        match self {
            Self::Pairs(groups) => {
                let mut branches = Branches { admitted: Some(Vec::new()), ..Branches::default() };
                for (number, group) in (0..).zip(groups) {
                    branches.keys.extend(group.parties.iter().map(|party| (party.key(), number)));
                    let resources = group.resources.iter().map(|resource| (number, i64::from(resource.id)));
                    branches.admitted.get_or_insert_default().extend(resources);
                }
                branches
            }
            Self::Parties(parties) => Branches { keys: parties.iter().map(|p| (p.key(), 0)).collect(), admitted: None },
            Self::Resources(_) | Self::Everything => Branches::default(),
        }
    }

    /// One branch per pair of party and resource, whose number stands in place of a set's.
    pub(super) fn by_pair(&self) -> Branches {
        let Self::Pairs(groups) = self else { return Branches::default() };
        let of = |group: &Group| {
            let pairs = group.parties.iter().flat_map(|party| group.resources.iter().map(|of| (party.key(), of.id)));
            pairs.collect::<Vec<_>>()
        };
        Branches { keys: groups.iter().flat_map(of).collect(), admitted: None }
    }

    /// One branch per resource, with the parties that count there.
    pub(super) fn by_resource(&self) -> Branches {
        match self {
            Self::Pairs(groups) => {
                let mut holders: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
                for (number, group) in groups.iter().enumerate() {
                    for resource in &group.resources {
                        holders.entry(resource.id).or_default().push(number);
                    }
                }
                let mut branches = Branches { admitted: Some(Vec::new()), ..Branches::default() };
                let mut known: HashMap<Vec<usize>, i32> = HashMap::new();
                for (resource, groups_of) in holders {
                    let next = i32::try_from(known.len()).expect("fewer sets than resources");
                    let number = *known.entry(groups_of.clone()).or_insert_with(|| {
                        let parties = groups_of.iter().flat_map(|group| &groups[*group].parties);
                        branches.admitted.get_or_insert_default().extend(parties.map(|party| (next, party.key())));
                        next
                    });
                    branches.keys.push((i64::from(resource), number));
                }
                branches
            }
            Self::Resources(resources) => {
                Branches { keys: resources.iter().map(|r| (i64::from(r.id), 0)).collect(), admitted: None }
            }
            Self::Parties(_) | Self::Everything => Branches::default(),
        }
    }
}

/// The branches of a walk: (key, number of the admitted set), and what each set holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Branches {
    pub keys: Vec<(i64, i32)>,
    /// (number of the set, key of the other kind); `None` admits everything.
    pub admitted: Option<Vec<(i32, i64)>>,
}

/// The last word on every row: exact, and independent of what the statements tested.
pub(super) struct Guard<'a> {
    groups: HashMap<i64, (&'a str, usize)>,
    resources: Vec<HashSet<i32>>,
    any_party: bool,
    any_resource: bool,
    delegated: HashSet<Uuid>,
    delegated_parties: Option<HashMap<i64, &'a str>>,
    delegated_resources: Option<HashSet<i32>>,
}

impl<'a> Guard<'a> {
    pub(super) fn new(scope: &'a Scope, delegated: &'a Delegated) -> Self {
        let mut guard = Self {
            groups: HashMap::new(),
            resources: Vec::new(),
            any_party: matches!(scope, Scope::Everything | Scope::Resources(_)),
            any_resource: matches!(scope, Scope::Everything | Scope::Parties(_)),
            delegated: delegated.ids.iter().copied().collect(),
            delegated_parties: delegated
                .parties
                .as_ref()
                .map(|parties| parties.iter().map(|party| (party.key(), party.as_str())).collect()),
            delegated_resources: delegated.resources.as_ref().map(|resources| ids(resources)),
        };
        match scope {
            Scope::Pairs(groups) => {
                for (number, group) in groups.iter().enumerate() {
                    guard.resources.push(ids(&group.resources));
                    guard.groups.extend(group.parties.iter().map(|party| (party.key(), (party.as_str(), number))));
                }
            }
            Scope::Parties(parties) => {
                guard.groups.extend(parties.iter().map(|party| (party.key(), (party.as_str(), 0))));
            }
            Scope::Resources(resources) => guard.resources.push(ids(resources)),
            Scope::Everything => {}
        }
        guard
    }

    /// Whether a found row may be returned, judged by its keys.
    pub(super) fn admits(&self, id: Uuid, party_key: i64, resource: i32) -> bool {
        self.covers(party_key, resource) || self.delegates(id, party_key, resource)
    }

    /// Whether a row about to leave belongs to the very party that was asked for, not to one whose key is the same.
    pub(super) fn knows(&self, id: Uuid, party_key: i64, urn: &str, resource: i32) -> bool {
        let same = |asked: &&str| *asked == urn;
        (self.covers(party_key, resource)
            && (self.any_party || self.groups.get(&party_key).is_some_and(|(asked, _)| same(asked))))
            || (self.delegates(id, party_key, resource)
                && self.delegated_parties.as_ref().is_none_or(|asked| asked.get(&party_key).is_some_and(same)))
    }

    fn covers(&self, party_key: i64, resource: i32) -> bool {
        let number = if self.any_party { Some(0) } else { self.groups.get(&party_key).map(|(_, number)| *number) };
        number.is_some_and(|number| self.any_resource || self.resources[number].contains(&resource))
    }

    fn delegates(&self, id: Uuid, party_key: i64, resource: i32) -> bool {
        self.delegated.contains(&id)
            && self.delegated_parties.as_ref().is_none_or(|parties| parties.contains_key(&party_key))
            && self.delegated_resources.as_ref().is_none_or(|resources| resources.contains(&resource))
    }
}

fn ids(resources: &[Resource]) -> HashSet<i32> {
    resources.iter().map(|resource| resource.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(name: &str) -> Party {
        Party::from_stored(format!("urn:altinn:person:idporten-email:{name}@x.no"))
    }

    fn resource(id: i32) -> Resource {
        Resource { id, org: 1 }
    }

    #[test]
    fn a_resource_of_one_party_is_never_used_for_another() {
        let groups = vec![
            Group { parties: vec![party("a")], resources: vec![resource(1), resource(2)] },
            Group { parties: vec![party("b"), party("c")], resources: vec![resource(2)] },
        ];
        let (scope, delegated) = (Scope::Pairs(groups.clone()), Delegated::default());
        let guard = Guard::new(&scope, &delegated);
        let admits = |name: &str, resource| guard.admits(Uuid::nil(), party(name).key(), resource);
        assert!(admits("a", 1) && admits("a", 2) && admits("c", 2));
        assert!(!admits("b", 1) && !admits("d", 2));

        let branches = Scope::Pairs(groups).by_resource();
        assert_eq!(branches.keys, [(1, 0), (2, 1)]);
        let held = |number| branches.admitted.iter().flatten().filter(|(set, _)| *set == number).count();
        assert_eq!((held(0), held(1)), (1, 3));
    }

    #[test]
    fn a_key_shared_by_two_urns_does_not_leak() {
        let scope = Scope::Pairs(vec![Group { parties: vec![party("a")], resources: vec![resource(1)] }]);
        let delegated = Delegated::default();
        let guard = Guard::new(&scope, &delegated);
        assert!(guard.knows(Uuid::nil(), party("a").key(), party("a").as_str(), 1));
        assert!(!guard.knows(Uuid::nil(), party("a").key(), party("b").as_str(), 1));
    }

    #[test]
    fn delegated_dialogs_obey_the_request_s_parties_and_resources() {
        let id = Uuid::max();
        let delegated =
            Delegated { ids: vec![id], parties: Some(vec![party("a")]), resources: Some(vec![resource(1)]) };
        let scope = Scope::Pairs(vec![]);
        let guard = Guard::new(&scope, &delegated);
        assert!(guard.admits(id, party("a").key(), 1));
        assert!(!guard.admits(id, party("b").key(), 1) && !guard.admits(id, party("a").key(), 2));
    }
}
