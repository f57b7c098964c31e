//! What the database refuses, as the contract words it: constraints are recognised by name, never by text.

use sqlx::postgres::PgDatabaseError;

use crate::{
    db::trouble,
    domain::{
        refusal::Refusal,
        rules::code::Code,
        violations::{Fault, Violations},
    },
    heavy,
};

/// Why something could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A constraint: an id or a key that exists already, or a dialog that does not any more.
    #[error("a constraint does not hold")]
    Violated(Violations),
    /// Another transaction was in the way, or the row is no longer as it was read.
    #[error("a concurrent operation was in the way")]
    Concurrent,
    /// Two parties of one key: the row is of another party than the one that is written for.
    #[error("the party's key belongs to another party")]
    PartyKeyTaken,
    #[error(transparent)]
    Busy(#[from] heavy::Busy),
    #[error(transparent)]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let refused = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        match refused.map(|refused| (refused.code(), refused)) {
            // 409 in both cases (chapter 01 §11.5), unless whoever asked can try again by itself.
            Some((SERIALIZATION_FAILURE | DEADLOCK, _)) => Self::Concurrent,
            Some((UNIQUE_VIOLATION | FOREIGN_KEY_VIOLATION, refused)) => {
                let text = refused.constraint().zip(refused.detail()).and_then(|(constraint, detail)| {
                    let detail = Detail::parse(detail)?;
                    documented(constraint, &detail)
                });
                match text {
                    Some((key, fault)) => Self::Violated(Violations::one(key, fault)),
                    None if violates(&error, "dialog_document_dialog_fk") => Self::PartyKeyTaken,
                    // A constraint that the contract does not speak of is a fault of ours, never a text for clients.
                    None => Self::Database(error),
                }
            }
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// The one violation whose text needs a name that the database keeps as a number: two dialogs of one owner with one
    /// key.
    pub fn naming_owner(self, org: &str, idempotent_key: Option<&str>) -> Self {
        match (self, idempotent_key) {
            (Self::Database(error), Some(key)) if violates(&error, "dialog_idempotent_key") => {
                Self::Violated(Violations::one(
                    "Dialog",
                    Code::IdempotentKeyTaken
                        .says(format!("Key ('Org', 'IdempotentKey')=({org}, {key}) already exists."))
                        .hint(
                            "A dialog with this key was created at the same moment, or is deleted; choose another key.",
                        ),
                ))
            }
            (other, _) => other,
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        trouble::refusal(&error).unwrap_or_else(|| Self::Fault(error.into()))
    }
}

/// What a write that came too late is told: 412 if the client said what it builds on, 409 otherwise.
pub fn too_late(is_guarded: bool) -> Refusal {
    // Which revision it has now is not known here, and asking would be a round trip for a hint.
    if is_guarded { Refusal::PreconditionFailed { current: None } } else { StoreError::Concurrent.into() }
}

/// The text of a 409 between two requests.
const CONCURRENT: &str = "The request conflicted with a concurrent operation. Please try again.";

/// What clients hear when something could not be stored.
impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Violated(found) => Self::Unprocessable(found),
            StoreError::Concurrent => Self::Conflict {
                key: "",
                fault: Code::ConcurrentChange
                    .says(CONCURRENT)
                    .hint("Send it again; with `If-Match` you learn what changed."),
                existing: None,
            },
            StoreError::Busy(busy) => busy.into(),
            StoreError::Database(error) => error.into(),
            error @ StoreError::PartyKeyTaken => Self::Fault(error.into()),
        }
    }
}

const UNIQUE_VIOLATION: &str = "23505";
const FOREIGN_KEY_VIOLATION: &str = "23503";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";

fn violates(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) == Some(constraint)
}

/// Key and text of a violated constraint. The contract shows the reference's table and column names.
fn documented(constraint: &str, detail: &Detail) -> Option<(&'static str, Fault)> {
    let exists = |table, id: &str| {
        let text = format!("Key ('Id')=({id}) already exists.");
        Some((table, Code::IdTaken.says(text).hint("Leave the id out and one is made, or make a new one.")))
    };
    match constraint {
        "dialog_pk" => exists("Dialog", detail.last()),
        "dialog_transmission_pk" => exists("DialogTransmission", detail.last()),
        "dialog_activity_pk" => exists("DialogActivity", detail.last()),
        "child_id_pk" => exists(child_table(detail.first())?, detail.last()),
        "dialog_transmission_idempotent_key" => {
            let (dialog, key) = detail.values.split_once(", ")?;
            let text = format!("Key ('DialogId', 'IdempotentKey')=({dialog}, {key}) already exists.");
            let fault = Code::IdempotentKeyTaken.says(text);
            Some(("DialogTransmission", fault.hint("A transmission with this key was added at the same moment.")))
        }
        "dialog_transmission_dialog_fk" => {
            let text = format!("Key (DialogId)=({}) is not present in table 'Dialog'.", detail.last());
            let fault = Code::DialogVanished.says(text).hint("The dialog was purged at the same moment.");
            Some(("DialogTransmission", fault))
        }
        _ => None,
    }
}

/// By the kinds of the table `child_id`.
fn child_table(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "1" => "Attachment",
        "2" => "AttachmentUrl",
        "3" => "DialogGuiAction",
        "4" => "DialogApiAction",
        "5" => "DialogApiActionEndpoint",
        _ => return None,
    })
}

/// The values in `Key (a, b)=(1, x) already exists.`
struct Detail<'a> {
    values: &'a str,
}

impl<'a> Detail<'a> {
    fn parse(detail: &'a str) -> Option<Self> {
        let (_, rest) = detail.split_once(")=(")?;
        let (values, _) = rest.rsplit_once(") ").and_then(|(values, tail)| match tail {
            // From the end, as a value (a client's key) may hold a parenthesis.
            "already exists." => Some((values, tail)),
            _ => rest.split_once(") is not present"),
        })?;
        Some(Self { values })
    }

    fn first(&self) -> &'a str {
        self.values.split(", ").next().unwrap_or(self.values)
    }

    fn last(&self) -> &'a str {
        self.values.rsplit(", ").next().unwrap_or(self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0196c0de-0000-7000-8000-000000000001";

    fn text(constraint: &str, detail: &str) -> Option<(&'static str, String)> {
        documented(constraint, &Detail::parse(detail)?).map(|(table, fault)| (table, fault.text))
    }

    #[test]
    fn constraints_have_documented_texts() {
        let exists = format!("Key ('Id')=({ID}) already exists.");
        assert_eq!(text("dialog_pk", &format!("Key (id)=({ID}) already exists.")), Some(("Dialog", exists.clone())));
        for (kind, table) in [(1, "Attachment"), (2, "AttachmentUrl"), (5, "DialogApiActionEndpoint")] {
            let detail = format!("Key (kind, id)=({kind}, {ID}) already exists.");
            assert_eq!(text("child_id_pk", &detail), Some((table, exists.clone())));
        }
        assert_eq!(
            text(
                "dialog_transmission_idempotent_key",
                &format!("Key (dialog_id, idempotent_key)=({ID}, a, b) already exists.")
            ),
            Some(("DialogTransmission", format!("Key ('DialogId', 'IdempotentKey')=({ID}, a, b) already exists.")))
        );
        assert_eq!(
            text(
                "dialog_transmission_dialog_fk",
                &format!("Key (dialog_id)=({ID}) is not present in table \"dialog\".")
            ),
            Some(("DialogTransmission", format!("Key (DialogId)=({ID}) is not present in table 'Dialog'.")))
        );
        assert_eq!(text("some_other", &format!("Key (id)=({ID}) already exists.")), None);
    }
}
