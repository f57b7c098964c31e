//! Who is calling: token, claims, scopes, user type. Yields the caller types that handlers take.

/// Checks tokens against the configured issuers.
#[derive(Clone, Debug, Default)]
pub struct Authenticator {}
