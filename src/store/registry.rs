//! What was synchronised from the Resource Registry: which subjects a resource's policy names, and the level it demands.

use std::collections::HashMap;

use super::statement::Statement;
use crate::{
    db::{Connection, Db},
    domain::Instant,
};

/// A subject (a role, an access package) that a resource's policy names.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SubjectResource {
    pub subject: String,
    pub resource: String,
}

/// One change of the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingChange {
    pub subject: String,
    pub resource: String,
    pub updated_at: Instant,
    pub deleted: bool,
}

static MAPPINGS: Statement = Statement::new("mappings", "select subject, resource from subject_resource");

static NEWEST: Statement = Statement::new("mappings newest", "select max(updated_at) from subject_resource");

static LEVELS: Statement = Statement::new("levels", "select resource, level from resource_level");

static FORGET_MAPPINGS: Statement = Statement::new(
    "mappings forget",
    "
delete from subject_resource as stored
 using unnest($subjects::text[], $resources::text[]) as gone (subject, resource)
 where stored.subject = gone.subject and stored.resource = gone.resource",
);

static MERGE_MAPPINGS: Statement = Statement::new(
    "mappings merge",
    "
insert into subject_resource (subject, resource, updated_at)
select changed.subject, changed.resource, changed.updated_at
  from unnest($subjects::text[], $resources::text[], $times::timestamptz[]) as changed (subject, resource, updated_at)
on conflict on constraint subject_resource_pk do update set updated_at = excluded.updated_at",
);

static FORGET_LEVELS: Statement =
    Statement::new("levels forget", "delete from resource_level where resource = any($resources)");

static MERGE_LEVELS: Statement = Statement::new(
    "levels merge",
    "
insert into resource_level (resource, level)
select found.resource, found.level
  from unnest($resources::text[], $levels::integer[]) as found (resource, level)
on conflict on constraint resource_level_pk do update set level = excluded.level
 -- synchronisation meets the same levels again and again
 where resource_level.level <> excluded.level",
);

pub(super) const STATEMENTS: [&Statement; 7] =
    [&MAPPINGS, &NEWEST, &LEVELS, &FORGET_MAPPINGS, &MERGE_MAPPINGS, &FORGET_LEVELS, &MERGE_LEVELS];

/// The whole mapping.
pub async fn subject_resources(db: &Db) -> sqlx::Result<Vec<SubjectResource>> {
    MAPPINGS.bound().all(db).await
}

/// When the newest stored mapping was changed.
pub async fn newest_mapping(db: &Db) -> sqlx::Result<Option<Instant>> {
    let (newest,) = NEWEST.bound().one(db).await?;
    Ok(newest)
}

/// The level that each resource demands; resources without one have no entry.
pub async fn levels(db: &Db) -> sqlx::Result<HashMap<String, i32>> {
    let rows: Vec<(String, i32)> = LEVELS.bound().all(db).await?;
    Ok(rows.into_iter().collect())
}

/// Applies changes, at most one for each subject and resource. A deleted mapping is removed, others are added or dated anew.
pub async fn merge_mappings(db: &mut Connection, changes: &[MappingChange]) -> sqlx::Result<()> {
    let (mut subjects, mut resources, mut times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut gone_subjects, mut gone_resources) = (Vec::new(), Vec::new());
    for change in changes {
        if change.deleted {
            gone_subjects.push(change.subject.as_str());
            gone_resources.push(change.resource.as_str());
        } else {
            subjects.push(change.subject.as_str());
            resources.push(change.resource.as_str());
            times.push(change.updated_at);
        }
    }
    // Two statements in the caller's transaction: one pair stands in one of the lists only, so their order does not
    // matter.
    FORGET_MAPPINGS.with("subjects", gone_subjects).with("resources", gone_resources).run(&mut *db).await?;
    MERGE_MAPPINGS.with("subjects", subjects).with("resources", resources).with("times", times).run(&mut *db).await?;
    Ok(())
}

/// Stores the levels that policies were found to demand; `None` removes what an older policy demanded.
pub async fn merge_levels(db: &mut Connection, levels: &[(String, Option<i32>)]) -> sqlx::Result<()> {
    let (mut resources, mut demanded, mut free) = (Vec::new(), Vec::new(), Vec::new());
    for (resource, level) in levels {
        match level {
            Some(level) => {
                resources.push(resource.as_str());
                demanded.push(*level);
            }
            None => free.push(resource.as_str()),
        }
    }
    FORGET_LEVELS.with("resources", free).run(&mut *db).await?;
    MERGE_LEVELS.with("resources", resources).with("levels", demanded).run(&mut *db).await?;
    Ok(())
}
