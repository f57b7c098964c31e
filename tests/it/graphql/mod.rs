//! GraphQL, seen from outside.

mod agreement;
mod everything;
mod fuzz;
mod labels;
mod live;
mod lookups;
mod queries;
mod round_trips;
mod schema;
mod search;
mod wire;

use serde_json::{Value, json};

use crate::harness::{Answer, Client};

/// Sends a document.
pub async fn ask(client: &Client<'_>, query: &str, variables: Value) -> Answer {
    client.post("/graphql", json!({ "query": query, "variables": variables })).await
}

/// `data` of a document that is executed without errors at the top level.
pub async fn data(client: &Client<'_>, query: &str, variables: Value) -> Value {
    let answer = ask(client, query, variables).await.expect(200);
    assert!(answer.body.get("errors").is_none(), "{}", answer.text);
    answer.body["data"].clone()
}

/// Type and message of each error in a payload.
pub fn told(payload: &Value) -> Vec<(&str, &str)> {
    payload["errors"]
        .as_array()
        .expect("a list of errors")
        .iter()
        .map(|error| (error["__typename"].as_str().expect("a type"), error["message"].as_str().expect("a message")))
        .collect()
}

/// The code of the first error at the top level.
pub fn code(answer: &Answer) -> &str {
    answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

pub const DIALOG: &str = "query ($id: UUID!) { dialogById(dialogId: $id) { dialog { id revision } errors { __typename \
                          message } } }";
