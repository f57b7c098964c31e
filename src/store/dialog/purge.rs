//! Removing a dialog and everything that belongs to it; its events stay.

use sqlx::PgExecutor;

use super::children;
use crate::{
    domain::{
        event::DomainEvent,
        ids::{DialogId, Revision},
        party::Party,
    },
    store::{statement::Statement, violation::StoreError},
};

static PURGE: Statement = Statement::new(
    "dialog purge",
    "
with written as (                                   -- children go with the row, by foreign keys and a trigger
    delete from dialog d
     where d.id = $dialog and d.party_key = $party and d.revision = $read
    returning d.id, d.resource_id
), pair as (                                        -- locked, so that the count is the current one
    select p.resource_id, p.dialog_count
      from party_resource p
      join written w on w.resource_id = p.resource_id
     where p.party_key = $party
       for update of p
), last_of_pair as (
    delete from party_resource p
     -- the row of a pair lives as long as its last dialog: resources without dialogs are in no list (M-004)
     using pair l
     where p.party_key = $party and p.resource_id = l.resource_id and l.dialog_count <= 1
), fewer as (
    update party_resource p
       set dialog_count = l.dialog_count - 1
      from pair l
     where p.party_key = $party and p.resource_id = l.resource_id and l.dialog_count > 1
), raised as ({{raised}}
)
select w.id from written w",
);

pub(super) const STATEMENTS: [&Statement; 1] = [&PURGE];

/// Removes the dialog with its revision `read`; false if it no longer has it. `events` are what remains.
pub async fn purge(
    db: impl PgExecutor<'_>,
    dialog: DialogId,
    party: &Party,
    read: Revision,
    events: &[DomainEvent],
) -> Result<bool, StoreError> {
    let row: Option<(DialogId,)> = PURGE
        .with("dialog", dialog)
        .with("party", party.key())
        .with("read", read)
        .and(|statement| children::events(statement, events))
        .optional(db)
        .await?;
    Ok(row.is_some())
}
