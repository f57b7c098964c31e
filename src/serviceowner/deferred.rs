//! Faults against stored data or the present time that are told only at the end of a write.
//!
//! The contract collects them and lets them win: once something is noted, whatever else the operation would answer on its
//! way (403, 409 or success) becomes a 422 with everything noted so far.

use crate::domain::{refusal::Refusal, violations::Violations};

/// What was noted so far.
#[derive(Debug, Default)]
pub struct Deferred(Violations);

impl Deferred {
    pub fn new() -> Self {
        Self::default()
    }

    /// Where faults are noted.
    pub fn found(&mut self) -> &mut Violations {
        &mut self.0
    }

    /// Notes what somebody else collected.
    pub fn append(&mut self, found: Violations) {
        self.0.append(found);
    }

    /// Lets an outcome pass, unless it is a refusal and something was noted before: then that is the refusal.
    pub fn beats<T>(&mut self, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        // Taken, since the operation ends here: what the contract would add later is not looked for any more.
        outcome.map_err(|refusal| match std::mem::take(&mut self.0).into_result() {
            Ok(()) => refusal,
            Err(found) => Refusal::Unprocessable(found),
        })
    }

    /// The end: 422 if something was noted.
    pub fn settle(self) -> Result<(), Refusal> {
        self.0.into_result().map_err(Refusal::Unprocessable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::code::Code;

    #[test]
    fn what_was_noted_wins_over_later_refusals() {
        let refused = || Refusal::forbidden(Code::DialogFrozen.says("no"));
        let mut deferred = Deferred::new();
        assert!(matches!(deferred.beats::<()>(Err(refused())), Err(Refusal::Forbidden(_))));
        deferred.found().add("DueAt", Code::TimeNotFuture.says("Must be in the future"));
        assert!(deferred.beats(Ok(())).is_ok());
        assert!(matches!(deferred.beats::<()>(Err(refused())), Err(Refusal::Unprocessable(_))));
        assert!(deferred.settle().is_ok(), "it is told once");
    }
}
