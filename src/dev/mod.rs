//! Everything on one machine: a managed PostgreSQL, the sandbox platform and the service.

pub mod compose;
pub mod database;
pub mod postgres;
