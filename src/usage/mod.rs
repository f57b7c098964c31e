//! Feature metrics: one record for each executed operation, and their sums, by which costs are shared (chapter 05 D9).
//!
//! | Module | Owns |
//! |---|---|
//! | [`recorder`] | counting in this process, and adding it to what all have counted |
//! | [`costs`] | which operations cost what, and the sums of a day |

pub mod costs;
pub mod recorder;

pub use recorder::Usage;
