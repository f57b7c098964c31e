//! Which dialog an instance of another system belongs to.

use async_graphql::{Interface, SimpleObject};

use super::{enums::DialogLookupGrantType, parts::Localization, scalars::Uuid};
use crate::{
    enduser::lookup::{self, Evidence, EvidenceItem},
    lookup::{ServiceOwnerView, ServiceResourceView},
    views::each,
};

/// A dialog, and what lets the caller know of it.
#[derive(SimpleObject, Clone, Debug)]
pub struct DialogLookup {
    dialog_id: Uuid,
    /// What was asked for; if that was a dialog id, what the dialog is best known as.
    instance_ref: String,
    /// Whom the dialog is for, as a URN.
    party: String,
    /// The one that is not sensitive, if there is one and the caller's authentication level is too low for the other.
    title: Vec<Localization>,
    service_resource: DialogLookupServiceResource,
    service_owner: DialogLookupServiceOwner,
    authorization_evidence: DialogLookupAuthorizationEvidence,
}

/// The service resource of a looked-up dialog.
#[derive(SimpleObject, Clone, Debug)]
pub struct DialogLookupServiceResource {
    /// Without the URN's prefix.
    id: String,
    is_delegable: bool,
    /// The authentication level that reading the dialog takes.
    minimum_authentication_level: i32,
    name: Vec<Localization>,
}

/// Whose a looked-up dialog is.
#[derive(SimpleObject, Clone, Debug)]
pub struct DialogLookupServiceOwner {
    org_number: String,
    /// The owner's short name.
    code: String,
    name: Vec<Localization>,
}

/// What lets the caller know of a dialog.
#[derive(SimpleObject, Clone, Debug)]
pub struct DialogLookupAuthorizationEvidence {
    current_authentication_level: i32,
    via_role: bool,
    via_access_package: bool,
    via_resource_delegation: bool,
    via_instance_delegation: bool,
    evidence: Vec<DialogLookupAuthorizationEvidenceItem>,
}

/// One thing that lets the caller know of a dialog.
#[derive(SimpleObject, Clone, Debug)]
pub struct DialogLookupAuthorizationEvidenceItem {
    grant_type: DialogLookupGrantType,
    /// The role, the access package, the service resource or the instance: a URN.
    subject: String,
    /// What a role or an access package is called.
    name: Vec<Localization>,
    links: Option<DialogLookupLinks>,
}

/// Where the platform tells more.
#[derive(SimpleObject, Clone, Debug)]
pub struct DialogLookupLinks {
    metadata: String,
}

/// The dialog, or why not.
#[derive(SimpleObject, Debug)]
pub struct DialogLookupPayload {
    pub lookup: Option<DialogLookup>,
    pub errors: Vec<DialogLookupError>,
}

super::errors! {
    /// No dialog belongs to the instance.
    DialogLookupNotFound
    /// Nothing lets the caller know of the dialog.
    DialogLookupForbidden
    /// The reference is of no form that dialogs are found by.
    DialogLookupValidationError
}

/// Why no dialog is named.
#[derive(Interface, Debug)]
#[graphql(field(name = "message", ty = "&String"))]
pub enum DialogLookupError {
    NotFound(DialogLookupNotFound),
    Forbidden(DialogLookupForbidden),
    Validation(DialogLookupValidationError),
}

impl From<lookup::DialogLookup> for DialogLookup {
    fn from(found: lookup::DialogLookup) -> Self {
        Self {
            dialog_id: found.dialog_id.into(),
            instance_ref: found.instance_ref,
            party: found.party,
            title: each(found.title),
            service_resource: found.service_resource.into(),
            service_owner: found.service_owner.into(),
            authorization_evidence: found.authorization_evidence.into(),
        }
    }
}

impl From<ServiceResourceView> for DialogLookupServiceResource {
    fn from(resource: ServiceResourceView) -> Self {
        Self {
            id: resource.id,
            is_delegable: resource.is_delegable,
            minimum_authentication_level: resource.minimum_authentication_level,
            name: each(resource.name),
        }
    }
}

impl From<ServiceOwnerView> for DialogLookupServiceOwner {
    fn from(owner: ServiceOwnerView) -> Self {
        Self { org_number: owner.org_number, code: owner.code, name: each(owner.name) }
    }
}

impl From<Evidence> for DialogLookupAuthorizationEvidence {
    fn from(evidence: Evidence) -> Self {
        Self {
            current_authentication_level: evidence.current_authentication_level,
            via_role: evidence.via_role,
            via_access_package: evidence.via_access_package,
            via_resource_delegation: evidence.via_resource_delegation,
            via_instance_delegation: evidence.via_instance_delegation,
            evidence: each(evidence.evidence),
        }
    }
}

impl From<EvidenceItem> for DialogLookupAuthorizationEvidenceItem {
    fn from(item: EvidenceItem) -> Self {
        Self {
            grant_type: item.grant_type.into(),
            subject: item.subject,
            name: each(item.name),
            links: item.links.map(|links| DialogLookupLinks { metadata: links.metadata }),
        }
    }
}
