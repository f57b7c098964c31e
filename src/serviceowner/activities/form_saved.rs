//! `POST …/activities/{activityId}/actions/updateFormSavedActivityTime`: administrators move the time of a FormSaved
//! activity. Not part of the published contract.
//!
//! Always silent. Order of refusals: 400, 404 (dialog and activity look alike), 422 another type, 412; 412 or 409 at save.
//! Neither deletion nor freezing stands in the way.

use axum::extract::State;

use crate::{
    app::App,
    auth::ServiceOwnerAdmin,
    domain::{
        Instant,
        dialog::ActivityType,
        event::{EventKind, Raised},
        ids::{ActivityId, DialogId},
        refusal::Refusal,
        rules::{RuleContext, time},
        violations::{At, Code, Violations},
    },
    http::{answer::NoContent, if_match::IfMatch, json::Json, query::NoParameters, timestamp::Timestamp},
    openapi::{Operation, Route},
    serviceowner::{
        authorization::rule_context,
        commit::{Prepared, Write},
        standing,
    },
    store::dialog::{any_owner, correct::Retiming, load::activity},
};

/// Not shown, as the contract shows it neither.
pub fn operation() -> Operation {
    let path = "/api/v1/serviceowner/dialogs/{dialogId}/activities/{activityId}/actions/updateFormSavedActivityTime";
    Route::post(path, update_time).hidden().body::<Timestamp>()
}

/// Moves the time of a FormSaved activity.
pub async fn update_time(
    State(app): State<App>,
    ServiceOwnerAdmin(caller): ServiceOwnerAdmin,
    UuidsOnly(dialog_id, id): UuidsOnly,
    expected: IfMatch,
    _: NoParameters,
    Json(time): Json<Timestamp>,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    let created_at = Instant::from(time);
    check(created_at, &rule_context(&caller, now)).into_result()?;

    // Both look alike: the contract names the activity also when the dialog is missing (§6.4).
    let missing = || Refusal::NotFound { entity: "DialogActivity", keys: vec![id.to_string()] };
    let mut dialog = any_owner(dialog_id).with_body(&app.db).await?.ok_or_else(missing)?;
    let activity = activity(&app.db, dialog_id, id).await?.ok_or_else(missing)?;
    if activity.activity_type != ActivityType::FormSaved {
        let text = "Only FormSaved activities is allowed to be updated using admin scope.";
        let fault = Code::ActivityNotFormSaved.says(text).hint("Name an activity whose type is FormSaved.");
        return Err(Refusal::Unprocessable(Violations::one("Type", fault)));
    }
    standing::matches(expected, dialog.revision)?;

    let read = dialog.renew();
    // Not now: the dialog is as new as its newest activity (§6.4).
    dialog.updated_at = dialog.updated_at.max(created_at);
    let events = Raised { dialog: &dialog, now, silent: true }.one(EventKind::DialogUpdated);
    let retiming = Retiming {
        dialog: dialog_id,
        party: &dialog.party,
        read,
        revision: dialog.revision,
        updated_at: dialog.updated_at,
        activity: id,
        created_at,
        event: &events[0],
    };
    let answer = NoContent { etag: Some(dialog.revision) };
    Prepared { write: Write::Retiming(retiming), expected, answer }.commit(&app).await
}

/// The reference fails with 500 here; its rule is the one of new activities.
fn check(created_at: Instant, context: &RuleContext) -> Violations {
    let mut found = Violations::new();
    time::past(Some(created_at), context, At::Root("").field("createdAt"), &mut found);
    found
}

/// Two ids of the path. Other text than UUIDs is another, unknown route.
pub struct UuidsOnly(DialogId, ActivityId);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for UuidsOnly {
    type Rejection = axum::http::StatusCode;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, axum::http::StatusCode> {
        use crate::http::path::Path;
        match Path::<(DialogId, ActivityId)>::from_request_parts(parts, state).await {
            Ok(Path((dialog, activity))) => Ok(Self(dialog, activity)),
            Err(_) => Err(axum::http::StatusCode::NOT_FOUND),
        }
    }
}
