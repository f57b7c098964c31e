//! `GET /enduser/dialogs/{dialogId}`: one dialog as an end user sees it.
//!
//! Order of refusals: 400 language, 404 missing, 403 nothing permitted and not in lists either, 410 deleted, 403 level,
//! 404 not visible yet, 404 expired.

use std::sync::Arc;

use axum::extract::State;

use super::{lens::Lens, view::DialogView};
use crate::{
    altinn::decision::DecisionAsk,
    app::App,
    auth::EndUser,
    domain::{
        Instant,
        decision::Decision,
        dialog::Dialog,
        ids::DialogId,
        masking::Masking,
        refusal::Refusal,
        visibility::{self, Hidden, Standing, pairs_to_decide},
    },
    http::{AcceptLanguage, Ok200, Path},
    openapi::{Operation, Route},
    store::dialog::{WholeDialog, for_end_user},
};

/// Shows the dialog.
pub async fn get(
    State(app): State<App>,
    caller: EndUser,
    Path(id): Path<DialogId>,
    languages: AcceptLanguage,
) -> Result<Ok200<DialogView>, Refusal> {
    let now = app.clock.now();
    let (whole, decision) = visible(&app, &caller, id, now).await?;
    let etag = Some(whole.dialog.revision);
    let lens = Lens { decision: &decision, languages: &languages, masking: Masking::of_this_process(), now };
    Ok(Ok200 { etag, body: DialogView::new(whole, &lens, caller.party_urn()) })
}

/// The dialog, if the caller is shown it, and what they may do with it.
pub async fn visible(
    app: &App,
    caller: &EndUser,
    id: DialogId,
    now: Instant,
) -> Result<(WholeDialog, Arc<Decision>), Refusal> {
    let whole = for_end_user(id).whole(&app.db).await?.ok_or_else(|| Refusal::no_dialog(id))?;
    let dialog = &whole.dialog;
    let pairs = pairs_to_decide(dialog, &whole.transmissions);
    let decision = app.altinn.decide(caller.identity(), DecisionAsk::about(dialog, pairs)).await?;
    let standing = Standing {
        has_access: decision.has_access_to_main() || is_listed(app, caller, dialog).await?,
        level: caller.level().ok(),
        minimum_level: app.altinn.minimum_level(&dialog.service_resource),
    };
    visibility::check(dialog, standing, now).map_err(|hidden| refusal(hidden, id))?;
    Ok((whole, decision))
}

/// Whether lists show the dialog to the caller: whoever finds it there can open it.
async fn is_listed(app: &App, caller: &EndUser, dialog: &Dialog) -> Result<bool, Refusal> {
    let (party, resource) = (dialog.party.to_string(), dialog.service_resource.clone());
    let listed = app.altinn.list_authorization(caller.identity(), &[party], &[resource]).await?;
    Ok(listed.covers(&dialog.party, &dialog.service_resource, dialog.id))
}

/// What a client hears of a dialog that is not shown.
pub fn refusal(hidden: Hidden, id: DialogId) -> Refusal {
    match hidden {
        Hidden::NoAccess => Refusal::forbidden("Forbidden"),
        Hidden::Deleted => Refusal::Gone { entity: "DialogEntity", key: id.to_string() },
        Hidden::LevelTooLow => Refusal::forbidden("Altinn authentication level too low."),
        Hidden::NotVisibleUntil(visible_from) => Refusal::NotVisible { visible_from },
        Hidden::ExpiredAt(expires_at) => Refusal::Expired { expires_at },
    }
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
