//! Variables of an operation, made whole before the library validates arguments with them: it looks at an argument only if it
//! knows every variable in it, so a wrong value beside a missing one would fail in the middle of the execution.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Variables,
    parser::types::{ExecutableDocument, OperationDefinition},
};
use async_graphql_value::{ConstValue, Value};

use super::{errors::Rejected, limits::arguments};

/// Bytes of all variables together, each as often as it stands somewhere: so much is copied to validate and to execute.
// A body may be 20 MB and use one large variable in thousands of places; the library copies it into each.
const MOST_COPIED: usize = 64 << 20;
/// Most variables of an operation: the library looks for each by going through all.
const MOST_VARIABLES: usize = 1000;

/// Gives every variable that was left out its default, or null: members that are null count as left out everywhere.
///
/// # Errors
/// One that must be given is missing or null; an argument has not the shape of an object; a text has a character that
/// nothing stored has; there is too much of them.
pub fn complete(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &mut Variables,
) -> Result<(), Rejected> {
    if operation.variable_definitions.len() > MOST_VARIABLES {
        return Err(Rejected::TooMuch("The GraphQL document has too many variables."));
    }
    let arguments = arguments(document);
    // The one argument that must not be null and has a default: left out, it is the default.
    let flags: HashSet<&Name> = arguments.iter().filter_map(|(name, value)| whole(name, value)).collect();
    for definition in &operation.variable_definitions {
        let (name, at) = (&definition.node.name.node, definition.pos);
        let invalid = |why: &str| Rejected::Invalid { message: format!("Variable `{name}` {why}."), at: vec![at] };
        let is_nullable = definition.node.var_type.node.nullable;
        match (variables.get(name), &definition.node.default_value) {
            // Null was said, so the default does not help: GraphQL takes a default only for what was left out.
            (Some(ConstValue::Null), _) if !is_nullable => return Err(invalid("must not be null")),
            (Some(_), _) => {}
            (None, Some(default)) => drop(variables.insert(name.clone(), default.node.clone())),
            (None, None) if !is_nullable => return Err(invalid("is required")),
            (None, None) if flags.contains(name) => {
                variables.insert(name.clone(), ConstValue::Boolean(false));
            }
            (None, None) => drop(variables.insert(name.clone(), ConstValue::Null)),
        }
    }
    let mut sizes: HashMap<&Name, usize> = HashMap::new();
    for (name, value) in variables.iter() {
        sizes.insert(name, size(value)?);
    }
    let mut copied: usize = 0;
    for (name, value) in arguments {
        copied = copied.saturating_add(size_with(value, &sizes)?);
        if copied > MOST_COPIED {
            return Err(Rejected::TooMuch("The GraphQL document uses large variables too often."));
        }
        // The one argument that is an input object.
        if name == "input" {
            check_shape(name, value, variables)?;
        }
    }
    Ok(())
}

fn whole<'d>(argument: &Name, value: &'d Value) -> Option<&'d Name> {
    match value {
        Value::Variable(name) if argument == "includeUnauthorized" => Some(name),
        _ => None,
    }
}

const OF_ONE: usize = 16;

/// About how many bytes a value takes. No database takes a NUL character in a text.
fn size(value: &ConstValue) -> Result<usize, Rejected> {
    Ok(match value {
        ConstValue::String(text) => of_text(text)?,
        ConstValue::List(items) => items.iter().map(size).sum::<Result<usize, _>>()? + OF_ONE,
        ConstValue::Object(members) => members.values().map(size).sum::<Result<usize, _>>()? + OF_ONE,
        _ => OF_ONE,
    })
}

/// The same of a value in a document.
fn size_with(value: &Value, sizes: &HashMap<&Name, usize>) -> Result<usize, Rejected> {
    let mut of = |value| size_with(value, sizes);
    Ok(match value {
        // Variables of other operations are nobody's business.
        Value::Variable(name) => sizes.get(name).copied().unwrap_or(0),
        Value::String(text) => of_text(text)?,
        Value::List(items) => items.iter().map(&mut of).sum::<Result<usize, _>>()? + OF_ONE,
        Value::Object(members) => members.values().map(&mut of).sum::<Result<usize, _>>()? + OF_ONE,
        _ => OF_ONE,
    })
}

fn of_text(text: &str) -> Result<usize, Rejected> {
    if text.contains('\0') {
        return Err(Rejected::Invalid { message: "A text holds the NUL character.".to_owned(), at: Vec::new() });
    }
    Ok(text.len() + OF_ONE)
}

/// Members of input objects that are lists of input objects.
const LISTS: [&str; 2] = ["orderBy", "dialogs"];

