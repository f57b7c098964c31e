//! `dialogporten serve`: the API against the configured database and the real platform.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use clap::Args;
use tokio::net::TcpListener;

use super::{Common, listen, log};
use crate::{
    app::App,
    background::{Background, STOP},
    clock::Clock,
    config::{Config, Source},
    events::deliver::deliver,
    jobs::timers,
    outgoing, reindex, router, server,
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
    log::start(&config.log);
    refuse_sandbox(&config)?;
    if config.altinn.base_uri.scheme() == "https" {
        outgoing::trusts_anybody()?;
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let settings = config.server;
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let app = App::build(config, Clock::system())?;
        let background = Background::default();
        background.spawn("timers", timers::keep(app.clone()));
        background.spawn("signal", app.signal.clone().keep(app.db.clone()));
        if app.config.events.deliver {
            background.work("delivery", |stop| deliver(app.clone(), stop));
        }
        background.work("texts", |stop| reindex::keep_current(app.db.clone(), stop));
        let db = app.db.clone();
        background.spawn("first look", async move {
            // The log says at once what else readiness would say first, and which command mends it.
            db.condition().await;
        });
        tracing::info!(address = %listener.local_addr()?, "serving");
        let (router, lifecycle) = (router::router(app.clone()), app.lifecycle.clone());
        server::run(listener, router, &settings, lifecycle, server::drain::stop_asked()).await;
        background.stop(STOP).await;
        app.db.close();
        tracing::info!("stopped");
        Ok(())
    })
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
