//! `GET /enduser/dialogs/{dialogId}/seenlog/{seenLogId}`: one entry of the seen log.
//!
//! Order of refusals: that of parts of dialogs (`access::dialog`); that the entry is missing is told before the level.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::SeenLogItemView;
use crate::{
    access,
    app::App,
    auth::EndUser,
    domain::{ids::DialogId, refusal::Refusal},
    http::{Ok200, Path, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::SEEN_LOG,
};

/// Somebody opened the dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EndUserDialogSeenLogDetails)]
#[serde(transparent)]
pub struct SeenLogEntryView(SeenLogItemView);

/// Shows the entry.
pub async fn get(
    State(app): State<App>,
    caller: EndUser,
    Path((id, entry)): Path<(DialogId, Uuid)>,
    _: NoParameters,
) -> Result<Ok200<SeenLogEntryView>, Refusal> {
    let opened = access::child(&app, &caller, id, app.clock.now(), &SEEN_LOG, entry).await?;
    Ok(Ok200::of(SeenLogEntryView(SeenLogItemView::new(opened.found, &app, &caller))))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}/seenlog/{seenLogId}", get)
        .named("GetDialogSeenLog", "V1EndUserDialogsQueriesGetSeenLog_DialogSeenLog")
        .about("Reads one entry of the seen log", "")
        .ok::<SeenLogEntryView>("The entry.")
        .refusals(&[403, 404])
}
