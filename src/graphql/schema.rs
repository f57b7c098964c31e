//! The schema, and how it is printed.

use std::fmt::Write as _;

use async_graphql::{SDLExportOptions, Schema};

use super::{mutation::Mutations, query::Queries, subscription::Subscriptions};

/// What documents are executed against.
pub type DialogSchema = Schema<Queries, Mutations, Subscriptions>;

/// The schema. Limits are ours (`limits`): documents are weighed before the library sees them.
pub fn schema() -> DialogSchema {
    Schema::build(Queries, Mutations, Subscriptions)
        // The library's own default is 32: it would refuse documents that were weighed and let through.
        .limit_recursive_depth(super::limits::MOST_NESTED)
        // They cost more than they help, and tell of a schema that need not be told.
        .disable_suggestions()
        .finish()
}

/// Which policy guards which type or field: what the contract prints, and resolvers and `http` see to.
const GUARDED: [(&str, &str); 3] = [
    ("type Queries {", "type Queries @authorize(policy: \"enduser\") {"),
    ("type Mutations {", "type Mutations @authorize(policy: \"enduser\") {"),
    ("DialogEventPayload!", "DialogEventPayload! @authorize(policy: \"enduserSubscription\", apply: VALIDATION)"),
];

const AUTHORIZE: &str = r#"
"""
When a policy is looked at.
"""
enum ApplyPolicy {
  BEFORE_RESOLVER
  AFTER_RESOLVER
  VALIDATION
}

"""
Whoever asks must meet the policy.
"""
directive @authorize(policy: String, roles: [String!], apply: ApplyPolicy! = BEFORE_RESOLVER) repeatable on OBJECT | FIELD_DEFINITION
"#;

/// The schema as a document, as the contract has it: the library prints neither the policies nor knows their directive, and
/// prints directives that every GraphQL has.
pub fn sdl(schema: &DialogSchema) -> String {
    let options = SDLExportOptions::new().include_specified_by().use_space_ident().prefer_single_line_descriptions();
    let printed = schema.sdl_with_options(options);
    let mut text = String::with_capacity(printed.len());
    for line in without_directives(&printed) {
        let guarded =
            GUARDED.iter().find(|(bare, _)| line.trim_start() == *bare || line.ends_with(&format!(": {bare}")));
        match guarded {
            Some((bare, guarded)) => writeln!(text, "{}", line.replace(bare, guarded)),
            None => writeln!(text, "{line}"),
        }
        .expect("a string takes whatever is written");
    }
    text + AUTHORIZE
}

const BLOCK: &str = "\"\"\"";

/// The lines of a document, but for directives and what is said of them.
fn without_directives(printed: &str) -> Vec<&str> {
    let mut kept: Vec<&str> = Vec::new();
    for line in printed.lines() {
        if line.starts_with("directive @") {
            // What is said of it stands before it: one line, or a block between two of three quotation marks.
            let last = kept.pop_if(|last| last.starts_with('"'));
            if last == Some(BLOCK) {
                while kept.pop().is_some_and(|line| line != BLOCK) {}
            }
        } else {
            kept.push(line);
        }
    }
    kept
}

/// The definitions of these names alone.
pub fn part_of(sdl: &str, names: &[&str]) -> String {
    let is_named = |block: &&str| {
        let heads = ["type ", "interface ", "input ", "enum ", "scalar ", "directive @"];
        block.lines().any(|line| {
            let name = heads.iter().find_map(|head| line.strip_prefix(head));
            name.is_some_and(|rest| {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                names.contains(&&rest[..end])
            })
        })
    };
    sdl.split("\n\n").filter(is_named).collect::<Vec<_>>().join("\n\n") + "\n"
}
