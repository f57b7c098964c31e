//! `POST /serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset`: changes the labels of several dialogs, of all
//! that are named or of none.
//!
//! Order of refusals: 400, 403 `performedBy` without admin scope, 404 naming all dialogs that are missing, somebody else's or
//! out of the end user's reach, 412; 412 or 409 at save.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ABOUT_END_USER, check_end_user, must_be_admin_to_name_a_performer, performer, unlisted};
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{
        refusal::Refusal,
        system_label::{SystemLabel, Wanted},
        violations::{At, Violations},
        wire_enum::Given,
    },
    http::{answer::NoContent, json::Json, query::Query},
    labelling::{self, DialogRevision},
    openapi::{Operation, Query as Kind, Route, example},
    serviceowner::input::ActorInput,
    store::context::{EndUserContext, end_user_contexts},
};

/// The same for several dialogs, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BulkSetSystemLabel)]
pub struct BulkSetSystemLabels {
    /// 1 to 200, each once.
    #[serde(default)]
    pub dialogs: Vec<DialogRevision>,
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

// Twice what end users may name at once (chapter 08 §3.3).
const MOST_DIALOGS: usize = 200;

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::post("/api/v1/serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset", set_many)
        .named(
            "BulkSetDialogSystemLabels",
            "V1ServiceOwnerEndUserContextCommandsBulkSetSystemLabels_BulkSetDialogSystemLabels",
        )
        .about("Changes the system labels of several dialogs", "Of all dialogs named, or of none.")
        .query("enduserId", Kind::Text, ABOUT_END_USER)
        .try_with("enduserId", example::PERSON.into())
        .body::<BulkSetSystemLabels>()
        .example(&serde_json::json!({"dialogs": [{"dialogId": example::DIALOG}], "addLabels": ["Bin"]}))
        .no_content()
        .refusals(&[400, 403, 404, 409, 412, 422])
}

/// Changes the labels of several dialogs.
pub async fn set_many(
    State(app): State<App>,
    caller: ServiceOwner,
    mut query: Query,
    Json(body): Json<BulkSetSystemLabels>,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    query.finish()?;
    let dto = At::Root("dto");
    let mut found = Violations::new();
    // Apart from the performer's own rules, which the contract reports last here and at once in the single call.
    check_end_user(&caller, body.performed_by.as_ref(), &mut found);
    labelling::check_dialogs(&body.dialogs, MOST_DIALOGS, dto.field("dialogs"), &mut found);
    let wanted = Wanted { add: [body.add_labels, body.system_labels].concat(), remove: body.remove_labels };
    wanted.check(dto, &mut found);
    if let Some(performer) = &body.performed_by {
        performer.check(dto.field("performedBy"), &mut found);
    }
    found.into_result()?;
    must_be_admin_to_name_a_performer(&caller, body.performed_by.as_ref())?;

    let ids: Vec<Uuid> = body.dialogs.iter().map(|dialog| dialog.dialog_id).collect();
    let contexts = end_user_contexts(&app.db, &ids).await?;
    let missing = out_of_reach(&app, &caller, &ids, &contexts).await?;
    if !missing.is_empty() {
        // 404 also for what the end user may not see, where the single call says 403 (§8.2).
        return Err(Refusal::NotFound { entity: "DialogEntity", keys: missing });
    }
    let guarded = labelling::guarded(&body.dialogs, &contexts)?;
    let performer = performer(&app, &caller, body.performed_by).await?;
    labelling::change_many(&app, &contexts, wanted.edit(), &performer, guarded, now).await?;
    Ok(NoContent { etag: None })
}

/// Those of `ids` that are missing, somebody else's, or that the end user may not see; in the order asked.
async fn out_of_reach(
    app: &App,
    caller: &ServiceOwner,
    ids: &[Uuid],
    contexts: &[EndUserContext],
) -> Result<Vec<String>, Refusal> {
    let mut reached = std::collections::HashSet::new();
    for context in contexts {
        if owner::is_own_name(app, caller, &context.org).await? {
            reached.insert(context.id.0);
        }
    }
    for id in unlisted(app, caller, contexts).await? {
        reached.remove(&id.0);
    }
    Ok(ids.iter().filter(|id| !reached.contains(id)).map(Uuid::to_string).collect())
}
