//! `POST /serviceowner/dialogs`: create a dialog.
//!
//! Order of refusals: 400; 422 resource unknown; 403 not ours; 409 key in use; 422 times that are over; 403 correspondence;
//! 422 hierarchy; 409 keys given twice; 422 too many; 422 unknown actors; at save 422 for ids that are taken and 409.
//! Of these every 422 before the save is deferred: it wins over what comes after it.

use axum::extract::State;

use crate::{
    actor_names,
    altinn::resources::{Catalogue, ServiceResource},
    app::App,
    auth::ServiceOwner,
    domain::{
        birth::NewDialog,
        event::{DomainEvent, Raised},
        hierarchy::{self, StoredParents},
        ids::DialogId,
        refusal::Refusal,
        resource::{OrgCode, ResourceType},
        violations::{Code, Violations},
    },
    heavy,
    http::{Announced, Created, Json, context},
    openapi,
    serviceowner::{
        authorization::{References, may_write, rule_context},
        body::SilentQuery,
        deferred::Deferred,
        idempotency,
        input::{Checking, CreateDialog, Operation, must_be_permitted},
    },
    store::{
        dialog::{children::Placed, insert},
        violation::StoreError,
    },
};

const PATH: &str = "/api/v1/serviceowner/dialogs";

/// As the API documents show it.
pub fn operation() -> openapi::Operation {
    openapi::Route::post(PATH, create)
        .named("CreateDialog", "V1ServiceOwnerDialogsCommandsCreate_Dialog")
        .about("Create a dialog", "Creates a dialog with everything it holds. The answer is its id.")
        .body::<CreateDialog>()
        .example(&example())
        .created()
        .refusals(&[400, 403, 409, 422])
}

/// A dialog with a little of everything, for the first try.
fn example() -> serde_json::Value {
    let text = |value: &str| serde_json::json!({"value": [{"value": value, "languageCode": "nb"}]});
    serde_json::json!({
        "serviceResource": "urn:altinn:resource:ttd-dialogporten-automated-tests",
        "party": "urn:altinn:person:identifier-no:08844397713",
        "status": "RequiresAttention",
        "externalReference": "sak-2026-17",
        "content": {"title": text("Søknad om skjenkebevilling"), "summary": text("Vi trenger svar fra deg.")},
        "attachments": [{
            "displayName": [{"value": "Vedtak", "languageCode": "nb"}],
            "urls": [{"url": "https://example.com/vedtak.pdf", "mediaType": "application/pdf", "consumerType": "Gui"}],
        }],
        "guiActions": [{
            "action": "read",
            "url": "https://example.com/skjema",
            "priority": "Primary",
            "title": [{"value": "Åpne skjema", "languageCode": "nb"}],
        }],
        "transmissions": [{
            "type": "Information",
            "sender": {"actorType": "ServiceOwner"},
            "content": {"title": text("Søknaden er mottatt")},
        }],
        "activities": [{"type": "DialogCreated", "performedBy": {"actorType": "ServiceOwner"}}],
    })
}

/// Create a dialog.
#[tracing::instrument(skip_all)]
pub async fn create(
    State(app): State<App>,
    caller: ServiceOwner,
    silent: SilentQuery,
    Announced(weight): Announced,
    Json(request): Json<CreateDialog>,
) -> Result<Created<DialogId>, Refusal> {
    // Boxed, and made when the body is there: a client that never finishes its body holds no room for what comes after it.
    Box::pin(created(app, caller, silent, weight, request)).await
}

