//! The short names of owners and the URNs of service resources, and their numbers in the database. There are few of them
//! and none ever changes, so all are held in memory.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use sqlx::PgExecutor;

use super::{search::scope::Resource, statement::Statement};
use crate::{
    db::Db,
    domain::resource::{OrgCode, ResourceUrn},
};

/// Names and numbers, met so far. Clones share what they know.
///
/// What is known is right for ever. What is not known may have been given a number by another instance since: the tables
/// are read again before it is said that there is none, at most every two seconds. So the first dialog ever of a service
/// resource may be that much late in the lists of other instances; here it is known with the write.
#[derive(Clone, Debug, Default)]
pub struct Dictionary(Arc<State>);

#[derive(Debug, Default)]
struct State {
    // Of the standard library: it is never held over an await.
    known: RwLock<Known>,
    /// Held while the tables are read, so that many who miss something read them once.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    orgs: HashMap<String, i16>,
    resources: HashMap<String, Resource>,
    /// The same by number.
    names: HashMap<i32, Named>,
    /// When the tables were last read whole.
    read_at: Option<Instant>,
}

/// What a service resource and its owner are called.
#[derive(Clone, Debug)]
pub struct Named {
    pub urn: ResourceUrn,
    pub org: OrgCode,
}

/// How long "there is none" holds.
// Lists that name a resource without dialogs would otherwise read the tables each time.
const FRESH: Duration = Duration::from_secs(2);

/// Service resources that have dialogs, by URN.
#[derive(Clone, Debug, Default)]
pub struct KnownResources(HashMap<String, Resource>);

impl KnownResources {
    pub fn get(&self, urn: &str) -> Option<Resource> {
        self.0.get(urn).copied()
    }
}

static NEW_ORG: Statement =
    Statement::new("org new", "insert into org (name) values ($name) on conflict (name) do nothing");

static ORG: Statement = Statement::new("org", "select id from org where name = $name");

static NEW_RESOURCE: Statement = Statement::new(
    "resource new",
    "insert into service_resource (urn, org_id) values ($urn, $org) on conflict (urn) do nothing",
);

static RESOURCE: Statement = Statement::new("resource", "select id, org_id from service_resource where urn = $urn");

static NAMES: Statement =
    Statement::new("names", "select name, id, null from org union all select urn, org_id, id from service_resource");

pub(super) const STATEMENTS: [&Statement; 5] = [&NEW_ORG, &ORG, &NEW_RESOURCE, &RESOURCE, &NAMES];

impl Dictionary {
    /// The number of an owner by its short name (in lower case), given out now if it never had one.
    pub async fn org(&self, db: &Db, name: &str) -> sqlx::Result<i16> {
        if let Some(id) = self.look(|known| known.orgs.get(name).copied()) {
            return Ok(id);
        }
        // Two round trips once in an owner's life.
        NEW_ORG.with("name", name).run(db).await?;
        let (id,): (i16,) = ORG.with("name", name).one(db).await?;
        self.note(|known| known.orgs.insert(name.to_owned(), id));
        Ok(id)
    }

    /// The number of a service resource by its URN (in lower case), given out now if it never had one.
    pub async fn resource(&self, db: &Db, urn: &str, org: i16) -> sqlx::Result<i32> {
        if let Some(resource) = self.look(|known| known.resources.get(urn).copied()) {
            return Ok(resource.id);
        }
        NEW_RESOURCE.with("urn", urn).with("org", org).run(db).await?;
        let (id, org): (i32, i16) = RESOURCE.with("urn", urn).one(db).await?;
        self.note(|known| known.resources.insert(urn.to_owned(), Resource { id, org }));
        Ok(id)
    }

