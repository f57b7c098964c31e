//! Appends to one dialog at the same time: they do not contradict each other, so they take turns instead of being refused.
//!
//! Whoever finds that somebody else was faster judges anew and tries again, one after the other within this process. Between
//! processes the dialog's revision decides, as for every write. Nobody waits who meets nobody.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, timeout_at},
};

use crate::{
    domain::{ids::DialogId, refusal::Refusal},
    http::IfMatch,
    store::violation::too_late,
};

/// Dialogs share lanes, so that there is no list of them to grow.
// Two dialogs that meet in a lane only wait for each other, and only those of them that were too late already.
const LANES: usize = 64;

/// How often an append is tried before its client hears of the conflict.
// Within this process one holds the lane while it tries, so whoever is faster still comes from another process, or is
// no append.
const TRIES: u32 = 32;

/// How long an append waits for its turn and tries, all in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where appends wait for each other. Clones share their lanes.
#[derive(Clone, Debug)]
pub struct Turns(Arc<[Mutex<()>; LANES]>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(std::array::from_fn(|_| Mutex::new(()))))
    }
}

impl Turns {
    /// An append is about to be tried for the first time. It waits for nobody yet.
    pub fn append(&self, dialog: DialogId, expected: IfMatch) -> Append<'_> {
        self.append_until(dialog, expected, Instant::now() + PATIENCE)
    }

    fn append_until(&self, dialog: DialogId, expected: IfMatch, ends: Instant) -> Append<'_> {
        // The last byte of a UUID version 7 is random; the first ones are the time and would crowd one lane.
        let lane = usize::from(dialog.0.as_bytes()[15]) % LANES;
        Append { lane: &self.0[lane], turn: None, expected, tried: 1, ends }
    }
}

/// One append under way.
#[must_use = "its turn ends when it is dropped"]
pub struct Append<'t> {
    lane: &'t Mutex<()>,
    turn: Option<MutexGuard<'t, ()>>,
    expected: IfMatch,
    tried: u32,
    ends: Instant,
}

impl Append<'_> {
    /// Somebody else was faster. Waits until it is this one's turn to read and to judge anew.
    ///
    /// # Errors
    /// 412 for those who said what they build on; 409 if there were too many tries or they took too long.
    pub async fn again(&mut self) -> Result<(), Refusal> {
        // Whoever said what it builds on wants to hear that this is gone, not to have it mended.
        if self.expected.0.is_some() || self.tried == TRIES || Instant::now() >= self.ends {
            return Err(too_late(self.expected.0.is_some()));
        }
        self.tried += 1;
        // Kept over all tries: another append of this process must not slip in between two of them.
        if self.turn.is_none() {
            let turn = timeout_at(self.ends, self.lane.lock()).await;
            self.turn = Some(turn.map_err(|_| too_late(self.expected.0.is_some()))?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Revision;

    const DIALOG: DialogId = DialogId(uuid::Uuid::nil());

    #[tokio::test]
    async fn tries_and_patience_end() {
        let turns = Turns::default();
        let mut first = turns.append(DIALOG, IfMatch(None));
        for _ in 1..TRIES {
            first.again().await.expect("another try");
        }
        assert!(matches!(first.again().await, Err(Refusal::Conflict { .. })));
        // The first one still has its turn.
        let mut second = turns.append_until(DIALOG, IfMatch(None), Instant::now() + Duration::from_millis(1));
        assert!(matches!(second.again().await, Err(Refusal::Conflict { .. })));
        drop(first);
        turns.append(DIALOG, IfMatch(None)).again().await.expect("nobody is in the way any more");
    }

    #[tokio::test]
    async fn who_says_what_it_builds_on_does_not_wait() {
        let turns = Turns::default();
        let answer = turns.append(DIALOG, IfMatch(Some(Revision::fresh()))).again().await;
        assert!(matches!(answer, Err(Refusal::PreconditionFailed { .. })));
    }
}
