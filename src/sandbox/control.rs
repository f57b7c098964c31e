//! The sandbox's own interface: look at the world and change it, move the clock, see what was called, make things fail
//! (chapter 10 §2). No authentication: whoever starts a sandbox decides who reaches it.

use std::{str::FromStr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, Datelike, Duration, Utc};
use http::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    Sandbox, SandboxHooks,
    calls::{self, Calls, Fault},
    card,
    events::Events,
    keys::KeyName,
    lock,
    messages::{self, Messages},
    mint::{Claims, TTL_SECONDS},
    oidc::logins::Logins,
    platform,
    profile::state::Profiles,
    wire::{self, Query},
    world::{self, Question, World},
};
use crate::domain::Instant;

/// Worlds can be large.
const LONGEST_WORLD: usize = 64 << 20;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox", get(card::show))
        .route("/sandbox/card.js", get(card::script))
        .route("/sandbox/world", get(world).put(put_world).patch(patch_world))
        .route("/sandbox/reset", post(reset))
        .route("/sandbox/clock", get(clock).put(put_clock))
        .route("/sandbox/calls", get(calls).delete(forget_calls))
        .route("/sandbox/events", get(events).delete(forget_events))
        .route("/sandbox/organizations", get(platform::organizations))
        .route("/sandbox/messages", get(messages::show))
        .route("/sandbox/faults", get(faults).put(put_faults).delete(clear_faults))
        .route("/sandbox/explain", get(explain))
        .route("/sandbox/token", post(token))
        .layer(DefaultBodyLimit::max(LONGEST_WORLD))
}

async fn world(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&sandbox.world().document())
}

/// Another world, in the form of a scenario file (YAML or JSON).
async fn put_world(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let Ok(text) = String::from_utf8(body.into()) else { return refused("the body is not UTF-8") };
    change(&sandbox, NamedOfClock::AllIfOther, move |_| World::parse(&text, None)).await
}

/// Changes in the world, in the form of a scenario file that holds only what changes.
async fn patch_world(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let patch = match document(&body) {
        Ok(patch) => patch,
        Err(reason) => return refused(&reason),
    };
    // A member that is null is named, too: it is again what it is where nobody names it.
    let named = |member: &str| patch["clock"].get(member).is_some();
    let clock = NamedOfClock::These { start: named("start"), frozen: named("frozen") };
    change(&sandbox, clock, move |sandbox| sandbox.world().patched(&patch)).await
}

/// What a change of the world says about the clock, and so does to it. What it leaves unsaid stays as it is: a change of a
/// right must not move a clock that a test has set meanwhile.
#[derive(Clone, Copy)]
enum NamedOfClock {
    /// A whole world names both members; they count if they are others than before.
    AllIfOther,
    These {
        start: bool,
        frozen: bool,
    },
}

/// Puts another world in place and lets the service know before it answers. A change that began is finished, whether its
/// caller waits or not.
async fn change(
    sandbox: &Sandbox,
    clock: NamedOfClock,
    make: impl FnOnce(&Sandbox) -> Result<World, Vec<world::Fault>> + Send + 'static,
) -> Response {
    let sandbox = sandbox.clone();
    finished(async move {
        let _one_at_a_time = sandbox.0.changing.lock().await;
        let world = match make(&sandbox) {
            Ok(world) => Arc::new(world),
            Err(faults) => return wire::json(StatusCode::BAD_REQUEST, &json!({"faults": faults})),
        };
        let is_other = world.scenario().clock != sandbox.world().scenario().clock;
        sandbox.replace_world(world);
        let (start, frozen) = match clock {
            NamedOfClock::AllIfOther => (is_other, is_other),
            NamedOfClock::These { start, frozen } => (start, frozen),
        };
        if frozen {
            sandbox.stop_clock();
        }
        if start {
            sandbox.set_clock();
        }
        followed(service_forgets(&sandbox).await)
    })
    .await
}

async fn service_forgets(sandbox: &Sandbox) -> anyhow::Result<()> {
    match sandbox.0.hooks.get() {
        Some(SandboxHooks { world_changed, .. }) => world_changed().await,
        None => Ok(()),
    }
}

/// The answer to a change that holds in the sandbox, by whether the service has followed.
fn followed(outcome: anyhow::Result<()>) -> Response {
    match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::error!("the service could not follow a change in the sandbox: {error:#}");
            let reason = format!("the sandbox has changed, but the service could not follow: {error:#}");
            explained(StatusCode::INTERNAL_SERVER_ERROR, &reason)
        }
    }
}

