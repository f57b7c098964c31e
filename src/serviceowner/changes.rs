//! `GET /serviceowner/changes`: every change of the owner's dialogs, so that a copy can be kept in step. Ours alone
//! (`docs/extensions.md`).
//!
//! Order of refusals: 400; 403 somebody else's; 410 cursor expired. An owner's own are those of its name; administrators
//! name any owner.

use std::time::Duration;

use axum::extract::State;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use crate::{
    app::App,
    auth::{ServiceOwnerSearch, scope::Scope},
    domain::{
        refusal::Refusal,
        violations::{At, Code, Violations},
    },
    http::{Ok200, Query, timestamp::Timestamp},
    openapi::{Operation, Route},
    server::Stage,
    store::{
        changes::{self, Behind, Change},
        outbox::{self, Position},
    },
};

const MOST: i32 = 1000;
const USUAL: i32 = 100;
/// Longest wait in seconds.
const LONGEST: i32 = 30;
/// How soon to look again for what is stored and not settled, and for more of what is being written.
// What is not settled is a transaction that still runs: usually a matter of milliseconds.
const SOON: Duration = Duration::from_millis(20);

/// As it is routed. The documents of the contract do not show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/changes", list).hidden()
}

/// A part of the feed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Feed {
    items: Vec<Item>,
    /// Where to go on.
    cursor: String,
    has_more: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    /// Where to go on after this one.
    cursor: String,
    at: Timestamp,
    change: &'static str,
    dialog_id: Uuid,
    revision: Uuid,
    party: String,
    service_resource: String,
    is_silent: bool,
}

impl From<Change> for Item {
    fn from(change: Change) -> Self {
        Self {
            cursor: Cursor(change.position).to_string(),
            at: change.at.into(),
            change: change.kind.name(),
            dialog_id: change.dialog,
            revision: change.revision,
            party: change.party,
            service_resource: change.service_resource,
            is_silent: change.is_silent,
        }
    }
}

/// A place in the feed as clients keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor(Position);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position { commit, row } = self.0;
        // Opaque and with a version in front: the form may change, clients must not compute with it.
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(format!("1.{commit}.{row}")))
    }
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let plain = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (commit, row) = plain.strip_prefix("1.")?.split_once('.')?;
        // A made-up negative place would read the feed from before its beginning.
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0);
        Some(Self(Position { commit: number(commit)?, row: number(row)? }))
    }
}

#[derive(Clone, Copy, Debug)]
enum After {
    Beginning,
    Now,
    Place(Position),
}

#[derive(Debug)]
struct Parameters {
    after: After,
    limit: i32,
    wait: i32,
    dialog: Option<Uuid>,
    org: Option<String>,
}

impl Parameters {
    fn of(query: &mut Query) -> Result<Self, Refusal> {
        let read = |text: &str| match text {
            "now" => Some(After::Now),
            place => Cursor::parse(place).map(|cursor| After::Place(cursor.0)),
        };
        let parameters = Self {
            after: query.scalar("after", "ChangeCursor", read).unwrap_or(After::Beginning),
            limit: query.integer("limit").unwrap_or(USUAL),
            wait: query.integer("wait").unwrap_or(0),
            dialog: query.uuid("dialogId"),
            org: query.text("org").map(|org| org.to_lowercase()),
        };
        query.finish()?;
        let mut found = Violations::new();
        for (name, value, least, most) in [("limit", parameters.limit, 1, MOST), ("wait", parameters.wait, 0, LONGEST)]
        {
            if !(least..=most).contains(&value) {
                let text = format!("'{name}' must be between {least} and {most}.");
                found.add(At::Root(name), Code::NumberOutOfRange.says(text).hint("See docs/extensions.md."));
            }
        }
        found.into_result()?;
        Ok(parameters)
    }
}

