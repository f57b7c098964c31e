//! `/serviceowner/dialogs/{dialogId}/context/labels`: the labels a service owner finds its dialogs by.
//!
//! They belong to the service-owner context: its revision is the ETag here, the dialog itself does not change and no event
//! is raised. Administrators have no access to others' labels, and deleted dialogs count as missing.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::ServiceOwner,
    domain::{
        ids::DialogId,
        limits,
        refusal::Refusal,
        rules::{text, unique},
        violations::{At, Violations},
    },
    http::{
        answer::{NoContent, Ok200},
        if_match::IfMatch,
        json::Json,
        path::Path,
    },
    openapi::{Operation, Route, scope},
    serviceowner::stored,
    store::{
        context::set_owner_labels,
        dialog::{DialogRow, any_owner},
    },
};

const PATH: &str = "/api/v1/serviceowner/dialogs/{dialogId}/context/labels";

/// A label as it is stored: trimmed, lower case.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceOwnerLabel {
    pub value: String,
}

/// A label to add.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateServiceOwnerLabel {
    /// 3 to 255 characters; stored trimmed and in lower case.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub value: Option<String>,
}

/// May be missing (which the rules refuse) but not null (which the parser refuses).
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// As the API documents show them.
pub fn operations() -> [Operation; 3] {
    [
        Route::get(PATH, list)
            .named(
                "GetServiceOwnerLabels",
                "V1ServiceOwnerServiceOwnerContextQueriesGetServiceOwnerLabel_ServiceOwnerLabel",
            )
            .about(
                "Lists your labels of a dialog",
                "`Etag` is the revision of the service-owner context, not the dialog's.",
            )
            .ok_list::<ServiceOwnerLabel>("The labels in ascending order.")
            .with_etag()
            .refusals(&[403, 404]),
        Route::post(PATH, add)
            .named(
                "CreateServiceOwnerLabel",
                "V1ServiceOwnerServiceOwnerContextCommandsCreateServiceOwnerLabel_ServiceOwnerLabel",
            )
            .about(
                "Adds a label to a dialog",
                "Up to 20 labels a dialog. The ordinary service owner's scope is enough.",
            )
            .security(&[scope::SERVICE_OWNER, scope::CHANGE_TRANSMISSIONS])
            .if_match()
            .body::<CreateServiceOwnerLabel>()
            .example(&serde_json::json!({"value": "saksbehandler-7"}))
            .no_content_with_etag()
            .refusals(&[400, 403, 409, 412]),
        Route::delete("/api/v1/serviceowner/dialogs/{dialogId}/context/labels/{label}", remove)
            .named(
                "DeleteServiceOwnerLabel",
                "V1ServiceOwnerServiceOwnerContextCommandsDeleteServiceOwnerLabel_ServiceOwnerLabel",
            )
            .about("Removes a label from a dialog", "Letter case does not matter.")
            .if_match()
            .no_content_with_etag()
            .refusals(&[403, 404, 409, 412]),
    ]
}

/// The dialog of an owned resource that is not deleted. Administrators have no privilege here.
async fn labelled(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<DialogRow, Refusal> {
    let row = any_owner(id).row(&app.db).await?.filter(|row| row.deleted_at.is_none()).ok_or(Refusal::no_dialog(id))?;
    if app.altinn.resources().owns(caller.org_number(), &row.service_resource).await? {
        Ok(row)
    } else {
        Err(Refusal::no_dialog(id))
    }
}

/// Lists the labels.
pub async fn list(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
) -> Result<Ok200<Vec<ServiceOwnerLabel>>, Refusal> {
    let row = labelled(&app, &caller, id).await?;
    let labels = row.owner_labels.into_iter().map(|value| ServiceOwnerLabel { value });
    Ok(Ok200 { etag: Some(row.owner_context_revision), body: labels.collect() })
}

/// Adds a label. Order of refusals: 404, 412, 400; 412 or 409 at save.
pub async fn add(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    Json(body): Json<CreateServiceOwnerLabel>,
) -> Result<NoContent, Refusal> {
    if id.0.is_nil() {
        return Err(Violations::one("dialogId", "'DialogId' must not be empty.").into());
    }
    let row = labelled(&app, &caller, id).await?;
    stored::matches(expected, row.owner_context_revision)?;
    body.check(&row.owner_labels).into_result()?;
    let mut labels = row.owner_labels;
    labels.extend(body.value.map(|value| normalised(&value)));
    labels.sort();
    save(&app, id, row.owner_context_revision, &labels, expected).await
}

/// Removes a label. Order of refusals: 404 dialog or label, 412; 412 or 409 at save.
pub async fn remove(
    State(app): State<App>,
    caller: ServiceOwner,
    Path((id, label)): Path<(DialogId, String)>,
    expected: IfMatch,
) -> Result<NoContent, Refusal> {
    let row = labelled(&app, &caller, id).await?;
    let gone = normalised(&label);
    let rest: Vec<String> = row.owner_labels.iter().filter(|known| **known != gone).cloned().collect();
    if rest.len() == row.owner_labels.len() {
        return Err(Refusal::NotFound { entity: "Label", keys: vec![label] });
    }
    stored::matches(expected, row.owner_context_revision)?;
    save(&app, id, row.owner_context_revision, &rest, expected).await
}

async fn save(
    app: &App,
    id: DialogId,
    read: crate::domain::ids::Revision,
    labels: &[String],
    expected: IfMatch,
) -> Result<NoContent, Refusal> {
    let revision = set_owner_labels(&app.db, id, read, labels).await?.ok_or_else(|| stored::too_late(expected))?;
    Ok(NoContent { etag: Some(revision) })
}

fn normalised(label: &str) -> String {
    label.trim().to_lowercase()
}

impl CreateServiceOwnerLabel {
    /// The new label stands behind the stored ones, which is where its faults are reported.
    fn check(&self, known: &[String]) -> Violations {
        let mut found = Violations::new();
        let value = self.value.as_deref();
        let dto = At::Root("dto");
        let labels = dto.field("serviceOwnerLabels");
        let added = value.map(normalised);
        unique::unique(known.iter().chain(&added).map(String::as_str), labels, &mut found);
        if known.len() >= limits::OWNER_LABELS {
            found.add(labels, "Maximum 20 service owner labels are allowed.");
        }
        let item = labels.item(known.len());
        let at = item.field("value");
        text::not_blank(value, at, &mut found);
        text::min_length(value, 3, at, &mut found);
        text::max_length(value, limits::DEFAULT_STRING, at, &mut found);
        found
    }
}
