//! Which stored dialogs a service owner reaches.

use crate::{
    app::App,
    auth::ServiceOwner,
    domain::{dialog::Dialog, ids::DialogId, refusal::Refusal},
    serviceowner::ownership,
    store::dialog::any_owner,
};

/// The dialog, if the caller's organization owns its service resource, or the caller is an administrator. Anybody else's
/// looks like a missing one.
pub async fn of_owned_resource(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<Dialog, Refusal> {
    let dialog = any_owner(id).with_body(&app.db).await?.ok_or(Refusal::no_dialog(id))?;
    if caller.is_admin() || app.altinn.resources().owns(caller.org_number(), &dialog.service_resource).await? {
        return Ok(dialog);
    }
    Err(Refusal::no_dialog(id))
}

/// The dialog, if its owner has the caller's short name, or the caller is an administrator.
pub async fn of_own_org(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<Dialog, Refusal> {
    ownership::find(app, caller, id).await?.with_body(&app.db).await?.ok_or(Refusal::no_dialog(id))
}
