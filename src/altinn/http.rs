//! Calls to the platform: retries and tokens.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::{RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;
use tracing::Instrument;
use url::Url;
use uuid::Uuid;

use super::{AltinnError, maskinporten::Tokens};
use crate::{clock::Clock, config::Config, meter, outgoing, seldom::Seldom, telemetry};

/// How often a call that failed for no fault of ours is repeated.
// As in the reference (chapter 03 §8.1).
pub(super) const RETRIES: u32 = 3;

/// What a call shows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Anonymous,
    /// Our own token for the platform, and the gateway's key.
    Ours,
}

/// The way to the platform.
#[derive(Clone)]
pub(super) struct Line {
    pub client: reqwest::Client,
    /// Median of the first pause before a repetition.
    pub retry_delay: Duration,
}

/// What came of one attempt.
enum Attempt {
    Answered(Bytes),
    /// The token that was shown does not hold.
    Unauthorized,
    /// It will not be otherwise the next time.
    Refused(AltinnError),
    /// It may be otherwise the next time.
    Failed(AltinnError),
}

impl Line {
    /// What is waited before the `n`th repetition: doubling, and never the same for two callers.
    pub async fn pause(&self, n: u32) {
        // A random byte: half to one and a half times the pause, so that many callers do not come back at once.
        let spread = u32::from(Uuid::new_v4().as_bytes()[0]);
        tokio::time::sleep(self.retry_delay * 2_u32.saturating_pow(n) * (128 + spread) / 256).await;
    }

    /// Sends a request that shows what it has to show already.
    pub async fn send(
        &self,
        call: &'static str,
        request: RequestBuilder,
        repetitions: u32,
    ) -> Result<Bytes, AltinnError> {
        let mut repeated = 0;
        loop {
            let error = match attempt(call, again(&request)).await {
                Attempt::Answered(body) => return Ok(body),
                Attempt::Unauthorized => return Err(AltinnError::refused(call, StatusCode::UNAUTHORIZED)),
                Attempt::Refused(error) => return Err(error),
                Attempt::Failed(error) => error,
            };
            if repeated >= repetitions {
                return Err(error);
            }
            tracing::debug!(%error, repeated, "a call to the platform is repeated");
            self.pause(repeated).await;
            repeated += 1;
        }
    }
}

/// The platform over HTTP.
pub(super) struct Platform {
    pub line: Line,
    pub base: Url,
    pub cdn: Url,
    subscription_key: Option<SecretString>,
    pub tokens: Tokens,
    /// Where events go, and how: never on to where a redirect leads, which no post would follow.
    pub events: Url,
    pub publisher: reqwest::Client,
    /// A permit for each question under way.
    questions: Semaphore,
    full: Seldom,
}

impl Platform {
    pub fn new(config: &Config, clock: Clock) -> Self {
        let client = outgoing::client(&config.altinn.base_uri);
        let line = Line { client, retry_delay: config.altinn.retry_delay };
        Self {
            tokens: Tokens::new(&config.maskinporten, line.clone(), clock),
            line,
            events: events_address(&config.altinn.events_base_uri),
            publisher: outgoing::unredirected(&config.altinn.events_base_uri, config.events.patience),
            base: config.altinn.base_uri.clone(),
            cdn: config.altinn.cdn_base_uri.clone(),
            subscription_key: config.altinn.subscription_key.clone(),
            questions: Semaphore::new(config.outgoing.max_questions),
            full: Seldom::default(),
        }
    }

    pub fn client(&self) -> &reqwest::Client {
        &self.line.client
    }

    /// An address below the platform's.
    pub fn address(&self, path: &str) -> Url {
        self.base.join(path).expect("paths of the platform are well-formed")
    }

    /// Sends the request and reads the answer whole; `call` names it in errors and traces.
    ///
    /// # Errors
    /// `Busy` at once if too many questions are under way: they wait already, and one more would only wait longer.
    pub async fn send(
        &self,
        call: &'static str,
        access: Access,
        request: RequestBuilder,
    ) -> Result<Bytes, AltinnError> {
        let (span, began) = (telemetry::call(call), Instant::now());
        let answer = self.answer(call, access, request).instrument(span.clone()).await;
        meter::CALLS.record([call, if answer.is_ok() { "answered" } else { "failed" }], began.elapsed());
        telemetry::call_ended(&span, began.elapsed(), answer.is_ok());
        answer
    }

    async fn answer(&self, call: &'static str, access: Access, request: RequestBuilder) -> Result<Bytes, AltinnError> {
        // Held over all repetitions: a platform that fails must not collect callers without bound.
        let Ok(_question) = self.questions.try_acquire() else {
            if self.full.is_due() {
                tracing::warn!("as many questions to the platform are under way as there may be");
            }
            return Err(AltinnError::Busy);
        };
        if access == Access::Anonymous {
            return self.line.send(call, request, RETRIES).await;
        }
        let mut repeated = 0;
        let mut is_renewed = false;
        loop {
            let token = self.tokens.token().await?;
            let error = match attempt(call, self.showing(&token, again(&request))).await {
                Attempt::Answered(body) => return Ok(body),
                Attempt::Unauthorized if !is_renewed => {
                    is_renewed = true;
                    self.tokens.refused(&token);
                    // At once and not counted as a repetition: a new token is all that was missing.
                    continue;
                }
                Attempt::Unauthorized => return Err(AltinnError::refused(call, StatusCode::UNAUTHORIZED)),
                Attempt::Refused(error) => return Err(error),
                Attempt::Failed(error) => error,
            };
            if repeated == RETRIES {
                return Err(error);
            }
            tracing::debug!(%error, repeated, "a call to the platform is repeated");
            self.line.pause(repeated).await;
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

    fn showing(&self, token: &SecretString, request: RequestBuilder) -> RequestBuilder {
        let request = request.bearer_auth(token.expose_secret());
        match &self.subscription_key {
            Some(key) => request.header("Ocp-Apim-Subscription-Key", key.expose_secret()),
            None => request,
        }
    }
}

/// The path of the configured address does not count.
fn events_address(base: &Url) -> Url {
    // From the root of the host, as the reference does (chapter 03 §8.6).
    base.join("/events/api/v1/events").expect("a path of the platform is well-formed")
}

fn again(request: &RequestBuilder) -> RequestBuilder {
    request.try_clone().expect("bodies of calls are held in memory")
}

async fn attempt(call: &'static str, request: RequestBuilder) -> Attempt {
    let request = match telemetry::traceparent() {
        Some(place) => request.header("traceparent", place),
        None => request,
    };
    let asking = async {
        let answer = request.send().await?;
        // Whole, also of a refusal: a connection whose answer was not read cannot be used again.
        Ok((answer.status(), answer.bytes().await?))
    };
    match asking.await {
        Ok((status, body)) if status.is_success() => Attempt::Answered(body),
        Ok((StatusCode::UNAUTHORIZED, _)) => Attempt::Unauthorized,
        // Not 429: the contract does not repeat it (chapter 03 §8.1).
        Ok((status, _)) if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Attempt::Failed(AltinnError::refused(call, status))
        }
        Ok((status, _)) => Attempt::Refused(AltinnError::refused(call, status)),
        Err(error) => Attempt::Failed(AltinnError::unreachable(call, &error)),
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
