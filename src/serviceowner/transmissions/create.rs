//! `POST /serviceowner/dialogs/{dialogId}/transmissions`: append one transmission.
//!
//! Order of refusals: 400, 404, 410, 403 frozen, 412, 409 key in use; tree, counts and expiry collected for 422; 403 for
//! resources that are not the caller's, which wins over what was collected; 422 unknown actor; 412 or 422 at save. Without
//! `If-Match`, those that come at the same time take turns; 409 only if there are too many.

use axum::extract::State;

use crate::{
    access::owner,
    actor_names,
    app::App,
    auth::ServiceOwner,
    domain::{
        change::Change,
        child_ids::{ChildIds, ChildKind},
        event::Raised,
        growth::Growth,
        hierarchy,
        ids::{DialogId, TransmissionId},
        refusal::Refusal,
        violations::{At, Fault, Violations},
    },
    http::{answer::Created, if_match::IfMatch, path::Path},
    openapi::{Operation, Route},
    serviceowner::{
        authorization::{References, may_write, rule_context},
        body::MaybeSilent,
        deferred::Deferred,
        idempotency,
        input::{Checking, Operation as Judged, TransmissionInput},
        standing,
    },
    store::dialog::{
        change::{DialogChange, LabelEffect},
        children::Placed,
        known::Wanted,
    },
};

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::post("/api/v1/serviceowner/dialogs/{dialogId}/transmissions", create)
        .named("CreateDialogTransmission", "V1ServiceOwnerDialogsCommandsCreateTransmission_DialogTransmission")
        .about("Appends a transmission", "`Etag` is the dialog's new revision.")
        .if_match()
        .body::<TransmissionInput>()
        .example(&serde_json::json!({
            "type": "Information",
            "sender": {"actorType": "ServiceOwner"},
            "content": {"title": {"value": [{"value": "Nytt i saken", "languageCode": "nb"}]}},
        }))
        .created()
        .refusals(&[400, 403, 404, 409, 410, 412, 422])
}

/// Appends one transmission.
pub async fn create(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    MaybeSilent { body, silent }: MaybeSilent<TransmissionInput>,
) -> Result<Created<TransmissionId>, Refusal> {
    let now = app.clock.now();
    let checking =
        // Content is wanted also in API-only dialogs: PUT is the only way to append one without (§2.9).
        Checking { context: rule_context(&caller, now), operation: Judged::CreateTransmission, is_api_only: false };
    check(&body, id, &checking).into_result()?;

    let wanted = wanted(&body);
    let (mut body, mut ids, mut growth) = (Some(body), ChildIds::new(now), Growth::default());
    let mut append = app.turns.append(id, expected);
    loop {
        let (before, known) = owner::to_append(&app, &caller, id, &wanted).await?;
        standing::not_deleted(&before)?;
        standing::not_frozen(&before, &caller)?;
        standing::matches(expected, before.revision)?;

        // The first time; what it depends on never changes.
        if let Some(body) = body.take() {
            growth = Growth::new(vec![body.into_transmission(before.visible_from, &mut ids)], Vec::new());
        }
        // 409 before anything is collected, unlike in PUT, where collected faults win (§6.1).
        idempotency::unused(growth.idempotent_keys(), &known.idempotent_keys)?;
        let mut deferred = Deferred::new();
        let mut dialog = before.clone();
        let depths = growth.depths(&known.transmissions);
        if let Err(faults) = &depths {
            // One pass here; PUT reports both.
            faults.report(hierarchy::NEW_AND_ANCESTORS, deferred.found());
        }
        deferred.append(growth.count(&mut dialog));
        // An id that the client did not choose says nothing to it (§4.4).
        let is_chosen = |id| ids.chosen.contains(&(ChildKind::Attachment, id));
        growth.check_attachments_not_over(now, is_chosen, deferred.found());
        let catalogue = app.altinn.resources().catalogue().await?;
        let references = References::to(&dialog.service_resource).and(&growth.transmissions);
        // The 403 clears what was collected (§6.1).
        may_write(&caller, &catalogue, &dialog.resource_type, &references)?;
        deferred.settle()?;
        actor_names::look_up(&app.altinn, growth.actors()).await?;

        // Can only set it (§4.6).
        dialog.has_unopened_content |= !growth.from_party();
        let change = Change { content: true, other: false };
        let unsee = dialog.stamp(change, now, silent);
        let events = Raised { dialog: &dialog, now, silent }.updated(true, &growth.transmissions, &[]);
        let sent = growth.from_party();
        let placed = Placed::all(growth.transmissions, depths.unwrap_or_default());
        let change = DialogChange {
            unsee,
            labels: LabelEffect { reset: !silent, sent },
            transmissions: &placed,
            claimed: &ids.chosen,
            events: &events,
            ..DialogChange::of_row(&dialog, before.revision, now)
        };
        if change.save(&app.db).await?.is_some() {
            app.signal.written();
            let new = placed[0].transmission.id;
            let location = format!("/api/v1/serviceowner/dialogs/{id}/transmissions/{new}");
            return Ok(Created { location, etag: dialog.revision, id: new });
        }
        // Taken back from the write that did not happen, with the names that were looked up and the ids that were
        // given.
        growth = Growth::new(placed.into_iter().map(|placed| placed.transmission).collect(), Vec::new());
        append.again().await?;
    }
}

fn check(body: &TransmissionInput, id: DialogId, checking: &Checking) -> Violations {
    let mut found = Violations::new();
    if id.0.is_nil() {
        found.add("dialogId", Fault::nil_id("'DialogId' must not be empty."));
    }
    body.check(checking, At::Root("transmissions").item(0), &mut found);
    found
}

fn wanted(body: &TransmissionInput) -> Wanted {
    Wanted {
        transmissions: body.id.into_iter().chain(body.related_transmission_id).collect(),
        idempotent_keys: body.idempotent_key.iter().cloned().collect(),
        ..Wanted::default()
    }
}
