//! Whose dialogs a service owner may act on: its own. Everybody else's look like missing ones.

use crate::{
    app::App,
    auth::ServiceOwner,
    domain::{ids::DialogId, refusal::Refusal},
    store::dialog::{self, Find},
};

/// Looks the dialog up among the caller's own, or among all if the caller is an administrator.
///
/// # Errors
/// 404 if the caller owns no dialogs at all; `BadGateway` if the registry, asked for the caller's short name, fails.
pub async fn find(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<Find, Refusal> {
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
