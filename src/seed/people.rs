//! Whose dialogs a seeded world has, and of which service resources.

use std::collections::HashMap;

use anyhow::ensure;
use indexmap::IndexMap;

use super::chance::Chance;
use crate::{
    domain::party::{Party, PartyKind, completed_organization_number, completed_person_number},
    sandbox::world::{self, IdentityKind},
};

/// Parties of half a percent of all dialogs each, behind the largest, which has five percent.
pub const LARGE: u32 = 40;
/// There are at least so many parties, so that the large ones have others beside them.
pub const FEWEST: u32 = 100;
/// Numbers for more have not been thought of.
pub const MOST: u32 = 3_000_000;
/// Service resources, those of a scenario included.
const RESOURCES: usize = 200;
/// Owners of resources that nobody named.
const OWNERS: usize = 20;
/// Organizations of a series that are made large: whoever leads them all then has ten large parties among many small ones.
const LARGE_OF_SERIES: usize = 10;

/// A service resource that dialogs are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceResource {
    pub urn: String,
    /// Short name of its owner.
    pub owner: String,
    /// In lower case.
    pub kind: String,
}

/// The parties and resources of a seeded world, each by its rank: the lower, the more dialogs.
#[derive(Clone, Debug)]
pub struct People {
    parties: u32,
    /// Parties of a scenario, by rank.
    named: HashMap<u32, Party>,
    pub resources: Vec<ServiceResource>,
    /// So many of the first resources are a scenario's, and its parties have dialogs of no others.
    of_scenario: usize,
}

impl People {
    /// `owner` limits the resources to those of one owner.
    ///
    /// # Errors
    /// The scenario has no resource that dialogs could be about, or none of this owner.
    pub fn new(parties: u32, owner: Option<&str>, scenario: Option<&world::World>) -> anyhow::Result<Self> {
        let mut people =
            Self { parties: parties.clamp(FEWEST, MOST), named: HashMap::new(), resources: Vec::new(), of_scenario: 0 };
        if let Some(scenario) = scenario {
            people.resources = resources_of(scenario, owner);
            people.of_scenario = people.resources.len();
            ensure!(people.of_scenario > 0, "the scenario has no service resource that such dialogs could be about");
            people.take_parties(scenario);
        }
        for number in people.resources.len()..RESOURCES {
            let of = owner.map_or_else(|| format!("etat{:02}", 1 + number % OWNERS), str::to_owned);
            let kind = if number % 4 == 3 { "correspondenceservice" } else { "genericaccessresource" };
            let urn = format!("urn:altinn:resource:{of}-tjeneste-{number:03}");
            people.resources.push(ServiceResource { urn, owner: of, kind: kind.into() });
        }
        Ok(people)
    }

    pub fn count(&self) -> u32 {
        self.parties
    }

    pub fn party(&self, rank: u32) -> Party {
        self.named.get(&rank).cloned().unwrap_or_else(|| invented(rank))
    }

    /// Whose the next dialog is.
    pub(super) fn draw_party(&self, chance: &mut Chance) -> u32 {
        let small = u64::from(self.parties - 1 - LARGE);
        let rank = match chance.below(1000) {
            0..50 => 0,
            50..250 => 1 + chance.below(LARGE.into()),
            _ => 1 + u64::from(LARGE) + chance.skewed(small, 1.5),
        };
        u32::try_from(rank).expect("below the number of parties")
    }

    /// What a dialog of this party is about: a place in `resources`.
    pub(super) fn draw_resource(&self, rank: u32, chance: &mut Chance) -> usize {
        let among = if self.named.contains_key(&rank) { self.of_scenario } else { self.resources.len() };
        usize::try_from(chance.skewed(u64::try_from(among).expect("few"), 3.0)).expect("below the number of resources")
    }

    /// Organizations that somebody leads come first, with ten of each series; everybody else is small.
    fn take_parties(&mut self, scenario: &world::World) {
        let document = scenario.scenario();
        let urn = |number: &str| format!("{}{number}", PartyKind::Organization.prefix());
        let mut large: IndexMap<String, ()> = IndexMap::new();
        for grant in document.grants.iter().filter(|grant| grant.role.is_some()) {
            if let Some(number) = grant.party.strip_prefix("organization:") {
                large.insert(urn(number), ());
            }
        }
        let series: Vec<Vec<String>> =
            document.series.iter().map(|series| numbers_of(series).map(|of| urn(&of)).collect()).collect();
        for organizations in &series {
            large.extend(organizations.iter().take(LARGE_OF_SERIES).map(|urn| (urn.clone(), ())));
        }
        large.truncate(usize::try_from(LARGE).expect("fits"));
        for (rank, urn) in (0..).zip(large.keys()) {
            self.named.insert(rank, Party::from_stored(urn.clone()));
        }
        let is_person = |one: &&world::Identity| one.kind == IdentityKind::Person;
        let others = |one: &&world::Identity| {
            one.kind != IdentityKind::SystemUser && !is_person(one) && !large.contains_key(&one.urn)
        };
        let persons = scenario.identities().filter(is_person);
        let others = scenario.identities().filter(others);
        let small: Vec<String> = persons.chain(others).map(|one| one.urn.clone()).collect();
        let of_series = series.into_iter().flatten().filter(|urn| !large.contains_key(urn));
        let small: Vec<String> = small.into_iter().chain(of_series).collect();
        // Spread over all the small ones, so that some have many dialogs and others few.
        let room = self.parties - 1 - LARGE;
        let step = (room / u32::try_from(small.len().max(1)).expect("fits")).max(1);
        for (rank, urn) in (1 + LARGE..self.parties).step_by(usize::try_from(step).expect("fits")).zip(small) {
            self.named.insert(rank, Party::from_stored(urn));
        }
    }
}

