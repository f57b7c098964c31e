//! What a document may cost, found out before the library sees it: a few bytes can ask for more than there is.
//!
//! | Bound | Of | Against |
//! |---|---|---|
//! | tokens and nesting | the text | memory and stack of the parser |
//! | nesting, fragments included | each operation | stack of validation and execution |
//! | depth | fields outside introspection | the contract |
//! | cost | fields with fragments spread out, and root fields by what they ask of the database and the platform | aliases, fragments in fragments |
//! | lists in lists | introspection | answers that multiply |

use std::collections::HashMap;

use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;

use super::errors::Rejected;
use crate::config::Graphql;

/// Most tokens of a document. The longest that a client is known to send has about five hundred.
// In the reference 2048 fields are the end. Ours may be looser, not tighter (chapter 02 §9.1): tokens only bound
// memory.
const MOST_TOKENS: usize = 100_000;
/// How deep brackets, selections and fragments may stand in each other.
// The reference stops at 200. With at most twelve fields in each other, 64 leaves room for fragments and arguments, and
// keeps every recursion shallow.
pub const MOST_NESTED: usize = 64;
/// Most fragments of a document.
// The reference visits at most as many (chapter 02 §9.1).
const MOST_FRAGMENTS: usize = 1000;
/// How many of the costliest operations may stand in one document.
const OPERATIONS: usize = 4;
/// How deep lists of introspection may stand in each other.
const MOST_INTROSPECTED: usize = 3;

/// What a root field costs besides its fields: about what the statements and questions behind it weigh against each other.
const ROOT_FIELDS: [(&str, usize); 7] = [
    ("searchDialogs", 200),
    ("dialogById", 100),
    ("dialogLookup", 100),
    ("parties", 100),
    ("serviceResources", 100),
    ("setSystemLabel", 100),
    ("bulkSetSystemLabels", 200),
];

/// Counts tokens of a document and looks how deep it is nested, without taking it apart.
///
/// # Errors
/// There is too much of one of them.
pub fn scan(text: &str) -> Result<(), Rejected> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut nested) = (0, 0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            // Commas are white space in GraphQL.
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len() - at);
                continue;
            }
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' | b'(' => {
                nested += 1;
                if nested > MOST_NESTED {
                    return Err(Rejected::TooMuch("The GraphQL document is nested too deeply."));
                }
                at += 1;
            }
            b'}' | b']' | b')' => {
                // More closed than opened is a fault of the document: the parser says where.
                nested = nested.saturating_sub(1);
                at += 1;
            }
            byte if is_word(byte) => at += bytes[at..].iter().take_while(|byte| is_word(**byte)).count(),
            _ => at += 1,
        }
        tokens += 1;
        if tokens > MOST_TOKENS {
            return Err(Rejected::TooMuch("The GraphQL document has too many tokens."));
        }
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+')
}

/// Behind the string that begins at `from`; a string without an end ends with the text.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    const BLOCK: &[u8] = b"\"\"\"";
    if bytes[from..].starts_with(BLOCK) {
        let mut at = from + BLOCK.len();
        while at < bytes.len() {
            // In a block string only this is an escape: a backslash before anything else stands for itself.
            if bytes[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if bytes[at..].starts_with(BLOCK) {
                return at + BLOCK.len();
            } else {
                at += 1;
            }
        }
        return at;
    }
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            // May leap over the end of the text; then the loop ends, and the end is what is returned.
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Looks at every operation of a document.
///
/// # Errors
/// One is beyond a bound, or asks for what this installation does not tell.
pub fn weigh(document: &ExecutableDocument, settings: &Graphql) -> Result<(), Rejected> {
    if document.fragments.len() > MOST_FRAGMENTS {
        return Err(Rejected::TooMuch("The GraphQL document has too many fragments."));
    }
    let mut scales = Scales { document, known: HashMap::new() };
    let mut all: usize = 0;
    for (_, operation) in document.operations.iter() {
        let weight = scales.set(&operation.node.selection_set.node, 0)?;
        if weight.depth > settings.max_depth {
            return Err(Rejected::Depth { allowed: settings.max_depth, detected: weight.depth });
        }
        // `__typename` does not count: clients send it with everything, and it is always answered (GQ-017).
        if weight.introspects && !settings.introspection {
            return Err(Rejected::Introspection);
        }
        // The others are validated too, though only one is executed.
        // Saturating: a fragment that spreads another twice doubles the cost at every step.
        all = all.saturating_add(weight.cost);
        if weight.cost > settings.max_cost || all > settings.max_cost.saturating_mul(OPERATIONS) {
            return Err(Rejected::Cost { allowed: settings.max_cost, detected: weight.cost.max(all) });
        }
        if weight.lists >= MOST_INTROSPECTED {
            return Err(Rejected::TooMuch("Introspection asks for lists in lists."));
        }
    }
    // One that is not used would be validated all the same, however long it is.
    match document.fragments.iter().find(|(name, _)| !scales.known.contains_key(name)) {
        None => Ok(()),
        Some((name, fragment)) => {
            let message = format!("The fragment `{name}` is not used.");
            Err(Rejected::Invalid { message, at: vec![fragment.pos] })
        }
    }
}

/// What a selection asks for, fragments spread out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    depth: usize,
    nested: usize,
    cost: usize,
    lists: usize,
    introspects: bool,
}

