//! Which dialogs are a service owner's own. Everybody else's look like missing ones; administrators own all.
//!
//! There are two definitions, because the contract has two, and they differ where a resource changes hands:
//!
//! | Own by | Means | Where |
//! |---|---|---|
//! | resource | the registry says today that the caller's organization owns the dialog's service resource | reading a dialog and its parts; update, delete, restore, purge, freeze; labels of owners |
//! | name | the dialog was created under the caller's short name, which never changes | adding and replacing transmissions and activities; system labels; lists |
//!
//! So whoever takes a resource over can read and correct its old dialogs, while what is appended goes on under the name it
//! began with.

use uuid::Uuid;

use crate::{
    app::App,
    auth::ServiceOwner,
    domain::{
        dialog::{Dialog, Head},
        ids::DialogId,
        refusal::Refusal,
    },
    http::context,
    store::dialog::{
        self, Find, Part, WholeDialog, any_owner,
        known::{Known, Wanted},
    },
};

/// Looks the dialog up among those of the caller's name.
///
/// # Errors
/// 404 if the caller has no name at all; `BadGateway` if the registry, asked for the caller's short name, fails.
pub async fn by_name(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<Find, Refusal> {
    if caller.is_admin() {
        return Ok(dialog::any_owner(id));
    }
    match caller.org_code(&app.altinn).await {
        Ok(org) => Ok(dialog::owned_by(org.to_lowercase(), id)),
        // Without a short name there is nothing of its own.
        Err(Refusal::Forbidden(_)) => Err(Refusal::no_dialog(id)),
        Err(other) => Err(other),
    }
}

/// The dialog with its body, if it is the caller's by name.
pub async fn of_own_name(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<Dialog, Refusal> {
    let dialog = by_name(app, caller, id).await?.with_body(&app.db).await?.ok_or(Refusal::no_dialog(id))?;
    context::about(&dialog.service_resource);
    Ok(dialog)
}

/// The dialog without its body, if it is the caller's by name, and what it has of that which is to be appended.
pub async fn to_append(
    app: &App,
    caller: &ServiceOwner,
    id: DialogId,
    wanted: &Wanted,
) -> Result<(Head, Known), Refusal> {
    let found = by_name(app, caller, id).await?.with_known(&app.db, wanted).await?;
    let (dialog, known) = found.ok_or(Refusal::no_dialog(id))?;
    context::about(&dialog.service_resource);
    Ok((dialog, known))
}

/// The dialog with its body, if it is the caller's by resource.
pub async fn of_own_resource(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<Dialog, Refusal> {
    let dialog = any_owner(id).with_body(&app.db).await?.ok_or(Refusal::no_dialog(id))?;
    // After the read, as only the dialog says which resource it is.
    owns(app, caller, id, &dialog.service_resource).await?;
    Ok(dialog)
}

/// The row of a dialog that is not deleted and the caller's by resource. Administrators have no privilege here.
pub async fn row_of_own_resource(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<Head, Refusal> {
    let row = any_owner(id).row(&app.db).await?.filter(|row| row.deleted_at.is_none()).ok_or(Refusal::no_dialog(id))?;
    // Without the word for administrators: §8.1 gives them no access to others' labels.
    if app.altinn.resources().owns(caller.org_number(), &row.service_resource).await? {
        Ok(row)
    } else {
        Err(Refusal::no_dialog(id))
    }
}

/// The dialog with everything, deleted ones too, if it is the caller's by resource.
pub async fn opened(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<WholeDialog, Refusal> {
    let whole = app.db.find(|db| async move { any_owner(id).whole(&db).await }).await?.ok_or(Refusal::no_dialog(id))?;
    owns(app, caller, id, &whole.dialog.service_resource).await?;
    Ok(whole)
}

/// Children of one kind, in reading order, of a dialog that is the caller's by resource.
///
/// # Errors
/// 404 missing or not ours, 410 deleted.
pub async fn children<T>(
    app: &App,
    caller: &ServiceOwner,
    id: DialogId,
    part: &'static Part<T>,
) -> Result<Vec<T>, Refusal> {
    let (cover, children) =
        app.db.find(|db| async move { any_owner(id).part(&db, part).await }).await?.ok_or(Refusal::no_dialog(id))?;
    owns(app, caller, id, &cover.service_resource).await?;
    match cover.deleted_at {
        None => Ok(children),
        Some(_) => Err(super::deleted(id)),
    }
}

/// One child. The order of refusals is that of [`children`], then 404 for the child.
pub async fn child<T>(
    app: &App,
    caller: &ServiceOwner,
    id: DialogId,
    part: &'static Part<T>,
    child: Uuid,
) -> Result<T, Refusal> {
    let (cover, child_found) = app
        .db
        .read_if(
            |db| async move { any_owner(id).child(&db, part, child).await },
            |found| matches!(found, Some((_, Some(_)))),
        )
        .await?
        .ok_or(Refusal::no_dialog(id))?;
    owns(app, caller, id, &cover.service_resource).await?;
    match (cover.deleted_at, child_found) {
        // Deleted is told before the child is looked for, whether it is there or not.
        (Some(_), _) => Err(super::deleted(id)),
        (None, None) => Err(Refusal::NotFound { entity: part.entity, keys: vec![child.to_string()] }),
        (None, Some(found)) => Ok(found),
    }
}

/// Whether a dialog of this owner's short name is the caller's by name.
pub async fn is_own_name(app: &App, caller: &ServiceOwner, org: &str) -> Result<bool, Refusal> {
    Ok(caller.is_admin() || caller.org_code(&app.altinn).await?.eq_ignore_ascii_case(org))
}

/// 404 unless the caller owns the resource.
async fn owns(app: &App, caller: &ServiceOwner, id: DialogId, service_resource: &str) -> Result<(), Refusal> {
    context::about(service_resource);
    if caller.is_admin() || app.altinn.resources().owns(caller.org_number(), service_resource).await? {
        return Ok(());
    }
    Err(Refusal::no_dialog(id))
}
