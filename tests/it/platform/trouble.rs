//! Trouble at the platform does not linger: whoever asks when it is over is answered (M-06).

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use dialogporten::{altinn::AltinnError, domain::refusal::Refusal};
use futures_util::future::join_all;
use serde_json::json;

use super::{Platform, home, led, organization, person};
use crate::harness::{PERSON, TestApp, simple_dialog};

const DECISION: &str = "/authorization/api/v1/authorize";
const TOKEN: &str = "/token";
const MAIN: &[(&str, &str)] = &[("read", "main")];

/// M-06: one asking for all, a failure is told to whoever comes in the moment after it, and a good answer comes soon after.
#[tokio::test]
async fn maskinporten_is_asked_once_for_all_who_wait() {
    let platform = Platform::start_with(&[("altinn.retry_delay", "100ms")]).await;
    platform.faults(json!([{ "path": TOKEN, "status": 500 }])).await;
    let before = platform.calls(TOKEN).await;
    let parties = [home(), led(), organization("310057223")];
    let caller = person(PERSON);
    let ask_all = || join_all(parties.iter().cycle().take(30).map(|party| platform.decides(&caller, party, MAIN)));
    let refused = ask_all().await;
    assert!(refused.iter().all(|answer| matches!(answer, Err(AltinnError::Refused { status: 500, .. }))));
    assert_eq!(platform.calls(TOKEN).await - before, 4, "one try and three repetitions, whoever asks");

    let began = Instant::now();
    assert!(ask_all().await.iter().all(Result::is_err));
    assert!(began.elapsed() < Duration::from_secs(1), "known already, or found out by one more try");
    assert!(platform.calls(TOKEN).await - before <= 7, "once for each of the three questions, at most");

    platform.app.anonymous().put("/sandbox/faults?forget=false", json!([])).await.expect(200);
    let began = Instant::now();
    while platform.decides(&caller, &home(), MAIN).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(3), "the platform is well again");
        tokio::task::yield_now().await;
    }
}

/// M-06: a token is renewed before it ends, beside its use.
#[tokio::test]
async fn a_token_that_is_about_to_end_is_renewed_beside_its_use() {
    let platform = Platform::start_unsynchronised().await;
    platform.app.clock.set_frozen(true);
    platform.decides(&person(PERSON), &home(), MAIN).await.unwrap();
    assert_eq!(platform.calls(TOKEN).await, 1);
    // It holds for 119 s; from 95 s on it is about to end.
    platform.app.clock.advance(TimeDelta::seconds(100));
    platform
        .app
        .anonymous()
        .put("/sandbox/faults?forget=false", json!([{"path": TOKEN, "status": 500}]))
        .await
        .expect(200);
    platform.decides(&person(PERSON), &led(), MAIN).await.expect("the old one still holds");
    platform.app.anonymous().put("/sandbox/faults?forget=false", json!([])).await.expect(200);
}

/// M-06: a decision that hung is asked anew by whoever comes after the platform is well, and that answer is for all.
#[tokio::test]
async fn a_decision_that_hung_is_asked_anew() {
    let platform = Platform::start().await;
    platform.faults(json!([{ "path": DECISION, "delay_ms": 60_000 }])).await;
    let caller = person(PERSON);
    let party = home();
    let lost = platform.decides(&caller, &party, MAIN);
    let later = async {
        while platform.calls(DECISION).await == 0 {
            tokio::task::yield_now().await;
        }
        platform.app.anonymous().put("/sandbox/faults?forget=false", json!([])).await.expect(200);
        platform.decides(&caller, &party, MAIN).await
    };
    let began = Instant::now();
    let (lost, later) = futures_util::future::join(lost, later).await;
    assert!(lost.unwrap().may_read_main() && later.unwrap().may_read_main());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

/// M-06: more questions than may be under way are refused at once, not put in a queue.
#[tokio::test]
async fn questions_under_way_are_bounded() {
    let app = TestApp::start_with(&[("outgoing.max_questions", "2")]).await;
    let owner = app.service_owner("ttd");
    let mut dialogs = Vec::new();
    for _ in 0..3 {
        dialogs.push(owner.creates(simple_dialog()).await);
    }
    app.anonymous().put("/sandbox/faults", json!([{ "path": DECISION, "delay_ms": 3000 }])).await.expect(200);
    let user = app.person(PERSON);
    let opening = dialogs.iter().map(|dialog| {
        let (user, path) = (user.clone(), format!("enduser/dialogs/{dialog}"));
        async move { user.get(&path).await }
    });
    let answers = join_all(opening).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 2);
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].header("retry-after"), refused[0].body["code"].as_str()), ("1", Some("overloaded")));
    assert!(matches!(Refusal::from(AltinnError::Busy), Refusal::Unavailable { .. }));
}

/// M-06: keys that are old but of permitted age are used at once; they are fetched again beside that.
#[tokio::test]
async fn old_keys_of_issuers_hold_nobody_up() {
    let app = TestApp::start().await;
    let path = "serviceowner/dialogs?limit=1";
    app.service_owner("ttd").get(path).await.expect(200);
    let slow = json!([{ "path": "/sandbox/issuers", "delay_ms": 60_000 }]);
    app.anonymous().put("/sandbox/faults?forget=false", slow).await.expect(200);
    app.clock.advance(TimeDelta::hours(13));
    let began = Instant::now();
    for scope in ["a", "b", "c"] {
        // A token that was not seen before.
        app.service_owner("ttd").and_scopes(&[scope]).get(path).await.expect(200);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// M-06: anybody may ask for it, and each time the platform answers several times: so it is told again for ten seconds.
#[tokio::test]
async fn a_deep_report_is_made_once_for_all_who_ask() {
    let app = TestApp::start().await;
    let calls = async || {
        let calls = app.anonymous().get("/sandbox/calls?path=/sandbox/issuers&limit=1000").await.expect(200);
        calls.body.as_array().map_or(0, Vec::len)
    };
    let before = calls().await;
    let client = app.anonymous();
    join_all((0..10).map(|_| client.get("/health/deep"))).await;
    app.anonymous().get("/health/deep").await.expect(200);
    assert_eq!(calls().await - before, app.config.authentication.issuers.len());
}
