//! What end users and their systems may do: one file per operation.

pub mod dialogs;

use axum::{Router, routing::get};

use crate::{app::App, http::openapi::Operation};

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/enduser/dialogs/{dialogId}", get(dialogs::get::get))
        .route("/api/v1/enduser/dialogs", get(dialogs::search::search))
}

/// The same as the API documents show them.
pub fn operations() -> Vec<Operation> {
    vec![dialogs::search::operation(), dialogs::get::operation()]
}
