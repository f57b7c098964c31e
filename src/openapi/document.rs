//! From the descriptions of operations to a document.

use serde_json::{Map, Value, json};
use url::Url;

use super::{Operation, Tag, scope};

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Combined,
    EndUser,
    ServiceOwner,
}

impl Audience {
    pub const ALL: [Audience; 3] = [Audience::Combined, Audience::EndUser, Audience::ServiceOwner];

    /// The document's file name below `openapi/`.
    pub fn file(self) -> &'static str {
        match self {
            Audience::Combined => "combined.json",
            Audience::EndUser => "enduser.json",
            Audience::ServiceOwner => "serviceowner.json",
        }
    }

    /// Where the service shows it.
    pub fn path(self) -> &'static str {
        match self {
            Audience::Combined => "/swagger/v1/swagger.json",
            Audience::EndUser => "/swagger/v1.enduser/swagger.json",
            Audience::ServiceOwner => "/swagger/v1.serviceowner/swagger.json",
        }
    }

    fn has(self, tag: Tag) -> bool {
        match self {
            Audience::Combined => true,
            Audience::EndUser => matches!(tag, Tag::Enduser | Tag::Metadata),
            Audience::ServiceOwner => matches!(tag, Tag::Serviceowner | Tag::Metadata),
        }
    }
}

/// The document for `audience`. `base_uri` is where the service answers; without it no server is named.
pub fn document(audience: Audience, operations: &[Operation], base_uri: Option<&Url>) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for operation in operations.iter().filter(|operation| !operation.hidden && audience.has(operation.tag)) {
        for (name, schema) in &operation.schemas {
            schemas.insert(name.clone(), schema.clone());
        }
        let path = paths.entry(operation.route.path).or_insert_with(|| Value::Object(Map::new()));
        path[operation.route.method] = described(operation, audience);
    }
    paths.sort_keys();
    schemas.sort_keys();
    let mut security = json!({"maskinporten": {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
        "description": "A token of Maskinporten, or one exchanged for it.",
    }});
    if audience != Audience::ServiceOwner {
        security["idporten"] = json!({"type": "oauth2", "flows": {"authorizationCode": {
            "authorizationUrl": "https://login.idporten.no/authorize",
            "tokenUrl": "https://idporten.no/token",
            "scopes": {scope::END_USER: "Read dialogs and change their labels"},
        }}});
    }
    let tags = [
        (Tag::Serviceowner, "For those who write dialogs: agencies, through their service platforms."),
        (Tag::Enduser, "For those whom dialogs are for: people in an inbox, and end-user systems."),
        (Tag::Metadata, "Open to everybody, without a token."),
    ];
    let tags = tags.iter().filter(|(tag, _)| audience.has(*tag));
    let mut document = json!({
        "openapi": "3.0.0",
        "info": {
            "title": "Dialogporten",
            "version": "v1",
            "description": "A common API and metadata store for digital dialogs between public agencies and the people and \
                companies they serve.",
        },
        "tags": tags.map(|(tag, about)| json!({"name": tag.name(), "description": about})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": security},
    });
    if let Some(base_uri) = base_uri {
        document["servers"] = json!([{"url": base_uri.as_str().trim_end_matches('/')}]);
    }
    document
}

fn described(operation: &Operation, audience: Audience) -> Value {
    let id = if audience == Audience::Combined { operation.combined_id } else { operation.id };
    let mut described = json!({
        "tags": [operation.tag.name()],
        "operationId": id,
        "summary": operation.summary,
        "responses": operation.responses,
    });
    if !operation.description.is_empty() {
        described["description"] = operation.description.as_str().into();
    }
    if !operation.parameters.is_empty() {
        described["parameters"] = operation.parameters.clone().into();
    }
    if let Some(body) = &operation.body {
        described["requestBody"] = body.clone();
    }
    if !operation.security.is_empty() {
        let schemes = operation.security.iter();
        described["security"] = schemes.map(|(scheme, scopes)| json!({*scheme: scopes})).collect();
    }
    described
}

/// A schema of OpenAPI 3.1 in the words of 3.0: null becomes a flag, a reference beside other members an `allOf`, and lists
/// of mandatory members go, as the contract carries none.
pub(super) fn in_3_0(schema: Value) -> Value {
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
            ("oneOf" | "anyOf", Value::Array(options)) => {
                let (null, rest): (Vec<_>, Vec<_>) = options.into_iter().partition(|option| option["type"] == "null");
                if !null.is_empty() {
                    out.insert("nullable".into(), true.into());
                }
                let rest: Vec<Value> = rest.into_iter().map(in_3_0).collect();
                let word = if rest.len() == 1 { "allOf".to_owned() } else { name };
                out.insert(word, rest.into());
            }
            ("examples", Value::Array(examples)) => {
                if let Some(example) = examples.into_iter().next() {
                    out.insert("example".into(), example);
                }
            }
            // Members of an object may themselves be called "type" or "required".
            ("properties", Value::Object(properties)) => {
                let properties: Map<String, Value> =
                    properties.into_iter().map(|(name, shape)| (name, in_3_0(shape))).collect();
                out.insert(name, properties.into());
            }
            (_, value) => {
                out.insert(name, in_3_0(value));
            }
        }
    }
    if out.contains_key("$ref") && out.len() > 1 {
        let reference = out.remove("$ref").map(|target| json!([{"$ref": target}]));
        out.insert("allOf".into(), reference.unwrap_or_default());
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_becomes_a_flag() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {
            "type": {"type": ["string", "null"], "format": "uri"},
            "b": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/B", "description": "x"}]},
        }});
        let expected = json!({"type": "object", "properties": {
            "type": {"type": "string", "nullable": true, "format": "uri"},
            "b": {"nullable": true, "allOf": [{"description": "x", "allOf": [{"$ref": "#/components/schemas/B"}]}]},
        }});
        assert_eq!(in_3_0(schema), expected);
    }
}
