//! Transmissions refer to transmissions: a forest that may be neither too deep nor too wide and has no cycles
//! (chapter 01 §2.12). One pass over the nodes, whatever their number.

use std::{collections::HashMap, fmt::Display};

use indexmap::IndexSet;
use uuid::Uuid;

use super::{
    limits,
    rules::unique::joined,
    violations::{Code, Violations},
};

/// A transmission and the one it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub id: Uuid,
    pub parent: Option<Uuid>,
}

/// What is known of a stored transmission to which nodes refer, instead of its whole tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredParent {
    /// A root has depth 1.
    pub depth: usize,
    /// How many transmissions refer to it already.
    pub children: usize,
}

/// Stored transmissions by id.
pub type StoredParents = HashMap<Uuid, StoredParent>;

/// What the contract calls the nodes in its texts: the pass over the whole dialog.
pub const WHOLE_DIALOG: &str = "DialogTransmission";
/// What the contract calls the nodes in its texts: the pass over new transmissions and their ancestors.
pub const NEW_AND_ANCESTORS: &str = "TransmissionHierarchyNode";

/// What is wrong with a forest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Parents that are neither among the nodes nor stored. If there are any, nothing else is looked for.
    unknown: Vec<Uuid>,
    /// One below the deepest allowed.
    too_deep: Vec<Uuid>,
    cyclic: Vec<Uuid>,
    too_wide: Vec<Uuid>,
}

/// The depth of each node, in their order.
///
/// # Errors
/// All faults of the forest.
pub fn depths(nodes: &[Node], stored: &StoredParents) -> Result<Vec<usize>, Faults> {
    let places: HashMap<Uuid, usize> = nodes.iter().enumerate().map(|(place, node)| (node.id, place)).collect();
    let mut faults = Faults::default();
    let mut children: HashMap<Uuid, usize> = HashMap::new();
    let mut unknown = IndexSet::new();
    for parent in nodes.iter().filter_map(|node| node.parent) {
        if !places.contains_key(&parent) && !stored.contains_key(&parent) {
            unknown.insert(parent);
        }
        // The children that are stored count once, when the parent is met for the first time.
        *children.entry(parent).or_insert_with(|| stored.get(&parent).map_or(0, |stored| stored.children)) += 1;
    }
    // With an unknown parent depths mean nothing; the contract tells this fault alone (§2.12).
    if !unknown.is_empty() {
        faults.unknown = unknown.into_iter().collect();
        return Err(faults);
    }
    let depths = walk(nodes, &places, stored, &mut faults);
    faults.too_deep = nodes
        .iter()
        .zip(&depths)
        // Only the first level that is too deep: what hangs below is wrong for the same reason, and a long chain would
        // fill the answer with ids.
        .filter(|(_, depth)| **depth == limits::HIERARCHY + 1)
        .map(|(node, _)| node.id)
        .collect();
    for parent in nodes.iter().filter_map(|node| node.parent) {
        // Taken out when told, so that a parent is told once and in the order in which it is met.
        if children.remove(&parent).is_some_and(|children| children > limits::HIERARCHY) {
            faults.too_wide.push(parent);
        }
    }
    if faults == Faults::default() { Ok(depths) } else { Err(faults) }
}

/// A root has depth 1; on and below a cycle there is no depth, and 0 stands for it.
fn walk(nodes: &[Node], places: &HashMap<Uuid, usize>, stored: &StoredParents, faults: &mut Faults) -> Vec<usize> {
    #[derive(Clone, Copy)]
    enum State {
        New,
        /// At this place of the path that is being walked.
        OnPath(usize),
        Done(Option<usize>),
    }
    let mut states = vec![State::New; nodes.len()];
    let mut path: Vec<usize> = Vec::new();
    for start in 0..nodes.len() {
        let mut place = start;
        // A loop with a path of its own instead of recursion: a body of 20 MB can hold a chain that no stack holds.
        // Up to a root, to a stored transmission, or to a node that was met before.
        let mut depth = loop {
            match states[place] {
                State::Done(depth) => break depth,
                State::OnPath(from) => {
                    // Only the ring itself; what leads to it is not part of the chain that the text speaks of.
                    faults.cyclic.extend(path[from..].iter().map(|place| nodes[*place].id));
                    break None;
                }
                State::New => {
                    states[place] = State::OnPath(path.len());
                    path.push(place);
                    let Some(parent) = nodes[place].parent else { break Some(0) };
                    let Some(up) = places.get(&parent) else {
                        break Some(stored.get(&parent).map_or(0, |stored| stored.depth));
                    };
                    place = *up;
                }
            }
        };
        for place in path.drain(..).rev() {
            depth = depth.map(|above| above + 1);
            states[place] = State::Done(depth);
        }
    }
    let depth_of = |state| if let State::Done(Some(depth)) = state { depth } else { 0 };
    states.into_iter().map(depth_of).collect()
}

