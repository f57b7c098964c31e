//! Which stored dialogs a service owner reaches, and what stands in the way of changing one.

use crate::{
    app::App,
    auth::{Scope, ServiceOwner},
    domain::{
        dialog::Dialog,
        ids::{DialogId, Revision},
        refusal::Refusal,
    },
    http::if_match::IfMatch,
    serviceowner::ownership,
    store::{dialog::any_owner, violation::StoreError},
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

/// 410 for a dialog that is soft-deleted.
pub fn not_deleted(dialog: &Dialog) -> Result<(), Refusal> {
    match dialog.deleted_at {
        None => Ok(()),
        Some(_) => Err(Refusal::Gone { entity: "DialogEntity", key: dialog.id.to_string() }),
    }
}

/// 403 for a frozen dialog, unless the caller is an administrator.
pub fn not_frozen(dialog: &Dialog, caller: &ServiceOwner) -> Result<(), Refusal> {
    if dialog.is_frozen && !caller.is_admin() {
        return Err(Refusal::forbidden("User cannot modify frozen dialog"));
    }
    Ok(())
}

/// 403 for a correspondence without its scope; administrators need the scope too. For deleting and purging, which look at
/// nothing else.
pub fn of_allowed_type(dialog: &Dialog, caller: &ServiceOwner) -> Result<(), Refusal> {
    if dialog.resource_type == "correspondenceservice" && !caller.has(Scope::Correspondence) {
        return Err(Refusal::forbidden(format!("User cannot modify resource type {}.", dialog.resource_type)));
    }
    Ok(())
}

/// 412 if the client builds on another revision than the current one.
pub fn matches(expected: IfMatch, current: Revision) -> Result<(), Refusal> {
    match expected.0 {
        Some(expected) if expected != current => Err(Refusal::PreconditionFailed),
        Some(_) | None => Ok(()),
    }
}

/// What a write that came too late is told: 412 if the client said what it builds on, 409 otherwise.
pub fn too_late(expected: IfMatch) -> Refusal {
    if expected.0.is_some() { Refusal::PreconditionFailed } else { StoreError::Concurrent.into() }
}
