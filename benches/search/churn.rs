//! What time does to a database, in a few minutes: `--churn`. Of all dialogs a tenth gets new content and another word, a tenth
//! a label, a tenth is deleted and a tenth purged; tables and indexes are left as that leaves them, with autovacuum at work.

use std::time::Instant as Timer;

use dialogporten::domain::Instant;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

/// Dialogs of one statement.
const BATCH: usize = 2_000;

/// `now`: of the world.
///
/// # Errors
/// The database's.
pub async fn churn(url: &str, now: Instant) -> anyhow::Result<()> {
    let started = Timer::now();
    // Beside the door, which gives no statement so long.
    let db = &mut PgConnection::connect(url).await?;
    // The same dialogs in the same world. Their ids are in the order of time, this is not.
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "/* search.churn */ select id from dialog where (hashtextextended(id::text, 7) & 1023) < 410 order by hashtextextended(id::text, 7)",
    )
    .fetch_all(&mut *db)
    .await?;
    let tenth = ids.len() / 4;
    for (number, statement) in [UPDATED, LABELLED, DELETED, PURGED].into_iter().enumerate() {
        for batch in ids[number * tenth..(number + 1) * tenth].chunks(BATCH) {
            let mut statement = sqlx::query(statement).bind(batch);
            if number != 3 {
                statement = statement.bind(now);
            }
            statement.execute(&mut *db).await?;
        }
    }
    println!("{} dialogs of each kind churned in {:.0?}", tenth, started.elapsed());
    Ok(())
}

const UPDATED: &str = "/* search.churn updated */
    with touched as (
        update dialog d
           set content_updated_at = $2 - random() * interval '30 days'
             , updated_at = $2
             , revision = gen_random_uuid()
         where d.id = any($1)
        returning d.id, d.party_key, d.resource_id, d.content_updated_at
    ), mark as (
        update dialog_mark m set content_updated_at = t.content_updated_at from touched t where m.dialog_id = t.id
    ), pair as (
        update party_resource r
           set newest = greatest(r.newest, $2)
          from (select distinct party_key, resource_id from touched) t
         where r.party_key = t.party_key and r.resource_id = t.resource_id and r.newest < $2
    )
    update dialog_text t
       set vector = t.vector || '''omskrevet'':17B'::tsvector
      from touched
     where t.dialog_id = touched.id and t.part = 0";

const LABELLED: &str = "/* search.churn labelled */
    with touched as (
        update dialog d
           set system_labels = (d.system_labels & ~1::smallint) | (2 << (hashtextextended(d.id::text, 9) & 1)::integer)::smallint
             , context_revision = gen_random_uuid()
         where d.id = any($1) and $2::timestamptz is not null
        returning d.id, d.party_key, d.content_updated_at, (2 << (hashtextextended(d.id::text, 9) & 1)::integer)::smallint as label
    )
    insert into dialog_mark (dialog_id, label, party_key, content_updated_at)
    select id, label, party_key, content_updated_at from touched on conflict do nothing";

const DELETED: &str = "/* search.churn deleted */
    update dialog set deleted_at = $2, updated_at = $2, revision = gen_random_uuid() where id = any($1)";

const PURGED: &str = "/* search.churn purged */ delete from dialog where id = any($1)";