impl Weight {
    /// Two beside each other.
    fn and(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            nested: self.nested.max(other.nested),
            cost: self.cost.saturating_add(other.cost),
            lists: self.lists.max(other.lists),
            introspects: self.introspects || other.introspects,
        }
    }
}

/// Weighs fragments once, however often they are spread.
struct Scales<'d> {
    document: &'d ExecutableDocument,
    /// `None` while it is being weighed.
    known: HashMap<&'d Name, Option<Weight>>,
}

impl<'d> Scales<'d> {
    fn set(&mut self, set: &'d SelectionSet, level: usize) -> Result<Weight, Rejected> {
        if level > MOST_NESTED {
            return Err(Rejected::TooMuch("The GraphQL document is nested too deeply."));
        }
        let mut sum = Weight::default();
        for selection in &set.items {
            let weight = match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    let below = self.set(&field.node.selection_set.node, level + 1)?;
                    // The reference counts introspection into the depth; we do not, as GraphiQL's own question is deep
                    // (docs/deviations.md).
                    let is_ours = !name.starts_with("__");
                    // Looked up at any depth: no other type has fields of these names.
                    let root = ROOT_FIELDS.iter().find(|(known, _)| *known == name).map_or(0, |(_, cost)| *cost);
                    // Types have fields, fields have types: each list in a list multiplies the answer by the size of
                    // the schema.
                    let is_list = matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes");
                    Weight {
                        depth: if is_ours { below.depth + 1 } else { 0 },
                        nested: below.nested + 1,
                        // Directives cost too: a field may carry thousands, each of them validated.
                        cost: below.cost.saturating_add(1 + root + field.node.directives.len()),
                        lists: below.lists + usize::from(is_list),
                        introspects: below.introspects || matches!(name, "__schema" | "__type"),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let below = self.set(&fragment.node.selection_set.node, level + 1)?;
                    Weight { nested: below.nested + 1, cost: below.cost.saturating_add(1), ..below }
                }
                Selection::FragmentSpread(spread) => {
                    let below = self.fragment(&spread.node.fragment_name.node, level + 1)?;
                    Weight { nested: below.nested + 1, cost: below.cost.saturating_add(1), ..below }
                }
            };
            // Again, as a fragment known from a shallow place may be spread at a deep one, and then is not walked a
            // second time.
            if level + weight.nested > MOST_NESTED {
                return Err(Rejected::TooMuch("The GraphQL document is nested too deeply."));
            }
            sum = sum.and(weight);
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'d Name, level: usize) -> Result<Weight, Rejected> {
        match self.known.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => {
                let message = format!("The fragment `{name}` spreads itself.");
                return Err(Rejected::Invalid { message, at: Vec::new() });
            }
            None => {}
        }
        // One that is missing is named by the library.
        // Nothing is weighed for it, and nothing is executed: validation refuses the document.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Weight::default()) };
        // Marks the way down: whoever meets `None` again goes in a circle.
        self.known.insert(name, None);
        let weight = self.set(&fragment.node.selection_set.node, level)?;
        self.known.insert(name, Some(weight));
        Ok(weight)
    }
}

/// A subscription has one root field, which is always there (chapter 02 §9.6).
///
/// # Errors
/// It has several, or one that may be skipped.
pub fn check_single(document: &ExecutableDocument, operation: &OperationDefinition) -> Result<(), Rejected> {
    let mut fields = 0;
    let mut sets = vec![&operation.selection_set.node];
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            let may_be_skipped = selection.node.directives().iter().any(|directive| {
                let name = directive.node.name.node.as_str();
                matches!(name, "skip" | "include")
            });
            match &selection.node {
                // Two, so that it fails even alone: with the only field skipped, there would be nothing to subscribe
                // to.
                _ if may_be_skipped => fields += 2,
                Selection::Field(_) => fields += 1,
                Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = document.fragments.get(&spread.node.fragment_name.node);
                    sets.extend(fragment.map(|fragment| &fragment.node.selection_set.node));
                }
            }
        }
    }
    if fields <= 1 {
        return Ok(());
    }
    let message = "A subscription must select one field, without @skip and @include.".to_owned();
    Err(Rejected::Invalid { message, at: vec![operation.selection_set.pos] })
}

