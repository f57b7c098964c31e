//! Maintenance mode: everything but probes is refused until it is over (chapter 05 D7). Read anew while the service runs, so
//! that it is entered and left without a restart.

use std::sync::{Arc, PoisonError, RwLock};

pub use crate::config::Maintenance as Standing;

/// Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Maintenance(Arc<RwLock<Standing>>);

impl Maintenance {
    pub fn new(standing: Standing) -> Self {
        Self(Arc::new(RwLock::new(standing)))
    }

    /// In force from the next request on.
    pub fn set(&self, standing: Standing) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if *current != standing {
            tracing::warn!(enabled = standing.enabled, "maintenance mode");
        }
        *current = standing;
    }

    /// What every request is refused for now; `None`: go on.
    pub fn standing(&self) -> Option<Standing> {
        Some(*self.0.read().unwrap_or_else(PoisonError::into_inner)).filter(|standing| standing.enabled)
    }
}
