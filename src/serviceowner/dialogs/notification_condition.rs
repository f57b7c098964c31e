//! `GET /serviceowner/dialogs/{dialogId}/actions/should-send-notification`: whether a planned notification is still wanted.
//!
//! Order of refusals: 400, 404. Whoever sends notifications may ask about any dialog, also about a deleted one.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    auth,
    domain::{
        dialog::ActivityType,
        ids::DialogId,
        refusal::Refusal,
        rules,
        violations::{At, Code, Fault, Violations},
        wire_enum::{Given, wire_enum},
    },
    http::{Ok200, Path, Query},
    openapi::{self, Operation, Route, scope},
    store::dialog::has_activity,
};

wire_enum! {
    /// What a notification waits for: that something has not happened, or that it has.
    NotificationConditionType { NotExists = 1, Exists = 2 }
}

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationCondition)]
pub struct Verdict {
    pub send_notification: bool,
}

/// What is asked; what is left out counts as a value that means nothing.
struct Asked {
    condition: Given<NotificationConditionType>,
    activity: Given<ActivityType>,
    transmission: Option<Uuid>,
}

/// Judges the condition.
pub async fn judge(
    State(app): State<App>,
    // A scope of its own that no service owner needs to have; whose dialog it is does not matter (NC-004).
    _: auth::NotificationCondition,
    Path(id): Path<DialogId>,
    mut query: Query,
) -> Result<Ok200<Verdict>, Refusal> {
    let asked = Asked::of(&mut query);
    query.finish()?;
    let (condition, activity) = asked.check(id)?;
    let has = has_activity(&app.db, id, activity, asked.transmission).await?.ok_or_else(|| Refusal::no_dialog(id))?;
    let send_notification = match condition {
        NotificationConditionType::Exists => has,
        NotificationConditionType::NotExists => !has,
    };
    Ok(Ok200::of(Verdict { send_notification }))
}

impl Asked {
    fn of(query: &mut Query) -> Self {
        Self {
            condition: query.given("conditionType").unwrap_or_default(),
            activity: query.given("activityType").unwrap_or_default(),
            transmission: query.uuid("transmissionId"),
        }
    }

    fn check(&self, dialog: DialogId) -> Result<(NotificationConditionType, ActivityType), Violations> {
        let mut found = Violations::new();
        if dialog.0.is_nil() {
            found.add(
                "dialogId",
                Fault::nil_id("'DialogId' must not be equal to '00000000-0000-0000-0000-000000000000'."),
            );
        }
        rules::defined(self.condition, At::Root("conditionType"), &mut found);
        rules::defined(self.activity, At::Root("activityType"), &mut found);
        let fault = match (self.activity.known(), self.transmission) {
            (Some(ActivityType::TransmissionOpened), None) => {
                Some(Code::TransmissionIdMissing.says("'TransmissionId' must not be empty."))
            }
            // The dollar signs are the contract's (chapter 08 §3.4).
            (Some(ActivityType::TransmissionOpened), Some(id)) if id.is_nil() => {
                Some(Fault::nil_id("TransmissionId must not be empty when $ActivityType is $TransmissionOpened"))
            }
            (Some(ActivityType::TransmissionOpened), Some(_)) | (_, None) => None,
            (_, Some(_)) => Some(
                Code::TransmissionIdNotAllowed
                    .says("TransmissionId must be empty when ActivityType is not TransmissionOpened."),
            ),
        };
        if let Some(fault) = fault {
            found.add("transmissionId", fault);
        }
        found.into_result()?;
        // What is not known was found above.
        self.condition.known().zip(self.activity.known()).ok_or_else(Violations::new)
    }
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/{dialogId}/actions/should-send-notification", judge)
        .named("CheckNotificationCondition", "V1ServiceOwnerDialogsQueriesNotificationCondition_NotificationCondition")
        .security(&[scope::NOTIFICATION_CONDITION])
        .about(
            "Tells whether a planned notification is still wanted",
            "For whoever sends notifications: any dialog may be asked about, deleted ones too. The answer is whether the \
             activity has happened (`Exists`) or has not (`NotExists`).",
        )
        .query_of::<NotificationConditionType>("conditionType", false, "What the notification waits for.")
        .required()
        .such_as("NotExists")
        .query_of::<ActivityType>("activityType", false, "The activity that matters.")
        .required()
        .such_as("DialogOpened")
        .query(
            "transmissionId",
            openapi::Query::Uuid,
            "The transmission that was opened; with `TransmissionOpened` and only then.",
        )
        .ok::<Verdict>("The verdict.")
        .refusals(&[403])
}
