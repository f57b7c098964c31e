//! `/health…`: how the service and what it depends on are. Any verb, no token, kept by nobody.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::join_all;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use url::Url;

use crate::{
    app::App,
    config::Config,
    db::{Condition, Db, migrations::Standing},
    http::answer,
    openapi::Route,
    outgoing,
};

/// An answer that takes longer is slow.
// Figures of the contract (chapter 05): slow from 5 s, failed at 20 s.
const SLOW: Duration = Duration::from_secs(5);
/// How long a deep report is told again.
// Short against the two minutes between the gateway's own looks (chapter 05).
const KEPT: Duration = Duration::from_secs(10);
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(20);

/// What probes ask; not part of the API.
pub fn routes() -> [Route; 5] {
    let last = Last::default();
    [
        Route::any("/health", startup),
        Route::any("/health/startup", startup),
        Route::any("/health/liveness", liveness),
        Route::any("/health/readiness", readiness),
        Route::any("/health/deep", move |State(app): State<App>| deep(app, last)),
    ]
}

async fn liveness() -> Report {
    let began = Instant::now();
    Report::of(began, [("self", Check::new(began, Status::Healthy, &["self"]))])
}

async fn readiness(State(app): State<App>) -> Report {
    let began = Instant::now();
    let (status, description) = match app.warmup.phase() {
        None => (Status::Healthy, "Readiness warmup completed.".into()),
        Some(phase) => (Status::Unhealthy, format!("Readiness warmup is pending in phase '{phase}'.").into()),
    };
    let warmup = Check { description: Some(description), ..Check::new(began, status, &["warmup"]) };
    let mut checks = vec![("postgres", postgres(&app.db).await), ("warmup", warmup)];
    if app.lifecycle.is_stopping() {
        let description = Some("The service is stopping.".into());
        checks.push(("stopping", Check { description, ..Check::new(began, Status::Unhealthy, &["self"]) }));
    }
    Report::of(began, checks)
}

async fn startup(State(app): State<App>) -> Report {
    let began = Instant::now();
    Report::of(began, [("postgres", postgres(&app.db).await)])
}

/// The last deep report. Anybody may ask for one, and each makes the platform answer several times.
type Last = Arc<tokio::sync::Mutex<Option<(Instant, Report)>>>;

async fn deep(app: App, last: Last) -> Report {
    // Held while the report is made: one is made at a time, and serves all who wait for it.
    let mut last = last.lock().await;
    if let Some((_, report)) = last.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
        return report.clone();
    }
    let began = Instant::now();
    let (postgres, endpoints) = tokio::join!(postgres(&app.db), endpoints(&app.config));
    let report = Report::of(began, [("postgres", postgres), ("Endpoints", endpoints)]);
    *last = Some((Instant::now(), report.clone()));
    report
}

/// From the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Status {
    Healthy,
    Degraded,
    Unhealthy,
}

/// All checks of one path.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    status: Status,
    #[serde(serialize_with = "as_time_span")]
    total_duration: Duration,
    entries: BTreeMap<&'static str, Check>,
}

#[derive(Clone, Serialize)]
struct Check {
    data: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'static, str>>,
    #[serde(serialize_with = "as_time_span")]
    duration: Duration,
    status: Status,
    tags: &'static [&'static str],
}

impl Check {
    fn new(began: Instant, status: Status, tags: &'static [&'static str]) -> Self {
        Self { data: json!({}), description: None, duration: began.elapsed(), status, tags }
    }
}

