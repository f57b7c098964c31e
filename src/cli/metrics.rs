//! `dialogporten metrics costs`: the sums of a day by which costs are shared.

use std::path::PathBuf;

use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{Common, log};
use crate::{
    clock::Clock,
    config::Source,
    db::Db,
    store,
    usage::costs::{csv, norwegian_day},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// How much of the service each owner used on a Norwegian day, as comma-separated values
    Costs(Costs),
}

#[derive(Debug, Args)]
pub struct Costs {
    /// The day; yesterday unless given
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
    /// Write Parquet (not built in)
    #[arg(long)]
    parquet: bool,
    /// Write to a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The first column
    #[arg(long, value_name = "NAME", default_value = "TEST")]
    environment: String,
    /// The database, if not the configured one
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

pub fn run(command: &Command, common: &Common) -> anyhow::Result<()> {
    let Command::Costs(costs) = command;
    if costs.parquet {
        bail!("Parquet is not built in; leave --parquet out and convert the CSV");
    }
    let mut settings = common.settings();
    if let Some(url) = &costs.database_url {
        settings.put("database.url", url.as_str(), Source::Flag("--database-url"));
    }
    let (database, lines) = settings.database()?;
    log::start(&lines);
    // Yesterday is the last day that is over, and days are Norwegian here.
    let day = costs.date.or_else(|| norwegian_day(Clock::system().now()).pred_opt()).context("a day before today")?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let counted = store::usage::of_day(&Db::new(&database)?, day).await?;
        let text = csv(&costs.environment, &counted);
        match &costs.out {
            Some(file) => {
                std::fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
                println!("{} lines of {day} in {}", text.lines().count() - 1, file.display());
            }
            None => print!("{text}"),
        }
        Ok(())
    })
}
