//! The API documents: every operation describes itself beside its handler, this module puts the descriptions together.
//!
//! Three documents of one API: for end users, for service owners, and both combined (with the operation ids of old). Shapes
//! come from the transfer types themselves; what is written here is OpenAPI 3.0, as the contract is.

mod document;
mod names;
mod route;
mod shapes;

pub use document::{Audience, document};
pub use route::Route;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use self::shapes::Shapes;

/// For whom an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    Enduser,
    Serviceowner,
    Metadata,
    /// Metadata that only the combined document shows.
    WellKnown,
}

impl Tag {
    fn name(self) -> &'static str {
        match self {
            Tag::Enduser => "Enduser",
            Tag::Serviceowner => "Serviceowner",
            Tag::Metadata | Tag::WellKnown => "Metadata",
        }
    }
}

/// One operation of the API: its route, and how the documents show it.
#[derive(Clone, Debug)]
pub struct Operation {
    pub route: Route,
    pub tag: Tag,
    /// Whether the documents leave it out.
    pub hidden: bool,
    /// In the document of one audience.
    pub id: &'static str,
    /// In the combined document.
    pub combined_id: &'static str,
    summary: &'static str,
    description: String,
    security: Vec<(&'static str, Vec<&'static str>)>,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
    /// Every named shape it refers to.
    shapes: Shapes,
}

/// Scopes as the documents name them.
pub mod scope {
    pub const END_USER: &str = "digdir:dialogporten";
    pub const SERVICE_OWNER: &str = "digdir:dialogporten.serviceprovider";
    pub const SEARCH: &str = "digdir:dialogporten.serviceprovider.search";
    pub const CHANGE_TRANSMISSIONS: &str = "digdir:dialogporten.serviceprovider.changetransmissions";
    pub const NOTIFICATION_CONDITION: &str = "altinn:system/notifications.condition.check";
}

/// What examples are about: things of the default scenario, so that an operation can be tried as it is shown.
pub mod example {
    pub const PERSON: &str = "urn:altinn:person:identifier-no:08844397713";
    pub const DIALOG: &str = "01960000-0000-7000-8000-000000000117";
    pub const TRANSMISSION: &str = "01960000-0000-7000-8000-000000000118";
    pub const ACTIVITY: &str = "01960000-0000-7000-8000-000000000119";
    pub const LABEL: &str = "saksbehandler-7";

    /// Of the path parameter `name`, if there is one.
    pub(super) fn of(name: &str) -> Option<&'static str> {
        match name {
            "dialogId" => Some(DIALOG),
            "transmissionId" => Some(TRANSMISSION),
            "activityId" => Some(ACTIVITY),
            "label" => Some(LABEL),
            _ => None,
        }
    }
}

impl Operation {
    /// The path's `{…}` segments become parameters.
    fn new(route: Route, id: &'static str, combined_id: &'static str) -> Self {
        let tag = route.tag();
        let in_path = route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
        let parameters = in_path.map(|name| {
            let schema =
                if name == "label" { json!({"type": "string"}) } else { json!({"type": "string", "format": "guid"}) };
            let mut parameter = json!({"in": "path", "name": name, "required": true, "schema": schema});
            if let Some(example) = example::of(name) {
                parameter["example"] = example.into();
            }
            parameter
        });
        let parameters = parameters.collect();
        let mut operation = Self {
            route,
            tag,
            hidden: false,
            id,
            combined_id,
            summary: "",
            description: String::new(),
            security: Vec::new(),
            parameters,
            body: None,
            responses: Map::new(),
            shapes: Shapes::new(combined_id),
        };
        let maintenance = json!({
            "description": "The service is closed for maintenance.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
            "headers": {"Retry-After": {"schema": {"type": "string"}, "description": "When to try again, if that is known."}},
        });
        operation.responses.insert("503".into(), maintenance);
        match tag {
            Tag::Enduser => operation.security(&[scope::END_USER]),
            Tag::Serviceowner => operation.security(&[scope::SERVICE_OWNER]),
            Tag::Metadata | Tag::WellKnown => operation,
        }
    }

