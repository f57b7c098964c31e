//! Pages of lists on a large database: `cargo bench --bench search -- [dialogs] [--at URL] [--only WORDS]
//! [--plans FILE] [--save FILE] [--beside FILE] [--churn] [--cold COMMAND]`.
//!
//! Starts a PostgreSQL of its own, seeds it (a million dialogs unless told otherwise) and stops it again; `--at URL` takes a
//! database, which is seeded unless it was before, and leaves it. For each class it prints the time of one page from the
//! service's side (all statements and the rows of the page): median and the 99th of a hundred; the pages of 8 kB that the
//! database looked at; how many rows and index entries it went through for each row of the page; and whether the goal is met.
//!
//! | Option | |
//! |---|---|
//! | `--only WORDS` | classes whose names hold these words |
//! | `--save FILE`, `--beside FILE` | keeps the buffers of each class; prints them as a multiple of those of another run |
//! | `--plans FILE` | writes the plans down |
//! | `--lean` | seeds only what lists read |
//! | `--churn` | changes, labels, deletes and purges a tenth of the dialogs each, then measures |
//! | `--cold COMMAND` | runs the command before each class, which restarts the server without what it had in memory (`scripts/cold-server`), and measures one page |

#[path = "../heard.rs"]
mod heard;

mod cases;
mod churn;
mod plans;
mod words;

use std::{
    collections::HashMap,
    fmt::Write as _,
    process::Command,
    time::{Duration, Instant as Timer},
};

