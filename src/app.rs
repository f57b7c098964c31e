//! Everything a request may reach, built once.

use std::sync::Arc;

use axum::extract::FromRef;
use secrecy::ExposeSecret;

use crate::{
    access::lists::Lists,
    altinn::Altinn,
    auth::{Authenticator, DialogTokens},
    clock::Clock,
    config::Config,
    db::Db,
    domain::masking::Masking,
    events::signal::Signal,
    server::{Lifecycle, Maintenance, Warmup},
    store::dictionary::Dictionary,
    turns::Turns,
    usage::Usage,
};

/// Everything a request may reach. Cloning copies handles; extractors take the part they need.
#[derive(Clone, FromRef)]
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub altinn: Altinn,
    pub lists: Lists,
    pub auth: Authenticator,
    pub tokens: DialogTokens,
    pub masking: Masking,
    pub config: Arc<Config>,
    pub dictionary: Dictionary,
    /// Where appends to one dialog wait for each other.
    pub turns: Turns,
    /// Told after each commit; whoever follows what happens waits for it.
    pub signal: Signal,
    /// What was executed for whom.
    pub usage: Usage,
    /// Whether the process is about to stop.
    pub lifecycle: Lifecycle,
    /// How far it is on its way to its first request.
    pub warmup: Warmup,
    /// Whether everything is refused for a while.
    pub maintenance: Maintenance,
}

impl App {
    /// The service over a database and a platform, the same for production, `dev` and tests. Nothing is asked yet.
    ///
    /// # Errors
    /// The database's address cannot be used.
    pub fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let db = Db::new(&config.database)?;
        let altinn = Altinn::new(&config, clock.clone(), db.clone());
        let auth = Authenticator::new(&config, clock.clone());
        let tokens = DialogTokens::new(&config.dialogporten);
        let masking = Masking::of_secret(config.dialogporten.masking_secret().expose_secret().as_bytes());
        let lists = Lists::new(&config.limits, altinn.clone(), db.clone());
        let maintenance = Maintenance::new(config.maintenance);
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
            turns: Turns::default(),
            signal: Signal::default(),
            usage: Usage::default(),
            lifecycle: Lifecycle::default(),
            warmup: Warmup::default(),
            maintenance,
        })
    }
}
