//! What of a dialog stands in the parameters of statements that write it.

use anyhow::Context;
use dialogporten::db::Db;
use sqlx::Row as _;
use uuid::Uuid;

pub const UUIDS: usize = 4;
pub const TIMES: usize = 6;
/// Between the beginning of Unix's time and PostgreSQL's, in microseconds.
const EPOCH: i64 = 946_684_800_000_000;

/// A dialog's ids and times, as PostgreSQL writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Its own, its revision, and those of its two contexts.
    pub ids: [[u8; 16]; UUIDS],
    pub times: [Option<i64>; TIMES],
    pub labels: i16,
}

const STATE: &str = "
    select array[id, revision, context_revision, owner_context_revision] as ids
         , (select array_agg(extract(epoch from t.time) * 1000000 order by t.place)::bigint[]
              from unnest(array[created_at, updated_at, content_updated_at, due_at, visible_from, expires_at])
                   with ordinality t (time, place)) as times
         , system_labels
      from dialog
     where id = $1";

impl State {
    pub async fn of(db: &Db, dialog: Uuid) -> anyhow::Result<Self> {
        let row = sqlx::query(STATE).bind(dialog).fetch_one(db).await.with_context(|| format!("dialog {dialog}"))?;
        let ids: Vec<Uuid> = row.try_get("ids")?;
        let times: Vec<Option<i64>> = row.try_get("times")?;
        Ok(Self {
            ids: std::array::from_fn(|at| *ids[at].as_bytes()),
            times: std::array::from_fn(|at| times[at].map(|time| time - EPOCH)),
            labels: row.try_get("system_labels")?,
        })
    }
}

/// The present time, as PostgreSQL writes it.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX) - EPOCH
}
