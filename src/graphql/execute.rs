//! From what was asked to its answer: a document is read, weighed, completed, and executed by the library.

use std::{panic::AssertUnwindSafe, time::Duration};

use async_graphql::{
    Name, Request, Response, ServerError, Value, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};
use axum::http::HeaderMap;
use futures_util::{FutureExt, StreamExt};
use serde::Serialize;
use tokio::time::timeout;

use super::{
    errors::{Rejected, unexpected},
    limits,
    question::Question,
    schema::DialogSchema,
    subscription::EVENTS,
    variables,
};
use crate::{
    config::Graphql,
    heavy::{self, Busy},
};

/// What a client sent.
#[derive(Debug, Default)]
pub struct Asked {
    pub query: String,
    pub operation_name: Option<String>,
    pub variables: Variables,
}

/// A document that may be executed.
pub struct Prepared {
    pub kind: OperationType,
    request: Request,
}

/// How long an execution may take.
// The reference's own limit (chapter 02 §9.1), told as HC0045; ours may be looser, not tighter.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many of the library's complaints are told.
// Also the reference's. A document with a thousand faults would otherwise be answered by a thousand errors.
const MOST_ERRORS: usize = 5;

/// Reads and weighs the document. A large one is read beside the threads that answer.
///
/// # Errors
/// There is too much to do. Inside: it cannot be read, asks for too much, or its variables do not fit.
pub async fn prepare(asked: Asked, settings: &Graphql) -> Result<Result<Prepared, Rejected>, Busy> {
    heavy::beside(asked.query.len(), || {
        let Asked { query, operation_name, mut variables } = asked;
        // Before the parser: it goes down by recursion, and a text of nothing but brackets would take its stack.
        limits::scan(&query)?;
        let document = parse_query(&query).map_err(|error| {
            let error = ServerError::from(error);
            Rejected::Syntax { message: error.message, at: error.locations }
        })?;
        // Before anything goes through fragments by itself: what follows relies on it that none spreads itself.
        limits::weigh(&document, settings)?;
        let operation = chosen(&document, operation_name.as_deref())?;
        variables::complete(&document, operation, &mut variables)?;
        let kind = operation.ty;
        if kind == OperationType::Subscription {
            limits::check_single(&document, operation)?;
        }
        let is_anonymous = matches!(document.operations, DocumentOperations::Single(_));
        let mut request = Request::new(query).variables(variables);
        request.operation_name = operation_name.filter(|_| !is_anonymous);
        // Or the library would parse it a second time.
        request.set_parsed_query(document);
        Ok(Prepared { kind, request })
    })
    .await
}

/// The operation that is meant.
fn chosen<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Result<&'d OperationDefinition, Rejected> {
    let invalid = |message: String| Rejected::Invalid { message, at: Vec::new() };
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) if operations.contains_key(name) => {
            Ok(&operations[&Name::new(name)].node)
        }
        // The parser counts one that has a name among several, even when it is alone.
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            let only = operations.values().next();
            only.map(|operation| &operation.node).ok_or_else(|| invalid("The document has no operation.".to_owned()))
        }
        (DocumentOperations::Multiple(_), None) => {
            Err(invalid("The document has several operations: `operationName` must say which one is meant.".to_owned()))
        }
        (_, Some(name)) => Err(invalid(format!("The document has no operation `{name}`."))),
    }
}

/// What came of an execution.
pub enum Executed {
    /// There is `data`, which may be null.
    Answered { body: Vec<u8>, headers: HeaderMap },
    /// The document or its variables do not fit the schema.
    Refused(Vec<ServerError>),
}

/// Executes a query or a mutation. Whatever fails is told inside the answer.
pub async fn execute(schema: &DialogSchema, prepared: Prepared, question: Question) -> Executed {
    let request = prepared.request.data(question);
    // A panic in one field is answered as any failure: 200 with `data` null and the unexpected error (chapter 02 §9.1).
    let executing = AssertUnwindSafe(schema.execute(request)).catch_unwind();
    let response = match timeout(PATIENCE, executing).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a GraphQL document made the program panic");
            failed(unexpected().into_server_error(async_graphql::Pos::default()))
        }
        Err(_) => failed(too_slow()),
    };
    told(response)
}

/// Both events of a subscription as its document selects them, in the order of [`EVENTS`].
///
/// # Errors
/// The caller's token is not for this dialog, or the document does not fit the schema.
pub async fn updates(
    schema: &DialogSchema,
    prepared: Prepared,
    question: Question,
) -> Result<[Vec<u8>; EVENTS.len()], Vec<ServerError>> {
    let request = prepared.request.data(question);
    let mut written_out = Vec::new();
    // As many as there are, and one in case that something is wrong.
    let mut responses = schema.execute_stream(request).take(EVENTS.len() + 1);
    while let Some(Response { data, mut errors, .. }) = responses.next().await {
        if !errors.is_empty() {
            errors.truncate(MOST_ERRORS);
            return Err(errors);
        }
        written_out.push(written(Some(&data), &[]));
    }
    written_out.try_into().map_err(|_| {
        let nothing_selected = "The subscription selects nothing.";
        vec![ServerError::new(nothing_selected, None)]
    })
}

fn failed(mut error: ServerError) -> Response {
    error.locations.clear();
    // Failed while it was executed: an empty path tells it from what was never executed.
    Response::from_errors(vec![error.with_path(vec![async_graphql::PathSegment::Index(0)])])
}

fn too_slow() -> ServerError {
    let mut error = ServerError::new("The request exceeded the configured timeout of `00:00:30`.", None);
    let mut extensions = async_graphql::ErrorExtensionValues::default();
    extensions.set("code", "HC0045");
    error.extensions = Some(extensions);
    error
}

fn told(response: Response) -> Executed {
    let Response { data, mut errors, http_headers, .. } = response;
    // What failed in validation has no path, what failed in a field has one: the status of the answer depends on it
    // (§9.1).
    if !errors.is_empty() && errors.iter().all(|error| error.path.is_empty()) {
        errors.truncate(MOST_ERRORS);
        return Executed::Refused(errors);
    }
    // Every root field is non-null: with one that failed, nothing is left.
    let data = if errors.is_empty() { data } else { Value::Null };
    // Writing a page of the longest dialogs takes a while.
    let weight = about(&data);
    let body = heavy::aside(weight, || written(Some(&data), &errors));
    Executed::Answered { body, headers: http_headers }
}

/// An answer on the wire.
pub fn written(data: Option<&Value>, errors: &[ServerError]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Answer<'a> {
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        errors: &'a [ServerError],
        // No `data` says "not executed", `data: null` says "executed and failed": GraphQL over HTTP tells them apart.
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Value>,
    }
    serde_json::to_vec(&Answer { errors, data }).expect("values of a schema serialise")
}

/// About how many bytes a value takes, as far as it matters.
fn about(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::List(items) => items.iter().map(about).sum(),
        Value::Object(members) => members.values().map(|value| about(value) + 16).sum(),
        _ => 4,
    }
}
