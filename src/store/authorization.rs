//! What list authorization asks of the stored dialogs: which resources parties have dialogs of, and which dialogs carry
//! the label of a delegated instance.

use std::collections::HashMap;

use sqlx::PgPool;
use uuid::Uuid;

/// By resource (its id) the keys of those of the parties that have dialogs of it, soft-deleted ones included.
///
/// Arrays, because a caller with tens of thousands of parties would otherwise get as many rows for each resource.
pub async fn parties_with_resources(db: &PgPool, party_keys: &[i64]) -> sqlx::Result<Vec<(i32, Vec<i64>)>> {
    sqlx::query_as(
        "
        select party_resource.resource_id
             , array_agg(party_resource.party_key)
        from unnest($1::bigint[]) as asked (party_key)
        join party_resource on party_resource.party_key = asked.party_key
        group by party_resource.resource_id
        ",
    )
    .bind(party_keys)
    .fetch_all(db)
    .await
}

/// The id of every resource that has dialogs, by its URN in lower case.
pub async fn resource_ids(db: &PgPool) -> sqlx::Result<HashMap<String, i32>> {
    let rows: Vec<(String, i32)> = sqlx::query_as("select urn, id from service_resource").fetch_all(db).await?;
    Ok(rows.into_iter().map(|(urn, id)| (urn.to_lowercase(), id)).collect())
}

/// The dialogs that carry any of the labels, whoever their owner is.
pub async fn dialogs_labelled(db: &PgPool, labels: &[String]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("select distinct dialog_id from dialog_owner_label where label = any($1)")
        .bind(labels)
        .fetch_all(db)
        .await
}
