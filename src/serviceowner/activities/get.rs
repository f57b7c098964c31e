//! `GET /serviceowner/dialogs/{dialogId}/activities/{activityId}`: one entry of the activity log.
//!
//! Order of refusals: 404 missing or not ours, 410 deleted, 404 no such entry.

use axum::extract::State;
use uuid::Uuid;

use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{ids::DialogId, refusal::Refusal},
    http::{Ok200, Path, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::ACTIVITIES,
    views::ActivityView,
};

/// Shows the entry.
pub async fn get(
    State(app): State<App>,
    caller: ServiceOwner,
    Path((dialog, id)): Path<(DialogId, Uuid)>,
    _: NoParameters,
) -> Result<Ok200<ActivityView>, Refusal> {
    Ok(Ok200::of(owner::child(&app, &caller, dialog, &ACTIVITIES, id).await?.into()))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/{dialogId}/activities/{activityId}", get)
        .named("GetDialogActivity", "V1ServiceOwnerDialogsQueriesGetActivity_DialogActivity")
        .about("Reads one entry of a dialog's activity log", "")
        .ok::<ActivityView>("The entry.")
        .refusals(&[403, 404, 410])
}
