//! `GET /serviceowner/dialogs/{dialogId}/seenlog/{seenLogId}`: one entry of the seen log.
//!
//! Order of refusals: 404 missing or not ours, 410 deleted, 404 entry.

use axum::extract::State;
use uuid::Uuid;

use super::list::SeenLogItemView;
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{ids::DialogId, refusal::Refusal},
    http::{Ok200, Path, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::SEEN_LOG,
};

/// Shows the entry.
pub async fn get(
    State(app): State<App>,
    caller: ServiceOwner,
    Path((id, entry)): Path<(DialogId, Uuid)>,
    _: NoParameters,
) -> Result<Ok200<SeenLogItemView>, Refusal> {
    let entry = owner::child(&app, &caller, id, &SEEN_LOG, entry).await?;
    Ok(Ok200::of(entry.into()))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/{dialogId}/seenlog/{seenLogId}", get)
        .named("GetDialogSeenLog", "V1ServiceOwnerDialogsQueriesGetSeenLog_DialogSeenLog")
        .about("Reads one entry of the seen log", "")
        .ok::<SeenLogItemView>("The entry.")
        .refusals(&[403, 404, 410])
}
