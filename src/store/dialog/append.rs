//! What a write appends to a dialog, in pieces. The first goes with the dialog's own statement, so that an ordinary write is
//! one round trip. What is left of a very large one follows in further statements of the same transaction: no statement holds
//! all of it, written out twice, on its way to the database.

use uuid::Uuid;

use super::children::{self, Placed};
use crate::{
    db::Connection,
    domain::{
        child_ids::ChildKind,
        dialog::{ACTIVITY_WEIGHT, Activity, TRANSMISSION_WEIGHT},
        event::DomainEvent,
        ids::DialogId,
    },
    heavy,
    store::{
        statement::{Bound, Statement},
        violation::StoreError,
    },
    text::{
        fragment,
        vector::{self, Fragment},
    },
};

/// Most rows of a kind in one statement.
// About 4 MB of transmissions on the wire. Nearly every write fits, and so is one round trip.
const PIECE: usize = 4_000;

/// Rows that join a dialog.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Appended<'a> {
    pub transmissions: &'a [Placed],
    pub activities: &'a [Activity],
    pub claimed: &'a [(ChildKind, Uuid)],
    pub events: &'a [DomainEvent],
}

static APPEND: Statement = Statement::new(
    "dialog append",
    "
with written as (
    select d.id from dialog d where d.id = $dialog
), transmissions as ({{transmissions}}
), activities as ({{activities}}
), claimed as ({{claimed}}
), {{texts}}, raised as ({{raised}}
)
select w.id from written w",
);

pub(super) const STATEMENTS: [&Statement; 1] = [&APPEND];

impl<'a> Appended<'a> {
    /// Takes the first piece off.
    pub fn piece(&mut self) -> Self {
        Self {
            transmissions: front(&mut self.transmissions),
            activities: front(&mut self.activities),
            claimed: front(&mut self.claimed),
            events: front(&mut self.events),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.transmissions.is_empty() && self.activities.is_empty() && self.claimed.is_empty() && self.events.is_empty()
    }

    /// About how many bytes this is on its way to the database.
    pub fn weight(&self) -> usize {
        TRANSMISSION_WEIGHT * self.transmissions.len()
            + ACTIVITY_WEIGHT * (self.activities.len() + self.events.len())
            // A UUID and a smallint.
            + 18 * self.claimed.len()
    }

    /// The texts that join the dialog's.
    pub fn fragments(self) -> impl Iterator<Item = Fragment<'a>> {
        let sent = self.transmissions.iter().flat_map(|placed| fragment::transmission(&placed.transmission.body));
        sent.chain(self.activities.iter().flat_map(|activity| fragment::activity(&activity.body)))
    }

    /// For the parts that write it.
    pub fn tell(self, statement: Bound<'a>) -> Bound<'a> {
        statement
            .and(|statement| children::transmissions(statement, self.transmissions))
            .and(|statement| children::activities(statement, self.activities))
            .and(|statement| children::claimed(statement, self.claimed))
            .and(|statement| children::events(statement, self.events))
    }

    /// Stores this and whatever is left, piece by piece, in a transaction that holds the dialog. `party` is its party's key.
    pub async fn store(mut self, connection: &mut Connection, dialog: DialogId, party: i64) -> Result<(), StoreError> {
        while !self.is_empty() {
            let piece = self.piece();
            let tell = || {
                APPEND
                    .with("dialog", dialog)
                    .with("party", party)
                    // The first statement took the dialog's own words away, if that was to be done.
                    .with("text_is_replaced", false)
                    .with("text_vectors", vector::vectors(piece.fragments()))
                    .and(|statement| piece.tell(statement))
                    .ready()
            };
            let ready = heavy::beside(piece.weight(), tell).await??;
            let _: Option<(Uuid,)> = ready.optional(&mut *connection).await?;
        }
        Ok(())
    }
}

fn front<'a, T>(rows: &mut &'a [T]) -> &'a [T] {
    let (front, rest) = rows.split_at(rows.len().min(PIECE));
    *rows = rest;
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn pieces_make_the_whole() {
        let activities = vec![sample::activity(1); 2 * PIECE + 1];
        let mut rest = Appended { activities: &activities, ..Appended::default() };
        let sizes: Vec<usize> = std::iter::from_fn(|| {
            let piece = rest.piece();
            (!piece.is_empty()).then_some(piece.activities.len())
        })
        .collect();
        assert_eq!(sizes, [PIECE, PIECE, 1]);
        assert!(rest.is_empty());
    }
}
