//! Maintenance mode: everything but probes is refused until it is over (chapter 05 D7). Read anew while the service runs, so
//! that it is entered and left without a restart.

use std::sync::{Arc, PoisonError, RwLock};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

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

    /// What every request hears now; `None`: go on.
    pub fn refusal(&self) -> Option<Response> {
        let standing = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        standing.enabled.then(|| {
            let mut response = (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable").into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            let date = standing.retry_at.map(|at| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
            if let Some(date) = date.and_then(|date| HeaderValue::try_from(date).ok()) {
                headers.insert(header::RETRY_AFTER, date);
            }
            response
        })
    }
}
