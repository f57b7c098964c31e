//! `POST /serviceowner/dialogs/{dialogId}/context/labels`: adds a label.
//!
//! Order of refusals: 400 all-zero id, 404, 412, 400; 412 or 409 at save.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PATH, save};
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{
        ids::DialogId,
        owner_label,
        refusal::Refusal,
        violations::{At, Fault, Violations},
    },
    http::{answer::NoContent, if_match::IfMatch, json::Json, path::Path, query::NoParameters},
    openapi::{Operation, Route, scope},
    serviceowner::{input::some, standing},
};

/// A label to add.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Label)]
pub struct CreateServiceOwnerLabel {
    /// 3 to 255 characters; stored trimmed and in lower case.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String)]
    pub value: Option<String>,
}

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::post(PATH, add)
        .named(
            "CreateServiceOwnerLabel",
            "V1ServiceOwnerServiceOwnerContextCommandsCreateServiceOwnerLabel_ServiceOwnerLabel",
        )
        .about("Adds a label to a dialog", "Up to 20 labels a dialog. The ordinary service owner's scope is enough.")
        // A slip of the published document, kept because the document is the contract; the route asks for the first
        // alone.
        .security(&[scope::SERVICE_OWNER, scope::CHANGE_TRANSMISSIONS])
        .if_match()
        .body::<CreateServiceOwnerLabel>()
        .example(&serde_json::json!({"value": "arkivert-2026"}))
        .no_content_with_etag()
        .refusals(&[400, 403, 409, 412])
}

/// Adds a label.
pub async fn add(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    _: NoParameters,
    Json(body): Json<CreateServiceOwnerLabel>,
) -> Result<NoContent, Refusal> {
    if id.0.is_nil() {
        return Err(Violations::one("dialogId", Fault::nil_id("'DialogId' must not be empty.")).into());
    }
    let row = owner::row_of_own_resource(&app, &caller, id).await?;
    // Before the rules, since those speak of the labels that are stored (§8.1).
    standing::matches(expected, row.owner_context_revision)?;
    let mut found = Violations::new();
    let at = At::Root("dto").field("serviceOwnerLabels");
    owner_label::check_added(&row.owner_labels, body.value.as_deref(), at, &mut found);
    found.into_result()?;
    let mut labels = row.owner_labels.clone();
    labels.extend(body.value.as_deref().map(owner_label::normalised));
    labels.sort();
    save(&app, &row, &labels, expected).await
}
