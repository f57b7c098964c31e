//! `GET /enduser/dialogs/{dialogId}/seenlog`: who has opened a dialog, oldest first.
//!
//! Order of refusals: that of parts of dialogs (`access::dialog`). Looking at the log is not seeing the dialog.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access,
    app::App,
    auth::EndUser,
    domain::{
        ids::DialogId,
        refusal::Refusal,
        seen_log::{SeenEntry, ShownEntry},
    },
    http::{Ok200, Path, query::NoParameters, timestamp::Timestamp},
    openapi::{Operation, Route},
    store::dialog::SEEN_LOG,
    views::ActorView,
};

/// Somebody opened the dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeenLog)]
pub struct SeenLogItemView {
    pub id: Uuid,
    pub seen_at: Timestamp,
    /// Persons are shown under a passing name instead of their number.
    pub seen_by: ActorView,
    /// A service owner read it for this person.
    pub is_via_service_owner: bool,
    /// The reader of this answer is the one who opened it.
    pub is_current_end_user: bool,
}

impl SeenLogItemView {
    /// `entry` as `caller` may know it.
    pub fn new(entry: SeenEntry, app: &App, caller: &EndUser) -> Self {
        // Compared before it is masked.
        let mut shown = ShownEntry::new(entry, Some(caller.party_urn()));
        app.masking.mask(&mut shown.entry.seen_by);
        Self {
            id: shown.entry.id,
            seen_at: Timestamp(shown.entry.created_at),
            seen_by: shown.entry.seen_by.into(),
            is_via_service_owner: shown.entry.is_via_service_owner,
            is_current_end_user: shown.is_current_end_user,
        }
    }
}

/// Lists the entries.
pub async fn list(
    State(app): State<App>,
    caller: EndUser,
    Path(id): Path<DialogId>,
    _: NoParameters,
) -> Result<Ok200<Vec<SeenLogItemView>>, Refusal> {
    let opened = access::children(&app, &caller, id, app.clock.now(), &SEEN_LOG).await?;
    let shown = opened.found.into_iter().map(|entry| SeenLogItemView::new(entry, &app, &caller));
    Ok(Ok200::of(shown.collect()))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}/seenlog", list)
        .named("SearchDialogSeenLogs", "V1EndUserDialogsQueriesSearchSeenLogs_DialogSeenLog")
        .about(
            "Lists who has opened a dialog",
            "Oldest first. Looking at the log does not count as opening the dialog.",
        )
        .ok_list::<SeenLogItemView>("The entries.")
        .refusals(&[403, 404])
}
