//! What those who run the service see: metrics, maintenance mode, warm-up.

use dialogporten::server::maintenance::Standing;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Edit, PERSON, TestApp, simple_dialog};

/// Chapter 11 §6: names as they are promised, labels that are names of ours, and nobody's number, id or token in any of them.
#[tokio::test]
async fn metrics_tell_of_everything_and_of_nobody() {
    let app = TestApp::start_with(&[("telemetry.metrics", "true")]).await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    app.person(PERSON).opens(dialog).await;
    app.person(PERSON).get(&format!("enduser/dialogs/{}", uuid::Uuid::now_v7())).await.expect(404);
    app.anonymous().get("/nowhere").await.expect(404);
    let answer = app.anonymous().get("/metrics").await.expect(200);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{:?}", answer.headers);
    // Metrics are the process's own, which tests may share: others may have counted, too.
    for (name, at_least) in [
        (
            r#"http_server_request_duration_seconds_count{method="POST",route="/api/v1/serviceowner/dialogs",status="201"}"#,
            1,
        ),
        (
            r#"http_server_request_duration_seconds_count{method="GET",route="/api/v1/enduser/dialogs/{dialogId}",status="404"}"#,
            1,
        ),
        (r#"db_client_operation_duration_seconds_count{statement="dialog insert"}"#, 1),
        (r#"platform_client_request_duration_seconds_count{call="decision",outcome="answered"}"#, 1),
        (r#"cache_requests_total{cache="decisions",result="miss"}"#, 1),
        (r#"db_client_connections{state="idle"}"#, 0),
        ("http_server_active_requests", 0),
        ("outbox_pending", 3),
        ("outbox_parked", 0),
        ("outbox_oldest_seconds", 0),
        ("live_streams", 0),
        ("process_resident_memory_bytes", 1_000_000),
    ] {
        let value = answer.text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        assert!(value.is_some_and(|value| value >= f64::from(at_least)), "{name}: {value:?} in\n{}", answer.text);
    }
    for private in [PERSON, &dialog.to_string(), "ey"] {
        let told = answer.text.lines().filter(|line| !line.starts_with('#')).any(|line| {
            line.split_once('{')
                .is_some_and(|(_, labels)| labels.contains(&format!("\"{private}")) || labels.contains(PERSON))
        });
        assert!(!told, "{private}");
    }
    TestApp::start_with(&[("telemetry.metrics", "false")]).await.anonymous().get("/metrics").await.expect(404);
}

/// H-005, chapter 11 §2: everything is refused but probes, with the time from which it is worth asking again; it is left
/// without a restart.
#[tokio::test]
async fn maintenance_refuses_everything_but_probes() {
    let origins = r#"["https://inbox.example", "http://localhost:*"]"#;
    let app = TestApp::start_with(&[("graphql.cors_origins", origins)]).await;
    let retry_at = "2031-04-05T06:07:08Z".parse().ok();
    app.service.maintenance.set(Standing { enabled: true, retry_at });
    let every = [
        dialogporten::serviceowner::operations(),
        dialogporten::enduser::operations(),
        dialogporten::metadata::operations(),
    ];
    let mut asked: Vec<(Method, String)> = every
        .concat()
        .into_iter()
        .map(|operation| (operation.route.method.to_uppercase().parse().expect("a verb"), operation.route.path.into()))
        .collect();
    assert!(asked.len() > 40, "{} operations", asked.len());
    asked.extend([(Method::POST, "/graphql".into()), (Method::POST, "/graphql/stream".into())]);
    asked.extend(["/swagger/index.html", "/nowhere", "/graphql"].map(|path| (Method::GET, path.to_owned())));
    for (method, path) in asked {
        let (anybody, somebody) = (app.anonymous(), app.person(PERSON));
        for client in [&anybody, &somebody] {
            let answer = client.send(method.clone(), &path, None).await.expect(503);
            assert_eq!(
                (answer.text.as_str(), answer.header("content-type")),
                ("Service Unavailable", "text/plain"),
                "{method} {path}"
            );
            assert_eq!(answer.header("retry-after"), "Sat, 05 Apr 2031 06:07:08 GMT", "{method} {path}");
        }
    }
    let told = app.person(PERSON).header("prefer", "return=representation").get("enduser/dialogs").await.expect(503);
    assert_eq!((&told.body["code"], &told.body["status"]), (&json!("maintenance"), &json!(503)), "{}", told.text);
    assert_eq!(told.header("content-type"), "application/problem+json; charset=utf-8");
    assert_eq!(told.header("retry-after"), "Sat, 05 Apr 2031 06:07:08 GMT");
    assert_eq!(told.header("preference-applied"), "return=representation");
    for path in ["/graphql", "/graphql/stream"] {
        let browser = app.anonymous().header("origin", "https://inbox.example");
        let browser = browser.header("access-control-request-method", "POST");
        let browser = browser.header("access-control-request-headers", "authorization,content-type");
        let preflight = browser.send(Method::OPTIONS, path, None).await.expect(204);
        assert_eq!(preflight.header("access-control-allow-origin"), "https://inbox.example", "{path}");
    }
    for path in ["/health", "/health/liveness", "/health/readiness", "/health/startup"] {
        app.anonymous().get(path).await.expect(200);
    }
    // A preflight is answered, and the page may read the refusal that follows; a bare OPTIONS is a request like any.
    let page = app.anonymous().header("origin", "http://localhost:3000");
    let asking = page.clone().header("access-control-request-method", "POST");
    asking.send(Method::OPTIONS, "/graphql", None).await.expect(204);
    for method in [Method::OPTIONS, Method::POST] {
        let refused = page.send(method, "/graphql/stream", None).await.expect(503);
        assert_eq!(refused.header("access-control-allow-origin"), "http://localhost:3000");
    }
    asking.send(Method::OPTIONS, "/api/v1/enduser/dialogs", None).await.expect(503);
    app.service.maintenance.set(Standing { enabled: true, retry_at: None });
    assert_eq!(app.person(PERSON).get("enduser/dialogs").await.expect(503).header("retry-after"), "");
    app.service.maintenance.set(Standing::default());
    app.anonymous().get("metadata/limits").await.expect(200);
}

/// H-004: readiness says which phase of the warm-up is under way, and waits for it.
#[tokio::test]
async fn readiness_waits_for_the_warm_up() {
    let app = TestApp::start().await;
    app.service.warmup.enter(Some("db-pool"));
    let waiting = app.anonymous().get("/health/readiness").await.expect(503);
    let check = |report: &Value| report["entries"]["warmup"]["description"].clone();
    assert_eq!(check(&waiting.body), "Readiness warmup is pending in phase 'db-pool'.");
    app.anonymous().get("/health/liveness").await.expect(200);
    dialogporten::jobs::warm_up::run(app.service.clone()).await.unwrap();
    let ready = app.anonymous().get("/health/readiness").await.expect(200);
    assert_eq!(check(&ready.body), "Readiness warmup completed.");
    let edited = simple_dialog().with("progress", 1);
    app.service_owner("ttd").creates(edited).await;
}
