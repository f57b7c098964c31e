//! `GET /enduser/dialogs/{dialogId}/activities`: the activity log, without who did it.
//!
//! Order of refusals: 400 language, 404 missing or not for the caller, 410 deleted, 403 level, 404 not visible yet or expired.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access,
    app::App,
    auth::EndUser,
    domain::{
        dialog::{ACTIVITY_WEIGHT, Activity, ActivityType},
        ids::DialogId,
        refusal::Refusal,
    },
    enduser::lens::Lens,
    heavy,
    http::{AcceptLanguage, Ok200, Path, Timestamp, query::NoParameters},
    openapi::{Operation, Route},
    store::dialog::ACTIVITIES,
    views::{LocalizationView, each, texts},
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
    /// Empty if there is none.
    pub description: Vec<LocalizationView>,
}

impl From<Activity> for ListItemView {
    fn from(activity: Activity) -> Self {
        Self {
            id: activity.id.0,
            created_at: Timestamp(activity.created_at),
            extended_type: activity.body.extended_type,
            activity_type: activity.activity_type,
            transmission_id: activity.transmission_id.map(|id| id.0),
            description: texts(activity.body.description),
        }
    }
}

/// Lists the entries, the oldest first.
pub async fn list(
    State(app): State<App>,
    caller: EndUser,
    Path(id): Path<DialogId>,
    languages: AcceptLanguage,
    _: NoParameters,
) -> Result<Ok200<Vec<ListItemView>>, Refusal> {
    let now = app.clock.now();
    let mut activities = access::children(&app, &caller, id, now, &ACTIVITIES).await?.found;
    let lens = Lens { reader: caller.party_urn(), languages: &languages, masking: &app.masking, now };
    let weight = ACTIVITY_WEIGHT * activities.len();
    let shown = heavy::aside(weight, || {
        for activity in &mut activities {
            lens.activity(activity);
        }
        each(activities)
    });
    Ok(Ok200::of(shown).weighing(weight))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialogs/{dialogId}/activities", list)
        .named("SearchDialogActivities", "V1EndUserDialogsQueriesSearchActivities_DialogActivity")
        .about("Lists what happened in a dialog", "The oldest entry first. Who did it is told entry by entry.")
        .accept_language()
        .ok_list::<ListItemView>("The entries.")
        .refusals(&[403, 404])
}
