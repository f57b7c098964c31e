//! The named shapes that an operation uses, from Rust types to schemas of OpenAPI 3.0.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::names::{self, Place};

/// Schemas by their names in the combined document.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    combined_id: &'static str,
    named: BTreeMap<String, Value>,
}

impl Shapes {
    /// None yet, of the operation that the combined document calls `combined_id`.
    pub fn new(combined_id: &'static str) -> Self {
        Self { combined_id, named: BTreeMap::new() }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.named.iter()
    }

    /// A reference to `T`, which is added with all it holds.
    pub fn of<T: ToSchema>(&mut self) -> Value {
        let mut found = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut found);
        let mut types = BTreeMap::new();
        for (name, schema) in found {
            let schema = serde_json::to_value(schema).expect("a schema is JSON");
            let other = types.insert(name.clone(), schema.clone()).filter(|other| *other != schema);
            assert!(other.is_none(), "two types of {} are called {name}", self.combined_id);
        }
        self.add(&types, &T::name(), false)
    }

    /// A reference to a page of `T`.
    pub fn page_of<T: ToSchema>(&mut self) -> Value {
        let items = self.of::<T>();
        let item = name_in(&items).map(str::to_owned).expect("what is listed has a name");
        let name = names::page_of(&item);
        let page = json!({"type": "object", "additionalProperties": false, "properties": {
            "items": {"type": "array", "nullable": true, "items": items},
            "hasNextPage": {"type": "boolean", "description": "Whether there are more behind the last item."},
            "continuationToken": {"type": "string", "nullable": true, "description": "Where the next page begins."},
            "orderBy": {"type": "string", "description": "The order of the items, written out."},
        }});
        self.named.insert(name.clone(), page);
        reference(&name)
    }

    /// A reference to the first of `shapes`, which are written out by their words, as they refer to each other.
    pub fn written<const N: usize>(&mut self, shapes: [(&str, Value); N]) -> Value {
        let first = shapes[0].0.to_owned();
        let types = shapes.into_iter().map(|(word, schema)| (word.to_owned(), schema)).collect();
        self.add(&types, &first, false)
    }

    /// A reference to the type called `name`, or its schema where the documents have no name for such a one.
    fn add(&mut self, types: &BTreeMap<String, Value>, name: &str, in_transmission: bool) -> Value {
        let schema = types.get(name).unwrap_or_else(|| panic!("{}: {name} is not described", self.combined_id));
        if schema["type"] != "object" && schema["enum"].is_null() {
            return in_3_0(schema.clone());
        }
        // What follows `_` are the arguments of a generic type.
        let word = name.split('_').next().unwrap_or(name);
        let place = Place { combined_id: self.combined_id, in_transmission };
        let name = names::long(word, place);
        if !self.named.contains_key(&name) {
            let schema = in_3_0(schema.clone());
            self.name(types, &name, schema, in_transmission || word == "Transmission");
        }
        reference(&name)
    }

    /// Adds `schema`, which speaks of Rust types, as `name`.
    fn name(&mut self, types: &BTreeMap<String, Value>, name: &str, mut schema: Value, in_transmission: bool) {
        // It may refer to itself.
        self.named.insert(name.to_owned(), Value::Null);
        self.resolve(types, &mut schema, in_transmission);
        if schema["type"] == "object" && schema["additionalProperties"].is_null() {
            schema["additionalProperties"] = false.into();
        }
        if !schema["enum"].is_null() {
            schema["x-enumNames"] = schema["enum"].clone();
        }
        self.named.insert(name.to_owned(), schema);
    }

    /// Replaces the references to Rust types in `schema`.
    fn resolve(&mut self, types: &BTreeMap<String, Value>, schema: &mut Value, in_transmission: bool) {
        if let Some(name) = name_in(schema).map(str::to_owned) {
            *schema = self.add(types, &name, in_transmission);
            return;
        }
        if let Some(name) = schema["oneOf"].get(0).and_then(name_in).map(str::to_owned) {
            let resolved = self.add(types, &name, in_transmission);
            if let Some(members) = schema.as_object_mut() {
                self.beside(members, &resolved);
            }
            return;
        }
        // Arguments of generic types stand in the place of a reference, and say their word as a title.
        if let Some(word) = schema["title"].as_str().map(str::to_owned) {
            schema.as_object_mut().and_then(|members| members.remove("title"));
            let name = names::long(&word, Place { combined_id: self.combined_id, in_transmission });
            self.name(types, &name, std::mem::replace(schema, reference(&name)), in_transmission);
            return;
        }
        match schema {
            Value::Array(items) => items.iter_mut().for_each(|item| self.resolve(types, item, in_transmission)),
            Value::Object(members) => {
                members.values_mut().for_each(|member| self.resolve(types, member, in_transmission));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// `members` of a schema with what they stand beside: a reference to a shape, or a schema without a name.
    fn beside(&self, members: &mut Map<String, Value>, resolved: &Value) {
        let Some(name) = name_in(resolved) else {
            members.remove("oneOf");
            for (name, value) in resolved.as_object().into_iter().flatten() {
                members.entry(name.clone()).or_insert_with(|| value.clone());
            }
            return;
        };
        if members.contains_key("nullable") {
            // OpenAPI 3.0.3: null is a value of a type, so a type must be said. Objects that are being resolved have no
            // schema yet.
            let kind = self.named.get(name).map(|schema| schema["type"].clone()).filter(Value::is_string);
            members.insert("type".into(), kind.unwrap_or_else(|| "object".into()));
        }
        members.insert("oneOf".into(), json!([resolved]));
    }
}

const SCHEMAS: &str = "#/components/schemas/";

fn reference(name: &str) -> Value {
    json!({"$ref": format!("{SCHEMAS}{name}")})
}

/// The name that a schema refers to, if it is a reference.
fn name_in(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

/// Every reference in `value` by the name that `called` gives it.
pub(super) fn rename(value: &mut Value, called: fn(&str) -> String) {
    if let Some(name) = name_in(value) {
        *value = reference(&called(name));
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, called)),
        Value::Object(members) => members.values_mut().for_each(|member| rename(member, called)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A schema of OpenAPI 3.1 in the words of 3.0: null becomes a flag, and lists of mandatory members go, as the contract
/// carries none. Like the contract it wraps references of members in a `oneOf`, and says `guid`.
fn in_3_0(schema: Value) -> Value {
    match schema {
        Value::Array(items) => items.into_iter().map(in_3_0).collect(),
        Value::Object(members) => in_3_0_object(members),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

fn in_3_0_object(members: Map<String, Value>) -> Value {
    let mut out = Map::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("required" | "propertyNames", Value::Array(_) | Value::Object(_)) => {}
            ("type", Value::Array(types)) => {
                if types.iter().any(|kind| kind == "null") {
                    out.insert("nullable".into(), true.into());
                }
                if let Some(kind) = types.into_iter().find(|kind| kind != "null") {
                    out.insert("type".into(), kind);
                }
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(options)) => {
                let (null, rest): (Vec<_>, Vec<_>) = options.into_iter().partition(|option| option["type"] == "null");
                if !null.is_empty() {
                    out.insert("nullable".into(), true.into());
                }
                let rest: Vec<Value> = rest.into_iter().map(in_3_0).collect();
                let word = if rest.len() == 1 { "oneOf".to_owned() } else { name };
                out.insert(word, rest.into());
            }
            ("examples", Value::Array(examples)) => {
                if let Some(example) = examples.into_iter().next() {
                    out.insert("example".into(), example);
                }
            }
            ("format", Value::String(format)) if format == "uuid" => {
                out.insert(name, "guid".into());
            }
            // Members of an object may themselves be called "type" or "required".
            ("properties", Value::Object(properties)) => {
                let properties: Map<String, Value> =
                    properties.into_iter().map(|(name, shape)| (name, member(in_3_0(shape)))).collect();
                out.insert(name, properties.into());
            }
            (_, value) => {
                out.insert(name, in_3_0(value));
            }
        }
    }
    if out.contains_key("$ref") && out.len() > 1 {
        let reference = out.remove("$ref").map(|target| json!([{"$ref": target}]));
        out.insert("oneOf".into(), reference.unwrap_or_default());
    }
    // A description beside a reference that is itself the only choice.
    if let Some([one]) = out.get("oneOf").and_then(Value::as_array).map(Vec::as_slice)
        && one["oneOf"].is_array()
    {
        let one = out.remove("oneOf").and_then(|mut options| options.as_array_mut().and_then(Vec::pop));
        for (name, value) in one.as_ref().and_then(Value::as_object).into_iter().flatten() {
            out.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Value::Object(out)
}

/// A member as the contract writes it: a bare reference within `oneOf`, every list as if it might be null, and what is
/// described as deprecated marked as such (Rust's descriptions of references have no flag for it).
fn member(mut schema: Value) -> Value {
    if name_in(&schema).is_some() {
        return json!({"oneOf": [schema]});
    }
    if schema["type"] == "array" {
        schema["nullable"] = true.into();
    }
    if schema["description"].as_str().is_some_and(|text| text.starts_with("Deprecated")) {
        schema["deprecated"] = true.into();
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_becomes_a_flag() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {
            "type": {"type": ["string", "null"], "format": "uuid"},
            "b": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/B", "description": "x"}]},
            "c": {"$ref": "#/components/schemas/C"},
        }});
        let expected = json!({"type": "object", "properties": {
            "type": {"type": "string", "nullable": true, "format": "guid"},
            "b": {"nullable": true, "description": "x", "oneOf": [{"$ref": "#/components/schemas/B"}]},
            "c": {"oneOf": [{"$ref": "#/components/schemas/C"}]},
        }});
        assert_eq!(in_3_0(schema), expected);
    }

    /// M-18: null is a value of a type, which stands beside it.
    #[test]
    fn a_reference_that_may_be_null_says_its_type() {
        let mut shapes = Shapes::new("V1EndUserDialogsQueriesGet_Dialog");
        let member = |name: &str| json!({"oneOf": [{"type": "null"}, {"$ref": format!("{SCHEMAS}{name}")}]});
        let own = json!({"type": "object", "properties": {
            "status": member("Status"), "again": member("Dialog"), "at": member("Timestamp"),
        }});
        shapes.written([
            ("Dialog", own),
            ("Status", json!({"type": "string", "enum": ["New"]})),
            ("Timestamp", json!({"type": "string", "format": "date-time"})),
        ]);
        let dialog = shapes.named["V1EndUserDialogsQueriesGet_Dialog"]["properties"].clone();
        assert_eq!(dialog["status"]["type"], "string");
        assert_eq!(dialog["status"]["oneOf"], json!([{"$ref": format!("{SCHEMAS}DialogsEntities_DialogStatus")}]));
        assert_eq!(dialog["again"]["type"], "object");
        assert_eq!(dialog["at"], json!({"nullable": true, "type": "string", "format": "date-time"}));
    }
}
