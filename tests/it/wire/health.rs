//! `/health…`.

use serde_json::{Value, json};

use crate::harness::{Answer, TestApp};

fn statuses(report: &Answer) -> Vec<(&str, &str)> {
    let entries = report.body["entries"].as_object().expect("entries");
    entries.iter().map(|(name, check)| (name.as_str(), check["status"].as_str().expect("a status"))).collect()
}

/// H-004
#[tokio::test]
async fn each_path_has_its_checks() {
    let app = TestApp::start().await;
    for (path, checks) in [
        ("/health", &["postgres"][..]),
        ("/health/startup", &["postgres"]),
        ("/health/liveness", &["self"]),
        ("/health/readiness", &["postgres", "warmup"]),
        ("/health/deep", &["Endpoints", "postgres"]),
    ] {
        let report = app.anonymous().get(path).await.expect(200);
        assert_eq!(report.body["status"], "Healthy", "{path}: {}", report.text);
        assert_eq!(statuses(&report), checks.iter().map(|name| (*name, "Healthy")).collect::<Vec<_>>(), "{path}");
        let members: Vec<_> = report.body.as_object().expect("a report").keys().map(String::as_str).collect();
        assert_eq!(members.len(), 3, "{members:?}");
        assert!(report.body["totalDuration"].as_str().is_some_and(|it| it.starts_with("00:00:") && it.len() == 16));
        assert_eq!(report.header("content-type"), "application/json");
        assert_eq!(report.header("cache-control"), "no-store, no-cache");
    }
    app.anonymous().post("/health", Value::Null).await.expect(200);
}

/// H-003: what is slow, and by how much, is told; 200, for the service works.
#[tokio::test]
async fn a_slow_hard_dependency_degrades() {
    let app = TestApp::start().await;
    // The contract's threshold is five seconds of real time.
    let slow = json!([{ "path": "/accessmanagement/api/v1/meta/info/roles", "delay_ms": 5_050 }]);
    app.anonymous().put("/sandbox/faults", slow).await.expect(200);
    let report = app.anonymous().get("/health/deep").await.expect(200);
    assert_eq!(report.body["status"], "Degraded", "{}", report.text);
    assert_eq!(statuses(&report), [("Endpoints", "Degraded"), ("postgres", "Healthy")]);
    let data = &report.body["entries"]["Endpoints"]["data"];
    assert_eq!((&data["slowCount"], &data["hardFailureCount"]), (&json!(1), &json!(0)));
    let checked = data["checkedEndpoints"].as_array().expect("endpoints");
    let slow: Vec<_> = checked.iter().filter(|endpoint| endpoint["status"] == "Slow").collect();
    assert_eq!((slow.len(), &slow[0]["hardDependency"]), (1, &json!(true)), "{data}");
    assert!(slow[0]["durationMs"].as_u64().is_some_and(|took| took > 5_000), "{data}");
}

#[tokio::test]
async fn without_its_hard_dependency_the_service_is_unhealthy() {
    for (path, status, word, failures) in [
        ("/orgs/altinn-orgs.json", 200, "Degraded", (0, 1)),
        ("/accessmanagement/api/v1/meta/info/roles", 503, "Unhealthy", (1, 0)),
    ] {
        // One each: a report is told again for some seconds.
        let app = TestApp::start().await;
        app.anonymous().put("/sandbox/faults", json!([{ "path": path, "status": 500 }])).await.expect(200);
        let report = app.anonymous().get("/health/deep").await.expect(status);
        assert_eq!(report.body["status"], word, "{path}");
        let endpoints = &report.body["entries"]["Endpoints"]["data"];
        assert_eq!(
            (&endpoints["hardFailureCount"], &endpoints["softFailureCount"]),
            (&json!(failures.0), &json!(failures.1))
        );
        assert_eq!(
            endpoints["totalCount"].as_u64(),
            endpoints["checkedEndpoints"].as_array().map(|all| all.len() as u64)
        );
    }
}