/// World, clock, faults, calls and events as at start.
async fn reset(State(sandbox): State<Sandbox>) -> Response {
    finished(async move {
        let _one_at_a_time = sandbox.0.changing.lock().await;
        // First, or what the reset asks of the platform would fail as it was told to.
        lock(&sandbox.0.faults).clear();
        sandbox.0.clock.reset();
        sandbox.replace_world(sandbox.0.start.clone());
        sandbox.start_clock();
        let forget = || {
            *lock(&sandbox.0.calls) = Calls::default();
            *lock(&sandbox.0.events) = Events::default();
            *lock(&sandbox.0.logins) = Logins::default();
            *lock(&sandbox.0.profiles) = Profiles::default();
            *lock(&sandbox.0.messages) = Messages::default();
        };
        // Before, so that what the scenario's dialogs raise is all there is; the calls go again, they are the hook's.
        forget();
        let Some(SandboxHooks { reset, .. }) = sandbox.0.hooks.get() else { return followed(Ok(())) };
        let outcome = reset().await;
        *lock(&sandbox.0.calls) = Calls::default();
        followed(outcome)
    })
    .await
}

async fn finished(change: impl Future<Output = Response> + Send + 'static) -> Response {
    // A task of its own, so that a client that hangs up does not leave world and service apart.
    tokio::spawn(change).await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn clock(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&clock_of(&sandbox))
}

pub fn clock_of(sandbox: &Sandbox) -> Value {
    json!({"now": sandbox.clock().now(), "frozen": sandbox.clock().is_frozen()})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    now: Option<String>,
    advance_seconds: Option<f64>,
    frozen: Option<bool>,
    #[serde(default)]
    reset: bool,
}

/// Moves, stops or restarts the clock. What the service has cached grows older or younger with it and is not forgotten.
async fn put_clock(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let change: ClockChange = match read(&body) {
        Ok(change) => change,
        Err(reason) => return refused(&reason),
    };
    // All is read and checked before anything moves: a refused change has moved nothing.
    let Ok(to) = change.now.as_deref().map(DateTime::<Utc>::from_str).transpose() else {
        return refused("now: not a timestamp");
    };
    let _one_at_a_time = sandbox.0.changing.lock().await;
    let clock = sandbox.clock();
    let by = change.advance_seconds.unwrap_or_default();
    if !(is_on_the_calendar(to.unwrap_or_else(|| clock.now()), by)) {
        return refused("the clock goes from the year 1 to the year 9999");
    }
    if change.reset {
        clock.reset();
        sandbox.start_clock();
    }
    // Stopped before it is set, it stands at exactly the instant that was asked for.
    if let Some(frozen) = change.frozen {
        clock.set_frozen(frozen);
    }
    if let Some(to) = to {
        clock.set(to);
    }
    clock.advance(seconds(by));
    wire::ok(&clock_of(&sandbox))
}

fn is_on_the_calendar(from: Instant, by: f64) -> bool {
    by.abs() < 1e12 && from.checked_add_signed(seconds(by)).is_some_and(|to| (1..=9999).contains(&to.year()))
}

fn seconds(seconds: f64) -> Duration {
    #[expect(clippy::cast_possible_truncation, reason = "microseconds are all the clock has, and `as` saturates")]
    Duration::microseconds((seconds * 1e6).round() as i64)
}

async fn calls(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let (after, limit) = match (query.number("after"), query.number("limit")) {
        (Ok(after), Ok(limit)) => (after.unwrap_or_default(), limit.unwrap_or(100).min(calls::KEPT)),
        (Err(reason), _) | (_, Err(reason)) => return refused(&reason),
    };
    wire::ok(&lock(&sandbox.0.calls).after(after, query.get("path").unwrap_or_default(), limit))
}

async fn forget_calls(State(sandbox): State<Sandbox>) -> StatusCode {
    lock(&sandbox.0.calls).clear();
    StatusCode::NO_CONTENT
}

async fn events(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let after = match query.number("after") {
        Ok(after) => after.unwrap_or_default(),
        Err(reason) => return refused(&reason),
    };
    wire::ok(&lock(&sandbox.0.events).after(after, query.get("dialogId")))
}

async fn forget_events(State(sandbox): State<Sandbox>) -> StatusCode {
    lock(&sandbox.0.events).clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&*lock(&sandbox.0.faults))
}

