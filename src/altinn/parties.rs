//! Whom a caller represents, as access management says (chapter 03 §6.1–6.2).

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Altinn, AltinnError, cache::Answer, http::Access};
use crate::domain::{
    identity::{EndUserIdentity, UserType},
    party::{Party, PartyKind},
};

/// How much is asked about each party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Who they are.
    Identity,
    /// Roles, access packages, delegated resources and instances too.
    Rights,
}

/// Everything a cached answer depends on.
// The filter sorted, so that parties in another sequence are the same question.
pub(super) type Key = (String, Detail, BTreeSet<String>);

/// All parties a caller represents, in the platform's order.
#[derive(Debug, Default)]
pub struct AuthorizedParties {
    pub parties: Vec<AuthorizedParty>,
}

/// A party and what the caller holds there.
#[derive(Clone, Debug)]
pub struct AuthorizedParty {
    pub party: Party,
    pub kind: PartyType,
    pub name: String,
    pub party_uuid: Uuid,
    pub party_id: i64,
    pub date_of_birth: Option<String>,
    pub is_deleted: bool,
    pub is_current_end_user: bool,
    pub has_key_role: bool,
    pub is_main_administrator: bool,
    pub is_access_manager: bool,
    pub has_only_access_to_sub_parties: bool,
    /// URNs of roles and access packages, lower case, sorted. Shared between parties that have the same.
    pub subjects: Arc<[String]>,
    /// Delegated resources: URNs in lower case.
    pub resources: Vec<String>,
    pub instances: Vec<DelegatedInstance>,
    pub sub_parties: Vec<AuthorizedParty>,
}

/// The kinds of parties that may own dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyType {
    Organization,
    Person,
    SelfIdentified,
}

/// A single instance that was delegated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegatedInstance {
    /// URN in lower case.
    pub resource: String,
    /// As the platform writes it; see [`super::decision::InstanceRef::parse`].
    pub instance_ref: String,
}

impl AuthorizedParties {
    /// Parties with their direct sub-units behind each; deeper levels are not looked at.
    pub fn flattened(&self) -> impl Iterator<Item = &AuthorizedParty> {
        self.parties.iter().flat_map(|party| std::iter::once(party).chain(&party.sub_parties))
    }

    /// Of the cache's capacity: about one for each party.
    pub(super) fn weight(&self) -> u32 {
        u32::try_from(self.flattened().count() + 1).unwrap_or(u32::MAX)
    }
}

#[derive(Serialize)]
struct Query<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    value: &'a str,
    #[serde(rename = "partyFilter")]
    filter: Vec<Filter<'a>>,
}

/// The members really begin with capital letters, unlike those around them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Filter<'a> {
    #[serde(rename = "Type")]
    kind: &'a str,
    value: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    party_uuid: Uuid,
    name: String,
    // Must be there and may be null, as in the contract: serde takes a missing `Option` for null otherwise.
    #[serde(deserialize_with = "Option::deserialize")]
    organization_number: Option<String>,
    person_id: Option<String>,
    date_of_birth: Option<String>,
    party_id: i64,
    email_id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    is_deleted: bool,
    only_hierarchy_element_with_no_access: bool,
    authorized_access_packages: Vec<String>,
    authorized_resources: Vec<String>,
    authorized_roles: Vec<String>,
    authorized_instances: Vec<ListedInstance>,
    subunits: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedInstance {
    resource_id: Option<String>,
    instance_ref: Option<String>,
}

impl Altinn {
    /// The parties the caller represents, all or those among `filter` (URNs; what is no party is dropped).
    ///
    /// The filter only spares work: the answer may hold other parties too.
    ///
    /// # Errors
    /// The platform failed. That nobody at all is represented is a failure too, but not for system users or with a filter:
    /// everybody else represents at least themselves.
    pub async fn authorized_parties(
        &self,
        caller: &EndUserIdentity,
        filter: &[String],
        detail: Detail,
    ) -> Result<Arc<AuthorizedParties>, AltinnError> {
        let features = &self.0.features;
        let email = caller.user_type == UserType::IdportenEmailIdentifiedUser;
        let filters = match caller.user_type {
            UserType::SystemUser => features.enable_party_filters_for_system_users,
            UserType::IdportenEmailIdentifiedUser => features.enable_party_filters_for_email_users,
            UserType::Unknown
            | UserType::Person
            | UserType::ServiceOwner
            | UserType::ServiceOwnerOnBehalfOfPerson
            | UserType::AltinnSelfIdentifiedUser
            | UserType::FeideUser => true,
        };
        let filter: BTreeSet<String> = if filters {
            filter.iter().filter_map(|urn| Party::parse(urn).ok()).map(|party| party.as_str().to_owned()).collect()
        } else {
            BTreeSet::new()
        };
        let altinn = self.clone();
        let asked_by = caller.clone();
        let key = (caller.party.as_str().to_owned(), detail, filter.clone());
        // A toggle of the contract (chapter 03 §6.8).
        if email && !features.enable_party_cache_for_email_users {
            return altinn.fetch_parties(&asked_by, &filter, detail).await.map(Arc::new);
        }
        let ask = || async move {
            let parties = altinn.fetch_parties(&asked_by, &filter, detail).await?;
            Ok(Answer::Keep(Arc::new(parties)))
        };
        self.0.parties.get(key, ask).await
    }

