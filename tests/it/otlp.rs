//! What a collector is sent, seen by a collector: traces, numbers and log lines, and what becomes of requests if it fails.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use dialogporten::{
    config::{Settings, Source},
    metadata::metrics,
    meter::{self, Points},
    otlp::{Export, Exporting, FLUSH},
    sandbox::world::World,
};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{KeyValue, any_value::Value as Any},
    logs::v1::LogRecord,
    metrics::v1::{Metric, metric::Data},
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use tokio::{net::TcpListener, sync::Notify, time::timeout};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::harness::{Edit, PERSON, TestApp, simple_dialog, text};

const TRACE: &str = "7d1f0a6b5c4e3d2c1b0a998877665544";
const CALLER: &str = "1122334455667788";
/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the collector does with what it gets.
#[derive(Clone, Copy, PartialEq)]
enum Answers {
    Takes,
    Refuses,
    /// It never answers.
    Hangs,
}

/// A collector, and an event endpoint beside it.
#[derive(Clone)]
struct Collector {
    url: String,
    answers: Answers,
    got: Arc<Mutex<Got>>,
    arrived: Arc<Notify>,
}

#[derive(Default)]
struct Got {
    spans: Vec<Span>,
    lines: Vec<LogRecord>,
    metrics: Vec<Metric>,
    resource: BTreeMap<String, String>,
    /// Everything as it came.
    bytes: Vec<u8>,
    key: Option<String>,
    /// What events said they were a step of.
    events: Vec<Option<String>>,
    posts: usize,
}

impl Collector {
    async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self { url, answers, got: Arc::default(), arrived: Arc::default() };
        let router = Router::new().fallback(take).with_state(collector.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        collector
    }

