//! The command line: which subcommands there are and what they are called with.

mod config;
mod dev;
mod events;
mod keys;
mod listen;
mod log;
mod metrics;
mod migrate;
mod openapi;
mod reindex;
mod sandbox;
mod seed;
mod serve;
mod sync;
mod token;
mod worker;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{config::Settings, dev::postgres::guard, server::memory};

/// A common API and metadata store for digital dialogs.
#[derive(Debug, Parser)]
#[command(name = "dialogporten", version, about)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
struct Common {
    /// Settings file (TOML); also DIALOGPORTEN_CONFIG
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Common {
    fn settings(&self) -> Settings {
        Settings::of_process(self.config.as_deref())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: database, sandbox platform, API (also without a command)
    Dev(dev::Arguments),
    /// Run the API against the configured database and the real platform
    Serve(serve::Arguments),
    /// What happened, what waits to be delivered, and delivering it again
    Events(events::Arguments),
    /// Fetch from the Resource Registry what the service fetches by the clock
    #[command(subcommand)]
    Sync(sync::Command),
    /// Sums of what was used
    #[command(subcommand)]
    Metrics(metrics::Command),
    /// Remove what has passed its time
    Maintain,
    /// Deliver events, and nothing else, until stopped
    Worker,
    /// Run the sandbox platform alone
    Sandbox(sandbox::Arguments),
    /// Print a token of the running sandbox
    Token(token::Arguments),
    /// Apply migrations to the configured database, then stop
    Migrate(migrate::Arguments),
    /// Fill the configured database with a large world of made-up dialogs
    Seed(seed::Arguments),
    /// Read the texts of dialogs anew, so that they are found by the words of the present analysis
    Reindex(reindex::Arguments),
    /// Write the API documents
    Openapi(openapi::Arguments),
    /// Make the keys that sign dialog tokens
    #[command(subcommand)]
    Keys(keys::Command),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::Command),
    /// Owns a managed database server; started by the program itself
    #[command(name = guard::COMMAND, hide = true)]
    Guard { orders: String },
}

/// Runs the command that the arguments of the process name.
pub fn run() -> ExitCode {
    memory::in_small_pages();
    let cli = Cli::parse();
    match execute(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { common, command } = cli;
    let done = match command {
        Some(Command::Guard { orders }) => guard::run(&orders),
        Some(Command::Config(command)) => config::run(&command, &common.settings()),
        Some(Command::Keys(command)) => keys::run(&command),
        Some(Command::Openapi(arguments)) => openapi::run(&arguments),
        Some(Command::Migrate(arguments)) => return migrate::run(&arguments, &common.settings()),
        Some(Command::Seed(arguments)) => seed::run(arguments, common.settings()),
        Some(Command::Reindex(arguments)) => return reindex::run(&arguments, &common.settings()),
        Some(Command::Dev(arguments)) => dev::run(arguments, &common),
        Some(Command::Serve(arguments)) => serve::run(&arguments, &common),
        Some(Command::Events(arguments)) => events::run(&arguments, &common),
        Some(Command::Sync(command)) => sync::run(&command, &common),
        Some(Command::Metrics(command)) => metrics::run(&command, &common),
        Some(Command::Maintain) => sync::maintain(&common),
        Some(Command::Worker) => worker::run(&common),
        Some(Command::Sandbox(arguments)) => sandbox::run(&arguments, &common),
        Some(Command::Token(arguments)) => token::run(&arguments),
        None => return without_command(&common),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// `dev`, unless the settings are those of a service: a container that forgot its command must not open a sandbox, where
/// anybody can be anybody.
fn without_command(common: &Common) -> anyhow::Result<ExitCode> {
    let given = common.settings().of_a_service();
    if given.is_empty() {
        return dev::run(dev::Arguments::default(), common).map(|()| ExitCode::SUCCESS);
    }
    eprintln!(
        "error: no command is named, and these settings are those of a service:\n  {}\nSay `dialogporten serve`, or \
         `dialogporten dev` for a sandbox in which anybody can be anybody.",
        given.join("\n  ")
    );
    // As for any wrong use of the command line.
    Ok(ExitCode::from(2))
}
