//! `POST /serviceowner/dialogs/{dialogId}/actions/purge`: removes a dialog for good.
//!
//! Order of refusals: 400 all-zero id, 404, 403 resource type, 412; 412 or 409 at save. Freezing does not stand in the way.
//! Purging what is deleted already raises no second event.

use axum::extract::State;

use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{
        event::{EventKind, Raised},
        ids::DialogId,
        refusal::Refusal,
        violations::{Fault, Violations},
    },
    http::{answer::NoContent, if_match::IfMatch, path::Path},
    openapi::{Operation, Route},
    serviceowner::{
        body::Silent,
        commit::{Prepared, Write},
        standing,
    },
};

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::post("/api/v1/serviceowner/dialogs/{dialogId}/actions/purge", purge)
        .named("PurgeDialog", "V1ServiceOwnerDialogsCommandsPurge_Dialog")
        .about(
            "Removes a dialog for good",
            "With everything that belongs to it. There is no way back, and no body to send.",
        )
        .if_match()
        .no_content()
        .refusals(&[403, 404, 409, 412])
}

/// Removes a dialog for good.
pub async fn purge(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    Silent(silent): Silent,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    if id.0.is_nil() {
        let text = "DialogId was either badly formatted or 00000000-0000-0000-0000-000000000000";
        return Err(Violations::one("dialogId", Fault::nil_id(text)).into());
    }

    let dialog = owner::of_own_resource(&app, &caller, id).await?;
    standing::of_allowed_type(&dialog, &caller)?;
    standing::matches(expected, dialog.revision)?;

    // The soft delete told everybody already (EV-005).
    let announced = dialog.deleted_at.is_some();
    let raised = Raised { dialog: &dialog, now, silent };
    let events = if announced { Vec::new() } else { raised.one(EventKind::DialogDeleted) };
    let write = Write::Purge { dialog: &dialog, events: &events };
    Prepared { write, expected, answer: NoContent { etag: None } }.commit(&app).await
}
