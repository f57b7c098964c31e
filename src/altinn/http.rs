//! Calls to the platform: retries and tokens.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{AltinnError, maskinporten::Tokens};
use crate::{clock::Clock, config::Config, outgoing};

/// How often a call that failed for no fault of ours is repeated.
const RETRIES: u32 = 3;

/// What a call shows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Anonymous,
    /// Our own token for the platform, and the gateway's key.
    Ours,
}

/// The platform over HTTP.
pub(super) struct Platform {
    pub client: reqwest::Client,
    pub base: Url,
    pub cdn: Url,
    subscription_key: Option<SecretString>,
    tokens: Tokens,
    /// Median of the first pause before a repetition.
    retry_delay: Duration,
}

impl Platform {
    pub fn new(config: &Config, clock: Clock) -> Self {
        let client = outgoing::client(&config.altinn.base_uri);
        Self {
            tokens: Tokens::new(&config.maskinporten, client.clone(), clock),
            client,
            base: config.altinn.base_uri.clone(),
            cdn: config.altinn.cdn_base_uri.clone(),
            subscription_key: config.altinn.subscription_key.clone(),
            retry_delay: config.altinn.retry_delay,
        }
    }

    /// An address below the platform's.
    pub fn address(&self, path: &str) -> Url {
        self.base.join(path).expect("paths of the platform are well-formed")
    }

    /// What is waited before the `n`th repetition: doubling, and never the same for two callers.
    pub async fn pause(&self, n: u32) {
        let spread = u32::try_from(Uuid::new_v4().as_u128() & 0xff).expect("eight bits fit");
        tokio::time::sleep(self.retry_delay * 2_u32.saturating_pow(n) * (128 + spread) / 256).await;
    }

    /// Sends the request and reads the answer whole; `call` names it in errors.
    pub async fn send(
        &self,
        call: &'static str,
        access: Access,
        request: RequestBuilder,
    ) -> Result<Bytes, AltinnError> {
        let mut repeated = 0;
        let mut renewed = false;
        loop {
            let attempt = request.try_clone().expect("bodies of calls are held in memory");
            let token = match access {
                Access::Anonymous => None,
                Access::Ours => Some(self.tokens.token(self).await?),
            };
            let error = match self.attempt(attempt, token.as_ref()).await {
                Ok((status, body)) if status.is_success() => return Ok(body),
                Ok((StatusCode::UNAUTHORIZED, _)) if !renewed && token.is_some() => {
                    renewed = true;
                    self.tokens.forget();
                    continue;
                }
                Ok((status, _)) if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                    AltinnError::refused(call, status)
                }
                Ok((status, _)) => return Err(AltinnError::refused(call, status)),
                Err(error) => AltinnError::unreachable(call, &error),
            };
            if repeated == RETRIES {
                return Err(error);
            }
            tracing::debug!(%error, repeated, "a call to the platform is repeated");
            self.pause(repeated).await;
            repeated += 1;
        }
    }

    /// The same for answers in JSON.
    pub async fn json<T: DeserializeOwned>(
        &self,
        call: &'static str,
        access: Access,
        request: RequestBuilder,
    ) -> Result<T, AltinnError> {
        read(call, &self.send(call, access, request).await?)
    }

    pub fn forget_tokens(&self) {
        self.tokens.forget();
    }

    async fn attempt(
        &self,
        mut request: RequestBuilder,
        token: Option<&SecretString>,
    ) -> reqwest::Result<(StatusCode, Bytes)> {
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
            if let Some(key) = &self.subscription_key {
                request = request.header("Ocp-Apim-Subscription-Key", key.expose_secret());
            }
        }
        let answer = request.send().await?;
        Ok((answer.status(), answer.bytes().await?))
    }
}

/// Reads JSON whose member names begin with a small or a capital letter.
pub(super) fn read<T: DeserializeOwned>(call: &'static str, body: &[u8]) -> Result<T, AltinnError> {
    let unreadable = |error: serde_json::Error| AltinnError::unreadable(call, &error);
    // Nearly every answer is written in the usual way; only others pay for being rewritten.
    serde_json::from_slice(body).or_else(|_| {
        let value: Value = serde_json::from_slice(body).map_err(unreadable)?;
        serde_json::from_value(decapitalized(value)).map_err(unreadable)
    })
}

fn decapitalized(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let mut letters = name.chars();
                let name =
                    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect());
                (name, decapitalized(value))
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(decapitalized).collect()),
        plain => plain,
    }
}
