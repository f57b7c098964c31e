//! What requests cost, beside the same statements without a service:
//! `cargo bench --bench http -- [--dialogs N] [--seconds S] [--only WORDS] [--delivery] [--program PATH] [--at URL]`.
//!
//! Starts a database server, fills it (`seed --people-of bare`, 100,000 dialogs unless told otherwise), the sandbox and the
//! service, and drives each operation with tokens of the sandbox over 1, 16 and 64 connections that are kept. Beside each
//! stand the statements of the same requests with the same parameters, replayed in the same run over as many connections
//! that do nothing else: recorded by [`recorder`] between database and service, prepared once for each connection, then
//! sent as they are. What a second write must have of its own is put in their place: see [`script`].
//!
//! Processor time is that of the processes (`/proc`): of the service; of the database server with all its processes. The
//! client's and the sandbox's do not count, and what a replay's own client needs does not count for the bare statement.
//! Goals: service and database together need at most twice what the bare statements need of the database; the service
//! needs no more than the database.
//!
//! The list over 101 parties is that of a person who leads so many organizations and names a service resource and no party.
//! Dialogs that are read for the first time, and those that are read bare, were created just before. Without `--delivery`
//! events are written and not posted, as where `dialogporten worker` does that. `--at URL` takes a running `dev --seed N`
//! and tells what its clients see; whose processes those are, and their statements, it does not know.
//!
//! `--mixed SECONDS [--connections N] [--streams N]` measures nothing by itself but all at once, for so long: see [`mixed`].

mod bare;
mod client;
mod drive;
mod mixed;
mod operations;
mod processor;
mod recorder;
mod recording;
mod script;
mod stage;
mod twin;
mod wire;

use std::{path::PathBuf, sync::atomic::Ordering, time::Duration};

use anyhow::Context;
use tokio::runtime::Runtime;
use url::Url;

use self::{
    drive::{Load, Run},
    mixed::Mixed,
    operations::{Fresh, Kind, Operation},
    recording::record,
    stage::Stage,
};

const CONNECTIONS: [usize; 3] = [1, 16, 64];
/// Dialogs for the first readings of one run.
const FRESH: usize = 2_500;

fn main() -> anyhow::Result<()> {
    let mut wish = Wish {
        dialogs: 100_000,
        time: Duration::from_secs(3),
        only: None,
        delivers: false,
        program: env!("CARGO_BIN_EXE_dialogporten").into(),
        at: None,
        mixed: None,
        connections: 1_000,
        streams: 100,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} takes a value"));
        match argument.as_str() {
            "--dialogs" => wish.dialogs = value()?.parse().context("a number of dialogs")?,
            "--seconds" => wish.time = Duration::from_secs_f64(value()?.parse().context("a number of seconds")?),
            "--only" => wish.only = Some(value()?),
            "--program" => wish.program = value()?.into(),
            "--at" => wish.at = Some(Url::parse(&value()?).context("the address of a service")?),
            "--mixed" => wish.mixed = Some(Duration::from_secs(value()?.parse().context("a number of seconds")?)),
            "--connections" => wish.connections = value()?.parse().context("a number of connections")?,
            "--streams" => wish.streams = value()?.parse().context("a number of streams")?,
            "--delivery" => wish.delivers = true,
            // What cargo adds.
            "--bench" => {}
            other => anyhow::bail!("`{other}` is unknown"),
        }
    }
    wish.run()
}

struct Wish {
    dialogs: u64,
    /// For which each operation is measured with each number of connections.
    time: Duration,
    only: Option<String>,
    delivers: bool,
    program: PathBuf,
    at: Option<Url>,
    mixed: Option<Duration>,
    connections: usize,
    streams: usize,
}

impl Wish {
    fn run(&self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let stage = match &self.at {
            Some(url) => Stage::at(&self.program, url)?,
            None => Stage::build(&self.program, self.dialogs, self.delivers)?,
        };
        if let Some(time) = self.mixed {
            let mixed = Mixed { time, connections: self.connections, streams: self.streams };
            return mixed.run(&stage, &runtime, &Operation::all(&stage)?);
        }
        println!(
            "| Operation | Connections | Requests/s | p50 ms | p99 ms | Service µs | PostgreSQL µs | Bare µs | Total ÷ bare | Service ÷ PostgreSQL | Goal |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        let mut failed = Vec::new();
        for operation in Operation::all(&stage)? {
            if self.only.as_deref().is_none_or(|only| operation.name.contains(only))
                && let Err(error) = self.measure(&stage, &runtime, &operation)
            {
                // The others are worth knowing all the same.
                eprintln!("{}: {error:#}", operation.name);
                failed.push(operation.name);
            }
        }
        anyhow::ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
        Ok(())
    }

    fn measure(&self, stage: &Stage, runtime: &Runtime, operation: &Operation) -> anyhow::Result<()> {
        let mut replay = match &stage.behind {
            Some(behind) => Some((behind, record(stage, behind, runtime, operation)?)),
            None => None,
        };
        if let Some((_, replay)) = &replay {
            eprintln!("{}: {}", operation.name, replay.names().join(", "));
        }
        let is_first = matches!(operation.kind, Kind::FirstReadings);
        for connections in CONNECTIONS {
            let load = Load { connections, time: self.time };
            let fresh = if is_first { Fresh::create(stage, FRESH)? } else { Fresh::default() };
            let served = load.drive(&stage.meter, |number| operation.worker(stage, &fresh, number, connections))?;
            let mut bare = None;
            if let Some((behind, replay)) = &mut replay {
                let fresh = if is_first { Some(Fresh::create(stage, FRESH)?) } else { None };
                replay.take_twins(behind, runtime, fresh.as_ref())?;
                let replay = &*replay;
                bare = Some(load.drive(&stage.meter, |number| replay.worker(&behind.database, number, connections))?);
                let unlike = replay.unlike.swap(0, Ordering::Relaxed);
                if unlike > 0 {
                    eprintln!("{}: the database answered {unlike} replays otherwise", operation.name);
                }
            }
            line(operation.name, connections, &served, bare.as_ref());
        }
        Ok(())
    }
}

fn line(name: &str, connections: usize, served: &Run, bare: Option<&Run>) {
    let seen = format!("{:.0} | {:.2} | {:.2}", served.per_second(), served.percentile(50), served.percentile(99));
    let cost = bare.map_or_else(
        || "| | | | |".to_owned(),
        |bare| {
            let ((service, database), (_, bare)) = (served.cost(), bare.cost());
            let (total, share) = ((service + database) / bare, service / database);
            let goal = match (total <= 2.0, share <= 1.0) {
                (true, true) => "reached",
                (false, true) => "missed: total",
                (true, false) => "missed: service",
                (false, false) => "missed: both",
            };
            format!("{service:.0} | {database:.0} | {bare:.0} | {total:.2} | {share:.2} | {goal}")
        },
    );
    println!("| {name} | {connections} | {seen} | {cost} |");
}
