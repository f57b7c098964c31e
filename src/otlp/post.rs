//! Posting to the collector.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::{
    Client, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{config::Collector, meter, outgoing};

/// Pauses before a post is repeated. What comes meanwhile waits in its queue, which has room for some seconds.
const AGAIN: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// Between two log lines that say the same.
const SAID_EVERY: Duration = Duration::from_mins(1);
/// So much of an answer is read, so that its connection can be used again.
const WORTH_READING: u64 = 65_536;

/// The way to the collector, for one signal.
pub struct Post {
    client: Client,
    address: Url,
    headers: HeaderMap,
    signal: &'static str,
    /// Since it was last said.
    dropped: u64,
    said_at: Option<Instant>,
}

/// Why a post was not taken.
enum NotTaken {
    ForNow(String),
    Ever(String),
}

impl Post {
    pub fn new(address: &Url, collector: &Collector, signal: &'static str) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in &collector.headers {
            // Both were checked with the other settings.
            if let (Ok(name), Ok(mut value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value.expose_secret()))
            {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        let client = outgoing::unredirected(address, collector.timeout);
        Self { client, address: address.clone(), headers, signal, dropped: 0, said_at: None }
    }

    /// Posts, and if it is not taken for now, posts again a little later, but not while the process ends.
    pub async fn patiently(&mut self, body: Vec<u8>, count: usize, stop: &CancellationToken) {
        let body = Bytes::from(body);
        let mut pauses = AGAIN.into_iter();
        let why = loop {
            match self.try_post(body.clone()).await {
                Ok(()) => return,
                Err(NotTaken::Ever(why)) => break why,
                Err(NotTaken::ForNow(why)) => {
                    let Some(pause) = pauses.next() else { break why };
                    if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                        break why;
                    }
                }
            }
        };
        self.dropped(count, &why);
    }

    /// Posts once.
    pub async fn once(&mut self, body: Vec<u8>, count: usize) {
        if let Err(NotTaken::ForNow(why) | NotTaken::Ever(why)) = self.try_post(body.into()).await {
            self.dropped(count, &why);
        }
    }

    async fn try_post(&self, body: Bytes) -> Result<(), NotTaken> {
        let request = self.client.post(self.address.clone()).headers(self.headers.clone());
        let request = request.header(CONTENT_TYPE, "application/x-protobuf").body(body);
        let answer = request.send().await.map_err(|error| {
            let why = if error.is_timeout() { "no answer in time" } else { "cannot be reached" };
            NotTaken::ForNow(why.to_owned())
        })?;
        let status = answer.status();
        if answer.content_length().is_some_and(|length| length <= WORTH_READING) {
            // What it says besides changes nothing.
            drop(answer.bytes().await);
        }
        let why = || format!("answered with status {}", status.as_u16());
        match status {
            status if status.is_success() => Ok(()),
            // Those that OTLP names as worth another try.
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(NotTaken::ForNow(why())),
            _ => Err(NotTaken::Ever(why())),
        }
    }

    fn dropped(&mut self, count: usize, why: &str) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        meter::DROPPED.add_many([self.signal], count);
        self.dropped += count;
        if self.said_at.is_none_or(|at| at.elapsed() >= SAID_EVERY) {
            let (signal, dropped) = (self.signal, self.dropped);
            tracing::warn!(signal, dropped, why, "the collector does not take what is sent; it is dropped");
            (self.said_at, self.dropped) = (Some(Instant::now()), 0);
        }
    }
}
