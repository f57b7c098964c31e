//! `dialogporten reindex`: reads the texts of dialogs anew, so that they are found by the words of the present analysis.

use std::{
    io::IsTerminal,
    num::NonZeroUsize,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::log,
    config::Settings,
    db::Db,
    reindex::{self, Ending, Orders, Progress},
    server::drain,
    store::text_reindex::Kind,
};

/// Whose standing the command's is.
const NAME: &str = "command";

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Arguments {
    /// All dialogs
    #[arg(long, short, group = "what")]
    full: bool,
    /// Dialogs that were updated then or later, as 2031-04-05T06:07:08Z
    #[arg(long, short, group = "what", value_name = "TIME")]
    since: Option<chrono::DateTime<chrono::Utc>>,
    /// Go on where the command was stopped or killed
    #[arg(long, short, group = "what")]
    resume: bool,
    /// Dialogs whose words are of an older analysis, or that have none yet
    #[arg(long, short = 'o', group = "what")]
    stale_only: bool,
    /// First those of an older analysis, then the others
    #[arg(long)]
    stale_first: bool,
    /// Dialogs read at once
    #[arg(long, short, value_name = "N", default_value = "1000")]
    batch_size: NonZeroUsize,
    /// Batches under way at once
    #[arg(long, short, value_name = "N", default_value = "1")]
    workers: NonZeroUsize,
    /// Rest before each batch, in milliseconds
    #[arg(long, value_name = "N", default_value = "0")]
    throttle_ms: u64,
}

impl Arguments {
    fn orders(&self) -> Orders {
        let kind = match (self.full, self.since) {
            (true, _) => Some(Kind::Full),
            (_, Some(since)) => Some(Kind::Since(since)),
            _ => self.stale_only.then_some(Kind::Stale),
        };
        Orders {
            kind,
            is_stale_first: self.stale_first,
            batch: self.batch_size,
            workers: self.workers,
            rest: Duration::from_millis(self.throttle_ms),
        }
    }
}

pub fn run(arguments: &Arguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (database, lines) = settings.database()?;
    log::start(&lines);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let db = Db::new(&database)?;
        let (begun, stop) = (Instant::now(), CancellationToken::new());
        let asked = stop.clone();
        tokio::spawn(async move {
            drain::stop_asked().await;
            asked.cancel();
        });
        let mut shown = Shown::new();
        let ending = reindex::run(&db, NAME, arguments.orders(), &stop, |progress| shown.tell(progress)).await;
        shown.bar.finish_and_clear();
        db.close();
        let seconds = begun.elapsed().as_secs_f64();
        match ending.context("cannot read the texts anew; `reindex --resume` goes on where it stood")? {
            Ending::Finished { done } => println!("{done} dialogs read anew in {seconds:.1} s"),
            Ending::Stopped { done } => {
                println!("stopped; {done} dialogs read anew so far, `reindex --resume` goes on");
                // Not done: whatever waits for the end must not go on.
                return Ok(ExitCode::FAILURE);
            }
            Ending::NothingToGoOnWith => println!("nothing to go on with: the last reading came to its end"),
            Ending::Busy => anyhow::bail!("another process reads texts anew at the moment"),
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// A bar where somebody looks, a line every ten seconds elsewhere.
struct Shown {
    bar: ProgressBar,
    last_line: Instant,
    is_terminal: bool,
}

impl Shown {
    fn new() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let template = "{wide_bar} {pos} of about {len} dialogs, {per_sec}, {eta} to go";
        bar.set_style(ProgressStyle::with_template(template).expect("a template that indicatif knows"));
        Self { bar, last_line: Instant::now(), is_terminal }
    }

    fn tell(&mut self, progress: Progress) {
        self.bar.set_length(progress.total.max(progress.seen));
        self.bar.set_position(progress.seen);
        if !self.is_terminal && self.last_line.elapsed() >= Duration::from_secs(10) {
            self.last_line = Instant::now();
            eprintln!("{} of about {} dialogs looked at, {} read anew", progress.seen, progress.total, progress.done);
        }
    }
}
