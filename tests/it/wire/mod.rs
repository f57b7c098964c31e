//! Conventions of the wire that no single operation owns.

mod conventions;
mod enumeration;
mod health;
mod metadata;
mod mistakes;
mod operations;
mod privacy;
mod routing;
mod why;
