//! Numbers of the contract (chapter "Numeric constants").

/// Most strings.
pub const DEFAULT_STRING: usize = 255;
/// URIs, measured on their text.
pub const URI: usize = 1023;
/// How far a client's clock may run ahead of ours, in seconds.
pub const CLOCK_SKEW_SECONDS: i64 = 15;
/// Bytes of a request body; one more is a 413.
pub const BODY_BYTES: usize = 20_000_000;
/// Transmissions of one kind (from the party, from the service owner) per dialog.
pub const TRANSMISSIONS_PER_KIND: i32 = 32_767;
/// Depth of a transmission tree and number of children of one parent.
pub const HIERARCHY: usize = 100;
/// Labels a service owner may put on one dialog.
pub const OWNER_LABELS: usize = 20;
