//! JSON Patch (RFC 6902) as the real clients write it: paths in any letter case and with or without the leading slash,
//! operations in any case, members in any order, surplus members ignored.
//!
//! The document is a projection of an object whose members are all known, absent values written as null. So `add` to a
//! member replaces it, and `remove` of a member empties it (a list becomes `[]`, a flag false, an enum the number 0 that no
//! enum has, all else null). Lists take indices and `-`.

use serde_json::Value;

use crate::domain::violations::{Code, Violations};

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    kind: Kind,
    path: String,
    from: Option<String>,
    value: Value,
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

/// Members that hold an enum: removing one leaves the number zero, which the rules refuse.
const ENUM_MEMBERS: [&str; 6] = ["status", "priority", "httpmethod", "consumertype", "type", "actortype"];

/// How deep a path may go, and how deep values may lie after they were copied or moved.
const MAX_DEPTH: usize = 64;

/// How many values all operations together may copy or move, also within lists. Without a bound a short document could
/// double a list until memory is full.
const MAX_MOVED: usize = 10_000_000;

/// Reads a patch document.
///
/// # Errors
/// Everything that is not a list of operations, under the key `patchDocument`.
pub fn parse(document: Value) -> Result<Vec<Operation>, Violations> {
    let refuse = |text: String| {
        let hint =
            "Send a list of operations (RFC 6902): [{\"op\": \"replace\", \"path\": \"/progress\", \"value\": 50}].";
        Violations::one("patchDocument", Code::PatchMalformed.says(text).hint(hint))
    };
    let Value::Array(items) = document else {
        return Err(refuse("The patch document must be a JSON array of operations.".into()));
    };
    items
        .into_iter()
        .enumerate()
        .map(|(i, item)| operation(item).map_err(|why| refuse(format!("[{i}]: {why}"))))
        .collect()
}

fn operation(item: Value) -> Result<Operation, String> {
    let Value::Object(members) = item else { return Err("an operation is a JSON object.".into()) };
    let (mut op, mut path, mut from, mut value) = (None, None, None, Value::Null);
    for (name, member) in members {
        match name.to_ascii_lowercase().as_str() {
            "op" => op = text(member),
            "path" => path = text(member),
            "from" => from = text(member),
            "value" => value = member,
            _ => {}
        }
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

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Applies `operations` in order. `normalise` turns a document whose new parts are still as the client wrote them into one
/// whose members are all there, in the document's own spelling; it is called only when a path leads into such a part.
///
/// # Errors
/// The first operation that cannot be applied, in words.
pub fn apply(
    document: &mut Value,
    operations: Vec<Operation>,
    normalise: impl Fn(&Value) -> Result<Value, String>,
) -> Result<(), String> {
    let mut effort = Effort(MAX_MOVED);
    // True while the document holds values that came from the client and were not normalised since.
    let mut raw = false;
    let normalise = |document: &mut Value, effort: &mut Effort| {
        effort.spend(size(document).values)?;
        *document = normalise(document)?;
        Ok::<(), String>(())
    };
    for operation in operations {
        // A move cannot be tried twice: it leaves its origin empty.
        if raw && matches!(operation.kind, Kind::Copy | Kind::Move) {
            normalise(document, &mut effort)?;
            raw = false;
        }
        let structured = operation.value.is_object() || operation.value.is_array();
        match step(document, &operation, &mut effort) {
            Err(_) if raw => {
                normalise(document, &mut effort)?;
                raw = false;
                step(document, &operation, &mut effort)?;
            }
            outcome => outcome?,
        }
        raw |= structured;
    }
    Ok(())
}

/// What operations may still move about.
struct Effort(usize);

impl Effort {
    fn spend(&mut self, values: usize) -> Result<(), String> {
        self.0 = self.0.checked_sub(values).ok_or("The operations move too many values.")?;
        Ok(())
    }

    /// Of a value that goes to `path`.
    fn spend_on(&mut self, value: &Value, path: &str) -> Result<(), String> {
        let size = size(value);
        if segments(path).len() + size.depth > MAX_DEPTH {
            return Err("The operations nest values too deep.".into());
        }
        self.spend(size.values)
    }
}

struct Size {
    values: usize,
    depth: usize,
}

fn size(value: &Value) -> Size {
    let around = |children: &mut dyn Iterator<Item = &Value>| {
        children.map(size).fold(Size { values: 1, depth: 1 }, |whole, child| Size {
            values: whole.values + child.values,
            depth: whole.depth.max(child.depth + 1),
        })
    };
    match value {
        Value::Object(members) => around(&mut members.values()),
        Value::Array(items) => around(&mut items.iter()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Size { values: 1, depth: 1 },
    }
}

fn step(document: &mut Value, operation: &Operation, effort: &mut Effort) -> Result<(), String> {
    match operation.kind {
        Kind::Add => add(document, &operation.path, operation.value.clone(), effort),
        Kind::Replace => replace(document, &operation.path, operation.value.clone()),
        Kind::Remove => remove(document, &operation.path, effort).map(drop),
        Kind::Copy | Kind::Move => {
            let from = operation.from.as_deref().unwrap_or_default();
            effort.spend_on(look_up(document, from)?, &operation.path)?;
            let value = if operation.kind == Kind::Move {
                remove(document, from, effort)?
            } else {
                look_up(document, from)?.clone()
            };
            add(document, &operation.path, value, effort)
        }
        Kind::Test => {
            let current = look_up(document, &operation.path)?;
            if same(current, &operation.value) {
                return Ok(());
            }
            let (current, path, value) = (shown(current), &operation.path, shown(&operation.value));
            Err(format!("The current value '{current}' at path '{path}' is not equal to the test value '{value}'."))
        }
    }
}

/// Equal as the document sees it: enum names and member names in any case were normalised, numbers compare by value.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect()
}

/// The member's name in the document's own spelling.
fn member(object: &serde_json::Map<String, Value>, segment: &str) -> Result<String, String> {
    if object.contains_key(segment) {
        return Ok(segment.to_owned());
    }
    let found = object.keys().find(|name| name.eq_ignore_ascii_case(segment));
    found.cloned().ok_or_else(|| format!("The target location specified by path segment '{segment}' was not found."))
}

fn index(len: usize, segment: &str) -> Result<usize, String> {
    let at: usize =
        segment.parse().map_err(|_| format!("The path segment '{segment}' is invalid for an array index."))?;
    if at < len {
        return Ok(at);
    }
    Err(format!("The index value provided by path segment '{segment}' is out of bounds of the array size."))
}

fn child<'a>(value: &'a mut Value, segment: &str) -> Result<&'a mut Value, String> {
    let missing = || format!("The target location specified by path segment '{segment}' was not found.");
    match value {
        Value::Object(object) => {
            let name = member(object, segment)?;
            object.get_mut(&name).ok_or_else(missing)
        }
        Value::Array(items) => {
            let at = index(items.len(), segment)?;
            items.get_mut(at).ok_or_else(missing)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(missing()),
    }
}

fn look_up<'a>(document: &'a mut Value, path: &str) -> Result<&'a Value, String> {
    let mut value = document;
    for segment in segments(path) {
        value = child(value, &segment)?;
    }
    Ok(value)
}

