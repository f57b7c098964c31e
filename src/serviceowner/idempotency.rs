//! Keys by which service owners make repeated requests harmless.

use crate::domain::{ids::DialogId, refusal::Refusal, rules::unique, violations::Code};

const KEY: &str = "IdempotentKey";
const REPEATED_HINT: &str =
    "Each transmission of a dialog has a key of its own: one that is stored already need not be sent.";

/// 409: a live dialog of the owner has this key.
pub fn taken(key: &str, dialog: DialogId) -> Refusal {
    let fault = Code::IdempotentKeyTaken.says(format!("'{key}' already exists with DialogId '{dialog}'"));
    // Clients parse the id out of the text, so its words are fixed (C-006); `existingId` beside it is ours.
    let hint = "The dialog was created before: go on with `existingId`, or choose another key.";
    Refusal::Conflict { key: KEY, fault: fault.hint(hint), existing: Some(dialog.0) }
}

/// 409: another transmission of the dialog has this key.
pub fn taken_by_another_transmission(key: &str) -> Refusal {
    let text = format!("Duplicate IdempotentKey detected in dialog transmissions. Conflicting key: '{key}'.");
    Refusal::Conflict { key: KEY, fault: Code::IdempotentKeyTaken.says(text).hint(REPEATED_HINT), existing: None }
}

/// The keys of new transmissions differ from each other and from the stored ones.
///
/// # Errors
/// 409 that lists the keys that stand more than once.
pub fn unused<'k>(
    new: impl Iterator<Item = &'k str> + Clone,
    stored: impl IntoIterator<Item = &'k String>,
) -> Result<(), Refusal> {
    // Once into a list, as the iterator is walked twice below.
    let stored: Vec<&str> = stored.into_iter().map(String::as_str).collect();
    distinct(new.chain(stored.iter().copied()).map(Some))
}

/// The transmissions of one dialog have different keys. Missing ones are not compared.
///
/// # Errors
/// 409 that lists the keys that stand more than once.
pub fn distinct<'k>(keys: impl Iterator<Item = Option<&'k str>> + Clone) -> Result<(), Refusal> {
    // Exactly as given: keys are neither trimmed nor folded (§1.1).
    let repeated = unique::repeated_by(keys.flatten(), |key| key);
    if repeated.is_empty() {
        return Ok(());
    }
    let list = repeated.join("', '");
    let text = format!("Duplicate IdempotentKey detected in dialog transmissions. Conflicting keys: '{list}'.");
    let fault = Code::IdempotentKeyRepeated.says(text).hint(REPEATED_HINT);
    Err(Refusal::Conflict { key: KEY, fault, existing: None })
}