    /// One line, and what there is to know beyond it.
    pub fn about(mut self, summary: &'static str, description: impl Into<String>) -> Self {
        self.summary = summary;
        self.description = description.into();
        self
    }

    /// Replaces the scopes that the audience demands anyway.
    pub fn security(mut self, scopes: &[&'static str]) -> Self {
        self.security = vec![("maskinporten", scopes.to_vec())];
        if self.tag == Tag::Enduser {
            self.security.push(("idporten", scopes.to_vec()));
        }
        self.responses.insert("401".into(), empty("No token, or one that does not hold."));
        self
    }

    fn parameter(mut self, place: &str, name: &str, mut schema: Value, about: &str) -> Self {
        let mut parameter = json!({"in": place, "name": name, "description": about});
        if let Some(shape) = schema.as_object_mut() {
            if shape.contains_key("$ref") {
                // Enums, but for the one that the contract describes as an object.
                let kind = if place == "header" { "object" } else { "string" };
                schema = json!({"oneOf": [schema], "type": kind, "nullable": true});
            } else {
                shape.insert("nullable".into(), true.into());
            }
        }
        if schema["type"] == "array" {
            parameter["style"] = "form".into();
            parameter["explode"] = true.into();
        }
        parameter["schema"] = schema;
        self.parameters.push(parameter);
        self
    }

    /// An optional query parameter.
    pub fn query(self, name: &str, kind: Query, about: &str) -> Self {
        self.parameter("query", name, kind.schema(), about)
    }

    /// Marks the query parameter added last as mandatory.
    pub fn required(mut self) -> Self {
        if let Some(parameter) = self.parameters.last_mut() {
            parameter["required"] = true.into();
            if let Some(shape) = parameter["schema"].as_object_mut() {
                shape.remove("nullable");
            }
        }
        self
    }

    /// An example of the query parameter added last. It works as it stands where the default scenario is loaded.
    pub fn such_as(mut self, example: impl Into<Value>) -> Self {
        if let Some(parameter) = self.parameters.last_mut() {
            parameter["example"] = example.into();
        }
        self
    }

    /// Gives the parameter called `name` a value to try the operation with.
    pub fn try_with(mut self, name: &str, example: Value) -> Self {
        let found = self.parameters.iter_mut().find(|parameter| parameter["name"] == name);
        found.unwrap_or_else(|| panic!("{}: no parameter {name}", self.combined_id))["example"] = example;
        self
    }

    /// Moves the parameter added last behind the one called `other`.
    pub fn after(mut self, other: &str) -> Self {
        let place = self.parameters.iter().position(|parameter| parameter["name"] == other);
        let place = place.unwrap_or_else(|| panic!("{}: no parameter {other}", self.combined_id));
        if let Some(parameter) = self.parameters.pop() {
            self.parameters.insert(place + 1, parameter);
        }
        self
    }

    /// An optional query parameter whose values are a named shape, such as an enum.
    pub fn query_of<T: ToSchema>(mut self, name: &str, many: bool, about: &str) -> Self {
        let one = self.shapes.of::<T>();
        let schema = if many { json!({"type": "array", "items": one}) } else { one };
        self.parameter("query", name, schema, about)
    }

    /// The optional `If-Match` header: a revision, bare.
    pub fn if_match(self) -> Self {
        let about = "The revision this change builds on; another one than the current is refused with 412.";
        self.parameter("header", "if-Match", json!({"type": "string", "format": "guid"}), about)
    }

    /// The optional `Accept-Language` header.
    pub fn accept_language(mut self) -> Self {
        let about = "Reduces every text to the best of the languages named; all languages without it.";
        let named = self
            .shapes
            .written([("AcceptedLanguages", accepted_languages()), ("AcceptedLanguage", accepted_language())]);
        self.parameter("header", "accept-Language", named, about)
    }

    /// The request body.
    pub fn body<T: ToSchema>(mut self) -> Self {
        let shape = self.shapes.of::<T>();
        self.body = Some(json!({"required": true, "content": {"application/json": {"schema": shape}}}));
        self
    }

    /// A request body under several media types, whose shape is written out.
    pub fn body_as(mut self, media: &[&str], schema: &Value) -> Self {
        let content: Map<String, Value> =
            media.iter().map(|media| ((*media).into(), json!({"schema": schema}))).collect();
        self.body = Some(json!({"required": true, "content": content}));
        self
    }

    /// The media types its body may have; none if it takes no body.
    pub fn media_types(&self) -> Vec<String> {
        let content = self.body.as_ref().and_then(|body| body["content"].as_object());
        content.map(|content| content.keys().cloned().collect()).unwrap_or_default()
    }

    /// A body that works as it is, for those who try the operation out.
    pub fn example(mut self, example: &Value) -> Self {
        for content in self.body.iter_mut().filter_map(|body| body["content"].as_object_mut()).flat_map(Map::values_mut)
        {
            content["example"] = example.clone();
        }
        self
    }

    /// 200 with one `T`.
    pub fn ok<T: ToSchema>(mut self, about: &str) -> Self {
        let shape = self.shapes.of::<T>();
        self.responses
            .insert("200".into(), json!({"description": about, "content": {"application/json": {"schema": shape}}}));
        self
    }

    /// 200 with a bare list of `T`.
    pub fn ok_list<T: ToSchema>(mut self, about: &str) -> Self {
        let schema = json!({"type": "array", "items": self.shapes.of::<T>()});
        self.responses
            .insert("200".into(), json!({"description": about, "content": {"application/json": {"schema": schema}}}));
        self
    }

    /// 200 with a page of `T`.
    pub fn ok_page<T: ToSchema>(mut self, about: &str) -> Self {
        let page = self.shapes.page_of::<T>();
        self.responses
            .insert("200".into(), json!({"description": about, "content": {"application/json": {"schema": page}}}));
        self
    }

    /// 201 with the new id.
    pub fn created(mut self) -> Self {
        let mut response = json!({
            "description": "Created. The body is the new id, `Etag` the dialog's revision.",
            "content": {"application/json": {"schema": {"type": "string"}}},
        });
        response["headers"] = json!({"Etag": etag()});
        self.responses.insert("201".into(), response);
        self
    }

    /// 204 without anything.
    pub fn no_content(mut self) -> Self {
        self.responses.insert("204".into(), empty("Done."));
        self
    }

    /// 204 with the new revision.
    pub fn no_content_with_etag(mut self) -> Self {
        self.responses.insert("204".into(), json!({"description": "Done.", "headers": {"Etag": etag()}}));
        self
    }

    /// Adds the `Etag` header to the answer 200.
    pub fn with_etag(mut self) -> Self {
        if let Some(response) = self.responses.get_mut("200") {
            response["headers"] = json!({"Etag": etag()});
        }
        self
    }

    /// The refusals among 400, 403, 404, 409, 410, 412 and 422 that clients have to expect.
    pub fn refusals(mut self, statuses: &[u16]) -> Self {
        for status in statuses {
            let (about, problem) = match status {
                400 => ("The request is wrong in itself; `errors` says where.", true),
                403 => ("The token or the caller's rights do not reach.", false),
                404 => ("Missing, or not for this caller.", true),
                409 => ("Lost against another request, or a key that is taken.", false),
                410 => ("The dialog is deleted.", false),
                412 => ("The revision in `If-Match` is not the current one.", true),
                422 => ("Right in itself, wrong against what is stored; `errors` says where.", true),
                _ => unreachable!("a refusal that no operation documents"),
            };
            let mut response = empty(about);
            if problem {
                response["content"] = json!({"application/problem+json": {"schema": self.problem()}});
            }
            self.responses.insert(status.to_string(), response);
        }
        self
    }

    /// The same refusals as `application/json` bodies, as the contract has them for PATCH.
    pub fn json_refusals(mut self, statuses: &[u16]) -> Self {
        self = self.refusals(statuses);
        for status in statuses.iter().filter(|status| **status != 403) {
            let problem = self.problem();
            if let Some(response) = self.responses.get_mut(&status.to_string()) {
                response["content"] = json!({"application/json": {"schema": problem}});
            }
        }
        self
    }

    /// A reference to a shape that is written out.
    pub fn written(&mut self, word: &str, schema: Value) -> Value {
        self.shapes.written([(word, schema)])
    }

    fn problem(&mut self) -> Value {
        self.shapes.written([("ProblemDetails", problem_details()), ("ProblemDetailsError", problem_error())])
    }
}

/// Kinds of query parameters.
#[derive(Clone, Copy, Debug)]
pub enum Query {
    Text,
    Texts,
    Flag,
    Number,
    Time,
    Uuid,
}

impl Query {
    fn schema(self) -> Value {
        match self {
            Query::Text => json!({"type": "string"}),
            Query::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Query::Flag => json!({"type": "boolean"}),
            Query::Number => json!({"type": "integer", "format": "int32"}),
            Query::Time => json!({"type": "string", "format": "date-time"}),
            Query::Uuid => json!({"type": "string", "format": "guid"}),
        }
    }
}

fn etag() -> Value {
    json!({"schema": {"type": "string"}, "description": "The revision after this answer: a UUID, without quotes."})
}

fn empty(about: &str) -> Value {
    json!({"description": about})
}

fn accepted_languages() -> Value {
    let items = json!({"$ref": "#/components/schemas/AcceptedLanguage"});
    json!({"type": "object", "properties": {"acceptedLanguage": {"type": "array", "nullable": true, "items": items}}})
}

fn accepted_language() -> Value {
    json!({"type": "object", "properties": {
        "languageCode": {"type": "string"},
        "weight": {"type": "integer", "format": "int32"},
    }})
}

fn problem_details() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457). `errors` lists every fault under the place where it was found.",
        "additionalProperties": true,
        "properties": {
            "type": {"type": "string", "nullable": true},
            "title": {"type": "string", "nullable": true},
            "status": {"type": "integer", "format": "int32", "nullable": true},
            "detail": {"type": "string", "nullable": true},
            "instance": {"type": "string", "nullable": true},
            "traceId": {"type": "string", "nullable": true},
            "code": {"type": "string", "nullable": true},
            "statusDescription": {"type": "string", "nullable": true},
            "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
            "validationErrors": {"type": "array", "nullable": true, "items": {"$ref": "#/components/schemas/ProblemDetailsError"}},
        },
        "x-extension": true,
        "x-extension-properties": problem_extension(),
    })
}

/// Members that are ours alone. They are no properties of the schema, so that generated clients keep the contract's shape;
/// additional ones are allowed there.
fn problem_extension() -> Value {
    let detail = json!({"type": "object", "properties": {
        "path": {"type": "string"},
        "code": {"type": "string"},
        "hint": {"type": "string"},
        "allowed": {"type": "array", "items": {"type": "string"}},
    }});
    json!({
        "code": {"type": "string", "description": "The rule that does not hold, in kebab-case; of several the first."},
        "hint": {"type": "string", "description": "What mends it."},
        "allowed": {"type": "array", "items": {"type": "string"}, "description": "The values there are."},
        "details": {"type": "array", "items": detail, "description": "The same for each text of `errors`, in its order."},
        "existingId": {"type": "string", "format": "uuid", "description": "409: what was there before."},
        "currentRevision": {"type": "string", "format": "uuid", "description": "412: the revision to build on."},
    })
}

fn problem_error() -> Value {
    json!({"type": "object", "additionalProperties": true, "properties": {
        "code": {"type": "string", "nullable": true},
        "title": {"type": "string", "nullable": true},
        "detail": {"type": "string", "nullable": true},
        "paths": {"type": "array", "nullable": true, "items": {"type": "string"}},
    }})
}
