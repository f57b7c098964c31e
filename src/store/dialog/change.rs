//! Writing what an operation made of a stored dialog.
//!
//! One statement, so one round trip and one transaction: the row with its new revision, the body, appended children, claimed
//! ids, labels with their log and marks, and the outbox. Its first part locks the row if it still has the revision that was
//! read; everything else hangs on that part, so a stale write changes nothing, and events enter the outbox only once the
//! row is locked: per dialog they stand in commit order.
//!
//! What end users change beside the owner (labels, seen) is not overwritten from an older reading: it is computed from the
//! locked row.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use super::{
    append::Appended,
    children::{self, Placed},
};
use crate::{
    db::Db,
    domain::{
        Instant,
        actor::Actor,
        child_ids::ChildKind,
        dialog::{Activity, DialogBody, Head},
        event::DomainEvent,
        ids::{Revision, TransmissionId},
        listed::Listed,
        system_label::{Labels, SystemLabel},
        wire_enum::WireEnum,
    },
    heavy,
    store::{
        statement::{Bound, Statement},
        violation::StoreError,
    },
    text::{fragment, vector},
};

/// What becomes of a dialog's system labels when its owner writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelEffect {
    /// Back to Default from Bin or Archive.
    pub reset: bool,
    /// The party sent something.
    pub sent: bool,
}

/// What an operation made of a stored dialog.
pub struct DialogChange<'a> {
    /// As it shall be. Labels, context revisions, owner labels and the seen flag are not taken from here.
    pub dialog: &'a Head,
    /// The revision that was read: another one in the store means that somebody else was faster.
    pub read: Revision,
    /// Whether the aggregate differs at all; if not, only labels may move.
    pub changed: bool,
    /// Whether readers have to look again: the seen flag goes.
    pub unsee: bool,
    /// The body, if it differs: what is appended beside it leaves it as it is.
    pub body: Option<&'a DialogBody>,
    /// What lists show, if it differs.
    pub listed: Option<&'a Listed>,
    /// Whether those texts of the body that are searched differ.
    pub rewords: bool,
    pub labels: LabelEffect,
    pub transmissions: &'a [Placed],
    /// Stored transmissions that an appended activity opened.
    pub opened: &'a [TransmissionId],
    pub activities: &'a [Activity],
    pub claimed: &'a [(ChildKind, Uuid)],
    pub released: &'a [(ChildKind, Uuid)],
    pub events: &'a [DomainEvent],
    pub now: Instant,
}

/// The dialog's contexts after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub labels: Labels,
    pub context_revision: Revision,
}

static SAVE: Statement = Statement::new("dialog change", include_str!("change.sql"));

static LOCK: Statement = Statement::new(
    "dialog lock",
    "select revision from dialog where id = $dialog and party_key = $party for no key update",
);

pub(super) const STATEMENTS: [&Statement; 2] = [&SAVE, &LOCK];

impl<'a> DialogChange<'a> {
    /// A change of nothing but the row; the starting point of every other one.
    pub fn of_row(dialog: &'a Head, read: Revision, now: Instant) -> Self {
        Self {
            dialog,
            read,
            changed: true,
            unsee: false,
            body: None,
            listed: None,
            rewords: false,
            labels: LabelEffect::default(),
            transmissions: &[],
            opened: &[],
            activities: &[],
            claimed: &[],
            released: &[],
            events: &[],
            now,
        }
    }

    /// Writes the change. `None`: the dialog no longer has the revision that was read, and nothing was written.
    ///
    /// # Errors
    /// Violations of constraints (an id that is taken), and whatever else the database says.
    pub async fn save(self, db: &Db) -> Result<Option<Written>, StoreError> {
        let mut rest = Appended {
            transmissions: self.transmissions,
            activities: self.activities,
            claimed: self.claimed,
            events: self.events,
        };
        let first = rest.piece();
        // Nothing is written either if labels moved while the statement waited for the row: its picture of the marks would be
        // an old one. With the row locked beforehand nothing moves any more, and the statement's picture is a new one.
        if rest.is_empty()
            && let Some(written) = self.write(db, first).await?
        {
            return Ok(Some(written));
        }
        self.write_locked(db, first, rest).await
    }

    async fn write_locked(
        &self,
        db: &Db,
        first: Appended<'_>,
        rest: Appended<'_>,
    ) -> Result<Option<Written>, StoreError> {
        let (dialog, party) = (self.dialog.id, self.dialog.party.key());
        let mut transaction = db.begin().await?;
        let current: Option<(Revision,)> =
            LOCK.with("dialog", dialog).with("party", party).optional(&mut *transaction).await?;
        if current.is_none_or(|(current,)| current != self.read) {
            return Ok(None);
        }
        let written = self.write(&mut *transaction, first).await?;
        rest.store(&mut transaction, dialog, party).await?;
        transaction.commit().await?;
        Ok(written)
    }

    async fn write(&self, db: impl PgExecutor<'_>, first: Appended<'_>) -> Result<Option<Written>, StoreError> {
        let rewritten = self.body.map_or(0, DialogBody::weight);
        let ready = heavy::beside(rewritten + first.weight(), || self.statement(first).ready()).await??;
        let row: Option<(i16, Uuid)> = ready.optional(db).await?;
        Ok(row.map(|(mask, context_revision)| Written {
            labels: Labels::from_mask(mask),
            context_revision: Revision(context_revision),
        }))
    }

    fn statement<'q>(&'q self, first: Appended<'q>) -> Bound<'q> {
        let dialog = self.dialog;
        let own = self.body.filter(|_| self.rewords).into_iter().flat_map(fragment::own);
        SAVE.with("dialog", dialog.id)
            .with("party", dialog.party.key())
            .with("read", self.read)
            .with("changed", self.changed)
            .with("revision", dialog.revision)
            .with("created_at", dialog.created_at)
            .with("updated_at", dialog.updated_at)
            .with("content_updated_at", dialog.content_updated_at)
            .with("due_at", dialog.due_at)
            .with("expires_at", dialog.expires_at)
            .with("deleted_at", dialog.deleted_at)
            .with("status", dialog.status.id())
            .with("progress", progress(dialog))
            .with("from_party_transmissions", dialog.from_party_transmissions)
            .with("from_owner_transmissions", dialog.from_owner_transmissions)
            .with("is_api_only", dialog.is_api_only)
            .with("unsee", self.unsee)
            .with("has_unopened_content", dialog.has_unopened_content)
            .with("is_frozen", dialog.is_frozen)
            .with("extended_status", dialog.extended_status.as_deref())
            .with("external_reference", dialog.external_reference.as_deref())
            .with("process", dialog.process.as_deref())
            .with("preceding_process", dialog.preceding_process.as_deref())
            .with("reset_labels", self.labels.reset)
            .with("added_labels", if self.labels.sent { SystemLabel::Sent.bit() } else { 0 })
            .with("context_revision", Revision::fresh())
            .with("performer", Json(Actor::service_owner()))
            .with("now", self.now)
            .with("body", self.body.map(Json))
            .with("listed", self.listed.map(Listed::written))
            .with("opened", self.opened.iter().map(|id| id.0).collect::<Vec<_>>())
            .with("text_is_replaced", self.rewords)
            .with("text_vectors", vector::vectors(own.chain(first.fragments())))
            .and(|statement| children::released(statement, self.released))
            .and(|statement| first.tell(statement))
    }
}

/// As the column holds it; the rules keep it between 0 and 100.
pub(super) fn progress(dialog: &Head) -> Option<i16> {
    dialog.progress.and_then(|progress| i16::try_from(progress).ok())
}
