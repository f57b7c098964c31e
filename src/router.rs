//! All routes of the service, and the layers around them.

use axum::Router;

use crate::app::App;

/// The service over `app`.
pub fn router(app: App) -> Router {
    Router::new().with_state(app)
}
