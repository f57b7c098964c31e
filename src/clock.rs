//! The application's clock: the only place that reads the system's time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};

/// A reading of time, with microsecond precision (what the database stores). Clones share one clock.
///
/// Production never moves it. The sandbox and the tests do, so that visibility, expiry, token validity and cache ages
/// can be tried without waiting.
#[derive(Clone, Debug)]
pub struct Clock(Arc<State>);

#[derive(Debug)]
struct State {
    /// Added to the system's time, in microseconds.
    // Two atomics instead of a lock: the time is read many times in each request.
    offset: AtomicI64,
    /// Microseconds since 1970 at which time stands still; `i64::MIN` while it runs.
    frozen: AtomicI64,
}

const RUNNING: i64 = i64::MIN;

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self(Arc::new(State { offset: AtomicI64::new(0), frozen: AtomicI64::new(RUNNING) }))
    }

    /// The present instant, cut to whole microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        let frozen = self.0.frozen.load(Ordering::SeqCst);
        let micros = if frozen == RUNNING { system_micros() + self.0.offset.load(Ordering::SeqCst) } else { frozen };
        DateTime::from_timestamp_micros(micros).expect("the clock stays within the years chrono knows")
    }

    /// Moves the clock by `by`; works on a standing clock too.
    pub fn advance(&self, by: chrono::Duration) {
        self.set(self.now() + by);
    }

    /// Sets the clock to `to`; it goes on (or stands still) from there.
    pub fn set(&self, to: DateTime<Utc>) {
        if self.is_frozen() {
            self.0.frozen.store(to.timestamp_micros(), Ordering::SeqCst);
        } else {
            self.0.offset.store(to.timestamp_micros() - system_micros(), Ordering::SeqCst);
        }
    }

    /// Stops or restarts the flow of time at the present reading.
    pub fn set_frozen(&self, frozen: bool) {
        let now = self.now();
        if frozen {
            self.0.frozen.store(now.timestamp_micros(), Ordering::SeqCst);
        } else {
            // First the offset, then the flow: a reader in between sees the frozen instant, never the system's own
            // time.
            self.0.offset.store(now.timestamp_micros() - system_micros(), Ordering::SeqCst);
            self.0.frozen.store(RUNNING, Ordering::SeqCst);
        }
    }

    pub fn is_frozen(&self) -> bool {
        self.0.frozen.load(Ordering::SeqCst) != RUNNING
    }

    /// Back to the system's time.
    pub fn reset(&self) {
        self.0.frozen.store(RUNNING, Ordering::SeqCst);
        self.0.offset.store(0, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "this module owns the reading of the system's time")]
fn system_micros() -> i64 {
    Utc::now().timestamp_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_told() {
        let clock = Clock::system();
        clock.set_frozen(true);
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(chrono::Duration::seconds(90));
        assert_eq!(clock.now(), before + chrono::Duration::seconds(90));
    }
}
