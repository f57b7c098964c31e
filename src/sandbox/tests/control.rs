//! World, clock, reset and the page.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{Rig, WORLD, request};
use crate::sandbox::{Hook, SandboxHooks};

/// A hook that counts, only after it has let others run.
fn counting(counter: &Arc<AtomicUsize>) -> Hook {
    let counter = counter.clone();
    Arc::new(move || {
        let counter = counter.clone();
        async move {
            tokio::task::yield_now().await;
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
        .boxed()
    })
}

fn hooked(rig: &Rig) -> (Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (changes, resets) = (Arc::default(), Arc::default());
    rig.sandbox.set_hooks(SandboxHooks { world_changed: counting(&changes), reset: counting(&resets) });
    (changes, resets)
}

#[tokio::test]
async fn a_change_of_the_world_is_answered_after_its_hook() {
    let rig = Rig::new();
    let (changes, _) = hooked(&rig);
    let person = json!({"people": [{"id": "13838599936", "name": "NY DEMO"}]});
    assert_eq!(rig.with("PATCH", "/sandbox/world", &person).await.status, 204);
    assert_eq!(changes.load(Ordering::SeqCst), 1);
    assert!(rig.sandbox.world().person("13838599936").is_some());
    assert!(rig.data("/sandbox/world").await["people"].as_array().is_some_and(|people| people.len() == 2));

    let answer = rig.send(request("PUT", "/sandbox/world", Body::from(WORLD))).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(changes.load(Ordering::SeqCst), 2);
    assert!(rig.sandbox.world().person("13838599936").is_none());
}

#[tokio::test]
async fn new_faults_meet_a_service_that_has_forgotten_unless_it_should_not() {
    let rig = Rig::new();
    let (changes, _) = hooked(&rig);
    let faults = json!([{"path": "/orgs", "status": 500, "times": 1}]);
    assert_eq!(rig.with("PUT", "/sandbox/faults", &faults).await.json(), faults);
    assert_eq!(changes.load(Ordering::SeqCst), 1);
    rig.with("PUT", "/sandbox/faults?forget=false", &faults).await;
    assert_eq!(changes.load(Ordering::SeqCst), 1);
    rig.with("DELETE", "/sandbox/faults", &Value::Null).await;
    assert_eq!(changes.load(Ordering::SeqCst), 2);
}

/// Whoever reads 204 may rely on it.
#[tokio::test]
async fn a_change_that_the_service_could_not_follow_is_said() {
    let rig = Rig::new();
    let failing: Hook = Arc::new(|| async { anyhow::bail!("no database") }.boxed());
    rig.sandbox.set_hooks(SandboxHooks { world_changed: failing.clone(), reset: failing });
    let person = json!({"people": [{"id": "13838599936", "name": "NY DEMO"}]});
    let faults = json!([{"path": "/orgs", "status": 500}]);
    for (method, path, body) in [
        ("PATCH", "/sandbox/world", &person),
        ("POST", "/sandbox/reset", &Value::Null),
        ("PUT", "/sandbox/faults", &faults),
        ("DELETE", "/sandbox/faults", &Value::Null),
    ] {
        let answer = rig.with(method, path, body).await;
        assert_eq!(answer.status, 500, "{method} {path}");
        assert!(answer.json()["faults"][0]["text"].as_str().is_some_and(|text| text.contains("no database")));
    }
}

#[tokio::test]
async fn a_faulty_world_changes_nothing() {
    let rig = Rig::new();
    let (changes, _) = hooked(&rig);
    for wrong in [
        json!({"people": [{"id": "13838599937", "name": "X"}, {"id": "1", "name": "Y"}]}),
        json!({"grants": [{"to": "person:27069815400", "for": "organization:310923044", "role": "dagl"}]}),
        json!({"nothing": 1}),
    ] {
        let answer = rig.with("PATCH", "/sandbox/world", &wrong).await;
        assert_eq!(answer.status, 400, "{wrong}");
        let faults = answer.json()["faults"].clone();
        assert!(faults.as_array().is_some_and(|faults| !faults.is_empty() && faults[0]["text"].is_string()));
        assert_eq!(rig.with("PUT", "/sandbox/world", &wrong).await.status, 400, "{wrong}");
    }
    let broken = WORLD.to_owned()
        + "expect:\n  - {who: 'person:08844397713', resource: ttd-demo, party: 'person:08844397713', outcome: deny}\n";
    assert_eq!(rig.send(request("PUT", "/sandbox/world", Body::from(broken))).await.status, 400);
    assert_eq!(changes.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_clock_can_be_set_moved_and_stopped() {
    let rig = Rig::new();
    let (changes, _) = hooked(&rig);
    let put = async |change: Value| rig.with("PUT", "/sandbox/clock", &change).await;
    let set = put(json!({"now": "2031-02-03T04:05:06Z", "frozen": true})).await.json();
    assert_eq!(set, json!({"now": "2031-02-03T04:05:06Z", "frozen": true}));
    assert_eq!(put(json!({"advance_seconds": 90.5})).await.json()["now"], "2031-02-03T04:06:36.500Z");
    assert_eq!(rig.data("/sandbox/clock").await["now"], "2031-02-03T04:06:36.500Z");
    assert_eq!(put(json!({"advance_seconds": -90.5})).await.json()["now"], "2031-02-03T04:05:06Z");
    for wrong in [json!({"now": "soon"}), json!({"advance_seconds": 1e300}), json!({"forward": 1}), json!([])] {
        assert_eq!(put(wrong.clone()).await.status, 400, "{wrong}");
    }
    assert_eq!(put(json!({"reset": true})).await.json()["frozen"], false);
    assert!(rig.sandbox.clock().now().timestamp() < 1_900_000_000);
    // Cached answers grow older with the clock; they are not forgotten.
    assert_eq!(changes.load(Ordering::SeqCst), 0);
}

/// Chapter 10 §1: a patch does to the clock what it says of it, and nothing else.
#[tokio::test]
async fn a_patch_of_the_world_stops_and_restarts_the_clock() {
    let rig = Rig::new();
    let patch = async |clock: Value| {
        let answer = rig.with("PATCH", "/sandbox/world", &json!({"clock": clock})).await;
        assert_eq!(answer.status, 204, "{clock}: {}", answer.text);
        rig.data("/sandbox/clock").await
    };
    let instant = "2031-02-03T04:05:06Z";
    let stands = json!({"now": instant, "frozen": true});
    assert_eq!(patch(json!({"start": instant, "frozen": true})).await, stands);
    for goes_on in [json!(false), Value::Null] {
        let running = patch(json!({ "frozen": goes_on })).await;
        assert_eq!(running["frozen"], false, "{goes_on}");
        assert!(
            running["now"].as_str().is_some_and(|now| now != instant && now.starts_with("2031-02-03T04:0")),
            "{running}"
        );
        assert_eq!(rig.data("/sandbox/world").await["clock"]["frozen"], false, "{goes_on}");
        // However it was stopped.
        rig.with("PUT", "/sandbox/clock", &json!({"now": instant, "frozen": true})).await;
        assert_eq!(patch(json!({ "frozen": goes_on })).await["frozen"], false, "{goes_on}");
        assert_eq!(patch(json!({"start": instant, "frozen": true})).await, stands);
    }
    // Who does not name it, or names nothing of it, leaves it alone.
    rig.with("PUT", "/sandbox/clock", &json!({"advance_seconds": 60})).await;
    let moved = json!({"now": "2031-02-03T04:06:06Z", "frozen": true});
    assert_eq!(patch(Value::Null).await, moved);
    assert_eq!(patch(json!({})).await, moved);
    assert_eq!(patch(json!({"frozen": true})).await, moved);
    assert_eq!(patch(json!({"start": instant})).await, stands);
    // A whole world that lets it go lets it go.
    assert_eq!(rig.send(request("PUT", "/sandbox/world", Body::from(WORLD))).await.status, 204);
    assert_eq!(rig.data("/sandbox/clock").await["frozen"], false);
}

#[tokio::test]
async fn a_reset_brings_everything_back() {
    let rig = Rig::new();
    let (changes, resets) = hooked(&rig);
    rig.with("PATCH", "/sandbox/world", &json!({"people": [{"id": "13838599936", "name": "NY DEMO"}]})).await;
    rig.with("PUT", "/sandbox/clock", &json!({"now": "2031-02-03T04:05:06Z", "frozen": true})).await;
    rig.with("PUT", "/sandbox/faults?forget=false", &json!([{"path": "/", "status": 500}])).await;
    rig.get("/orgs/altinn-orgs.json").await;

    assert_eq!(rig.with("POST", "/sandbox/reset", &Value::Null).await.status, 204);

    assert_eq!((changes.load(Ordering::SeqCst), resets.load(Ordering::SeqCst)), (1, 1));
    assert!(rig.sandbox.world().person("13838599936").is_none());
    assert_eq!(rig.data("/sandbox/clock").await["frozen"], false);
    for list in ["calls", "events", "faults"] {
        assert_eq!(rig.data(&format!("/sandbox/{list}")).await, json!([]), "{list}");
    }
}

#[tokio::test]
async fn the_decision_can_be_explained() {
    let rig = Rig::new();
    let question = "who=person:08844397713&party=organization:310923044&resource=ttd-demo&action=read";
    assert!(rig.data(&format!("/sandbox/explain?{question}")).await.is_object());
    assert_eq!(rig.get("/sandbox/explain?who=person:08844397713").await.status, 400);
    assert_eq!(rig.get(&format!("/sandbox/explain?{question}").replace("person", "robot")).await.status, 400);
}

#[tokio::test]
async fn the_page_and_the_data_hold_tokens_that_are_valid() {
    let rig = Rig::new();
    let page = rig.get("/sandbox").await;
    assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/html"));
    assert!(page.text.contains("LEIF DEMO") && page.text.contains("data-token=\"eyJ"));
    assert!(
        !page.text.contains("/swagger") && !page.text.contains("/api/v1<"),
        "nothing of a service that is not there"
    );
    hooked(&rig);
    let joined = rig.get("/sandbox").await;
    assert!(joined.text.contains("/swagger") && joined.text.contains("http://127.0.0.1:5123/api/v1<"));
    let is_place = |piece: &str| !piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_uppercase());
    assert!(!joined.text.split('%').any(is_place), "every place is filled");
    let mut browser = request("GET", "/sandbox", Body::empty());
    let takes = "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8";
    browser.headers_mut().insert("accept", takes.parse().expect("a header"));
    assert!(rig.send(browser).await.text.starts_with("<!DOCTYPE html>"));

    let mut asked = request("GET", "/sandbox", Body::empty());
    asked.headers_mut().insert("accept", "application/json".parse().expect("a header"));
    let card = rig.send(asked).await.json();
    assert_eq!(card["token_url"], "http://127.0.0.1:5123/api");
    let holders = card["identities"].as_array().expect("a list");
    let labels: Vec<_> = holders.iter().filter_map(|holder| holder["label"].as_str()).collect();
    let expected = [
        "organization TIGER AS",
        "service owner ttd",
        "person LEIF DEMO",
        "e-mail user test@test.no",
        "system user Demosystem of 310923044",
    ];
    assert_eq!(labels, expected);
    for holder in holders {
        for token in [&holder["token"], &holder["high_token"]].into_iter().filter_map(Value::as_str) {
            rig.verified(token).await;
        }
    }
    let owner = holders.iter().find(|holder| holder["owner_code"] == "ttd").expect("the service owner");
    let admin = rig.verified(owner["admin_token"].as_str().expect("a token")).await;
    assert!(admin["scope"].as_str().is_some_and(|scope| scope.ends_with("serviceprovider.admin")));
}