/// Every value that stands in a document, with the argument that it is of.
pub fn arguments(document: &ExecutableDocument) -> Vec<(&Name, &Value)> {
    let mut found = Vec::new();
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let mut sets: Vec<&SelectionSet> = operations.chain(fragments).collect();
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    found.extend(field.node.arguments.iter().map(|(name, value)| (&name.node, &value.node)));
                    sets.push(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set.node),
                // Every fragment of the document is gone through by itself.
                Selection::FragmentSpread(_) => {}
            }
            for directive in selection.node.directives() {
                found.extend(directive.node.arguments.iter().map(|(name, value)| (&name.node, &value.node)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;

    use super::*;

    const SETTINGS: Graphql = Graphql { introspection: false, max_depth: 12, max_cost: 3000, cors_origins: Vec::new() };

    fn weighed(text: &str) -> Result<(), Rejected> {
        scan(text)?;
        weigh(&parse_query(text).expect("a document"), &SETTINGS)
    }

    fn nested(levels: usize) -> String {
        format!("{}{}", "{a".repeat(levels), "}".repeat(levels))
    }

    /// GQ-017
    #[test]
    fn depth_counts_fields_and_not_introspection() {
        assert_eq!(weighed(&nested(12)), Ok(()));
        assert_eq!(weighed(&nested(13)), Err(Rejected::Depth { allowed: 12, detected: 13 }));
        let in_fragments = "{...f} fragment f on Q {a{a{a{a{a{a{...g}}}}}}} fragment g on Q {a{a{a{a{a{a{a}}}}}}}";
        assert_eq!(weighed(in_fragments), Err(Rejected::Depth { allowed: 12, detected: 13 }));
        assert_eq!(weighed(&nested(12).replacen("a}", "a{__typename}}", 1)), Ok(()));
        assert_eq!(weighed("{__schema{types{name}}}"), Err(Rejected::Introspection));
        assert_eq!(weighed("{...f} fragment f on Q {x:__type(name:\"A\"){name}}"), Err(Rejected::Introspection));
        assert_eq!(weighed("{a{__typename}}"), Ok(()));
    }

    #[test]
    fn many_of_the_same_cost_as_much_as_they_are() {
        let aliased = |count: usize| {
            let field = |n| format!("a{n}: dialogById(dialogId: \"x\") {{dialog {{id}}}} ");
            format!("{{{}}}", (0..count).map(field).collect::<String>())
        };
        assert_eq!(weighed(&aliased(29)), Ok(()));
        assert_eq!(weighed(&aliased(100)), Err(Rejected::Cost { allowed: 3000, detected: 10_300 }));
        let fields = |count: usize| format!("{{{}}}", "a ".repeat(count));
        assert_eq!(weighed(&fields(3000)), Ok(()));
        assert_eq!(weighed(&fields(3001)), Err(Rejected::Cost { allowed: 3000, detected: 3001 }));
    }

    /// Only one operation is executed, but all of a document is validated.
    #[test]
    fn what_is_not_executed_is_bounded_too() {
        let operation = |n: usize| format!("query q{n} {{ {} }} ", "a ".repeat(3000));
        let operations = |count: usize| (0..count).map(operation).collect::<Vec<_>>().concat();
        assert_eq!(weighed(&operations(4)), Ok(()));
        assert_eq!(weighed(&operations(5)), Err(Rejected::Cost { allowed: 3000, detected: 15_000 }));
        assert!(matches!(weighed("{a} fragment f on Q {b}"), Err(Rejected::Invalid { .. })));
        assert_eq!(weighed("query x {...f} query y {a} fragment f on Q {b}"), Ok(()));
    }

    #[test]
    fn fragments_in_fragments_are_weighed_once_and_count_as_often_as_they_are_spread() {
        let mut text = String::from("{...f0}");
        for n in 0..60 {
            write!(text, "fragment f{n} on Q {{...f{} ...f{}}}", n + 1, n + 1).unwrap();
        }
        text.push_str("fragment f60 on Q {a}");
        assert!(matches!(weighed(&text), Err(Rejected::Cost { detected, .. }) if detected > 1 << 60));
        let text = "{...f} fragment f on Q {a{...g}} fragment g on Q {b{...f}}";
        assert!(matches!(weighed(text), Err(Rejected::Invalid { .. })));
        let chain = (0..900).fold(String::from("{...f0}"), |text, n| {
            text + &format!("fragment f{n} on Q {{a{{b{{c{{...f{}}}}}}}}}", n + 1)
        });
        assert!(matches!(weighed(&chain), Err(Rejected::TooMuch(_))));
    }

    #[test]
    fn the_text_is_bounded_before_it_is_taken_apart() {
        for text in [nested(100_000), "{a(b: ".to_owned() + &"[".repeat(100_000), "{a(b:".repeat(40_000)] {
            assert!(matches!(scan(&text), Err(Rejected::TooMuch(_))));
        }
        assert!(matches!(scan(&"a ".repeat(100_001)), Err(Rejected::TooMuch(_))));
        for text in [
            format!("{{a(b: \"{}\")}}", "[{(".repeat(1000)),
            format!("{{a(b: \"\"\"{} \\\"\"\" {{ \"\"\")}}", "[{(".repeat(1000)),
            format!("{{a # {}\n}}", "[{(".repeat(1000)),
            "\"\\".to_owned(),
            "\"\"\"\\".to_owned(),
            String::new(),
        ] {
            assert_eq!(scan(&text), Ok(()), "{text:.40}");
        }
    }
}
