//! What the documents offer to try is sent as it stands, to a sandbox with the default scenario, as the page does it.

use dialogporten::{
    dev::seed,
    openapi::{Audience, document},
    router::operations,
    sandbox::world::World,
};
use reqwest::Method;
use serde_json::Value;

use crate::harness::{Client, PERSON, TestApp};

/// Every operation that a document shows: path, verb and description.
fn shown() -> Vec<(String, String, Value)> {
    let document = document(Audience::Combined, &operations(), None);
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, verbs): (&String, &Value)| {
        let verbs = verbs.as_object().expect("verbs").clone();
        let path = path.clone();
        verbs.into_iter().map(move |(verb, operation)| (path.clone(), verb, operation)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

/// The media types of a body with their examples.
fn bodies(operation: &Value) -> Vec<(String, Option<Value>)> {
    let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
    content.map(|(media, content)| (media.clone(), content.get("example").cloned())).collect()
}

/// M-19
#[test]
fn every_body_has_an_example() {
    for (path, verb, operation) in shown() {
        for (media, example) in bodies(&operation) {
            assert!(example.is_some(), "{verb} {path}: no example of {media}: .example(&json!(…))");
        }
    }
}

/// The address with the examples of its parameters; `None` where a mandatory one has none.
fn address(path: &str, operation: &Value) -> Option<String> {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut path = path.to_owned();
    let mut query = Vec::new();
    for parameter in parameters {
        let name = parameter["name"].as_str().expect("a name");
        let example = match &parameter["example"] {
            Value::Null if parameter["required"] == true => return None,
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(values) => values[0].as_str().expect("a text").to_owned(),
            other => other.to_string(),
        };
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &example),
            Some("query") => query.push(format!("{name}={example}")),
            _ => {}
        }
    }
    Some(if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) })
}

/// Whom the page proposes for an operation, with the scopes that the document asks for.
fn caller<'a>(app: &'a TestApp, path: &str, operation: &Value) -> Client<'a> {
    let scopes: Vec<&str> =
        operation["security"][0]["maskinporten"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if path.contains("/serviceowner/") {
        let client = if path.ends_with("/freeze") { app.admin() } else { app.service_owner("ttd") };
        client.and_scopes(&scopes)
    } else if path.contains("/enduser/") {
        app.person(PERSON).level(4)
    } else {
        app.anonymous()
    }
}

/// What must come later than others: what takes away comes after what looks, and an end comes last.
fn turn(path: &str, verb: &str) -> usize {
    let last = path.rsplit('/').next().unwrap_or_default();
    match (verb, last) {
        ("get", _) => 0,
        (_, "{label}") => 2,
        (_, "restore") => 4,
        (_, "freeze") => 5,
        (_, "purge") => 6,
        ("delete", _) => 3,
        _ => 1,
    }
}

/// M-19: nothing has to be filled in first, and it works.
#[tokio::test]
async fn every_example_works_as_it_stands() {
    let world = World::named("default").expect("the default scenario");
    let app = TestApp::start_in(world, &[]).await;
    seed::dialogs(&app.sandbox).await.expect("the scenario's dialogs");
    let mut operations = shown();
    operations.sort_by_key(|(path, verb, _)| turn(path, verb));
    let (mut sent, mut refused) = (0, Vec::new());
    for (path, verb, operation) in operations {
        let Some(address) = address(&path, &operation) else { continue };
        let client = caller(&app, &path, &operation);
        let method: Method = verb.to_uppercase().parse().expect("a verb");
        let bodies = bodies(&operation);
        let bodies = if bodies.is_empty() { vec![(String::new(), None)] } else { bodies };
        for (media, example) in bodies {
            let text = example.map(|example| example.to_string());
            let answer =
                client.send_text(method.clone(), &address, text.as_deref().map(|text| (text, media.as_str()))).await;
            sent += 1;
            if !answer.status.is_success() {
                refused.push(format!("{verb} {address} {media}: {} {}", answer.status, answer.text));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(sent >= 22, "only {sent} requests were sent");
}
