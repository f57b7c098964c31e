//! What a caller sees in lists: resources by party, and single delegated dialogs (chapter 03 §6.3–6.6).

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

use crate::{
    altinn::{
        Altinn, AltinnError,
        decision::InstanceRef,
        parties::{AuthorizedParties, AuthorizedParty, Detail},
        sync::Synced,
    },
    config,
    db::Db,
    domain::{identity::EndUserIdentity, ids::DialogId, party::Party},
    store::{access, search::FEW_PARTIES},
};

/// URNs of resources in lower case, sorted, once each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceSet(Vec<Arc<str>>);

impl ResourceSet {
    fn new(urns: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut urns: Vec<_> = urns.into_iter().collect();
        urns.sort_unstable();
        urns.dedup();
        Self(urns)
    }

    /// The URN must be in lower case.
    pub fn contains(&self, urn: &str) -> bool {
        self.0.binary_search_by(|known| known.as_ref().cmp(urn)).is_ok()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a caller sees in lists: dialogs of a party on one of its resources, and delegated dialogs besides.
///
/// Delegated ids are not bound to the parties that were asked for: a list that names parties must still look only at
/// theirs.
#[derive(Clone, Debug, Default)]
pub struct ListAuthorization {
    /// Each party once, in the platform's order; none has an empty set. Parties with equal sets share one.
    // Shared sets are what keeps a caller with thousands of parties small: they have few different rights.
    pub parties: Vec<(Party, Arc<ResourceSet>)>,
    /// Sorted.
    pub dialogs: Vec<Uuid>,
}

impl ListAuthorization {
    /// Nothing at all is seen.
    pub fn is_empty(&self) -> bool {
        self.parties.is_empty() && self.dialogs.is_empty()
    }

    /// Whether lists show the dialog. Looks at each party; for many dialogs build an index.
    pub fn covers(&self, party: &Party, service_resource: &str, dialog: DialogId) -> bool {
        let resource = service_resource.to_lowercase();
        self.dialogs.binary_search(&dialog.0).is_ok()
            || self.parties.iter().any(|(known, resources)| known == party && resources.contains(&resource))
    }

    /// All resources of all parties.
    pub fn resources(&self) -> BTreeSet<Arc<str>> {
        let mut seen: HashSet<*const ResourceSet> = HashSet::new();
        let distinct = self.parties.iter().map(|(_, set)| set).filter(|set| seen.insert(Arc::as_ptr(set)));
        distinct.flat_map(|set| set.0.iter().cloned()).collect()
    }
}

/// Whether resources without dialogs of the party are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pruning {
    /// Beyond the configured number of resources.
    WhenMany,
    /// Where it is worth its round trip: lists walk few parties one by one, and test no more than a thousand resources as
    /// fast as a handful. Lists show the same with and without.
    WhenBroad,
    Always,
}

/// The service resources that a caller may see dialogs of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizedResources {
    /// The caller represents so many that it is not worked out: the whole catalogue stands in.
    WholeCatalogue,
    /// Those that some represented party has dialogs of; URNs in lower case.
    Only(BTreeSet<Arc<str>>),
}

/// Works out what callers see in lists, from the platform's answers and the stored dialogs. Clones are handles.
#[derive(Clone)]
pub struct Lists {
    altinn: Altinn,
    db: Db,
    pruning: config::PartyResourcePruning,
    /// More parties than this, and service resources are not worked out one party at a time.
    many_parties: usize,
}

impl Lists {
    pub fn new(limits: &config::Limits, altinn: Altinn, db: Db) -> Self {
        Self { altinn, db, pruning: limits.party_resource_pruning.clone(), many_parties: many_parties(limits) }
    }

    /// The service resources that the caller may see dialogs of, for all parties or for those given.
    pub async fn service_resources(
        &self,
        caller: &EndUserIdentity,
        parties: &[String],
    ) -> Result<AuthorizedResources, AltinnError> {
        if parties.is_empty() {
            // All of them are counted, also those that open nothing: it is the number that makes the work.
            let all = self.altinn.authorized_parties(caller, &[], Detail::Rights).await?;
            if all.flattened().count() > self.many_parties {
                return Ok(AuthorizedResources::WholeCatalogue);
            }
        }
        // From the cache, if it is the same question.
        let held = self.altinn.authorized_parties(caller, parties, Detail::Rights).await?;
        // Single delegated dialogs say nothing of a resource.
        let parties = self.resources_by_party(&held, &Constraint::new(parties, &[]), Pruning::Always).await?;
        Ok(AuthorizedResources::Only(ListAuthorization { parties, dialogs: Vec::new() }.resources()))
    }

    /// What the caller sees in lists.
    ///
    /// `constraint_parties` and `constraint_resources` narrow it down; empty ones do not. Letter case does not matter.
    pub async fn authorization(
        &self,
        caller: &EndUserIdentity,
        constraint_parties: &[String],
        constraint_resources: &[String],
    ) -> Result<ListAuthorization, AltinnError> {
        self.pruned_authorization(caller, constraint_parties, constraint_resources, Pruning::WhenMany).await
    }

