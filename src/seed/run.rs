//! Into the database: chunk by chunk, each a transaction with the place where the next begins, so that a run that was stopped
//! goes on where it was. Indexes of a database that is mostly empty are taken away before and built afterwards, which is many
//! times faster than keeping them up to date; what was taken away is written down with the rest.

use std::{sync::Arc, time::Instant as Timer};

use anyhow::{Context, bail, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row as _};

use super::{
    dialog::{Drawn, Span},
    people::People,
    progress::Progress,
    rows::{Detail, Rows, TABLES},
};
use crate::{
    db::migrations::{self, MIGRATIONS, Standing},
    domain::Instant,
    sandbox::world::World,
};

/// Dialogs of one transaction.
const CHUNK: u64 = 5_000;
/// Parties of one statement.
const PARTIES: u32 = 20_000;
/// Two seeds at a time would take each other's indexes away.
const LOCK: i64 = 0x0064_6961_6c6f_6773;

/// What is to be seeded.
#[derive(Clone, Debug)]
pub struct Wish {
    pub dialogs: u64,
    /// An eighth of the dialogs unless told otherwise.
    pub parties: Option<u32>,
    /// Only service resources of this owner.
    pub owner: Option<String>,
    pub seed: u64,
    /// Parties, owners and resources of this world are among the others; its name tells it from other worlds.
    pub people_of: Option<(String, World)>,
    /// The end of the three years in which the dialogs were made; what an earlier run of the same seed had, if there was one.
    pub until: Instant,
    pub detail: Detail,
    pub is_quiet: bool,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub dialogs: u64,
    /// All of them had been there before.
    pub was_there: bool,
    pub people: People,
    pub until: Instant,
}

/// Fills the database at `url`. The same wish again goes on where an earlier run was stopped, or finds all done.
///
/// # Errors
/// A database that is not migrated to what this program knows, another wish under the same seed, an unfinished other seed.
pub async fn run(url: &str, wish: &Wish) -> anyhow::Result<Outcome> {
    let mut connection = PgConnection::connect(url).await.context("cannot connect to the database")?;
    let outcome = Box::pin(seed(&mut connection, wish)).await;
    // Whatever went wrong before is what is worth telling.
    let _ = connection.close().await;
    outcome
}

async fn seed(connection: &mut PgConnection, wish: &Wish) -> anyhow::Result<Outcome> {
    prepare(connection).await?;
    let parties = wish.parties.unwrap_or_else(|| u32::try_from(wish.dialogs / 8).unwrap_or(u32::MAX));
    let scenario = wish.people_of.as_ref().map(|(_, world)| world);
    let people = Arc::new(People::new(parties, wish.owner.as_deref(), scenario)?);
    let mut state = State::of(connection, wish, people.count()).await?;
    let outcome = |was_there, until| Outcome { dialogs: wish.dialogs, was_there, people: (*people).clone(), until };
    if state.is_done {
        return Ok(outcome(true, state.until));
    }
    let mut progress = Progress::new(wish.dialogs, state.next, wish.is_quiet);
    let numbers: Arc<[(i16, i32)]> = names(connection, &people).await?.into();
    if state.next == 0 {
        write_parties(connection, &people).await?;
        state.take_indexes(connection, wish.dialogs).await?;
    }
    let span = Span { seed: wish.seed, dialogs: wish.dialogs, until: state.until };
    write_dialogs(connection, (span, wish.detail), &people, &numbers, &mut state, &mut progress).await?;
    state.build_indexes(connection, &mut progress).await?;
    finish(connection, &state, &mut progress).await?;
    progress.ends();
    Ok(outcome(false, state.until))
}

