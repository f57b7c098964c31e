//! Live updates: one follower of what happens for all streams of this process, fanned out by dialog.
//!
//! It reads what is committed, from its place on and in order, so nothing is lost while the database or the connection that
//! wakes it is away: its place is kept. After such trouble every stream is told to read again all the same, because what is
//! kept of the past is bounded. Nobody follows while there is no stream.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::types::enums::DialogEventType;
use crate::{
    app::App,
    domain::{event::EventKind, ids::DialogId},
    events::follow::Follower,
    meter::{self, Present},
    server::drain::Stage,
};

/// What a reader that takes nothing may leave waiting; with more it is dropped, and reads again when it comes back.
const MOST_WAITING: usize = 64;
/// How long a stream waits to be followed before it is opened all the same.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries while the database is away.
const AGAIN: Duration = Duration::from_secs(1);

/// All streams of this process. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    streams: Mutex<Streams>,
    /// Whether what happens from now on is told.
    is_following: watch::Sender<bool>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Streams {
    by_dialog: HashMap<DialogId, Vec<Arc<Line>>>,
    count: usize,
    is_followed: bool,
}

/// What waits for one stream.
#[derive(Debug, Default)]
struct Line {
    waiting: Mutex<Waiting>,
    reader: AtomicWaker,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<DialogEventType>,
    over: Option<Over>,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The process stops.
    Stopping,
    /// The reader takes nothing.
    Slow,
}

/// A stream that is open. Dropping it closes it.
#[derive(Debug)]
pub struct Opened {
    live: Live,
    dialog: DialogId,
    line: Arc<Line>,
    /// Counted while it is open.
    _present: Present,
}

impl Live {
    /// Opens a stream: what is committed from now on is told.
    pub async fn open(&self, app: &App, dialog: DialogId) -> Opened {
        let line = Arc::new(Line::default());
        let is_followed = {
            let mut streams = self.streams();
            streams.by_dialog.entry(dialog).or_default().push(Arc::clone(&line));
            streams.count += 1;
            mem::replace(&mut streams.is_followed, true)
        };
        // Closed again if the client goes while it waits here.
        let opened = Opened { live: self.clone(), dialog, line, _present: meter::STREAMS.enter() };
        if !is_followed {
            // Ends with the last stream; the server waits for those.
            tokio::spawn(self.clone().follow(app.clone()));
        }
        let mut following = self.0.is_following.subscribe();
        // If it takes longer the stream is told to read again once somebody follows.
        let _ = timeout(PATIENCE, following.wait_for(|following| *following)).await;
        opened
    }

    /// A stream that nobody follows.
    #[cfg(test)]
    pub fn opened(&self) -> Opened {
        let (dialog, line) = (DialogId(uuid::Uuid::nil()), Arc::new(Line::default()));
        self.streams().count += 1;
        Opened { live: self.clone(), dialog, line, _present: meter::STREAMS.enter() }
    }

    /// How many streams are open.
    pub fn count(&self) -> usize {
        self.streams().count
    }

