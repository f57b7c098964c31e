//! From the descriptions of operations to a document.

use serde_json::{Map, Value, json};
use url::Url;

use super::{Operation, Tag, names, scope, shapes};

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

/// The document for `audience`. `base_uri` is where the service answers; without it the server is
/// whichever shows the document.
pub fn document(audience: Audience, operations: &[Operation], base_uri: Option<&Url>) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for operation in operations.iter().filter(|operation| !operation.hidden && audience.has(operation.tag)) {
        for (name, schema) in operation.shapes.iter() {
            // Requests and answers share some shapes; the first to describe one does so for all.
            schemas.entry(name.clone()).or_insert_with(|| schema.clone());
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
            "contact": {"name": "Dialogporten", "url": "https://docs.altinn.studio/dialogporten/"},
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        },
        "tags": tags.map(|(tag, about)| json!({"name": tag.name(), "description": about})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": security},
    });
    if audience != Audience::Combined {
        shorten(&mut document);
    }
    let server = base_uri.map_or("/", |base_uri| base_uri.as_str().trim_end_matches('/'));
    document["servers"] = json!([{"url": server}]);
    document
}

/// Gives shapes the names of an audience's document.
fn shorten(document: &mut Value) {
    shapes::rename(document, names::short);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        *schemas = std::mem::take(schemas).into_iter().map(|(name, schema)| (names::short(&name), schema)).collect();
        schemas.sort_keys();
    }
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
    // Open operations say so by an empty list.
    described["security"] = operation.security.iter().map(|(scheme, scopes)| json!({*scheme: scopes})).collect();
    described
}
