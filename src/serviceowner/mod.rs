//! What service owners may do: one file per operation.

pub mod actor_names;
pub mod authorization;
pub mod deferred;
pub mod dialogs;
pub mod idempotency;
pub mod ownership;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{app::App, http::openapi::Operation};

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route(dialogs::create::PATH, post(dialogs::create::create))
        .route("/api/v1/serviceowner/dialogs/{dialogId}", get(dialogs::get::get))
}

/// The same as the API documents show them.
pub fn operations() -> Vec<Operation> {
    vec![dialogs::create::operation(), dialogs::get::operation()]
}
