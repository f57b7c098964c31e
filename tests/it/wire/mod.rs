//! Conventions of the wire that no single operation owns.

mod health;
mod metadata;
mod routing;
