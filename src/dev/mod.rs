//! Everything on one machine: a managed PostgreSQL, the sandbox platform and the service.
//!
//! | Module | Owns |
//! |---|---|
//! | [`run`] | the `dev` command: from nothing to a service that answers |
//! | [`addresses`] | settings that name a sandbox as the platform |
//! | [`compose`] | service and sandbox on one origin, joined; tests use it too |
//! | [`postgres`] | a server of our own, and the guard that stops it |
//! | [`supervise`] | the same server, started again when it ends unasked |
//! | [`https`], [`certificates`] | the second listener, and whom to trust for it |
//! | `inbox` | what the public inbox needs to know to run here |
//! | [`database`] | databases of our own on any server |
//! | [`seed`] | dialogs of a scenario |
//! | [`card`] | what is printed when everything is ready |

pub mod addresses;
pub mod card;
pub mod certificates;
pub mod compose;
pub mod database;
pub mod https;
mod inbox;
pub mod postgres;
pub mod run;
pub mod seed;
pub mod supervise;

/// What `dev` tells at its terminal unless told otherwise: trouble, and refusals in one line each.
pub const LOG_FILTER: &str = "warn,dialogporten::refused=debug";
