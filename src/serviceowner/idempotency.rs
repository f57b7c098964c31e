//! Keys by which service owners make repeated requests harmless.

use crate::{
    domain::{ids::DialogId, rules::unique},
    http::Refusal,
};

const KEY: &str = "IdempotentKey";

/// 409: a live dialog of the owner has this key.
pub fn taken(key: &str, dialog: DialogId) -> Refusal {
    Refusal::Conflict { key: KEY, text: format!("'{key}' already exists with DialogId '{dialog}'") }
}

/// The transmissions of one dialog have different keys. Missing ones are not compared.
///
/// # Errors
/// 409 that lists the keys that stand more than once.
pub fn distinct<'k>(keys: impl Iterator<Item = Option<&'k str>> + Clone) -> Result<(), Refusal> {
    let repeated = unique::repeated_by(keys.flatten(), |key| key);
    if repeated.is_empty() {
        return Ok(());
    }
    let list = repeated.join("', '");
    let text = format!("Duplicate IdempotentKey detected in dialog transmissions. Conflicting keys: '{list}'.");
    Err(Refusal::Conflict { key: KEY, text })
}
