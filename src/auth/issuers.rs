//! Issuers whose tokens are accepted: discovery and keys, fetched when first needed, refreshed, each on its own.

use std::{
    sync::{Arc, Mutex as Lock, PoisonError},
    time::{Duration, Instant as Monotonic},
};

use chrono::TimeDelta;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::keys::Keys;
use crate::{clock::Clock, config, domain::Instant};

/// How old keys may be before they are fetched again.
const FRESH: TimeDelta = TimeDelta::hours(12);
/// How old they may be while fetching fails.
const STALE: TimeDelta = TimeDelta::hours(24);
/// The least time between two fetches that an unknown key id causes: anybody can invent key ids.
const BETWEEN_FORCED: Duration = Duration::from_mins(5);
/// The least time between two fetches after a failure.
const BETWEEN_FAILURES: Duration = Duration::from_secs(1);

/// One issuer.
pub(super) struct Issuer {
    name: String,
    well_known: Url,
    client: reqwest::Client,
    clock: Clock,
    known: Lock<Option<Arc<Known>>>,
    /// Held while fetching, so that one fetch serves all who wait.
    fetching: Mutex<Attempts>,
}

/// What an issuer says of itself.
pub(super) struct Known {
    pub issuer: String,
    pub keys: Keys,
    at: Instant,
}

#[derive(Default)]
struct Attempts {
    failed: Option<Monotonic>,
    forced: Option<Monotonic>,
}

impl Issuer {
    pub fn new(of: &config::Issuer, client: reqwest::Client, clock: Clock) -> Self {
        let (known, fetching) = (Lock::default(), Mutex::default());
        Self { name: of.name.clone(), well_known: of.well_known.clone(), client, clock, known, fetching }
    }

    /// What is known without asking; may be too old.
    fn remembered(&self) -> Option<Arc<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn not_older_than(&self, limit: TimeDelta) -> Option<Arc<Known>> {
        let age = |known: &Known| self.clock.now() - known.at;
        self.remembered().filter(|known| (TimeDelta::zero()..=limit).contains(&age(known)))
    }

    /// What the issuer is known to say of itself without asking it.
    pub fn known_already(&self) -> Option<Arc<Known>> {
        self.not_older_than(FRESH)
    }

    /// What the issuer says of itself; nothing if it cannot be asked and the last answer is too old.
    pub async fn known(&self) -> Option<Arc<Known>> {
        if let Some(known) = self.not_older_than(FRESH) {
            return Some(known);
        }
        let mut attempts = self.fetching.lock().await;
        if let Some(known) = self.not_older_than(FRESH) {
            return Some(known);
        }
        if attempts.failed.is_none_or(|at| at.elapsed() >= BETWEEN_FAILURES) {
            self.fetch(&mut attempts).await;
        }
        self.not_older_than(STALE)
    }

    /// Asks again because `before` lacks a key; at most once in a while.
    pub async fn renewed(&self, before: &Arc<Known>) -> Option<Arc<Known>> {
        let mut attempts = self.fetching.lock().await;
        let remembered = self.remembered();
        if remembered.as_ref().is_some_and(|known| !Arc::ptr_eq(known, before)) {
            return remembered;
        }
        if attempts.forced.is_none_or(|at| at.elapsed() >= BETWEEN_FORCED) {
            attempts.forced = Some(Monotonic::now());
            self.fetch(&mut attempts).await;
        }
        self.not_older_than(STALE)
    }

    pub fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn fetch(&self, attempts: &mut Attempts) {
        match self.ask().await {
            Ok(known) => {
                attempts.failed = None;
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(known));
            }
            Err(error) => {
                attempts.failed = Some(Monotonic::now());
                tracing::warn!(issuer = %self.name, error = format!("{error:#}"), "keys of an issuer could not be fetched");
            }
        }
    }

    async fn ask(&self) -> anyhow::Result<Known> {
        let at = self.clock.now();
        let discovery = self.get(self.well_known.clone()).await?;
        let text = |name: &str| discovery.get(name).and_then(Value::as_str);
        let issuer = text("issuer").ok_or_else(|| anyhow::anyhow!("no `issuer` in the discovery document"))?;
        let jwks = text("jwks_uri").ok_or_else(|| anyhow::anyhow!("no `jwks_uri` in the discovery document"))?;
        let jwks = self.get(self.well_known.join(jwks)?).await?;
        let keys = Keys::from_jwks(&jwks).ok_or_else(|| anyhow::anyhow!("no `keys` in the key document"))?;
        Ok(Known { issuer: issuer.to_owned(), keys, at })
    }

    async fn get(&self, address: Url) -> anyhow::Result<Value> {
        let answer = self.client.get(address).timeout(Duration::from_secs(10)).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}