    /// Waits until this holds of what it got.
    async fn until(&self, holds: impl Fn(&Got) -> bool) {
        let waiting = async {
            loop {
                let arrived = self.arrived.notified();
                if holds(&self.got.lock().unwrap()) {
                    return;
                }
                arrived.await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("in time");
    }
}

async fn take(State(collector): State<Collector>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    {
        let mut got = collector.got.lock().unwrap();
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        if uri.path().starts_with("/events/") {
            got.events.push(text("traceparent"));
            collector.arrived.notify_waiters();
            return StatusCode::OK;
        }
        assert_eq!(text("content-type").unwrap(), "application/x-protobuf");
        got.posts += 1;
        got.key = text("api-key");
        got.bytes.extend_from_slice(&body);
        match uri.path() {
            "/v1/traces" => {
                for spans in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
                    got.resource = told(&spans.resource.unwrap().attributes);
                    got.spans.extend(spans.scope_spans.into_iter().flat_map(|scope| scope.spans));
                }
            }
            "/v1/logs" => {
                for lines in ExportLogsServiceRequest::decode(body).unwrap().resource_logs {
                    got.lines.extend(lines.scope_logs.into_iter().flat_map(|scope| scope.log_records));
                }
            }
            "/v1/metrics" => {
                for metrics in ExportMetricsServiceRequest::decode(body).unwrap().resource_metrics {
                    got.metrics.extend(metrics.scope_metrics.into_iter().flat_map(|scope| scope.metrics));
                }
            }
            other => panic!("{other} is no signal"),
        }
    }
    collector.arrived.notify_waiters();
    match collector.answers {
        Answers::Takes => StatusCode::OK,
        Answers::Refuses => StatusCode::BAD_REQUEST,
        Answers::Hangs => std::future::pending().await,
    }
}

fn told(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let value = |value: &Any| match value {
        Any::StringValue(text) => text.clone(),
        Any::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let told = |attribute: &KeyValue| {
        let value = attribute.value.as_ref().and_then(|told| told.value.as_ref()).map_or(String::new(), value);
        (attribute.key.clone(), value)
    };
    attributes.iter().map(told).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// What listens on this thread, which all of a test runs on.
fn listens(collector: &Collector, changed: &[(&str, &str)]) -> (Export, DefaultGuard) {
    let mut settings = Settings::defaults();
    settings.put("telemetry.otlp.endpoint", collector.url.as_str(), Source::Sandbox);
    settings.put("telemetry.otlp.headers", "api-key=k%20y", Source::Sandbox);
    settings.put("telemetry.otlp.resource_attributes", "deployment.environment.name=test", Source::Sandbox);
    for (key, value) in changed {
        settings.put(key, *value, Source::Sandbox);
    }
    let export = Export::new(&settings.telemetry().unwrap().collector.expect("a collector"));
    let all = tracing_subscriber::registry().with(export.spans()).with(export.lines("info"));
    (export, tracing::subscriber::set_default(all))
}

fn begins(export: Export, app: &TestApp) -> Exporting {
    metrics::begin(export, &app.service)
}

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{CALLER}-{flags}")
}

/// A request is one trace from its caller to the platform; the lines and numbers of the same request arrive, too; and nowhere in
/// all this is a person, a name, a token or a text.
#[tokio::test]
async fn a_request_is_seen_whole_and_nobody_in_it() {
    const MARK: &str = "Hemmeligheten";
    let collector = Collector::start(Answers::Takes).await;
    let (export, _listening) = listens(&collector, &[]);
    let app = TestApp::start_with(&[("altinn.events_base_uri", &collector.url)]).await;
    let exporting = begins(export, &app);
    let owner = app.service_owner("ttd").header("traceparent", &traceparent("01")).header("tracestate", MARK);
    let edited = simple_dialog().with("content.title", text(MARK)).with("searchTags", serde_json::json!([]));
    let created = owner.post("serviceowner/dialogs", edited).await.expect(201);
    let dialog = created.body.as_str().unwrap().to_owned();
    let place = created.header("traceparent").to_owned();
    assert!(place.starts_with(&format!("00-{TRACE}-")) && place.ends_with("-01"), "{place}");
    let reader = app.person(PERSON).header("traceparent", &traceparent("01"));
    reader.get(&format!("enduser/dialogs/{dialog}")).await.expect(200);
    reader
        .get(&format!("enduser/dialogs?search={MARK}&party=urn:altinn:person:identifier-no:{PERSON}"))
        .await
        .expect(200);
    app.anonymous().get("/health/liveness").await.expect(200);
    let calls = app.anonymous().get("/sandbox/calls?limit=100").await.expect(200);
    let delivery = app.delivers();
    collector.until(|got| !got.events.is_empty()).await;
    delivery.stopped().await;
    exporting.stop().await;

    let got = collector.got.lock().unwrap();
    assert_eq!(got.key.as_deref(), Some("k y"));
    assert_eq!(got.resource["service.name"], "dialogporten");
    assert_eq!(got.resource["deployment.environment.name"], "test");
    let named = |name: &str| {
        let names: Vec<_> = got.spans.iter().map(|span| span.name.as_str()).collect();
        got.spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {names:?}"))
    };

    let request = named("POST /api/v1/serviceowner/dialogs");
    assert_eq!(hex(&request.trace_id), TRACE);
    assert_eq!(hex(&request.parent_span_id), CALLER);
    assert_eq!(hex(&request.span_id), place.split('-').nth(2).unwrap(), "the answer names the span");
    assert_eq!(request.kind(), SpanKind::Server);
    let about = told(&request.attributes);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/v1/serviceowner/dialogs"),
        ("http.response.status_code", "201"),
    ] {
        assert_eq!(about[name], value, "{about:?}");
    }
    let statement = named("dialog insert");
    assert_eq!((&statement.trace_id, &statement.parent_span_id), (&request.trace_id, &request.span_id));
    assert_eq!(
        (statement.kind(), told(&statement.attributes)["db.system.name"].as_str()),
        (SpanKind::Client, "postgresql")
    );
    assert!(request.start_time_unix_nano <= statement.start_time_unix_nano);
    assert!(statement.end_time_unix_nano <= request.end_time_unix_nano);

    // What is asked of the platform is a step of the reader's request, also at the platform.
    let decision = named("decision");
    assert_eq!((hex(&decision.trace_id).as_str(), decision.kind()), (TRACE, SpanKind::Client));
    let asked = format!("00-{TRACE}-{}-01", hex(&decision.span_id));
    let calls = calls.body.as_array().unwrap();
    assert!(calls.iter().any(|call| call["traceparent"] == asked.as_str()), "{asked} in {calls:?}");
    let mut above = decision;
    while let Some(parent) = got.spans.iter().find(|span| span.span_id == above.parent_span_id) {
        above = parent;
    }
    assert_eq!(above.name, "GET /api/v1/enduser/dialogs/{dialogId}");

    // Delivery is a trace of its own, and the endpoint is in it.
    let (step, post) = (named("delivery"), named("publish event"));
    assert_eq!((step.parent_span_id.len(), &post.parent_span_id), (0, &step.span_id));
    let said = got.events.iter().flatten().any(|said| {
        said.starts_with(&format!("00-{}-", hex(&post.trace_id)))
            && got.spans.iter().any(|span| said.contains(&hex(&span.span_id)))
    });
    assert!(said, "{:?}", got.events);
    assert!(!got.spans.iter().any(|span| span.name.contains("health")), "probes say nothing new");

    let line = got.lines.iter().find(|line| line.span_id == request.span_id).expect("a line of the request");
    let words = line.body.as_ref().and_then(|body| body.value.clone());
    assert_eq!(words, Some(Any::StringValue("request answered".into())));
    assert_eq!((line.severity_text.as_str(), hex(&line.trace_id).as_str()), ("INFO", TRACE));
    assert_eq!(told(&line.attributes)["status"], "201");

    let metric =
        |name: &str| got.metrics.iter().rfind(|metric| metric.name == name).unwrap_or_else(|| panic!("no {name}"));
    let Some(Data::Histogram(requests)) = &metric("http_server_request_duration_seconds").data else { panic!() };
    let created = requests.data_points.iter().find(|point| {
        let labels = told(&point.attributes);
        labels["route"] == "/api/v1/serviceowner/dialogs" && labels["status"] == "201"
    });
    assert!(
        created.is_some_and(|point| point.count >= 1 && point.bucket_counts.len() == point.explicit_bounds.len() + 1)
    );
    for name in [
        "db_client_operation_duration_seconds",
        "db_client_connections",
        "platform_client_request_duration_seconds",
        "cache_requests_total",
        "outbox_pending",
        "outbox_oldest_seconds",
        "signal_listening",
        "deliveries_under_way",
    ] {
        metric(name);
    }

    let everything = String::from_utf8_lossy(&got.bytes);
    let world = World::named("bare").unwrap();
    let names: Vec<_> = world.identities().filter(|one| one.id == PERSON).map(|one| one.name.clone()).collect();
    assert_eq!(names.len(), 1);
    for private in [PERSON, MARK, &dialog, "eyJ", "Bearer", &names[0]] {
        assert!(!everything.contains(private), "{private}");
    }
}

/// The caller's decision counts; without one it is the ratio's, and nothing is sent at all if that is zero.
#[tokio::test]
async fn what_is_not_sampled_is_not_sent() {
    let collector = Collector::start(Answers::Takes).await;
    let (export, _listening) = listens(&collector, &[("telemetry.otlp.sampler_arg", "0")]);
    let app = TestApp::start().await;
    let exporting = begins(export, &app);
    let fresh = app.anonymous().get("metadata/limits").await.expect(200).header("traceparent").to_owned();
    assert!(fresh.ends_with("-00"), "{fresh}");
    let unsampled = app.anonymous().header("traceparent", &traceparent("00")).get("metadata/limits").await.expect(200);
    assert!(unsampled.header("traceparent").starts_with(&format!("00-{TRACE}-")), "the trace goes on all the same");
    app.service_owner("ttd").creates(simple_dialog()).await;
    let sampled = TRACE.replace("7d1f", "8e2a");
    let parent = format!("00-{sampled}-{CALLER}-01");
    app.anonymous().header("traceparent", &parent).get("metadata/limits").await.expect(200);
    exporting.stop().await;
    let got = collector.got.lock().unwrap();
    let traces: Vec<_> = got.spans.iter().map(|span| hex(&span.trace_id)).collect();
    assert_eq!(traces, [sampled]);
    let lines: Vec<_> = got.lines.iter().map(|line| hex(&line.trace_id)).collect();
    assert!(
        lines.contains(&TRACE.to_owned()) && lines.contains(&fresh[3..35].to_owned()),
        "lines name traces: {lines:?}"
    );
}

/// A collector that takes posts and never answers costs telemetry, not requests, and the end of the process a bounded time.
#[tokio::test]
async fn a_collector_that_hangs_makes_nobody_wait() {
    let collector = Collector::start(Answers::Hangs).await;
    let (export, _listening) = listens(&collector, &[("telemetry.otlp.timeout", "1m")]);
    let app = TestApp::start().await;
    let exporting = begins(export, &app);
    app.anonymous().get("metadata/limits").await.expect(200);
    collector.until(|got| !got.lines.is_empty() && !got.spans.is_empty()).await;
    let before = dropped("logs");
    // More than fits into the queue.
    for n in 0..10_000 {
        tracing::info!(target: "dialogporten::test", n, "said in vain");
    }
    assert!(dropped("logs") - before >= 1000, "what does not fit is counted");
    let asking = async {
        for _ in 0..10 {
            app.service_owner("ttd").creates(simple_dialog()).await;
        }
    };
    // Nobody waits for the collector's minute.
    timeout(PATIENCE / 2, asking).await.expect("requests are answered");
    timeout(FLUSH * 3, exporting.stop()).await.expect("the process ends");
}

/// What a collector refuses is counted, and not sent again.
#[tokio::test]
async fn what_is_refused_is_counted() {
    let collector = Collector::start(Answers::Refuses).await;
    let (export, _listening) = listens(&collector, &[]);
    let app = TestApp::start().await;
    let exporting = begins(export, &app);
    let before = dropped("traces");
    app.anonymous().get("metadata/limits").await.expect(200);
    collector.until(|got| got.spans.iter().any(|span| span.name.contains("limits"))).await;
    exporting.stop().await;
    assert!(dropped("traces") > before);
    let got = collector.got.lock().unwrap();
    let sent = got.spans.iter().filter(|span| span.name == "GET /api/v1/metadata/limits").count();
    assert_eq!(sent, 1, "not again");
}

/// Of the whole process, which other tests share.
fn dropped(signal: &str) -> u64 {
    let all = meter::families();
    let family = all.iter().find(|family| family.name == "telemetry_dropped_total").expect("it is counted");
    let Points::Counts(series) = &family.points else { panic!("{family:?}") };
    series.iter().filter(|(labels, _)| labels[0].1 == signal).map(|(_, count)| count).sum()
}
