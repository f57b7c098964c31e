//! SQL. One file per aggregate or big read.

pub mod dialog;
pub mod migrations;
pub mod search;
