//! Service resources, with who may use them and who owns them.

use async_graphql::SimpleObject;

use super::parts::Localization;
use crate::{
    enduser::service_resources::AuthorizedServiceResources,
    metadata,
    service_resources::{
        AccessPackageView, LinkView, RoleView, ServiceOwnerView, ServiceResourceItem, ServiceResourceView,
    },
    views::each,
};

/// Service resources, by name.
#[derive(SimpleObject, Clone, Debug)]
pub struct ServiceResourceMetadata {
    /// The caller represents so many that this is the list of all service resources.
    is_full_catalogue_fallback: Option<bool>,
    items: Vec<ServiceResourceMetadataItem>,
}

/// A service resource, with who may use it and who owns it.
#[derive(SimpleObject, Clone, Debug)]
pub struct ServiceResourceMetadataItem {
    service_resource: ServiceResourceMetadataServiceResource,
    /// Roles that the resource's policy names.
    roles: Vec<ServiceResourceMetadataRole>,
    /// Access packages that the resource's policy names.
    access_packages: Vec<ServiceResourceMetadataAccessPackage>,
    service_owner: ServiceResourceMetadataServiceOwner,
}

/// A service resource.
#[derive(SimpleObject, Clone, Debug)]
pub struct ServiceResourceMetadataServiceResource {
    /// Without the URN's prefix.
    id: String,
    resource_type: String,
    status: String,
    is_delegable: bool,
    /// The authentication level that reading its dialogs takes.
    minimum_authentication_level: i32,
    name: Vec<Localization>,
    links: ServiceResourceMetadataLinks,
}

/// A role that a policy names.
#[derive(SimpleObject, Clone, Debug)]
pub struct ServiceResourceMetadataRole {
    urn: String,
    name: Vec<Localization>,
    links: ServiceResourceMetadataLinks,
}

/// An access package that a policy names.
#[derive(SimpleObject, Clone, Debug)]
pub struct ServiceResourceMetadataAccessPackage {
    urn: String,
    name: Vec<Localization>,
    links: ServiceResourceMetadataLinks,
}

/// Whose a service resource is.
#[derive(SimpleObject, Clone, Debug)]
pub struct ServiceResourceMetadataServiceOwner {
    org_number: String,
    /// The owner's short name.
    code: String,
    name: Vec<Localization>,
}

/// Where the platform tells more.
#[derive(SimpleObject, Clone, Debug)]
pub struct ServiceResourceMetadataLinks {
    metadata: String,
}

impl From<AuthorizedServiceResources> for ServiceResourceMetadata {
    fn from(found: AuthorizedServiceResources) -> Self {
        Self { is_full_catalogue_fallback: found.is_full_catalogue_fallback, items: each(found.items) }
    }
}

impl From<metadata::service_resources::ServiceResourceMetadata> for ServiceResourceMetadata {
    fn from(found: metadata::service_resources::ServiceResourceMetadata) -> Self {
        Self { is_full_catalogue_fallback: None, items: each(found.items) }
    }
}

impl From<ServiceResourceItem> for ServiceResourceMetadataItem {
    fn from(item: ServiceResourceItem) -> Self {
        Self {
            service_resource: item.service_resource.into(),
            roles: each(item.roles),
            access_packages: each(item.access_packages),
            service_owner: item.service_owner.into(),
        }
    }
}

impl From<ServiceResourceView> for ServiceResourceMetadataServiceResource {
    fn from(resource: ServiceResourceView) -> Self {
        Self {
            id: resource.id,
            resource_type: resource.resource_type,
            status: resource.status,
            is_delegable: resource.is_delegable,
            minimum_authentication_level: resource.minimum_authentication_level,
            name: each(resource.name),
            links: resource.links.into(),
        }
    }
}

impl From<RoleView> for ServiceResourceMetadataRole {
    fn from(role: RoleView) -> Self {
        Self { urn: role.urn, name: each(role.name), links: role.links.into() }
    }
}

impl From<AccessPackageView> for ServiceResourceMetadataAccessPackage {
    fn from(package: AccessPackageView) -> Self {
        Self { urn: package.urn, name: each(package.name), links: package.links.into() }
    }
}

impl From<ServiceOwnerView> for ServiceResourceMetadataServiceOwner {
    fn from(owner: ServiceOwnerView) -> Self {
        Self { org_number: owner.org_number, code: owner.code, name: each(owner.name) }
    }
}

impl From<LinkView> for ServiceResourceMetadataLinks {
    fn from(links: LinkView) -> Self {
        Self { metadata: links.metadata }
    }
}
