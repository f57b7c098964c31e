//! `GET /enduser/dialogs/{dialogId}/transmissions/{transmissionId}`: one message inside a dialog.
//!
//! Order of refusals: 400 language, 404 missing or not for the caller, 410 deleted, 403 level, 404 not visible yet or expired,
//! 404 no such transmission.

use axum::extract::State;
use uuid::Uuid;

use super::view::TransmissionView;
use crate::{
    access::{self, Opened},
    app::App,
    auth::EndUser,
    domain::{ids::DialogId, refusal::Refusal},
    enduser::lens::Lens,
    http::{AcceptLanguage, Ok200, Path, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::TRANSMISSIONS,
};

/// Shows the transmission.
pub async fn get(
    State(app): State<App>,
    caller: EndUser,
    Path((dialog, id)): Path<(DialogId, Uuid)>,
    languages: AcceptLanguage,
    _: NoParameters,
) -> Result<Ok200<TransmissionView>, Refusal> {
    let now = app.clock.now();
    let Opened { found: mut transmission, decision } =
        access::child(&app, &caller, dialog, now, &TRANSMISSIONS, id).await?;
    let lens = Lens { reader: caller.party_urn(), languages: &languages, masking: &app.masking, now };
    lens.transmission(&mut transmission, &decision);
    Ok(Ok200::of(TransmissionView::new(transmission, &decision)))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}/transmissions/{transmissionId}", get)
        .named("GetDialogTransmission", "V1EndUserDialogsQueriesGetTransmission_DialogTransmission")
        .about(
            "Reads one message inside a dialog",
            "URLs that you may not use, or whose time is over, give way to a placeholder.",
        )
        .accept_language()
        .ok::<TransmissionView>("The transmission.")
        .refusals(&[403, 404, 410])
}
