//! What anybody may read.

mod service_resources;
