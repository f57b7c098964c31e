//! GraphiQL, which asks by GraphQL and shows the schema. Vendored as published, packed, with its licences beside it.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use crate::http::page::Page;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Our own files.
pub const OWN: [(&str, &str, &str); 2] = [
    ("graphiql.js", SCRIPT, include_str!("graphiql/graphiql.js")),
    ("graphiql.css", STYLE, include_str!("graphiql/graphiql.css")),
];

/// Others' files, packed by gzip.
const VENDORED: [(&str, &str, &[u8]); 4] = [
    ("graphiql.min.js", SCRIPT, include_bytes!("graphiql/graphiql.min.js.gz")),
    ("graphiql.min.css", STYLE, include_bytes!("graphiql/graphiql.min.css.gz")),
    ("react.min.js", SCRIPT, include_bytes!("graphiql/react.min.js.gz")),
    ("react-dom.min.js", SCRIPT, include_bytes!("graphiql/react-dom.min.js.gz")),
];

/// The page.
pub fn graphiql() -> Page {
    Page(include_str!("graphiql/index.html").replace("%PREFIX%", super::prefix()).into())
}

/// One of others' files, as it is packed: what opens the page unpacks it.
pub fn vendored(file: &str) -> Option<Response> {
    let (_, kind, bytes) = VENDORED.iter().find(|(name, ..)| *name == file)?;
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CONTENT_ENCODING, "gzip"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    Some((headers, *bytes).into_response())
}
