//! `GET /enduser/dialogs/{dialogId}`: one dialog as an end user sees it.
//!
//! Order of refusals: 400 language, 404 missing, 403 nothing permitted and not in lists either, 410 deleted, 403 level,
//! 404 not visible yet, 404 expired.

use std::sync::Arc;

use axum::extract::State;

use super::view::DialogView;
use crate::{
    access::{self, Opened},
    app::App,
    auth::EndUser,
    domain::{Instant, decision::Decision, ids::DialogId, refusal::Refusal},
    enduser::lens::{Lens, ShownDialog},
    heavy,
    http::{AcceptLanguage, Ok200, Path, query::NoParameters},
    openapi::{Operation, Route},
    visit,
};

/// Shows the dialog.
pub async fn get(
    State(app): State<App>,
    caller: EndUser,
    Path(id): Path<DialogId>,
    languages: AcceptLanguage,
    _: NoParameters,
) -> Result<Ok200<DialogView>, Refusal> {
    let now = app.clock.now();
    let (shown, decision, token) = open(&app, &caller, id, &languages, now).await?;
    let (revision, weight) = (shown.dialog.revision, shown.weight());
    let view = heavy::aside(weight, || DialogView::new(shown, &decision, token));
    Ok(Ok200::at(revision, view).weighing(weight))
}

/// Opens the dialog: it comes prepared for the reader, the visit is noted, and a dialog token says what the reader may do.
///
/// # Errors
/// Those of the order above; 502 if nobody can say the reader's name.
pub async fn open(
    app: &App,
    caller: &EndUser,
    id: DialogId,
    languages: &AcceptLanguage,
    now: Instant,
) -> Result<(ShownDialog, Arc<Decision>, String), Refusal> {
    let Opened { found: mut whole, decision } = access::opened(app, caller, id, now).await?;
    // Before the answer is made, as it shows the visit: the reader's own entry, and no mark "unopened".
    visit::note(app, &mut whole, caller.identity(), now).await?;
    // Known by now, since the dialog was shown; asked for the token's sake.
    let level = caller.level()?;
    // From the dialog as it is stored, before the lens puts placeholders into it.
    let token = app.tokens.issue(caller.claims(), caller.party(), level, &whole.dialog, &decision, now);
    let lens = Lens { reader: caller.party_urn(), languages, masking: &app.masking, now };
    let shown = heavy::aside(whole.weight(), || lens.whole(whole, &decision));
    Ok((shown, decision, token))
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
