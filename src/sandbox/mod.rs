//! A local platform that speaks the real HTTP: tokens, decisions, registry, authorized parties, names, events.
//!
//! The service only knows its base addresses and cannot tell it from the real one. What both share (the clock; "the world
//! has changed, forget what you derived from it") is joined by whoever starts them: see [`SandboxHooks`].
//!
//! | Module | Owns |
//! |---|---|
//! | [`world`] | who there is and who may do what; pure |
//! | `platform`, `registry`, `events` | what the real platform answers |
//! | `issuers`, `exchange`, [`keys`] | discovery, key sets, Maskinporten and the exchange |
//! | `oidc` | logging in with a page of persons |
//! | `profile`, `usernames`, `messages` | what users set for themselves, and what they are sent |
//! | [`mint`], `token_endpoints` | tokens as the public test tools make them |
//! | [`numbers`] | numbers that nobody has |
//! | `calls` | what was called, and faults that were switched on |
//! | `control`, `card` | the sandbox's own interface under `/sandbox` |

mod calls;
mod card;
mod control;
mod events;
mod exchange;
mod guard;
mod issuers;
pub mod keys;
mod messages;
pub mod mint;
pub mod numbers;
mod oidc;
mod platform;
mod profile;
mod registry;
mod tables;
#[cfg(test)]
mod tests;
mod token_endpoints;
mod usernames;
mod wire;
pub mod world;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak},
};

use anyhow::{Context, Result};
use axum::Router;
use futures_util::future::BoxFuture;
use url::Url;

use self::{
    calls::{Calls, Fault},
    events::Events,
    keys::{Key, KeyName, Keys},
    messages::Messages,
    oidc::logins::Logins,
    profile::state::Profiles,
    registry::Changes,
    world::{Start, World},
};
use crate::clock::Clock;

/// A sandbox: its world and everything that has happened in it. Clones share one.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

/// A sandbox that may be gone: for hooks, which the sandbox itself holds and which would otherwise keep it for ever.
#[derive(Clone)]
pub struct WeakSandbox(Weak<Inner>);

impl WeakSandbox {
    /// The sandbox, if somebody still has it.
    pub fn upgrade(&self) -> Option<Sandbox> {
        self.0.upgrade().map(Sandbox)
    }
}

struct Inner {
    /// The world to go back to.
    start: Arc<World>,
    world: RwLock<Arc<World>>,
    // Not part of the world: what is gone from it must still be told to those who synchronise.
    registry: Mutex<Changes>,
    clock: Clock,
    keys: Arc<Keys>,
    /// Without a final slash.
    base: String,
    calls: Mutex<Calls>,
    events: Mutex<Events>,
    faults: Mutex<Vec<Fault>>,
    logins: Mutex<Logins>,
    profiles: Mutex<Profiles>,
    messages: Mutex<Messages>,
    // Set later: the service that they speak to is built from the sandbox's addresses.
    hooks: OnceLock<SandboxHooks>,
    /// Changes happen one after the other, each with its hook.
    // Tokio's, as it is held while hooks are waited for; the others are held for a moment and never across a wait.
    changing: tokio::sync::Mutex<()>,
}

/// Something the composition does before a change is answered. What fails is said in the answer.
pub type Hook = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// What follows from a change, done by whoever joined the sandbox and the service.
#[derive(Clone)]
pub struct SandboxHooks {
    /// The world or the faults are others: the service forgets what it derived from the platform and synchronises mappings
    /// and levels. Moves of the clock do not count: cached answers age with it.
    pub world_changed: Hook,
    /// Everything is as at start: stored dialogs go, those of the scenario come back, and the service forgets.
    pub reset: Hook,
}

