//! The schema's side of live updates. The library only ever sees both events of a dialog at once: it says how each looks in
//! the selection of a document, and what a stream sends from then on are those two texts.

use async_graphql::{Context, Result, Subscription};
use futures_util::{Stream, stream};

use super::{
    errors::not_authorized,
    question::Question,
    types::{enums::DialogEventType, event::DialogEventPayload, scalars::Uuid},
};

/// What end users can be told of as it happens.
pub struct Subscriptions;

/// What is yielded, in this order.
pub const EVENTS: [DialogEventType; 2] = [DialogEventType::DialogUpdated, DialogEventType::DialogDeleted];

/// What end users can be told of as it happens.
#[Subscription(name = "Subscriptions")]
impl Subscriptions {
    /// Says when the dialog changes or is deleted. Takes the dialog token of this very dialog.
    #[expect(clippy::unused_async, reason = "the library calls it so")]
    async fn dialog_events(
        &self,
        ctx: &Context<'_>,
        dialog_id: Uuid,
    ) -> Result<impl Stream<Item = DialogEventPayload> + use<>> {
        let question: &Question = ctx.data()?;
        if question.asker.grant().is_none_or(|grant| grant.dialog.0 != dialog_id.0) {
            return Err(not_authorized());
        }
        Ok(stream::iter(EVENTS.map(|event_type| DialogEventPayload { id: dialog_id, event_type })))
    }
}
