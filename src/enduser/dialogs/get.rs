//! `GET /enduser/dialogs/{dialogId}`: one dialog as an end user sees it.
//!
//! Order of refusals: 400 language, 404 missing, 403 nothing permitted and not in lists either, 410 deleted, 403 level,
//! 404 not visible yet, 404 expired.

use axum::extract::State;

use super::view::DialogView;
use crate::{
    access::{self, Opened},
    app::App,
    auth::EndUser,
    domain::{ids::DialogId, masking::Masking, refusal::Refusal},
    enduser::lens::Lens,
    http::{AcceptLanguage, Ok200, Path},
    openapi::{Operation, Route},
};

/// Shows the dialog.
pub async fn get(
    State(app): State<App>,
    caller: EndUser,
    Path(id): Path<DialogId>,
    languages: AcceptLanguage,
) -> Result<Ok200<DialogView>, Refusal> {
    let now = app.clock.now();
    let Opened { found: whole, decision } = access::opened(&app, &caller, id, now).await?;
    let etag = Some(whole.dialog.revision);
    let lens = Lens { reader: caller.party_urn(), languages: &languages, masking: Masking::of_this_process(), now };
    Ok(Ok200 { etag, body: DialogView::new(lens.whole(whole, &decision), &decision) })
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}", get)
        .named("GetDialog", "V1EndUserDialogsQueriesGet_Dialog")
        .about(
            "Reads one dialog",
            "Opening a dialog counts as having seen it. Actions and transmissions say whether the caller may use them; \
             URLs that the caller may not use, or whose time is over, give way to a placeholder.",
        )
        .accept_language()
        .ok::<DialogView>("The dialog.")
        .refusals(&[403, 404])
}
