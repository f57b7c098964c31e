//! `PUT /serviceowner/dialogs/{dialogId}`: replaces what can be replaced and appends transmissions and activities.
//!
//! Order of refusals: 404 (without looking at the body), 400, 410, 403 frozen, 412; then what the stored dialog decides, all
//! of it collected: 422; 403 for correspondence activities and 409 for idempotency keys only if nothing was collected; 403
//! for resources that are not the caller's, which wins over what was collected; 412 or 409 at save.

use std::collections::HashMap;

use axum::extract::State;
use uuid::Uuid;

use crate::{
    access::owner,
    actor_names,
    app::App,
    auth::ServiceOwner,
    domain::{
        Instant,
        attachment::Attachment,
        change::Change,
        child_ids::{ChildIds, claims},
        dialog::Dialog,
        event::Raised,
        growth::{Growth, not_in_the_future},
        hierarchy,
        ids::{DialogId, TransmissionId},
        listed::Listed,
        refusal::Refusal,
        rules::{time, unique::joined},
        violations::{Code, Fault, Violations},
    },
    heavy,
    http::{announced::Announced, answer::NoContent, if_match::IfMatch, json::Json, path::Path},
    openapi::{Operation, Route},
    serviceowner::{
        authorization::{References, may_write, rule_context},
        body::SilentQuery,
        commit::{Prepared, Write},
        deferred::Deferred,
        idempotency,
        input::{Checking, Operation as Judged, Stored, UpdateDialog, must_be_permitted},
        standing,
    },
    store::dialog::{
        change::{DialogChange, LabelEffect},
        children::Placed,
        known::Known,
    },
    text::fragment,
};

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::put("/api/v1/serviceowner/dialogs/{dialogId}", update)
        .named("UpdateDialog", "V1ServiceOwnerDialogsCommandsUpdate_Dialog")
        .about(
            "Replaces a dialog",
            "What you leave out is emptied; children that keep their id go on, others are made or removed. Transmissions and \
             activities are appended to the stored ones. Members that cannot change are ignored, so that what was read can be \
             sent back.",
        )
        .if_match()
        .body::<UpdateDialog>()
        .example(&serde_json::json!({
            "status": "InProgress",
            "progress": 30,
            "content": {"title": {"value": [{"value": "Søknaden er under behandling", "languageCode": "nb"}]}},
        }))
        .no_content_with_etag()
        .refusals(&[400, 403, 404, 409, 410, 412, 422])
}

/// Replaces a dialog.
pub async fn update(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    silent: SilentQuery,
    Announced(length): Announced,
    Json(body): Json<UpdateDialog>,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    let silent = silent.read()?;
    // The one thing judged before the dialog is looked for: of a missing dialog the body is not validated (§4.2, step
    // 2).
    if id.0.is_nil() {
        return Err(Violations::one("id", Fault::nil_id("'Id' must not be empty.")).into());
    }
    let dialog = owner::of_own_resource(&app, &caller, id).await?;
    let weight = length + dialog.body.weight();
    let update = Update { app: &app, caller: &caller, expected, silent, now, weight };
    // Boxed: what it holds over its waits would otherwise be copied with the handler's future.
    Box::pin(update.apply(dialog, body)).await
}

/// One PUT or PATCH under way.
pub(super) struct Update<'a> {
    pub app: &'a App,
    pub caller: &'a ServiceOwner,
    pub expected: IfMatch,
    pub silent: bool,
    pub now: Instant,
    /// Of the request and of what is stored, in bytes.
    pub weight: usize,
}