    /// The same with a choice of what is left out.
    pub async fn pruned_authorization(
        &self,
        caller: &EndUserIdentity,
        constraint_parties: &[String],
        constraint_resources: &[String],
        pruning: Pruning,
    ) -> Result<ListAuthorization, AltinnError> {
        let held = self.altinn.authorized_parties(caller, constraint_parties, Detail::Rights).await?;
        let constraint = Constraint::new(constraint_parties, constraint_resources);
        let parties = self.resources_by_party(&held, &constraint, pruning).await?;
        let dialogs = self.delegated_dialogs(&held, &constraint).await?;
        Ok(ListAuthorization { parties, dialogs })
    }

    /// What the caller may see of each party, as far as it is not left out.
    async fn resources_by_party(
        &self,
        held: &AuthorizedParties,
        constraint: &Constraint,
        pruning: Pruning,
    ) -> Result<Vec<(Party, Arc<ResourceSet>)>, AltinnError> {
        let synced = self.altinn.synced().await?;
        let resolved = resolve(held, &synced, constraint);
        let is_wanted = match pruning {
            Pruning::Always => !resolved.is_empty(),
            Pruning::WhenBroad if is_narrow(&resolved) => false,
            Pruning::WhenMany | Pruning::WhenBroad => {
                distinct_resources(&resolved) > self.pruning.min_resources_pruning_threshold
            }
        };
        if is_wanted { self.pruned(resolved).await } else { Ok(resolved) }
    }

    /// Leaves out the resources that a party has no dialogs of.
    async fn pruned(
        &self,
        parties: Vec<(Party, Arc<ResourceSet>)>,
    ) -> Result<Vec<(Party, Arc<ResourceSet>)>, AltinnError> {
        let keys: Vec<i64> = parties.iter().map(|(party, _)| party.key()).collect();
        let mut ids: HashMap<String, i32> = HashMap::new();
        let mut stored: HashMap<i64, Vec<i32>> = HashMap::new();
        let asked = &keys;
        let held = self.db.read(|db| async move { access::parties_with_resources(&db, asked).await }).await?;
        for (resource, urn, keys) in held {
            ids.insert(urn.to_lowercase(), resource);
            for key in keys {
                stored.entry(key).or_default().push(resource);
            }
        }
        Ok(prune(parties, &ids, &stored))
    }

    /// Dialogs of the instances that were delegated, by their own id or by the label of their owner.
    async fn delegated_dialogs(
        &self,
        parties: &AuthorizedParties,
        constraint: &Constraint,
    ) -> Result<Vec<Uuid>, AltinnError> {
        let (mut dialogs, mut labels) = (BTreeSet::new(), BTreeSet::new());
        let instances = parties.flattened().flat_map(|party| &party.instances);
        for instance in instances.filter(|instance| constraint.admits_resource(&instance.resource)) {
            match InstanceRef::parse(&instance.instance_ref) {
                Some(InstanceRef::Dialog(id)) => {
                    dialogs.insert(id.0);
                }
                // Of all instances at once: one look-up, however many were delegated.
                Some(other) => labels.extend(other.label()),
                None => {}
            }
        }
        if !labels.is_empty() {
            let labels: Vec<String> = labels.into_iter().collect();
            let labels = &labels;
            dialogs.extend(self.db.read(|db| async move { access::dialogs_labelled(&db, labels).await }).await?);
        }
        Ok(dialogs.into_iter().collect())
    }
}

/// The smaller of the two limits; zero means that there is none.
fn many_parties(limits: &config::Limits) -> usize {
    let catalogue = limits.authorized_service_resources.max_authorized_parties_before_full_catalogue;
    let caching = limits.party_resource_pruning.max_parties_caching_threshold;
    let limit = |limit: usize| if limit == 0 { usize::MAX } else { limit };
    // Zero switches the fallback off altogether, whatever the other limit says.
    if catalogue == 0 { usize::MAX } else { catalogue.min(limit(caching)) }
}

/// What a list was narrowed down to, in lower case; empty sets admit everything.
struct Constraint {
    parties: HashSet<String>,
    resources: HashSet<String>,
}

impl Constraint {
    fn new(parties: &[String], resources: &[String]) -> Self {
        let lower = |urns: &[String]| urns.iter().map(|urn| urn.to_lowercase()).collect();
        Self { parties: lower(parties), resources: lower(resources) }
    }

    fn admits_party(&self, party: &Party) -> bool {
        self.parties.is_empty() || self.parties.contains(&party.as_str().to_lowercase())
    }

    fn admits_resource(&self, urn: &str) -> bool {
        // What it is asked about is in lower case already.
        self.resources.is_empty() || self.resources.contains(urn)
    }
}

