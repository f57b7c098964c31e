//! A write of several statements: rows and outbox together, or neither. Nearly every write is one statement and needs none
//! of this; moving the time of an activity is the exception.

use super::{dialog::children, statement::Statement, violation::StoreError};
use crate::{
    db::{Connection, Db, Transaction},
    domain::{event::DomainEvent, party::party_key},
};

/// An open transaction on one dialog and the events it will publish. Dropping it rolls back.
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

    /// Notes what happened to the dialog; written when the unit of work is committed, after the dialog's row lock was taken, so that
    /// events of one dialog stand in the order of its commits.
    pub fn raise(&mut self, events: impl IntoIterator<Item = DomainEvent>) {
        self.events.extend(events);
    }

    /// Commits the rows and the outbox together.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        // All are of one dialog, so the first one names it for all.
        if let Some(first) = self.events.first() {
            RAISE
                .with("dialog", first.dialog_id)
                .with("party", party_key(&first.party))
                .and(|statement| children::events(statement, &self.events))
                .run(&mut *self.transaction)
                .await?;
        }
        Ok(self.transaction.commit().await?)
    }
}

// The part hangs on `written`; here the row was written by a statement before, so an empty row stands for it.
static RAISE: Statement = Statement::new("outbox raise", "with written as (select) {{raised}}");

pub(super) const STATEMENTS: [&Statement; 1] = [&RAISE];
