//! `GET /enduser/dialogs/{dialogId}/activities/{activityId}`: one entry of the activity log.
//!
//! Order of refusals: 400 language, 404 missing or not for the caller, 410 deleted, 403 level, 404 not visible yet or expired,
//! 404 no such entry.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access,
    app::App,
    auth::EndUser,
    domain::{
        dialog::{Activity, ActivityType},
        ids::DialogId,
        refusal::Refusal,
    },
    enduser::lens::Lens,
    http::{AcceptLanguage, Ok200, Path, Timestamp, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::ACTIVITIES,
    views::{ActorView, LocalizationView, texts},
};

/// An entry of the activity log by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activity)]
pub struct ActivityView {
    pub id: Uuid,
    pub created_at: Timestamp,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(rename = "type")]
    pub activity_type: ActivityType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmission_id: Option<Uuid>,
    pub performed_by: ActorView,
    /// Empty if there is none.
    pub description: Vec<LocalizationView>,
}

impl From<Activity> for ActivityView {
    fn from(activity: Activity) -> Self {
        Self {
            id: activity.id.0,
            created_at: Timestamp(activity.created_at),
            extended_type: activity.body.extended_type,
            activity_type: activity.activity_type,
            transmission_id: activity.transmission_id.map(|id| id.0),
            performed_by: activity.body.performed_by.into(),
            description: texts(activity.body.description),
        }
    }
}

/// Shows the entry.
pub async fn get(
    State(app): State<App>,
    caller: EndUser,
    Path((dialog, id)): Path<(DialogId, Uuid)>,
    languages: AcceptLanguage,
    _: NoParameters,
) -> Result<Ok200<ActivityView>, Refusal> {
    let now = app.clock.now();
    let mut activity = access::child(&app, &caller, dialog, now, &ACTIVITIES, id).await?.found;
    Lens { reader: caller.party_urn(), languages: &languages, masking: &app.masking, now }.activity(&mut activity);
    Ok(Ok200::of(activity.into()))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}/activities/{activityId}", get)
        .named("GetDialogActivity", "V1EndUserDialogsQueriesGetActivity_DialogActivity")
        .about("Reads one entry of a dialog's activity log", "Persons are shown under a passing name.")
        .accept_language()
        .ok::<ActivityView>("The entry.")
        .refusals(&[403, 404])
}
