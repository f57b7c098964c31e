//! System labels set by a service owner on behalf of an end user, or by an administrator for a performer it names.
//!
//! They belong to the end-user context: its revision is the ETag, the dialog itself does not change and no event is raised.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    altinn::authorization::ListAuthorization,
    app::App,
    auth::ServiceOwner,
    domain::{
        actor::{Actor, ActorType},
        ids::{DialogId, Revision},
        label::SystemLabel,
        refusal::Refusal,
        rules::unique,
        violations::{At, Violations},
        wire_enum::Given,
    },
    http::{answer::NoContent, if_match::IfMatch, json::Json, path::Path, query::Query},
    openapi::{Operation, Query as Kind, Route},
    serviceowner::{actor_names, dialogs::input::ActorInput, stored},
    store::context::{EndUserContext, LabelChange, end_user_contexts, set_labels},
};

/// Labels to add and remove.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
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

/// The same for several dialogs, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
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

/// A dialog, and the revision of its end-user context that the change builds on.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceOwnerDialogRevision)]
pub struct DialogRevision {
    #[serde(default)]
    pub dialog_id: Uuid,
    pub end_user_context_revision: Option<Uuid>,
}

const MOST_DIALOGS: usize = 200;

const SENT: &str = "Cannot manually add or remove system label Sent. It is added automatically when a transmissions of type \
                    'Submission or 'Correction' is added to the dialog.";

/// As the API documents show them.
pub fn operations() -> [Operation; 2] {
    let about_end_user = "The person on whose behalf you act: `urn:altinn:person:identifier-no:…`.";
    [
        Route::put("/api/v1/serviceowner/dialogs/{dialogId}/endusercontext/systemlabels", set)
            .named("SetDialogSystemLabels", "V1ServiceOwnerEndUserContextCommandsSetSystemLabel_SetDialogSystemLabels")
            .about(
                "Changes the system labels of a dialog",
                "`If-Match` and `Etag` are the end-user context's revision.",
            )
            .query("enduserId", Kind::Text, about_end_user)
            .if_match()
            .body::<SetSystemLabels>()
            .no_content_with_etag()
            .refusals(&[400, 403, 404, 409, 410, 412, 422]),
        Route::post("/api/v1/serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset", set_many)
            .named(
                "BulkSetDialogSystemLabels",
                "V1ServiceOwnerEndUserContextCommandsBulkSetSystemLabels_BulkSetDialogSystemLabels",
            )
            .about("Changes the system labels of several dialogs", "Of all dialogs named, or of none.")
            .query("enduserId", Kind::Text, about_end_user)
            .body::<BulkSetSystemLabels>()
            .example(&serde_json::json!({"dialogs": [{"dialogId": "<id>"}], "addLabels": ["Bin"]}))
            .no_content()
            .refusals(&[400, 403, 404, 409, 412, 422]),
    ]
}

/// Changes the labels of one dialog.
///
/// Order of refusals: 400, 404, 403 `performedBy` without admin scope, 403 end user without access, 412; 412 or 409 at save.
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
    let add = [body.add_labels, body.system_labels].concat();
    check_labels(&add, &body.remove_labels, At::Root(""), &mut found);
    found.into_result()?;

    let context = end_user_contexts(&app.db, &[id.0]).await?.pop().ok_or(Refusal::no_dialog(id))?;
    if !is_own(&app, &caller, &context).await? {
        return Err(Refusal::no_dialog(id));
    }
    must_be_admin_to_name_a_performer(&caller, body.performed_by.as_ref())?;
    if !caller.is_admin() && !unauthorized(&app, &caller, std::slice::from_ref(&context)).await?.is_empty() {
        return Err(Refusal::forbidden(format!("The following dialog ids are unauthorized and/or missing: ({id}).")));
    }
    stored::matches(expected, context.revision)?;

    let performer = performer(&app, &caller, body.performed_by).await?;
    let change = LabelChange {
        dialog: id,
        read: context.revision,
        after: context.labels.changed(&known(&add), &known(&body.remove_labels)),
    };
    let written = set_labels(&app.db, &[change], &performer, now).await?;
    let revision = written.and_then(|mut written| written.pop()).ok_or_else(|| stored::too_late(expected))?.1;
    Ok(NoContent { etag: Some(revision) })
}

