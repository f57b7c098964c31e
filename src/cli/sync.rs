//! `dialogporten sync …` and `dialogporten maintain`: what the service does by the clock, done now.

use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::{Common, log};
use crate::{app::App, clock::Clock, jobs::maintain, outgoing};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetch which roles and packages give access to which service resource
    SubjectResources {
        /// Changes since then, not since the newest that is stored
        #[arg(long, value_name = "TIME")]
        since: Option<DateTime<Utc>>,
    },
    /// Fetch the authentication level that the policy of each service resource demands
    Policies,
}

pub fn run(command: &Command, common: &Common) -> anyhow::Result<()> {
    with_app(common, async |app| {
        match command {
            Command::SubjectResources { since } => {
                println!("{} changes of mappings stored", app.altinn.sync_mappings(*since).await?);
            }
            Command::Policies => {
                println!("the policies of {} service resources read", app.altinn.sync_levels().await?);
            }
        }
        Ok(())
    })
}

/// Removes what has passed its time.
pub fn maintain(common: &Common) -> anyhow::Result<()> {
    with_app(common, async |app| {
        println!("{}", maintain::run(&app.db, app.clock.now(), app.config.events.keep).await?);
        Ok(())
    })
}

fn with_app(common: &Common, work: impl AsyncFnOnce(&App) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let config = common.settings().config()?;
    log::start(&config.log);
    if config.altinn.base_uri.scheme() == "https" {
        outgoing::trusts_anybody()?;
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let app = App::build(config, Clock::system())?;
        // Connections are closed properly also if it failed.
        let outcome = work(&app).await;
        app.db.close();
        outcome
    })
}
