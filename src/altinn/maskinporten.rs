//! Our own token for the platform: proven to Maskinporten, exchanged at Altinn, kept until shortly before it ends.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant as Monotonic},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeyPairComponents, PublicKeyComponents},
    signature::RSA_PKCS1_SHA256,
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    AltinnError,
    http::{Line, RETRIES, read},
};
use crate::{clock::Clock, config, domain::Instant, flight::Flight};

/// A token is not used in its last seconds: it must still hold when it arrives.
// As the reference's library has it (chapter 03 §8.2).
const MARGIN: TimeDelta = TimeDelta::seconds(5);
/// How long anybody waits for a token.
// Like the caches' hard limit for the calls that need a token.
const PATIENCE: Duration = Duration::from_secs(25);

/// The token, asked for when first needed; one asking serves all. Clones share it.
#[derive(Clone)]
pub(super) struct Tokens(Arc<Inner>);

struct Inner {
    settings: config::Maskinporten,
    line: Line,
    clock: Clock,
    // Read once; `None` is kept too, as it will not get better.
    key: OnceLock<Option<SigningKey>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    asking: Option<Flight<Current, AltinnError>>,
    /// Told to whoever asks in the moment after it: thousands may ask for what has just failed.
    failed: Option<(AltinnError, Monotonic)>,
    /// Raised by forgetting: what is under way is not kept then.
    generation: u64,
}

#[derive(Clone)]
struct Current {
    token: SecretString,
    asked_at: Instant,
    /// From here on a new one is asked for beside its use.
    renewed_from: Instant,
    good_until: Instant,
}

#[derive(Serialize)]
struct Assertion<'a> {
    aud: &'a str,
    iss: &'a str,
    scope: &'a str,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: i64,
}

impl Tokens {
    pub fn new(settings: &config::Maskinporten, line: Line, clock: Clock) -> Self {
        let settings = settings.clone();
        Self(Arc::new(Inner { settings, line, clock, key: OnceLock::new(), state: Mutex::default() }))
    }

    /// A token that holds now.
    ///
    /// # Errors
    /// What Maskinporten or the exchange said, or said a moment ago.
    pub async fn token(&self) -> Result<SecretString, AltinnError> {
        let now = self.0.clock.now();
        let (asking, is_first) = {
            let mut state = self.state();
            if let Some(current) =
                // A reading before it was asked for means that the clock was set back: its age is not known then.
                state.current.clone().filter(|current| (current.asked_at..current.good_until).contains(&now))
            {
                if now >= current.renewed_from && state.asking.is_none() && !self.has_just_failed(&state) {
                    state.asking = Some(self.ask_for_all(&state));
                }
                return Ok(current.token);
            }
            match (&state.asking, &state.failed) {
                (Some(asking), _) => (asking.clone(), false),
                (None, Some((error, _))) if self.has_just_failed(&state) => return Err(error.clone()),
                (None, _) => {
                    let asking = self.ask_for_all(&state);
                    state.asking = Some(asking.clone());
                    (asking, true)
                }
            }
        };
        let again = (!is_first).then(|| {
            let tokens = self.clone();
            move || async move { tokens.ask(0).await }
        });
        timeout(PATIENCE, asking.answer(again)).await.unwrap_or(Err(AltinnError::TimedOut)).map(|current| current.token)
    }

    /// The next call asks for a new one.
    pub fn forget(&self) {
        let mut state = self.state();
        *state = State { generation: state.generation + 1, ..State::default() };
    }

