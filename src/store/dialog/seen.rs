//! Writing that somebody has opened a dialog.
//!
//! One statement, so one round trip and one transaction: the entry, the seen flag, the mark that goes and its log, and the
//! outbox. It locks the row first, so that per dialog events stand in commit order, and two readers at once leave no more
//! than two readers one after the other. What it changes is computed from the locked row; neither the dialog's revision nor
//! that of the end-user context moves.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use super::children::bind_events;
use crate::domain::{
    Instant,
    actor::Actor,
    event::DomainEvent,
    ids::{DialogId, Revision},
    system_label::{LabelAction, Labels, SystemLabel},
    wire_enum::WireEnum,
};

/// Somebody opened a dialog.
#[derive(Clone, Debug)]
pub struct Visit<'a> {
    pub dialog: DialogId,
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

const RECORD: &str = include_str!("seen.sql");

impl Visit<'_> {
    /// Writes what the visit leaves behind. `None`: the dialog is gone.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn record(&self, db: impl PgExecutor<'_>) -> sqlx::Result<Option<Visited>> {
        let statement = sqlx::query_as(RECORD)
            .bind(self.dialog)
            .bind(self.entry)
            .bind(self.now)
            .bind(self.user_type)
            .bind(self.is_via_service_owner)
            .bind(&self.actor.actor_id)
            .bind(&self.actor.actor_name)
            .bind(self.content_updated_at)
            .bind(SystemLabel::MarkedAsUnopened.id())
            .bind(LabelAction::Remove.id())
            .bind(self.saw_mark)
            .bind(SystemLabel::MarkedAsUnopened.bit())
            .bind(self.context_revision)
            .bind(Json(self.actor));
        let row: Option<(bool, i16, bool)> = bind_events(statement, self.events).fetch_optional(db).await?;
        Ok(row.map(|(is_new, mask, is_content_seen)| Visited {
            is_new,
            labels: Labels::from_mask(mask),
            is_content_seen,
        }))
    }
}
