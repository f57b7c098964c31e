//! What is done by the clock while the service runs: synchronising with the registry and removing what has passed its time
//! (chapter 05 C1). Every instance keeps the time; one of them does the work, the others take up what it stored.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tracing::Instrument;

use super::{alone, maintain};
use crate::{app::App, telemetry::step};

/// Between two looks at what is due.
const TICK: Duration = Duration::from_mins(1);
// As the reference's job (chapter 05 C1).
const MAPPINGS: Duration = Duration::from_mins(5);
/// Policies change seldom; the contract reads them every night.
const POLICIES: Duration = Duration::from_hours(6);
const MAINTENANCE: Duration = Duration::from_hours(1);
/// Instances do not look at exactly the same moment, so what was done a little less than its time ago is due.
const MARGIN: Duration = Duration::from_secs(30);

/// Does what is due now and from here on, until it is dropped. Failures are logged, and the next turn tries again.
pub async fn keep(app: App) {
    let mut ticks = interval(TICK);
    // After a long turn the usual pause, not the missed ticks all at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What is stored comes into force at once, also while the registry does not answer.
    said("what is stored", app.altinn.load().await.map(Some));
    loop {
        ticks.tick().await;
        let (db, altinn) = (&app.db, &app.altinn);
        let mappings = async { Ok(altinn.sync_mappings(None).await?) };
        let mappings = alone(db, "sync subject-resources", MAPPINGS.saturating_sub(MARGIN), mappings);
        said("mappings", mappings.instrument(step("sync subject-resources")).await);
        let levels = async { Ok(altinn.sync_levels().await?) };
        let levels = alone(db, "sync policies", POLICIES.saturating_sub(MARGIN), levels);
        said("levels", levels.instrument(step("sync policies")).await);
        // Also if another instance did it, or failed: it may have stored something newer.
        said("what is stored", altinn.load().await.map(Some));
        let removing = maintain::run(db, app.clock.now(), app.config.events.keep);
        let removing = alone(db, "maintain", MAINTENANCE.saturating_sub(MARGIN), removing);
        if let Some(removed) = said("what is old", removing.instrument(step("maintain")).await) {
            tracing::debug!(%removed, "maintained");
        }
    }
}

/// What came of it; a failure is logged.
fn said<T>(what: &str, done: Result<Option<T>, impl Into<anyhow::Error>>) -> Option<T> {
    done.unwrap_or_else(|error| {
        let error = error.into();
        tracing::warn!(what, error = format!("{error:#}"), "not done");
        None
    })
}