/// Input objects, and lists of them: the library takes anything else for valid, and fails when it executes.
fn check_shape(name: &str, value: &Value, variables: &Variables) -> Result<(), Rejected> {
    match value {
        Value::Null => Ok(()),
        Value::Variable(variable) => variables.get(variable).map_or(Ok(()), |value| check_shape_of(name, value)),
        Value::Object(members) => {
            for name in LISTS {
                match members.get(name) {
                    Some(Value::List(items)) => items.iter().try_for_each(|item| check_shape(name, item, variables))?,
                    Some(one) => check_shape(name, one, variables)?,
                    None => {}
                }
            }
            Ok(())
        }
        _ => Err(no_object(name)),
    }
}

fn check_shape_of(name: &str, value: &ConstValue) -> Result<(), Rejected> {
    match value {
        ConstValue::Null => Ok(()),
        // Of variables alone: where a list is written in a document, its items are no lists.
        ConstValue::List(items) if LISTS.contains(&name) => items.iter().try_for_each(|item| match item {
            ConstValue::List(_) => Err(no_object(name)),
            item => check_shape_of(name, item),
        }),
        ConstValue::Object(members) => {
            let nested = LISTS.into_iter().filter_map(|name| Some((name, members.get(name)?)));
            nested.into_iter().try_for_each(|(name, value)| check_shape_of(name, value))
        }
        _ => Err(no_object(name)),
    }
}

fn no_object(name: &str) -> Rejected {
    Rejected::Invalid { message: format!("`{name}` must be an input object."), at: Vec::new() }
}

#[cfg(test)]
mod tests {
    use async_graphql::{
        parser::{parse_query, types::DocumentOperations},
        value,
    };

    use super::*;

    fn completed(text: &str, given: ConstValue) -> Result<String, String> {
        let document = parse_query(text).expect("a document");
        let DocumentOperations::Single(operation) = &document.operations else { panic!("one operation") };
        let mut variables = Variables::from_value(given);
        match complete(&document, &operation.node, &mut variables) {
            Ok(()) => Ok(variables.into_value().to_string()),
            Err(Rejected::Invalid { message, .. }) => Err(message),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn what_is_left_out_is_its_default_or_null() {
        let document =
            "query ($a: Int, $b: Int = 7, $c: Int!, $d: Boolean) { f(x: $a, y: $b, z: $c, includeUnauthorized: $d) }";
        assert_eq!(completed(document, value!({"c": 1})).as_deref(), Ok("{a: null, b: 7, c: 1, d: false}"));
        let given = value!({"a": 2, "b": null, "c": 1, "d": true});
        assert_eq!(completed(document, given).as_deref(), Ok("{a: 2, b: null, c: 1, d: true}"));
        assert_eq!(completed(document, value!({})), Err("Variable `c` is required.".to_owned()));
        assert_eq!(completed(document, value!({"c": null})), Err("Variable `c` must not be null.".to_owned()));
    }

    #[test]
    fn input_objects_are_objects() {
        for (written, given, is_object) in [
            ("{a: 1}", value!({}), true),
            ("null", value!({}), true),
            ("7", value!({}), false),
            ("[{}]", value!({}), false),
            ("{orderBy: {a: 1}, dialogs: [{}, null]}", value!({}), true),
            ("{orderBy: [[{}]]}", value!({}), false),
            ("{orderBy: \"a\"}", value!({}), false),
            ("$v", value!({"v": {"orderBy": [{}, {}]}}), true),
            ("$v", value!({"v": {"orderBy": [[{}]]}}), false),
            ("$v", value!({"v": [{}]}), false),
            ("{dialogs: $v}", value!({"v": [{}]}), true),
            ("{dialogs: [$v]}", value!({"v": "x"}), false),
        ] {
            let document = format!("query ($v: V) {{ f(input: {written}) }}");
            assert_eq!(completed(&document, given.clone()).is_ok(), is_object, "{written} {given}");
        }
    }

    /// A few bytes of a document copy a large variable again and again.
    #[test]
    fn copies_are_bounded() {
        let large = ConstValue::Object([(Name::new("v"), "x".repeat(1 << 20).into())].into_iter().collect());
        let uses = |count: usize| format!("query ($v: String) {{ {} }}", "a @include(if: $v) ".repeat(count));
        assert!(completed(&uses(60), large.clone()).is_ok());
        assert!(completed(&uses(70), large).is_err());
        let nul = value!({"v": "a\u{0}b"});
        assert!(completed(&uses(1), nul).is_err());
        let definition = |n| format!("$v{n}: Int ");
        let many: String = (0..=MOST_VARIABLES).map(definition).collect();
        assert!(completed(&format!("query ({many}) {{ a }}"), value!({})).is_err());
    }
}
