//! `GET /serviceowner/dialogs/{dialogId}`: one dialog as its owner sees it, with `endUserId` also what that person may do.
//!
//! Order of refusals: 400 `endUserId`, 404 missing or not ours, 404 nothing permitted to the person. Deleted, expired and
//! not yet visible dialogs are shown, whatever the person's authentication level.

use axum::extract::State;

use super::view::{DialogView, OnBehalfOf};
use crate::{
    access::owner,
    altinn::decision::DecisionAsk,
    app::App,
    auth::{ServiceOwner, bad_end_user_id},
    domain::{
        identity::EndUserIdentity,
        ids::DialogId,
        party::{PartyKind, is_person_number},
        refusal::Refusal,
        violations::Violations,
        visibility::pairs_to_decide,
    },
    heavy,
    http::{Ok200, Path, Query},
    openapi::{self, Operation, Route},
    visit,
};

/// Shows the dialog.
pub async fn get(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    mut query: Query,
) -> Result<Ok200<DialogView>, Refusal> {
    let person = end_user(&mut query, &caller)?;
    query.finish()?;
    let now = app.clock.now();
    let mut whole = owner::opened(&app, &caller, id).await?;
    let (revision, weight) = (whole.dialog.revision, whole.weight());
    let Some(person) = person else {
        let view = heavy::aside(weight, || DialogView::new(whole, None));
        return Ok(Ok200::at(revision, view).weighing(weight));
    };
    let pairs = pairs_to_decide(&whole.dialog, &whole.transmissions);
    let decision = app.altinn.decide(person, DecisionAsk::about(&whole.dialog.cover(), pairs)).await?;
    // 404 and no second chance by lists, unlike for end users (chapter 03 §5.6); nor is the level looked at.
    if !decision.has_access_to_main() {
        return Err(Refusal::no_dialog(id));
    }
    // Reading for a person counts as the person's reading, so this must not happen before the person is let in.
    visit::note(&app, &mut whole, person, now).await?;
    let reader = OnBehalfOf { person: &person.party, decision: &decision };
    let view = heavy::aside(weight, || DialogView::new(whole, Some(reader)));
    Ok(Ok200::at(revision, view).weighing(weight))
}

/// The person whom `endUserId` names: the full URN is wanted here, where the token's check was content with a number.
fn end_user<'a>(query: &mut Query, caller: &'a ServiceOwner) -> Result<Option<&'a EndUserIdentity>, Refusal> {
    let Some(urn) = query.text("endUserId") else { return Ok(None) };
    let refused = || Refusal::Invalid(Violations::one("endUserId", bad_end_user_id()));
    let number = urn.strip_prefix(PartyKind::Person.prefix()).ok_or_else(refused)?;
    if !is_person_number(number) {
        return Err(refused());
    }
    // The middleware's rule took any text before the last colon; here the prefix matters as well (chapter 02 §0.3).
    caller.end_user().map(Some).ok_or_else(refused)
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/{dialogId}", get)
        .named("GetDialog", "V1ServiceOwnerDialogsQueriesGet_Dialog")
        .about(
            "Reads one dialog",
            "Shows deleted, expired and not yet visible dialogs too. With `endUserId` the answer says what that person may \
             do, and reading counts as that person's; the dialog is missing if the person may do nothing with it.",
        )
        .query("endUserId", openapi::Query::Text, "The person to read for, as `urn:altinn:person:identifier-no:…`.")
        .ok::<DialogView>("The dialog.")
        .refusals(&[403, 404])
}
