//! What anybody may read: limits, the well-known documents, and how the service is.

pub mod health;
pub mod limits;
pub mod well_known;

use axum::{Router, routing::get};

use crate::{app::App, http::openapi::Operation};

/// Routes that ask for no token.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/metadata/limits", get(limits::get))
        .route("/api/v1/.well-known/jwks.json", get(well_known::keys))
        .route("/api/v1/.well-known/oauth-authorization-server", get(well_known::authorization_server))
        .merge(health::routes())
}

/// The same as the API documents show them.
pub fn operations() -> Vec<Operation> {
    vec![limits::operation(), well_known::keys_operation(), well_known::authorization_server_operation()]
}
