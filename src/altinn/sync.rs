//! Keeping the registry's mappings and levels: fetched to the database, held in memory (chapter 03 §7.3–7.4).

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

use chrono::{DateTime, SecondsFormat, TimeDelta};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use url::Url;

use super::{Altinn, AltinnError, http::Access, resources::PREFIX};
use crate::{
    domain::{Instant, policy},
    store::registry::{self, MappingChange},
};

/// How many policies are fetched at once.
// As the reference's job does (chapter 03 §7.4).
const POLICIES_AT_ONCE: usize = 15;
/// Changes fetched at once.
// The most that the registry gives at once.
const BATCH: usize = 1000;

/// What was synchronised, for requests.
#[derive(Debug, Default)]
pub struct Synced {
    /// Resources (by place in `resources`) whose policy names the subject; subjects in lower case.
    // Places of four bytes: there are very many pairs, and each URN is kept once.
    by_subject: HashMap<String, Vec<u32>>,
    /// URNs in lower case.
    resources: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32>,
    /// Subjects that the policy of a resource names, by the resource's place; sorted.
    subjects: Vec<Vec<Arc<str>>>,
    levels: HashMap<String, i32>,
}

impl Synced {
    fn new(mappings: Vec<registry::SubjectResource>, levels: HashMap<String, i32>) -> Self {
        let mut synced = Self {
            levels: levels.into_iter().map(|(urn, level)| (urn.to_lowercase(), level)).collect(),
            ..Self::default()
        };
        for mapping in mappings {
            let resource: Arc<str> = mapping.resource.to_lowercase().into();
            let next = u32::try_from(synced.resources.len()).expect("resources are counted in thousands");
            let place = *synced.places.entry(Arc::clone(&resource)).or_insert(next);
            if place == next {
                synced.resources.push(resource);
                synced.subjects.push(Vec::new());
            }
            let subject = mapping.subject.to_lowercase();
            synced.subjects[usize::try_from(place).expect("a place fits")].push(subject.as_str().into());
            synced.by_subject.entry(subject).or_default().push(place);
        }
        for subjects in &mut synced.subjects {
            subjects.sort_unstable();
            subjects.dedup();
        }
        synced
    }

    /// The resources whose policy names the subject (a URN in lower case).
    pub fn resources_of<'a>(&'a self, subject: &str) -> impl Iterator<Item = &'a Arc<str>> {
        let places = self.by_subject.get(subject).map(Vec::as_slice).unwrap_or_default();
        places.iter().map(|place| &self.resources[usize::try_from(*place).expect("a place fits")])
    }

    /// The subjects that a resource's policy names: URNs in lower case, sorted.
    pub fn subjects_of(&self, resource: &str) -> &[Arc<str>] {
        let place = self.places.get(resource.to_lowercase().as_str());
        place.map_or(&[], |place| &self.subjects[usize::try_from(*place).expect("a place fits")])
    }
}

#[derive(Deserialize)]
struct Page {
    links: Option<Links>,
    data: Vec<Change>,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    subject_urn: String,
    resource_urn: String,
    updated_at: DateTime<chrono::FixedOffset>,
    deleted: bool,
}

impl Altinn {
    /// Reads what is stored. Belongs before the first request, so that no request finds less than is known.
    pub async fn load(&self) -> Result<(), AltinnError> {
        let mappings = registry::subject_resources(&self.0.db).await?;
        let levels = registry::levels(&self.0.db).await?;
        let synced = Arc::new(Synced::new(mappings, levels));
        *self.0.synced.write().unwrap_or_else(PoisonError::into_inner) = Some(synced);
        Ok(())
    }

    /// What was synchronised, read from the database if it has not been yet.
    pub async fn synced(&self) -> Result<Arc<Synced>, AltinnError> {
        if let Some(synced) = self.synced_so_far() {
            return Ok(synced);
        }
        self.load().await?;
        Ok(self.synced_so_far().unwrap_or_default())
    }

    /// The authentication level that the resource's policy demands; `None` = none is known.
    ///
    /// Before anything was loaded no level is enough: the stored ones may be high.
    pub fn minimum_level(&self, resource_urn: &str) -> Option<i32> {
        match self.synced_so_far() {
            Some(synced) => synced.levels.get(&resource_urn.to_lowercase()).copied(),
            None => Some(i32::MAX),
        }
    }

    /// Whether no resource demands a higher level.
    pub fn is_above_all_levels(&self, level: i32) -> bool {
        self.synced_so_far().is_some_and(|synced| synced.levels.values().all(|demanded| *demanded <= level))
    }

