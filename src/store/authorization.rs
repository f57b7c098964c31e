//! What list authorization asks of the stored dialogs: which resources parties have dialogs of, and which dialogs carry
//! the label of a delegated instance.

use std::collections::HashMap;

use sqlx::PgPool;
use uuid::Uuid;

/// The resources (by id) that any of the parties has dialogs of, soft-deleted ones included, by party key.
pub async fn resources_of_parties(db: &PgPool, party_keys: &[i64]) -> sqlx::Result<Vec<(i64, i32)>> {
    sqlx::query_as(
        "
        select party_resource.party_key
             , party_resource.resource_id
        from unnest($1::bigint[]) as asked (party_key)
        join party_resource on party_resource.party_key = asked.party_key
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
