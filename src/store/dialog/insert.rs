//! Writing a new dialog: one statement, so one round trip and one transaction, with the outbox. Very large ones go in pieces.
//!
//! The dialog's own row is the statement's main part and runs first, so a dialog id that is taken is told before an id of a
//! child is. What constraints refuse is translated by name (`store::violation`).

use sqlx::types::Json;

use super::{
    append::Appended,
    change::progress,
    children::{Placed, Statement, bind_activities, bind_claims, bind_events, bind_transmissions},
};
use crate::{
    db::Db,
    domain::{actor::Actor, birth::NewDialog, event::DomainEvent, ids::DialogId, listed::Listed, wire_enum::WireEnum},
    heavy,
    store::{dictionary::Dictionary, violation::StoreError},
};

const INSERT: &str = include_str!("insert.sql");

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
    let org = dictionary.org(db, &new.dialog.org).await?;
    let resource = dictionary.resource(db, &new.dialog.service_resource, org).await?;
    let mut rest = Appended { transmissions, activities: &new.activities, claimed: &new.chosen, events };
    let first = rest.piece();
    let listed = Listed::of(&new.dialog.body, None).with(&new.activities);
    let weight = new.dialog.body.weight() + first.weight();
    let statement = heavy::beside(weight, || statement(new, (org, resource), &listed, first)).await;
    let stored = if rest.is_empty() {
        statement.fetch_one(db).await.map(drop).map_err(StoreError::from)
    } else {
        in_pieces(db, new.dialog.id, statement, rest).await
    };
    stored.map_err(|error| error.naming_owner(&new.dialog.org, new.dialog.idempotent_key.as_deref()))
}

async fn in_pieces(
    db: &Db,
    dialog: DialogId,
    first: Statement<'_, (DialogId,)>,
    rest: Appended<'_>,
) -> Result<(), StoreError> {
    let mut transaction = db.begin().await?;
    first.fetch_one(&mut *transaction).await?;
    rest.store(&mut transaction, dialog).await?;
    Ok(transaction.commit().await?)
}

fn statement<'q>(
    new: &'q NewDialog,
    (org, resource): (i16, i32),
    listed: &'q Listed,
    first: Appended<'q>,
) -> Statement<'q, (DialogId,)> {
    let dialog = &new.dialog;
    let statement = sqlx::query_as(INSERT)
        .bind(dialog.party.key())
        .bind(dialog.party.as_str())
        .bind(dialog.id)
        .bind(dialog.revision)
        .bind(dialog.context_revision)
        .bind(dialog.owner_context_revision)
        .bind(&dialog.resource_type)
        .bind(resource)
        .bind(org)
        .bind(dialog.created_at)
        .bind(dialog.updated_at)
        .bind(dialog.content_updated_at)
        .bind(dialog.due_at)
        .bind(dialog.visible_from)
        .bind(dialog.expires_at)
        .bind(dialog.status.id())
        .bind(progress(dialog))
        .bind(dialog.labels.mask())
        .bind(dialog.from_party_transmissions)
        .bind(dialog.from_owner_transmissions)
        .bind(dialog.is_api_only)
        .bind(dialog.is_content_seen)
        .bind(dialog.has_unopened_content)
        .bind(dialog.extended_status.as_deref())
        .bind(dialog.external_reference.as_deref())
        .bind(dialog.process.as_deref())
        .bind(dialog.preceding_process.as_deref())
        .bind(dialog.idempotent_key.as_deref())
        .bind(&dialog.owner_labels)
        .bind(Json(&dialog.body))
        .bind(Json(listed));
    let statement = bind_transmissions(statement, first.transmissions);
    let statement = bind_claims(bind_activities(statement, first.activities), first.claimed);
    bind_events(statement, first.events)
        .bind(new.now)
        .bind(new.label_log.iter().map(|(label, _)| label.id()).collect::<Vec<_>>())
        .bind(new.label_log.iter().map(|(_, action)| action.id()).collect::<Vec<_>>())
        .bind(Json(Actor::service_owner()))
}

/// The live dialog of an owner that has this key.
pub async fn with_idempotent_key(db: &Db, org: &str, key: &str) -> sqlx::Result<Option<DialogId>> {
    const FIND: &str = "
        select d.id
          from dialog d
         where d.org_id = (select id from org where name = $1)
           and d.idempotent_key = $2
           and d.deleted_at is null";
    sqlx::query_scalar(FIND).bind(org).bind(key).fetch_optional(db).await
}
