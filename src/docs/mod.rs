//! `/swagger`: the documents, and Swagger UI to explore them. Everything it needs is in the program; it works offline.
//!
//! The page asks `/sandbox` for identities. Where a sandbox answers, a menu offers them and fills in their tokens; elsewhere
//! there is no menu. The service itself knows of no sandbox.

use std::sync::Arc;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::openapi::{Audience, Operation, Route, document};

/// Routes of the documents over `operations`; the documents are built once.
pub fn routes(operations: &[Operation], base_uri: &url::Url) -> Vec<Route> {
    let mut routes = vec![Route::get("/swagger", page), Route::get("/swagger/assets/{file}", asset)];
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

async fn page() -> Html<&'static str> {
    Html(include_str!("index.html"))
}

async fn asset(Path(file): Path<String>) -> Response {
    if file == "explore.js" {
        return ([(header::CONTENT_TYPE, "text/javascript")], include_str!("explore.js")).into_response();
    }
    let config = Arc::new(utoipa_swagger_ui::Config::from("/swagger/v1.serviceowner/swagger.json"));
    match utoipa_swagger_ui::serve(&file, config) {
        Ok(Some(file)) => ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response(),
        Ok(None) | Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
