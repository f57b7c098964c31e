//! What list authorization asks of the stored dialogs: which resources parties have dialogs of, and which dialogs carry
//! the label of a delegated instance.

use uuid::Uuid;

use super::statement::Statement;
use crate::db::Db;

static HELD: Statement = Statement::new(
    "parties with resources",
    "
with held as (
    select party_resource.resource_id
         , array_agg(party_resource.party_key) as party_keys
    from unnest($parties::bigint[]) as asked (party_key)
    join party_resource on party_resource.party_key = asked.party_key
    group by party_resource.resource_id
)
select held.resource_id
     , service_resource.urn
     , held.party_keys
from held
join service_resource on service_resource.id = held.resource_id",
);

static LABELLED: Statement =
    Statement::new("dialogs labelled", "select distinct dialog_id from dialog_owner_label where label = any($labels)");

static REFERENCED: Statement = Statement::new(
    "referenced resources",
    "
select service_resource.urn
  from service_resource
 -- not `exists`, which the planner may turn into a join that reads every pair
 where (select true from party_resource where party_resource.resource_id = service_resource.id limit 1)",
);

pub(super) const STATEMENTS: [&Statement; 3] = [&HELD, &LABELLED, &REFERENCED];

/// By resource (its id and its URN in lower case) the keys of those of the parties that have dialogs of it, soft-deleted ones
/// included.
///
/// Arrays, because a caller with tens of thousands of parties would otherwise get as many rows for each resource.
pub async fn parties_with_resources(db: &Db, party_keys: &[i64]) -> sqlx::Result<Vec<(i32, String, Vec<i64>)>> {
    HELD.with("parties", party_keys).all(db).await
}

/// The dialogs that carry any of the labels, whoever their owner is.
pub async fn dialogs_labelled(db: &Db, labels: &[String]) -> sqlx::Result<Vec<Uuid>> {
    // Whose they are is not asked: who sees them is decided by the delegation that names the instance.
    let found: Vec<(Uuid,)> = LABELLED.with("labels", labels).all(db).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The service resources that there are dialogs of, soft-deleted ones included: URNs in lower case.
///
/// One look into the index of pairs for each of the few resources, however many pairs there are.
pub async fn referenced_resources(db: &Db) -> sqlx::Result<Vec<String>> {
    let found: Vec<(String,)> = REFERENCED.bound().all(db).await?;
    Ok(found.into_iter().map(|(urn,)| urn).collect())
}
