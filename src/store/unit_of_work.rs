//! A write: rows and outbox together, or neither.

use sqlx::types::Json;

use super::violation::StoreError;
use crate::{
    db::{Connection, Db, Transaction},
    domain::event::DomainEvent,
};

/// An open transaction and the events it will publish. Dropping it rolls back.
#[derive(Debug)]
#[must_use = "nothing is stored before `commit`"]
pub struct UnitOfWork {
    transaction: Transaction,
    events: Vec<DomainEvent>,
}

impl UnitOfWork {
    /// Opens a transaction. Nothing that may take long belongs between this and [`commit`](Self::commit).
    pub async fn begin(db: &Db) -> Result<Self, StoreError> {
        Ok(Self { transaction: db.begin().await?, events: Vec::new() })
    }

    /// Where the statements of this write run.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.transaction
    }

    /// Notes what happened; written when the unit of work is committed, after the dialog's row lock was taken, so that
    /// events of one dialog stand in the order of its commits.
    pub fn raise(&mut self, events: impl IntoIterator<Item = DomainEvent>) {
        self.events.extend(events);
    }

    /// Commits the rows and the outbox together.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if !self.events.is_empty() {
            write_outbox(&mut self.transaction, &self.events).await?;
        }
        Ok(self.transaction.commit().await?)
    }
}

async fn write_outbox(connection: &mut Connection, events: &[DomainEvent]) -> sqlx::Result<()> {
    const INSERT: &str = "
        insert into outbox (occurred_at, event_id, dialog_id, is_silent, kind, body)
        select occurred_at, event_id, dialog_id, is_silent, kind, body
          from unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::boolean[], $5::text[], $6::jsonb[])
               with ordinality as event (occurred_at, event_id, dialog_id, is_silent, kind, body, place)
         order by place";
    sqlx::query(INSERT)
        .bind(events.iter().map(|event| event.occurred_at).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.event_id).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.dialog_id).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.is_silent_update).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.kind.name()).collect::<Vec<_>>())
        .bind(events.iter().map(Json).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
