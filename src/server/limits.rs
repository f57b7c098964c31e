//! What all connections hold together: requests under way, bytes of bodies, and who gives way when there is too much.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;

use crate::config;

/// A body for which nothing has come for this long gives way to others when there is no room. Over so long its pace is
/// taken, too.
const IDLE_BODY: Duration = Duration::from_secs(1);
/// Bytes a second; what comes more slowly gives way as well, since a byte now and then is no progress.
const SLOW: u64 = 16 * 1024;
/// Milliseconds for which nobody looks again for bodies that may give way, when there were none: each look is at all.
const NEXT_LOOK: u64 = 50;

/// The bounds, and what is held now.
pub(super) struct Load {
    pub settings: config::Server,
    began: Instant,
    /// Requests under way, and how many of them wait for their client to go on sending.
    requests: AtomicUsize,
    waiting: AtomicUsize,
    bodies: Mutex<Bodies>,
}

#[derive(Default)]
struct Bodies {
    /// Of all requests that are not answered yet.
    bytes: u64,
    next: u64,
    /// In the order of their beginning; those that gave way are no longer among them.
    under_way: BTreeMap<u64, Body>,
    looked_at: u64,
}

/// What one body holds of the room for all.
struct Body {
    share: Arc<Share>,
    bytes: u64,
    pace: Pace,
}

/// How fast a body has come of late. Times are milliseconds since the server began.
struct Pace {
    since: u64,
    bytes: u64,
    /// What was found the last time.
    is_slow: bool,
}

/// What is known of a body by its own task and by those that need room.
#[derive(Default)]
pub(super) struct Share {
    number: u64,
    /// Milliseconds since the server began at which it started to wait for its client; zero = it does not.
    waits_since: AtomicU64,
    gave_way: AtomicBool,
    pub reader: AtomicWaker,
}

impl Share {
    /// Whether others needed the room.
    pub fn gave_way(&self) -> bool {
        self.gave_way.load(SeqCst)
    }
}

/// A request that was taken on. Dropping it makes room.
pub(super) struct Admitted(Arc<Load>);

impl Load {
    pub fn new(settings: &config::Server) -> Arc<Self> {
        Arc::new(Self {
            settings: *settings,
            began: Instant::now(),
            requests: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            bodies: Mutex::default(),
        })
    }

    /// Takes one more request on, unless there are too many. Those that wait for their client do not count: clients that
    /// stop in the middle of a body would shut everybody else out.
    pub fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let before = self.requests.fetch_add(1, SeqCst);
        let admitted = Admitted(Arc::clone(self));
        (before.saturating_sub(self.waiting.load(SeqCst)) < self.settings.max_requests).then_some(admitted)
    }

    /// A body begins.
    pub fn enter(&self) -> Arc<Share> {
        let mut bodies = self.bodies();
        bodies.next += 1;
        let share = Arc::new(Share { number: bodies.next, ..Share::default() });
        let pace = Pace { since: self.millis(), bytes: 0, is_slow: false };
        bodies.under_way.insert(share.number, Body { share: Arc::clone(&share), bytes: 0, pace });
        share
    }

    /// The request with that body is over.
    pub fn leave(&self, share: &Share) {
        self.goes_on(share);
        let mut bodies = self.bodies();
        if let Some(body) = bodies.under_way.remove(&share.number) {
            bodies.bytes -= body.bytes;
        }
    }

    /// The body waits for its client from now on, if it did not before.
    pub fn waits(&self, share: &Share) {
        let now = self.millis().max(1);
        if share.waits_since.compare_exchange(0, now, SeqCst, SeqCst).is_ok() {
            self.waiting.fetch_add(1, SeqCst);
        }
    }

    /// It does no more.
    pub fn goes_on(&self, share: &Share) {
        if share.waits_since.swap(0, SeqCst) != 0 {
            self.waiting.fetch_sub(1, SeqCst);
        }
    }

    /// Holds `more` bytes of one body. If there is no room, bodies whose clients have stopped sending, or nearly, give way,
    /// the oldest first.
    pub fn hold(&self, share: &Share, more: u64) -> bool {
        let most = u64::from(self.settings.max_body_bytes_in_flight);
        let now = self.millis();
        let mut bodies = self.bodies();
        if bodies.bytes + more > most && now >= bodies.looked_at + NEXT_LOOK {
            // A little more than is needed, so that the next one need not look again.
            bodies.make_room(most.saturating_sub(more + most / 8), share.number, now);
            bodies.looked_at = if bodies.bytes + more > most { now } else { 0 };
        }
        let fits = bodies.bytes + more <= most;
        let Some(body) = bodies.under_way.get_mut(&share.number).filter(|_| fits) else { return false };
        body.bytes += more;
        body.pace.hears(more, now);
        bodies.bytes += more;
        true
    }

    fn millis(&self) -> u64 {
        millis(self.began.elapsed())
    }

    fn bodies(&self) -> MutexGuard<'_, Bodies> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bodies {
    /// Lets others than `asking` give way until no more than `most` bytes are held, or all are in earnest.
    fn make_room(&mut self, most: u64, asking: u64, now: u64) {
        let Self { bytes, under_way, .. } = self;
        under_way.retain(|number, body| {
            let goes = *bytes > most && *number != asking && body.may_go(now);
            if goes {
                *bytes -= body.bytes;
                body.share.gave_way.store(true, SeqCst);
                body.share.reader.wake();
            }
            !goes
        });
    }
}

impl Body {
    /// Only those may go that wait for their client: the others are being worked on.
    fn may_go(&self, now: u64) -> bool {
        let since = self.share.waits_since.load(SeqCst);
        since != 0 && (since + millis(IDLE_BODY) < now || self.pace.is_slow(now))
    }
}

impl Pace {
    fn hears(&mut self, bytes: u64, now: u64) {
        if self.is_due(now) {
            *self = Self { is_slow: self.is_slow(now), since: now, bytes: 0 };
        }
        self.bytes += bytes;
    }

    fn is_due(&self, now: u64) -> bool {
        now >= self.since + millis(IDLE_BODY)
    }

    fn is_slow(&self, now: u64) -> bool {
        if self.is_due(now) { self.bytes * 1000 < SLOW * (now - self.since) } else { self.is_slow }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, SeqCst);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-05: who sends much and then a byte a second is slow, who sends steadily is not, whenever it is asked.
    #[test]
    fn a_byte_now_and_then_is_no_pace() {
        let mut pace = Pace { since: 0, bytes: 0, is_slow: false };
        pace.hears(100_000, 10);
        pace.hears(1, 1_100);
        assert!(!pace.is_slow(1_200));
        for now in (2_200..20_000).step_by(700) {
            pace.hears(1, now);
            assert!(pace.is_slow(now) && pace.is_slow(now + 600), "{now}");
        }
        for now in (20_000..30_000).step_by(10) {
            pace.hears(1_000, now);
        }
        assert!(!pace.is_slow(30_000));
    }
}
