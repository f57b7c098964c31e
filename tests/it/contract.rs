//! The API documents against the contract of the public API: the same operations, parameters in the same order, bodies,
//! answers, security and names of shapes, as a client or a generator of clients can rely on them. Prose and mandatory
//! members are not compared, because the contract carries none that mean anything.
//!
//! `tests/contract/` holds the contract as bare structure.

use std::collections::{BTreeMap, BTreeSet};

use dialogporten::{
    openapi::{Audience, document},
    router::operations,
};
use serde_json::{Map, Value, json};

/// H-002, M-17.
#[test]
fn documents_agree_with_the_contract() {
    for (audience, contract) in [
        (Audience::Combined, include_str!("../contract/openapi.combined.json")),
        (Audience::EndUser, include_str!("../contract/openapi.enduser.json")),
        (Audience::ServiceOwner, include_str!("../contract/openapi.serviceowner.json")),
    ] {
        let contract: Value = serde_json::from_str(contract).expect("the contract is JSON");
        let ours = document(audience, &operations(), None);
        let differences = compare(&contract, &ours);
        assert!(differences.is_empty(), "{audience:?}:\n{}", differences.join("\n"));
    }
}

/// Operations of the contract that do not exist yet. The list may only shrink: one that is missing without standing here fails,
/// and so does one that stands here and exists.
const MISSING: [&str; 0] = [];

/// What no document of the contract shows: an operation of the contract itself, and ours (docs/extensions.md).
const UNSHOWN: [&str; 4] = [
    "/api/v1/serviceowner/changes",
    "/api/v1/serviceowner/dialogs/{dialogId}/activities/{activityId}/actions/updateFormSavedActivityTime",
    "/api/v1/serviceowner/events/parked",
    "/api/v1/serviceowner/events/parked/actions/replay",
];

/// H-002: all 44 operations, and the one that no document shows.
#[test]
fn every_operation_of_the_contract_exists() {
    let contract: Value =
        serde_json::from_str(include_str!("../contract/openapi.combined.json")).expect("the contract is JSON");
    let ours = document(Audience::Combined, &operations(), None);
    let names = |document| -> BTreeSet<String> {
        operations_of(document).into_keys().map(|(path, method)| format!("{method} {path}")).collect()
    };
    let (theirs, mine) = (names(&contract), names(&ours));
    assert_eq!(theirs.len(), 44);
    let missing: Vec<&str> = theirs.difference(&mine).map(String::as_str).collect();
    assert_eq!(missing, MISSING);
    let hidden = operations().into_iter().filter(|operation| operation.hidden).map(|operation| operation.route.path);
    assert_eq!(hidden.collect::<BTreeSet<_>>(), UNSHOWN.into());
}

#[test]
fn a_difference_is_noticed() {
    let contract: Value =
        serde_json::from_str(include_str!("../contract/openapi.serviceowner.json")).expect("the contract is JSON");
    let mut ours = document(Audience::ServiceOwner, &operations(), None);
    let dialogs = &mut ours["paths"]["/api/v1/serviceowner/dialogs"];
    dialogs["post"]["operationId"] = "MakeDialog".into();
    dialogs["post"]["responses"]["418"] = json!({"description": ""});
    assert_eq!(compare(&contract, &ours).len(), 2);
}

/// `openapi/` is what the code describes now.
#[test]
fn written_documents_are_current() {
    for audience in Audience::ALL {
        let name = audience.file();
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi").join(name);
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        let current = serde_json::to_string_pretty(&document(audience, &operations(), None)).expect("JSON") + "\n";
        assert!(written == current, "openapi/{name} is out of date: cargo run -- openapi");
    }
}

/// Everything in the contract says something to its reader.
#[test]
fn every_operation_is_described() {
    for operation in
        document(Audience::Combined, &operations(), None)["paths"].as_object().into_iter().flatten().flat_map(
            |(path, methods)| methods.as_object().into_iter().flatten().map(move |(method, op)| (path, method, op)),
        )
    {
        let (path, method, operation) = operation;
        assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{method} {path} has no summary");
    }
}

type Operations<'a> = BTreeMap<(String, &'a str), &'a Value>;

fn operations_of(document: &Value) -> Operations<'_> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| ((path.clone(), method.as_str()), operation))
        })
        .collect()
}

fn compare(contract: &Value, ours: &Value) -> Vec<String> {
    let (theirs, mine) = (operations_of(contract), operations_of(ours));
    let mut found = Vec::new();
    for (key, operation) in &theirs {
        let at = format!("{} {}", key.1, key.0);
        match mine.get(key) {
            Some(ours_of_it) => {
                Comparison { contract, ours, at: &at, found: &mut found }.operation(operation, ours_of_it);
            }
            None => found.push(format!("{at}: missing")),
        }
    }
    for (path, method) in mine.keys().filter(|key| !theirs.contains_key(*key)) {
        found.push(format!("{method} {path}: not in the contract"));
    }
    found
}

struct Comparison<'a> {
    contract: &'a Value,
    ours: &'a Value,
    at: &'a str,
    found: &'a mut Vec<String>,
}

