//! What anybody may read: limits and the well-known documents.
