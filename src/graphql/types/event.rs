//! Live updates of one dialog.

use async_graphql::SimpleObject;

use super::{enums::DialogEventType, scalars::Uuid};

/// Something happened to the dialog: read it again.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct DialogEventPayload {
    pub id: Uuid,
    #[graphql(name = "type")]
    pub event_type: DialogEventType,
}
