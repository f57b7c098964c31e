//! Issuers whose tokens are accepted: discovery and keys, fetched when first needed, refreshed, each on its own.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant as Monotonic},
};

use chrono::TimeDelta;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::keys::Keys;
use crate::{
    clock::Clock,
    config,
    domain::Instant,
    flight::{Flight, Lost},
};

/// How old keys may be before they are fetched again, beside their use.
// What the reference's library refreshes by (chapter 03 §1.2).
const FRESH: TimeDelta = TimeDelta::hours(12);
/// How old they may be while fetching fails.
const STALE: TimeDelta = TimeDelta::hours(24);
/// The least time between two fetches that an unknown key id causes: anybody can invent key ids.
// The reference waits five minutes, which would refuse good tokens for so long after an issuer changed its keys.
const BETWEEN_FORCED: Duration = Duration::from_secs(30);
/// The least time between two fetches after a failure: for those who cannot go on without, and beside the use of old keys.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
const AFTER_FAILURE_WITH_KEYS: Duration = Duration::from_secs(30);
/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// One issuer. Clones share what is known of it.
#[derive(Clone)]
pub(super) struct Issuer(Arc<Inner>);

struct Inner {
    name: String,
    well_known: Url,
    client: reqwest::Client,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Option<Arc<Known>>,
    /// One fetch serves all who wait.
    fetching: Option<Flight<Arc<Known>, Unknown>>,
    failed: Option<Monotonic>,
    // Not the application's clock: these spare the issuer, which does not live in a test's time.
    forced: Option<Monotonic>,
    /// Raised by forgetting: what is under way is not kept then.
    generation: u64,
}

/// What an issuer says of itself.
pub(super) struct Known {
    pub issuer: String,
    pub keys: Keys,
    at: Instant,
}

/// It could not be asked; that was logged.
#[derive(Clone, Copy)]
struct Unknown;

impl From<Lost> for Unknown {
    fn from(_: Lost) -> Self {
        Self
    }
}

impl Issuer {
    pub fn new(of: &config::Issuer, client: reqwest::Client, clock: Clock) -> Self {
        let (name, well_known) = (of.name.clone(), of.well_known.clone());
        Self(Arc::new(Inner { name, well_known, client, clock, state: Mutex::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the issuer is known to say of itself without asking it. If that is old, it is asked meanwhile.
    pub fn known_already(&self) -> Option<Arc<Known>> {
        let mut state = self.state();
        let known = state.known.clone().filter(|known| self.is_within(STALE, known))?;
        // One fetch at a time, and after a failure not at once: the keys at hand still serve.
        let may_ask = state.fetching.is_none() && state.failed.is_none_or(|at| at.elapsed() >= AFTER_FAILURE_WITH_KEYS);
        if may_ask && !self.is_within(FRESH, &known) {
            self.fetch(&mut state);
        }
        Some(known)
    }

    /// What the issuer says of itself; nothing if it cannot be asked and the last answer is too old.
    pub async fn known(&self) -> Option<Arc<Known>> {
        if let Some(known) = self.known_already() {
            return Some(known);
        }
        let fetching = {
            let mut state = self.state();
            match &state.fetching {
                Some(fetching) => fetching.clone(),
                None if state.failed.is_some_and(|at| at.elapsed() < AFTER_FAILURE) => return None,
                None => self.fetch(&mut state),
            }
        };
        self.wait(fetching).await
    }

    /// Asks again because `before` lacks a key; at most once in a while.
    pub async fn renewed(&self, before: &Arc<Known>) -> Option<Arc<Known>> {
        let fetching = {
            let mut state = self.state();
            match (&state.known, &state.fetching) {
                // Somebody else fetched newer ones since this token was looked at.
                (Some(known), _) if !Arc::ptr_eq(known, before) => return Some(Arc::clone(known)),
                (_, Some(fetching)) => fetching.clone(),
                (_, None) if state.forced.is_some_and(|at| at.elapsed() < BETWEEN_FORCED) => return None,
                (_, None) => {
                    state.forced = Some(Monotonic::now());
                    self.fetch(&mut state)
                }
            }
        };
        self.wait(fetching).await
    }

    pub fn forget(&self) {
        let mut state = self.state();
        // `forced` stays: forgetting must not be a way to make us ask more often.
        *state = State { generation: state.generation + 1, forced: state.forced, ..State::default() };
    }

    fn is_within(&self, limit: TimeDelta, known: &Known) -> bool {
        // A time in the future (a clock set back) counts as too old.
        (TimeDelta::zero()..=limit).contains(&(self.0.clock.now() - known.at))
    }

    fn fetch(&self, state: &mut State) -> Flight<Arc<Known>, Unknown> {
        let (learns, generation) = (self.clone(), state.generation);
        let fetching = Flight::begin(self.clone().ask(), move |answer: &Result<Arc<Known>, Unknown>| {
            let mut state = learns.state();
            // Begun before everything was forgotten: its answer may be just what was to be forgotten.
            if state.generation != generation {
                return;
            }
            state.fetching = None;
            state.failed = answer.is_err().then(Monotonic::now);
            if let Ok(known) = answer {
                state.known = Some(Arc::clone(known));
            }
        });
        state.fetching = Some(fetching.clone());
        fetching
    }

    async fn wait(&self, fetching: Flight<Arc<Known>, Unknown>) -> Option<Arc<Known>> {
        let asks = self.clone();
        fetching.answer(Some(move || asks.ask())).await.ok()
    }

    async fn ask(self) -> Result<Arc<Known>, Unknown> {
        let asked = timeout(PATIENCE, self.discover()).await;
        asked.map_err(anyhow::Error::from).flatten().map(Arc::new).map_err(|error| {
            let error = format!("{error:#}");
            tracing::warn!(issuer = %self.0.name, error, "keys of an issuer could not be fetched");
            Unknown
        })
    }

    async fn discover(&self) -> anyhow::Result<Known> {
        // Before asking, so that the keys are never newer than they claim.
        let at = self.0.clock.now();
        let discovery = self.get(self.0.well_known.clone()).await?;
        let text = |name: &str| discovery.get(name).and_then(Value::as_str);
        let issuer = text("issuer").ok_or_else(|| anyhow::anyhow!("no `issuer` in the discovery document"))?;
        let jwks = text("jwks_uri").ok_or_else(|| anyhow::anyhow!("no `jwks_uri` in the discovery document"))?;
        // Joined: an issuer may give a relative address.
        let jwks = self.get(self.0.well_known.join(jwks)?).await?;
        let keys = Keys::from_jwks(&jwks).ok_or_else(|| anyhow::anyhow!("no `keys` in the key document"))?;
        Ok(Known { issuer: issuer.to_owned(), keys, at })
    }

    async fn get(&self, address: Url) -> anyhow::Result<Value> {
        let answer = self.0.client.get(address).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}