    fn synced_so_far(&self) -> Option<Arc<Synced>> {
        self.0.synced.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches mappings and levels and puts both in force.
    pub async fn sync_now(&self) -> Result<(), AltinnError> {
        self.sync_mappings(None).await?;
        self.sync_levels().await?;
        self.load().await
    }

    /// Fetches the changes of the mapping since then, or since the newest stored one, and stores them all together; how many.
    pub async fn sync_mappings(&self, since: Option<Instant>) -> Result<usize, AltinnError> {
        const CALL: &str = "subject resources";
        let platform = &self.0.platform;
        let since = match since {
            Some(since) => Some(since),
            // A microsecond behind the newest, which is as fine as times are stored.
            None => registry::newest_mapping(&self.0.db).await?.map(|newest| newest + TimeDelta::microseconds(1)),
        };
        let since = since
            .map_or("0001-01-01T00:00:00.000000Z".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Micros, true));
        let mut address = platform.address("resourceregistry/api/v1/resource/updated");
        address.query_pairs_mut().append_pair("since", &since).append_pair("limit", &BATCH.to_string());
        let mut batches = Vec::new();
        loop {
            let page: Page = platform.json(CALL, Access::Anonymous, platform.client().get(address.clone())).await?;
            if page.data.is_empty() {
                break;
            }
            batches.push(newest_of_each(page.data));
            // Only path and query of the link: its host may be known inside the platform only.
            let next = page.links.and_then(|links| links.next).and_then(|next| self.on_platform(&next));
            match next {
                // A link to the page itself would go round for ever.
                Some(next) if next != address => address = next,
                Some(_) | None => break,
            }
        }
        let mut work = self.0.db.begin().await?;
        for changes in &batches {
            registry::merge_mappings(&mut work, changes).await?;
        }
        work.commit().await?;
        let changes: usize = batches.iter().map(Vec::len).sum();
        tracing::debug!(changes, "mappings synchronised");
        Ok(changes)
    }

    fn on_platform(&self, link: &str) -> Option<Url> {
        let link = self.0.platform.base.join(link).ok()?;
        let mut address = self.0.platform.base.clone();
        address.set_path(link.path());
        address.set_query(link.query());
        Some(address)
    }

    /// Reads the policy of every resource and stores the levels; how many policies. One that cannot be read keeps the level it
    /// had.
    pub async fn sync_levels(&self) -> Result<usize, AltinnError> {
        let catalogue = self.resources().catalogue().await?;
        // Identifiers in `se_` are links to the old platform and have no policy.
        let ids = catalogue.all().iter().map(|resource| resource.id()).filter(|id| !id.starts_with("se_"));
        let asked: Vec<_> = ids.map(|id| self.clone().level_of(id.to_owned())).collect();
        let found: Vec<Option<_>> = stream::iter(asked).buffer_unordered(POLICIES_AT_ONCE).collect().await;
        let levels: Vec<(String, Option<i32>)> = found.into_iter().flatten().collect();
        let mut work = self.0.db.begin().await?;
        registry::merge_levels(&mut work, &levels).await?;
        work.commit().await?;
        tracing::debug!(resources = levels.len(), "levels synchronised");
        Ok(levels.len())
    }

    /// The resource's URN and level; nothing if its policy cannot be read.
    async fn level_of(self, id: String) -> Option<(String, Option<i32>)> {
        let platform = &self.0.platform;
        let mut address = platform.address("resourceregistry/api/v1/resource/");
        address.path_segments_mut().ok()?.pop_if_empty().push(&id).push("policy");
        let answer = platform.send("policy", Access::Anonymous, platform.client().get(address)).await;
        let level = answer.map_err(anyhow::Error::from).and_then(|body| {
            let xml = std::str::from_utf8(&body)?;
            Ok(policy::minimum_level(xml)?)
        });
        match level {
            Ok(level) => Some((format!("{PREFIX}{id}"), level)),
            Err(error) => {
                tracing::warn!(service_resource = %id, error = format!("{error:#}"), "a policy could not be read");
                None
            }
        }
    }
}

/// One change for each subject and resource, without blanks in either.
fn newest_of_each(changes: Vec<Change>) -> Vec<MappingChange> {
    // Blanks inside too, as the contract strips them (chapter 03 §7.3).
    let bare = |urn: &str| urn.split_whitespace().collect::<String>();
    let mut newest: HashMap<(String, String), (Instant, bool)> = HashMap::new();
    for change in changes {
        let at = change.updated_at.to_utc();
        let entry =
            newest.entry((bare(&change.subject_urn), bare(&change.resource_urn))).or_insert((at, change.deleted));
        // The later line wins among equal times: it stands further on in the registry's own order.
        if at >= entry.0 {
            *entry = (at, change.deleted);
        }
    }
    newest
        .into_iter()
        .map(|((subject, resource), (updated_at, deleted))| MappingChange { subject, resource, updated_at, deleted })
        .collect()
}
