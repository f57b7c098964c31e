//! When an event that was not taken is tried again, and when no more (chapter 05 B8).

use std::time::Duration;

use uuid::Uuid;

/// Pauses within a cycle.
const SHORT: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_millis(800),
    Duration::from_secs(1),
];
/// Pauses between cycles.
const LONG: [Duration; 4] =
    [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(10), Duration::from_mins(15)];
const CYCLE: usize = SHORT.len() + 1;
/// The last attempt: thirty within about thirty-one minutes.
const LAST: usize = CYCLE * (LONG.len() + 1);

/// What happens to an event that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again after so long.
    After(Duration),
    /// Somebody has to look at it.
    Park,
}

/// What follows on attempt number `attempts` (from one), which failed. `is_judged`: the endpoint answered, and the answer
/// was no. An endpoint that cannot be reached has judged nothing, however often it was tried: its events wait.
pub fn next(attempts: usize, is_judged: bool) -> Next {
    if attempts >= LAST {
        return if is_judged { Next::Park } else { Next::After(LONG[LONG.len() - 1]) };
    }
    let (cycle, place) = (attempts.saturating_sub(1) / CYCLE, attempts.saturating_sub(1) % CYCLE);
    Next::After(SHORT.get(place).or(LONG.get(cycle)).copied().unwrap_or(LONG[LONG.len() - 1]))
}

/// Up to a quarter longer, so that what failed together does not come back together.
pub fn spread(pause: Duration) -> Duration {
    let part = u32::from(Uuid::new_v4().as_bytes()[0]);
    pause + pause * part / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EV-010
    #[test]
    fn about_thirty_attempts_within_half_an_hour() {
        let mut waited = Duration::ZERO;
        let mut attempts = 1;
        while let Next::After(pause) = next(attempts, true) {
            waited += pause;
            attempts += 1;
        }
        assert_eq!(attempts, 30);
        assert_eq!(waited, Duration::from_mins(31) + Duration::from_millis(2600) * 5);
        assert_eq!(next(30, false), Next::After(Duration::from_mins(15)));
        assert_eq!(next(6, true), Next::After(Duration::from_mins(1)));
        assert_eq!(next(7, true), Next::After(Duration::from_millis(100)));
    }

    #[test]
    fn pauses_are_spread_upwards() {
        for _ in 0..100 {
            let pause = spread(Duration::from_secs(4));
            assert!((Duration::from_secs(4)..Duration::from_secs(5)).contains(&pause), "{pause:?}");
        }
    }
}