impl Comparison<'_> {
    fn differ(&mut self, what: &str, a: &Value, b: &Value) {
        if a != b {
            self.found.push(format!("{}: {what}: contract {a}, ours {b}", self.at));
        }
    }

    fn operation(&mut self, a: &Value, b: &Value) {
        self.differ("operationId", &a["operationId"], &b["operationId"]);
        self.differ("security", &security(a), &security(b));
        self.differ("order of parameters", &order(a), &order(b));
        self.differ("names of shapes", &names(self.contract, a), &names(self.ours, b));
        self.differ("parameters", &parameters(self.contract, a), &parameters(self.ours, b));
        self.differ("body", &content(self.contract, &a["requestBody"]), &content(self.ours, &b["requestBody"]));
        let statuses = |operation: &Value| -> BTreeSet<String> {
            operation["responses"].as_object().into_iter().flatten().map(|(status, _)| status.clone()).collect()
        };
        self.differ("statuses", &json!(statuses(a)), &json!(statuses(b)));
        for status in statuses(a).intersection(&statuses(b)) {
            let (x, y) = (&a["responses"][status], &b["responses"][status]);
            self.differ(&format!("{status} content"), &content(self.contract, x), &content(self.ours, y));
            for header in x["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
                if y["headers"].get(header).is_none() {
                    self.found.push(format!("{}: {status}: header {header} is missing", self.at));
                }
            }
        }
    }
}

fn security(operation: &Value) -> Value {
    let pairs = operation["security"].as_array().into_iter().flatten().flat_map(|requirement| {
        let schemes = requirement.as_object().into_iter().flatten();
        schemes.flat_map(|(scheme, scopes)| {
            scopes.as_array().into_iter().flatten().map(move |scope| format!("{scheme} {scope}"))
        })
    });
    json!(pairs.collect::<BTreeSet<_>>())
}

/// Place and name of each parameter, in lower case.
fn order(operation: &Value) -> Value {
    let key = |parameter: &Value| {
        let word = |member: &str| parameter[member].as_str().unwrap_or_default().to_lowercase();
        format!("{} {}", word("in"), word("name"))
    };
    operation["parameters"].as_array().into_iter().flatten().map(key).collect()
}

/// The shapes that an operation uses, directly or not.
fn names(document: &Value, operation: &Value) -> Value {
    let mut found = BTreeSet::new();
    let mut waiting = vec![operation];
    while let Some(value) = waiting.pop() {
        if let Some(name) = value["$ref"].as_str().and_then(|target| target.strip_prefix("#/components/schemas/"))
            && found.insert(name)
        {
            waiting.push(&document["components"]["schemas"][name]);
        }
        waiting.extend(value.as_object().into_iter().flatten().map(|(_, member)| member));
        waiting.extend(value.as_array().into_iter().flatten());
    }
    json!(found)
}

/// By place and name in lower case: whether mandatory, and the shape.
fn parameters(document: &Value, operation: &Value) -> Value {
    let described = |parameter: &Value| {
        let name = parameter["name"].as_str().unwrap_or_default().to_lowercase();
        let key = format!("{} {name}", parameter["in"].as_str().unwrap_or_default());
        let mandatory = parameter["required"].as_bool().unwrap_or_default();
        (key, json!({"required": mandatory, "shape": shape(document, &parameter["schema"], &mut Vec::new())}))
    };
    operation["parameters"].as_array().into_iter().flatten().map(described).collect::<Map<_, _>>().into()
}

/// By media type, the shape.
fn content(document: &Value, holder: &Value) -> Value {
    let of = |(media, content): (&String, &Value)| {
        let media = media.split(';').next().unwrap_or_default().to_owned();
        (media, shape(document, &content["schema"], &mut Vec::new()))
    };
    holder["content"].as_object().into_iter().flatten().map(of).collect::<Map<_, _>>().into()
}

/// A schema reduced to what a client can rely on.
fn shape(document: &Value, schema: &Value, seen: &mut Vec<String>) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        if seen.iter().any(|known| known == reference) {
            return json!("recursive");
        }
        seen.push(reference.to_owned());
        let target = document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        let shape = shape(document, target, seen);
        seen.pop();
        return shape;
    }
    for wrapper in ["allOf", "oneOf", "anyOf"] {
        if let Some([one]) = schema[wrapper].as_array().map(Vec::as_slice) {
            return shape(document, one, seen);
        }
        assert!(schema[wrapper].is_null(), "a choice between shapes: {schema}");
    }
    if let Some(values) = schema["enum"].as_array() {
        return json!({"enum": values.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>()});
    }
    match schema["type"].as_str() {
        Some("array") => json!({"array": shape(document, &schema["items"], seen)}),
        Some("object") => match schema["properties"].as_object().filter(|properties| !properties.is_empty()) {
            Some(properties) => {
                let shapes = properties.iter().map(|(name, of)| (name.clone(), shape(document, of, seen)));
                json!({"object": shapes.collect::<Map<_, _>>()})
            }
            None => json!({"map": shape(document, &schema["additionalProperties"], seen)}),
        },
        Some("string") => {
            let format = schema["format"].as_str().unwrap_or_default();
            json!(match format {
                "guid" => "string:guid",
                "uuid" => "string:uuid",
                "date-time" => "string:date-time",
                "uri" => "string:uri",
                _ => "string",
            })
        }
        Some(kind) => json!(kind),
        None => json!("any"),
    }
}
