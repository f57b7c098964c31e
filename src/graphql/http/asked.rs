//! A request on the wire: a JSON body, or a query string (chapter 02 §9.1).

use async_graphql::Variables;
use serde_json::{Map, Value};

use crate::{
    graphql::{
        errors::{Malformed, Rejected},
        execute::Asked,
    },
    heavy::{self, Busy},
};

/// Most commas, colons and brackets of a body outside its texts: each is a value or a name in memory.
// A body of nothing but brackets and commas would take many times its size as values.
const MOST_SIGNS: usize = 200_000;

/// What a body asks.
///
/// # Errors
/// There is too much to do. Inside: it is no request.
pub async fn of_body(body: &[u8]) -> Result<Result<Asked, Rejected>, Busy> {
    heavy::beside(body.len(), || {
        // A byte order mark, which tools of Windows like to write before JSON.
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(Malformed::Empty);
        }
        if signs(body) > MOST_SIGNS {
            return Err(Malformed::TooLarge);
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => of_members(members),
            // A lone text or number too: HC0009 with "Invalid GraphQL Request." is true of both.
            Ok(_) => Err(Malformed::Batch),
            Err(_) => Err(Malformed::Unreadable),
        }
    })
    .await
    .map(|asked| asked.map_err(Rejected::Request))
}

/// Whether the query string names several operations to execute one after the other: the other kind of batch.
pub fn is_batch(query: &str) -> bool {
    url::form_urlencoded::parse(query.as_bytes())
        .any(|(name, operations)| name == "batchOperations" && !operations.trim().is_empty())
}

/// What a query string asks: `query`, `operationName`, `variables` (JSON), `extensions`, `id`.
///
/// # Errors
/// It is no request.
pub fn of_query(query: &str) -> Result<Asked, Rejected> {
    let mut members = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match name.as_ref() {
            "variables" | "extensions" if signs(value.as_bytes()) > MOST_SIGNS => Err(Malformed::TooLarge),
            "variables" | "extensions" => serde_json::from_str(&value).map_err(|_| Malformed::Unreadable),
            _ => Ok(Value::String(value.into_owned())),
        };
        members.insert(name.into_owned(), value.map_err(Rejected::Request)?);
    }
    of_members(members).map_err(Rejected::Request)
}

fn of_members(mut members: Map<String, Value>) -> Result<Asked, Malformed> {
    let mut text = |name: &'static str| match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Some(_) => Err(Malformed::Member(name)),
    };
    let (query, operation_name, id) = (text("query")?, text("operationName")?, text("id")?);
    let variables = match members.remove("variables") {
        None | Some(Value::Null) => Variables::default(),
        Some(object @ Value::Object(_)) => Variables::from_json(object),
        Some(_) => return Err(Malformed::Member("variables")),
    };
    match (query, id) {
        (Some(query), _) => Ok(Asked { query, operation_name, variables }),
        (None, Some(_)) => Err(Malformed::UnknownId),
        (None, None) => Err(Malformed::NothingAsked),
    }
}

fn signs(json: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            // Signs in texts cost nothing: a long text is one value.
            b'"' => in_text = !in_text,
            b',' | b':' | b'[' | b'{' if !in_text => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn refused(body: &str) -> Option<Malformed> {
        match of_body(body.as_bytes()).await.expect("a seat") {
            Err(Rejected::Request(malformed)) => Some(malformed),
            Err(other) => panic!("{other:?}"),
            Ok(_) => None,
        }
    }

    /// GQ-018
    #[tokio::test]
    async fn what_is_no_request_is_told_from_what_is() {
        for (body, expected) in [
            (r#"{"query":"{a}"}"#, None),
            (r#"{"query":"{a}","variables":null,"operationName":null,"extensions":{},"more":[1]}"#, None),
            ("\u{feff}{\"query\":\"{a}\",\"operationName\":\"\"}", None),
            ("", Some(Malformed::Empty)),
            (" \n", Some(Malformed::Empty)),
            ("[]", Some(Malformed::Batch)),
            (r#"[{"query":"{a}"}]"#, Some(Malformed::Batch)),
            ("7", Some(Malformed::Batch)),
            ("{", Some(Malformed::Unreadable)),
            ("{}", Some(Malformed::NothingAsked)),
            (r#"{"query":null}"#, Some(Malformed::NothingAsked)),
            (r#"{"id":"x"}"#, Some(Malformed::UnknownId)),
            (r#"{"query":7}"#, Some(Malformed::Member("query"))),
            (r#"{"query":"{a}","variables":[]}"#, Some(Malformed::Member("variables"))),
        ] {
            assert_eq!(refused(body).await, expected, "{body}");
        }
        let many = format!(r#"{{"query":"{{a}}","variables":{{"x":[{}0]}}}}"#, "[],".repeat(200_000));
        assert_eq!(refused(&many).await, Some(Malformed::TooLarge));
        let long = json!({ "query": "[{,:\\\"".repeat(100_000) }).to_string();
        assert_eq!(refused(&long).await, None);
    }

    #[test]
    fn a_query_string_is_a_request_too() {
        let asked = of_query("query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=b").expect("a request");
        assert_eq!((asked.query.as_str(), asked.operation_name.as_deref()), ("{a}", Some("b")));
        assert_eq!(asked.variables.into_value().to_string(), "{x: 1}");
        assert!(of_query("operationName=b").is_err() && of_query("query=%7Ba%7D&variables=x").is_err());
    }
}
