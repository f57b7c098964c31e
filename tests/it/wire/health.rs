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
        assert_eq!(report.header("content-type"), "application/json");
        assert_eq!(report.header("cache-control"), "no-store, no-cache");
    }
    app.anonymous().post("/health", Value::Null).await.expect(200);
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
