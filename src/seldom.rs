//! One log line a second for what may happen thousands of times.

use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Instant,
};

/// Says whether it is time to say something again.
#[derive(Debug)]
pub struct Seldom {
    began: Instant,
    /// Milliseconds since the beginning from which on it is due again.
    next: AtomicU64,
}

impl Default for Seldom {
    fn default() -> Self {
        Self { began: Instant::now(), next: AtomicU64::new(0) }
    }
}

impl Seldom {
    /// Whether a second has passed since this was last true.
    pub fn is_due(&self) -> bool {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next = self.next.load(SeqCst);
        // Of many threads that find it due, the exchange lets one speak.
        now >= next && self.next.compare_exchange(next, now + 1000, SeqCst, SeqCst).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_just_said_is_not_due() {
        let seldom = Seldom::default();
        assert!(seldom.is_due());
        assert!(!seldom.is_due());
    }
}
