//! What a write appends to a dialog, in pieces. The first goes with the dialog's own statement, so that an ordinary write is
//! one round trip. What is left of a very large one follows in further statements of the same transaction: no statement holds
//! all of it, written out twice, on its way to the database.

use uuid::Uuid;

use super::children::{Placed, bind_activities, bind_claims, bind_events, bind_transmissions};
use crate::{
    db::Connection,
    domain::{child_ids::ChildKind, dialog::Activity, event::DomainEvent, ids::DialogId},
    heavy,
    store::violation::StoreError,
};

/// Most rows of a kind in one statement.
const PIECE: usize = 4_000;

/// Rows that join a dialog.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Appended<'a> {
    pub transmissions: &'a [Placed],
    pub activities: &'a [Activity],
    pub claimed: &'a [(ChildKind, Uuid)],
    pub events: &'a [DomainEvent],
}

const APPEND: &str = "
with transmissions as (
    insert into dialog_transmission
        (id, created_at, parent_id, type, depth, is_opened, has_content, authorization_attribute, idempotent_key, body
        , dialog_id, party_key)
    select t.*, d.id, d.party_key
      from dialog d
     cross join unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::smallint[], $6::smallint[], $7::boolean[]
                      , $8::boolean[], $9::text[], $10::text[], $11::jsonb[]) t
     where d.id = $1
), activities as (
    insert into dialog_activity (id, created_at, transmission_id, type, body, dialog_id, party_key)
    select a.*, d.id, d.party_key
      from dialog d
     cross join unnest($12::uuid[], $13::timestamptz[], $14::uuid[], $15::smallint[], $16::jsonb[]) a
     where d.id = $1
), claimed as (
    insert into child_id (kind, id, dialog_id)
    select i.kind, i.id, $1
      from unnest($17::smallint[], $18::uuid[]) i (kind, id)
), raised as (
    insert into outbox (event_id, occurred_at, is_silent, kind, body, dialog_id)
    select e.event_id, e.occurred_at, e.is_silent, e.kind, e.body, $1
      from unnest($19::uuid[], $20::timestamptz[], $21::boolean[], $22::text[], $23::jsonb[])
           with ordinality e (event_id, occurred_at, is_silent, kind, body, place)
     order by e.place
)
select d.id from dialog d where d.id = $1";

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
        1_000 * self.transmissions.len() + 300 * (self.activities.len() + self.events.len()) + 18 * self.claimed.len()
    }

    /// Stores this and whatever is left, piece by piece, in a transaction that holds the dialog.
    pub async fn store(mut self, connection: &mut Connection, dialog: DialogId) -> Result<(), StoreError> {
        while !self.is_empty() {
            let piece = self.piece();
            let statement = heavy::beside(piece.weight(), || piece.bind(sqlx::query_as(APPEND).bind(dialog))).await;
            let _: (Uuid,) = statement.fetch_one(&mut *connection).await?;
        }
        Ok(())
    }

    fn bind<Row>(self, statement: super::children::Statement<'a, Row>) -> super::children::Statement<'a, Row> {
        let statement = bind_activities(bind_transmissions(statement, self.transmissions), self.activities);
        bind_events(bind_claims(statement, self.claimed), self.events)
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
