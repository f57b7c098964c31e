//! `dialogporten dev`, which is also what the program does without a command.

use std::{net::SocketAddr, path::PathBuf, time::Instant};

use clap::Args;
use url::Url;

use super::{Common, listen, log};
use crate::{config::Source, dev::run::Dev};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5123", value_parser = listen::address)]
    listen: SocketAddr,
    /// Where to answer over https; 20 ports above `--listen` unless given
    #[arg(long, value_name = "ADDRESS", value_parser = listen::address)]
    https_listen: Option<SocketAddr>,
    /// The address that callers use, if it is not the one listened on (containers, proxies)
    #[arg(long, value_name = "URL")]
    base_url: Option<Url>,
    /// Keep nothing: a temporary database without fsync
    #[arg(long)]
    ephemeral: bool,
    /// Throw the stored dialogs of an earlier run away first
    #[arg(long)]
    fresh: bool,
    /// Where data and keys are kept
    #[arg(long, value_name = "FOLDER", conflicts_with = "ephemeral")]
    data_dir: Option<PathBuf>,
    /// World to start with: a shipped one (default, bare) or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "default")]
    scenario: String,
    /// Fill the store with so many made-up dialogs first, of which people of the world have many (`dialogporten seed`)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    seed: Option<u64>,
    /// Written in one step when everything answers: addresses as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Listen on more than loopback although anybody who reaches the sandbox can act as anybody
    #[arg(long)]
    expose_sandbox_to_network: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5123)),
            https_listen: None,
            base_url: None,
            ephemeral: false,
            fresh: false,
            data_dir: None,
            scenario: "default".into(),
            seed: None,
            ready_file: None,
            expose_sandbox_to_network: false,
        }
    }
}

pub fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut settings = common.settings();
    // The start card is what people are to see; a line for each request would bury it. Refusals are worth one.
    if !settings.is_changed("log.filter") {
        settings.put("log.filter", crate::dev::LOG_FILTER, Source::Sandbox);
    }
    let export = log::start_exporting(&settings.log()?, &settings.telemetry()?);
    let dev = Dev {
        listen: arguments.listen,
        https_listen: arguments.https_listen,
        base_url: arguments.base_url,
        ephemeral: arguments.ephemeral,
        fresh: arguments.fresh,
        data_dir: arguments.data_dir,
        scenario: arguments.scenario,
        seed: arguments.seed,
        ready_file: arguments.ready_file,
        expose_sandbox: arguments.expose_sandbox_to_network,
    };
    dev.run(settings, export, started)
}
