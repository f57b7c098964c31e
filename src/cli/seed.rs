//! `dialogporten seed`: a large world of dialogs in the configured database.

use std::time::Instant as Timer;

use anyhow::Context;
use clap::Args;
use secrecy::ExposeSecret;

use super::log;
use crate::{
    clock::Clock,
    config::{Settings, Source},
    dev::run::world,
    domain::Instant,
    seed::{self, Detail, Wish},
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// How many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    dialogs: u64,
    /// Whose they are; an eighth of the dialogs unless told otherwise, at least 100
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3_000_000))]
    parties: Option<u32>,
    /// Only service resources of this service owner
    #[arg(long, value_name = "CODE")]
    owner: Option<String>,
    /// Another seed, another world; the same seed, the same one
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Make people, organizations and resources of this scenario (a name or a file) some of the large and small ones, so that
    /// the sandbox's tokens reach them
    #[arg(long, value_name = "SCENARIO")]
    people_of: Option<String>,
    /// Only what lists read, for measuring them at size: without bodies, transmissions, activities and label log
    #[arg(long)]
    lean: bool,
    /// The database, if not the one of the settings
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The end of the three years in which the dialogs were made; the beginning of today unless told otherwise
    #[arg(long, value_name = "INSTANT")]
    until: Option<Instant>,
}

pub fn run(arguments: Arguments, mut settings: Settings) -> anyhow::Result<()> {
    let Arguments { dialogs, parties, owner, seed, people_of, lean, database_url, until } = arguments;
    if let Some(url) = database_url {
        settings.put("database.url", url, Source::Flag("--database-url"));
    }
    let (database, lines) = settings.database()?;
    log::start(&lines);
    let people_of = match people_of {
        Some(name) => Some((name.clone(), world(&name)?)),
        None => None,
    };
    let owner = owner.map(|owner| owner.to_lowercase());
    // The beginning of the day, so that the same command makes the same world all day long.
    let until = until.unwrap_or_else(|| seed::day_of(Clock::system().now()));
    let detail = if lean { Detail::Lists } else { Detail::Whole };
    let wish = Wish { dialogs, parties, owner, seed, people_of, until, detail, is_quiet: false };
    let started = Timer::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(seed::run(database.url.expose_secret(), &wish)).context("seed")?;
    if outcome.was_there {
        eprintln!("they were there already");
    }
    println!("{} dialogs in {:.1} s", outcome.dialogs, started.elapsed().as_secs_f64());
    Ok(())
}
