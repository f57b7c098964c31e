//! Settings: one struct per section, defaults embedded, everything checked at start.

/// All settings of the service.
#[derive(Debug, Default)]
pub struct Config {}
