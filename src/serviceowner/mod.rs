//! What service owners may do: one file per operation.

pub mod dialogs;

use axum::Router;

use crate::{app::App, http::openapi::Operation};

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
}

/// The same as the API documents show them.
pub fn operations() -> Vec<Operation> {
    Vec::new()
}