/// Changes the labels of several dialogs.
///
/// Order of refusals: 400, 403 `performedBy` without admin scope, 404 naming all dialogs that are missing, somebody else's or
/// out of the end user's reach, 412; 412 or 409 at save.
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
    check_end_user(&caller, body.performed_by.as_ref(), &mut found);
    if !(1..=MOST_DIALOGS).contains(&body.dialogs.len()) {
        found.add(dto.field("dialogs"), "Must supply between 1 and 200 dialogs to update");
    }
    let ids: Vec<Uuid> = body.dialogs.iter().map(|dialog| dialog.dialog_id).collect();
    unique::unique(ids.iter(), dto.field("dialogs"), &mut found);
    let add = [body.add_labels, body.system_labels].concat();
    check_labels(&add, &body.remove_labels, dto, &mut found);
    if let Some(performer) = &body.performed_by {
        performer.check(dto.field("performedBy"), &mut found);
    }
    found.into_result()?;
    must_be_admin_to_name_a_performer(&caller, body.performed_by.as_ref())?;

    let contexts = end_user_contexts(&app.db, &ids).await?;
    let missing = out_of_reach(&app, &caller, &ids, &contexts).await?;
    if !missing.is_empty() {
        return Err(Refusal::NotFound { entity: "DialogEntity", keys: missing });
    }
    let expected = |id: Uuid| body.dialogs.iter().find(|dialog| dialog.dialog_id == id)?.end_user_context_revision;
    let mut guarded = false;
    for context in &contexts {
        let expected = expected(context.id.0).map(Revision);
        guarded |= expected.is_some();
        stored::matches(IfMatch(expected), context.revision)?;
    }

    let performer = performer(&app, &caller, body.performed_by).await?;
    let (added, removed) = (known(&add), known(&body.remove_labels));
    let change = |context: &EndUserContext| LabelChange {
        dialog: context.id,
        read: context.revision,
        after: context.labels.changed(&added, &removed),
    };
    let changes: Vec<LabelChange> = contexts.iter().map(change).collect();
    match set_labels(&app.db, &changes, &performer, now).await? {
        Some(_) => Ok(NoContent { etag: None }),
        None => Err(stored::too_late(IfMatch(guarded.then(Revision::fresh)))),
    }
}

/// `enduserId` or `performedBy`, never both, and the performer is an actor.
fn check_performer(caller: &ServiceOwner, performer: Option<&ActorInput>, root: At, found: &mut Violations) {
    check_end_user(caller, performer, found);
    if let Some(performer) = performer {
        performer.check(root.field("performedBy"), found);
    }
}

fn check_end_user(caller: &ServiceOwner, performer: Option<&ActorInput>, found: &mut Violations) {
    match (caller.end_user(), performer) {
        (None, None) => found.add("endUserId", "EnduserId is required"),
        (Some(_), Some(_)) => found.add("endUserId", "EnduserId must be omitted when performedBy is supplied."),
        (Some(_), None) | (None, Some(_)) => {}
    }
}

fn check_labels(add: &[Given<SystemLabel>], remove: &[Given<SystemLabel>], root: At, found: &mut Violations) {
    for (name, labels) in [("addLabels", add), ("removeLabels", remove)] {
        for (i, label) in labels.iter().enumerate() {
            if *label == Given::Known(SystemLabel::Sent) {
                found.add(root.field(name).item(i), SENT);
            }
        }
    }
}

/// An undefined number changes nothing, and is not refused.
fn known(labels: &[Given<SystemLabel>]) -> Vec<SystemLabel> {
    labels.iter().filter_map(|label| label.known()).collect()
}

fn must_be_admin_to_name_a_performer(caller: &ServiceOwner, performer: Option<&ActorInput>) -> Result<(), Refusal> {
    if performer.is_some() && !caller.is_admin() {
        return Err(Refusal::forbidden("performedBy is only allowed for admin-integrations."));
    }
    Ok(())
}

async fn is_own(app: &App, caller: &ServiceOwner, context: &EndUserContext) -> Result<bool, Refusal> {
    Ok(caller.is_admin() || caller.org_code(&app.altinn).await?.eq_ignore_ascii_case(&context.org))
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
        if is_own(app, caller, context).await? {
            reached.insert(context.id.0);
        }
    }
    if !caller.is_admin() {
        for id in unauthorized(app, caller, contexts).await? {
            reached.remove(&id.0);
        }
    }
    Ok(ids.iter().filter(|id| !reached.contains(id)).map(Uuid::to_string).collect())
}

/// The dialogs that the end user's list authorization does not cover.
async fn unauthorized(app: &App, caller: &ServiceOwner, contexts: &[EndUserContext]) -> Result<Vec<DialogId>, Refusal> {
    let Some(end_user) = caller.end_user() else { return Ok(Vec::new()) };
    let mut parties: Vec<_> = contexts.iter().map(|context| context.party.to_string()).collect();
    parties.sort_unstable();
    parties.dedup();
    let mut resources: Vec<_> = contexts.iter().map(|context| context.service_resource.clone()).collect();
    resources.sort_unstable();
    resources.dedup();
    let granted: ListAuthorization = app.altinn.list_authorization(end_user, &parties, &resources).await?;
    let uncovered =
        contexts.iter().filter(|context| !granted.covers(&context.party, &context.service_resource, context.id));
    Ok(uncovered.map(|context| context.id).collect())
}

/// Who stands in the label log: the end user, or the performer named.
async fn performer(app: &App, caller: &ServiceOwner, named: Option<ActorInput>) -> Result<Actor, Refusal> {
    let mut actor = match (named, caller.end_user()) {
        (Some(performer), _) => performer.into_actor(),
        (None, Some(end_user)) => Actor {
            actor_type: ActorType::PartyRepresentative,
            actor_id: Some(end_user.party.to_string()),
            actor_name: None,
        },
        (None, None) => Actor::service_owner(),
    };
    actor_names::look_up(&app.altinn, vec![&mut actor]).await?;
    Ok(actor)
}
