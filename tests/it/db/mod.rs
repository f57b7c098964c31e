//! The database in trouble: silent, gone, crowded, read-only, full, of another version. What callers hear, what probes say,
//! and that all is well again as soon as it is.

mod leaving;
mod poolers;
mod schema;
mod sessions;
mod silence;
mod trouble;
mod unwritable;

use std::time::Duration;

use dialogporten::domain::ids::DialogId;

use crate::harness::{Answer, Proxy, TestApp, bare, database};

/// Nothing here may take longer, whatever the database does.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service whose way to the database is in the test's hands.
async fn at_a_distance(settings: &[(&str, &str)]) -> (TestApp, Proxy) {
    let database = database().await;
    let proxy = Proxy::before(&database.url).await;
    let url = proxy.url.clone();
    (TestApp::start_over(database, &url, bare(), settings).await, proxy)
}

fn dialog_path(dialog: DialogId) -> String {
    format!("serviceowner/dialogs/{dialog}")
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("an answer in time")
}

/// Chapter 11 §2.
#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.body["code"], "database-unavailable");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{:?}", answer.headers);
    assert!(answer.header("content-type").starts_with("application/problem+json"), "{:?}", answer.headers);
}

/// What readiness answers, and what it says of the database.
async fn readiness(app: &TestApp) -> (u16, String) {
    let answer = in_time(app.anonymous().get("/health/readiness")).await;
    let said = answer.body["entries"]["postgres"]["description"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), said)
}

/// Many probes at once hear one answer, for a moment.
async fn until_told(app: &TestApp, beginning: &str) -> (u16, String) {
    for _ in 0..10_000 {
        let found = readiness(app).await;
        if found.1.starts_with(beginning) {
            return found;
        }
    }
    panic!("{beginning} is never said");
}

/// Returns when readiness says yes: what it found last is told for a moment.
async fn until_ready(app: &TestApp) {
    for _ in 0..10_000 {
        if readiness(app).await.0 == 200 {
            return;
        }
    }
    panic!("the service does not become ready again")
}
