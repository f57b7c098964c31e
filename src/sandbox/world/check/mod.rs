//! From a document to a checked world: everything that is wrong is found at once.

mod people;
mod rights;

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::numbers::resolve;
use super::reader::read;
use super::scenario::{Scenario, Start};
use super::source::{Content, Node};
use super::{Fault, LISTS, World};
use crate::domain::Instant;
use crate::domain::violations::At;

/// Builds the world of a document. The first `revocable` expectations may turn out untrue: then they are left out.
pub fn build(root: &Node, revocable: usize) -> Result<World, Vec<Fault>> {
    let mut check = Check {
        root,
        faults: Vec::new(),
        known: HashMap::new(),
        places: HashMap::new(),
        party_ids: HashSet::new(),
        user_ids: HashSet::new(),
        uuids: HashSet::new(),
    };
    let mut scenario = check.read();
    check.owners(&scenario);
    // In the order in which the platform lists them: organizations first, those of series among them.
    let mut everyone = check.organizations(&scenario);
    check.series(&scenario, &mut everyone);
    check.users(&mut scenario, &mut everyone);
    let names = check.metadata(&mut scenario);
    let resources = check.resources(&scenario);
    let mut held = HashMap::new();
    check.grants(&scenario, &everyone, &resources, &mut held);
    check.series_grants(&scenario, &everyone, &mut held);
    check.dialogs(&scenario);
    let mut kept = Vec::new();
    for (index, expectation) in scenario.expect.drain(..).enumerate() {
        let before = check.faults.len();
        check.expectation(index, &expectation, &resources);
        if index < revocable && check.faults.len() > before {
            check.faults.truncate(before);
        } else {
            kept.push((index, expectation));
        }
    }
    if !check.faults.is_empty() {
        return Err(check.faults);
    }
    let mut world = World::new(scenario, everyone, names, resources, held);
    let now = match world.scenario.clock.start {
        Start::At(instant) => instant,
        // Without a fixed start grants are taken as not yet run out.
        Start::Now => Instant::MIN_UTC,
    };
    for (index, expectation) in kept {
        let untrue = world.disappointments(&expectation, now);
        if untrue.is_empty() {
            world.scenario.expect.push(expectation);
        } else if index >= revocable {
            let list = At::Root("expect");
            for text in untrue {
                check.fault(check.item(&list, index), text);
            }
        }
    }
    if check.faults.is_empty() { Ok(world) } else { Err(check.faults) }
}

struct Check<'a> {
    root: &'a Node,
    faults: Vec<Fault>,
    /// Place in the list of everyone by URN. Those whose item could not be read have none, and references to them
    /// are no further faults.
    known: HashMap<String, Option<usize>>,
    /// By list, the places in the document of its readable items.
    places: HashMap<String, Vec<usize>>,
    party_ids: HashSet<u32>,
    user_ids: HashSet<u32>,
    uuids: HashSet<uuid::Uuid>,
}

impl Check<'_> {
    fn fault(&mut self, at: At<'_>, text: impl Into<String>) {
        let line = line_of(self.root, at);
        self.faults.push(Fault { path: at.to_string(), line, text: text.into() });
    }

    /// Reads member by member and item by item.
    fn read(&mut self) -> Scenario {
        let mut scenario = Scenario::default();
        let Content::Map(entries) = &self.root.content else {
            self.fault(At::Root(""), "a scenario is a mapping of members");
            return scenario;
        };
        for entry in entries {
            let (at, node) = (At::Root(&entry.key), &entry.node);
            if node.is_null() {
                continue;
            }
            match entry.key.as_str() {
                "clock" => scenario.clock = read(node, at, &mut self.faults).unwrap_or_default(),
                "owners" => scenario.owners = self.list(node, at),
                "people" => scenario.people = self.list(node, at),
                "organizations" => scenario.organizations = self.list(node, at),
                "self_identified" => scenario.self_identified = self.list(node, at),
                "system_users" => scenario.system_users = self.list(node, at),
                "resources" => scenario.resources = self.list(node, at),
                "grants" => scenario.grants = self.list(node, at),
                "series" => scenario.series = self.list(node, at),
                "roles" => scenario.roles = self.list(node, at),
                "packages" => scenario.packages = self.list(node, at),
                "dialogs" => scenario.dialogs = self.list(node, at),
                "expect" => scenario.expect = self.list(node, at),
                _ => self.faults.push(Fault {
                    path: entry.key.clone(),
                    line: entry.line,
                    text: "there is no such member".to_owned(),
                }),
            }
        }
        scenario
    }

    fn list<T: for<'de> Deserialize<'de>>(&mut self, node: &Node, at: At<'_>) -> Vec<T> {
        let Content::List(items) = &node.content else {
            self.fault(at, "a list is expected");
            return Vec::new();
        };
        let mut readable = Vec::new();
        let mut places = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(value) = read(item, at.item(index), &mut self.faults) {
                readable.push(value);
                places.push(index);
            } else {
                self.excuse(&at.to_string(), item);
            }
        }
        self.places.insert(at.to_string(), places);
        readable
    }

    /// Where an item stands in the document; unreadable ones before it are not in the scenario's list.
    fn item<'l>(&self, list: &'l At<'l>, index: usize) -> At<'l> {
        let places = self.places.get(&list.to_string());
        list.item(places.and_then(|places| places.get(index)).copied().unwrap_or(index))
    }

    /// Remembers whom an unreadable item would have been.
    fn excuse(&mut self, list: &str, item: &Node) {
        let keys = LISTS.iter().find(|(name, _)| *name == list).map_or(&[][..], |(_, keys)| *keys);
        let Some(id) = keys.iter().find_map(|key| item.member(key)?.text()) else { return };
        let words: &[&str] = match list {
            "people" => &["person"],
            "organizations" => &["organization"],
            "self_identified" => &["username", "email"],
            "system_users" => &["system-user"],
            "owners" | "resources" => {
                self.known.insert(format!("{list}:{}", id.to_lowercase()), None);
                return;
            }
            _ => return,
        };
        for urn in words.iter().filter_map(|word| resolve(&format!("{word}:{id}")).ok()) {
            self.known.insert(urn.to_string(), None);
        }
    }

    /// Who a reference names; notes a fault where it names nobody.
    fn reference(&mut self, at: At<'_>, reference: &str) -> Option<usize> {
        let Ok(party) = resolve(reference) else {
            self.fault(at, format!("`{reference}` is not a reference to somebody"));
            return None;
        };
        let place = self.known.get(party.as_str()).copied();
        if place.is_none() {
            self.fault(at, format!("there is no {reference} in this world"));
        }
        place.flatten()
    }
}

/// The line of the deepest value on the way that the document has.
fn line_of(root: &Node, at: At<'_>) -> Option<usize> {
    fn walk<'n>(root: &'n Node, at: &At<'_>) -> (Option<&'n Node>, Option<usize>) {
        let (parent, name, index) = match at {
            At::Root("") => return (Some(root), root.line),
            At::Root(name) => ((Some(root), root.line), Some(*name), None),
            At::Field(parent, name) => (walk(root, parent), Some(*name), None),
            At::Item(parent, index) => (walk(root, parent), None, Some(*index)),
        };
        let (Some(node), line) = parent else { return parent };
        if let Some(index) = index {
            let item = node.items().get(index);
            return (item, item.and_then(|item| item.line).or(line));
        }
        match node.entries().iter().find(|entry| Some(entry.key.as_str()) == name) {
            Some(entry) => (Some(&entry.node), entry.line.or(line)),
            None => (None, line),
        }
    }
    walk(root, &at).1
}
