//! Writing that somebody has opened a dialog.
//!
//! One statement, so one round trip and one transaction: the entry, the seen flag, the mark that goes and its log, and the
//! outbox. It locks the row first, so that per dialog events stand in commit order, and two readers at once leave no more
//! than two readers one after the other. What it changes is computed from the locked row; neither the dialog's revision nor
//! that of the end-user context moves.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use super::children;
use crate::{
    domain::{
        Instant,
        actor::Actor,
        event::DomainEvent,
        ids::{DialogId, Revision},
        party::Party,
        system_label::Labels,
    },
    store::statement::Statement,
};

/// Somebody opened a dialog.
#[derive(Clone, Debug)]
pub struct Visit<'a> {
    pub dialog: DialogId,
    pub party: &'a Party,
    /// Follows from the dialog's state and the reader: what is there already is not written again.
    pub entry: Uuid,
    pub now: Instant,
    /// The kind of user, by its number.
    pub user_type: i16,
    pub is_via_service_owner: bool,
    pub actor: &'a Actor,
    /// As it was read: if it is still so, the content has been seen.
    pub content_updated_at: Instant,
    /// Whether the reader saw the dialog marked as unopened.
    pub saw_mark: bool,
    /// The end-user context's revision that was read: if it has changed, a mark is another one and stays.
    pub context_revision: Revision,
    /// What happened; the event with the entry's id happened only if the entry is new.
    pub events: &'a [DomainEvent],
}

/// The dialog after a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visited {
    /// The entry was not there before.
    pub is_new: bool,
    pub labels: Labels,
    pub is_content_seen: bool,
}

static RECORD: Statement = Statement::new("dialog visit", include_str!("seen.sql"));

pub(super) const STATEMENTS: [&Statement; 1] = [&RECORD];

impl Visit<'_> {
    /// Writes what the visit leaves behind. `None`: the dialog is gone.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn record(&self, db: impl PgExecutor<'_>) -> sqlx::Result<Option<Visited>> {
        let row: Option<(bool, i16, bool)> = RECORD
            .with("dialog", self.dialog)
            .with("party", self.party.key())
            .with("entry", self.entry)
            .with("now", self.now)
            .with("user_type", self.user_type)
            .with("is_via_service_owner", self.is_via_service_owner)
            .with("actor_id", &self.actor.actor_id)
            .with("actor_name", &self.actor.actor_name)
            .with("content_updated_at", self.content_updated_at)
            .with("saw_mark", self.saw_mark)
            .with("context_revision", self.context_revision)
            .with("performer", Json(self.actor))
            .and(|statement| children::events(statement, self.events))
            .optional(db)
            .await?;
        Ok(row.map(|(is_new, mask, is_content_seen)| Visited {
            is_new,
            labels: Labels::from_mask(mask),
            is_content_seen,
        }))
    }
}
