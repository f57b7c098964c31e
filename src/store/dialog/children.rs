//! The rows that hang on a dialog, as arrays for one statement.

use sqlx::{Postgres, postgres::PgArguments, query::QueryAs, types::Json};
use uuid::Uuid;

use crate::domain::{
    child_ids::ChildKind,
    dialog::{Activity, Transmission},
    event::DomainEvent,
    wire_enum::WireEnum,
};

/// A transmission with its place in the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub transmission: Transmission,
    /// A root has depth 1.
    pub depth: i16,
}

/// A statement under way.
pub(super) type Statement<'q, Row> = QueryAs<'q, Postgres, Row, PgArguments>;

/// Ten arrays: id, created_at, parent_id, type, depth, is_opened, has_content, authorization_attribute, idempotent_key, body.
pub(super) fn bind_transmissions<'q, Row>(statement: Statement<'q, Row>, placed: &'q [Placed]) -> Statement<'q, Row> {
    let each = || placed.iter().map(|placed| &placed.transmission);
    statement
        .bind(each().map(|t| t.id.0).collect::<Vec<_>>())
        .bind(each().map(|t| t.created_at).collect::<Vec<_>>())
        .bind(each().map(|t| t.related_transmission_id.map(|id| id.0)).collect::<Vec<_>>())
        .bind(each().map(|t| t.transmission_type.id()).collect::<Vec<_>>())
        .bind(placed.iter().map(|placed| placed.depth).collect::<Vec<_>>())
        .bind(each().map(|t| t.is_opened).collect::<Vec<_>>())
        .bind(each().map(|t| t.body.content.is_some()).collect::<Vec<_>>())
        .bind(each().map(|t| t.authorization_attribute.as_deref()).collect::<Vec<_>>())
        .bind(each().map(|t| t.idempotent_key.as_deref()).collect::<Vec<_>>())
        .bind(each().map(|t| Json(&t.body)).collect::<Vec<_>>())
}

/// Five arrays: id, created_at, transmission_id, type, body.
pub(super) fn bind_activities<'q, Row>(
    statement: Statement<'q, Row>,
    activities: &'q [Activity],
) -> Statement<'q, Row> {
    let each = || activities.iter();
    statement
        .bind(each().map(|a| a.id.0).collect::<Vec<_>>())
        .bind(each().map(|a| a.created_at).collect::<Vec<_>>())
        .bind(each().map(|a| a.transmission_id.map(|id| id.0)).collect::<Vec<_>>())
        .bind(each().map(|a| a.activity_type.id()).collect::<Vec<_>>())
        .bind(each().map(|a| Json(&a.body)).collect::<Vec<_>>())
}

/// Two arrays: kind, id.
pub(super) fn bind_claims<'q, Row>(statement: Statement<'q, Row>, claims: &[(ChildKind, Uuid)]) -> Statement<'q, Row> {
    statement
        .bind(claims.iter().map(|(kind, _)| *kind as i16).collect::<Vec<_>>())
        .bind(claims.iter().map(|(_, id)| *id).collect::<Vec<_>>())
}

/// Five arrays: event_id, occurred_at, is_silent, kind, body.
pub(super) fn bind_events<'q, Row>(statement: Statement<'q, Row>, events: &'q [DomainEvent]) -> Statement<'q, Row> {
    let each = || events.iter();
    statement
        .bind(each().map(|event| event.event_id).collect::<Vec<_>>())
        .bind(each().map(|event| event.occurred_at).collect::<Vec<_>>())
        .bind(each().map(|event| event.is_silent_update).collect::<Vec<_>>())
        .bind(each().map(|event| event.kind.name()).collect::<Vec<_>>())
        .bind(each().map(Json).collect::<Vec<_>>())
}
