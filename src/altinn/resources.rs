//! The catalogue of the Resource Registry, held whole in memory (chapter 03 §7.1–7.2).

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;
use serde::Deserialize;

use super::{Altinn, AltinnError, cache::Answer, http::Access};
use crate::domain::resource::{OrgCode, ResourceType, ResourceUrn};

/// What stands before a resource's id in its URN.
pub const PREFIX: &str = "urn:altinn:resource:";

/// The types that dialogs may have; others are not looked at.
// Compared with letter case, as the registry writes them (chapter 03 §7.2).
const TYPES: [&str; 4] = ["GenericAccessResource", "AltinnApp", "MigratedApp", "CorrespondenceService"];

/// A service that dialogs are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceResource {
    pub urn: ResourceUrn,
    pub resource_type: ResourceType,
    pub owner_number: String,
    pub org_code: OrgCode,
    pub delegable: bool,
    /// Lower case.
    pub status: String,
    /// Language and text, languages lower case and once each.
    pub titles: Vec<(String, String)>,
    pub descriptions: Vec<(String, String)>,
}

impl ServiceResource {
    /// The URN without its prefix.
    pub fn id(&self) -> &str {
        &self.urn[PREFIX.len()..]
    }
}

/// All resources, in the registry's order.
#[derive(Debug, Default)]
pub struct Catalogue {
    all: Vec<Arc<ServiceResource>>,
    by_urn: HashMap<ResourceUrn, Arc<ServiceResource>>,
    // Ready made, since each list of a service owner asks for it.
    by_owner: HashMap<String, Arc<[Arc<ServiceResource>]>>,
    /// Listed, but no service that dialogs can be about; by URN.
    unusable: HashMap<String, Unusable>,
}

/// Why a resource that the registry lists cannot have dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unusable {
    Type,
    Owner,
}

impl Catalogue {
    fn new(list: Vec<Listed>) -> Self {
        let (mut all, mut unusable) = (Vec::new(), HashMap::new());
        for listed in list {
            match listed.supported() {
                Ok(resource) => all.push(Arc::new(resource)),
                Err((urn, why)) => {
                    unusable.insert(urn, why);
                }
            }
        }
        let by_urn = all.iter().map(|resource| (resource.urn.clone(), Arc::clone(resource))).collect();
        let mut owners: HashMap<String, Vec<Arc<ServiceResource>>> = HashMap::new();
        for resource in &all {
            owners.entry(resource.owner_number.clone()).or_default().push(Arc::clone(resource));
        }
        let by_owner = owners.into_iter().map(|(owner, resources)| (owner, resources.into())).collect();
        Self { all, by_urn, by_owner, unusable }
    }

    pub fn all(&self) -> &[Arc<ServiceResource>] {
        &self.all
    }

    /// Letter case does not matter.
    pub fn find(&self, urn: &str) -> Option<&Arc<ServiceResource>> {
        // As it is first: what is stored is in lower case already, and the copy is saved.
        self.by_urn.get(urn).or_else(|| self.by_urn.get(urn.to_lowercase().as_str()))
    }

    /// Why no resource that dialogs can be about is found under the URN.
    pub fn why_unusable(&self, urn: &str) -> &'static str {
        match self.unusable.get(&urn.to_lowercase()) {
            None => "The Resource Registry of this environment lists no such resource; look for a mistyped identifier.",
            Some(Unusable::Type) => {
                "The Resource Registry lists it with another type than GenericAccessResource, AltinnApp, MigratedApp and \
                 CorrespondenceService."
            }
            Some(Unusable::Owner) => {
                "The Resource Registry lists it without `hasCompetentAuthority.organization` or `.orgcode`."
            }
        }
    }

    pub fn owned_by(&self, org_number: &str) -> Arc<[Arc<ServiceResource>]> {
        self.by_owner.get(org_number).cloned().unwrap_or_else(|| Arc::new([]))
    }

    pub fn owns(&self, org_number: &str, urn: &str) -> bool {
        self.find(urn).is_some_and(|resource| resource.owner_number == org_number)
    }
}

/// Questions to the catalogue.
#[derive(Clone, Copy)]
pub struct Resources<'a>(&'a Altinn);

impl Altinn {
    pub fn resources(&self) -> Resources<'_> {
        Resources(self)
    }
}

