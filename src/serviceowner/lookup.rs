//! `GET /serviceowner/dialoglookup`: which dialog an instance of another system belongs to.
//!
//! Order of refusals: 400, 404, 403 somebody else's. Deleted, expired and not yet visible dialogs are found.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{refusal::Refusal, violations::Code},
    http::{AcceptLanguage, Ok200, Query},
    lookup::{EXAMPLE, Reference, ServiceOwnerView, ServiceResourceView},
    openapi::{self, Operation, Route},
    service_resources::{Described, pruned},
    views::LocalizationView,
};

/// A dialog that was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceOwnerIdentifierLookup)]
pub struct DialogLookup {
    pub dialog_id: Uuid,
    /// What was asked for; if that was a dialog id, what the dialog is best known as.
    pub instance_ref: String,
    /// Whom the dialog is for, as a URN.
    pub party: String,
    pub service_resource: ServiceResourceView,
    pub service_owner: ServiceOwnerView,
    pub title: Vec<LocalizationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_sensitive_title: Option<Vec<LocalizationView>>,
}

/// Looks the dialog up.
pub async fn find(
    State(app): State<App>,
    caller: ServiceOwner,
    languages: AcceptLanguage,
    mut query: Query,
) -> Result<Ok200<DialogLookup>, Refusal> {
    let reference = Reference::of(&mut query)?;
    let meant = reference.find(&app, true).await?;
    let dialog = &meant.dialog;
    // 403 and not 404, unlike everywhere else on this surface: the contract has it so (chapter 08 §4.2).
    if !owner::is_own_name(&app, &caller, &dialog.org).await? {
        return Err(Refusal::forbidden(
            Code::ResourceNotOwned.says("The authenticated service owner does not own the resolved dialog."),
        ));
    }
    let described = Described::now(&app.altinn).await?;
    let other = &dialog.non_sensitive_title;
    Ok(Ok200::of(DialogLookup {
        dialog_id: dialog.id.0,
        instance_ref: meant.instance.to_string(),
        party: dialog.party.to_string(),
        service_resource: meant.service_resource(&described, &languages),
        service_owner: meant.service_owner(&described, &languages),
        title: pruned(&dialog.title, &languages),
        non_sensitive_title: (!other.is_empty()).then(|| pruned(other, &languages)),
    }))
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialoglookup", find)
        .named("GetDialogLookup", "V1ServiceOwnerDialogLookupQueriesGet_DialogLookup")
        .about(
            "Finds the dialog that an instance of another system belongs to",
            "Deleted, expired and not yet visible dialogs are found too. Instances are found by the labels that you give \
             their dialogs: `urn:altinn:integration:storage:{partyId}/{uuid}` or `urn:altinn:correspondence-id:{uuid}`.",
        )
        .query(
            "instanceRef",
            openapi::Query::Text,
            "`urn:altinn:instance-id:{partyId}/{uuid}`, `urn:altinn:correspondence-id:{uuid}` or \
             `urn:altinn:dialog-id:{uuid}`.",
        )
        .required()
        .such_as(EXAMPLE)
        .accept_language()
        .ok::<DialogLookup>("The dialog.")
        .refusals(&[400, 403, 404])
}