/// The schema, and this session.
async fn prepare(connection: &mut PgConnection) -> anyhow::Result<()> {
    match migrations::standing(&mut *connection).await? {
        Standing::Current => {}
        Standing::Unmigrated => MIGRATIONS.run(&mut *connection).await?,
        other => bail!("{other}"),
    }
    let free: bool =
        sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut *connection).await?;
    ensure!(free, "another seed is at work on this database");
    // What is lost in a crash of the server is lost with the place where it stood.
    sqlx::raw_sql("set synchronous_commit = off; set maintenance_work_mem = '256MB'; set statement_timeout = 0")
        .execute(&mut *connection)
        .await?;
    // Every row that another names is written with it or before it. Whoever may, spares the server from looking again.
    let may: bool = sqlx::query_scalar("select rolsuper from pg_roles where rolname = current_user")
        .fetch_one(&mut *connection)
        .await?;
    if may {
        sqlx::raw_sql("set session_replication_role = replica").execute(&mut *connection).await?;
    }
    sqlx::raw_sql(
        "create schema if not exists seed;
         create table if not exists seed.run (
             seed bigint constraint run_pk primary key,
             wish text not null,
             ends_at timestamptz not null,
             next bigint not null,
             indexes text[] not null,
             is_done boolean not null
         )",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How far a seed is, as `seed.run` has it.
struct State {
    seed: i64,
    until: Instant,
    /// The place of the next dialog.
    next: u64,
    /// Statements that make the indexes that were taken away.
    indexes: Vec<String>,
    is_done: bool,
}

impl State {
    async fn of(connection: &mut PgConnection, wish: &Wish, parties: u32) -> anyhow::Result<Self> {
        let seed = wish.seed.cast_signed();
        let people_of = wish.people_of.as_ref().map_or("nobody", |(name, _)| name);
        let owner = wish.owner.as_deref().unwrap_or("everybody");
        let lean = if wish.detail == Detail::Lists { ", only what lists read" } else { "" };
        let words =
            format!("{} dialogs of {parties} parties, owner {owner}, people of {people_of}{lean}", wish.dialogs);
        let other: Option<(i64, String)> =
            sqlx::query_as("select seed, wish from seed.run where not is_done and seed <> $1 limit 1")
                .bind(seed)
                .fetch_optional(&mut *connection)
                .await?;
        if let Some((other, words)) = other {
            bail!("seed {other} ({words}) was stopped before its end and has taken indexes away; finish it first");
        }
        let found = sqlx::query("select wish, ends_at, next, indexes, is_done from seed.run where seed = $1")
            .bind(seed)
            .fetch_optional(&mut *connection)
            .await?;
        let Some(row) = found else {
            sqlx::query("insert into seed.run values ($1, $2, $3, 0, '{}', false)")
                .bind(seed)
                .bind(&words)
                .bind(wish.until)
                .execute(connection)
                .await?;
            return Ok(Self { seed, until: wish.until, next: 0, indexes: Vec::new(), is_done: false });
        };
        let mut state = Self {
            seed,
            until: row.try_get("ends_at")?,
            next: u64::try_from(row.try_get::<i64, _>("next")?)?,
            indexes: row.try_get("indexes")?,
            is_done: row.try_get("is_done")?,
        };
        let had: String = row.try_get("wish")?;
        let is_empty: bool =
            sqlx::query_scalar("select not exists (select from dialog)").fetch_one(&mut *connection).await?;
        if is_empty {
            // Emptied since. Indexes that are missing are still to be built.
            sqlx::query("update seed.run set wish = $2, ends_at = $3, next = 0, is_done = false where seed = $1")
                .bind(seed)
                .bind(&words)
                .bind(wish.until)
                .execute(connection)
                .await?;
            (state.until, state.next, state.is_done) = (wish.until, 0, false);
            return Ok(state);
        }
        ensure!(had == words, "seed {} is in this database already, as {had}; choose another --seed", wish.seed);
        Ok(state)
    }

    /// Unless what is there already is worth more than the time.
    async fn take_indexes(&mut self, connection: &mut PgConnection, dialogs: u64) -> anyhow::Result<()> {
        let limit = i64::try_from(dialogs / 2)?;
        let (there,): (i64,) = sqlx::query_as("select count(*) from (select from dialog limit $1) d")
            .bind(limit)
            .fetch_one(&mut *connection)
            .await?;
        if there >= limit {
            return Ok(());
        }
        let found: Vec<(String, String)> = sqlx::query_as(
            "select quote_ident(i.indexname), i.indexdef
               from pg_indexes i
              where i.schemaname = 'public' and i.tablename = any($1)
                and not exists (select from pg_constraint c where c.conname = i.indexname)",
        )
        .bind(&TABLES[..])
        .fetch_all(&mut *connection)
        .await?;
        let mut work = connection.begin().await?;
        for (name, _) in &found {
            // The names come from the catalogue, quoted by the server.
            sqlx::raw_sql(AssertSqlSafe(format!("drop index {name}"))).execute(&mut *work).await?;
        }
        self.indexes.extend(found.into_iter().map(|(_, made_by)| made_by));
        sqlx::query("update seed.run set indexes = $2 where seed = $1")
            .bind(self.seed)
            .bind(&self.indexes)
            .execute(&mut *work)
            .await?;
        work.commit().await?;
        Ok(())
    }

    /// One by one, so that a run that is stopped here has the fewer to build.
    async fn build_indexes(&mut self, connection: &mut PgConnection, progress: &mut Progress) -> anyhow::Result<()> {
        let all = self.indexes.len();
        while let Some(made_by) = self.indexes.pop() {
            progress.says(&format!("building index {} of {all}", all - self.indexes.len()));
            let made_by = made_by.replacen(" INDEX ", " INDEX IF NOT EXISTS ", 1);
            let mut work = connection.begin().await?;
            // As the server itself wrote it down.
            sqlx::raw_sql(AssertSqlSafe(made_by)).execute(&mut *work).await?;
            sqlx::query("update seed.run set indexes = $2 where seed = $1")
                .bind(self.seed)
                .bind(&self.indexes)
                .execute(&mut *work)
                .await?;
            work.commit().await?;
        }
        Ok(())
    }
}

/// Owners and service resources, in the order of their ranks; their numbers.
async fn names(connection: &mut PgConnection, people: &People) -> anyhow::Result<Vec<(i16, i32)>> {
    let mut numbers = Vec::new();
    for resource in &people.resources {
        sqlx::query("insert into org (name) values ($1) on conflict (name) do nothing")
            .bind(&resource.owner)
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "insert into service_resource (urn, org_id) select $1, id from org where name = $2 on conflict (urn) do nothing",
        )
        .bind(&resource.urn)
        .bind(&resource.owner)
        .execute(&mut *connection)
        .await?;
        numbers.push(
            sqlx::query_as("select org_id, id from service_resource where urn = $1")
                .bind(&resource.urn)
                .fetch_one(&mut *connection)
                .await?,
        );
    }
    Ok(numbers)
}

