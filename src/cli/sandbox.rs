//! `dialogporten sandbox`: the local platform alone, for a service that runs elsewhere.

use std::{
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use url::Url;

use super::{Common, log};
use crate::{
    clock::Clock,
    config::Source,
    dev::run::{address, refuse_exposure, world, write_at_once},
    sandbox::Sandbox,
    serve,
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5124")]
    listen: SocketAddr,
    /// The address that callers use, if it is not the one listened on
    #[arg(long, value_name = "URL")]
    base_url: Option<Url>,
    /// World to start with: a shipped one (default, bare) or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "bare")]
    scenario: String,
    /// Where keys are kept; without it they are made anew at each start
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
    /// Written in one step when everything answers: addresses as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Listen on more than loopback although anybody who reaches the sandbox can act as anybody
    #[arg(long)]
    expose_sandbox_to_network: bool,
}

pub fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<()> {
    let started = Instant::now();
    refuse_exposure(arguments.listen, arguments.expose_sandbox_to_network)?;
    let mut settings = common.settings();
    if !settings.is_changed("log.filter") {
        settings.put("log.filter", "warn", Source::Sandbox);
    }
    log::start(&settings.log()?);
    let world = world(&arguments.scenario)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(arguments.listen)
            .await
            .with_context(|| format!("cannot listen on {}", arguments.listen))?;
        let base = address(arguments.base_url.as_ref(), listener.local_addr()?)?;
        let sandbox = Sandbox::new(world, Clock::system(), arguments.keys.as_deref(), &base)?;
        let patience = Duration::from_secs(3);
        let serving = serve::until(serve::stop_asked(), listener, sandbox.router(), Duration::ZERO, patience);
        let serving = tokio::spawn(serving);
        if let Some(file) = &arguments.ready_file {
            let addresses = json!({
                "base_url": sandbox.base(),
                "token_url": sandbox.token_url(),
                "started_ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            });
            write_at_once(file, &addresses.to_string())?;
        }
        // Whoever started this may have stopped reading; that is no reason to end.
        let _ = writeln!(std::io::stdout(), "the sandbox is ready at {}/sandbox", sandbox.base());
        serving.await.context("serving")?
    })
}
