//! `PUT /serviceowner/dialogs/{dialogId}/endusercontext/systemlabels`: changes the labels of one dialog.
//!
//! Order of refusals: 400, 404, 403 `performedBy` without admin scope, 403 end user without access, 412; 412 or 409 at save.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ABOUT_END_USER, check_performer, must_be_admin_to_name_a_performer, performer, unlisted};
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{
        ids::DialogId,
        refusal::Refusal,
        system_label::{SystemLabel, Wanted},
        violations::{At, Violations},
        wire_enum::Given,
    },
    http::{answer::NoContent, if_match::IfMatch, json::Json, path::Path, query::Query},
    labelling,
    openapi::{Operation, Query as Kind, Route, example},
    serviceowner::{input::ActorInput, standing},
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
    /// For administrators, in place of `enduserId`: who is to stand in the label log.
    pub performed_by: Option<ActorInput>,
}

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::put("/api/v1/serviceowner/dialogs/{dialogId}/endusercontext/systemlabels", set)
        .named("SetDialogSystemLabels", "V1ServiceOwnerEndUserContextCommandsSetSystemLabel_SetDialogSystemLabels")
        .about("Changes the system labels of a dialog", "`If-Match` and `Etag` are the end-user context's revision.")
        .query("enduserId", Kind::Text, ABOUT_END_USER)
        .try_with("enduserId", example::PERSON.into())
        .if_match()
        .body::<SetSystemLabels>()
        .example(&serde_json::json!({"addLabels": ["Archive"]}))
        .no_content_with_etag()
        .refusals(&[400, 403, 404, 409, 410, 412, 422])
}

/// Changes the labels of one dialog.
pub async fn set(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    mut query: Query,
    Json(body): Json<SetSystemLabels>,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    query.finish()?;
    let mut found = Violations::new();
    check_performer(&caller, body.performed_by.as_ref(), At::Root(""), &mut found);
    let wanted = Wanted { add: [body.add_labels, body.system_labels].concat(), remove: body.remove_labels };
    wanted.check(At::Root(""), &mut found);
    found.into_result()?;

    let context = end_user_contexts(&app.db, &[id.0]).await?.pop().ok_or(Refusal::no_dialog(id))?;
    // 404: somebody else's dialog looks like a missing one.
    if !owner::is_own_name(&app, &caller, &context.org).await? {
        return Err(Refusal::no_dialog(id));
    }
    must_be_admin_to_name_a_performer(&caller, body.performed_by.as_ref())?;
    if !unlisted(&app, &caller, std::slice::from_ref(&context)).await?.is_empty() {
        return Err(labelling::unauthorized(id));
    }
    standing::matches(expected, context.revision)?;

    // Looked up last, as it may ask the platform.
    let performer = performer(&app, &caller, body.performed_by).await?;
    let revision = labelling::change_one(&app, &context, wanted.edit(), &performer, expected, now).await?;
    Ok(NoContent { etag: Some(revision) })
}
