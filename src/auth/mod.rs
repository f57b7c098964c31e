//! Who is calling: token, claims, scopes, user type. Yields the caller types that handlers take.
//!
//! | Module | Owns |
//! |---|---|
//! | [`claims`] | what a verified token says |
//! | [`issuers`], [`keys`] | whose tokens are accepted, and the keys that prove them |
//! | [`authenticator`] | from a bearer token to claims, once per request |
//! | [`dialog_token`] | what readers may do with a dialog, signed for others |
//! | [`token_fault`] | why a token does not hold |
//! | [`asker`] | whoever asks by GraphQL, who is let in with less |
//! | [`caller`] | the callers that routes ask for: having one proves token, scope and kind of user |

pub mod asker;
pub mod authenticator;
pub mod caller;
pub mod claims;
pub mod dialog_token;
mod issuers;
mod keys;
pub mod scope;
mod token_fault;

pub use asker::Asker;
pub use authenticator::Authenticator;
pub use caller::{
    Caller, END_USER_HINT, EndUser, NotificationCondition, ServiceOwner, ServiceOwnerAdmin,
    ServiceOwnerChangeTransmissions, ServiceOwnerSearch, bad_end_user_id,
};
pub use claims::Claims;
pub use dialog_token::{DialogGrant, DialogTokens};
pub use scope::Scope;
pub use token_fault::TokenFault;
