//! `GET /serviceowner/dialogs/{dialogId}/context/labels`: the labels in ascending order.
//!
//! Order of refusals: 404.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::PATH;
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{ids::DialogId, refusal::Refusal},
    http::{answer::Ok200, path::Path, query::NoParameters},
    openapi::{Operation, Route},
};

/// A label as it is stored: trimmed, lower case.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceOwnerLabel {
    pub value: String,
}

/// As the API documents show it.
pub fn operation() -> Operation {
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
        .refusals(&[403, 404])
}

/// Lists the labels.
pub async fn list(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    _: NoParameters,
) -> Result<Ok200<Vec<ServiceOwnerLabel>>, Refusal> {
    let row = owner::row_of_own_resource(&app, &caller, id).await?;
    let labels = row.owner_labels.into_iter().map(|value| ServiceOwnerLabel { value });
    Ok(Ok200::at(row.owner_context_revision, labels.collect()))
}
