//! One request, as the resolvers of its fields see it.

use async_graphql::{Context, Result};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::errors;
use crate::{
    app::App,
    auth::{Asker, EndUser},
    http::AcceptLanguage,
};

/// How many root fields of one document are worked on at once: a document takes no more of the service than a few requests.
const AT_ONCE: usize = 4;

/// Who asks, and how they want to read.
pub struct Question {
    pub app: App,
    pub asker: Asker,
    pub languages: AcceptLanguage,
    // Of the document, not of the process: one client with many aliases waits for itself, nobody waits for it.
    turns: Semaphore,
}

impl Question {
    pub fn new(app: App, asker: Asker, languages: AcceptLanguage) -> Self {
        Self { app, asker, languages, turns: Semaphore::new(AT_ONCE) }
    }

    /// The question that a field belongs to, if whoever asks has an end user's scope; and its turn to be answered.
    pub async fn admitted<'c>(ctx: &Context<'c>) -> Result<(&'c Self, SemaphorePermit<'c>)> {
        let question: &Self = ctx.data()?;
        // Per field, not at the door: the contract answers 200 with an error at each root field (GQ-012).
        if question.asker.admitted().is_none() {
            return Err(errors::not_authorized());
        }
        // Held by the caller as long as the field is worked on; the semaphore is never closed, so this cannot fail.
        let turn = question.turns.acquire().await.map_err(|_| errors::unexpected())?;
        Ok((question, turn))
    }

    /// The same with the end user who asks.
    pub async fn of_end_user<'c>(ctx: &Context<'c>) -> Result<(&'c Self, EndUser, SemaphorePermit<'c>)> {
        let (question, turn) = Self::admitted(ctx).await?;
        // A scope may stand in the token of somebody that the platform cannot be asked about: a service owner itself.
        let caller = question.asker.end_user().ok_or_else(errors::not_authorized)?;
        Ok((question, caller, turn))
    }
}
