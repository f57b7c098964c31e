//! `DELETE /serviceowner/dialogs/{dialogId}/context/labels/{label}`: removes a label.
//!
//! Order of refusals: 404 dialog or label, 412; 412 or 409 at save.

use axum::extract::State;

use super::save;
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{ids::DialogId, owner_label::normalised, refusal::Refusal},
    http::{answer::NoContent, if_match::IfMatch, path::Path, query::NoParameters},
    openapi::{Operation, Route},
    serviceowner::standing,
};

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::delete("/api/v1/serviceowner/dialogs/{dialogId}/context/labels/{label}", remove)
        .named(
            "DeleteServiceOwnerLabel",
            "V1ServiceOwnerServiceOwnerContextCommandsDeleteServiceOwnerLabel_ServiceOwnerLabel",
        )
        .about("Removes a label from a dialog", "Letter case does not matter.")
        .if_match()
        .no_content_with_etag()
        .refusals(&[403, 404, 409, 412])
}

/// Removes a label.
pub async fn remove(
    State(app): State<App>,
    caller: ServiceOwner,
    Path((id, label)): Path<(DialogId, String)>,
    expected: IfMatch,
    _: NoParameters,
) -> Result<NoContent, Refusal> {
    let row = owner::row_of_own_resource(&app, &caller, id).await?;
    let gone = normalised(&label);
    let rest: Vec<String> = row.owner_labels.iter().filter(|known| **known != gone).cloned().collect();
    if rest.len() == row.owner_labels.len() {
        // As it was sent, not as it would be stored (chapter 08 §4.1).
        return Err(Refusal::NotFound { entity: "Label", keys: vec![label] });
    }
    standing::matches(expected, row.owner_context_revision)?;
    save(&app, &row, &rest, expected).await
}