/// Resources of a scenario that dialogs may be about, those that leaders may read first.
fn resources_of(scenario: &world::World, owner: Option<&str>) -> Vec<ServiceResource> {
    let document = scenario.scenario();
    let fits = |resource: &&world::Resource| {
        owner.is_none_or(|owner| resource.owner.eq_ignore_ascii_case(owner))
            && resource.owner_number
            && !resource.kind.eq_ignore_ascii_case("consent")
    };
    let is_for_leaders = |resource: &world::Resource| {
        let rules = resource.policy.iter().flat_map(|policy| &policy.rules);
        rules.flat_map(|rule| rule.permit.iter().flatten()).any(|subject| subject == "role:dagl")
    };
    let mut resources: Vec<_> = document.resources.iter().filter(fits).collect();
    resources.sort_by_key(|resource| !is_for_leaders(resource));
    let of = |resource: &world::Resource| ServiceResource {
        urn: format!("urn:altinn:resource:{}", resource.id.to_lowercase()),
        owner: resource.owner.to_lowercase(),
        kind: resource.kind.to_lowercase(),
    };
    resources.into_iter().map(of).collect()
}

/// The organizations of a series: numbers counted up from its first, those without a check digit left out.
fn numbers_of(series: &world::Series) -> impl Iterator<Item = String> {
    let first: u32 = series.first8.parse().unwrap_or(0);
    (first..)
        .filter_map(|stem| completed_organization_number(&format!("{stem:08}")))
        .take(usize::try_from(series.count).unwrap_or(0))
}

/// A party that nobody is: every eighth and the large ones are organizations, the others persons. Numbers are marked as
/// synthetic: months count from 81, organizations begin with 3.
fn invented(rank: u32) -> Party {
    let number = if rank <= LARGE || rank.is_multiple_of(8) { organization(rank) } else { person(rank) };
    number.expect("every rank has a number")
}

fn organization(rank: u32) -> Option<Party> {
    // Of two neighbours at most one has no check digit.
    let number = (2 * rank..2 * rank + 2).find_map(|stem| completed_organization_number(&format!("3{stem:07}")))?;
    Party::organization(&number).ok()
}

/// Somebody who acts for an organization: one of the invented persons.
pub(super) fn person_of(rank: u32) -> Party {
    person(rank % MOST).expect("every rank has a number")
}

fn person(rank: u32) -> Option<Party> {
    let (day, rest) = (1 + rank % 28, rank / 28);
    let (month, rest) = (81 + rest % 12, rest / 12);
    let (year, serials) = (rest % 100, rest / 100 * 5);
    let stem = |serial| format!("{day:02}{month:02}{year:02}{serial:03}");
    let number = (serials..serials + 5).find_map(|serial| completed_person_number(&stem(serial)))?;
    Party::person(&number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_has_a_party_of_its_own() {
        let people = People::new(MOST, None, None).expect("a world");
        let ranks = (0..3000).chain((0..3000).map(|i| i * 997 + 1)).chain([MOST - 1]);
        let ranks: std::collections::HashSet<u32> = ranks.collect();
        let parties: std::collections::HashSet<_> = ranks.iter().map(|rank| people.party(*rank)).collect();
        assert_eq!(parties.len(), ranks.len());
    }

    /// What `--people-of` is for: tokens of the sandbox reach large parties and small ones.
    #[test]
    fn people_of_a_scenario_are_large_and_small() {
        let scenario = world::World::named("default").expect("a shipped scenario");
        let people = People::new(12_500, None, Some(&scenario)).expect("a world");
        let organization = |number: &str| Party::organization(number).expect("a number");
        assert_eq!(people.party(0), organization("310010693"), "the default user leads the largest");
        let ranks: HashMap<Party, u32> = people.named.iter().map(|(rank, party)| (party.clone(), *rank)).collect();
        let person = Party::person("08844397713").expect("a number");
        assert_eq!(ranks.get(&person), Some(&(LARGE + 1)));
        let large = ranks.values().filter(|rank| **rank <= LARGE).count();
        let series = ranks.keys().filter(|party| party.id().starts_with("31910")).count();
        assert!(large > 20 && series == 101, "{large} {series}");
    }

    #[test]
    fn an_owner_s_world_has_only_its_resources() {
        let people = People::new(100, Some("ttd"), None).expect("a world");
        assert!(people.resources.iter().all(|resource| resource.owner == "ttd"));
    }
}
