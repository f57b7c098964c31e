//! Service resources as clients are told of them: what they are called, whose they are, and who may use them. Shared by the
//! two lists of service resources and by the two lookups.

use std::{collections::HashMap, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::level,
    altinn::{
        Altinn, AltinnError,
        access_metadata::{AccessMetadata, NamedSubject, SubjectKind},
        names::ServiceOwnerName,
        resources::{Catalogue, PREFIX, ServiceResource},
        sync::Synced,
    },
    domain::content::{Localization, Localized},
    http::AcceptLanguage,
    views::{LocalizationView, texts},
};

/// A service resource, with who may use it and who owns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceResourceMetadata)]
pub struct ServiceResourceItem {
    pub service_resource: ServiceResourceView,
    /// Roles that the resource's policy names.
    pub roles: Vec<RoleView>,
    /// Access packages that the resource's policy names.
    pub access_packages: Vec<AccessPackageView>,
    pub service_owner: ServiceOwnerView,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceResource)]
pub struct ServiceResourceView {
    /// Without the URN's prefix.
    pub id: String,
    /// Lower case, as the registry calls it; empty if the registry does not know the resource.
    pub resource_type: String,
    /// Lower case, as the registry calls it; empty if the registry does not know the resource.
    pub status: String,
    pub is_delegable: bool,
    /// The authentication level that reading its dialogs takes.
    pub minimum_authentication_level: i32,
    pub name: Vec<LocalizationView>,
    pub links: LinkView,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceResourceRole)]
pub struct RoleView {
    pub urn: String,
    pub name: Vec<LocalizationView>,
    pub links: LinkView,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceResourceAccessPackage)]
pub struct AccessPackageView {
    pub urn: String,
    pub name: Vec<LocalizationView>,
    pub links: LinkView,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceResourceOwner)]
pub struct ServiceOwnerView {
    pub org_number: String,
    /// The owner's short name.
    pub code: String,
    pub name: Vec<LocalizationView>,
}

/// Where the platform tells more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Links)]
pub struct LinkView {
    pub metadata: String,
}

/// What the platform says of service resources, their owners and their users, at one moment.
pub struct Described {
    altinn: Altinn,
    catalogue: Arc<Catalogue>,
    synced: Arc<Synced>,
    subjects: Arc<AccessMetadata>,
    owners: Arc<HashMap<String, ServiceOwnerName>>,
}

/// Whose a service resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub org_number: String,
    pub code: String,
    pub name: Localized,
}

impl Described {
    /// All of it is cached: nothing is asked anew as long as it is fresh.
    pub async fn now(altinn: &Altinn) -> Result<Self, AltinnError> {
        let resources = altinn.resources();
        // Side by side: after a start all four may have to be asked.
        let (catalogue, synced, subjects, owners) = futures_util::future::try_join4(
            resources.catalogue(),
            altinn.synced(),
            altinn.access_metadata(),
            altinn.service_owner_names(),
        )
        .await?;
        Ok(Self { altinn: altinn.clone(), catalogue, synced, subjects, owners })
    }

