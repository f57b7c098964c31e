//! `dialogporten migrate`: applies migrations and stops.

use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use crate::{cli::log, config::Settings, store::migrations::MIGRATIONS};

pub fn run(settings: &Settings) -> anyhow::Result<()> {
    let (database, lines) = settings.database()?;
    log::start(&lines);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut connection = PgConnection::connect(database.url.expose_secret()).await?;
        MIGRATIONS.run(&mut connection).await?;
        connection.close().await?;
        let last = MIGRATIONS.iter().last().map_or(0, |migration| migration.version);
        println!("the database is at migration {last}");
        Ok(())
    })
}
