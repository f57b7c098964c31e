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

/// A body for which nothing has come for this long gives way to others when there is no room.
const IDLE_BODY: Duration = Duration::from_secs(1);

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
    /// In the order of their beginning.
    under_way: BTreeMap<u64, Arc<Share>>,
}

/// What one body holds of the room for all.
#[derive(Default)]
pub(super) struct Share {
    number: u64,
    bytes: AtomicU64,
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
        bodies.under_way.insert(share.number, Arc::clone(&share));
        share
    }

    /// The request with that body is over.
    pub fn leave(&self, share: &Share) {
        self.goes_on(share);
        let mut bodies = self.bodies();
        bodies.under_way.remove(&share.number);
        bodies.bytes = bodies.bytes.saturating_sub(share.bytes.load(SeqCst));
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

    /// Holds `more` bytes of one body. If there is no room, bodies whose clients have stopped sending give way, the oldest
    /// first.
    pub fn hold(&self, share: &Share, more: u64) -> bool {
        let mut bodies = self.bodies();
        let mut over = (bodies.bytes + more).saturating_sub(u64::from(self.settings.max_body_bytes_in_flight));
        if over > 0 {
            let stopped = self.millis().saturating_sub(millis(IDLE_BODY));
            for other in bodies.under_way.values().filter(|other| other.number != share.number) {
                if over == 0 {
                    break;
                }
                // What gave way before is about to go, and its bytes with it.
                if other.gave_way() || (1..stopped).contains(&other.waits_since.load(SeqCst)) {
                    over = over.saturating_sub(other.bytes.load(SeqCst));
                    other.gave_way.store(true, SeqCst);
                    other.reader.wake();
                }
            }
        }
        let fits = over == 0;
        if fits {
            bodies.bytes += more;
            share.bytes.fetch_add(more, SeqCst);
        }
        fits
    }

    fn millis(&self) -> u64 {
        millis(self.began.elapsed())
    }

    fn bodies(&self) -> MutexGuard<'_, Bodies> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
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
