//! What the platform says: registry, decisions, authorized parties, names. Cached, bounded, failing closed.

/// The platform as the service sees it. Clones share caches.
#[derive(Clone, Debug, Default)]
pub struct Altinn {}
