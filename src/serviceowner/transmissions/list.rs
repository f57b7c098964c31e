//! `GET /serviceowner/dialogs/{dialogId}/transmissions`: the messages inside a dialog.
//!
//! Order of refusals: 404 missing or not ours, 410 deleted.

use axum::extract::State;

use super::view::TransmissionView;
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{dialog::TRANSMISSION_WEIGHT, ids::DialogId, refusal::Refusal},
    heavy,
    http::{Ok200, Path, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::TRANSMISSIONS,
};

/// Lists the transmissions, the newest first: the other way round than for end users.
pub async fn list(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    _: NoParameters,
) -> Result<Ok200<Vec<TransmissionView>>, Refusal> {
    let transmissions = owner::children(&app, &caller, id, &TRANSMISSIONS).await?;
    let weight = TRANSMISSION_WEIGHT * transmissions.len();
    // The store reads in one order for both surfaces; the contract shows owners the reverse.
    let shown = heavy::aside(weight, || transmissions.into_iter().rev().map(Into::into).collect());
    Ok(Ok200::of(shown).weighing(weight))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/{dialogId}/transmissions", list)
        .named("SearchDialogTransmissions", "V1ServiceOwnerDialogsQueriesSearchTransmissions_DialogTransmission")
        .about("Lists the messages inside a dialog", "The newest first.")
        .ok_list::<TransmissionView>("The transmissions.")
        .refusals(&[403, 404, 410])
}
