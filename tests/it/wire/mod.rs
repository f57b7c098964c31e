//! Conventions of the wire that no single operation owns.

mod conventions;
mod enumeration;
mod health;
mod metadata;
mod privacy;
mod routing;