impl Faults {
    /// The 422 in the contract's words; `nodes` is [`WHOLE_DIALOG`] or [`NEW_AND_ANCESTORS`].
    pub fn report(&self, nodes: &str, found: &mut Violations) {
        const KEY: &str = "Transmissions";
        // The reference shows ten of a cycle and all of the others.
        const SHOWN: usize = 10;
        let max = limits::HIERARCHY;
        if !self.unknown.is_empty() {
            let text = format!(
                "Hierarchy reference violation found. {nodes} with the following referenced ids does not exist: [{}].",
                list(&self.unknown)
            );
            found.add(
                KEY,
                Code::TransmissionUnknown
                    .says(text)
                    .hint("Name transmissions of the same dialog in `relatedTransmissionId`."),
            );
        }
        if !self.too_deep.is_empty() {
            let text = format!(
                "Hierarchy depth violation found. {nodes} with the following ids is at depth {}, exceeding the max allowed \
                 depth of {max}. It, and all its referencing children is in violation of the depth constraint. [{}].",
                max + 1,
                list(&self.too_deep)
            );
            found.add(KEY, Code::HierarchyTooDeep.says(text).hint("Answer a transmission further up."));
        }
        if !self.cyclic.is_empty() {
            let shown = &self.cyclic[..self.cyclic.len().min(SHOWN)];
            let note = if shown.len() < self.cyclic.len() { " (showing first 10)" } else { "" };
            let text = format!(
                "Hierarchy cyclic reference violation found. {nodes} with the following ids is part of a cyclic reference \
                 chain{note}: [{}].",
                list(shown)
            );
            found.add(
                KEY,
                Code::HierarchyCyclic.says(text).hint("Break the ring: one of them must answer none of the others."),
            );
        }
        if !self.too_wide.is_empty() {
            let text = format!(
                "Hierarchy width violation found. '{nodes}' with the following ids has to many referring {nodes}, exceeding \
                 the max allowed width of {max}: [{}].",
                list(&self.too_wide)
            );
            found.add(KEY, Code::HierarchyTooWide.says(text).hint("Answer another transmission, or none."));
        }
    }
}

fn list<T: Display>(ids: &[T]) -> String {
    joined(ids, ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> Uuid {
        Uuid::from_u128(n as u128 + 1)
    }

    fn node(n: usize, parent: Option<usize>) -> Node {
        Node { id: id(n), parent: parent.map(id) }
    }

    fn chain(from: usize, length: usize) -> Vec<Node> {
        (0..length).map(|i| node(from + i, i.checked_sub(1).map(|parent| from + parent))).collect()
    }

    fn faults(nodes: &[Node]) -> Faults {
        depths(nodes, &HashMap::new()).err().unwrap_or_default()
    }

    /// T-008
    #[test]
    fn a_chain_of_100_is_the_deepest() {
        let depths_of = |nodes: &[Node]| depths(nodes, &HashMap::new());
        assert_eq!(depths_of(&chain(0, 100)).map(|depths| depths[99]), Ok(100));
        let mut upside_down = chain(0, 103);
        upside_down.reverse();
        assert_eq!(faults(&upside_down), Faults { too_deep: vec![id(100)], ..Faults::default() });
    }

    /// T-036
    #[test]
    fn a_parent_of_100_is_the_widest() {
        let family = |children| {
            let mut nodes = vec![node(0, None)];
            nodes.extend((1..=children).map(|child| node(child, Some(0))));
            nodes
        };
        assert_eq!(faults(&family(100)), Faults::default());
        assert_eq!(faults(&family(101)), Faults { too_wide: vec![id(0)], ..Faults::default() });
    }

    #[test]
    fn stored_parents_count_with_their_depth_and_children() {
        let stored = |depth, children| HashMap::from([(id(0), StoredParent { depth, children })]);
        let nodes = [node(1, Some(0)), node(2, Some(1))];
        assert_eq!(depths(&nodes, &stored(98, 0)), Ok(vec![99, 100]));
        assert_eq!(
            depths(&nodes, &stored(99, 100)),
            Err(Faults { too_deep: vec![id(2)], too_wide: vec![id(0)], ..Faults::default() })
        );
    }

    /// T-038
    #[test]
    fn all_faults_are_told_in_one_order_but_unknown_parents_alone() {
        let mut nodes = chain(0, 101);
        nodes.extend([node(200, Some(201)), node(201, Some(202)), node(202, Some(200)), node(203, Some(200))]);
        nodes.push(node(300, None));
        nodes.extend((301..402).map(|n| node(n, Some(300))));
        let found = faults(&nodes);
        assert_eq!(found.cyclic, [id(200), id(201), id(202)]);
        let mut texts = Violations::new();
        found.report(WHOLE_DIALOG, &mut texts);
        let texts: Vec<_> = texts.faults().map(|(_, fault)| fault.text.clone()).collect();
        for (text, word) in texts.iter().zip(["depth violation", "cyclic reference", "width violation"]) {
            assert!(text.contains(word), "{text}");
        }
        assert_eq!(texts.len(), 3);
        nodes.push(node(500, Some(501)));
        assert_eq!(faults(&nodes), Faults { unknown: vec![id(501)], ..Faults::default() });
    }

    #[test]
    fn twenty_thousand_nodes_take_one_pass() {
        let nodes: Vec<_> = (0..20_000).map(|n| node(n, (n > 0).then_some(n / 90))).collect();
        assert!(depths(&nodes[1..], &HashMap::from([(id(0), StoredParent { depth: 1, children: 0 })])).is_ok());
        assert_eq!(faults(&chain(0, 20_000)).too_deep, [id(100)]);
    }
}
