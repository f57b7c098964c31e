//! What is done before the first request is let in: connections, what was synchronised, the catalogue (chapter 05 D6).
//!
//! Readiness waits for it. The database may come later than the service: it is asked again until it is there. The platform
//! need not be there at all: what it would have said is asked for by whoever needs it.

use std::{fmt::Display, time::Duration};

use anyhow::ensure;
use tokio::time::{Instant, error::Elapsed, sleep, timeout};

use crate::{
    app::App,
    db::{Condition, Db},
    telemetry,
};

/// Connections that are made beforehand.
const CONNECTIONS: usize = 4;
/// How long each later phase may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two tries of the database.
const AGAIN: Duration = Duration::from_millis(500);
/// Before the first.
pub const NOT_STARTED: Option<&str> = Some("not-started");

/// Waits for the database.
///
/// # Errors
/// It is reached through something that this program does not work behind.
pub async fn database(db: &Db) -> anyhow::Result<()> {
    let mut keeps_sessions = false;
    loop {
        // The probe tells the log what is wrong, now and then.
        let condition = db.condition().await;
        // Asked whatever it says: behind such a pooler prepared statements may fail, and the probe's with them.
        if !keeps_sessions && let Ok(Ok(found)) = timeout(PATIENCE, db.keeps_sessions()).await {
            ensure!(
                found,
                "the database is behind a pooler that hands its connections out for a transaction at a time (PgBouncer: \
                 pool_mode = transaction); this program needs pool_mode = session, or none in between"
            );
            keeps_sessions = true;
        }
        if keeps_sessions && matches!(condition, Condition::Answers(standing) if standing.suffices()) {
            return Ok(());
        }
        sleep(AGAIN).await;
    }
}

/// Does it, phase by phase.
///
/// # Errors
/// Those of [`database`].
pub async fn run(app: App) -> anyhow::Result<()> {
    let began = Instant::now();
    app.warmup.enter(Some("db-pool"));
    database(&app.db).await?;
    drop(futures_util::future::join_all((0..CONNECTIONS).map(|_| app.db.acquire())).await);
    app.warmup.enter(Some("synchronised"));
    said("what was synchronised", timeout(PATIENCE, app.altinn.load()).await);
    app.warmup.enter(Some("service-resource-metadata"));
    said("the catalogue", timeout(PATIENCE, app.altinn.resources().catalogue()).await);
    app.warmup.enter(None);
    tracing::info!(duration_ms = telemetry::millis(began.elapsed()), "warmed up");
    Ok(())
}

fn said<T, E: Display>(what: &str, done: Result<Result<T, E>, Elapsed>) {
    match done {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(what, %error, "could not be warmed up"),
        Err(_) => tracing::warn!(what, "could not be warmed up in time"),
    }
}
