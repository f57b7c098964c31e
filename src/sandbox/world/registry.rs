//! What the platform tells about resources, names, service owners, roles and access packages.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::numbers::Derived;
use super::{PartyNames, Resource, SubjectResource, Texts, World};

/// Usual roles: code, how the newer register spells it, names in nb, nn and en.
const ROLES: [(&str, &str, [&str; 3]); 15] = [
    ("dagl", "daglig-leder", ["Daglig leder", "Dagleg leiar", "General manager"]),
    ("lede", "styreleder", ["Styrets leder", "Styreleiar", "Chair of the board"]),
    ("nest", "nestleder", ["Nestleder", "Nestleiar", "Deputy chair"]),
    ("medl", "styremedlem", ["Styremedlem", "Styremedlem", "Board member"]),
    ("innh", "innehaver", ["Innehaver", "Innehavar", "Owner"]),
    ("best", "bestyrende-reder", ["Bestyrende reder", "Bestyrande reiar", "Managing shipowner"]),
    (
        "dtpr",
        "deltaker-delt-ansvar",
        ["Deltaker med delt ansvar", "Deltakar med delt ansvar", "Participant with shared liability"],
    ),
    (
        "dtso",
        "deltaker-fullt-ansvar",
        ["Deltaker med fullt ansvar", "Deltakar med fullt ansvar", "Participant with full liability"],
    ),
    ("kont", "kontaktperson", ["Kontaktperson", "Kontaktperson", "Contact person"]),
    ("regna", "regna", ["Regnskapsmedarbeider", "Rekneskapsmedarbeidar", "Accounting employee"]),
    ("hadm", "hovedadministrator", ["Hovedadministrator", "Hovudadministrator", "Main administrator"]),
    ("admai", "tilgangsstyrer", ["Tilgangsstyrer", "Tilgangsstyrar", "Access manager"]),
    ("priv", "priv", ["Privatperson", "Privatperson", "Private person"]),
    ("privatperson", "privatperson", ["Privatperson", "Privatperson", "Private person"]),
    ("seln", "selvregistrert", ["Selvregistrert bruker", "Sjølvregistrert brukar", "Self-registered user"]),
];

/// Usual access packages: code, names in nb, nn and en.
const PACKAGES: [(&str, [&str; 3]); 5] = [
    (
        "ordinaer-post-til-virksomheten",
        ["Ordinær post til virksomheten", "Ordinær post til verksemda", "Ordinary mail to the business"],
    ),
    (
        "post-til-virksomheten-med-taushetsbelagt-innhold",
        [
            "Post til virksomheten med taushetsbelagt innhold",
            "Post til verksemda med teiepliktig innhald",
            "Mail to the business with confidential content",
        ],
    ),
    ("skatt-naering", ["Skatt næring", "Skatt næring", "Business tax"]),
    ("regnskapsforer-lonn", ["Regnskapsfører lønn", "Rekneskapsførar løn", "Accountant payroll"]),
    ("byggesoknad", ["Byggesøknad", "Byggesøknad", "Building application"]),
];

const LANGUAGES: [&str; 3] = ["nb", "nn", "en"];

impl World {
    pub(super) fn registry_entry(&self, resource: &Resource) -> Value {
        let owner = self.scenario.owners.iter().find(|owner| owner.code == resource.owner);
        let mut authority = Map::new();
        if let Some(owner) = owner {
            authority.insert("name".into(), json!(owner.name));
            if resource.owner_number {
                authority.insert("organization".into(), owner.organization.as_str().into());
            }
        }
        authority.insert("orgcode".into(), resource.owner.as_str().into());
        json!({
            "identifier": resource.id,
            "title": resource.title,
            "description": resource.description,
            "status": resource.status,
            "delegable": resource.delegable,
            "visible": true,
            "hasCompetentAuthority": authority,
            "resourceType": resource.kind,
        })
    }

    pub(super) fn pairs(&self) -> Vec<SubjectResource> {
        let pairs = self.resources.iter().flat_map(|(id, registered)| {
            registered.subjects.iter().map(move |subject| SubjectResource {
                subject_urn: subject.clone(),
                resource_urn: format!("urn:altinn:resource:{}", self.urn_id(id, registered.index)),
            })
        });
        pairs.collect()
    }

