//! `POST /serviceowner/dialogs/{dialogId}/actions/restore`: takes back a soft delete.
//!
//! Order of refusals: 404, 412; 412 or 409 at save. A dialog that is not deleted is left as it is: 204 with its revision.
//! Neither freezing nor the resource type stand in the way.

use axum::extract::State;

use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{
        event::{EventKind, Raised},
        ids::DialogId,
        refusal::Refusal,
    },
    http::{answer::NoContent, if_match::IfMatch, path::Path},
    openapi::{Operation, Route},
    serviceowner::{
        body::Silent,
        commit::{Prepared, Write},
        standing,
    },
    store::dialog::change::DialogChange,
};

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::post("/api/v1/serviceowner/dialogs/{dialogId}/actions/restore", restore)
        .named("RestoreDialog", "V1ServiceOwnerDialogsCommandsRestore_Dialog")
        .about("Restores a deleted dialog", "A dialog that is not deleted stays as it is. `Etag` is its revision.")
        .if_match()
        .no_content()
        .refusals(&[403, 404, 409, 412])
}

/// Restores a soft-deleted dialog.
pub async fn restore(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    Silent(silent): Silent,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    let mut dialog = owner::of_own_resource(&app, &caller, id).await?;
    // Before the question whether there is anything to restore: a stale client is told (§7).
    standing::matches(expected, dialog.revision)?;
    if dialog.deleted_at.take().is_none() {
        return Ok(NoContent { etag: Some(dialog.revision) });
    }

    let read = dialog.renew();
    let events = Raised { dialog: &dialog, now, silent }.one(EventKind::DialogRestored);
    let change = DialogChange { events: &events, ..DialogChange::of_row(&dialog, read, now) };
    let answer = NoContent { etag: Some(dialog.revision) };
    Prepared { write: Write::Change(change), expected, answer }.commit(&app).await
}