impl Sandbox {
    /// A sandbox at `base`, with keys kept in `keys_dir`; without a folder they live as long as the process.
    ///
    /// If the world says where its clock starts, `clock` is set to it.
    ///
    /// # Errors
    /// Keys that cannot be read or written.
    pub fn new(world: World, clock: Clock, keys_dir: Option<&Path>, base: &Url) -> Result<Self> {
        let world = Arc::new(world);
        let sandbox = Self(Arc::new(Inner {
            start: world.clone(),
            registry: Mutex::new(Changes::since_the_beginning(world.subject_resources(), clock.now())),
            world: RwLock::new(world),
            clock,
            keys: Keys::open(keys_dir).context("the sandbox's keys")?,
            base: base.as_str().trim_end_matches('/').to_owned(),
            calls: Mutex::default(),
            events: Mutex::default(),
            faults: Mutex::default(),
            logins: Mutex::default(),
            profiles: Mutex::default(),
            messages: Mutex::default(),
            hooks: OnceLock::new(),
            changing: tokio::sync::Mutex::default(),
        }));
        sandbox.start_clock();
        Ok(sandbox)
    }

    pub fn downgrade(&self) -> WeakSandbox {
        WeakSandbox(Arc::downgrade(&self.0))
    }

    /// Joins the sandbox with a service. Only the first call counts. Hooks hold the sandbox weakly, or it never goes.
    pub fn set_hooks(&self, hooks: SandboxHooks) {
        self.0.hooks.set(hooks).ok();
    }

    /// Whether a service runs beside it.
    fn is_joined(&self) -> bool {
        self.0.hooks.get().is_some()
    }

    /// All routes, on one origin.
    pub fn router(&self) -> Router {
        let platform = Router::new()
            .merge(platform::routes())
            .merge(registry::routes())
            .merge(events::routes())
            .merge(exchange::routes())
            .merge(issuers::routes())
            .merge(oidc::routes())
            .merge(profile::routes())
            .route_layer(axum::middleware::from_fn_with_state(self.clone(), calls::record));
        let guard = axum::middleware::from_fn_with_state(self.clone(), guard::keep_out);
        let controls = token_endpoints::routes().merge(control::routes()).merge(oidc::controls()).route_layer(guard);
        platform.merge(controls).with_state(self.clone())
    }

    /// The world as it is now.
    pub fn world(&self) -> Arc<World> {
        self.0.world.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Where everything answers, without a final slash.
    pub fn base(&self) -> &str {
        &self.0.base
    }

    /// The base address of the token endpoints.
    pub fn token_url(&self) -> String {
        format!("{}/api", self.0.base)
    }

    /// The `iss` of an issuer's tokens; its discovery document lies below.
    pub fn issuer(&self, key: KeyName) -> String {
        format!("{}/sandbox/issuers/{}", self.0.base, key.name())
    }

    /// The service's client key at Maskinporten: base64 of the private JWK's JSON.
    pub fn maskinporten_jwk(&self) -> String {
        self.key(KeyName::Client).encoded_private_jwk()
    }

    /// Makes `world` the world, and the registry remember what is gone with the old one.
    fn replace_world(&self, world: Arc<World>) {
        let mut current = self.0.world.write().unwrap_or_else(PoisonError::into_inner);
        lock(&self.0.registry).follow(world.subject_resources(), self.0.clock.now());
        lock(&self.0.profiles).keep(|user| world.party(user).is_some());
        *current = world;
    }

    /// The clock as the world says: it stands still or goes on, from the instant that the world names, if it names one.
    fn start_clock(&self) {
        self.stop_clock();
        self.set_clock();
    }

    /// Whether the clock stands still, as the world says. Before it is set: it then stands at exactly that instant.
    fn stop_clock(&self) {
        let frozen = self.world().scenario().clock.frozen;
        if frozen != self.0.clock.is_frozen() {
            self.0.clock.set_frozen(frozen);
        }
    }

    /// The instant that the world names, if it names one.
    fn set_clock(&self) {
        if let Start::At(instant) = self.world().scenario().clock.start {
            self.0.clock.set(instant);
        }
    }

    /// The key that signs under this name.
    pub fn key(&self, name: KeyName) -> &Key {
        self.0.keys.get(name)
    }
}

/// Nothing panics while it holds one of the sandbox's locks, so a poisoned one holds what it should.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