    /// Those among `urns` that have dialogs.
    pub async fn resources(&self, db: &Db, urns: impl IntoIterator<Item = String>) -> sqlx::Result<KnownResources> {
        let urns: Vec<String> = urns.into_iter().collect();
        self.read_unless(db, |known| urns.iter().all(|urn| known.resources.contains_key(urn))).await?;
        let number = |known: &Known, urn: String| known.resources.get(&urn).copied().map(|resource| (urn, resource));
        Ok(KnownResources(self.look(|known| urns.into_iter().filter_map(|urn| number(known, urn)).collect())))
    }

    /// The numbers of the resources with such a URN, among those that were met so far.
    pub fn resources_where(&self, is_such: impl Fn(&str) -> bool) -> Vec<i32> {
        let numbers = |known: &Known| {
            let such = known.resources.iter().filter(|(urn, _)| is_such(urn));
            such.map(|(_, resource)| resource.id).collect()
        };
        self.look(numbers)
    }

    /// The numbers of the owners that have dialogs, among `names`.
    pub async fn owners(&self, db: &Db, names: &[String]) -> sqlx::Result<Vec<i16>> {
        self.read_unless(db, |known| names.iter().all(|name| known.orgs.contains_key(name))).await?;
        Ok(self.look(|known| names.iter().filter_map(|name| known.orgs.get(name).copied()).collect()))
    }

    /// The names of service resources that dialogs in the store have. Another instance may have numbered one a moment ago; then
    /// the tables are read again, through the connection at hand.
    pub async fn names(
        &self,
        db: impl PgExecutor<'_>,
        resources: impl Iterator<Item = i32> + Clone,
    ) -> sqlx::Result<HashMap<i32, Named>> {
        let named = |known: &Known| {
            let named = |id| Some((id, known.names.get(&id)?.clone()));
            resources.clone().map(named).collect::<Option<HashMap<i32, Named>>>()
        };
        if let Some(named) = self.look(named) {
            return Ok(named);
        }
        let read_at = Instant::now();
        let rows = NAMES.bound().all(db).await?;
        self.take(rows, read_at);
        // A foreign key binds dialogs to these tables, so a number that is in none of them is a fault.
        self.look(named).ok_or(sqlx::Error::RowNotFound)
    }

    /// Reads the tables unless what is known suffices or is fresh.
    async fn read_unless(&self, db: &Db, suffices: impl Fn(&Known) -> bool) -> sqlx::Result<()> {
        let suffices = |known: &Known| suffices(known) || known.read_at.is_some_and(|at| at.elapsed() < FRESH);
        if self.look(suffices) {
            return Ok(());
        }
        let _reading = self.0.reading.lock().await;
        // Somebody else may have read them while this one waited.
        if self.look(suffices) {
            return Ok(());
        }
        let read_at = Instant::now();
        let rows = NAMES.bound().all(db).await?;
        self.take(rows, read_at);
        Ok(())
    }

    /// What the tables hold, as read at this instant.
    fn take(&self, rows: Vec<(String, i16, Option<i32>)>, read_at: Instant) {
        self.note(|known| {
            let (owners, resources): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(.., id)| id.is_none());
            let owned: HashMap<i16, OrgCode> =
                owners.iter().map(|(name, org, _)| (*org, OrgCode::stored(name.as_str()))).collect();
            // Added, not replaced: what was numbered by this process meanwhile stays known.
            known.orgs.extend(owners.into_iter().map(|(name, org, _)| (name, org)));
            for (urn, org, id) in resources {
                let Some((id, owner)) = id.zip(owned.get(&org)) else { continue };
                known.names.insert(id, Named { urn: ResourceUrn::stored(urn.as_str()), org: owner.clone() });
                known.resources.insert(urn, Resource { id, org });
            }
            known.read_at = Some(read_at);
        });
    }

    fn look<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        // A thread that panicked left whole entries: each is inserted by one call.
        look(&self.0.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn note<T>(&self, note: impl FnOnce(&mut Known) -> T) {
        note(&mut self.0.known.write().unwrap_or_else(PoisonError::into_inner));
    }
}
