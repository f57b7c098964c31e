//! `dialogporten sandbox`: the local platform alone, for a service that runs elsewhere.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use tokio::net::TcpListener;
use url::Url;

use super::{Common, log};
use crate::{
    clock::Clock,
    config::Source,
    sandbox::{Sandbox, world::World},
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
    /// Listen on more than loopback although anybody who reaches the sandbox can act as anybody
    #[arg(long)]
    expose_sandbox_to_network: bool,
}

pub fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<()> {
    if !arguments.listen.ip().is_loopback() && !arguments.expose_sandbox_to_network {
        bail!(
            "{} is reachable from other machines; --expose-sandbox-to-network says that this is meant",
            arguments.listen
        );
    }
    let mut settings = common.settings();
    if !settings.is_changed("log.filter") {
        settings.put("log.filter", "warn", Source::Sandbox);
    }
    log::start(&settings.log()?);
    let world = World::named(&arguments.scenario).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
        anyhow::anyhow!("the scenario `{}` cannot be used:{}", arguments.scenario, faults.concat())
    })?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(arguments.listen)
            .await
            .with_context(|| format!("cannot listen on {}", arguments.listen))?;
        let base = match &arguments.base_url {
            Some(base) => base.clone(),
            None => Url::parse(&format!("http://{}", listener.local_addr()?))?,
        };
        let sandbox = Sandbox::new(world, Clock::system(), arguments.keys.as_deref(), &base)?;
        println!("the sandbox is ready at {}/sandbox", sandbox.base());
        let patience = Duration::from_secs(3);
        serve::until(serve::stop_asked(), listener, sandbox.router(), Duration::ZERO, patience).await
    })
}
