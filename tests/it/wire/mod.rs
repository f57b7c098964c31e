//! Conventions of the wire that no single operation owns.

mod conventions;
mod health;
mod metadata;
mod routing;
