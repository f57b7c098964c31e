//! What the platform says: registry, decisions, authorized parties, names. Cached, bounded, failing closed. What follows from
//! it for dialogs is worked out in [`crate::access`].
//!
//! | Module | Owns |
//! |---|---|
//! | [`decision`] | what a caller may do with one dialog |
//! | [`parties`] | whom a caller represents, and what they hold there |
//! | [`resources`], [`sync`] | the Resource Registry: catalogue, role mappings, authentication levels |
//! | [`names`], [`access_metadata`] | names of parties, service owners, roles and access packages |
//! | [`events`] | the platform's event endpoint |
//! | [`cache`], [`http`], [`maskinporten`] | ages of answers, time-outs and repetitions, our own token |

pub mod access_metadata;
pub mod cache;
pub mod decision;
pub mod events;
mod http;
mod maskinporten;
pub mod names;
pub mod parties;
pub mod resources;
pub mod sync;

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use crate::{
    clock::Clock,
    config::{self, Config},
    db::{Db, trouble},
    domain::{decision::Decision, refusal::Refusal, violations::Code},
    flight::Lost,
};
use cache::Cache;
use http::Platform;

/// The platform as the service sees it. Clones share caches.
#[derive(Clone)]
pub struct Altinn(Arc<State>);

struct State {
    platform: Platform,
    db: Db,
    features: config::Features,
    decisions: Cache<[u8; 32], Arc<Decision>>,
    parties: Cache<parties::Key, Arc<parties::AuthorizedParties>>,
    catalogue: Cache<(), Arc<resources::Catalogue>>,
    party_names: Cache<String, Option<String>>,
    service_owner_names: Cache<(), Arc<HashMap<String, names::ServiceOwnerName>>>,
    access_metadata: Cache<(), Arc<access_metadata::AccessMetadata>>,
    /// What was synchronised from the registry; nothing before the first load.
    synced: RwLock<Option<Arc<sync::Synced>>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AltinnError {
    #[error("{call}: answered with status {status}")]
    Refused { call: &'static str, status: u16 },
    #[error("{call}: cannot be reached: {cause}")]
    Unreachable { call: &'static str, cause: Arc<str> },
    #[error("{call}: the answer cannot be read: {cause}")]
    Unreadable { call: &'static str, cause: Arc<str> },
    #[error("no answer in time")]
    TimedOut,
    #[error("too many questions are under way")]
    Busy,
    #[error("the private key for Maskinporten cannot be used")]
    UnusableKey,
    #[error("nobody whom the decision point could be asked about")]
    NoSubject,
    #[error("what was synchronised could not be read")]
    Store(#[source] Arc<sqlx::Error>),
}

impl AltinnError {
    fn refused(call: &'static str, status: reqwest::StatusCode) -> Self {
        Self::Refused { call, status: status.as_u16() }
    }

    fn unreachable(call: &'static str, error: &reqwest::Error) -> Self {
        // reqwest's own text is short; what went wrong stands in its sources.
        let mut cause = String::new();
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            cause = format!("{cause}{}{error}", if cause.is_empty() { "" } else { ": " });
            source = error.source();
        }
        Self::Unreachable { call, cause: cause.into() }
    }

    /// The parser's text would quote the answer, which may hold names: only its kind and place are kept.
    fn unreadable(call: &'static str, error: &serde_json::Error) -> Self {
        let cause = format!("{:?} error in line {}, column {}", error.classify(), error.line(), error.column());
        Self::Unreadable { call, cause: cause.into() }
    }
}

impl From<Lost> for AltinnError {
    fn from(_: Lost) -> Self {
        Self::TimedOut
    }
}

impl From<sqlx::Error> for AltinnError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<AltinnError> for Refusal {
    fn from(error: AltinnError) -> Self {
        match error {
            // 403 where the reference fails with 500: the token is the caller's to mend (chapter 03 §5.3).
            AltinnError::NoSubject => Self::forbidden(Code::CallerUnidentified.says("Forbidden").hint(
                "The token names nobody whom the platform could be asked about: no user id, person number or system user.",
            )),
            AltinnError::Busy => Self::overloaded(),
            AltinnError::Store(ref cause) => trouble::refusal(cause).unwrap_or_else(|| Self::Fault(error.into())),
            AltinnError::UnusableKey => Self::Fault(error.into()),
            AltinnError::Refused { .. }
            | AltinnError::Unreachable { .. }
            | AltinnError::Unreadable { .. }
            | AltinnError::TimedOut => Self::BadGateway(error.into()),
        }
    }
}

impl Altinn {
    /// Asks nobody yet. [`Altinn::load`] or [`Altinn::sync_now`] belong before the first request.
    pub fn new(config: &Config, clock: Clock, db: Db) -> Self {
        let ages = &config.cache;
        Self(Arc::new(State {
            platform: Platform::new(config, clock.clone()),
            db,
            features: config.features.clone(),
            decisions: Cache::new(clock.clone(), ages.decisions, 100_000).named("decisions"),
            // Counted in parties: a few callers represent tens of thousands.
            parties: Cache::weighed(
                clock.clone(),
                ages.authorized_parties,
                1_000_000,
                |parties: &Arc<parties::AuthorizedParties>| parties.weight(),
            )
            .named("authorized_parties"),
            catalogue: Cache::new(clock.clone(), ages.resource_list, 1).named("catalogue"),
            party_names: Cache::new(clock.clone(), ages.party_names, 100_000).named("party_names"),
            service_owner_names: Cache::new(clock.clone(), ages.service_owner_names, 1).named("service_owner_names"),
            access_metadata: Cache::new(clock, ages.access_metadata, 1).named("access_metadata"),
            synced: RwLock::default(),
        }))
    }

    /// Forgets every answer and token, as after a restart. What was synchronised stays until the next synchronisation.
    pub fn forget_all(&self) {
        let state = &self.0;
        state.decisions.forget_all();
        state.parties.forget_all();
        state.catalogue.forget_all();
        state.party_names.forget_all();
        state.service_owner_names.forget_all();
        state.access_metadata.forget_all();
        state.platform.forget_tokens();
    }
}
