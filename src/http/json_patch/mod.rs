//! JSON Patch (RFC 6902) as the real clients write it: paths in any letter case and with or without the leading slash,
//! operations in any case, members in any order, surplus members ignored.
//!
//! The document is a projection of an object whose members are all known, absent values written as null. So `add` to a
//! member replaces it, and `remove` of a member empties it (a list becomes `[]`, a flag false, an enum the number 0 that no
//! enum has, all else null). Lists take indices and `-`.

mod document;
mod node;
mod same;

use bytes::Bytes;

use self::{
    document::Document,
    node::{Kind as Form, Node, cursor},
};
use super::json::text::{Checked, Token};
use crate::domain::violations::{Code, Violations};

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    kind: Kind,
    path: String,
    from: Option<String>,
    value: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// How deep a path may go, and how deep values may lie after they were copied or moved.
const MAX_DEPTH: usize = 64;

/// Whether applying this may take long, however short it is: what it copies may be long, and be copied again.
pub fn is_heavy(operations: &[Operation]) -> bool {
    // Guesses: they only decide whether it is done on another thread.
    const FEW: usize = 8;
    const SOME: usize = 200;
    let copies = operations.iter().filter(|operation| matches!(operation.kind, Kind::Copy | Kind::Move)).count();
    copies > FEW || operations.len() > SOME
}

/// Reads a patch document.
///
/// # Errors
/// Everything that is not a list of operations, under the key `patchDocument`.
pub fn parse(document: &Bytes) -> Result<Vec<Operation>, Violations> {
    let refuse = |text: String| {
        let hint =
            "Send a list of operations (RFC 6902): [{\"op\": \"replace\", \"path\": \"/progress\", \"value\": 50}].";
        Violations::one("patchDocument", Code::PatchMalformed.says(text).hint(hint))
    };
    // A slice of the same bytes: all values of the operations share the body.
    let document = document.slice_ref(document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document));
    Checked::new(&document).map_err(|error| refuse(error.to_string()))?;
    let mut cursor = cursor(&document);
    let Token::Items = cursor.token() else {
        return Err(refuse("The patch document must be a JSON array of operations.".into()));
    };
    let mut operations = Vec::new();
    let mut more = cursor.first(b']');
    while more {
        let item = document.slice_ref(cursor.value().as_bytes());
        let i = operations.len();
        operations.push(operation(&item).map_err(|why| refuse(format!("[{i}]: {why}")))?);
        more = cursor.goes_on();
    }
    Ok(operations)
}

fn operation(item: &Bytes) -> Result<Operation, String> {
    let mut cursor = cursor(item);
    let Token::Members = cursor.token() else { return Err("an operation is a JSON object.".into()) };
    let (mut op, mut path, mut from, mut value) = (None, None, None, Node::fixed("null"));
    let mut more = cursor.first(b'}');
    while more {
        let name = cursor.name().to_ascii_lowercase();
        let member = item.slice_ref(cursor.value().as_bytes());
        match name.as_str() {
            // The last of several counts, as everywhere in JSON here.
            "op" => op = text(&member),
            "path" => path = text(&member),
            "from" => from = text(&member),
            "value" => value = Node::Text(member),
            _ => {}
        }
        more = cursor.goes_on();
    }
    let kind = match op.ok_or("'op' is missing.")?.to_ascii_lowercase().as_str() {
        "add" => Kind::Add,
        "remove" => Kind::Remove,
        "replace" => Kind::Replace,
        "move" => Kind::Move,
        "copy" => Kind::Copy,
        "test" => Kind::Test,
        _ => return Err("'op' is none of add, remove, replace, move, copy, test.".into()),
    };
    let path = path.ok_or("'path' is missing.")?;
    if matches!(kind, Kind::Move | Kind::Copy) && from.is_none() {
        return Err("'from' is missing.".into());
    }
    if path.split('/').count() > MAX_DEPTH || from.as_ref().is_some_and(|from| from.split('/').count() > MAX_DEPTH) {
        return Err("the path is too deep.".into());
    }
    Ok(Operation { kind, path, from, value })
}

fn text(value: &Bytes) -> Option<String> {
    match cursor(value).token() {
        Token::String(text) => Some(text.into_owned()),
        _ => None,
    }
}

