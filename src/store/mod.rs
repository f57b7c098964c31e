//! SQL. One file per aggregate or big read.

pub mod migrations;
