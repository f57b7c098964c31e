//! Dialogporten: a common API and metadata store for digital dialogs.
//!
//! Which room owns what, and three walks through them (a create, an end user's GET, a page of a list), is told in
//! `docs/architecture.md`. Arrows between the rooms point one way; `tests/it/arrows.rs` holds them to it.

pub mod access;
pub mod actor_names;
pub mod altinn;
pub mod app;
pub mod auth;
pub mod background;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod dev;
pub mod docs;
pub mod domain;
pub mod enduser;
pub mod events;
mod flight;
pub mod graphql;
pub mod heavy;
pub mod http;
pub mod jobs;
pub mod labelling;
pub mod listing;
pub mod lookup;
pub mod metadata;
pub mod meter;
pub mod openapi;
pub mod otlp;
pub mod outgoing;
pub mod reindex;
pub mod router;
pub mod sandbox;
pub mod seed;
mod seldom;
pub mod server;
pub mod service_resources;
pub mod serviceowner;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod turns;
pub mod usage;
pub mod views;
pub mod visit;
