//! `GET /enduser/dialogs/{dialogId}/seenlog/{seenLogId}`: one entry of the seen log.
//!
//! Order of refusals: that of parts of dialogs (`access::dialog`); that the entry is missing is told before the level.

use axum::extract::State;
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

/// Shows the entry.
pub async fn get(
    State(app): State<App>,
    caller: EndUser,
    Path((id, entry)): Path<(DialogId, Uuid)>,
    _: NoParameters,
) -> Result<Ok200<SeenLogItemView>, Refusal> {
    let opened = access::child(&app, &caller, id, app.clock.now(), &SEEN_LOG, entry).await?;
    Ok(Ok200::of(SeenLogItemView::new(opened.found, &app, &caller)))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}/seenlog/{seenLogId}", get)
        .named("GetDialogSeenLog", "V1EndUserDialogsQueriesGetSeenLog_DialogSeenLog")
        .about("Reads one entry of the seen log", "")
        .ok::<SeenLogItemView>("The entry.")
        .refusals(&[403, 404])
}