async fn created(
    app: App,
    caller: ServiceOwner,
    silent: SilentQuery,
    weight: usize,
    request: CreateDialog,
) -> Result<Created<DialogId>, Refusal> {
    let now = app.clock.now();
    let context = rule_context(&caller, now);
    let silent = silent.read()?;
    let checking = Checking { context, operation: Operation::CreateDialog, is_api_only: request.is_api_only };
    // Everything that needs the request alone, and nothing of the platform: a wrong request costs no call.
    heavy::beside(weight, || request.check(&checking)).await??;

    let mut deferred = Deferred::new();
    let catalogue = app.altinn.resources().catalogue().await?;
    let resource = catalogue.find(request.service_resource.as_deref().unwrap_or_default());
    // Deferred, not told: an unknown resource is 422 although nobody owns it, which would be 403 (§3.2, step 2).
    if resource.is_none() {
        unknown_resource(&request, &catalogue, deferred.found());
    }
    if let Some(resource) = resource {
        context::about(&resource.urn);
    }
    let (org, resource_type) = owner_and_type(resource.map(AsRef::as_ref));
    // Found now, while the request is whole, and noted further down, where the contract's order has it (step 6).
    let mut times_over = Violations::new();
    if !silent && !context.is_admin {
        request.check_not_over(now, &mut times_over);
    }
    // Also with an unknown resource: the contract goes on to look for what else is wrong.
    let mut new = heavy::beside(weight, || request.into_dialog(org, resource_type, now)).await?;

    let references = References::of(&new.dialog.service_resource, &new.dialog.body).and(&new.growth.transmissions);
    deferred.beats(may_write(&caller, &catalogue, &new.dialog.resource_type, &references))?;
    // Before the times are noted: a key in use is told although a time is over (step 5 before 6).
    deferred.beats(key_is_free(&app, &new).await?)?;
    deferred.append(times_over);
    deferred.beats(must_be_permitted(&new.growth.activities, &context).map_err(Refusal::forbidden))?;
    // Nothing is stored yet, so every parent is in the request.
    let depths = heavy::beside(weight, || new.growth.depths(&StoredParents::new()))
        .await?
        .inspect_err(|faults| faults.report(hierarchy::WHOLE_DIALOG, deferred.found()));
    let keys = new.growth.transmissions.iter().map(|transmission| transmission.idempotent_key.as_deref());
    deferred.beats(idempotency::distinct(keys))?;
    // After the keys that stand twice: those are 409 even if there are too many transmissions (steps 10 and 11).
    deferred.append(std::mem::take(&mut new.overflow));
    deferred.settle()?;
    // Last before the save: what is refused above costs the platform nothing.
    actor_names::look_up(&app.altinn, new.growth.actors()).await?;

    let raised = Raised { dialog: &new.dialog, now, silent };
    let events = raised.born(&new.growth.transmissions, &new.growth.activities);
    let transmissions = Placed::all(std::mem::take(&mut new.growth.transmissions), depths.unwrap_or_default());
    store(&app, &new, &transmissions, &events).await?;
    let id = new.dialog.id;
    Ok(Created { location: format!("{PATH}/{id}"), etag: new.dialog.revision, id })
}

/// An unknown resource has no owner either.
fn unknown_resource(request: &CreateDialog, catalogue: &Catalogue, found: &mut Violations) {
    let urn = request.service_resource.as_deref().unwrap_or_default();
    let text = format!(
        "Service resource '{urn}' is invalid due to one or more of the following reasons:\n\
         - It does not exist in the resource registry.\n\
         - It does not have mandatory fields 'CompetentAuthority.Organization' / 'CompetentAuthority.OrgCode' set.\n\
         - It is not of the following supported resource types: [GenericAccessResource, AltinnApp, MigratedApp, \
         CorrespondenceService]."
    );
    let why = catalogue.why_unusable(urn);
    found.add("ServiceResource", Code::ResourceUnknown.says(text).hint(why));
    let text = "Cannot find service owner organization shortname for referenced service resource.";
    found.add("Org", Code::ResourceOwnerUnknown.says(text).hint("Mend `serviceResource`; its owner follows from it."));
}

/// Nothing is stored about an unknown resource, so empty names do for it.
fn owner_and_type(resource: Option<&ServiceResource>) -> (OrgCode, ResourceType) {
    resource.map(|resource| (resource.org_code.clone(), resource.resource_type.clone())).unwrap_or_default()
}

/// Stores the dialog. Whoever loses to another request at the last moment is told what it would have been told a moment
/// later: an id may be taken because the same request came twice, and then it is the key that counts.
async fn store(app: &App, new: &NewDialog, placed: &[Placed], events: &[DomainEvent]) -> Result<(), Refusal> {
    /// Two lists of the same ids may wait for each other; one of them is sent back by the database.
    const TRIES: usize = 3;
    for last in [false; TRIES - 1].into_iter().chain([true]) {
        match insert::insert(&app.db, &app.dictionary, new, placed, events).await {
            Ok(()) => {
                app.signal.written();
                return Ok(());
            }
            // The client did nothing wrong, and nothing was written: tried again at once.
            Err(StoreError::Concurrent) if !last => {}
            Err(lost @ (StoreError::Violated(_) | StoreError::Concurrent)) => {
                key_is_free(app, new).await??;
                return Err(lost.into());
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(StoreError::Concurrent.into())
}

/// 409 if a live dialog of the owner has the key. One that is deleted is found at save.
async fn key_is_free(app: &App, new: &NewDialog) -> Result<Result<(), Refusal>, Refusal> {
    let Some(key) = &new.dialog.idempotent_key else { return Ok(Ok(())) };
    let taken = insert::with_idempotent_key(&app.db, &new.dialog.org, key).await?;
    Ok(taken.map_or(Ok(()), |dialog| Err(idempotency::taken(key, dialog))))
}
