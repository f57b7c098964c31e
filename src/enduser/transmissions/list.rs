//! `GET /enduser/dialogs/{dialogId}/transmissions`: the messages inside a dialog.
//!
//! Order of refusals: 400 language, 404 missing or not for the caller, 410 deleted, 403 level, 404 not visible yet or expired.

use axum::extract::State;

use super::view::TransmissionView;
use crate::{
    access::{self, Opened},
    app::App,
    auth::EndUser,
    domain::{
        dialog::{TRANSMISSION_WEIGHT, Transmission},
        ids::DialogId,
        refusal::Refusal,
    },
    enduser::lens::Lens,
    heavy,
    http::{AcceptLanguage, Ok200, Path, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::TRANSMISSIONS,
};

/// Lists the transmissions, the oldest first.
pub async fn list(
    State(app): State<App>,
    caller: EndUser,
    Path(id): Path<DialogId>,
    languages: AcceptLanguage,
    _: NoParameters,
) -> Result<Ok200<Vec<TransmissionView>>, Refusal> {
    let now = app.clock.now();
    let Opened { found, decision } = access::children(&app, &caller, id, now, &TRANSMISSIONS).await?;
    let lens = Lens { reader: caller.party_urn(), languages: &languages, masking: &app.masking, now };
    let weight = TRANSMISSION_WEIGHT * found.len();
    let show = |mut transmission: Transmission| {
        lens.transmission(&mut transmission, &decision);
        TransmissionView::new(transmission, &decision)
    };
    let shown = heavy::aside(weight, || found.into_iter().map(show).collect());
    Ok(Ok200::of(shown).weighing(weight))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}/transmissions", list)
        .named("SearchDialogTransmissions", "V1EndUserDialogsQueriesSearchTransmissions_DialogTransmission")
        .about(
            "Lists the messages inside a dialog",
            "The oldest first. URLs that you may not use, or whose time is over, give way to a placeholder.",
        )
        .accept_language()
        .ok_list::<TransmissionView>("The transmissions.")
        .refusals(&[403, 404, 410])
}