/// Tells what changed behind the cursor; with `wait`, as soon as something has.
pub async fn list(
    State(app): State<App>,
    ServiceOwnerSearch(caller): ServiceOwnerSearch,
    mut query: Query,
) -> Result<Ok200<Feed>, Refusal> {
    let asked = Parameters::of(&mut query)?;
    // Not `?` yet: an administrator without a name of its own may still name another owner.
    let own = caller.org_code(&app.altinn).await;
    let org = match asked.org.clone() {
        Some(org) if caller.has(Scope::Admin) => org,
        Some(org) => {
            let own = own?.to_lowercase();
            if own != org {
                let fault = Code::AdminScopeMissing.says("Forbidden");
                return Err(Refusal::forbidden(fault.hint("Only administrators read the changes of other owners.")));
            }
            own
        }
        None => own?.to_lowercase(),
    };
    // Before the first look: what is written from here on wakes.
    let mut words = app.signal.subscribe();
    let place = match asked.after {
        After::Beginning => Position::default(),
        After::Now => outbox::now(&app.db).await?,
        After::Place(place) => place,
    };
    let until = Instant::now() + Duration::from_secs(asked.wait.unsigned_abs().into());
    loop {
        // One more than asked tells whether there is more, without counting.
        let behind = changes::behind(&app.db, &org, asked.dialog, place, i64::from(asked.limit) + 1).await?;
        if behind.is_expired {
            return Err(Refusal::Gone { entity: "ChangeCursor", key: Cursor(place).to_string() });
        }
        // A process that stops answers at once: waiting requests would hold it for half a minute.
        if !behind.changes.is_empty() || Instant::now() >= until || app.lifecycle.is_stopping() {
            return Ok(Ok200::of(feed(behind, place, asked.limit)));
        }
        let woken = async {
            // Nobody wakes when a transaction settles, so this is looked for by the clock.
            if behind.is_unsettled {
                sleep(SOON).await;
            } else {
                tokio::select! {
                    // A short while, so that a burst of writes is one answer and not one each.
                    _ = words.woken() => sleep(SOON).await,
                    () = app.lifecycle.reached(Stage::Draining) => {}
                }
            }
        };
        // Past the time there is one more look.
        let _ = timeout_at(until, woken).await;
    }
}

fn feed(behind: Behind, place: Position, limit: i32) -> Feed {
    let mut changes = behind.changes;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = changes.len() > limit;
    changes.truncate(limit);
    // All that lies before the horizon was told, so whoever has little to hear does not fall behind.
    let last = changes.last().map_or(place, |last| last.position);
    let settled = Position { commit: behind.horizon, row: 0 };
    let cursor = Cursor(if has_more { last } else { last.max(settled) }).to_string();
    Feed { items: changes.into_iter().map(Item::from).collect(), cursor, has_more }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_written() {
        let cursor = Cursor(Position { commit: 123_456_789_012, row: 7 });
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        for wrong in ["", "x", "MS4xLi0x", "Mi4xLjE", "MS4xLjEuMQ"] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_part_goes_on_where_it_ends() {
        let change = |commit| Change {
            position: Position { commit, row: 1 },
            at: chrono::DateTime::UNIX_EPOCH,
            kind: changes::Kind::Created,
            dialog: Uuid::nil(),
            revision: Uuid::nil(),
            party: String::new(),
            service_resource: String::new(),
            is_silent: false,
        };
        let behind = |commits: &[i64]| Behind {
            changes: commits.iter().copied().map(change).collect(),
            horizon: 50,
            ..Behind::default()
        };
        let cursor = |commit, row| Cursor(Position { commit, row }).to_string();
        let full = feed(behind(&[1, 2, 3]), Position::default(), 2);
        assert_eq!((full.items.len(), full.has_more, full.cursor), (2, true, cursor(2, 1)));
        let last = feed(behind(&[1, 2]), Position::default(), 2);
        assert_eq!((last.items.len(), last.has_more, last.cursor), (2, false, cursor(50, 0)));
        let none = feed(behind(&[]), Position { commit: 60, row: 3 }, 2);
        assert_eq!((none.items.len(), none.cursor), (0, cursor(60, 3)));
    }
}
