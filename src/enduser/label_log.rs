//! `GET /enduser/dialogs/{dialogId}/context/labellog`: who set or removed which system label, oldest first.
//!
//! Order of refusals: that of parts of dialogs (`access::dialog`), where a deleted dialog counts as missing.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access,
    app::App,
    auth::EndUser,
    domain::{
        ids::DialogId,
        refusal::Refusal,
        system_label::{LabelAction, LabelEntry},
        wire_enum::WireEnum,
    },
    http::{Ok200, Path, query::NoParameters, timestamp::Timestamp},
    openapi::{Operation, Route},
    store::dialog::LABEL_LOG,
    views::ActorView,
};

/// A label was set or removed. `Default` is never logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LabelAssignmentLog)]
pub struct LabelLogView {
    pub created_at: Timestamp,
    /// `systemlabel:` and the label.
    pub name: String,
    /// `set` or `remove`.
    pub action: &'static str,
    /// Persons are shown under a passing name instead of their number.
    pub performed_by: ActorView,
}

impl LabelLogView {
    fn new(mut entry: LabelEntry, app: &App) -> Self {
        // No lens: the log has no texts, so no language is asked for.
        app.masking.mask(&mut entry.performed_by);
        Self {
            created_at: Timestamp(entry.created_at),
            // Put together on the way out: the log keeps the label's number.
            name: format!("systemlabel:{}", entry.label.name()),
            action: match entry.action {
                LabelAction::Set => "set",
                LabelAction::Remove => "remove",
            },
            performed_by: entry.performed_by.into(),
        }
    }
}

/// Lists the entries.
pub async fn list(
    State(app): State<App>,
    caller: EndUser,
    Path(id): Path<DialogId>,
    _: NoParameters,
) -> Result<Ok200<Vec<LabelLogView>>, Refusal> {
    let opened = access::children(&app, &caller, id, app.clock.now(), &LABEL_LOG).await?;
    Ok(Ok200::of(opened.found.into_iter().map(|entry| LabelLogView::new(entry, &app)).collect()))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}/context/labellog", list)
        .named(
            "SearchDialogLabelAssignmentLogs",
            "V1EndUserEndUserContextQueriesSearchLabelAssignmentLogs_DialogLabelAssignmentLog",
        )
        .about(
            "Lists changes of a dialog's system labels",
            "Oldest first. What one change sets stands before what it removes; `Default` is never logged.",
        )
        .ok_list::<LabelLogView>("The entries.")
        .refusals(&[403, 404, 410])
}
