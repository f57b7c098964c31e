//! Events of all service owners that the platform did not take, for administrators. Ours alone (`docs/extensions.md`).

pub mod parked;
pub mod replay;
