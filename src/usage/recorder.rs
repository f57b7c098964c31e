//! Counting: each operation is a log record, and one more in a sum that is stored now and then.
//!
//! A process that is killed loses what it counted since then: at most [`EVERY`].

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::costs::norwegian_day;
use crate::{
    db::Db,
    domain::Instant,
    store::usage::{self, Counted, Use},
};

/// Between two additions to what is stored.
const EVERY: Duration = Duration::from_secs(30);
/// Most sorts of use that are held: beyond it they are logged only.
const MOST: usize = 50_000;
/// What nobody knows.
const UNKNOWN: &str = "unknown";

/// The sums of this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Usage(Arc<Mutex<BTreeMap<Use, i64>>>);

/// One executed operation.
#[derive(Clone, Debug)]
pub struct Executed<'a> {
    pub method: &'a str,
    pub route: &'a str,
    pub has_end_user: bool,
    pub is_admin: bool,
    pub caller_org: Option<String>,
    pub owner_org: Option<String>,
    pub service_resource: Option<String>,
    pub status: u16,
    pub trace_id: &'a str,
}

impl Usage {
    /// Logs and counts it.
    pub fn record(&self, executed: Executed<'_>, now: Instant) {
        // Not left out: who shares the costs must see that there was somebody.
        let or_unknown = |value: Option<String>| value.unwrap_or_else(|| UNKNOWN.to_owned());
        let of = Use {
            day: norwegian_day(now),
            method: executed.method.to_owned(),
            route: executed.route.to_owned(),
            has_end_user: executed.has_end_user,
            is_admin: executed.is_admin,
            caller_org: or_unknown(executed.caller_org),
            owner_org: or_unknown(executed.owner_org),
            service_resource: or_unknown(executed.service_resource),
            status_code: i16::try_from(executed.status).unwrap_or_default(),
        };
        tracing::info!(
            target: "dialogporten::usage",
            // The number by which the reference's report finds its records (chapter 05 C2).
            event_id = 1000,
            feature = format!("{} {}", of.method, of.route),
            has_admin_scope = of.is_admin,
            caller_org = of.caller_org,
            owner_org = of.owner_org,
            service_resource = of.service_resource,
            presentation_tag = tag(&of),
            status_code = of.status_code,
            status = status(of.status_code),
            correlation_id = executed.trace_id,
            "operation executed"
        );
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sums.len() < MOST || sums.contains_key(&of) {
            *sums.entry(of).or_default() += 1;
        }
    }

    /// Adds the sums to what is stored. What cannot be stored is kept for the next time.
    ///
    /// # Errors
    /// The database's.
    pub async fn store(&self, db: &Db) -> sqlx::Result<()> {
        // Taken out before the statement: the lock must not be held while the database is waited for.
        let sums = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if sums.is_empty() {
            return Ok(());
        }
        // In the order of their keys, so that two processes never wait for each other.
        let counted: Vec<Counted> = sums.into_iter().map(|(of, count)| Counted { of, count }).collect();
        let stored = usage::add(db, &counted).await;
        if stored.is_err() {
            let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for Counted { of, count } in counted {
                // Added, not put back: requests have counted on meanwhile.
                *sums.entry(of).or_default() += count;
            }
        }
        stored
    }

    /// Does so now and then, and once more when told to stop.
    pub async fn keep(self, db: Db, stop: CancellationToken) {
        loop {
            let is_last = stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none();
            if let Err(error) = self.store(&db).await {
                tracing::warn!(%error, "what was counted could not be stored; it is kept");
            }
            if is_last {
                return;
            }
        }
    }
}

/// As the records of the existing system call an operation.
fn tag(of: &Use) -> String {
    let end_user = if of.has_end_user { "_EndUserId" } else { "" };
    format!("{}_{}{end_user}", of.method, of.route.trim_start_matches('/'))
}

/// How it went.
pub fn status(code: i16) -> &'static str {
    match code {
        ..400 => "success",
        400..500 => "failure",
        500.. => "error",
    }
}
