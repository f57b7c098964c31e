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
/// Text of a search tag.
pub const SEARCH_TAG: usize = 63;
/// Shortest search tag, owner label and idempotency key.
pub const SHORT_STRING_MIN: usize = 3;
/// An idempotency key.
pub const IDEMPOTENT_KEY: usize = 36;
/// Additional information and addresses of embedded content.
pub const LONG_CONTENT: usize = 1023;
/// The content element ExtendedStatus.
pub const EXTENDED_STATUS_CONTENT: usize = 25;
/// Titles and summaries of those who hold the correspondence scope.
pub const CORRESPONDENCE_CONTENT: usize = 512;
/// Descriptions of activities of those who hold the correspondence scope.
pub const CORRESPONDENCE_DESCRIPTION: usize = 4095;
