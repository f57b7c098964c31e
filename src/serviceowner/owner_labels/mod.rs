//! `/serviceowner/dialogs/{dialogId}/context/labels`: the labels a service owner finds its dialogs by.
//!
//! They belong to the service-owner context: its revision is the ETag here, the dialog itself does not change and no event
//! is raised. Administrators have no access to others' labels, and deleted dialogs count as missing.

pub mod add;
pub mod list;
pub mod remove;

use crate::{
    app::App,
    auth::ServiceOwner,
    domain::{
        ids::{DialogId, Revision},
        refusal::Refusal,
    },
    http::{answer::NoContent, if_match::IfMatch},
    serviceowner::standing,
    store::{
        context::set_owner_labels,
        dialog::{DialogRow, any_owner},
    },
};

const PATH: &str = "/api/v1/serviceowner/dialogs/{dialogId}/context/labels";

/// The dialog of an owned resource that is not deleted. Administrators have no privilege here.
async fn labelled(app: &App, caller: &ServiceOwner, id: DialogId) -> Result<DialogRow, Refusal> {
    let row = any_owner(id).row(&app.db).await?.filter(|row| row.deleted_at.is_none()).ok_or(Refusal::no_dialog(id))?;
    if app.altinn.resources().owns(caller.org_number(), &row.service_resource).await? {
        Ok(row)
    } else {
        Err(Refusal::no_dialog(id))
    }
}

async fn save(
    app: &App,
    id: DialogId,
    read: Revision,
    labels: &[String],
    expected: IfMatch,
) -> Result<NoContent, Refusal> {
    let revision = set_owner_labels(&app.db, id, read, labels).await?.ok_or_else(|| standing::too_late(expected))?;
    Ok(NoContent { etag: Some(revision) })
}
