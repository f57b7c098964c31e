//! `PUT /enduser/dialogs/{dialogId}/context/systemlabels`: changes the labels of one dialog.
//!
//! Order of refusals: 400, 404 missing or deleted, 403 not in the caller's lists, 412; 422 unknown to the register; 412 or 409
//! at save. Nobody asks for a level, or whether the dialog is visible yet or expired.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::EndUser,
    domain::{
        ids::{DialogId, Revision},
        refusal::Refusal,
        system_label::{SystemLabel, Wanted},
        violations::{At, Violations},
        wire_enum::Given,
    },
    http::{answer::NoContent, if_match::IfMatch, json::Json, path::Path, query::NoParameters},
    labelling,
    openapi::{Operation, Route},
    store::context::end_user_contexts,
};

/// Labels to add and remove.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SetDialogSystemLabelRequest)]
pub struct SetSystemLabels {
    /// Added after the removals, in this order: of Default, Bin and Archive the last one counts.
    #[serde(default)]
    #[schema(value_type = Vec<SystemLabel>)]
    pub add_labels: Vec<Given<SystemLabel>>,
    #[serde(default)]
    #[schema(value_type = Vec<SystemLabel>)]
    pub remove_labels: Vec<Given<SystemLabel>>,
    /// Deprecated: the same as `addLabels`.
    #[serde(default)]
    #[schema(value_type = Vec<SystemLabel>, deprecated)]
    pub system_labels: Vec<Given<SystemLabel>>,
}

/// Changes the labels.
pub async fn set(
    State(app): State<App>,
    caller: EndUser,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    _: NoParameters,
    Json(body): Json<SetSystemLabels>,
) -> Result<NoContent, Refusal> {
    let wanted = Wanted { add: [body.add_labels, body.system_labels].concat(), remove: body.remove_labels };
    let revision = change(&app, &caller, id, &wanted, expected).await?;
    Ok(NoContent { etag: Some(revision) })
}

/// Changes the labels; the revision of the end-user context afterwards.
///
/// # Errors
/// Those of the order above.
pub async fn change(
    app: &App,
    caller: &EndUser,
    id: DialogId,
    wanted: &Wanted,
    expected: IfMatch,
) -> Result<Revision, Refusal> {
    let now = app.clock.now();
    let mut found = Violations::new();
    wanted.check(At::Root(""), &mut found);
    found.into_result()?;

    let context = end_user_contexts(&app.db, &[id.0]).await?.pop().ok_or(Refusal::no_dialog(id))?;
    // Lists decide and not the decision point: whoever sees a dialog in lists may sort it (chapter 03 §5.6).
    if !labelling::unlisted(app, caller.identity(), std::slice::from_ref(&context)).await?.is_empty() {
        return Err(labelling::unauthorized(id));
    }
    if expected.0.is_some_and(|expected| expected != context.revision) {
        return Err(Refusal::PreconditionFailed { current: Some(context.revision) });
    }
    // After `If-Match`, as it may ask the register.
    let performer = labelling::named(app, caller.identity()).await?;
    labelling::change_one(app, &context, wanted.edit(), &performer, expected, now).await
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::put("/api/v1/enduser/dialogs/{dialogId}/context/systemlabels", set)
        .named("SetDialogSystemLabels", "V1EndUserEndUserContextCommandsSetSystemLabel_SetDialogSystemLabels")
        .about(
            "Changes the system labels of a dialog",
            "`If-Match` and `Etag` are the end-user context's revision, not the dialog's. `Sent` is set by the system alone.",
        )
        .if_match()
        .body::<SetSystemLabels>()
        .example(&serde_json::json!({"addLabels": ["Archive"]}))
        .no_content_with_etag()
        .refusals(&[400, 403, 404, 409, 410, 412, 422])
}
