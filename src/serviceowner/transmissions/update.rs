//! `PUT /serviceowner/dialogs/{dialogId}/transmissions/{transmissionId}`: a technical correction of one transmission.
//!
//! Always silent. Needs a scope of its own. Order of refusals: 400, 404 dialog, 403 resource, 410, 403 frozen, 404
//! transmission, 409 key in use, 422 tree, 422 unknown actor; 412, 409 or 422 at save.

use std::collections::HashMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::owner,
    actor_names,
    app::App,
    auth::ServiceOwnerChangeTransmissions,
    domain::{
        Instant,
        child_ids::{ChildIds, claims, ids_of_attachments},
        dialog::{Transmission, TransmissionType},
        event::{EventKind, Raised},
        hierarchy::{self, Node},
        ids::{DialogId, TransmissionId},
        merge,
        refusal::Refusal,
        violations::{At, Code, Fault, Violations},
        wire_enum::Given,
    },
    http::{answer::NoContent, if_match::IfMatch, path::Path, timestamp::Timestamp},
    openapi::{Operation, Route, scope},
    serviceowner::{
        authorization::{References, may_write, rule_context},
        body::MaybeSilent,
        commit::{Prepared, Write},
        idempotency,
        input::{
            ActorInput, AttachmentInput, AttachmentUrlInput, Checking, NavigationalActionInput, Operation as Judged,
            TransmissionContentInput, TransmissionInput, some,
        },
        standing,
    },
    store::dialog::{
        TransmissionHeader,
        correct::Correction,
        load::{transmission, transmission_headers},
    },
    text::fragment,
};

/// A transmission as it shall be.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Transmission)]
pub struct UpdateTransmission {
    /// Must be true, here or in the query string: a correction is told to nobody.
    #[serde(default)]
    pub is_silent_update: bool,
    pub idempotent_key: Option<String>,
    /// The stored time if left out.
    pub created_at: Option<Timestamp>,
    pub authorization_attribute: Option<String>,
    #[schema(value_type = Option<String>, format = "uri")]
    pub extended_type: Option<String>,
    pub external_reference: Option<String>,
    pub related_transmission_id: Option<Uuid>,
    #[serde(default, rename = "type")]
    #[schema(value_type = TransmissionType)]
    pub transmission_type: Given<TransmissionType>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub sender: Option<ActorInput>,
    pub content: Option<TransmissionContentInput>,
    /// Merged with the stored ones by id.
    #[serde(default)]
    pub attachments: Vec<AttachmentInput<AttachmentUrlInput>>,
    /// Replaces the stored ones.
    #[serde(default)]
    pub navigational_actions: Vec<NavigationalActionInput>,
}

impl UpdateTransmission {
    /// In the form that the rules and the way into the domain know.
    fn into_input(self) -> TransmissionInput<AttachmentUrlInput> {
        TransmissionInput {
            id: None,
            idempotent_key: self.idempotent_key,
            created_at: self.created_at,
            authorization_attribute: self.authorization_attribute,
            extended_type: self.extended_type,
            external_reference: self.external_reference,
            related_transmission_id: self.related_transmission_id,
            transmission_type: self.transmission_type,
            sender: self.sender,
            content: self.content,
            attachments: self.attachments,
            navigational_actions: self.navigational_actions,
        }
    }
}

/// As the API documents show it.
pub fn operation() -> Operation {
    Route::put("/api/v1/serviceowner/dialogs/{dialogId}/transmissions/{transmissionId}", update)
        .named("UpdateDialogTransmission", "V1ServiceOwnerDialogsCommandsUpdateTransmission_DialogTransmission")
        .about(
            "Corrects a transmission",
            "For technical corrections: nobody is told, and neither times nor counters of the dialog move.",
        )
        .security(&[scope::SERVICE_OWNER, scope::CHANGE_TRANSMISSIONS])
        .if_match()
        .body::<UpdateTransmission>()
        .example(&serde_json::json!({
            "isSilentUpdate": true,
            "type": "Information",
            "sender": {"actorType": "ServiceOwner"},
            "content": {"title": {"value": [{"value": "Rettet overskrift", "languageCode": "nb"}]}},
        }))
        .no_content_with_etag()
        .refusals(&[400, 403, 404, 409, 410, 412, 422])
}