    async fn follow(self, app: App) {
        let mut missed = false;
        let mut follower: Option<Follower> = None;
        while !self.is_left() {
            let following = async {
                match &mut follower {
                    None => Follower::from_now(&app).await.map(|begun| (Some(begun), Vec::new())),
                    // That the database is back is told at once, and not when something happens next.
                    Some(follower) if missed => follower.look().await.map(|events| (None, events)),
                    Some(follower) => follower.next().await.map(|events| (None, events)),
                }
            };
            let happened = tokio::select! {
                happened = following => happened,
                () = self.0.left.notified() => continue,
                () = app.lifecycle.reached(Stage::Closing) => return self.end(),
            };
            match happened {
                Ok((begun, events)) => {
                    follower = begun.or(follower);
                    self.0.is_following.send_replace(true);
                    if mem::take(&mut missed) {
                        self.tell_all();
                    }
                    for happened in events {
                        match happened.event.kind {
                            EventKind::DialogUpdated => {
                                self.tell(happened.event.dialog_id, DialogEventType::DialogUpdated);
                            }
                            EventKind::DialogDeleted => {
                                self.tell(happened.event.dialog_id, DialogEventType::DialogDeleted);
                            }
                            _ => {}
                        }
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "what happens cannot be followed");
                    missed = true;
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// Whether no stream is left; then nobody follows any more.
    fn is_left(&self) -> bool {
        let mut streams = self.streams();
        if streams.count > 0 {
            return false;
        }
        streams.is_followed = false;
        self.0.is_following.send_replace(false);
        true
    }

    /// Ends every stream.
    fn end(&self) {
        let mut streams = self.streams();
        streams.is_followed = false;
        self.0.is_following.send_replace(false);
        for line in streams.by_dialog.values().flatten() {
            line.end(Over::Stopping);
        }
    }

    fn tell(&self, dialog: DialogId, event: DialogEventType) {
        for line in self.streams().by_dialog.get(&dialog).into_iter().flatten() {
            line.tell(event);
        }
    }

    fn tell_all(&self) {
        for line in self.streams().by_dialog.values().flatten() {
            line.tell(DialogEventType::DialogUpdated);
        }
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.0.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn tell(&self, event: DialogEventType) {
        {
            let mut waiting = self.waiting();
            if waiting.over.is_some() {
                return;
            }
            if waiting.events.len() < MOST_WAITING {
                waiting.events.push_back(event);
            } else {
                *waiting = Waiting { events: VecDeque::new(), over: Some(Over::Slow) };
            }
        }
        self.reader.wake();
    }

    fn end(&self, over: Over) {
        self.waiting().over.get_or_insert(over);
        self.reader.wake();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened {
    /// The next event, or why there is none any more.
    pub fn poll_next(&self, context: &Context<'_>) -> Poll<Result<DialogEventType, Over>> {
        self.line.reader.register(context.waker());
        let mut waiting = self.line.waiting();
        match (waiting.events.pop_front(), waiting.over) {
            (Some(event), _) => Poll::Ready(Ok(event)),
            (None, Some(over)) => Poll::Ready(Err(over)),
            (None, None) => Poll::Pending,
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut streams = self.live.streams();
        streams.count -= 1;
        if let Some(lines) = streams.by_dialog.get_mut(&self.dialog) {
            lines.retain(|line| !Arc::ptr_eq(line, &self.line));
            if lines.is_empty() {
                streams.by_dialog.remove(&self.dialog);
            }
        }
        if streams.count == 0 {
            self.live.0.left.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use uuid::Uuid;

    use super::*;

    fn opened(live: &Live, dialog: DialogId) -> Opened {
        let line = Arc::new(Line::default());
        let mut streams = live.streams();
        streams.by_dialog.entry(dialog).or_default().push(Arc::clone(&line));
        streams.count += 1;
        drop(streams);
        Opened { live: live.clone(), dialog, line, _present: meter::STREAMS.enter() }
    }

    fn heard(opened: &Opened) -> Vec<Result<DialogEventType, Over>> {
        let context = Context::from_waker(Waker::noop());
        let mut heard = Vec::new();
        while let Poll::Ready(event) = opened.poll_next(&context) {
            heard.push(event);
            if event.is_err() {
                break;
            }
        }
        heard
    }

    #[test]
    fn each_stream_hears_of_its_dialog_in_order() {
        use DialogEventType::{DialogDeleted, DialogUpdated};
        let live = Live::default();
        let (mine, other) = (DialogId(Uuid::from_u128(1)), DialogId(Uuid::from_u128(2)));
        let streams = [opened(&live, mine), opened(&live, mine), opened(&live, other)];
        live.tell(mine, DialogUpdated);
        live.tell(mine, DialogDeleted);
        assert_eq!(
            streams.each_ref().map(heard),
            [vec![Ok(DialogUpdated), Ok(DialogDeleted)], vec![Ok(DialogUpdated), Ok(DialogDeleted)], vec![]]
        );
        live.tell_all();
        assert_eq!(
            streams.each_ref().map(heard),
            [vec![Ok(DialogUpdated)], vec![Ok(DialogUpdated)], vec![Ok(DialogUpdated)]]
        );
        live.end();
        assert_eq!(heard(&streams[0]), [Err(Over::Stopping)]);
        assert_eq!(live.count(), 3);
        drop(streams);
        assert_eq!((live.count(), live.streams().by_dialog.len()), (0, 0));
        assert!(live.is_left());
    }

    #[test]
    fn a_reader_that_takes_nothing_is_dropped() {
        let (live, dialog) = (Live::default(), DialogId(Uuid::nil()));
        let slow = opened(&live, dialog);
        for _ in 0..=MOST_WAITING {
            live.tell(dialog, DialogEventType::DialogUpdated);
        }
        assert_eq!(heard(&slow), [Err(Over::Slow)]);
        assert_eq!(slow.line.waiting().events.capacity(), 0);
    }
}
