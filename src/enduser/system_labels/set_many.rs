//! `POST /enduser/dialogs/context/systemlabels/actions/bulkset`: changes the labels of several dialogs, all or none.
//!
//! Order of refusals: 400, 404 naming all dialogs that are missing, deleted or not in the caller's lists, 412; 422 unknown to
//! the register; 412 or 409 at save.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    auth::EndUser,
    domain::{
        refusal::Refusal,
        system_label::{SystemLabel, Wanted},
        violations::{At, Violations},
        wire_enum::Given,
    },
    http::{answer::NoContent, json::Json, query::NoParameters},
    labelling::{self, DialogRevision},
    openapi::{Operation, Route, example},
    store::context::end_user_contexts,
};

/// Labels to add to several dialogs and to remove from them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BulkSetSystemLabel)]
pub struct BulkSetSystemLabels {
    /// 1 to 100, each once.
    #[serde(default)]
    pub dialogs: Vec<DialogRevision>,
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

// Half of what service owners may name at once (chapter 08 §3.3).
const MOST_DIALOGS: usize = 100;

/// Changes the labels.
pub async fn set_many(
    State(app): State<App>,
    caller: EndUser,
    _: NoParameters,
    Json(body): Json<BulkSetSystemLabels>,
) -> Result<NoContent, Refusal> {
    let wanted = Wanted { add: [body.add_labels, body.system_labels].concat(), remove: body.remove_labels };
    change(&app, &caller, &body.dialogs, &wanted).await?;
    Ok(NoContent { etag: None })
}

/// Changes the labels of all these dialogs, or of none.
///
/// # Errors
/// Those of the order above.
pub async fn change(app: &App, caller: &EndUser, dialogs: &[DialogRevision], wanted: &Wanted) -> Result<(), Refusal> {
    let now = app.clock.now();
    let dto = At::Root("dto");
    let mut found = Violations::new();
    labelling::check_dialogs(dialogs, MOST_DIALOGS, dto.field("dialogs"), &mut found);
    wanted.check(dto, &mut found);
    found.into_result()?;

    let ids: Vec<Uuid> = dialogs.iter().map(|dialog| dialog.dialog_id).collect();
    let contexts = end_user_contexts(&app.db, &ids).await?;
    let unlisted = labelling::unlisted(app, caller.identity(), &contexts).await?;
    let reached: std::collections::HashSet<Uuid> =
        contexts.iter().filter(|context| !unlisted.contains(&context.id)).map(|context| context.id.0).collect();
    let missing: Vec<String> = ids.iter().filter(|id| !reached.contains(id)).map(Uuid::to_string).collect();
    if !missing.is_empty() {
        // One refusal for missing, deleted and unlisted ones, so that nothing is learnt by trying ids.
        return Err(Refusal::NotFound { entity: "DialogEntity", keys: missing });
    }
    let guarded = labelling::guarded(dialogs, &contexts)?;
    let performer = labelling::named(app, caller.identity()).await?;
    labelling::change_many(app, &contexts, wanted.edit(), &performer, guarded, now).await
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::post("/api/v1/enduser/dialogs/context/systemlabels/actions/bulkset", set_many)
        .named(
            "BulkSetDialogSystemLabels",
            "V1EndUserEndUserContextCommandsBulkSetSystemLabels_BulkSetDialogSystemLabels",
        )
        .about("Changes the system labels of several dialogs", "Of all dialogs named, or of none.")
        .body::<BulkSetSystemLabels>()
        .example(&serde_json::json!({"dialogs": [{"dialogId": example::DIALOG}], "addLabels": ["Bin"]}))
        .no_content()
        .refusals(&[400, 403, 404, 409, 412, 422])
}
