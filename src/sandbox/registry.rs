//! The Resource Registry: resources, policies, and the list of which subjects have which resources (chapter 03 §7).

use std::collections::{BTreeMap, HashSet};

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use super::{
    Sandbox, lock,
    platform::bad_request,
    wire::{self, Query},
    world::SubjectResource,
};
use crate::domain::Instant;

const LARGEST_PAGE: usize = 1000;

/// Every pair of subject and resource there ever was, with the instant of its last change.
#[derive(Default)]
pub struct Changes {
    pairs: BTreeMap<SubjectResource, Change>,
    /// The newest change: those that follow come later, also while the clock stands or was moved back. Readers ask for what
    /// is newer than the newest they know.
    newest: Instant,
}

#[derive(Clone, Copy)]
struct Change {
    at: Instant,
    deleted: bool,
}

impl Changes {
    pub fn since_the_beginning(pairs: Vec<SubjectResource>, now: Instant) -> Self {
        let mut changes = Self::default();
        changes.follow(pairs, now);
        changes
    }

    /// Notes what differs from before: new pairs, and pairs that are gone.
    pub fn follow(&mut self, pairs: Vec<SubjectResource>, now: Instant) {
        // Strictly later than all before: readers go on from their newest plus a microsecond (chapter 05 C1), and would
        // miss an equal one.
        let at = now.max(self.newest + Duration::microseconds(1));
        let there: HashSet<_> = pairs.iter().cloned().collect();
        for (pair, change) in &mut self.pairs {
            if !change.deleted && !there.contains(pair) {
                *change = Change { at, deleted: true };
                self.newest = at;
            }
        }
        for pair in pairs {
            if self.pairs.get(&pair).is_none_or(|change| change.deleted) {
                self.pairs.insert(pair, Change { at, deleted: false });
                self.newest = at;
            }
        }
    }

    /// The first `limit` changes from `since` on, or those behind the pair where the last page ended; and whether there
    /// are more.
    fn page(
        &self,
        since: Instant,
        behind: Option<&SubjectResource>,
        limit: usize,
    ) -> (Vec<(&SubjectResource, Change)>, bool) {
        let is_left = |pair: &SubjectResource, at: Instant| match behind {
            // Many pairs share an instant (a whole world is loaded at once), so a page ends at a pair, not at a time.
            Some(last) => (at, pair) > (since, last),
            None => at >= since,
        };
        let mut rows: Vec<_> = self
            .pairs
            .iter()
            .filter(|(pair, change)| is_left(pair, change.at))
            .map(|(pair, change)| (pair, *change))
            .collect();
        rows.sort_by_key(|(pair, change)| (change.at, *pair));
        let more = rows.len() > limit;
        rows.truncate(limit);
        (rows, more)
    }
}

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/resourceregistry/api/v1/resource/resourcelist", get(resource_list))
        .route("/resourceregistry/api/v1/resource/updated", get(updated))
        .route("/resourceregistry/api/v1/resource/{id}", get(resource))
        .route("/resourceregistry/api/v1/resource/{id}/policy", get(policy))
}

async fn resource_list(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&sandbox.world().resource_list())
}

async fn resource(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    let resource = sandbox.world().resource(&id);
    resource.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |resource| wire::ok(&resource))
}

async fn policy(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    let world = sandbox.world();
    let policy = world.policy_xml(&id).map(str::to_owned);
    policy.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |policy| wire::typed(StatusCode::OK, "text/xml; charset=utf-8", policy),
    )
}

/// `GET …/updated?since=&limit=&token=`: changes, oldest first. `links.next` leads on while there are more.
async fn updated(State(sandbox): State<Sandbox>, query: Query) -> Response {
    // A plus sign that was not escaped has become a blank.
    let since = match query.get("since").map(|since| DateTime::parse_from_rfc3339(&since.replace(' ', "+"))) {
        Some(Ok(since)) => since.with_timezone(&Utc),
        Some(Err(_)) => return bad_request("since: not a timestamp"),
        None => DateTime::<Utc>::MIN_UTC,
    };
    let limit = match query.number("limit") {
        Ok(limit) => limit.unwrap_or(LARGEST_PAGE),
        Err(reason) => return bad_request(&reason),
    };
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return bad_request("limit: not between 1 and 1000");
    }
    let behind = match query.get("token").map(pair_of) {
        Some(None) => return bad_request("token: not one of ours"),
        pair => pair.flatten(),
    };

    let changes = lock(&sandbox.0.registry);
    let (rows, more) = changes.page(since, behind.as_ref(), limit);
    let next = rows.last().filter(|_| more).map(|(pair, change)| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("since", &stamp(change.at))
            .append_pair("token", &token_of(pair))
            .append_pair("limit", &limit.to_string())
            .finish();
        format!("{}/resourceregistry/api/v1/resource/updated?{query}", sandbox.base())
    });
    let data: Vec<Value> = rows
        .into_iter()
        .map(|(pair, change)| {
            json!({
                "subjectUrn": pair.subject_urn,
                "resourceUrn": pair.resource_urn,
                "updatedAt": stamp(change.at),
                "deleted": change.deleted,
            })
        })
        .collect();
    wire::ok(&json!({"links": {"next": next}, "data": data}))
}

fn stamp(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, false)
}

fn token_of(pair: &SubjectResource) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{}\n{}", pair.subject_urn, pair.resource_urn))
}

fn pair_of(token: &str) -> Option<SubjectResource> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (subject, resource) = text.split_once('\n')?;
    Some(SubjectResource { subject_urn: subject.to_owned(), resource_urn: resource.to_owned() })
}
