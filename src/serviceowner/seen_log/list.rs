//! `GET /serviceowner/dialogs/{dialogId}/seenlog`: who has opened a dialog, oldest first.
//!
//! Order of refusals: 404 missing or not ours, 410 deleted.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{ids::DialogId, refusal::Refusal, seen_log::SeenEntry},
    http::{Ok200, Path, query::NoParameters, timestamp::Timestamp},
    openapi::{Operation, Route},
    store::dialog::SEEN_LOG,
    views::{ActorView, each},
};

/// Somebody opened the dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeenLog)]
pub struct SeenLogItemView {
    pub id: Uuid,
    pub seen_at: Timestamp,
    pub seen_by: ActorView,
    /// A service owner read it for this person.
    pub is_via_service_owner: bool,
}

impl From<SeenEntry> for SeenLogItemView {
    fn from(entry: SeenEntry) -> Self {
        Self {
            id: entry.id,
            seen_at: Timestamp(entry.created_at),
            seen_by: entry.seen_by.into(),
            is_via_service_owner: entry.is_via_service_owner,
        }
    }
}

/// Lists the entries.
pub async fn list(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    _: NoParameters,
) -> Result<Ok200<Vec<SeenLogItemView>>, Refusal> {
    Ok(Ok200::of(each(owner::children(&app, &caller, id, &SEEN_LOG).await?)))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/{dialogId}/seenlog", list)
        .named("SearchDialogSeenLogs", "V1ServiceOwnerDialogsQueriesSearchSeenLogs_DialogSeenLog")
        .about("Lists who has opened a dialog", "Oldest first: one entry for each reader and state of the dialog.")
        .ok_list::<SeenLogItemView>("The entries.")
        .refusals(&[403, 404, 410])
}