/// Applies `operations` in order to a JSON document. `normalise` turns a document whose new parts are still as the client
/// wrote them into one whose members are all there, in the document's own spelling; it is called only when a path leads into
/// such a part.
///
/// The result has no members that are null: to the rules they are absent. It is larger than the document by one request body
/// at most, and on the way there by two ([`Document`]).
///
/// # Errors
/// The first operation that cannot be applied, in words.
pub fn apply(
    document: Bytes,
    operations: Vec<Operation>,
    normalise: impl Fn(Bytes) -> Result<Bytes, String>,
) -> Result<Bytes, String> {
    let mut document = Document::new(document);
    // True while the document holds values that came from the client and were not normalised since.
    let mut raw = false;
    for operation in operations {
        // A move cannot be tried twice: it leaves its origin empty.
        if raw && matches!(operation.kind, Kind::Copy | Kind::Move) {
            document.normalise(&normalise)?;
            raw = false;
        }
        match step(&mut document, &operation) {
            // Tried as it is first: normalising takes as long as reading the whole dialog, and few paths lead into new
            // parts.
            Err(_) if raw => {
                document.normalise(&normalise)?;
                raw = false;
                step(&mut document, &operation)?;
            }
            outcome => outcome?,
        }
        // A scalar has no parts that could be missing.
        raw |= matches!(operation.value.kind(), Form::Object | Form::List);
    }
    document.written()
}

