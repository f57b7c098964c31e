//! `/serviceowner/dialogs/{dialogId}/context/labels`: the labels a service owner finds its dialogs by.
//!
//! They belong to the service-owner context: its revision is the ETag here, the dialog itself does not change and no event
//! is raised. Administrators have no access to others' labels, and deleted dialogs count as missing.

pub mod add;
pub mod list;
pub mod remove;

use crate::{
    app::App,
    domain::{dialog::Head, refusal::Refusal},
    http::{answer::NoContent, if_match::IfMatch},
    serviceowner::standing,
    store::context::set_owner_labels,
};

const PATH: &str = "/api/v1/serviceowner/dialogs/{dialogId}/context/labels";

async fn save(app: &App, row: &Head, labels: &[String], expected: IfMatch) -> Result<NoContent, Refusal> {
    let revision = set_owner_labels(&app.db, row.id, &row.party, row.owner_context_revision, labels)
        .await?
        .ok_or_else(|| standing::too_late(expected))?;
    app.signal.written();
    Ok(NoContent { etag: Some(revision) })
}
