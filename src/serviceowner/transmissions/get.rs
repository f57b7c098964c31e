//! `GET /serviceowner/dialogs/{dialogId}/transmissions/{transmissionId}`: one message inside a dialog.
//!
//! Order of refusals: 404 missing or not ours, 410 deleted, 404 no such transmission.

use axum::extract::State;
use uuid::Uuid;

use super::view::TransmissionView;
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{ids::DialogId, refusal::Refusal},
    http::{Ok200, Path, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::TRANSMISSIONS,
};

/// Shows the transmission.
pub async fn get(
    State(app): State<App>,
    caller: ServiceOwner,
    Path((dialog, id)): Path<(DialogId, Uuid)>,
    _: NoParameters,
) -> Result<Ok200<TransmissionView>, Refusal> {
    Ok(Ok200::of(owner::child(&app, &caller, dialog, &TRANSMISSIONS, id).await?.into()))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/{dialogId}/transmissions/{transmissionId}", get)
        .named("GetDialogTransmission", "V1ServiceOwnerDialogsQueriesGetTransmission_DialogTransmission")
        .about("Reads one message inside a dialog", "")
        .ok::<TransmissionView>("The transmission.")
        .refusals(&[403, 404, 410])
}
