//! Our own token for the platform: proven to Maskinporten, exchanged at Altinn, kept until shortly before it ends.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
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
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    AltinnError,
    http::{Access, Platform, read},
};
use crate::{clock::Clock, config, domain::Instant};

/// A token is not used in its last seconds: it must still hold when it arrives.
const MARGIN: TimeDelta = TimeDelta::seconds(5);

/// The token, asked for when first needed.
pub(super) struct Tokens {
    settings: config::Maskinporten,
    client: reqwest::Client,
    clock: Clock,
    /// Held while asking, so that one asking serves all.
    current: Mutex<Option<Current>>,
    key: OnceLock<Option<SigningKey>>,
    generation: AtomicU64,
}

struct Current {
    token: SecretString,
    asked_at: Instant,
    good_until: Instant,
    generation: u64,
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
    pub fn new(settings: &config::Maskinporten, client: reqwest::Client, clock: Clock) -> Self {
        Self {
            settings: settings.clone(),
            client,
            clock,
            current: Mutex::default(),
            key: OnceLock::new(),
            generation: AtomicU64::new(0),
        }
    }

    /// A token that holds now.
    pub async fn token(&self, platform: &Platform) -> Result<SecretString, AltinnError> {
        let mut current = self.current.lock().await;
        let now = self.clock.now();
        let generation = self.generation.load(Ordering::SeqCst);
        if let Some(current) = current.as_ref()
            && current.generation == generation
            && (current.asked_at..current.good_until).contains(&now)
        {
            return Ok(current.token.clone());
        }
        let assertion = self.assertion(now)?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        let request = self.client.post(self.settings.token_uri.clone()).form(&form);
        let answer = Box::pin(platform.send("maskinporten token", Access::Anonymous, request)).await?;
        let issued: Issued = read("maskinporten token", &answer)?;
        let request = self
            .client
            .get(self.settings.exchange_uri.clone())
            .bearer_auth(&issued.access_token)
            .header("Accept", "application/json");
        let answer = Box::pin(platform.send("token exchange", Access::Anonymous, request)).await?;
        let token: SecretString = read::<String>("token exchange", &answer)?.into();
        let good_until = now + TimeDelta::seconds(issued.expires_in.clamp(0, 86_400)) - MARGIN;
        *current = Some(Current { token: token.clone(), asked_at: now, good_until, generation });
        Ok(token)
    }

    /// The next call asks for a new one.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    fn assertion(&self, now: Instant) -> Result<String, AltinnError> {
        let key = self.key.get_or_init(|| SigningKey::parse(self.settings.encoded_jwk.expose_secret()));
        let claims = Assertion {
            aud: &self.settings.audience,
            iss: &self.settings.client_id,
            scope: &self.settings.scope,
            iat: now.timestamp(),
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
