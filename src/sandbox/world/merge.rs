//! One scenario document laid over another: what `PATCH` and `extends` do.

use super::numbers::resolve;
use super::source::{Content, Entry, Node};
use super::{Fault, LISTS};
use crate::domain::violations::At;

/// `base` with the members of `patch`. List items with the same natural key are replaced, others added at the end;
/// `remove: true` beside the key removes. Members that are no lists are merged one by one.
pub fn merge(base: Node, patch: &Node, faults: &mut Vec<Fault>) -> Node {
    let Content::Map(mut members) = base.content else { return base };
    // An empty member changes nothing: in YAML it is what remains when its items are commented out.
    for entry in patch.entries().iter().filter(|entry| !entry.node.is_null()) {
        let Some(old) = members.iter_mut().find(|old| old.key == entry.key) else {
            let node = without_removals(&entry.key, entry, faults);
            members.push(Entry { node, ..entry.clone() });
            continue;
        };
        old.line = entry.line;
        match (&mut old.node.content, &entry.node.content) {
            (Content::List(items), Content::List(changes)) => {
                for (index, change) in changes.iter().enumerate() {
                    if let Err(fault) = apply(&entry.key, items, change) {
                        faults.push(Fault {
                            path: At::Root(&entry.key).item(index).to_string(),
                            line: change.line,
                            text: fault,
                        });
                    }
                }
            }
            (Content::Map(old), Content::Map(new)) => {
                for entry in new {
                    old.retain(|old| old.key != entry.key);
                    // A null member is again what it is where nobody names it.
                    if !entry.node.is_null() {
                        old.push(entry.clone());
                    }
                }
            }
            _ => old.node = entry.node.clone(),
        }
    }
    Node { line: base.line, content: Content::Map(members) }
}

fn apply(list: &str, items: &mut Vec<Node>, change: &Node) -> Result<(), String> {
    let key = key(list, change);
    let place = items.iter().position(|item| self::key(list, item) == key);
    match (removes(change), place) {
        (true, Some(place)) => {
            items.remove(place);
        }
        (true, None) => return Err("there is nothing like this to remove".to_owned()),
        (false, Some(place)) => items[place] = change.clone(),
        (false, None) => items.push(change.clone()),
    }
    Ok(())
}

/// A list that the base does not have: nothing can be removed from it.
fn without_removals(list: &str, entry: &Entry, faults: &mut Vec<Fault>) -> Node {
    let mut items = Node { content: Content::List(Vec::new()), line: entry.node.line };
    let (Content::List(changes), Content::List(kept)) = (&entry.node.content, &mut items.content) else {
        return entry.node.clone();
    };
    for (index, change) in changes.iter().enumerate() {
        if let Err(text) = apply(list, kept, change) {
            faults.push(Fault { path: At::Root(list).item(index).to_string(), line: change.line, text });
        }
    }
    items
}

fn removes(item: &Node) -> bool {
    item.member("remove").is_some_and(|flag| matches!(flag.content, Content::Bool(true)))
}

/// What tells one item of a list from another; all members where the list has no better key.
fn key(list: &str, item: &Node) -> String {
    let names = LISTS.iter().find(|(name, _)| *name == list).map_or(&[][..], |(_, keys)| *keys);
    let text =
        |name: &str| item.member(name).and_then(Node::text).map(|text| format!("{name}={}", text.to_lowercase()));
    if let Some(key) = names.iter().find_map(|name| text(name)) {
        return key;
    }
    let mut members: Vec<_> = item
        .entries()
        .iter()
        .filter(|entry| entry.key != "remove" && !entry.node.is_null())
        .map(|entry| {
            // `person:1` and its full URN name the same.
            let reference = matches!(entry.key.as_str(), "to" | "for").then(|| entry.node.text()).flatten();
            let urn = reference.and_then(|reference| resolve(reference).ok());
            let value = urn.map_or_else(|| entry.node.to_value().to_string(), |urn| urn.to_string());
            format!("{}={value}", entry.key)
        })
        .collect();
    members.sort();
    members.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(patch: &str) -> (serde_json::Value, Vec<String>) {
        let base = "
            clock: {start: now, frozen: false}
            people: [{id: 1, name: A}, {id: 2, name: B}]
            grants:
              - {to: 'person:08844397713', for: 'organization:310923044', role: dagl}
              - {to: 'person:08844397713', for: 'organization:310923044', package: p}
        ";
        let mut faults = Vec::new();
        let node = |text| Node::parse(text).expect("well-formed");
        let result = merge(node(base), &node(patch), &mut faults);
        (result.to_value(), faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn items_are_replaced_added_and_removed_by_key() {
        let (world, faults) = merged("people: [{id: 2, name: C}, {id: 3, name: D}, {id: 1, remove: true}]");
        assert_eq!(world["people"], json!([{"id": 2, "name": "C"}, {"id": 3, "name": "D"}]));
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn grants_are_known_by_all_their_members() {
        let (world, faults) = merged(
            "grants: [{role: dagl, for: 'urn:altinn:organization:identifier-no:310923044', to: 'person:08844397713', remove: true}]",
        );
        assert_eq!(world["grants"].as_array().map(Vec::len), Some(1));
        assert_eq!(world["grants"][0]["package"], "p");
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn what_is_not_there_cannot_be_removed() {
        let (_, faults) = merged("people:\n  - {id: 9, remove: true}\nroles:\n  - {code: x, remove: true}");
        assert_eq!(
            faults,
            [
                "line 2: people[0]: there is nothing like this to remove",
                "line 4: roles[0]: there is nothing like this to remove"
            ]
        );
    }

    #[test]
    fn members_that_are_no_lists_are_merged() {
        assert_eq!(merged("people:\nclock:").0["people"].as_array().map(Vec::len), Some(2));
        assert_eq!(merged("clock: {frozen: true}").0["clock"], json!({"start": "now", "frozen": true}));
        assert_eq!(merged("clock: {frozen: null}").0["clock"], json!({"start": "now"}));
    }
}
