//! Dialogporten: a common API and metadata store for digital dialogs.
//!
//! # The map
//! | Module | Owns |
//! |---|---|
//! | [`domain`] | the words and the rules: dialog, transmission, activity, content, party, labels. No async, SQL, HTTP or clock |
//! | [`db`] | the one door to the database: connections, limits, what is told of statements |
//! | [`store`] | SQL: the rows of a dialog, the unit of work, the outbox, search |
//! | [`auth`] | who is calling: token, claims, scopes, user type |
//! | [`altinn`] | what the platform says: registry, decisions, authorized parties, names |
//! | [`access`] | who may see what: one dialog, lists, levels, a service owner's own |
//! | [`http`] | the wire, once: refusals, JSON, query strings, If-Match, paging, languages |
//! | [`openapi`] | operations: the route of each with its handler and its description; the documents made of them |
//! | [`heavy`] | work that keeps a processor busy: a few pieces at once, beside the threads that answer |
//! | [`listing`] | what the lists of dialogs of both surfaces share |
//! | [`service_resources`], [`lookup`] | service resources as clients are told of them; which dialog an instance belongs to |
//! | [`serviceowner`], [`enduser`], [`metadata`] | one file per operation |
//! | [`labelling`], [`visit`] | what both surfaces do alike: changing system labels, noting that somebody opened a dialog |
//! | [`views`] | the parts of answers that both surfaces show alike |
//! | [`server`] | connections: what is taken on, how clients are told to leave, how the process stops |
//! | [`sandbox`] | a local platform that speaks the real HTTP |
//! | [`dev`] | everything on one machine: managed PostgreSQL, sandbox, service |
//!
//! Arrows point one way: `domain` ← `store`, `auth`, `altinn`, `http` ← `access`, `openapi` ← surfaces ← `router`, `main`.
//!
//! # The life of a request
//! token → caller (who, what kind, which scopes) → route policy → parse → request rules (400, all of them) → load →
//! the platform's answer (cached, fail closed) → decision (pure) → one short transaction → answer.
//! No transaction is open while the platform is asked, and the clock is read once.

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
mod flight;
pub mod heavy;
pub mod http;
pub mod labelling;
pub mod listing;
pub mod lookup;
pub mod metadata;
pub mod openapi;
pub mod outgoing;
pub mod router;
pub mod sandbox;
mod seldom;
pub mod server;
pub mod service_resources;
pub mod serviceowner;
pub mod store;
pub mod telemetry;
pub mod views;
pub mod visit;