fn step(document: &mut Document, operation: &Operation) -> Result<(), String> {
    let (path, from) = (operation.path.as_str(), operation.from.as_deref().unwrap_or_default());
    match operation.kind {
        Kind::Add => document.add(path, operation.value.clone()),
        Kind::Replace => document.replace(path, operation.value.clone()),
        Kind::Remove => document.remove(path).map(drop),
        Kind::Copy => {
            let value = document.look_up(from)?;
            document.add(path, value)
        }
        Kind::Move => {
            // Before it is removed: after a refusal the document is as it was.
            document.fits(from, path)?;
            let value = document.remove(from)?;
            document.add(path, value)
        }
        Kind::Test => document.test(path, &operation.value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::limits::BODY_BYTES;

    fn bytes(value: &Value) -> Bytes {
        Bytes::from(value.to_string())
    }

    #[expect(clippy::needless_pass_by_value, reason = "they are written where the function is called")]
    fn patched(document: Value, operations: Value) -> Result<Value, String> {
        let operations = parse(&bytes(&operations)).map_err(|found| format!("{found:?}"))?;
        let patched = apply(bytes(&document), operations, Ok)?;
        Ok(serde_json::from_slice(&patched).expect("JSON"))
    }

    #[test]
    fn real_clients_spellings_are_understood() {
        let document = json!({"progress": 1, "status": "Draft", "transmissions": [], "searchTags": [{"value": "a"}], "isApiOnly": true});
        let operations = json!([
            {"type": "x.y.Operation", "value": 75, "op": "Replace", "path": "progress"},
            {"op": "add", "path": "/Status", "value": "InProgress"},
            {"op": "add", "path": "/transmissions", "value": [{"type": "Information"}]},
            {"op": "add", "path": "/searchTags/-", "value": {"value": "b"}},
            {"op": "replace", "path": "/searchtags/0/VALUE", "value": "c"},
            {"op": "remove", "path": "/isApiOnly", "operationType": "Add"},
        ]);
        let expected = json!({"progress": 75, "status": "InProgress", "transmissions": [{"type": "Information"}],
            "searchTags": [{"value": "c"}, {"value": "b"}], "isApiOnly": false});
        assert_eq!(patched(document, operations), Ok(expected));
    }

    /// M-01: bytes are counted, of what is copied and of what it takes to hold it.
    #[test]
    fn the_document_stays_within_bounds() {
        let document = || json!({"a": [], "b": [], "c": null, "d": {"e": "x".repeat(700_000), "f": []}});
        let refused = |operations: Value| patched(document(), operations).expect_err("too much");
        let doubling = vec![json!({"op": "copy", "from": "/b", "path": "/b/-"}); 60];
        assert_eq!(refused(json!(doubling)), "The operations make the document too large.");
        let copying = vec![json!({"op": "copy", "from": "/d/e", "path": "/a/-"}); 3_000];
        assert_eq!(refused(json!(copying)), "The operations make the document too large.");
        let nesting: Vec<_> = (0..100)
            .flat_map(|_| [("/a", "/b/0"), ("/b", "/a/0")])
            .map(|(from, path)| json!({"op": "move", "from": from, "path": path}))
            .collect();
        assert_eq!(refused(json!(nesting)), "The operations nest values too deep.");
        let shifting = vec![json!({"op": "add", "path": "/a/0", "value": 1}); 20_000];
        assert_eq!(refused(json!(shifting)), "The operations move too many values.");
        let searching: Vec<_> = std::iter::once(json!({"op": "replace", "path": "/c", "value": vec![0; 300_000]}))
            .chain(vec![json!({"op": "test", "path": "/c", "value": vec![0; 5]}); 1])
            .collect();
        assert!(refused(json!(searching)).len() < 1_000);
        // Taken apart, ten million short items would be gigabytes.
        let items = format!("[{}0]", "0,".repeat(BODY_BYTES / 2 - 100));
        let patch = format!(r#"[{{"op":"add","path":"/a","value":{items}}},{{"op":"remove","path":"/a/0"}}]"#);
        let operations = parse(&Bytes::from(patch)).expect("a patch");
        assert_eq!(
            apply(bytes(&document()), operations, Ok).expect_err("too much"),
            "The operations make the document too large."
        );
        // Into a value that has yet to be normalised.
        let moved = json!([
            {"op": "replace", "path": "/c", "value": 7},
            {"op": "add", "path": "/a", "value": [{"B": 1}]},
            {"op": "move", "from": "/c", "path": "/a/0/b"},
        ]);
        assert_eq!(patched(json!({"a": [], "b": [], "c": 1}), moved), Ok(json!({"a": [{"B": 7}], "b": []})));
    }

    #[test]
    fn a_patch_that_brings_what_it_adds_is_applied() {
        let long = json!({"value": "x".repeat(BODY_BYTES / 2)});
        let patch = json!([
            {"op": "add", "path": "/a/-", "value": long},
            {"op": "test", "path": "/a/0/value", "value": long["value"]},
            {"op": "test", "path": "/a", "value": [{"value": long["value"]}]},
            {"op": "test", "path": "/n", "value": {"y": 1.0, "x": [null, true, "\u{e6}"]}},
        ]);
        let document = json!({"a": [], "n": {"x": [null, true, "æ"], "y": 1}});
        let expected = json!({"a": [long], "n": document["n"]});
        assert!(patched(document, patch) == Ok(expected));
    }

    #[test]
    fn null_members_are_left_out_wherever_they_stand() {
        let document = json!({"a": null, "b": {"c": null, "d": [null, {"e": null}], "f": {}}, "g": []});
        let patch = json!([{"op": "add", "path": "/g/-", "value": {"h": null, "i": [[], {}]}}]);
        assert_eq!(patched(document, patch), Ok(json!({"b": {"d": [null, {}], "f": {}}, "g": [{"i": [[], {}]}]})));
    }

    #[test]
    fn what_cannot_be_applied_is_said_in_the_contracts_words() {
        let document = || json!({"progress": 1, "tags": ["a"], "dueAt": null});
        let refused = |operation: Value| patched(document(), json!([operation])).expect_err("it cannot be applied");
        assert_eq!(
            refused(json!({"op": "replace", "path": "/nope", "value": 1})),
            "The target location specified by path segment 'nope' was not found."
        );
        assert_eq!(
            refused(json!({"op": "remove", "path": "/tags/7"})),
            "The index value provided by path segment '7' is out of bounds of the array size."
        );
        assert_eq!(
            refused(json!({"op": "add", "path": "/tags/x", "value": 1})),
            "The path segment 'x' is invalid for an array index."
        );
        assert_eq!(
            refused(json!({"op": "test", "path": "/progress", "value": 2})),
            "The current value '1' at path '/progress' is not equal to the test value '2'."
        );
        for no_patch in [json!({}), json!([{"op": "frob", "path": "/a"}]), json!([1]), json!([{"op": "add"}])] {
            assert!(parse(&bytes(&no_patch)).is_err(), "{no_patch}");
        }
    }
}
