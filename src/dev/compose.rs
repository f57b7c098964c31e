//! Service and sandbox on one origin, joined. `dev` and the tests start the same thing.

use std::path::Path;

use anyhow::Context;
use axum::Router;
use secrecy::SecretString;
use url::Url;

use crate::{
    app::App,
    clock::Clock,
    config::{ServiceKeys, Settings},
    router,
    sandbox::{Sandbox, world::World},
};

/// What the composition is made of.
pub struct Ingredients<'a> {
    /// With the database's address; the platform's are put on top.
    pub settings: Settings,
    pub world: World,
    pub clock: Clock,
    /// The keys of this service; the sandbox brings the one for Maskinporten.
    pub keys: ServiceKeys,
    /// Where the sandbox keeps its keys; without it they live as long as the process.
    pub keys_dir: Option<&'a Path>,
    /// Where everything is going to answer.
    pub base: Url,
}

/// A service and its platform.
#[derive(Clone)]
pub struct Composition {
    pub app: App,
    pub sandbox: Sandbox,
}

impl Composition {
    /// Builds both. Nothing is listened on and nothing is asked yet.
    ///
    /// # Errors
    /// Faults of the settings, keys that cannot be kept.
    pub fn build(ingredients: Ingredients<'_>) -> anyhow::Result<Self> {
        let Ingredients { mut settings, world, clock, mut keys, keys_dir, base } = ingredients;
        let sandbox = Sandbox::new(world, clock.clone(), keys_dir, &base).context("the sandbox does not start")?;
        keys.client_jwk = SecretString::from(sandbox.maskinporten_jwk());
        settings.point_at(&base, &keys);
        let app = App::build(settings.config()?, clock)?;
        Ok(Self { app, sandbox })
    }

    /// Routes of the service and of the platform. They share no path.
    pub fn router(&self) -> Router {
        router::router(self.app.clone()).merge(self.sandbox.router())
    }
}
