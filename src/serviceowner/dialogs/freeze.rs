//! `POST /serviceowner/dialogs/{dialogId}/actions/freeze`: nobody but administrators may change the dialog any more.
//!
//! Order of refusals: 403 not an administrator, 404, 410 deleted, 412; 412 or 409 at save. There is no unfreezing and no
//! silent mode. A frozen dialog is left as it is: 204 with its revision.

use axum::extract::State;

use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{
        change::Change,
        event::{EventKind, Raised},
        ids::DialogId,
        refusal::Refusal,
        violations::Code,
    },
    http::{answer::NoContent, if_match::IfMatch, path::Path, query::NoParameters},
    openapi::{Operation, Route},
    serviceowner::{
        commit::{Prepared, Write},
        standing,
    },
    store::dialog::change::DialogChange,
};

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::post("/api/v1/serviceowner/dialogs/{dialogId}/actions/freeze", freeze)
        .named("FreezeDialog", "V1ServiceOwnerDialogsCommandsFreeze_FreezeDialog")
        .about(
            "Freezes a dialog",
            "For administrators (`digdir:dialogporten.serviceprovider.admin`). Its owner can no longer change or delete it, \
             only purge it.",
        )
        .if_match()
        .no_content_with_etag()
        .refusals(&[400, 403, 404, 409, 410, 412])
}

/// Freezes a dialog.
pub async fn freeze(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    _: NoParameters,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    if !caller.is_admin() {
        return Err(Refusal::forbidden(
            Code::AdminScopeMissing
                .says("Only ServiceOwner admin can freeze dialogs.")
                .hint("Bring the scope digdir:dialogporten.serviceprovider.admin."),
        ));
    }

    let mut dialog = owner::of_own_resource(&app, &caller, id).await?;
    standing::not_deleted(&dialog)?;
    standing::matches(expected, dialog.revision)?;
    // Behind `If-Match`: a stale one is told even if there is nothing to do (§7).
    if dialog.is_frozen {
        return Ok(NoContent { etag: Some(dialog.revision) });
    }

    let read = dialog.revision;
    dialog.is_frozen = true;
    // Freezing is the one of these operations that moves `updatedAt` (§7).
    let unsee = dialog.stamp(Change { content: false, other: true }, now, false);
    let events = Raised { dialog: &dialog, now, silent: false }.one(EventKind::DialogUpdated);
    let change = DialogChange { unsee, events: &events, ..DialogChange::of_row(&dialog, read, now) };
    let answer = NoContent { etag: Some(dialog.revision) };
    Prepared { write: Write::Change(change), expected, answer }.commit(&app).await
}
