//! What clients hear when something could not be stored.

use super::Refusal;
use crate::store::violation::StoreError;

/// The text of a 409 between two requests.
pub const CONCURRENT: &str = "The request conflicted with a concurrent operation. Please try again.";

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Violated(found) => Self::Unprocessable(found),
            StoreError::Concurrent => Self::Conflict { key: "", text: CONCURRENT.to_owned() },
            error @ (StoreError::PartyKeyTaken | StoreError::Database(_)) => Self::Fault(error.into()),
        }
    }
}
