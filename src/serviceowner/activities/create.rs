//! `POST /serviceowner/dialogs/{dialogId}/activities`: append one activity.
//!
//! Order of refusals: 400, 404, 410 deleted (administrators may append to deleted dialogs), 403 frozen, 403 type, 422 unknown
//! transmission, 403 not ours, 422 unknown actor; 412 or 422 at save. Without `If-Match`, those that come at the same time
//! take turns; 409 only if there are too many.

use axum::extract::State;

use crate::{
    access::owner,
    actor_names,
    app::App,
    auth::ServiceOwner,
    domain::{
        change::Change,
        event::Raised,
        growth::Growth,
        ids::{ActivityId, DialogId},
        listed::Listed,
        refusal::Refusal,
        violations::{At, Code, Fault, Violations},
    },
    http::{answer::Created, if_match::IfMatch, path::Path},
    openapi::{Operation, Route},
    serviceowner::{
        authorization::{References, may_write, rule_context},
        body::MaybeSilent,
        input::{ActivityInput, Checking, Operation as Judged, must_be_permitted},
        standing,
    },
    store::dialog::{
        change::{DialogChange, LabelEffect},
        known::{Known, Wanted},
    },
};

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::post("/api/v1/serviceowner/dialogs/{dialogId}/activities", create)
        .named("CreateDialogActivity", "V1ServiceOwnerDialogsCommandsCreateActivity_DialogActivity")
        .about("Appends an activity", "`Etag` is the dialog's new revision.")
        .if_match()
        .body::<ActivityInput>()
        .example(&serde_json::json!({
            "type": "Information",
            "performedBy": {"actorType": "PartyRepresentative", "actorName": "Kari Nordmann"},
            "description": [{"value": "Skjemaet er levert", "languageCode": "nb"}],
        }))
        .created()
        .refusals(&[400, 403, 404, 409, 410, 412, 422])
}

/// Appends one activity.
pub async fn create(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    MaybeSilent { body, silent }: MaybeSilent<ActivityInput>,
) -> Result<Created<ActivityId>, Refusal> {
    let now = app.clock.now();
    let context = rule_context(&caller, now);
    let checking = Checking { context, operation: Judged::CreateActivity, is_api_only: false };
    check(&body, id, &checking).into_result()?;

    let mut growth = Growth::new(Vec::new(), vec![body.into_activity(now)]);
    let mut append = app.turns.append(id, expected);
    loop {
        let (mut dialog, known) = owner::to_append(&app, &caller, id, &wanted(&growth)).await?;
        if !caller.is_admin() {
            standing::not_deleted(&dialog)?;
        }
        standing::not_frozen(&dialog, &caller)?;
        must_be_permitted(&growth.activities, &context).map_err(Refusal::forbidden)?;
        refuse_unknown_transmission(&growth, &known)?;
        let catalogue = app.altinn.resources().catalogue().await?;
        may_write(&caller, &catalogue, &dialog.resource_type, &References::to(&dialog.service_resource))?;
        actor_names::look_up(&app.altinn, growth.actors()).await?;
        standing::matches(expected, dialog.revision)?;

        let read = dialog.revision;
        dialog.has_unopened_content = dialog.has_unopened_content
            && growth.leaves_unopened(&dialog.resource_type, known.unopened_transmission, known.correspondence_opened);
        let unsee = dialog.stamp(Change { content: false, other: true }, now, silent);
        let events = Raised { dialog: &dialog, now, silent }.updated(true, &[], &growth.activities);
        let listed = relisted(&known.listed, &growth);
        let opened = growth.opened();
        let change = DialogChange {
            unsee,
            listed: listed.as_ref(),
            labels: LabelEffect { reset: !silent, sent: false },
            opened: &opened,
            activities: &growth.activities,
            events: &events,
            ..DialogChange::of_row(&dialog, read, now)
        };
        if change.save(&app.db).await?.is_some() {
            app.signal.written();
            let new = growth.activities[0].id;
            let location = format!("/api/v1/serviceowner/dialogs/{id}/activities/{new}");
            return Ok(Created { location, etag: dialog.revision, id: new });
        }
        append.again().await?;
    }
}

fn check(body: &ActivityInput, id: DialogId, checking: &Checking) -> Violations {
    let mut found = Violations::new();
    if id.0.is_nil() {
        found.add("dialogId", Fault::nil_id("'DialogId' must not be empty."));
    }
    body.check(checking, At::Root("activity"), &mut found);
    found
}

fn wanted(growth: &Growth) -> Wanted {
    let opened: Vec<_> = growth.opened().into_iter().map(|id| id.0).collect();
    Wanted { transmissions: opened.clone(), opened, ..Wanted::default() }
}

fn refuse_unknown_transmission(growth: &Growth, known: &Known) -> Result<(), Refusal> {
    match growth.unknown_references(&known.transmissions).first() {
        None => Ok(()),
        Some(id) => {
            let text = format!(
                "Invalid 'TransmissionId', entity 'DialogTransmission' with the following key(s) does not exist: ({id}) in \
                 'Transmissions'"
            );
            let fault = Code::TransmissionUnknown.says(text).hint("Name a transmission that the dialog has.");
            Err(Refusal::Unprocessable(Violations::one("Activity.TransmissionId", fault)))
        }
    }
}

/// What lists show, if the new activity is the latest.
fn relisted(listed: &Listed, growth: &Growth) -> Option<Listed> {
    let after = listed.clone().with(&growth.activities);
    (after != *listed).then_some(after)
}