async fn write_parties(connection: &mut PgConnection, people: &People) -> anyhow::Result<()> {
    for first in (0..people.count()).step_by(usize::try_from(PARTIES)?) {
        let parties: Vec<_> = (first..people.count().min(first + PARTIES)).map(|rank| people.party(rank)).collect();
        let urns: Vec<&str> = parties.iter().map(crate::domain::party::Party::as_str).collect();
        sqlx::query(
            "insert into party (party_key, urn) select * from unnest($1::bigint[], $2::text[]) on conflict do nothing",
        )
        .bind(parties.iter().map(crate::domain::party::Party::key).collect::<Vec<_>>())
        .bind(urns)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn write_dialogs(
    connection: &mut PgConnection,
    (span, detail): (Span, Detail),
    people: &Arc<People>,
    numbers: &Arc<[(i16, i32)]>,
    state: &mut State,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let drawn = |from: u64| {
        let (people, numbers) = (people.clone(), numbers.clone());
        tokio::task::spawn_blocking(move || {
            let mut rows = Rows::new(detail);
            for place in from..span.dialogs.min(from + CHUNK) {
                rows.push(&Drawn::at(span, &people, place), &numbers);
            }
            rows
        })
    };
    let mut next = drawn(state.next);
    while state.next < span.dialogs {
        let rows = next.await?;
        let after = span.dialogs.min(state.next + CHUNK);
        // While the database takes these.
        next = drawn(after);
        let mut work = connection.begin().await?;
        for table in rows.into_tables() {
            table.write(&mut work).await?;
        }
        sqlx::query("update seed.run set next = $2 where seed = $1")
            .bind(state.seed)
            .bind(i64::try_from(after)?)
            .execute(&mut *work)
            .await?;
        work.commit().await?;
        state.next = after;
        progress.reached(after);
    }
    Ok(())
}

/// What is counted over all dialogs, and what the planner is to know.
async fn finish(connection: &mut PgConnection, state: &State, progress: &mut Progress) -> anyhow::Result<()> {
    progress.says("counting the resources of each party");
    let mut work = connection.begin().await?;
    sqlx::raw_sql(
        "insert into party_resource (party_key, newest, resource_id, dialog_count)
         select party_key, date_trunc('hour', max(content_updated_at)) + interval '1 hour', resource_id, count(*)
           from dialog
          group by party_key, resource_id
         on conflict (party_key, resource_id) do update
            set dialog_count = excluded.dialog_count
              , newest = greatest(party_resource.newest, excluded.newest)",
    )
    .execute(&mut *work)
    .await?;
    work.commit().await?;
    let started = Timer::now();
    for table in TABLES.into_iter().chain(["party", "party_resource"]) {
        progress.says(&format!("looking over {table}"));
        sqlx::raw_sql(AssertSqlSafe(format!("vacuum (analyze) {table}"))).execute(&mut *connection).await?;
    }
    tracing::debug!(seconds = started.elapsed().as_secs(), "vacuumed");
    sqlx::query("update seed.run set is_done = true where seed = $1").bind(state.seed).execute(connection).await?;
    Ok(())
}