/// Replaces the list. The service forgets what it knows, so that the next request meets the faults; with `forget=false` it
/// does not, and its use of stale answers can be seen.
async fn put_faults(State(sandbox): State<Sandbox>, query: Query, body: Bytes) -> Response {
    let faults: Vec<Fault> = match read(&body) {
        Ok(faults) => faults,
        Err(reason) => return refused(&reason),
    };
    if let Some((at, wrong)) = faults.iter().enumerate().find_map(|(at, fault)| Some((at, fault.wrong()?))) {
        return refused(&format!("[{at}].{wrong}"));
    }
    replace_faults(&sandbox, faults, query.get("forget") != Some("false")).await
}

async fn clear_faults(State(sandbox): State<Sandbox>) -> Response {
    let cleared = replace_faults(&sandbox, Vec::new(), true).await;
    if cleared.status().is_success() { StatusCode::NO_CONTENT.into_response() } else { cleared }
}

async fn replace_faults(sandbox: &Sandbox, faults: Vec<Fault>, forget: bool) -> Response {
    let sandbox = sandbox.clone();
    finished(async move {
        let _one_at_a_time = sandbox.0.changing.lock().await;
        if forget {
            // Free of faults meanwhile: what the service synchronises must neither fail nor use up a fault's `times`.
            lock(&sandbox.0.faults).clear();
            if let Err(error) = service_forgets(&sandbox).await {
                return followed(Err(error));
            }
        }
        let mut current = lock(&sandbox.0.faults);
        *current = faults;
        wire::ok(&*current)
    })
    .await
}

async fn explain(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let (Some(who), Some(party), Some(resource)) = (query.get("who"), query.get("party"), query.get("resource")) else {
        return refused("who, party and resource are required");
    };
    let question = Question {
        who,
        party,
        resource,
        action: query.get("action").unwrap_or("read"),
        subresource: query.get("subresource").unwrap_or("main"),
    };
    match sandbox.world().explain(&question, sandbox.clock().now()) {
        Ok(explanation) => wire::ok(&explanation),
        Err(reason) => refused(&reason),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnyToken {
    claims: Claims,
    #[serde(default)]
    header: Map<String, Value>,
    key: Option<String>,
    #[serde(default)]
    omit: Vec<String>,
}

/// What mends a body that cannot be read, and what is added to one that can.
const FORM_OF_ANY_TOKEN: &str = "send {\"claims\": {…}}, and if need be \"header\": {…}, \"key\": \"maskinporten\", \"altinn\", \
                                 \"idporten\" or \"unknown\", \"omit\": [\"exp\", …]; iss, iat, nbf and exp are added unless \
                                 claims or omit name them";

/// Signs any claims. What makes a token valid (`iss`, `iat`, `nbf`, `exp`) is added where it is neither given nor to be
/// left out, and a member of the header that is null is left out.
async fn token(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let asked: AnyToken = match read(&body) {
        Ok(asked) => asked,
        Err(reason) => return refused(&format!("{reason}; {FORM_OF_ANY_TOKEN}")),
    };
    let Some(key) = KeyName::parse(asked.key.as_deref().unwrap_or("altinn")) else {
        return refused(
            "key: no key of this name; send maskinporten, altinn, idporten or unknown, or no `key` for altinn",
        );
    };
    let now = sandbox.clock().now().timestamp();
    // The key that nobody knows speaks for an issuer that everybody knows: only the signature is wrong.
    let issuer = sandbox.issuer(if key == KeyName::Unknown { KeyName::Altinn } else { key });
    let mut claims = Claims::new();
    claims.insert("iss".into(), issuer.into());
    claims.insert("iat".into(), now.into());
    claims.insert("nbf".into(), now.into());
    claims.insert("exp".into(), (now + TTL_SECONDS).into());
    claims.extend(asked.claims);
    claims.retain(|name, _| !asked.omit.contains(name));
    let mut header = sandbox.0.keys.get(key).header();
    header.extend(asked.header);
    header.retain(|_, value| !value.is_null());
    wire::text(StatusCode::OK, sandbox.raw(&claims, &header, key))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|wrong| wrong.to_string())
}

/// A document in JSON or YAML.
fn document(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
    serde_json::from_str(text).or_else(|_| serde_saphyr::from_str(text)).map_err(|wrong| wrong.to_string())
}

fn refused(reason: &str) -> Response {
    explained(StatusCode::BAD_REQUEST, reason)
}

fn explained(status: StatusCode, reason: &str) -> Response {
    let fault = world::Fault { path: String::new(), line: None, text: reason.to_owned() };
    wire::json(status, &json!({"faults": [fault]}))
}
