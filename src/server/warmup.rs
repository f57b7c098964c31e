//! How far a process is that gets ready for its first request.

use std::sync::{Arc, Mutex, PoisonError};

/// Readiness waits for it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Warmup(Arc<Mutex<Option<&'static str>>>);

impl Warmup {
    /// The phase that is under way; `None`: it is over, or nobody wanted it.
    pub fn phase(&self) -> Option<&'static str> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn enter(&self, phase: Option<&'static str>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}