    /// Apps are in lower case there, others as they are spelled.
    fn urn_id<'w>(&'w self, lower: &'w str, index: usize) -> &'w str {
        let id = &self.scenario.resources[index].id;
        if id.starts_with("app_") { lower } else { id }
    }

    pub(super) fn names(&self, urns: &[String]) -> PartyNames {
        let found = urns.iter().filter_map(|urn| {
            let index = *self.by_urn.get(urn).or_else(|| self.by_urn.get(&urn.to_lowercase()))?;
            let one = &self.everyone[index];
            let named = one.in_register && !one.is_self_identified();
            named.then(|| json!({ "partyUuid": one.party_uuid, "displayName": one.name }))
        });
        let found: Vec<_> = found.collect();
        PartyNames { incomplete: found.len() < urns.len(), body: json!({ "data": found }) }
    }

    pub(super) fn owner_list(&self) -> Value {
        let owners = self.scenario.owners.iter().map(|owner| {
            let entry = json!({
                "name": owner.name,
                "logo": "",
                "orgnr": owner.organization,
                "homepage": "",
                "environments": ["tt02", "production"],
            });
            (owner.code.clone(), entry)
        });
        json!({ "orgs": owners.collect::<Map<_, _>>() })
    }

    pub(super) fn role_list(&self, lang: &str) -> Value {
        let mut roles = IndexMap::new();
        for (code, spelling, names) in ROLES {
            let urn = format!("urn:altinn:external-role:ccr:{spelling}");
            roles.insert(code.to_owned(), (urn, texts(names)));
        }
        for role in self.roles.values() {
            let built_in = roles.get(&role.code.to_lowercase()).map(|(urn, _)| urn.clone());
            let urn = role.urn.clone().or(built_in).unwrap_or_else(|| format!("urn:altinn:rolecode:{}", role.code));
            roles.insert(role.code.to_lowercase(), (urn, role.name.clone()));
        }
        for code in self.codes("urn:altinn:rolecode:") {
            let name = Texts::from([("nb".to_owned(), code.clone())]);
            roles.entry(code.clone()).or_insert_with(|| (format!("urn:altinn:rolecode:{code}"), name));
        }
        let list = roles.iter().map(|(code, (urn, name))| {
            json!({
                "id": Derived::of(&format!("urn:altinn:rolecode:{code}")).uuid,
                "name": in_language(name, lang).unwrap_or(code),
                "code": urn.rsplit(':').next(),
                "urn": urn,
                "legacyRoleCode": code,
                "legacyUrn": format!("urn:altinn:rolecode:{code}"),
            })
        });
        list.collect()
    }

    pub(super) fn package_list(&self, lang: &str) -> Value {
        let mut packages: IndexMap<String, (Option<String>, Texts)> =
            PACKAGES.iter().map(|(code, names)| ((*code).to_owned(), (None, texts(*names)))).collect();
        for package in self.packages.values() {
            packages.insert(package.code.to_lowercase(), (package.urn.clone(), package.name.clone()));
        }
        for code in self.codes("urn:altinn:accesspackage:") {
            packages.entry(code).or_default();
        }
        let list = packages.iter().map(|(code, (urn, name))| {
            let urn = urn.clone().unwrap_or_else(|| format!("urn:altinn:accesspackage:{code}"));
            json!({
                "id": Derived::of(&urn).uuid,
                "name": in_language(name, lang).unwrap_or(code),
                "urn": urn,
                "isDelegable": true,
            })
        });
        json!([{ "name": "Sandbox", "areas": [{ "name": "Sandbox", "packages": list.collect::<Vec<_>>() }] }])
    }

    /// Codes that grants and policies use under a URN prefix, sorted.
    fn codes(&self, prefix: &str) -> Vec<String> {
        let held = self.held.values().flatten().filter_map(|held| held.right.subject());
        let named = self.resources.values().flat_map(|registered| registered.subjects.iter().cloned());
        let mut codes: Vec<_> =
            held.chain(named).filter_map(|subject| subject.strip_prefix(prefix).map(str::to_owned)).collect();
        codes.sort();
        codes.dedup();
        codes
    }
}

fn texts(names: [&str; 3]) -> Texts {
    LANGUAGES.iter().map(ToString::to_string).zip(names.map(str::to_owned)).collect()
}

fn in_language<'t>(texts: &'t Texts, lang: &str) -> Option<&'t String> {
    texts.get(lang).or_else(|| texts.get("nb"))
}
