//! A local platform that speaks the real HTTP: tokens, decisions, registry, authorized parties, names, events.

pub mod world;
