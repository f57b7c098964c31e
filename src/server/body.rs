//! The body of one request: how fast it has to come, and what becomes of the part that nobody read.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::limits::{Load, Share};
use crate::http::body::Broken;

/// So much of a body that nobody read is read on, so that the connection can live on; and so long.
const SMALL: u64 = 64 * 1024;
const SOON: Duration = Duration::from_secs(1);
/// A client that has sent fast may pause for so many times the first patience.
const LONGEST_PAUSE: u32 = 4;

/// A body, while its handler reads it and afterwards. Dropping it makes room for others.
pub(super) struct Upload {
    load: Arc<Load>,
    share: Arc<Share>,
    state: Mutex<State>,
}

struct State {
    /// Gone when it has been read to its end.
    incoming: Option<Incoming>,
    /// Whether anybody has begun to read: a client that waits to be told so sends nothing before.
    is_wanted: bool,
    broken: Option<Broken>,
    /// How long the client may let us wait: what it is given at first, more for each byte, less for each wait.
    patience: Duration,
    waits_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// What a handler reads.
pub(super) struct Reader(pub Arc<Upload>);

/// What is left of a body when the answer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing: the next request can come.
    Nothing,
    /// Something that is not worth waiting for: the connection has to end.
    Unread,
}

impl Upload {
    pub fn new(load: &Arc<Load>, incoming: Incoming) -> Arc<Self> {
        let state = State {
            incoming: Some(incoming),
            is_wanted: false,
            broken: None,
            patience: load.settings.body_grace,
            waits_since: None,
            alarm: None,
        };
        Arc::new(Self { load: Arc::clone(load), share: load.enter(), state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.share.reader.register(cx.waker());
        let mut state = self.state();
        if self.share.gave_way() {
            return Poll::Ready(Some(Err(self.breaks(&mut state, Broken::NoRoom))));
        }
        state.is_wanted = true;
        let Some(incoming) = state.incoming.as_mut() else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) else {
            ready!(self.poll_patience(&mut state, cx));
            return Poll::Ready(Some(Err(self.breaks(&mut state, Broken::TooSlow))));
        };
        self.goes_on(&mut state);
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                if self.load.hold(&self.share, bytes) {
                    self.earns(&mut state, bytes);
                    Some(Ok(frame))
                } else {
                    Some(Err(self.breaks(&mut state, Broken::NoRoom)))
                }
            }
            over => {
                state.incoming = None;
                over.map(|failed| failed.map_err(BoxError::from))
            }
        })
    }

    /// Ready when the client has let us wait for too long.
    fn poll_patience(&self, state: &mut State, cx: &mut Context<'_>) -> Poll<()> {
        let since = *state.waits_since.get_or_insert_with(Instant::now);
        self.load.waits(&self.share);
        if self.load.settings.body_min_rate == 0 {
            return Poll::Pending;
        }
        let until = since + state.patience;
        let alarm = state.alarm.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if alarm.deadline() != until {
            alarm.as_mut().reset(until);
        }
        alarm.as_mut().poll(cx)
    }

    fn goes_on(&self, state: &mut State) {
        if let Some(since) = state.waits_since.take() {
            state.patience = state.patience.saturating_sub(since.elapsed());
            self.load.goes_on(&self.share);
        }
    }

    fn earns(&self, state: &mut State, bytes: u64) {
        let settings = &self.load.settings;
        let earned =
            Duration::from_nanos(bytes.saturating_mul(1_000_000_000) / u64::from(settings.body_min_rate.max(1)));
        state.patience = (state.patience + earned).min(settings.body_grace * LONGEST_PAUSE);
    }

    fn breaks(&self, state: &mut State, how: Broken) -> BoxError {
        self.goes_on(state);
        state.broken = Some(how);
        how.into()
    }

    /// What is left of the body, now that the answer is there. A small rest that comes soon is read on. A client for which
    /// there is no room is told so when it has sent everything, or when it has had the time that a client may pause: told
    /// at once, thousands that stop in the middle would be back at once, with as much as before.
    ///
    /// `asks_first`: the client waits for our word before it sends the body.
    pub async fn settle(&self, asks_first: bool) -> Rest {
        let (mut rest, is_announced, has_no_room) = {
            let mut state = self.state();
            self.goes_on(&mut state);
            match state.incoming.take() {
                None => return Rest::Nothing,
                Some(rest) if rest.is_end_stream() => return Rest::Nothing,
                Some(_) if state.broken == Some(Broken::TooSlow) => return Rest::Unread,
                Some(rest) => (rest, asks_first && !state.is_wanted, state.broken == Some(Broken::NoRoom)),
            }
        };
        if has_no_room {
            return self.wait_out(rest).await;
        }
        let is_small = match rest.size_hint().exact() {
            Some(length) => length <= SMALL,
            // Told to send, the client might send without end; not told, it sends its next request, or the body all the
            // same: nobody could tell which.
            None => !is_announced,
        };
        if is_small && matches!(timeout(SOON, pass_over(&mut rest, SMALL)).await, Ok(true)) {
            Rest::Nothing
        } else {
            Rest::Unread
        }
    }

    async fn wait_out(&self, mut rest: Incoming) -> Rest {
        self.load.waits(&self.share);
        let longest = self.load.settings.body_grace * LONGEST_PAUSE;
        let has_ended = timeout(longest, pass_over(&mut rest, u64::MAX)).await;
        self.load.goes_on(&self.share);
        if matches!(has_ended, Ok(true)) { Rest::Nothing } else { Rest::Unread }
    }
}

/// Reads on without keeping anything, for `most` bytes; whether that led to the end.
async fn pass_over(rest: &mut Incoming, most: u64) -> bool {
    let mut passed = 0;
    loop {
        match std::future::poll_fn(|cx| Pin::new(&mut *rest).poll_frame(cx)).await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => passed += frame.data_ref().map_or(0, Bytes::len) as u64,
        }
        if passed > most {
            return false;
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.load.leave(&self.share);
    }
}

impl Body for Reader {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.poll(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.state().incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.state().incoming.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}
