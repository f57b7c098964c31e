//! `DELETE /serviceowner/dialogs/{dialogId}`: soft-delete; the owner can still read it and restore it.
//!
//! Order of refusals: 404, 410 already deleted, 403 frozen, 403 resource type, 412; 412 or 409 at save.

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
        body::SilentQuery,
        commit::{Prepared, Write},
        standing,
    },
    store::dialog::change::DialogChange,
};

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::delete("/api/v1/serviceowner/dialogs/{dialogId}", delete)
        .named("DeleteDialog", "V1ServiceOwnerDialogsCommandsDelete_Dialog")
        .about(
            "Deletes a dialog",
            "End users no longer see it. You still read it, with `deletedAt`, and can restore or purge it.",
        )
        .if_match()
        .no_content_with_etag()
        .refusals(&[400, 403, 404, 409, 410, 412])
}

/// Soft-deletes a dialog.
pub async fn delete(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    silent: SilentQuery,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    let silent = silent.read()?;

    let mut dialog = owner::of_own_resource(&app, &caller, id).await?;
    standing::not_deleted(&dialog)?;
    standing::not_frozen(&dialog, &caller)?;
    standing::of_allowed_type(&dialog, &caller)?;
    standing::matches(expected, dialog.revision)?;

    // Times stay (§7): a restored dialog stands where it stood in lists.
    let read = dialog.renew();
    dialog.deleted_at = Some(now);
    let events = Raised { dialog: &dialog, now, silent }.one(EventKind::DialogDeleted);
    let change = DialogChange { events: &events, ..DialogChange::of_row(&dialog, read, now) };
    let answer = NoContent { etag: Some(dialog.revision) };
    Prepared { write: Write::Change(change), expected, answer }.commit(&app).await
}
