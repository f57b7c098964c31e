//! `dialogporten serve`: the API against the configured database and the real platform.

use std::{future::pending, net::SocketAddr, time::Duration};

use anyhow::{Context, bail};
use clap::Args;

use super::{Common, listen, log};
use crate::{
    app::App,
    background::{Background, STOP},
    clock::Clock,
    config::{Config, Source},
    events::deliver::deliver,
    jobs::{timers, warm_up},
    metadata::metrics,
    outgoing, reindex, router,
    server::{self, Maintenance},
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where to listen; replaces `server.listen`
    #[arg(long, value_name = "ADDRESS", value_parser = listen::address)]
    listen: Option<SocketAddr>,
}

pub fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<()> {
    let mut settings = common.settings();
    if let Some(listen) = arguments.listen {
        settings.put("server.listen", listen.to_string(), Source::Flag("--listen"));
    }
    let config = settings.config()?;
    let export = log::start_exporting(&config.log, &config.telemetry);
    refuse_sandbox(&config)?;
    if config.altinn.base_uri.scheme() == "https" {
        outgoing::trusts_anybody()?;
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let settings = config.server;
        let listen = settings.listen;
        let listener = server::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
        let app = App::build(config, Clock::system())?;
        let exporting = export.map(|export| metrics::begin(export, &app));
        let background = Background::default();
        background.spawn("timers", timers::keep(app.clone()));
        background.spawn("replica", app.db.clone().keep_replica());
        background.spawn("signal", app.signal.clone().keep(app.db.clone()));
        if app.config.events.deliver {
            background.work("delivery", |stop| deliver(app.clone(), stop));
        }
        background.work("texts", |stop| reindex::keep_current(app.db.clone(), stop));
        background.work("usage", |stop| app.usage.clone().keep(app.db.clone(), stop));
        // Before the first connection is taken: readiness is to say no until it is done.
        app.warmup.enter(warm_up::NOT_STARTED);
        background.spawn("maintenance", follow_settings(common.clone(), app.maintenance.clone()));
        tracing::info!(address = %listener.local_addr()?, "serving");
        let (router, lifecycle) = (router::router(app.clone()), app.lifecycle.clone());
        let warming = async {
            match warm_up::run(app.clone()).await {
                Ok(()) => pending().await,
                Err(refusal) => refusal,
            }
        };
        tokio::select! {
            () = server::run(listener, router, &settings, lifecycle, server::drain::stop_asked()) => {}
            refusal = warming => return Err(refusal),
        }
        background.stop(STOP).await;
        if let Some(exporting) = exporting {
            exporting.stop().await;
        }
        app.db.close();
        tracing::info!("stopped");
        Ok(())
    })
}

/// Looks now and then whether the settings say maintenance, so that it is entered and left without a restart.
async fn follow_settings(common: Common, maintenance: Maintenance) {
    const EVERY: Duration = Duration::from_secs(5);
    loop {
        tokio::time::sleep(EVERY).await;
        match common.settings().maintenance() {
            Ok(standing) => maintenance.set(standing),
            // A file that is just being written is whole the next time.
            Err(faults) => tracing::warn!(%faults, "maintenance stays as it is"),
        }
    }
}

/// Tokens of a sandbox are anybody's for the asking, and keys that came over plain http may be anybody's.
///
/// # Errors
/// The settings name such issuers, and do not say that they are meant.
fn refuse_sandbox(config: &Config) -> anyhow::Result<()> {
    if config.altinn.allow_sandbox {
        return Ok(());
    }
    for issuer in &config.authentication.issuers {
        let (name, address) = (&issuer.name, &issuer.well_known);
        let why = if address.path().contains(SANDBOX_ISSUERS) {
            "is a sandbox, which gives a token of anybody to everybody"
        } else if address.scheme() != "https" {
            "sends its keys over plain http, where anybody on the way can replace them"
        } else {
            continue;
        };
        bail!("authentication.issuers: {name} ({address}) {why}; altinn.allow_sandbox = true says that this is meant");
    }
    Ok(())
}

/// The path of every issuer of a sandbox.
const SANDBOX_ISSUERS: &str = "/sandbox/issuers/";
