//! What the service does, seen from outside: HTTP against the real router, a real database and a sandbox platform.
//!
//! One binary, one file per operation, laid out like `src/`. See `harness` for what tests start with.

mod access;
mod access_table;
mod arrows;
mod attack;
mod auth;
mod clients;
mod commands;
mod contract;
mod db;
mod dev_command;
mod dev_database;
mod enduser;
mod events;
mod examples;
mod graphql;
mod harness;
mod harness_works;
mod jobs;
mod managed_postgres;
mod metadata;
mod migrate_command;
mod otlp;
mod pages;
mod platform;
mod read_outcomes;
mod reindex;
mod round_trips;
mod sandbox_command;
mod seed;
mod server;
mod serviceowner;
mod statuses;
mod store;
mod whole_answers;
mod wire;
