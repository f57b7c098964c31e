//! A stream of updates on the wire: Server-Sent Events, as `graphql-sse` has them (chapter 02 §9.6).

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep};

use super::answer::EVENTS;
use crate::{
    clock::Clock,
    domain,
    graphql::{
        live::{Opened, Over},
        types::enums::DialogEventType,
    },
    server::LongLived,
};

/// How long a stream says nothing.
const KEEP_ALIVE: Duration = Duration::from_secs(12);

const COMMENT: &[u8] = b":\n\n";
const COMPLETE: &[u8] = b"event: complete\n\n";

/// Both events as this stream's document selects them, written out.
#[derive(Clone, Debug)]
pub struct Frames {
    pub updated: Bytes,
    pub deleted: Bytes,
}

/// What a stream sends.
struct Updates {
    opened: Opened,
    frames: Frames,
    clock: Clock,
    until: domain::Instant,
    keep_alive: Duration,
    silence: Pin<Box<Sleep>>,
    is_begun: bool,
    is_over: bool,
}

/// An answer that goes on until `until`, the process stops, or the client goes.
pub fn answer(opened: Opened, frames: Frames, clock: Clock, until: domain::Instant) -> Response {
    let updates = Updates::new(opened, frames, clock, until);
    let headers = [
        (header::CONTENT_TYPE, EVENTS),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // Proxies that gather answers are not to.
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    let mut response = (headers, Body::from_stream(updates)).into_response();
    response.extensions_mut().insert(LongLived);
    response
}

impl Updates {
    fn new(opened: Opened, frames: Frames, clock: Clock, until: domain::Instant) -> Self {
        let silence = Box::pin(sleep(Duration::ZERO));
        Self { opened, frames, clock, until, keep_alive: KEEP_ALIVE, silence, is_begun: false, is_over: false }
    }

    /// The next thing to say.
    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if self.clock.now() > self.until {
            return Poll::Ready(self.complete());
        }
        if !std::mem::replace(&mut self.is_begun, true) {
            // So that everybody on the way passes the head on.
            return Poll::Ready(Some(Bytes::from_static(COMMENT)));
        }
        match self.opened.poll_next(context) {
            Poll::Ready(Ok(DialogEventType::DialogUpdated)) => return Poll::Ready(Some(self.frames.updated.clone())),
            Poll::Ready(Ok(DialogEventType::DialogDeleted)) => return Poll::Ready(Some(self.frames.deleted.clone())),
            Poll::Ready(Err(Over::Stopping)) => return Poll::Ready(self.complete()),
            // Cut off: it is to notice.
            Poll::Ready(Err(Over::Slow)) => return Poll::Ready(None),
            Poll::Pending => {}
        }
        match self.silence.as_mut().poll(context) {
            Poll::Ready(()) if self.clock.now() > self.until => Poll::Ready(self.complete()),
            Poll::Ready(()) => Poll::Ready(Some(Bytes::from_static(COMMENT))),
            Poll::Pending => Poll::Pending,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the last thing that is said, as all before it")]
    fn complete(&mut self) -> Option<Bytes> {
        self.is_over = true;
        Some(Bytes::from_static(COMPLETE))
    }

    /// From now on it may be silent for a while, but not beyond its end.
    fn be_silent(&mut self) {
        let left = (self.until - self.clock.now()).to_std().unwrap_or_default() + Duration::from_millis(1);
        let pause = self.keep_alive.min(left);
        self.silence.as_mut().reset(Instant::now() + pause);
    }
}

impl Stream for Updates {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let said = self.next(context);
        if matches!(said, Poll::Ready(Some(_))) {
            self.be_silent();
        }
        said.map(|said| said.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;
    use crate::graphql::live::Live;

    /// §9.6: every 12 seconds, and no earlier.
    #[tokio::test]
    async fn a_stream_of_which_nothing_is_to_be_told_says_that_it_lives() {
        assert_eq!(KEEP_ALIVE, Duration::from_secs(12));
        let frames = Frames { updated: Bytes::new(), deleted: Bytes::new() };
        let clock = Clock::system();
        let until = clock.now() + chrono::Duration::hours(1);
        let mut updates = Updates::new(Live::default().opened(), frames, clock, until);
        updates.keep_alive = Duration::from_millis(20);
        let begun = Instant::now();
        for _ in 0..4 {
            assert_eq!(StreamExt::next(&mut updates).await, Some(Ok(Bytes::from_static(COMMENT))));
        }
        assert!(begun.elapsed() >= 3 * updates.keep_alive, "the first comes at once: {:?}", begun.elapsed());
    }
}