use self::plans::Plans;
use anyhow::{Context, ensure};
use dialogporten::{
    db::Db,
    dev::postgres::{self, Postgres, temporary},
    seed::{self, Detail, Wish},
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

/// The same for phrases of common words.
const GOAL_OF_PHRASES: Duration = Duration::from_millis(100);

/// What is asked for on the command line.
#[derive(Default)]
struct Options {
    dialogs: u64,
    at: Option<String>,
    only: Option<String>,
    plans: Option<String>,
    save: Option<String>,
    beside: Option<String>,
    cold: Option<String>,
    has_churn: bool,
    is_lean: bool,
}

impl Options {
    fn of(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self { dialogs: 1_000_000, ..Self::default() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--at" => options.at = arguments.next(),
                "--only" => options.only = arguments.next(),
                "--plans" => options.plans = arguments.next(),
                "--save" => options.save = arguments.next(),
                "--beside" => options.beside = arguments.next(),
                "--cold" => options.cold = arguments.next(),
                "--churn" => options.has_churn = true,
                "--lean" => options.is_lean = true,
                // What cargo adds.
                "--bench" => {}
                other => {
                    options.dialogs = other.parse().with_context(|| format!("a number of dialogs, not `{other}`"))?;
                }
            }
        }
        Ok(options)
    }

    fn asks_for(&self, class: &str) -> bool {
        self.only.as_deref().is_none_or(|only| class.contains(only))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::of(std::env::args().skip(1))?;
    let mut server = None;
    let url = if let Some(url) = &options.at {
        url.clone()
    } else {
        let started = Postgres::start(&postgres::Options {
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
        dialogs: options.dialogs,
        parties: None,
        owner: None,
        seed: 1,
        people_of: None,
        until: UNTIL.parse().context("an instant")?,
        detail: if options.is_lean { Detail::Lists } else { Detail::Whole },
        is_quiet: false,
    };
    let started = Timer::now();
    let outcome = seed::run(&url, &wish).await?;
    if !outcome.was_there {
        println!("{} dialogs in {:.0?}", options.dialogs, started.elapsed());
    }
    let (db, dictionary) = (Db::at(&url, 1)?, Dictionary::default());
    words::add_words_of_a_time(&url).await?;
    let mut cases = cases::all(&db, &outcome.people, outcome.until).await?;
    cases.retain(|(name, _)| options.asks_for(name));
    if options.has_churn {
        churn::churn(&url, outcome.until).await?;
    }
    if let Some(command) = &options.cold {
        cold(&url, command, &cases).await?;
    } else {
        warm(&db, &dictionary, &options, &cases).await?;
    }
    if let Some(file) = &options.plans {
        let mut plans = Plans::begin(file, &db).await?;
        for (name, search) in &cases {
            plans.forget();
            search::page(&db, &dictionary, search).await?;
            plans.write(name)?;
        }
    }
    db.close();
    drop(server);
    Ok(())
}

async fn warm(db: &Db, dictionary: &Dictionary, options: &Options, cases: &[cases::Case]) -> anyhow::Result<()> {
    let mut others: HashMap<String, i64> = HashMap::new();
    if let Some(file) = &options.beside {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
        let line = |line: &str| Some((line.split_once('\t')?.0.to_owned(), line.split_once('\t')?.1.parse().ok()?));
        others.extend(text.lines().filter_map(line));
    }
    println!(
        "{:<60} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "class", "rows", "p50 ms", "p99 ms", "buffers", "times", "per row", "goal"
    );
    // What the first looks is the catalogue.
    let (_, second, third) = (looked(db).await?, looked(db).await?, looked(db).await?);
    let looking = Looked { buffers: third.buffers - second.buffers, rows: third.rows - second.rows };
    let mut saved = String::new();
    for (name, search) in cases {
        let buffers = measure(db, dictionary, name, search, looking, others.get(*name).copied()).await?;
        writeln!(saved, "{name}\t{buffers}")?;
    }
    if let Some(file) = &options.save {
        std::fs::write(file, saved).with_context(|| format!("cannot write {file}"))?;
    }
    Ok(())
}

/// One page of each class, the first that the server is asked for after its start.
async fn cold(url: &str, command: &str, cases: &[cases::Case]) -> anyhow::Result<()> {
    println!("{:<60} {:>5} {:>9} {:>9}", "class", "rows", "ms", "read");
    for (name, search) in cases {
        let ended = Command::new("sh").args(["-c", command]).status()?;
        ensure!(ended.success(), "`{command}`: {ended}");
        // Names of service resources are at hand in a service that runs.
        let (db, dictionary) = (Db::at(url, 1)?, Dictionary::default());
        let ids: Vec<i32> = sqlx::query_scalar("select id from service_resource").fetch_all(&db).await?;
        dictionary.names(&mut db.acquire().await?, ids.into_iter()).await?;
        let before = read(&db).await?;
        let started = Timer::now();
        let rows = search::page(&db, &dictionary, search).await?.rows.len();
        let elapsed = started.elapsed();
        let read = read(&db).await? - before;
        println!("{name:<60} {rows:>5} {:>9.1} {read:>9}", elapsed.as_secs_f64() * 1000.0);
        db.close();
    }
    Ok(())
}

/// Pages that were not in the server's memory.
async fn read(db: &Db) -> anyhow::Result<i64> {
    sqlx::query("select pg_stat_force_next_flush()").execute(db).await?;
    let total = "select blks_read from pg_stat_database where datname = current_database()";
    Ok(sqlx::query_scalar(total).fetch_one(db).await?)
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

/// The buffers of a page, printed with all else. `looking`: what [`looked`] itself looks at; `other`: the buffers of another run.
async fn measure(
    db: &Db,
    dictionary: &Dictionary,
    name: &str,
    search: &Request,
    looking: Looked,
    other: Option<i64>,
) -> anyhow::Result<i64> {
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
    let goal = if name.starts_with("phrase") { GOAL_OF_PHRASES } else { GOAL };
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let times = other.map_or_else(String::new, |other| format!("{:.1}", buffers as f64 / other.max(1) as f64));
    println!(
        "{name:<60} {rows:>5} {:>9.2} {:>9.2} {buffers:>9} {times:>9} {examined:>9} {:>7}",
        ms(median),
        ms(last),
        if last <= goal { "met" } else { "missed" }
    );
    Ok(buffers)
}
