//! `GET /enduser/dialoglookup`: which dialog an instance of another system belongs to, and why the caller may know.
//!
//! Order of refusals: 400, 404 (deleted ones too), 403 without any grant. A dialog that is not yet visible or has expired is
//! found; a level too low costs the sensitive title only.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    altinn::{
        access_metadata::SubjectKind,
        parties::{AuthorizedParty, Detail},
    },
    app::App,
    auth::EndUser,
    domain::{refusal::Refusal, violations::Code, wire_enum::wire_enum},
    http::{AcceptLanguage, Ok200, Query},
    lookup::{EXAMPLE, Meant, Reference, ServiceOwnerView, ServiceResourceView},
    openapi::{self, Operation, Route},
    service_resources::{Described, LinkView, pruned},
    views::LocalizationView,
};

/// A dialog, and what lets the caller know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EndUserIdentifierLookup)]
pub struct DialogLookup {
    pub dialog_id: Uuid,
    /// What was asked for; if that was a dialog id, what the dialog is best known as.
    pub instance_ref: String,
    /// Whom the dialog is for, as a URN.
    pub party: String,
    pub service_resource: ServiceResourceView,
    pub service_owner: ServiceOwnerView,
    /// The one that is not sensitive, if there is one and the caller's authentication level is too low for the other.
    pub title: Vec<LocalizationView>,
    pub authorization_evidence: Evidence,
}

/// What lets the caller know of a dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IdentifierLookupAuthorizationEvidence)]
pub struct Evidence {
    pub current_authentication_level: i32,
    pub via_role: bool,
    pub via_access_package: bool,
    pub via_resource_delegation: bool,
    pub via_instance_delegation: bool,
    pub evidence: Vec<EvidenceItem>,
}

/// One thing that lets the caller know of a dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IdentifierLookupAuthorizationEvidenceItem)]
pub struct EvidenceItem {
    pub grant_type: GrantType,
    /// The role, the access package, the service resource or the instance: a URN.
    pub subject: String,
    /// What a role or an access package is called.
    pub name: Vec<LocalizationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<LinkView>,
}

wire_enum! {
    /// In what way somebody may know of a dialog.
    GrantType { Role = 1, AccessPackage = 2, ResourceDelegation = 3, InstanceDelegation = 4 }
}

/// Looks the dialog up.
pub async fn find(
    State(app): State<App>,
    caller: EndUser,
    languages: AcceptLanguage,
    mut query: Query,
) -> Result<Ok200<DialogLookup>, Refusal> {
    let reference = Reference::of(&mut query)?;
    Ok(Ok200::of(look_up(&app, &caller, &languages, &reference).await?))
}

/// The dialog, and what lets the caller know of it.
///
/// # Errors
/// Those of the order above, but for the 400.
pub async fn look_up(
    app: &App,
    caller: &EndUser,
    languages: &AcceptLanguage,
    reference: &Reference,
) -> Result<DialogLookup, Refusal> {
    // First of all, though it is shown last: a token without a level is refused before anything is looked for.
    let level = caller.level()?;
    // Deleted ones are missing here, unlike for service owners.
    let meant = reference.find(app, false).await?;
    let party = &meant.dialog.party;
    // The one party is enough for the question, which also keeps the platform's answer short.
    let asked = [party.to_string()];
    let parties = app.altinn.authorized_parties(caller.identity(), &asked, Detail::Rights).await?;
    let described = Described::now(&app.altinn).await?;
    // Again by party, since the platform may answer with more than was asked for (chapter 03 §6.1).
    let held: Vec<&AuthorizedParty> = parties.flattened().filter(|held| held.party == *party).collect();
    let evidence = evidence(&held, &meant, &described, languages);
    if evidence.is_empty() {
        return Err(Refusal::forbidden(
            Code::AccessDenied
                .says("Forbidden")
                .hint("Nothing that you hold for the dialog's party opens its resource."),
        ));
    }
    let resource = meant.service_resource(&described, languages);
    // A level too low is no refusal here: it costs the sensitive title (D-022).
    let is_sensitive = level < resource.minimum_authentication_level;
    let dialog = &meant.dialog;
    let title = match &dialog.non_sensitive_title {
        instead if is_sensitive && !instead.is_empty() => instead,
        _ => &dialog.title,
    };
    Ok(DialogLookup {
        dialog_id: dialog.id.0,
        instance_ref: meant.instance.to_string(),
        party: dialog.party.to_string(),
        service_owner: meant.service_owner(&described, languages),
        service_resource: resource,
        title: pruned(title, languages),
        authorization_evidence: Evidence::new(level, evidence),
    })
}

impl Evidence {
    fn new(current_authentication_level: i32, evidence: Vec<EvidenceItem>) -> Self {
        let via = |kind| evidence.iter().any(|item| item.grant_type == kind);
        Self {
            current_authentication_level,
            via_role: via(GrantType::Role),
            via_access_package: via(GrantType::AccessPackage),
            via_resource_delegation: via(GrantType::ResourceDelegation),
            via_instance_delegation: via(GrantType::InstanceDelegation),
            evidence,
        }
    }
}

/// Everything that grants access. `held`: what the caller holds for the dialog's party, which may stand in several places.
fn evidence(
    held: &[&AuthorizedParty],
    meant: &Meant,
    described: &Described,
    languages: &AcceptLanguage,
) -> Vec<EvidenceItem> {
    let resource = &meant.dialog.service_resource;
    let mut found = Vec::new();
    for (kind, grant_type) in
        [(SubjectKind::Role, GrantType::Role), (SubjectKind::AccessPackage, GrantType::AccessPackage)]
    {
        let subjects = described.subjects_of(resource).iter().filter(|subject| SubjectKind::of(subject) == Some(kind));
        for subject in subjects.filter(|subject| held.iter().any(|party| holds(party, subject))) {
            let named = described.subject(subject);
            found.push(EvidenceItem {
                grant_type,
                subject: subject.to_string(),
                name: named.map(|named| pruned(&named.name, languages)).unwrap_or_default(),
                links: named.map(|named| LinkView { metadata: named.link.clone() }),
            });
        }
    }
    // Delegations have neither a name nor a link (D-021).
    let delegated = |grant_type, subject| EvidenceItem { grant_type, subject, name: Vec::new(), links: None };
    // In the contract's order: role, access package, resource, instance.
    if held.iter().any(|party| party.resources.iter().any(|urn| urn.eq_ignore_ascii_case(resource))) {
        found.push(delegated(GrantType::ResourceDelegation, resource.to_string()));
    }
    let instance = meant.instance.to_string();
    let mut instances = held.iter().flat_map(|party| &party.instances);
    if instances.any(|one| {
        one.resource.eq_ignore_ascii_case(resource) && one.instance_ref.trim().eq_ignore_ascii_case(&instance)
    }) {
        found.push(delegated(GrantType::InstanceDelegation, instance));
    }
    found
}

/// Whether the caller has the role or access package for the party; its subjects are sorted.
fn holds(party: &AuthorizedParty, subject: &str) -> bool {
    party.subjects.binary_search_by(|known| known.as_str().cmp(subject)).is_ok()
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/dialoglookup", find)
        .named("GetDialogLookup", "V1EndUserDialogLookupQueriesGet_DialogLookup")
        .about(
            "Finds the dialog that an instance of another system belongs to",
            "The answer says why you may know: through which roles, access packages or delegations. It opens nothing: \
             reading the dialog is another matter, and does not count as done.",
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