impl Resources<'_> {
    /// The whole catalogue, for several questions at once.
    pub async fn catalogue(self) -> Result<Arc<Catalogue>, AltinnError> {
        let altinn = self.0.clone();
        self.0
            .0
            .catalogue
            .get((), || async move {
                const CALL: &str = "resource list";
                let platform = &altinn.0.platform;
                let mut address = platform.address("resourceregistry/api/v1/resource/resourcelist");
                // Else dialogs of apps that moved from Altinn 2 would be of unknown resources.
                address.set_query(Some("includeMigratedApps=true"));
                let list: Vec<Listed> = platform.json(CALL, Access::Anonymous, platform.client().get(address)).await?;
                if list.is_empty() {
                    // Taken for true, it would say for as long as it is fresh that nobody owns anything.
                    return Err(AltinnError::Unreadable { call: CALL, cause: "no resource at all".into() });
                }
                Ok(Answer::Keep(Arc::new(Catalogue::new(list))))
            })
            .await
    }

    /// The resource of that URN; letter case does not matter.
    pub async fn find(self, urn: &str) -> Result<Option<Arc<ServiceResource>>, AltinnError> {
        Ok(self.catalogue().await?.find(urn).cloned())
    }

    pub async fn is_known(self, urn: &str) -> Result<bool, AltinnError> {
        Ok(self.catalogue().await?.find(urn).is_some())
    }

    /// All resources of an organization.
    pub async fn owned_by(self, org_number: &str) -> Result<Arc<[Arc<ServiceResource>]>, AltinnError> {
        Ok(self.catalogue().await?.owned_by(org_number))
    }

    pub async fn owns(self, org_number: &str, urn: &str) -> Result<bool, AltinnError> {
        Ok(self.catalogue().await?.owns(org_number, urn))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    identifier: String,
    has_competent_authority: Authority,
    resource_type: Option<String>,
    delegable: bool,
    status: Option<String>,
    title: Option<IndexMap<String, Option<String>>>,
    description: Option<IndexMap<String, Option<String>>>,
}

#[derive(Deserialize)]
struct Authority {
    organization: Option<String>,
    #[serde(alias = "orgCode")]
    orgcode: Option<String>,
}

impl Listed {
    /// The resource; else its URN, and why it cannot have dialogs.
    fn supported(self) -> Result<ServiceResource, (String, Unusable)> {
        let urn = format!("{PREFIX}{}", self.identifier).to_lowercase();
        // What holds a NUL character could not be stored.
        let stated = |text: Option<String>| text.filter(|text| !text.trim().is_empty() && !text.contains('\0'));
        let Some(resource_type) = self.resource_type.filter(|name| TYPES.contains(&name.as_str())) else {
            return Err((urn, Unusable::Type));
        };
        let authority = self.has_competent_authority;
        let (Some(number), Some(code)) = (stated(authority.organization), stated(authority.orgcode)) else {
            return Err((urn, Unusable::Owner));
        };
        Ok(ServiceResource {
            urn: ResourceUrn::stored(urn),
            resource_type: ResourceType::new(&resource_type),
            owner_number: number.to_lowercase(),
            org_code: OrgCode::new(&code),
            delegable: self.delegable,
            status: self.status.unwrap_or_default().to_lowercase(),
            titles: texts(self.title),
            descriptions: texts(self.description),
        })
    }
}

/// Languages trimmed, lower case and once each; blank ones left out.
fn texts(by_language: Option<IndexMap<String, Option<String>>>) -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = Vec::new();
    for (language, text) in by_language.unwrap_or_default() {
        let language = language.trim().to_lowercase();
        let Some(text) = text.filter(|text| !text.trim().is_empty() && !language.is_empty()) else { continue };
        if !texts.iter().any(|(known, _)| *known == language) {
            texts.push((language, text));
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_owned_resources_of_supported_types_are_listed_in_lower_case() {
        let authority = json!({"organization": "312345005", "orgcode": "Demo"});
        let list = json!([
            {"identifier": "Demo-Permit", "title": {"NB ": "Demo", "nb": "Other", "en": " "}, "status": "Completed",
             "delegable": true, "hasCompetentAuthority": authority, "resourceType": "GenericAccessResource"},
            {"identifier": "consent", "delegable": true, "hasCompetentAuthority": authority, "resourceType": "Consent"},
            {"identifier": "case", "delegable": true, "hasCompetentAuthority": authority, "resourceType": "altinnapp"},
            {"identifier": "nobody", "delegable": true, "hasCompetentAuthority": {"orgcode": "ttd"}, "resourceType": "AltinnApp"},
        ]);
        let list: Vec<Listed> = serde_json::from_value(list).unwrap();
        let catalogue = Catalogue::new(list);
        assert_eq!(catalogue.all().len(), 1);
        let resource = catalogue.find("URN:altinn:resource:demo-PERMIT").unwrap();
        assert_eq!(
            (resource.id(), &*resource.org_code, resource.status.as_str()),
            ("demo-permit", "demo", "completed")
        );
        assert_eq!(resource.titles, [("nb".to_owned(), "Demo".to_owned())]);
        assert!(catalogue.owns("312345005", "urn:altinn:resource:demo-permit"));
        assert!(!catalogue.owns("311000128", "urn:altinn:resource:demo-permit"));
        assert!(catalogue.owned_by("311000128").is_empty());
        for (id, why) in [("nothing", "no such"), ("Consent", "another type"), ("nobody", "without")] {
            let told = catalogue.why_unusable(&format!("urn:altinn:resource:{id}"));
            assert!(told.contains(why), "{id}: {told}");
        }
    }

    #[test]
    fn one_malformed_entry_spoils_the_list() {
        let list = json!([{"identifier": "x", "resourceType": "AltinnApp", "hasCompetentAuthority": {}}]);
        assert!(serde_json::from_value::<Vec<Listed>>(list).is_err());
    }
}
