//! Delivery: what happened goes to the platform's event endpoint, at least once, each dialog's events in their order.
//!
//! One loop in each process that delivers. It leases dialogs ([`store::delivery`](crate::store::delivery)), sends several at
//! once, and the events of each one after the other. It is woken by [`signal`](super::signal), by what is due again, and
//! looks by itself now and then. An endpoint that cannot be reached is tried by one at a time until it is back; all others
//! wait in the outbox, and nothing is parked for that.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    cloud_event::{self, CloudEvent},
    retry::{self, Next},
};
use crate::{
    altinn::events::NotTaken,
    app::App,
    domain::{Instant, event::DomainEvent},
    meter,
    seldom::Seldom,
    store::delivery::{self, Claimed, Failed, Outcome},
    telemetry,
};

/// So many dialogs in a row find nobody at the endpoint, until only one at a time is tried.
const DOUBT: u32 = 4;
/// Longest pause between two tries of an endpoint that cannot be reached.
const LONGEST: Duration = Duration::from_secs(5);
/// Looked at again after so long, whatever is due when: the clock may be moved.
const LOOK: Duration = Duration::from_secs(1);
/// Between a word and a look.
const GATHER: Duration = Duration::from_millis(4);
/// After an error of the database.
const TROUBLE: Duration = Duration::from_millis(500);

/// Delivers until told to stop; then what was begun is finished, and what was leased is free again.
pub async fn deliver(app: App, stop: CancellationToken) {
    let workers = app.config.events.workers;
    let mut words = app.signal.subscribe();
    // Tasks of their own: whoever waits for the database here must not stop them, since they hold connections.
    let mut under_way = JoinSet::new();
    let (troubled, parked) = (Seldom::default(), Seldom::default());
    // How many in a row could not reach the endpoint.
    let mut unreached = 0_u32;
    let mut look = true;
    let mut next_look = Duration::ZERO;
    loop {
        let free = if unreached >= DOUBT { 1 } else { workers }.saturating_sub(under_way.len());
        if look && free > 0 && !stop.is_cancelled() {
            let now = app.clock.now();
            match delivery::claim(&app.db, now, now + delta(lease(&app)), free).await {
                Ok(claim) => {
                    look = claim.is_full;
                    next_look = until(claim.next_due, app.clock.now());
                    for claimed in claim.dialogs {
                        under_way
                            .spawn(one(app.clone(), claimed, stop.clone()).instrument(telemetry::step("delivery")));
                    }
                }
                Err(error) => {
                    if troubled.is_due() {
                        tracing::warn!(%error, "what is to be delivered cannot be read");
                    }
                    (look, next_look) = (false, TROUBLE);
                }
            }
            // A full claim leased or put off all it looked at, so the next one finds others.
            if look && (unreached < DOUBT || under_way.is_empty()) {
                continue;
            }
        }
        if stop.is_cancelled() && under_way.is_empty() {
            return;
        }
        tokio::select! {
            Some(ended) = under_way.join_next(), if !under_way.is_empty() => {
                look = true;
                // One that panicked has said so; its lease ends by itself.
                match ended.unwrap_or(Ended::Stopped) {
                    Ended::Taken => unreached = 0,
                    Ended::Refused(is_parked) => {
                        unreached = 0;
                        if is_parked && parked.is_due() {
                            tracing::warn!("events are parked: `dialogporten events list --state parked` names them");
                        }
                    }
                    Ended::Unreached => {
                        unreached = unreached.saturating_add(1);
                        if troubled.is_due() {
                            tracing::warn!(in_a_row = unreached, "the event endpoint cannot be reached; events wait");
                        }
                        if unreached >= DOUBT {
                            pause(unreached, &stop).await;
                        }
                    }
                    Ended::Stopped => {}
                }
            }
            _ = words.woken(), if !stop.is_cancelled() => {
                // What is written at the same time is claimed at once.
                sleep(GATHER).await;
                look = true;
            }
            () = sleep(next_look), if !look && !stop.is_cancelled() => look = true,
            () = stop.cancelled(), if !stop.is_cancelled() => {}
        }
    }
}

/// How one dialog's turn ended.
enum Ended {
    Taken,
    /// Whether something is parked now.
    Refused(bool),
    Unreached,
    Stopped,
}

/// Sends what one dialog has waiting, one after the other, until one is not taken.
async fn one(app: App, claimed: Claimed, stop: CancellationToken) -> Ended {
    let _present = meter::DELIVERIES.enter();
    // No post may outlast the lease, nor delay the end of the process.
    let began = tokio::time::Instant::now();
    let in_time = || began.elapsed() + app.config.events.patience < lease(&app);
    let root = app.config.dialogporten.root();
    let mut outcome = Outcome { dialog: claimed.dialog, delivered: Vec::new(), failed: None };
    let mut ended = Ended::Stopped;
    let mut reason = String::new();
    for waiting in &claimed.events {
        if stop.is_cancelled() || !in_time() {
            break;
        }
        match send(&app, &waiting.event, root).await {
            Ok(()) => {
                outcome.delivered.push(waiting.row);
                ended = Ended::Taken;
            }
            Err(not_taken) => {
                reason = not_taken.to_string();
                let is_judged = matches!(not_taken, NotTaken::Refused(_));
                let attempts = usize::try_from(waiting.attempts).unwrap_or_default() + 1;
                let again = match retry::next(attempts, is_judged) {
                    Next::After(pause) => Some(app.clock.now() + delta(retry::spread(pause))),
                    Next::Park => None,
                };
                tracing::debug!(attempts, %not_taken, is_parked = again.is_none(), "an event was not taken");
                ended = if is_judged { Ended::Refused(again.is_none()) } else { Ended::Unreached };
                outcome.failed = Some(Failed { row: waiting.row, again, reason: "" });
                break;
            }
        }
    }
    if let Some(failed) = &mut outcome.failed {
        failed.reason = &reason;
    }
    if let Err(error) = delivery::settle(&app.db, &outcome, app.clock.now()).await {
        // The lease ends by itself, and what was sent is sent again.
        tracing::warn!(%error, "what was delivered could not be noted; it will be delivered again");
    }
    ended
}

async fn send(app: &App, event: &DomainEvent, root: &str) -> Result<(), NotTaken> {
    let event = serde_json::to_vec(&CloudEvent::of(event, root)).expect("texts and numbers can be written as JSON");
    app.altinn.publish(Bytes::from(event), cloud_event::MEDIA_TYPE).await
}

/// How long a dialog is its worker's: long enough for the slowest post and what comes after it.
fn lease(app: &App) -> Duration {
    2 * app.config.events.patience
}

/// Waits for an endpoint that was not there so often in a row.
async fn pause(unreached: u32, stop: &CancellationToken) {
    let doubled = Duration::from_millis(100) * 2_u32.saturating_pow((unreached - DOUBT).min(10));
    stop.run_until_cancelled(sleep(retry::spread(doubled.min(LONGEST)))).await;
}

/// How long until then, within bounds.
fn until(due: Option<Instant>, now: Instant) -> Duration {
    due.map_or(LOOK, |due| (due - now).to_std().unwrap_or_default()).min(LOOK)
}

fn delta(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}
