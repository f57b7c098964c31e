//! `dialogporten serve`: the API against the configured database and the real platform.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;

use super::{Common, log};
use crate::{app::App, clock::Clock, config::Source, router, serve};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where to listen; replaces `server.listen`
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// What was begun may take this long to finish after a stop.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<()> {
    let mut settings = common.settings();
    if let Some(listen) = arguments.listen {
        settings.put("server.listen", listen.to_string(), Source::Flag("--listen"));
    }
    let config = settings.config()?;
    log::start(&config.log);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let (listen, drain) = (config.server.listen, config.server.drain);
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let app = App::build(config, Clock::system())?;
        let syncing = app.altinn.keep_synced();
        tracing::info!(address = %listener.local_addr()?, "serving");
        let served = serve::until(serve::stop_asked(), listener, router::router(app.clone()), drain, PATIENCE).await;
        syncing.abort();
        app.db.close().await;
        served
    })
}