impl Update<'_> {
    /// Judges `body` against the stored dialog and saves what comes of it.
    pub async fn apply(self, before: Dialog, body: UpdateDialog) -> Result<NoContent, Refusal> {
        let (app, caller, now) = (self.app, self.caller, self.now);
        // Only what the request refers to is read, not the dialog's children: there may be 20,000.
        let known = body.wanted().known(&app.db, before.id).await?.ok_or(Refusal::no_dialog(before.id))?;
        let context = rule_context(caller, now);
        let checking = Checking { context, operation: Judged::UpdateDialog, is_api_only: body.is_api_only };
        let stored_facts =
            Stored { visible_from: before.visible_from, contentless_transmission: known.contentless_transmission };
        // Ahead of 410, 403 and 412: the contract validates the body of a dialog that may not be changed at all.
        heavy::beside(self.weight, || body.check(stored_facts, &checking)).await??;
        standing::not_deleted(&before)?;
        standing::not_frozen(&before, caller)?;
        standing::matches(self.expected, before.revision)?;

        let mut deferred = Deferred::new();
        if !self.silent && !caller.is_admin() {
            body.check_not_over(&before, now, deferred.found());
        }
        let mut ids = ChildIds::new(now);
        let (mut dialog, mut growth) = heavy::beside(self.weight, || body.into_update(&before, &mut ids)).await?;
        refuse_known_activities(&growth, &known, deferred.found());
        // The payload's activities only: stored ones do not matter (§9.3).
        deferred.beats(must_be_permitted(&growth.activities, &context).map_err(Refusal::forbidden))?;
        let depths = self.check_growth(&growth, &known, &mut dialog, deferred.found());
        deferred.beats(idempotency::unused(growth.idempotent_keys(), &known.idempotent_keys))?;
        refuse_unknown_references(&growth, &known, deferred.found());
        refuse_attachments_over(&before.body.attachments, &dialog.body.attachments, now, deferred.found());
        let catalogue = app.altinn.resources().catalogue().await?;
        let references = References::of(&dialog.service_resource, &dialog.body).and(&growth.transmissions);
        // Not through `deferred`: here, unlike on create, the 403 clears what was collected (§4.2, step 11).
        may_write(caller, &catalogue, &dialog.resource_type, &references)?;
        deferred.settle()?;

        actor_names::look_up(&app.altinn, growth.actors()).await?;
        // Recomputed over the whole, in both directions, unlike after appending one item (§4.6).
        dialog.has_unopened_content =
            growth.leaves_unopened(&dialog.resource_type, known.unopened_transmission, known.correspondence_opened);
        self.save(before, dialog, growth, depths, known.listed, ids).await
    }

    /// Appended transmissions against what is stored: ids, the tree, counts and expiry. The depths of the new ones.
    fn check_growth(&self, growth: &Growth, known: &Known, dialog: &mut Dialog, found: &mut Violations) -> Vec<i16> {
        let repeated = growth.transmissions.iter().map(|t| t.id.0).filter(|id| known.transmissions.contains_key(id));
        already_exist("DialogTransmission", &repeated.collect::<Vec<_>>(), found);
        let attachments = growth.transmissions.iter().flat_map(|t| &t.body.attachments).map(|attachment| attachment.id);
        let repeated = attachments.filter(|id| known.attachments.contains(id));
        already_exist("DialogAttachment", &repeated.collect::<Vec<_>>(), found);
        let depths = growth.depths(&known.transmissions);
        if let Err(faults) = &depths {
            // Both passes of the contract find the same.
            faults.report(hierarchy::NEW_AND_ANCESTORS, found);
            faults.report(hierarchy::WHOLE_DIALOG, found);
        }
        found.append(growth.count(dialog));
        growth.check_attachments_not_over(self.now, |_| true, found);
        depths.unwrap_or_default()
    }

    async fn save(
        self,
        before: Dialog,
        mut dialog: Dialog,
        growth: Growth,
        depths: Vec<i16>,
        listed: Listed,
        ids: ChildIds,
    ) -> Result<NoContent, Refusal> {
        let (sent, opened) = (growth.from_party(), growth.opened());
        let compare = || {
            let (appended, acted) = (!growth.transmissions.is_empty(), !growth.activities.is_empty());
            let change = Change::between(&before, &dialog, appended, acted);
            let relisted = Listed::of(&dialog.body, listed.latest_activity.clone()).with(&growth.activities);
            let differs = (dialog.body != before.body, relisted != listed);
            // Making words is dear, so it is done only if a text that is searched changed.
            let rewords = differs.0 && !fragment::own(&before.body).eq(fragment::own(&dialog.body));
            let ids = claims(before.body.child_ids(), dialog.body.child_ids(), &ids.chosen);
            (change, relisted, (differs, rewords), ids)
        };
        let (change, relisted, ((with_body, with_listed), rewords), (claimed, released)) =
            heavy::beside(self.weight, compare).await?;
        let read = before.revision;
        // It may be megabytes, and the save may wait for a lock.
        drop(before);
        let unsee = dialog.stamp(change, self.now, self.silent);
        let raised = Raised { dialog: &dialog, now: self.now, silent: self.silent };
        let events = raised.updated(change.any(), &growth.transmissions, &growth.activities);
        let placed = Placed::all(growth.transmissions, depths);
        let change = DialogChange {
            changed: change.any(),
            unsee,
            body: with_body.then_some(&dialog.body),
            listed: with_listed.then_some(&relisted),
            rewords,
            // Reset also when nothing changed: then only the end-user context gets a new revision (§4.5).
            labels: LabelEffect { reset: !self.silent, sent },
            transmissions: &placed,
            opened: &opened,
            activities: &growth.activities,
            claimed: &claimed,
            released: &released,
            events: &events,
            ..DialogChange::of_row(&dialog, read, self.now)
        };
        let answer = NoContent { etag: Some(dialog.revision) };
        Prepared { write: Write::Change(change), expected: self.expected, answer }.commit(self.app).await
    }
}

