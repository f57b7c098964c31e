//! The words of dialogs, as they are searched. They are written with the dialog, by the statements of [`super::dialog`]; here all
//! texts of a dialog are read and its words written anew, for whoever changed what words a text has.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use sqlx::{Row as _, types::Json};
use uuid::Uuid;

use super::statement::Statement;
use crate::{
    db::{Connection, Db},
    domain::{
        dialog::{ActivityBody, DialogBody, TransmissionBody},
        ids::Revision,
    },
    text::{
        self, fragment,
        vector::{Builder, Vector},
    },
};

static OWN: Statement = Statement::new(
    "texts of dialogs",
    "
-- first of the three readings, so that its revision is older than what the others read: writing then fails, never mixes
select d.id, d.party_key, d.revision, x.body
  from dialog d
  left join dialog_document x on x.dialog_id = d.id
 where d.id = any($dialogs::uuid[])",
);

static SENT: Statement = Statement::new(
    "texts of transmissions",
    "
select t.dialog_id, t.body
  from dialog_transmission t
 where t.dialog_id = any($dialogs::uuid[])
 order by t.dialog_id, t.created_at, t.id",
);

static DONE: Statement = Statement::new(
    "texts of activities",
    "
select a.dialog_id, a.body
  from dialog_activity a
 where a.dialog_id = any($dialogs::uuid[]) and a.body ? 'description'
 order by a.dialog_id, a.created_at, a.id",
);

static RENEW: Statement = Statement::new(
    "texts renew",
    "
with written as (
    select d.id
      from dialog d
     where d.id = $dialog and d.party_key = $party and d.revision = $read
       for no key update of d
), stamped as (
    update dialog d
       set text_analysis = $analysis
      from written w
     where d.id = w.id and d.party_key = $party and d.text_analysis <> $analysis
), parts as (
    insert into dialog_text (dialog_id, part, party_key, vector)
    select $dialog, v.place - 1, $party, v.vector::tsvector
      from unnest($vectors::text[]) with ordinality v (vector, place)
     where exists (select from written)
    -- unchanged words are not written: a new version of a row would have to be indexed anew
    on conflict (dialog_id, part) do update
       set vector = excluded.vector
     where dialog_text.vector is distinct from excluded.vector
), surplus as (
    delete from dialog_text t
     where t.dialog_id = $dialog and t.party_key = $party and t.part >= cardinality($vectors::text[])
       and exists (select from written)
)
     -- The words can be made again: nobody waits for the disk where the caller says so, and only for this transaction.
select w.id, case when $is_lazy then set_config('synchronous_commit', 'off', true) end
  from written w",
);

pub(super) const STATEMENTS: [&Statement; 4] = [&OWN, &SENT, &DONE, &RENEW];

/// The words of one dialog, and the revision that has them.
struct Reading {
    dialog: Uuid,
    party: i64,
    revision: Revision,
    vectors: Vec<String>,
}

/// Reads all texts of dialogs. Those that are no longer there are left out.
async fn read(connection: &mut Connection, dialogs: &[Uuid]) -> sqlx::Result<Vec<Reading>> {
    let mut heads = Vec::new();
    let mut words: HashMap<Uuid, Builder> = HashMap::new();
    let mut rows = OWN.with("dialogs", dialogs).rows(&mut *connection)?;
    while let Some(row) = rows.try_next().await? {
        let dialog: Uuid = row.try_get("id")?;
        heads.push((dialog, row.try_get("party_key")?, row.try_get("revision")?));
        let body: Option<Json<DialogBody>> = row.try_get("body")?;
        words.entry(dialog).or_default().extend(body.iter().flat_map(|Json(body)| fragment::own(body)));
    }
    drop(rows);
    let mut rows = SENT.with("dialogs", dialogs).rows(&mut *connection)?;
    while let Some(row) = rows.try_next().await? {
        let Json(body): Json<TransmissionBody> = row.try_get("body")?;
        words.entry(row.try_get("dialog_id")?).or_default().extend(fragment::transmission(&body));
    }
    drop(rows);
    let mut rows = DONE.with("dialogs", dialogs).rows(&mut *connection)?;
    while let Some(row) = rows.try_next().await? {
        let Json(body): Json<ActivityBody> = row.try_get("body")?;
        words.entry(row.try_get("dialog_id")?).or_default().extend(fragment::activity(&body));
    }
    drop(rows);
    let read = |(dialog, party, revision): (Uuid, i64, Uuid)| {
        let words = words.remove(&dialog).unwrap_or_default().whole();
        let vectors = words.iter().map(Vector::print).collect();
        Reading { dialog, party, revision: Revision(revision), vectors }
    };
    Ok(heads.into_iter().map(read).collect())
}

impl Reading {
    /// Writes the words, where they differ; false if the dialog was changed since it was read. Holds the dialog's row for as long
    /// as the statement, or the transaction, takes. `is_lazy`: what is written may be lost with the machine.
    async fn write(&self, connection: &mut Connection, is_lazy: bool) -> sqlx::Result<bool> {
        let row: Option<(Uuid, Option<String>)> = RENEW
            .with("dialog", self.dialog)
            .with("party", self.party)
            .with("read", self.revision)
            .with("analysis", text::ANALYSIS)
            .with("vectors", &self.vectors)
            .with("is_lazy", is_lazy)
            .optional(connection)
            .await?;
        Ok(row.is_some())
    }
}

/// Reads and writes dialogs that the transaction of the connection has locked.
pub(super) async fn renew(connection: &mut Connection, dialogs: &[Uuid]) -> sqlx::Result<()> {
    for reading in read(connection, dialogs).await? {
        // Never false here: the dialog is locked by this transaction.
        reading.write(connection, false).await?;
    }
    Ok(())
}

/// How often a dialog is read again that somebody changes at the same time.
const ATTEMPTS: usize = 20;

/// Reads the texts of dialogs and writes their words anew, each in a transaction of its own. Says how many had to be left, because
/// somebody changed them each time.
pub async fn renew_all(db: &Db, dialogs: &[Uuid]) -> sqlx::Result<usize> {
    let mut left = dialogs.to_vec();
    let mut connection = db.acquire().await?;
    for _ in 0..ATTEMPTS {
        let readings = read(&mut connection, &left).await?;
        left.clear();
        for reading in readings {
            if !reading.write(&mut connection, true).await? {
                left.push(reading.dialog);
            }
        }
        if left.is_empty() {
            break;
        }
    }
    Ok(left.len())
}
