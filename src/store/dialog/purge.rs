//! Removing a dialog and everything that belongs to it; its events stay.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    domain::{
        event::DomainEvent,
        ids::{DialogId, Revision},
    },
    store::violation::StoreError,
};

const PURGE: &str = "
with gone as (                                      -- children go with the row, by their foreign keys
    delete from dialog d
     where d.id = $1 and d.revision = $2
    returning d.id, d.party_key, d.resource_id
), pair as (                                        -- locked, so that the count is the current one
    select p.party_key, p.resource_id, p.dialog_count
      from party_resource p
      join gone g on g.party_key = p.party_key and g.resource_id = p.resource_id
       for update of p
), last_of_pair as (
    delete from party_resource p
     using pair l
     where p.party_key = l.party_key and p.resource_id = l.resource_id and l.dialog_count <= 1
), fewer as (
    update party_resource p
       set dialog_count = l.dialog_count - 1
      from pair l
     where p.party_key = l.party_key and p.resource_id = l.resource_id and l.dialog_count > 1
), raised as (
    insert into outbox (event_id, occurred_at, is_silent, kind, body, dialog_id)
    select $3, $4, $5, $6, $7, g.id
      from gone g
     where $3::uuid is not null
)
select g.id from gone g";

/// Removes the dialog with its revision `read`; false if it no longer has it. `event` is what remains.
pub async fn purge(
    db: impl PgExecutor<'_>,
    dialog: DialogId,
    read: Revision,
    event: Option<&DomainEvent>,
) -> Result<bool, StoreError> {
    let row: Option<(Uuid,)> = sqlx::query_as(PURGE)
        .bind(dialog)
        .bind(read)
        .bind(event.map(|event| event.event_id))
        .bind(event.map(|event| event.occurred_at))
        .bind(event.map(|event| event.is_silent_update))
        .bind(event.map(|event| event.kind.name()))
        .bind(event.map(Json))
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}
