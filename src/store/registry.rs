//! What was synchronised from the Resource Registry: which subjects a resource's policy names, and the level it demands.

use std::collections::HashMap;

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

/// The whole mapping.
pub async fn subject_resources(db: &Db) -> sqlx::Result<Vec<SubjectResource>> {
    sqlx::query_as("/* mappings all */ select subject, resource from subject_resource").fetch_all(db).await
}

/// When the newest stored mapping was changed.
pub async fn newest_mapping(db: &Db) -> sqlx::Result<Option<Instant>> {
    sqlx::query_scalar("/* mappings newest */ select max(updated_at) from subject_resource").fetch_one(db).await
}

/// The level that each resource demands; resources without one have no entry.
pub async fn levels(db: &Db) -> sqlx::Result<HashMap<String, i32>> {
    let rows: Vec<(String, i32)> =
        sqlx::query_as("/* levels all */ select resource, level from resource_level").fetch_all(db).await?;
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
    sqlx::query(
        "/* mappings remove */
        delete from subject_resource as stored
        using unnest($1::text[], $2::text[]) as gone (subject, resource)
        where stored.subject = gone.subject
          and stored.resource = gone.resource
        ",
    )
    .bind(gone_subjects)
    .bind(gone_resources)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "/* mappings put */
        insert into subject_resource (subject, resource, updated_at)
        select changed.subject
             , changed.resource
             , changed.updated_at
        from unnest($1::text[], $2::text[], $3::timestamptz[]) as changed (subject, resource, updated_at)
        on conflict on constraint subject_resource_pk do update set updated_at = excluded.updated_at
        ",
    )
    .bind(subjects)
    .bind(resources)
    .bind(times)
    .execute(&mut *db)
    .await?;
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
    sqlx::query("/* levels remove */ delete from resource_level where resource = any($1)")
        .bind(free)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "/* levels put */
        insert into resource_level (resource, level)
        select found.resource
             , found.level
        from unnest($1::text[], $2::integer[]) as found (resource, level)
        on conflict on constraint resource_level_pk do update set level = excluded.level
        where resource_level.level <> excluded.level
        ",
    )
    .bind(resources)
    .bind(demanded)
    .execute(&mut *db)
    .await?;
    Ok(())
}
