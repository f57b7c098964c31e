//! Service and sandbox on one origin, joined. `dev` and the tests start the same thing.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use axum::Router;
use secrecy::SecretString;
use url::Url;

use super::{addresses, database, seed};
use crate::{
    app::App,
    clock::Clock,
    config::{ServiceKeys, Settings},
    router,
    sandbox::{Sandbox, SandboxHooks, world::World},
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
        // The sandbox only believes assertions that its own client key signed.
        keys.client_jwk = SecretString::from(sandbox.maskinporten_jwk());
        addresses::point_at(&mut settings, &base, &keys);
        let app = App::build(settings.config()?, clock)?;
        Ok(Self { app, sandbox })
    }

    /// Joins the two: what changes in the sandbox is in force in the service when the change is answered.
    ///
    /// `seeded`: a reset creates the scenario's dialogs again.
    pub fn join(&self, seeded: bool) {
        let (changed, reset) = (self.app.clone(), self.app.clone());
        // Weakly: the sandbox holds its hooks, and would hold itself by them.
        let sandbox = self.sandbox.downgrade();
        self.sandbox.set_hooks(SandboxHooks {
            world_changed: Arc::new(move || {
                let app = changed.clone();
                Box::pin(async move { follow_world(&app).await })
            }),
            reset: Arc::new(move || {
                let (app, sandbox) = (reset.clone(), sandbox.clone());
                Box::pin(async move {
                    // It is the sandbox that runs its hooks, so it is still there.
                    let sandbox = sandbox.upgrade().context("the sandbox is gone")?;
                    Self { app, sandbox }.reset(seeded).await
                })
            }),
        });
    }

    /// What belongs before the first request: the registry's mappings and levels as they are now. The platform answers
    /// already, because it is served beside the service.
    pub async fn start(&self) -> anyhow::Result<()> {
        // Levels of an earlier run would stay: a synchronisation only ever adds and changes them.
        sqlx::query("delete from resource_level").execute(&self.app.db).await?;
        follow_world(&self.app).await
    }

    async fn reset(&self, seeded: bool) -> anyhow::Result<()> {
        database::empty(&self.app.db).await?;
        self.start().await?;
        if seeded {
            seed::dialogs(&self.sandbox).await?;
        }
        Ok(())
    }

    /// Creates the scenario's dialogs unless there are dialogs already; says how many it created.
    pub async fn seed_if_empty(&self) -> anyhow::Result<Option<usize>> {
        let used: bool = sqlx::query_scalar("select exists (select from dialog)").fetch_one(&self.app.db).await?;
        if used { Ok(None) } else { seed::dialogs(&self.sandbox).await.map(Some) }
    }

    /// Routes of the service and of the platform. They share no path.
    pub fn router(&self) -> Router {
        router::router(self.app.clone()).merge(self.sandbox.router())
    }
}

/// Forgets what was derived from an earlier world, and synchronises anew from the beginning: the sandbox's clock may
/// have been turned back, and then nothing would be newer than what is stored.
async fn follow_world(app: &App) -> anyhow::Result<()> {
    let App { auth, altinn, db, .. } = app;
    // Before the caches are forgotten: what is read anew must not find the earlier world's rows.
    sqlx::query("delete from subject_resource").execute(db).await?;
    auth.forget_all();
    altinn.forget_all();
    altinn.sync_now().await.context("synchronising with the sandbox")
}
