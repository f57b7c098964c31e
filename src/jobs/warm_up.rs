//! What is done before the first request is let in: connections, what was synchronised, the catalogue (chapter 05 D6).
//!
//! Readiness waits for it. The database may come later than the service: it is asked again until it is there. The platform
//! need not be there at all: what it would have said is asked for by whoever needs it.

use std::{fmt::Display, time::Duration};

use tokio::time::{Instant, error::Elapsed, sleep, timeout};

use crate::{app::App, db::Condition, telemetry};

/// Connections that are made beforehand.
const CONNECTIONS: usize = 4;
/// How long each later phase may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two tries of the database.
const AGAIN: Duration = Duration::from_millis(500);
/// Before the first.
pub const NOT_STARTED: Option<&str> = Some("not-started");

/// Does it, phase by phase.
pub async fn run(app: App) {
    let began = Instant::now();
    app.warmup.enter(Some("db-pool"));
    // The probe tells the log what is wrong, now and then.
    while !matches!(app.db.condition().await, Condition::Answers(standing) if standing.suffices()) {
        sleep(AGAIN).await;
    }
    drop(futures_util::future::join_all((0..CONNECTIONS).map(|_| app.db.acquire())).await);
    app.warmup.enter(Some("synchronised"));
    said("what was synchronised", timeout(PATIENCE, app.altinn.load()).await);
    app.warmup.enter(Some("service-resource-metadata"));
    said("the catalogue", timeout(PATIENCE, app.altinn.resources().catalogue()).await);
    app.warmup.enter(None);
    tracing::info!(duration_ms = telemetry::millis(began.elapsed()), "warmed up");
}

fn said<T, E: Display>(what: &str, done: Result<Result<T, E>, Elapsed>) {
    match done {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(what, %error, "could not be warmed up"),
        Err(_) => tracing::warn!(what, "could not be warmed up in time"),
    }
}