    /// The platform does not take this one any more. Many may find that out at once, of which one was enough.
    pub fn refused(&self, token: &SecretString) {
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|current| current.token.expose_secret() == token.expose_secret()) {
            state.current = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As long ago as the first pause before a repetition, at most.
    fn has_just_failed(&self, state: &State) -> bool {
        state.failed.as_ref().is_some_and(|(_, at)| at.elapsed() < self.0.line.retry_delay)
    }

    fn ask_for_all(&self, state: &State) -> Flight<Current, AltinnError> {
        let (asks, learns, generation) = (self.clone(), self.clone(), state.generation);
        // Where the last asking failed after all its repetitions, one more try tells as much, and sooner.
        let repetitions = if state.failed.is_some() { 0 } else { RETRIES };
        Flight::begin(async move { asks.ask(repetitions).await }, move |answer: &Result<Current, AltinnError>| {
            let mut state = learns.state();
            if state.generation != generation {
                return;
            }
            state.asking = None;
            match answer {
                Ok(current) => {
                    state.current = Some(current.clone());
                    state.failed = None;
                }
                Err(error) => state.failed = Some((error.clone(), Monotonic::now())),
            }
        })
    }

    async fn ask(&self, repetitions: u32) -> Result<Current, AltinnError> {
        let Inner { settings, line, clock, .. } = &*self.0;
        let now = clock.now();
        let assertion = self.assertion(now)?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        let request = line.client.post(settings.token_uri.clone()).form(&form);
        let issued: Issued = read("maskinporten token", &line.send("maskinporten token", request, repetitions).await?)?;
        let request = line.client.get(settings.exchange_uri.clone());
        let request = request.bearer_auth(&issued.access_token).header("Accept", "application/json");
        let exchanged = line.send("token exchange", request, repetitions).await?;
        let token: SecretString = read::<String>("token exchange", &exchanged)?.into();
        // `expires_in` is the first token's; the exchanged one is kept as long, as in the reference (chapter 03 §8.2).
        let lifetime = TimeDelta::seconds(issued.expires_in.clamp(0, 86_400));
        // Renewed beside its use from four fifths on, so that nobody waits for a token in steady use.
        Ok(Current { token, asked_at: now, renewed_from: now + lifetime * 4 / 5, good_until: now + lifetime - MARGIN })
    }

    fn assertion(&self, now: Instant) -> Result<String, AltinnError> {
        let settings = &self.0.settings;
        let key = self.0.key.get_or_init(|| SigningKey::parse(settings.encoded_jwk.expose_secret()));
        let claims = Assertion {
            aud: &settings.audience,
            iss: &settings.client_id,
            scope: &settings.scope,
            iat: now.timestamp(),
            // As in the reference (chapter 03 §8.2): it is used at once.
            exp: now.timestamp() + 10,
            jti: Uuid::new_v4(),
        };
        key.as_ref().and_then(|key| key.sign(&claims)).ok_or(AltinnError::UnusableKey)
    }
}

/// The key that proves us to Maskinporten.
struct SigningKey {
    kid: String,
    key: KeyPair,
}

impl SigningKey {
    /// From the base64 of a private JWK.
    fn parse(encoded: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Jwk {
            kid: String,
            n: String,
            e: String,
            d: String,
            p: String,
            q: String,
            dp: String,
            dq: String,
            qi: String,
        }
        let encoded = encoded.trim();
        let json = BASE64_STANDARD
            .decode(encoded)
            .or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')))
            .ok()?;
        let jwk: Jwk = serde_json::from_slice(&json).ok()?;
        let number = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: number(&jwk.n)?, e: number(&jwk.e)? },
            d: number(&jwk.d)?,
            p: number(&jwk.p)?,
            q: number(&jwk.q)?,
            dP: number(&jwk.dp)?,
            dQ: number(&jwk.dq)?,
            qInv: number(&jwk.qi)?,
        };
        Some(Self { kid: jwk.kid, key: KeyPair::from_components(&components).ok()? })
    }

    /// A compact JWS, RS256.
    fn sign(&self, claims: &Assertion<'_>) -> Option<String> {
        let part = |json: String| BASE64_URL_SAFE_NO_PAD.encode(json);
        let header = serde_json::json!({ "alg": "RS256", "kid": self.kid, "typ": "JWT" });
        let signed = format!("{}.{}", part(header.to_string()), part(serde_json::to_string(claims).ok()?));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_key_signs_with_its_id() {
        let keys = config::ServiceKeys::generate();
        let key = SigningKey::parse(keys.client_jwk.expose_secret()).unwrap();
        assert_eq!(key.kid, "dialogporten-client");
        let claims = Assertion { aud: "a", iss: "b", scope: "c", iat: 1, exp: 11, jti: Uuid::nil() };
        assert_eq!(key.sign(&claims).unwrap().split('.').count(), 3);
        assert!(SigningKey::parse("bm90aGluZw==").is_none());
    }
}