    async fn fetch_parties(
        &self,
        caller: &EndUserIdentity,
        filter: &BTreeSet<String>,
        detail: Detail,
    ) -> Result<AuthorizedParties, AltinnError> {
        const CALL: &str = "authorized parties";
        let platform = &self.0.platform;
        let mut address = platform.address("accessmanagement/api/v1/resourceowner/authorizedparties");
        {
            let rights = if detail == Detail::Rights { "true" } else { "false" };
            let mut query = address.query_pairs_mut();
            query.append_pair("includeAltinn2", "true");
            if self.0.features.use_altinn_auto_authorized_parties_query_parameters {
                for name in ["includePartiesViaKeyRoles", "includeSubParties", "includeInactiveParties"] {
                    query.append_pair(name, "auto");
                }
            }
            for name in ["includeAccessPackages", "includeRoles", "includeResources", "includeInstances"] {
                query.append_pair(name, rights);
            }
        }
        let split = |urn: &'_ str| urn.rsplit_once(':').map(|(kind, value)| (kind.to_owned(), value.to_owned()));
        let (kind, value) = split(caller.party.as_str()).expect("a party is a URN");
        let filter: Vec<(String, String)> = filter.iter().filter_map(|urn| split(urn)).collect();
        let query = Query {
            kind: &kind,
            value: &value,
            filter: filter.iter().map(|(kind, value)| Filter { kind, value }).collect(),
        };
        let listed: Vec<Listed> =
            platform.json(CALL, Access::Ours, platform.client().post(address).json(&query)).await?;
        // Kept, it would lock the caller out of everything for a quarter of an hour.
        if listed.is_empty() && filter.is_empty() && caller.user_type != UserType::SystemUser {
            return Err(AltinnError::Unreadable { call: CALL, cause: "nobody is represented".into() });
        }
        let mut shared = Shared::default();
        Ok(AuthorizedParties { parties: listed.into_iter().filter_map(|one| one.read(caller, &mut shared)).collect() })
    }
}

/// Equal lists of subjects, kept once: a large caller has the same roles nearly everywhere.
#[derive(Default)]
struct Shared(HashSet<Arc<[String]>>);

impl Shared {
    fn subjects(&mut self, mut subjects: Vec<String>) -> Arc<[String]> {
        subjects.sort_unstable();
        subjects.dedup();
        if let Some(known) = self.0.get(subjects.as_slice()) {
            return Arc::clone(known);
        }
        let subjects: Arc<[String]> = subjects.into();
        self.0.insert(Arc::clone(&subjects));
        subjects
    }
}

impl Listed {
    fn read(self, caller: &EndUserIdentity, shared: &mut Shared) -> Option<AuthorizedParty> {
        let urn = |kind: PartyKind, id: &str| Party::from_stored(format!("{}{id}", kind.prefix()));
        let (kind, party) = match self.kind.as_str() {
            "Organization" => {
                (PartyType::Organization, urn(PartyKind::Organization, self.organization_number.as_deref()?))
            }
            "Person" => (PartyType::Person, urn(PartyKind::Person, self.person_id.as_deref()?)),
            "SelfIdentified" => {
                let party = match self.email_id.as_deref().filter(|email| !email.is_empty()) {
                    Some(email) => urn(PartyKind::Email, &email.to_lowercase()),
                    // The platform has no other name for such a user's party than the name itself.
                    None => urn(PartyKind::SelfIdentified, &self.name.to_lowercase()),
                };
                (PartyType::SelfIdentified, party)
            }
            _ => {
                // The reference fails here; a new kind of party should not cost the caller all others.
                tracing::warn!("a party of an unknown kind is left out");
                return None;
            }
        };
        let is_current_end_user = match kind {
            PartyType::SelfIdentified => party.as_str().eq_ignore_ascii_case(caller.party.as_str()),
            // Never true for an organization, as it has no person number.
            PartyType::Person | PartyType::Organization => self.person_id.as_deref() == Some(caller.party.id()),
        };
        let holds = |codes: &[&str]| {
            self.authorized_roles.iter().any(|role| codes.iter().any(|code| role.eq_ignore_ascii_case(code)))
        };
        let roles = self.authorized_roles.iter().map(|code| format!("urn:altinn:rolecode:{}", code.to_lowercase()));
        let packages = self
            .authorized_access_packages
            .iter()
            .map(|code| format!("urn:altinn:accesspackage:{}", code.to_lowercase()));
        let resource = |id: &str| format!("{}{}", super::resources::PREFIX, id.to_lowercase());
        Some(AuthorizedParty {
            kind,
            is_current_end_user,
            has_key_role: holds(&["DAGL", "LEDE", "INNH", "DTPR", "DTSO", "BEST"]),
            is_main_administrator: holds(&["HADM"]),
            is_access_manager: holds(&["ADMAI"]),
            subjects: shared.subjects(roles.chain(packages).collect()),
            resources: self.authorized_resources.iter().map(|id| resource(id)).collect(),
            instances: self
                .authorized_instances
                .iter()
                .filter_map(|instance| {
                    let instance_ref = instance.instance_ref.clone()?;
                    Some(DelegatedInstance { resource: resource(instance.resource_id.as_deref()?), instance_ref })
                })
                .collect(),
            sub_parties: self.subunits.into_iter().filter_map(|unit| unit.read(caller, shared)).collect(),
            party,
            name: self.name,
            party_uuid: self.party_uuid,
            party_id: self.party_id,
            date_of_birth: self.date_of_birth,
            is_deleted: self.is_deleted,
            has_only_access_to_sub_parties: self.only_hierarchy_element_with_no_access,
        })
    }
}
