//! The platform's event endpoint (chapter 03 §8.6). Never repeated here: whoever publishes knows when to come back.

use bytes::Bytes;
use reqwest::{StatusCode, header::CONTENT_TYPE};
use secrecy::ExposeSecret;
use tracing::Instrument;

use super::{Altinn, AltinnError};
use crate::{meter, telemetry};

/// So much of an answer is read, so that its connection can be used again. Of a longer one nothing is worth reading.
const WORTH_READING: u64 = 65_536;

const CALL: &str = "publish event";

/// Why the endpoint did not take an event.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotTaken {
    /// It answered, and the answer was no.
    #[error("answered with status {0}")]
    Refused(u16),
    /// It did not answer, or there is no token to show.
    #[error("{0}")]
    Unreachable(AltinnError),
}

impl Altinn {
    /// Sends one event.
    ///
    /// # Errors
    /// It was not taken; whether it arrived nobody knows.
    pub async fn publish(&self, event: Bytes, media_type: &str) -> Result<(), NotTaken> {
        let began = std::time::Instant::now();
        let span = telemetry::call(CALL);
        let taken = self.send_event(event, media_type).instrument(span.clone()).await;
        meter::CALLS.record([CALL, if taken.is_ok() { "answered" } else { "failed" }], began.elapsed());
        telemetry::call_ended(&span, began.elapsed(), taken.is_ok());
        taken
    }

    async fn send_event(&self, event: Bytes, media_type: &str) -> Result<(), NotTaken> {
        let mut is_renewed = false;
        loop {
            let token = self.0.platform.tokens.token().await.map_err(NotTaken::Unreachable)?;
            let request = self
                .0
                .platform
                .publisher
                .post(self.0.platform.events.clone())
                .header(CONTENT_TYPE, media_type)
                .bearer_auth(token.expose_secret())
                .body(event.clone());
            let request = match telemetry::traceparent() {
                Some(place) => request.header("traceparent", place),
                None => request,
            };
            let unreachable = |error: &reqwest::Error| NotTaken::Unreachable(AltinnError::unreachable(CALL, error));
            let answer = request.send().await.map_err(|error| unreachable(&error))?;
            match answer.status() {
                status if status.is_success() => {
                    finish(answer).await;
                    return Ok(());
                }
                StatusCode::UNAUTHORIZED if !is_renewed => {
                    is_renewed = true;
                    self.0.platform.tokens.refused(&token);
                }
                status => {
                    finish(answer).await;
                    return Err(NotTaken::Refused(status.as_u16()));
                }
            }
        }
    }
}

/// Reads what there is, if it is little and says so.
async fn finish(answer: reqwest::Response) {
    if answer.content_length().is_some_and(|length| length <= WORTH_READING) {
        // What was meant has been said already.
        drop(answer.bytes().await);
    }
}
