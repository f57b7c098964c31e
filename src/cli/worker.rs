//! `dialogporten worker`: delivers events and serves nobody. Any number may run, beside any number of services.

use super::{Common, log};
use crate::{
    app::App,
    background::{Background, STOP},
    clock::Clock,
    events::deliver::deliver,
    jobs::warm_up,
    metadata::metrics,
    outgoing, server,
};

pub fn run(common: &Common) -> anyhow::Result<()> {
    let config = common.settings().config()?;
    let export = log::start_exporting(&config.log, &config.telemetry);
    if config.altinn.events_base_uri.scheme() == "https" {
        outgoing::trusts_anybody()?;
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let app = App::build(config, Clock::system())?;
        tokio::select! {
            found = warm_up::database(&app.db) => found?,
            () = server::drain::stop_asked() => return Ok(()),
        }
        let exporting = export.map(|export| metrics::begin(export, &app));
        let background = Background::default();
        background.spawn("signal", app.signal.clone().keep(app.db.clone()));
        background.work("delivery", |stop| deliver(app.clone(), stop));
        tracing::info!("delivering events");
        server::drain::stop_asked().await;
        background.stop(STOP).await;
        if let Some(exporting) = exporting {
            exporting.stop().await;
        }
        app.db.close();
        tracing::info!("stopped");
        Ok(())
    })
}
