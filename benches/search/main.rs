//! Pages of lists on a large database: `cargo bench --bench search -- [dialogs] [--at URL] [--only WORDS]
//! [--plans FILE]`.
//!
//! Starts a PostgreSQL of its own, seeds it (a million dialogs unless told otherwise) and stops it again; `--at URL` takes a
//! database, which is seeded unless it was before, and leaves it. For each class it prints the time of one page from the
//! service's side (all statements and the rows of the page): median and the 99th of a hundred; the pages of 8 kB that the
//! database looked at; how many rows and index entries it went through for each row of the page; and whether the goal is met.

mod cases;
mod plans;
mod words;

use std::time::{Duration, Instant as Timer};

use self::plans::Plans;
use anyhow::Context;
use dialogporten::{
    db::Db,
    dev::postgres::{Options, Postgres, temporary},
    seed::{self, Wish},
    store::{
        dictionary::Dictionary,
        search::{self, Request},
    },
};

const ROUNDS: usize = 100;
/// For the 99th of a hundred, warm.
const GOAL: Duration = Duration::from_millis(50);
/// The same world each time.
const UNTIL: &str = "2026-11-01T00:00:00Z";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (mut dialogs, mut at, mut only, mut file) = (1_000_000, None, None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--at" => at = arguments.next(),
            "--only" => only = arguments.next(),
            "--plans" => file = arguments.next(),
            // What cargo adds.
            "--bench" => {}
            other => dialogs = other.parse().with_context(|| format!("a number of dialogs, not `{other}`"))?,
        }
    }
    let mut server = None;
    let url = if let Some(url) = at {
        url
    } else {
        let started = Postgres::start(&Options {
            folder: temporary()?,
            throw_away: true,
            remove: true,
            max_connections: 10,
            program: env!("CARGO_BIN_EXE_dialogporten").into(),
            users: None,
        })?;
        let url = started.url("postgres");
        server = Some(started);
        url
    };
    let wish = Wish {
        dialogs,
        parties: None,
        owner: None,
        seed: 1,
        people_of: None,
        until: UNTIL.parse().context("an instant")?,
        is_quiet: false,
    };
    let started = Timer::now();
    let outcome = seed::run(&url, &wish).await?;
    if !outcome.was_there {
        println!("{dialogs} dialogs in {:.0?}", started.elapsed());
    }
    let (db, dictionary) = (Db::at(&url, 1)?, Dictionary::default());
    words::add_words_of_a_time(&db).await?;
    println!(
        "{:<52} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "class", "rows", "p50 ms", "p99 ms", "buffers", "per row", "goal"
    );
    // What the first looks is the catalogue.
    let (_, second, third) = (looked(&db).await?, looked(&db).await?, looked(&db).await?);
    let looking = Looked { buffers: third.buffers - second.buffers, rows: third.rows - second.rows };
    for (name, search) in cases::all(&db, &outcome.people, outcome.until).await? {
        if only.as_deref().is_none_or(|only: &str| name.contains(only)) {
            measure(&db, &dictionary, name, &search, looking).await?;
        }
    }
    if let Some(file) = file {
        let mut plans = Plans::begin(&file, &db).await?;
        for (name, search) in cases::all(&db, &outcome.people, outcome.until).await? {
            plans.forget();
            search::page(&db, &dictionary, &search).await?;
            plans.write(name)?;
        }
    }
    db.close();
    drop(server);
    Ok(())
}

/// What the database has looked at so far.
#[derive(Clone, Copy)]
struct Looked {
    buffers: i64,
    /// Rows of sequential scans and entries of indexes.
    rows: i64,
}

async fn looked(db: &Db) -> anyhow::Result<Looked> {
    sqlx::query("select pg_stat_force_next_flush()").execute(db).await?;
    let total = "select blks_hit + blks_read, tup_returned from pg_stat_database where datname = current_database()";
    let (buffers, rows) = sqlx::query_as(total).fetch_one(db).await?;
    Ok(Looked { buffers, rows })
}

/// `looking`: what [`looked`] itself looks at.
async fn measure(
    db: &Db,
    dictionary: &Dictionary,
    name: &str,
    search: &Request,
    looking: Looked,
) -> anyhow::Result<()> {
    let rows = search::page(db, dictionary, search).await?.rows.len();
    let mut times = Vec::with_capacity(ROUNDS);
    let began = Timer::now();
    // What takes long need not be seen a hundred times.
    while times.len() < ROUNDS && (times.len() < 5 || began.elapsed() < Duration::from_secs(10)) {
        let started = Timer::now();
        search::page(db, dictionary, search).await?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (median, last) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    let before = looked(db).await?;
    search::page(db, dictionary, search).await?;
    let after = looked(db).await?;
    let buffers = after.buffers - before.buffers - looking.buffers;
    let examined = (after.rows - before.rows - looking.rows) / i64::try_from(rows.max(1))?;
    println!(
        "{name:<52} {rows:>5} {:>9.2} {:>9.2} {buffers:>9} {examined:>9} {:>9}",
        ms(median),
        ms(last),
        if last <= GOAL { "met" } else { "missed" }
    );
    Ok(())
}
