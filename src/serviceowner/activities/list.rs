//! `GET /serviceowner/dialogs/{dialogId}/activities`: the activity log, without what was said and who did it.
//!
//! Order of refusals: 404 missing or not ours, 410 deleted.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{
        dialog::{ACTIVITY_WEIGHT, Activity, ActivityType},
        ids::DialogId,
        refusal::Refusal,
    },
    heavy,
    http::{Ok200, Path, Timestamp, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::ACTIVITIES,
    views::each,
};

/// An entry of the activity log, as its list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activity)]
pub struct ListItemView {
    pub id: Uuid,
    pub created_at: Timestamp,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(rename = "type")]
    pub activity_type: ActivityType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmission_id: Option<Uuid>,
}

impl From<Activity> for ListItemView {
    fn from(activity: Activity) -> Self {
        Self {
            id: activity.id.0,
            created_at: Timestamp(activity.created_at),
            extended_type: activity.body.extended_type,
            activity_type: activity.activity_type,
            transmission_id: activity.transmission_id.map(|id| id.0),
        }
    }
}

/// Lists the entries, the oldest first.
pub async fn list(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    _: NoParameters,
) -> Result<Ok200<Vec<ListItemView>>, Refusal> {
    let activities = owner::children(&app, &caller, id, &ACTIVITIES).await?;
    let weight = ACTIVITY_WEIGHT * activities.len();
    Ok(Ok200::of(heavy::aside(weight, || each(activities))).weighing(weight))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/{dialogId}/activities", list)
        .named("SearchDialogActivities", "V1ServiceOwnerDialogsQueriesSearchActivities_DialogActivity")
        .about(
            "Lists what happened in a dialog",
            "The oldest entry first. What was said and who did it is told entry by entry.",
        )
        .ok_list::<ListItemView>("The entries.")
        .refusals(&[403, 404])
}
