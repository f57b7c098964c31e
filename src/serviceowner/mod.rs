//! What service owners may do: one file per operation.

pub mod dialogs;
pub mod ownership;

use axum::{Router, routing::get};

use crate::{app::App, http::openapi::Operation};

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new().route("/api/v1/serviceowner/dialogs/{dialogId}", get(dialogs::get::get))
}

/// The same as the API documents show them.
pub fn operations() -> Vec<Operation> {
    vec![dialogs::get::operation()]
}
