//! Listening, the bounds of what is taken on, and stopping without cutting anybody off.
//!
//! | Module | Owns |
//! |---|---|
//! | [`listen`] | accepting connections, making room when there are too many, the two steps of stopping |
//! | `connection` | one connection: how long it may be silent, and how it ends |
//! | `socket` | its bytes: who is waiting for whom, and reading on after an early answer |
//! | `transport` | plain connections, and those over TLS |
//! | `request` | one request: whether it is taken on, and what becomes of a body that nobody read |
//! | `body` | that body: how fast it has to come, how much of all bodies is held |
//! | `limits` | what all connections hold together |
//! | [`drain`] | the stages of a process and the signals that lead through them |
//! | [`warmup`], [`maintenance`] | before the first request, and when none is to be answered |
//! | [`files`], [`memory`] | how many files the process may open, how it holds memory |
//!
//! A server has to survive clients that say little or nothing, and clients must never find their connection dead without
//! having been told: an answer that comes before the body was read either lets the connection live on, because the rest of
//! the body is small and comes at once, or it says `Connection: close` and arrives whole.

mod body;
mod connection;
pub mod drain;
pub mod files;
mod limits;
pub mod listen;
pub mod maintenance;
pub mod memory;
mod request;
mod socket;
mod transport;
pub mod warmup;

pub use drain::{Lifecycle, Stage};
pub use listen::{bind, run};
pub use maintenance::Maintenance;
pub use request::LongLived;
pub use transport::Listening;
pub use warmup::Warmup;
