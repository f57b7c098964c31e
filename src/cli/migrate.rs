//! `dialogporten migrate`: applies migrations and stops; or only says how things stand.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use crate::{
    cli::log,
    config::Settings,
    db::migrations::{self, MIGRATIONS, Standing},
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Apply nothing; say how the schema stands: exit code 0 current, 3 behind, 4 ahead or changed
    #[arg(long)]
    status: bool,
    /// Apply nothing; name what would be applied
    #[arg(long, conflicts_with = "status")]
    dry_run: bool,
}

pub fn run(arguments: &Arguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (database, lines) = settings.database()?;
    log::start(&lines);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        // One connection and no pool: a lock of the migrations belongs to the session.
        let mut connection =
            PgConnection::connect(database.url.expose_secret()).await.context("cannot connect to the database")?;
        let standing = migrations::standing(&mut connection).await?;
        let code = if arguments.status {
            println!("{standing}");
            code_of(standing)
        } else if arguments.dry_run {
            announce(&mut connection, standing).await?
        } else {
            apply(&mut connection, standing).await?;
            ExitCode::SUCCESS
        };
        connection.close().await?;
        Ok(code)
    })
}

fn code_of(standing: Standing) -> ExitCode {
    ExitCode::from(match standing {
        Standing::Current => 0,
        // Codes of their own, so that scripts need not read the text; 1 and 2 mean that the command itself failed.
        Standing::Unmigrated | Standing::Behind { .. } => 3,
        Standing::Ahead { .. } | Standing::Changed { .. } => 4,
    })
}

/// What [`apply`] would do; its exit code if it would refuse.
async fn announce(connection: &mut PgConnection, standing: Standing) -> anyhow::Result<ExitCode> {
    match standing {
        Standing::Changed { .. } => {
            println!("{standing}");
            return Ok(code_of(standing));
        }
        Standing::Current | Standing::Ahead { .. } => println!("{standing} Nothing would be applied."),
        Standing::Unmigrated | Standing::Behind { .. } => {
            for migration in migrations::missing(connection).await? {
                println!("would apply {:04} {}", migration.version, migration.description);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn apply(connection: &mut PgConnection, standing: Standing) -> anyhow::Result<()> {
    match standing {
        // No failure: during a rollout an older release meets a database that is further on.
        Standing::Ahead { .. } => println!("{standing}"),
        Standing::Changed { .. } => anyhow::bail!("{standing}"),
        Standing::Current | Standing::Unmigrated | Standing::Behind { .. } => {
            MIGRATIONS.run(connection).await?;
            let last = MIGRATIONS.iter().last().map_or(0, |migration| migration.version);
            println!("the database is at migration {last}");
        }
    }
    Ok(())
}
