//! Everything a request may reach, built once.

use std::sync::Arc;

use axum::extract::FromRef;
use sqlx::PgPool;

use crate::{altinn::Altinn, auth::Authenticator, clock::Clock, config::Config};

/// Everything a request may reach. Cloning copies handles; extractors take the part they need.
#[derive(Clone, FromRef)]
pub struct App {
    pub db: PgPool,
    pub clock: Clock,
    pub altinn: Altinn,
    pub auth: Authenticator,
    pub config: Arc<Config>,
}
