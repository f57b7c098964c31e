//! Writing a new dialog: one statement, so one round trip and one transaction, with the outbox. Very large ones
//! go in pieces ([`append`](super::append)).
//!
//! The dialog's own row is what the statement answers with and is written first, so a dialog id that is taken is told before
//! an id of a child is. What constraints refuse is translated by name (`store::violation`).

use sqlx::types::Json;

use super::{append::Appended, change::progress, children::Placed};
use crate::{
    db::Db,
    domain::{
        actor::Actor, birth::NewDialog, dialog::Dialog, event::DomainEvent, ids::DialogId, listed::Listed,
        wire_enum::WireEnum,
    },
    heavy,
    store::{
        dictionary::Dictionary,
        statement::{Bound, Ready, Statement},
        violation::StoreError,
    },
    text::{self, fragment, vector},
};

static INSERT: Statement = Statement::new("dialog insert", include_str!("insert.sql"));

/// Stores a dialog with all that it is born with, and what happened.
///
/// # Errors
/// `Violated` for ids and keys that are taken, `PartyKeyTaken` if another party has the same key.
pub async fn insert(
    db: &Db,
    dictionary: &Dictionary,
    new: &NewDialog,
    transmissions: &[Placed],
    events: &[DomainEvent],
) -> Result<(), StoreError> {
    let dialog = &new.dialog;
    // Numbers come from memory but for the first dialog ever of an owner or a resource.
    let org = dictionary.org(db, &dialog.org).await?;
    let resource = dictionary.resource(db, &dialog.service_resource, org).await?;
    let listed = Listed::of(&dialog.body, None).with(&new.growth.activities);
    let mut rest = Appended { transmissions, activities: &new.growth.activities, claimed: &new.chosen, events };
    let first = rest.piece();
    let weight = dialog.body.weight() + first.weight();
    let ready = heavy::beside(weight, || statement(new, (org, resource), &listed, first).ready()).await??;
    let stored = if rest.is_empty() {
        ready.optional(db).await.map_err(StoreError::from)
    } else {
        in_pieces(db, dialog, ready, rest).await
    };
    match stored {
        Ok(Some(_)) => Ok(()),
        // No row and no error: the statement found the key under another URN.
        Ok(None) => Err(StoreError::PartyKeyTaken),
        // The database has the owner as a number; the contract's text shows its name.
        Err(error) => Err(error.naming_owner(&dialog.org, dialog.idempotent_key.as_deref())),
    }
}

async fn in_pieces(
    db: &Db,
    dialog: &Dialog,
    first: Ready,
    rest: Appended<'_>,
) -> Result<Option<(DialogId,)>, StoreError> {
    let mut transaction = db.begin().await?;
    let stored = first.optional(&mut *transaction).await?;
    if stored.is_some() {
        rest.store(&mut transaction, dialog.id, dialog.party.key()).await?;
        transaction.commit().await?;
    }
    Ok(stored)
}

fn statement<'q>(
    new: &'q NewDialog,
    (org, resource): (i16, i32),
    listed: &'q Listed,
    first: Appended<'q>,
) -> Bound<'q> {
    let dialog = &new.dialog;
    INSERT
        .with("party", dialog.party.key())
        .with("party_urn", dialog.party.as_str())
        .with("dialog", dialog.id)
        .with("revision", dialog.revision)
        .with("context_revision", dialog.context_revision)
        .with("owner_context_revision", dialog.owner_context_revision)
        .with("resource_type", &*dialog.resource_type)
        .with("resource", resource)
        .with("org", org)
        .with("created_at", dialog.created_at)
        .with("updated_at", dialog.updated_at)
        .with("content_updated_at", dialog.content_updated_at)
        .with("due_at", dialog.due_at)
        .with("visible_from", dialog.visible_from)
        .with("expires_at", dialog.expires_at)
        .with("status", dialog.status.id())
        .with("progress", progress(dialog))
        .with("labels", dialog.labels.mask())
        .with("from_party_transmissions", dialog.from_party_transmissions)
        .with("from_owner_transmissions", dialog.from_owner_transmissions)
        .with("is_api_only", dialog.is_api_only)
        .with("is_content_seen", dialog.is_content_seen)
        .with("has_unopened_content", dialog.has_unopened_content)
        .with("extended_status", dialog.extended_status.as_deref())
        .with("external_reference", dialog.external_reference.as_deref())
        .with("process", dialog.process.as_deref())
        .with("preceding_process", dialog.preceding_process.as_deref())
        .with("idempotent_key", dialog.idempotent_key.as_deref())
        .with("owner_labels", &dialog.owner_labels)
        .with("body", Json(&dialog.body))
        .with("listed", listed.written())
        .with("text_analysis", text::ANALYSIS)
        .with("text_vectors", vector::whole(fragment::own(&dialog.body).chain(first.fragments())))
        .with("now", new.now)
        .with("performer", Json(Actor::service_owner()))
        .and(|statement| first.tell(statement))
}

static WITH_KEY: Statement = Statement::new(
    "dialog with idempotent key",
    "
    select d.id
      from dialog d
     where d.org_id = (select id from org where name = $org)
       and d.idempotent_key = $key
       and d.deleted_at is null",
);

pub(super) const STATEMENTS: [&Statement; 2] = [&INSERT, &WITH_KEY];

/// The live dialog of an owner that has this key.
pub async fn with_idempotent_key(db: &Db, org: &str, key: &str) -> sqlx::Result<Option<DialogId>> {
    let found: Option<(DialogId,)> = WITH_KEY.with("org", org).with("key", key).optional(db).await?;
    Ok(found.map(|(id,)| id))
}
