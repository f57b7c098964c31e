//! What anybody may read: limits, the well-known documents, and how the service is.

pub mod health;
pub mod limits;
pub mod metrics;
pub mod service_resources;
pub mod well_known;

use crate::openapi::Operation;

/// Every operation of this surface; none asks for a token.
pub fn operations() -> Vec<Operation> {
    vec![
        limits::operation(),
        service_resources::operation(),
        well_known::keys_operation(),
        well_known::authorization_server_operation(),
    ]
}
