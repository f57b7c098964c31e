//! What is said at the top level of an answer: who may not ask, what cannot be read, what failed. Refusals of the domain stand
//! inside the payloads, with their own types.

use async_graphql::{Error, ErrorExtensions, Pos, ServerError, Value};

use crate::{domain::refusal::Refusal, http::problem};

/// The caller's token is not for this field.
pub fn not_authorized() -> Error {
    Error::new(NOT_AUTHORIZED).extend_with(|_, extensions| extensions.set("code", AUTH_NOT_AUTHORIZED))
}

// The reference has AUTH_NOT_AUTHENTICATED beside it; whoever is not authenticated gets 401 here before any field is
// looked at.
const NOT_AUTHORIZED: &str = "The current user is not authorized to access this resource.";
const AUTH_NOT_AUTHORIZED: &str = "AUTH_NOT_AUTHORIZED";

/// Whether it is [`not_authorized`] that was said.
pub fn is_not_authorized(error: &ServerError) -> bool {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    code.is_some_and(|code| *code == Value::from(AUTH_NOT_AUTHORIZED))
}

/// What no client can mend. What it was stands in the log.
pub fn unexpected() -> Error {
    // The reference's words, without `extensions` (chapter 02 §9.1): nothing of the failure is told.
    Error::new("Unexpected Execution Error")
}

/// A refusal that no payload has a type for.
pub fn failed(refusal: Refusal) -> Error {
    // Called for what it writes down: an unexpected refusal goes to the log there, and its texts are not for clients.
    problem::texts(refusal);
    unexpected()
}

/// Why a document is not executed: one error, without `data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The token names no kind of user.
    UserTypeUnknown,
    /// The dialog token, or whatever the token is, is not for these live updates.
    SubscriptionNotAuthorized,
    /// This kind of operation does not come this way.
    OperationKind,
    Introspection,
    Depth {
        allowed: usize,
        detected: usize,
    },
    Cost {
        allowed: usize,
        detected: usize,
    },
    /// Another limit, which no client that is known comes near.
    TooMuch(&'static str),
    /// The body or the query string is no request.
    Request(Malformed),
    /// The document cannot be read.
    Syntax {
        message: String,
        at: Vec<Pos>,
    },
    /// The document or its variables do not fit the schema.
    Invalid {
        message: String,
        at: Vec<Pos>,
    },
}

/// Why a request is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A JSON array: batches are not taken.
    Batch,
    Empty,
    /// No JSON.
    Unreadable,
    /// JSON, but a member is of the wrong type.
    Member(&'static str),
    NothingAsked,
    /// An id without a query: no documents are kept here.
    UnknownId,
    TooLarge,
    Multipart,
    /// `Accept` has nothing that there is.
    NotAcceptable,
    AcceptUnreadable(String),
}

impl Rejected {
    /// As it stands in `errors`.
    pub fn error(&self) -> ServerError {
        // Codes are those of the reference's library (HC…): clients branch on them, and on nothing of the wording.
        let (message, code, at) = self.told();
        let mut error = ServerError::new(message, None);
        error.locations = at;
        let mut extensions = async_graphql::ErrorExtensionValues::default();
        if let Some(code) = code {
            extensions.set("code", code);
        }
        for (name, number) in self.figures() {
            extensions.set(name, Value::from(number as u64));
        }
        error.extensions = Some(extensions);
        error
    }

    fn told(&self) -> (String, Option<&'static str>, Vec<Pos>) {
        let (message, code) = match self {
            Self::UserTypeUnknown => (
                "The request was authenticated, but the user type could not be determined.",
                Some("AUTH_USER_TYPE_UNKNOWN"),
            ),
            Self::SubscriptionNotAuthorized => (NOT_AUTHORIZED, Some(AUTH_NOT_AUTHORIZED)),
            Self::OperationKind => ("The specified operation kind is not allowed.", None),
            Self::Introspection => ("Introspection is not allowed for the current request.", Some("HC0046")),
            Self::Depth { allowed, detected } => {
                let text = format!(
                    "The GraphQL document has an execution depth of {detected} which exceeds the max allowed execution \
                     depth of {allowed}."
                );
                return (text, None, Vec::new());
            }
            Self::Cost { .. } => ("The maximum allowed field cost was exceeded.", Some("HC0047")),
            Self::TooMuch(text) => (*text, Some("HC0047")),
            Self::Request(malformed) => return (malformed.text(), Some(malformed.code()), Vec::new()),
            Self::Syntax { message, at } => return (message.clone(), Some("HC0014"), at.clone()),
            Self::Invalid { message, at } => return (message.clone(), None, at.clone()),
        };
        (message.to_owned(), code, Vec::new())
    }

    fn figures(&self) -> Vec<(&'static str, usize)> {
        match self {
            Self::Depth { allowed, detected } => {
                // Names and figures are the contract's (chapter 02 §9.1); other refusals have none.
                vec![("allowedExecutionDepth", *allowed), ("detectedExecutionDepth", *detected)]
            }
            Self::Cost { allowed, detected } => vec![("fieldCost", *detected), ("maxFieldCost", *allowed)],
            _ => Vec::new(),
        }
    }
}

impl Malformed {
    fn text(&self) -> String {
        match self {
            Self::Batch => "Invalid GraphQL Request.",
            Self::Empty => "The GraphQL request is empty.",
            Self::Unreadable => "The GraphQL request is not JSON.",
            Self::Member(name) => return format!("Invalid GraphQL Request. `{name}` has the wrong type."),
            Self::NothingAsked => "Either the parameter query or the parameter id has to be set.",
            Self::UnknownId => "The specified persisted operation key is invalid.",
            Self::TooLarge => "Max request size reached.",
            Self::Multipart => "Files cannot be sent here.",
            Self::NotAcceptable => "None of the `Accept` header values is supported.",
            Self::AcceptUnreadable(value) => return format!("Unable to parse the accept header value `{value}`."),
        }
        .to_owned()
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Batch | Self::Empty | Self::Member(_) => "HC0009",
            Self::TooLarge => "HC0010",
            Self::Unreadable => "HC0011",
            Self::NothingAsked => "HC0013",
            Self::UnknownId => "HC0020",
            Self::NotAcceptable => "HC0063",
            Self::AcceptUnreadable(_) => "HC0064",
            Self::Multipart => "HC0077",
        }
    }
}
