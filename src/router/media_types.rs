//! Which media types the bodies of an operation may have, as far as routing decides it.
//!
//! A body of another media type than the operation's is an outcome of routing, before anybody asks who is calling (chapter 05
//! §A2). A missing media type is not: the operation itself finds it, after the token was looked at.

use std::collections::HashMap;

use axum::http::{HeaderMap, Method, header};

use crate::{http::json::is_of, openapi::Operation};

/// By verb and template.
#[derive(Debug, Default)]
pub struct MediaTypes(HashMap<(Method, &'static str), Vec<String>>);

impl MediaTypes {
    /// Those of all operations that take a body.
    pub fn new(operations: &[Operation]) -> Self {
        let taken = |operation: &Operation| {
            let method = operation.route.method.to_uppercase().parse().ok()?;
            let accepted = operation.media_types();
            (!accepted.is_empty()).then_some(((method, operation.route.path), accepted))
        };
        Self(operations.iter().filter_map(taken).collect())
    }

    /// The media types that the operation takes, if the request says another one.
    pub fn refuse(&self, method: &Method, template: &'static str, headers: &HeaderMap) -> Option<&[String]> {
        let given = headers.get(header::CONTENT_TYPE).filter(|given| !given.is_empty())?;
        let accepted = self.0.get(&(method.clone(), template))?;
        let taken = given.to_str().is_ok_and(|given| accepted.iter().any(|accepted| is_of(given, accepted)));
        (!taken).then_some(accepted.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-15
    #[test]
    fn only_what_is_said_and_not_taken_is_refused() {
        const PATH: &str = "/things";
        let taken = ["application/json", "application/json-patch+json"].map(str::to_owned);
        let types = MediaTypes(HashMap::from([((Method::POST, PATH), taken.to_vec())]));
        for (content_type, refused) in [
            (None, false),
            (Some(""), false),
            (Some("application/json"), false),
            (Some("Application/JSON ; charset=utf-8"), false),
            (Some("application/json-patch+json"), false),
            (Some("application/merge-patch+json"), true),
            (Some("text/plain"), true),
            (Some("json"), true),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(content_type) = content_type {
                headers.insert(header::CONTENT_TYPE, content_type.parse().expect("a header's value"));
            }
            assert_eq!(types.refuse(&Method::POST, PATH, &headers).is_some(), refused, "{content_type:?}");
            assert!(types.refuse(&Method::GET, PATH, &headers).is_none(), "takes no body");
            assert!(types.refuse(&Method::POST, "/others", &headers).is_none(), "takes any");
        }
    }
}
