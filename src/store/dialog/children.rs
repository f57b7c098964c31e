//! The rows that hang on a dialog, as arrays for the parts of a statement that write them.

use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    domain::{
        child_ids::ChildKind,
        dialog::{Activity, Transmission},
        event::DomainEvent,
        wire_enum::WireEnum,
    },
    store::statement::Bound,
};

/// A transmission with its place in the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub transmission: Transmission,
    /// A root has depth 1.
    pub depth: i16,
}

impl Placed {
    /// Each transmission with its depth.
    pub fn all(transmissions: Vec<Transmission>, depths: Vec<i16>) -> Vec<Self> {
        transmissions.into_iter().zip(depths).map(|(transmission, depth)| Self { transmission, depth }).collect()
    }
}

/// For the part `transmissions`.
pub(super) fn transmissions<'q>(statement: Bound<'q>, placed: &'q [Placed]) -> Bound<'q> {
    let each = || placed.iter().map(|placed| &placed.transmission);
    statement
        .with("transmission_ids", each().map(|t| t.id.0).collect::<Vec<_>>())
        .with("transmission_times", each().map(|t| t.created_at).collect::<Vec<_>>())
        .with("transmission_parents", each().map(|t| t.related_transmission_id.map(|id| id.0)).collect::<Vec<_>>())
        .with("transmission_types", each().map(|t| t.transmission_type.id()).collect::<Vec<_>>())
        .with("transmission_depths", placed.iter().map(|placed| placed.depth).collect::<Vec<_>>())
        .with("transmission_opened", each().map(|t| t.is_opened).collect::<Vec<_>>())
        .with("transmission_contents", each().map(|t| t.body.content.is_some()).collect::<Vec<_>>())
        .with("transmission_attributes", each().map(|t| t.authorization_attribute.as_deref()).collect::<Vec<_>>())
        .with("transmission_keys", each().map(|t| t.idempotent_key.as_deref()).collect::<Vec<_>>())
        .with("transmission_bodies", each().map(|t| Json(&t.body)).collect::<Vec<_>>())
}

/// For the part `activities`.
pub(super) fn activities<'q>(statement: Bound<'q>, activities: &'q [Activity]) -> Bound<'q> {
    let each = || activities.iter();
    statement
        .with("activity_ids", each().map(|a| a.id.0).collect::<Vec<_>>())
        .with("activity_times", each().map(|a| a.created_at).collect::<Vec<_>>())
        .with("activity_transmissions", each().map(|a| a.transmission_id.map(|id| id.0)).collect::<Vec<_>>())
        .with("activity_types", each().map(|a| a.activity_type.id()).collect::<Vec<_>>())
        .with("activity_bodies", each().map(|a| Json(&a.body)).collect::<Vec<_>>())
}

/// For the part `claimed`.
pub(super) fn claimed<'q>(statement: Bound<'q>, claims: &[(ChildKind, Uuid)]) -> Bound<'q> {
    let (kinds, ids) = kinds_and_ids(claims);
    statement.with("claimed_kinds", kinds).with("claimed_ids", ids)
}

/// For the part `released`.
pub(super) fn released<'q>(statement: Bound<'q>, claims: &[(ChildKind, Uuid)]) -> Bound<'q> {
    let (kinds, ids) = kinds_and_ids(claims);
    statement.with("released_kinds", kinds).with("released_ids", ids)
}

fn kinds_and_ids(claims: &[(ChildKind, Uuid)]) -> (Vec<i16>, Vec<Uuid>) {
    claims.iter().map(|(kind, id)| (*kind as i16, *id)).unzip()
}

/// For the part `raised`.
pub(crate) fn events<'q>(statement: Bound<'q>, events: &'q [DomainEvent]) -> Bound<'q> {
    let each = || events.iter();
    statement
        .with("event_ids", each().map(|event| event.event_id).collect::<Vec<_>>())
        .with("event_times", each().map(|event| event.occurred_at).collect::<Vec<_>>())
        .with("event_silences", each().map(|event| event.is_silent_update).collect::<Vec<_>>())
        .with("event_kinds", each().map(|event| event.kind.name()).collect::<Vec<_>>())
        .with("event_bodies", each().map(Json).collect::<Vec<_>>())
}