/// The resources of each party: those that its subjects open, and those delegated. Parties without any are left out.
fn resolve(parties: &AuthorizedParties, synced: &Synced, constraint: &Constraint) -> Vec<(Party, Arc<ResourceSet>)> {
    // Thousands of parties share few lists of subjects, so each list is resolved once.
    // By address: equal lists are one allocation, so comparing texts is not needed.
    let mut by_subjects: HashMap<*const [String], Arc<ResourceSet>> = HashMap::new();
    let mut sets: HashSet<Arc<ResourceSet>> = HashSet::new();
    let mut shared = |set: ResourceSet| {
        if let Some(known) = sets.get(&set) {
            Arc::clone(known)
        } else {
            let set = Arc::new(set);
            sets.insert(Arc::clone(&set));
            set
        }
    };
    let mut places: HashMap<&Party, usize> = HashMap::new();
    let mut resolved: Vec<(Party, Arc<ResourceSet>)> = Vec::new();
    for party in parties.flattened().filter(|party| constraint.admits_party(&party.party)) {
        let opened = by_subjects
            .entry(Arc::as_ptr(&party.subjects))
            .or_insert_with(|| shared(opened_by(&party.subjects, synced, constraint)));
        let delegated = delegated_to(party, constraint);
        let set = if delegated.is_empty() {
            Arc::clone(opened)
        } else {
            shared(ResourceSet::new(opened.0.iter().cloned().chain(delegated)))
        };
        match places.get(&party.party) {
            // A sub-unit may also stand on its own: the rights of both places count.
            Some(place) => {
                let known: &mut (Party, Arc<ResourceSet>) = &mut resolved[*place];
                known.1 = shared(ResourceSet::new(known.1.0.iter().chain(&set.0).cloned()));
            }
            // Seen later with rights of its own, the party is listed then.
            None if set.is_empty() => {}
            None => {
                places.insert(&party.party, resolved.len());
                resolved.push((party.party.clone(), set));
            }
        }
    }
    resolved
}

fn opened_by(subjects: &[String], synced: &Synced, constraint: &Constraint) -> ResourceSet {
    let opened = subjects.iter().flat_map(|subject| synced.resources_of(subject)).cloned();
    ResourceSet::new(opened.filter(|urn| constraint.admits_resource(urn)))
}

fn delegated_to(party: &AuthorizedParty, constraint: &Constraint) -> Vec<Arc<str>> {
    let admitted = party.resources.iter().filter(|urn| constraint.admits_resource(urn));
    admitted.map(|urn| Arc::from(urn.as_str())).collect()
}

/// See [`Pruning::WhenBroad`].
fn is_narrow(parties: &[(Party, Arc<ResourceSet>)]) -> bool {
    const RESOURCES: usize = 1000;
    let mut seen: HashSet<*const ResourceSet> = HashSet::new();
    let distinct = parties.iter().map(|(_, set)| set).filter(|set| seen.insert(Arc::as_ptr(set)));
    parties.len() <= FEW_PARTIES && distinct.map(|set| set.len()).sum::<usize>() <= RESOURCES
}

fn distinct_resources(parties: &[(Party, Arc<ResourceSet>)]) -> usize {
    let mut seen: HashSet<*const ResourceSet> = HashSet::new();
    let distinct = parties.iter().map(|(_, set)| set).filter(|set| seen.insert(Arc::as_ptr(set)));
    distinct.flat_map(|set| set.iter()).collect::<HashSet<_>>().len()
}

/// `stored`: ids of the resources that a party has dialogs of, by party key.
fn prune(
    parties: Vec<(Party, Arc<ResourceSet>)>,
    ids: &HashMap<String, i32>,
    stored: &HashMap<i64, Vec<i32>>,
) -> Vec<(Party, Arc<ResourceSet>)> {
    // Parties with the same rights and the same stored resources end with the same set: each case is worked out once.
    let mut cases: HashMap<(*const ResourceSet, Vec<i32>), Arc<ResourceSet>> = HashMap::new();
    let mut numbers: HashMap<*const ResourceSet, HashMap<i32, Arc<str>>> = HashMap::new();
    let mut kept = Vec::new();
    for (party, set) in parties {
        // A party without any dialog is left out whatever it may see.
        let Some(mut present) = stored.get(&party.key()).cloned() else { continue };
        present.sort_unstable();
        let by_id = numbers.entry(Arc::as_ptr(&set)).or_insert_with(|| {
            set.0.iter().filter_map(|urn| Some((*ids.get(urn.as_ref())?, Arc::clone(urn)))).collect()
        });
        present.retain(|id| by_id.contains_key(id));
        if present.is_empty() {
            continue;
        }
        let left = cases.entry((Arc::as_ptr(&set), present)).or_insert_with_key(|(_, present)| {
            Arc::new(ResourceSet::new(present.iter().filter_map(|id| by_id.get(id).cloned())))
        });
        kept.push((party, Arc::clone(left)));
    }
    kept
}
