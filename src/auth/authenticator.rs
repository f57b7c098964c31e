//! From a bearer token to its claims.

use std::sync::Arc;

use axum::http::{HeaderMap, header::AUTHORIZATION};
use chrono::TimeDelta;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    claims::Claims,
    issuers::{Issuer, Known},
    keys::Unverified,
    token_fault::TokenFault,
};
use crate::{
    clock::Clock,
    config::Config,
    domain::{Instant, refusal::Refusal},
    outgoing,
};

/// How far the clocks of issuers may differ from ours.
// As in the reference (chapter 03 §1.3).
pub(super) const SKEW: TimeDelta = TimeDelta::seconds(2);
/// How many verified tokens are remembered.
// Bounded, since anybody can send tokens; only such that were proven get in.
const REMEMBERED: u64 = 20_000;

/// Checks tokens against the configured issuers. Clones share keys and remembered tokens.
#[derive(Clone)]
pub struct Authenticator(Arc<State>);

struct State {
    clock: Clock,
    issuers: Vec<Issuer>,
    /// Tokens whose signature was verified, by SHA-256, so that a client's next call does not cost it again.
    verified: moka::future::Cache<[u8; 32], Verified>,
}

/// A token whose signature was verified; its time was not looked at.
#[derive(Clone)]
pub(super) struct Verified {
    pub claims: Arc<Claims>,
    not_before: Option<Instant>,
    pub expires_at: Instant,
}

impl Authenticator {
    pub fn new(config: &Config, clock: Clock) -> Self {
        let issuers = config.authentication.issuers.iter();
        let issuers =
            issuers.map(|issuer| Issuer::new(issuer, outgoing::client(&issuer.well_known), clock.clone())).collect();
        Self(Arc::new(State { clock, issuers, verified: moka::future::Cache::new(REMEMBERED) }))
    }

    /// The claims of the token in the `Authorization` header.
    ///
    /// # Errors
    /// `Unauthorized` if there is none or it does not hold; `BadGateway` if an issuer that could be the token's does not
    /// answer.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<Claims>, Refusal> {
        let token = bearer(headers).ok_or(Refusal::Unauthorized(None))?;
        let now = self.0.clock.now();
        // By hash: keys of one size, and no usable token is kept.
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let verified = if let Some(verified) = self.0.verified.get(&hash).await {
            verified
        } else {
            let verified = self.verify(token).await?;
            self.0.verified.insert(hash, verified.clone()).await;
            verified
        };
        // Each time, also for a remembered token: its time goes on.
        verified.holds_at(now)?;
        Ok(verified.claims)
    }

    /// Forgets keys and tokens, as after a restart.
    pub fn forget_all(&self) {
        self.0.issuers.iter().for_each(Issuer::forget);
        self.0.verified.invalidate_all();
    }

    /// The token's content, if one of the issuers signed it. Does not look at its time.
    async fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        let token = Unverified::parse(token).ok_or(TokenFault::Malformed)?;
        let iss = token.issuer().ok_or(TokenFault::Malformed)?;
        let (issuer, mut known) = self.issuer(iss).await?.ok_or(TokenFault::UntrustedIssuer)?;
        if !known.keys.knows(token.kid.as_deref()) {
            match issuer.renewed(&known).await {
                // An issuer that calls itself something else by now has not signed this token.
                Some(newer) if newer.issuer == iss => known = newer,
                Some(_) | None => return Err(TokenFault::UnknownKey.into()),
            }
        }
        if !known.keys.knows(token.kid.as_deref()) {
            return Err(TokenFault::UnknownKey.into());
        }
        // The algorithm before the signature: no key is ever used with an algorithm that is not its own.
        if !known.keys.accept(&token) {
            return Err(TokenFault::Algorithm.into());
        }
        if !known.keys.prove(&token) {
            return Err(TokenFault::Signature.into());
        }
        Ok(Verified::from_payload(&token.payload).ok_or(TokenFault::Malformed)?)
    }

    /// The issuer that calls itself `iss`. They are asked side by side: one that does not answer holds up no other.
    async fn issuer(&self, iss: &str) -> Result<Option<(&Issuer, Arc<Known>)>, Refusal> {
        let issuers = &self.0.issuers;
        // Nearly always it is known: then nobody is asked, however many of the others are not.
        let mut known = issuers.iter().filter_map(|issuer| Some((issuer, issuer.known_already()?)));
        if let Some(found) = known.find(|(_, known)| known.issuer == iss) {
            return Ok(Some(found));
        }
        let mut asked: Vec<_> =
            // Boxed, as `select_all` moves them.
            issuers.iter().map(|issuer| Box::pin(async move { (issuer, issuer.known().await) })).collect();
        let mut silent = 0;
        while !asked.is_empty() {
            let ((issuer, known), _, rest) = futures_util::future::select_all(asked).await;
            asked = rest;
            match known {
                Some(known) if known.issuer == iss => return Ok(Some((issuer, known))),
                Some(_) => {}
                None => silent += 1,
            }
        }
        if silent == 0 {
            return Ok(None);
        }
        // The token may well be from the one that is silent: that is nothing the caller can mend.
        Err(Refusal::BadGateway(anyhow::anyhow!("{silent} issuers do not answer, and the token is of no other")))
    }
}

impl Verified {
    /// `exp` must be there; both times must be numbers.
    pub fn from_payload(payload: &Map<String, Value>) -> Option<Self> {
        let expires_at = instant(payload.get("exp")?)?;
        let not_before = match payload.get("nbf") {
            None | Some(Value::Null) => None,
            Some(value) => Some(instant(value)?),
        };
        Some(Self { claims: Arc::new(Claims::from_payload(payload)), not_before, expires_at })
    }

    /// Whether the token's time has come and is not over, give or take what clocks may differ.
    pub fn holds_at(&self, now: Instant) -> Result<(), TokenFault> {
        if let Some(not_before) = self.not_before.filter(|not_before| *not_before - SKEW > now) {
            return Err(TokenFault::NotYetValid(not_before));
        }
        if self.expires_at + SKEW < now { Err(TokenFault::Expired(self.expires_at)) } else { Ok(()) }
    }
}

fn instant(seconds: &Value) -> Option<Instant> {
    #[expect(clippy::cast_possible_truncation, reason = "parts of a second do not matter, and the cast saturates")]
    // A NumericDate may have a fraction (RFC 7519 §2).
    let whole = seconds.as_i64().or_else(|| seconds.as_f64().map(|seconds| seconds as i64))?;
    // Far enough from chrono's ends that the skew can be added.
    Instant::from_timestamp(whole.clamp(0, 100_000_000_000), 0)
}

/// What follows `Bearer `, whatever its letter case.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
