//! What roles and access packages are called, and where more is told about them (chapter 03 §8.5).

use std::{collections::HashMap, sync::Arc};

use futures_util::future;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{Altinn, AltinnError, cache::Answer, http::Access};
use crate::domain::content::{Localization, Localized};

/// The languages that names are asked for in, and their order in answers.
// The platform gives one language per answer, so each list is fetched three times (chapter 03 §8.5).
const LANGUAGES: [&str; 3] = ["nb", "en", "nn"];
const ROLE: &str = "urn:altinn:rolecode:";
const PACKAGE: &str = "urn:altinn:accesspackage:";
/// What may stand in a segment of an address as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What kind of right a subject of a policy stands for. Subjects of other kinds mean nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    Role,
    AccessPackage,
}

impl SubjectKind {
    /// `urn` in lower case.
    pub fn of(urn: &str) -> Option<Self> {
        if urn.starts_with(ROLE) { Some(Self::Role) } else { urn.starts_with(PACKAGE).then_some(Self::AccessPackage) }
    }
}

/// A role or an access package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSubject {
    pub urn: String,
    pub name: Localized,
    pub link: String,
}

/// All roles and access packages, by every URN that policies know them under, in lower case.
#[derive(Debug, Default)]
pub struct AccessMetadata(HashMap<String, Arc<NamedSubject>>);

impl AccessMetadata {
    /// Letter case does not matter.
    pub fn find(&self, urn: &str) -> Option<&Arc<NamedSubject>> {
        self.0.get(urn).or_else(|| self.0.get(&urn.to_lowercase()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Role {
    id: Option<String>,
    name: Option<String>,
    urn: Option<String>,
    legacy_role_code: Option<String>,
    legacy_urn: Option<String>,
}

#[derive(Deserialize)]
struct Group {
    areas: Option<Vec<Area>>,
}

#[derive(Deserialize)]
struct Area {
    packages: Option<Vec<Package>>,
}

#[derive(Deserialize)]
struct Package {
    name: Option<String>,
    urn: Option<String>,
}

impl Altinn {
    /// Names of all roles and access packages, in every language that the platform has.
    pub async fn access_metadata(&self) -> Result<Arc<AccessMetadata>, AltinnError> {
        let altinn = self.clone();
        let ask = || async move {
            let languages = LANGUAGES.map(|language| {
                let altinn = &altinn;
                async move {
                    let roles = altinn.in_language("roles", "accessmanagement/api/v1/meta/info/roles", language);
                    let packages = altinn.in_language(
                        "access packages",
                        "accessmanagement/api/v1/meta/info/accesspackages/export",
                        language,
                    );
                    future::try_join(roles, packages).await
                }
            });
            // All or nothing: half of the names would stand in the cache for an hour as if there were no others.
            let answers: Vec<(Vec<Role>, Vec<Group>)> = future::try_join_all(languages).await?;
            let mut found = Found::default();
            for (language, (roles, groups)) in LANGUAGES.into_iter().zip(answers) {
                for role in roles {
                    found.role(&altinn, role, language);
                }
                let areas = groups.into_iter().flat_map(|group| group.areas.unwrap_or_default());
                for package in areas.flat_map(|area| area.packages.unwrap_or_default()) {
                    found.package(&altinn, package, language);
                }
            }
            Ok(Answer::Keep(Arc::new(found.done())))
        };
        self.0.access_metadata.get((), ask).await
    }

    async fn in_language<T: serde::de::DeserializeOwned>(
        &self,
        call: &'static str,
        path: &str,
        language: &str,
    ) -> Result<T, AltinnError> {
        let platform = &self.0.platform;
        let request = platform.client().get(platform.address(path)).header("Accept-Language", language);
        platform.json(call, Access::Anonymous, request).await
    }

    /// Where the registry tells about a service resource, named without its prefix.
    pub fn resource_link(&self, id: &str) -> String {
        self.link("resourceregistry/api/v1/resource/", id)
    }

    fn link(&self, path: &str, id: &str) -> String {
        format!("{}{path}{}", self.0.platform.base, utf8_percent_encode(id, RESERVED))
    }
}

/// What was found so far, by the URN that is shown.
#[derive(Default)]
struct Found(HashMap<String, (NamedSubject, Vec<String>)>);

impl Found {
    /// A role without an id or a URN could not be referred to.
    fn role(&mut self, altinn: &Altinn, role: Role, language: &str) {
        let (Some(id), Some(urn)) = (stated(role.id), stated(role.legacy_urn.clone()).or(stated(role.urn.clone())))
        else {
            return;
        };
        let by_code = stated(role.legacy_role_code).map(|code| format!("{ROLE}{code}"));
        // Policies name roles in three ways; the one that is shown is the legacy one, where there is one.
        let known_as = [role.legacy_urn, role.urn, by_code].into_iter().filter_map(stated).collect();
        let link = altinn.link("accessmanagement/api/v1/meta/info/roles/", &id);
        self.named(urn, link, known_as, role.name, language);
    }

    fn package(&mut self, altinn: &Altinn, package: Package, language: &str) {
        let Some(urn) = stated(package.urn) else { return };
        let link = altinn.link("accessmanagement/api/v1/meta/info/accesspackages/package/urn/", &urn);
        self.named(urn.clone(), link, vec![urn], package.name, language);
    }

    fn named(&mut self, urn: String, link: String, known_as: Vec<String>, name: Option<String>, language: &str) {
        // A role without a name is shown by its URN, as in the contract.
        let value = stated(name).unwrap_or_else(|| urn.clone());
        let entry = self.0.entry(urn.to_lowercase());
        let (subject, _) = entry.or_insert_with(|| (NamedSubject { urn, name: Vec::new(), link }, known_as));
        if !subject.name.iter().any(|known| known.language_code == language) {
            subject.name.push(Localization { language_code: language.to_owned(), value });
        }
    }

    fn done(self) -> AccessMetadata {
        let mut all = HashMap::new();
        for (subject, known_as) in self.0.into_values() {
            let subject = Arc::new(subject);
            for urn in known_as {
                all.entry(urn.to_lowercase()).or_insert_with(|| Arc::clone(&subject));
            }
        }
        AccessMetadata(all)
    }
}

fn stated(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