fn already_exist(entity: &str, ids: &[Uuid], found: &mut Violations) {
    if !ids.is_empty() {
        let text = format!("Entity '{entity}' with the following key(s) already exists: ({}).", joined(ids, ", "));
        let hint = "Send only what is new: stored transmissions and activities stay, and their ids are taken.";
        found.add(entity, Code::IdTaken.says(text).hint(hint));
    }
}

fn refuse_known_activities(growth: &Growth, known: &Known, found: &mut Violations) {
    let repeated = growth.activities.iter().map(|activity| activity.id.0).filter(|id| known.activities.contains(id));
    already_exist("DialogActivity", &repeated.collect::<Vec<_>>(), found);
}

fn refuse_unknown_references(growth: &Growth, known: &Known, found: &mut Violations) {
    let unknown: Vec<TransmissionId> = growth.unknown_references(&known.transmissions);
    if !unknown.is_empty() {
        let text = format!(
            "Invalid 'TransmissionId, entity 'DialogTransmission' with the following key(s) does not exist: ({}) in \
             'Transmissions'",
            joined(&unknown, ", ")
        );
        let hint = "Name a transmission that the dialog has, or one of the same request.";
        found.add("Activities", Code::TransmissionUnknown.says(text).hint(hint));
    }
}

/// New or moved expiry times of the dialog's own attachments must lie ahead; unchanged ones may be over.
fn refuse_attachments_over(before: &[Attachment], after: &[Attachment], now: Instant, found: &mut Violations) {
    let stored: HashMap<Uuid, Option<Instant>> = before.iter().map(|stored| (stored.id, stored.expires_at)).collect();
    for attachment in after {
        let Some(at) = attachment.expires_at.filter(|at| *at <= now) else { continue };
        match stored.get(&attachment.id) {
            // Unchanged: whoever sends back what was read must not be refused for the passing of time.
            Some(stored) if *stored == Some(at) => {}
            Some(_) => {
                let text = format!("Must be in future, current value, or null. (Id: {})", attachment.id);
                found.add("Attachments.ExpiresAt", Code::TimeNotFuture.says(text).hint(time::after(now)));
            }
            None => found.add("Attachments.ExpiresAt", not_in_the_future(at, Some(attachment.id), now)),
        }
    }
}