impl Report {
    fn of(began: Instant, checks: impl IntoIterator<Item = (&'static str, Check)>) -> Self {
        let entries: BTreeMap<_, _> = checks.into_iter().collect();
        let status = entries.values().map(|check| check.status).max().unwrap_or(Status::Healthy);
        Self { status, total_duration: began.elapsed(), entries }
    }
}

impl IntoResponse for Report {
    fn into_response(self) -> Response {
        let status = match self.status {
            Status::Healthy | Status::Degraded => StatusCode::OK,
            Status::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut response = answer::json(status, &self);
        let headers = response.headers_mut();
        // Without the charset that all other answers have, as in the reference (chapter 05).
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
        response
    }
}

/// `hh:mm:ss.fffffff`.
fn as_time_span<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    let (seconds, ticks) = (duration.as_secs(), duration.subsec_nanos() / 100);
    serializer.collect_str(&format_args!(
        "{:02}:{:02}:{:02}.{ticks:07}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    ))
}

/// Whether the database answers, takes writes, and has the schema that this version needs. It is asked on a connection of its
/// own: requests that wait for connections say nothing about the database, and other instances have no more room.
async fn postgres(db: &Db) -> Check {
    let began = Instant::now();
    let condition = db.condition().await;
    let status = match condition {
        Condition::Answers(Standing::Current) => Status::Healthy,
        Condition::Answers(standing) if standing.suffices() => Status::Degraded,
        Condition::Crowded => Status::Degraded,
        Condition::Answers(_) | Condition::ReadOnly | Condition::Full | Condition::Unreachable | Condition::Silent => {
            Status::Unhealthy
        }
    };
    let description = (status != Status::Healthy).then(|| condition.to_string().into());
    Check { description, ..Check::new(began, status, &["dependencies", "critical"]) }
}

/// Something whose answer the service needs.
#[derive(Debug)]
struct Endpoint {
    name: String,
    url: Url,
    /// Without it the service is of no use; without a soft one, parts of it are.
    hard: bool,
}

impl Endpoint {
    /// What the settings name: the issuers' discovery documents, the list of service owners, and the platform.
    fn all(config: &Config) -> Vec<Self> {
        let issuers = config.authentication.issuers.iter().map(|issuer| Self {
            name: issuer.name.clone(),
            url: issuer.well_known.clone(),
            hard: false,
        });
        let owners = config.altinn.cdn_base_uri.join("orgs/altinn-orgs.json");
        let roles = config.altinn.base_uri.join("accessmanagement/api/v1/meta/info/roles");
        let named = |name: &str, url: Option<Url>, hard| url.map(|url| Self { name: name.to_owned(), url, hard });
        issuers
            .chain(named("Altinn CDN", owners.ok(), false))
            .chain(named("Altinn Access Management", roles.ok(), true))
            .collect()
    }
}

/// How an endpoint answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Answer {
    Healthy,
    Slow,
    Failed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckedEndpoint {
    name: String,
    url: String,
    hard_dependency: bool,
    status: Answer,
    duration_ms: u128,
}

/// Whether everything outside answers.
async fn endpoints(config: &Config) -> Check {
    let began = Instant::now();
    let checked = join_all(Endpoint::all(config).into_iter().map(ask)).await;
    let count = |hard: bool| checked.iter().filter(|e| e.status == Answer::Failed && e.hard_dependency == hard).count();
    let data = json!({
        "checkedEndpoints": checked,
        "totalCount": checked.len(),
        "hardFailureCount": count(true),
        "softFailureCount": count(false),
        "slowCount": checked.iter().filter(|endpoint| endpoint.status == Answer::Slow).count(),
    });
    let status = checked.iter().map(|endpoint| verdict(endpoint.status, endpoint.hard_dependency)).max();
    let description = Some(said(&checked).into());
    Check { data, description, ..Check::new(began, status.unwrap_or(Status::Healthy), &["external"]) }
}

/// What is wrong with which of them, in words.
fn said(checked: &[CheckedEndpoint]) -> String {
    let list = |what: &str, is_hard: bool| {
        let named = checked.iter().filter(|it| (it.hard_dependency && it.status == Answer::Failed) == is_hard);
        let named = named.filter(|it| it.status != Answer::Healthy).map(|it| {
            let reason = match it.status {
                Answer::Slow => {
                    format!("responded slowly in {}.{}s", it.duration_ms / 1000, it.duration_ms % 1000 / 100)
                }
                Answer::Failed | Answer::Healthy => "did not answer as it should".to_owned(),
            };
            format!("{} ({}): {reason}", it.name, it.url)
        });
        let named: Vec<String> = named.collect();
        (!named.is_empty()).then(|| format!("{what}: {}", named.join(", ")))
    };
    let said: Vec<String> =
        [list("Hard dependency failures", true), list("Degraded endpoints", false)].into_iter().flatten().collect();
    if said.is_empty() { "All endpoints are healthy.".to_owned() } else { said.join(". ") }
}

async fn ask(endpoint: Endpoint) -> CheckedEndpoint {
    /// Probes have a time-out of their own and are never repeated, so they do not share the platform's client.
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| outgoing::probe(PATIENCE));
    let began = Instant::now();
    let answered = CLIENT.get(endpoint.url.clone()).send().await.is_ok_and(|response| response.status().is_success());
    let took = began.elapsed();
    CheckedEndpoint {
        name: endpoint.name,
        url: endpoint.url.into(),
        hard_dependency: endpoint.hard,
        status: rated(answered, took),
        duration_ms: took.as_millis(),
    }
}

fn rated(answered: bool, took: Duration) -> Answer {
    match answered {
        false => Answer::Failed,
        true if took > SLOW => Answer::Slow,
        true => Answer::Healthy,
    }
}

/// What one endpoint's answer means for the service.
fn verdict(answer: Answer, hard: bool) -> Status {
    match (answer, hard) {
        (Answer::Healthy, _) => Status::Healthy,
        (Answer::Slow, _) | (Answer::Failed, false) => Status::Degraded,
        (Answer::Failed, true) => Status::Unhealthy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// H-003: a slow hard dependency degrades, it does not fail.
    #[test]
    fn slow_is_not_failed() {
        let (fast, slow) = (SLOW, SLOW + Duration::from_millis(1));
        for (answered, took, hard, expected) in [
            (true, fast, true, Status::Healthy),
            (true, slow, true, Status::Degraded),
            (true, slow, false, Status::Degraded),
            (false, fast, false, Status::Degraded),
            (false, fast, true, Status::Unhealthy),
        ] {
            assert_eq!(verdict(rated(answered, took), hard), expected, "{answered} {took:?} {hard}");
        }
    }

    #[test]
    fn a_report_is_as_bad_as_its_worst_check() {
        let began = Instant::now();
        let check =
            |status| Check { duration: Duration::from_micros(3_723_004_100), ..Check::new(began, status, &["x"]) };
        let report = Report::of(began, [("a", check(Status::Degraded)), ("b", check(Status::Healthy))]);
        let report = Report { total_duration: Duration::ZERO, ..report };
        insta::assert_json_snapshot!(report, @r#"
        {
          "status": "Degraded",
          "totalDuration": "00:00:00.0000000",
          "entries": {
            "a": {
              "data": {},
              "duration": "01:02:03.0041000",
              "status": "Degraded",
              "tags": [
                "x"
              ]
            },
            "b": {
              "data": {},
              "duration": "01:02:03.0041000",
              "status": "Healthy",
              "tags": [
                "x"
              ]
            }
          }
        }
        "#);
    }
}
