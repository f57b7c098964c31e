//! What people open in a browser: the page at `/` that leads everywhere, and `/swagger`, where Swagger UI explores the
//! documents, and GraphiQL, which `graphql` shows. Everything they need is in the program; they work offline.
//!
//! The pages ask `/sandbox` for identities. Where a sandbox answers, a menu offers them and fills in their tokens; elsewhere
//! there is no menu. The service itself knows of no sandbox.

mod graphiql;

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    http::{context, page::Page},
    openapi::{Audience, Operation, Route, document},
};

/// Our own files beside those of Swagger UI.
const OWN: [(&str, &str, &str); 3] = [
    ("explore.js", "text/javascript; charset=utf-8", include_str!("explore.js")),
    ("start.js", "text/javascript; charset=utf-8", include_str!("start.js")),
    ("pages.css", "text/css; charset=utf-8", include_str!("pages.css")),
];

/// Routes of the pages, and of the documents over `operations`; the documents are built once.
pub fn routes(operations: &[Operation], base_uri: &url::Url) -> Vec<Route> {
    let mut routes = vec![
        Route::get("/", start),
        Route::get("/swagger", to_page),
        Route::get("/swagger/index.html", page),
        Route::get("/swagger/assets/{file}", asset),
    ];
    for audience in Audience::ALL {
        let text: Arc<str> = document(audience, operations, Some(base_uri)).to_string().into();
        let serve = move || async move {
            let headers =
                [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
            (headers, text.to_string())
        };
        routes.push(Route::get(audience.path(), serve));
    }
    routes
}

pub use graphiql::graphiql;

/// What precedes our paths in the address that the client used.
fn prefix() -> &'static str {
    if context::current().is_some_and(|request| request.prefixed) { context::PREFIX } else { "" }
}

async fn start() -> Page {
    let version = env!("CARGO_PKG_VERSION");
    Page(include_str!("start.html").replace("%PREFIX%", prefix()).replace("%VERSION%", version).into())
}

/// Public guides link to the page by its whole name, with a document and an operation behind it.
async fn to_page(RawQuery(query): RawQuery) -> Redirect {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::temporary(&format!("{}/swagger/index.html{query}", prefix()))
}

async fn page() -> Page {
    Page(include_str!("index.html").replace("%PREFIX%", prefix()).into())
}

async fn asset(Path(file): Path<String>) -> Response {
    if let Some((_, kind, text)) = OWN.iter().chain(&graphiql::OWN).find(|(name, ..)| *name == file) {
        return ([(header::CONTENT_TYPE, *kind)], *text).into_response();
    }
    if let Some(packed) = graphiql::vendored(&file) {
        return packed;
    }
    let config = Arc::new(utoipa_swagger_ui::Config::from(Audience::Combined.path()));
    match utoipa_swagger_ui::serve(&file, config) {
        Ok(Some(file)) => ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response(),
        Ok(None) | Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