    /// The resources with these URNs, by name. Texts are reduced to the reader's languages, which may change the order.
    pub fn items<'a>(
        &self,
        urns: impl IntoIterator<Item = &'a str>,
        languages: &AcceptLanguage,
    ) -> Vec<ServiceResourceItem> {
        let mut items: Vec<_> = urns.into_iter().map(|urn| self.item(urn, languages)).collect();
        // After pruning, since the reader's language decides what comes first (M-009).
        items.sort_by_cached_key(|item| sort_key(&item.service_resource.name, &item.service_resource.id));
        items
    }

    fn item(&self, urn: &str, languages: &AcceptLanguage) -> ServiceResourceItem {
        let resource = self.resource(urn);
        let id = id_of(urn);
        let owner = self.owner(resource, "");
        let subjects = self.synced.subjects_of(urn);
        let of_kind = |kind| self.named(subjects, kind, languages);
        let role = |(urn, name, links)| RoleView { urn, name, links };
        let package = |(urn, name, links)| AccessPackageView { urn, name, links };
        ServiceResourceItem {
            service_resource: ServiceResourceView {
                resource_type: resource.map(|it| it.resource_type.to_string()).unwrap_or_default(),
                status: resource.map(|it| it.status.clone()).unwrap_or_default(),
                is_delegable: resource.is_some_and(|it| it.delegable),
                minimum_authentication_level: self.minimum_level(urn),
                name: pruned(&self.name(urn), languages),
                links: LinkView { metadata: self.altinn.resource_link(id) },
                id: id.to_owned(),
            },
            roles: of_kind(SubjectKind::Role).into_iter().map(role).collect(),
            access_packages: of_kind(SubjectKind::AccessPackage).into_iter().map(package).collect(),
            service_owner: ServiceOwnerView {
                name: pruned(&owner.name, languages),
                org_number: owner.org_number,
                code: owner.code,
            },
        }
    }

    /// Those of the subjects that have a name, by name, each once however many URNs it is known under.
    fn named(
        &self,
        subjects: &[Arc<str>],
        kind: SubjectKind,
        languages: &AcceptLanguage,
    ) -> Vec<(String, Vec<LocalizationView>, LinkView)> {
        let of_kind = subjects.iter().filter(|urn| SubjectKind::of(urn) == Some(kind));
        let mut named: Vec<&Arc<NamedSubject>> = of_kind.filter_map(|urn| self.subjects.find(urn)).collect();
        named.sort_unstable_by_key(|subject| subject.urn.to_lowercase());
        named.dedup_by_key(|subject| subject.urn.to_lowercase());
        let mut shown: Vec<_> = named
            .into_iter()
            .map(|subject| {
                let links = LinkView { metadata: subject.link.clone() };
                (subject.urn.clone(), pruned(&subject.name, languages), links)
            })
            .collect();
        shown.sort_by_cached_key(|(urn, name, _)| sort_key(name, urn));
        shown
    }

    /// The resource, if the registry knows it. Letter case does not matter.
    pub fn resource(&self, urn: &str) -> Option<&ServiceResource> {
        self.catalogue.find(urn).map(AsRef::as_ref)
    }

    /// What the resource is called: its id, if the registry has no name for it.
    pub fn name(&self, urn: &str) -> Localized {
        let titles = self.resource(urn).map(|resource| localized(&resource.titles)).unwrap_or_default();
        or_in_norwegian(titles, id_of(urn))
    }

    /// The level that reading dialogs of the resource takes.
    pub fn minimum_level(&self, urn: &str) -> i32 {
        level::demanded(&self.altinn, urn)
    }

    /// Whose the resource is; `unless_known` is the owner's short name if the registry says none.
    pub fn owner(&self, resource: Option<&ServiceResource>, unless_known: &str) -> Owner {
        let org_number = resource.map(|resource| resource.owner_number.clone()).unwrap_or_default();
        let listed = self.owners.get(&org_number);
        let code = listed.map(|owner| owner.code.as_str()).filter(|code| !code.trim().is_empty());
        let code = code.or(resource.map(|resource| &*resource.org_code)).unwrap_or(unless_known).to_owned();
        let name = listed.map(|owner| localized(&owner.names)).unwrap_or_default();
        Owner { org_number, name: or_in_norwegian(name, &code), code }
    }

    /// What a role or an access package is called.
    pub fn subject(&self, urn: &str) -> Option<&NamedSubject> {
        self.subjects.find(urn).map(AsRef::as_ref)
    }

    /// The roles and access packages that the resource's policy names: URNs in lower case, sorted.
    pub fn subjects_of(&self, urn: &str) -> &[Arc<str>] {
        self.synced.subjects_of(urn)
    }
}

/// The URN without its prefix.
pub fn id_of(urn: &str) -> &str {
    let has_prefix = urn.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    if has_prefix { &urn[PREFIX.len()..] } else { urn }
}

/// The texts in the reader's languages.
pub fn pruned(name: &[Localization], languages: &AcceptLanguage) -> Vec<LocalizationView> {
    texts(languages.prune(name).to_vec())
}

fn localized(names: &[(String, String)]) -> Localized {
    let stated = names.iter().filter(|(language, name)| !language.trim().is_empty() && !name.trim().is_empty());
    stated
        .map(|(language_code, value)| Localization { language_code: language_code.clone(), value: value.clone() })
        .collect()
}

fn or_in_norwegian(name: Localized, instead: &str) -> Localized {
    // In Norwegian, as the contract has it for a resource without a name (M-012).
    if name.is_empty() { vec![Localization { language_code: "nb".into(), value: instead.to_owned() }] } else { name }
}

/// By Norwegian name, else by the English one, else by the first there is; then by id. Letter case does not matter, and
/// signs stand where capital letters leave them.
fn sort_key(name: &[LocalizationView], id: &str) -> (String, String) {
    let in_language = |code: &str| name.iter().find(|text| text.language_code.eq_ignore_ascii_case(code));
    let shown = in_language("nb").or_else(|| in_language("en")).or(name.first());
    (shown.map(|text| text.value.to_uppercase()).unwrap_or_default(), id.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(texts: &[(&str, &str)]) -> Vec<LocalizationView> {
        let text = |&(code, value): &(&str, &str)| LocalizationView { language_code: code.into(), value: value.into() };
        texts.iter().map(text).collect()
    }

    #[test]
    fn names_sort_in_norwegian_then_english_then_whatever_there_is() {
        for (texts, key) in [
            (&[("en", "b"), ("nb", "a")][..], "A"),
            (&[("fr", "c"), ("en", "b")], "B"),
            (&[("fr", "c"), ("nn", "d")], "C"),
            (&[], ""),
        ] {
            assert_eq!(sort_key(&name(texts), "x"), (key.to_owned(), "X".to_owned()));
        }
        assert!(sort_key(&name(&[("nb", "a_b")]), "") > sort_key(&name(&[("nb", "aZb")]), ""));
    }

    #[test]
    fn ids_have_no_prefix() {
        assert_eq!(id_of("URN:altinn:resource:a-b"), "a-b");
        assert_eq!(id_of("something else"), "something else");
    }
}
