//! The short names of owners and the URNs of service resources, and their numbers in the database. There are few of them
//! and none ever changes, so all that were met are held in memory.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use sqlx::PgPool;

/// Names and numbers, met so far. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct Dictionary(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    orgs: HashMap<String, i16>,
    resources: HashMap<String, i32>,
    urns: HashMap<i32, String>,
}

impl Dictionary {
    /// The number of an owner by its short name (in lower case), given out now if it never had one.
    pub async fn org(&self, db: &PgPool, name: &str) -> sqlx::Result<i16> {
        if let Some(id) = self.read(|known| known.orgs.get(name).copied()) {
            return Ok(id);
        }
        sqlx::query("insert into org (name) values ($1) on conflict (name) do nothing").bind(name).execute(db).await?;
        let id: i16 = sqlx::query_scalar("select id from org where name = $1").bind(name).fetch_one(db).await?;
        self.write(|known| known.orgs.insert(name.to_owned(), id));
        Ok(id)
    }

    /// The number of a service resource by its URN (in lower case), given out now if it never had one.
    pub async fn resource(&self, db: &PgPool, urn: &str, org: i16) -> sqlx::Result<i32> {
        if let Some(id) = self.resource_id(urn) {
            return Ok(id);
        }
        sqlx::query("insert into service_resource (urn, org_id) values ($1, $2) on conflict (urn) do nothing")
            .bind(urn)
            .bind(org)
            .execute(db)
            .await?;
        let id: i32 =
            sqlx::query_scalar("select id from service_resource where urn = $1").bind(urn).fetch_one(db).await?;
        self.learn(urn, id);
        Ok(id)
    }

    /// The number of a service resource, if it was met.
    pub fn resource_id(&self, urn: &str) -> Option<i32> {
        self.read(|known| known.resources.get(urn).copied())
    }

    /// The URN of a service resource by its number, if it was met.
    pub fn resource_urn(&self, id: i32) -> Option<String> {
        self.read(|known| known.urns.get(&id).cloned())
    }

    fn learn(&self, urn: &str, id: i32) {
        self.write(|known| {
            known.resources.insert(urn.to_owned(), id);
            known.urns.insert(id, urn.to_owned())
        });
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, note: impl FnOnce(&mut Known) -> T) {
        note(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}
