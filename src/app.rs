//! Everything a request may reach, built once.

use std::{str::FromStr, sync::Arc};

use anyhow::Context;
use axum::extract::FromRef;
use secrecy::ExposeSecret;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    access::Lists,
    altinn::Altinn,
    auth::{Authenticator, DialogTokens},
    clock::Clock,
    config::{Config, Database},
    domain::masking::Masking,
    store::dictionary::Dictionary,
};

/// Everything a request may reach. Cloning copies handles; extractors take the part they need.
#[derive(Clone, FromRef)]
pub struct App {
    pub db: PgPool,
    pub clock: Clock,
    pub altinn: Altinn,
    pub lists: Lists,
    pub auth: Authenticator,
    pub tokens: DialogTokens,
    pub masking: Masking,
    pub config: Arc<Config>,
    pub dictionary: Dictionary,
}

impl App {
    /// The service over a database and a platform, the same for production, `dev` and tests. Nothing is asked yet.
    ///
    /// # Errors
    /// The database's address cannot be used.
    pub fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let db = pool(&config.database)?;
        let altinn = Altinn::new(&config, clock.clone(), db.clone());
        let auth = Authenticator::new(&config, clock.clone());
        let tokens = DialogTokens::new(&config.dialogporten);
        let masking = Masking::of_secret(config.dialogporten.masking_secret().expose_secret().as_bytes());
        let lists = Lists::new(&config.limits, altinn.clone(), db.clone());
        Ok(Self {
            db,
            clock,
            altinn,
            lists,
            auth,
            tokens,
            masking,
            config: Arc::new(config),
            dictionary: Dictionary::default(),
        })
    }
}

/// Connections that are made when they are needed.
fn pool(database: &Database) -> anyhow::Result<PgPool> {
    let options = session(PgConnectOptions::from_str(database.url.expose_secret()).context("database.url")?)
        .application_name("dialogporten")
        .options([("statement_timeout", database.statement_timeout.as_millis().to_string())]);
    Ok(PgPoolOptions::new()
        .max_connections(database.max_connections)
        // A ping before each use would double the round trips; a connection that died shows at its next statement.
        .test_before_acquire(false)
        .connect_lazy_with(options))
}

/// The settings of every connection that the statements' plans rely on: the shape of a plan is written into its statement,
/// so planning again for each set of values only costs, and a full sort is never the better way to a page.
pub fn session(options: PgConnectOptions) -> PgConnectOptions {
    options.statement_cache_capacity(256).options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_sort", "off"),
        ("max_parallel_workers_per_gather", "0"),
        ("jit", "off"),
    ])
}