/// The value that holds the path's last segment, and that segment.
fn holder<'a>(document: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), String> {
    let mut segments = segments(path);
    let last = segments.pop().unwrap_or_default();
    let mut value = document;
    for segment in &segments {
        value = child(value, segment)?;
    }
    Ok((value, last))
}

fn add(document: &mut Value, path: &str, value: Value, effort: &mut Effort) -> Result<(), String> {
    let (holder, last) = holder(document, path)?;
    if let Value::Array(items) = holder {
        let at = if last == "-" { items.len() } else { index(items.len() + 1, &last)? };
        effort.spend(items.len() - at)?;
        items.insert(at, value);
        return Ok(());
    }
    *child(holder, &last)? = value;
    Ok(())
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let (holder, last) = holder(document, path)?;
    let last = match &holder {
        Value::Array(items) if last == "-" && !items.is_empty() => (items.len() - 1).to_string(),
        _ => last,
    };
    *child(holder, &last)? = value;
    Ok(())
}

fn remove(document: &mut Value, path: &str, effort: &mut Effort) -> Result<Value, String> {
    let (holder, last) = holder(document, path)?;
    if let Value::Array(items) = holder {
        let at = if last == "-" && !items.is_empty() { items.len() - 1 } else { index(items.len(), &last)? };
        effort.spend(items.len() - at)?;
        return Ok(items.remove(at));
    }
    let is_enum = ENUM_MEMBERS.contains(&last.to_ascii_lowercase().as_str());
    let current = child(holder, &last)?;
    let emptied = match current {
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Bool(_) => Value::Bool(false),
        _ if is_enum => Value::from(0),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Object(_) => Value::Null,
    };
    Ok(std::mem::replace(current, emptied))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(document: Value, operations: Value) -> Result<Value, String> {
        let mut document = document;
        let operations = parse(operations).map_err(|found| format!("{found:?}"))?;
        apply(&mut document, operations, |document| Ok(document.clone()))?;
        Ok(document)
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

    #[test]
    fn moves_and_copies_stay_within_bounds() {
        let document = || json!({"a": [], "b": [], "c": null});
        let doubling = vec![json!({"op": "copy", "from": "/a", "path": "/a/-"}); 60];
        assert!(patched(document(), json!(doubling)).is_err());
        let nesting: Vec<_> = (0..100)
            .flat_map(|_| [("/a", "/b/0"), ("/b", "/a/0")])
            .map(|(from, path)| json!({"op": "move", "from": from, "path": path}))
            .collect();
        assert!(patched(document(), json!(nesting)).is_err());
        let shifting = vec![json!({"op": "add", "path": "/a/0", "value": 1}); 10_000];
        assert!(patched(document(), json!(shifting)).is_err());
        // Into a value that has yet to be normalised.
        let moved = json!([
            {"op": "replace", "path": "/c", "value": 7},
            {"op": "add", "path": "/a", "value": [{"B": 1}]},
            {"op": "move", "from": "/c", "path": "/a/0/b"},
        ]);
        assert_eq!(patched(document(), moved), Ok(json!({"a": [{"B": 7}], "b": [], "c": null})));
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
        assert!(parse(json!({})).is_err() && parse(json!([{"op": "frob", "path": "/a"}])).is_err());
    }
}