/// Replaces one transmission.
pub async fn update(
    State(app): State<App>,
    ServiceOwnerChangeTransmissions(caller): ServiceOwnerChangeTransmissions,
    Path((dialog_id, id)): Path<(DialogId, TransmissionId)>,
    expected: IfMatch,
    MaybeSilent { body, silent }: MaybeSilent<UpdateTransmission>,
) -> Result<NoContent, Refusal> {
    let now = app.clock.now();
    let checking =
        Checking { context: rule_context(&caller, now), operation: Judged::UpdateTransmission, is_api_only: false };
    let body = body.into_input();
    check(&body, (dialog_id, id), silent, &checking).into_result()?;

    let mut dialog = owner::of_own_name(&app, &caller, dialog_id).await?;
    let catalogue = app.altinn.resources().catalogue().await?;
    // Read before the 403 and judged after it: a stored foreign attribute is told before a missing transmission is.
    let before = transmission(&app.db, dialog_id, id).await?;
    let references = References::of(&dialog.service_resource, &dialog.body).and(&before);
    may_write(&caller, &catalogue, &dialog.resource_type, &references)?;
    // Behind the 403, unlike everywhere else (§6.2).
    standing::not_deleted(&dialog)?;
    standing::not_frozen(&dialog, &caller)?;
    let before = before.ok_or(Refusal::NotFound { entity: "DialogTransmission", keys: vec![id.to_string()] })?;

    let mut ids = ChildIds::new(now);
    let mut after = replaced(&before, body, &mut ids);
    // The reference looks at the stored attribute only; a foreign resource is refused here too.
    may_write(&caller, &catalogue, &dialog.resource_type, &References::to(&dialog.service_resource).and([&after]))?;
    let others = transmission_headers(&app.db, dialog_id).await?;
    if let Some(key) = taken_key(&after, &others) {
        return Err(idempotency::taken_by_another_transmission(key));
    }
    let depths = depths(&after, &others).map_err(Refusal::Unprocessable)?;
    actor_names::look_up(&app.altinn, vec![&mut after.body.sender]).await?;

    // As late as the contract has it: at save.
    standing::matches(expected, dialog.revision)?;
    // A revision and nothing else: times, counts, Sent and what is unopened stay, even if the type changes (§6.2).
    let read = dialog.renew();
    let events = Raised { dialog: &dialog, now, silent: true }.one(EventKind::DialogUpdated);
    let (had, has) = (ids_of_attachments(&before.body.attachments), ids_of_attachments(&after.body.attachments));
    let (claimed, released) = claims(had, has, &ids.chosen);
    let correction = Correction {
        dialog: dialog_id,
        party: &dialog.party,
        read,
        revision: dialog.revision,
        transmission: &after,
        rewords: !fragment::transmission(&before.body).eq(fragment::transmission(&after.body)),
        depths: &depths,
        claimed: &claimed,
        released: &released,
        events: &events,
    };
    let answer = NoContent { etag: Some(dialog.revision) };
    Prepared { write: Write::Correction(correction), expected, answer }.commit(&app).await
}

fn check(
    body: &TransmissionInput<AttachmentUrlInput>,
    (dialog_id, id): (DialogId, TransmissionId),
    silent: bool,
    checking: &Checking,
) -> Violations {
    let mut found = Violations::new();
    if dialog_id.0.is_nil() {
        found.add("dialogId", Fault::nil_id("'DialogId' must not be empty."));
    }
    if id.0.is_nil() {
        found.add("transmissionId", Fault::nil_id("'TransmissionId' must not be empty."));
    }
    body.check(checking, At::Root("dto"), &mut found);
    if !silent {
        let text = "IsSilentUpdate must be true when updating transmissions.";
        found.add(
            "isSilentUpdate",
            Code::SilentRequired.says(text).hint("Add `isSilentUpdate`: true, or `?isSilentUpdate=true`."),
        );
    }
    found
}

/// The transmission as it shall be: its id stays, its time too unless another is given, attachments are merged.
fn replaced(before: &Transmission, body: TransmissionInput<AttachmentUrlInput>, ids: &mut ChildIds) -> Transmission {
    let created_at = body.created_at.map_or(before.created_at, Instant::from);
    // Without `visibleFrom`: a correction's time is the one given or the stored one.
    let mut after = body.into_transmission(None, ids);
    after.id = before.id;
    after.created_at = created_at;
    let attachments = std::mem::take(&mut after.body.attachments);
    after.body.attachments = merge::attachments(&before.body.attachments, attachments);
    after
}

fn taken_key<'t>(after: &'t Transmission, others: &[TransmissionHeader]) -> Option<&'t str> {
    let key = after.idempotent_key.as_deref()?;
    others.iter().any(|other| other.id != after.id && other.idempotent_key.as_deref() == Some(key)).then_some(key)
}

/// The depths of transmissions that move in the tree with this one; 422 if the tree becomes impossible.
fn depths(after: &Transmission, others: &[TransmissionHeader]) -> Result<Vec<(TransmissionId, i16)>, Violations> {
    let parent = |header: &TransmissionHeader| {
        if header.id == after.id { after.related_transmission_id } else { header.parent_id }
    };
    // The whole dialog, since everything below a moved transmission changes its depth.
    let nodes: Vec<Node> =
        others.iter().map(|header| Node { id: header.id.0, parent: parent(header).map(|id| id.0) }).collect();
    let depths = hierarchy::depths(&nodes, &HashMap::new()).map_err(|faults| {
        let mut found = Violations::new();
        faults.report(hierarchy::WHOLE_DIALOG, &mut found);
        found
    })?;
    let depths = depths.into_iter().map(|depth| i16::try_from(depth).unwrap_or(i16::MAX));
    // Written only where it differs: usually nowhere.
    let moved = others.iter().zip(depths).filter(|(header, depth)| header.depth != *depth);
    Ok(moved.map(|(header, depth)| (header.id, depth)).collect())
}
