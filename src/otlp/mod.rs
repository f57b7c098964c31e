//! What can be seen of the service, sent to a collector over OTLP/HTTP, if the settings name one: its spans, its numbers, its
//! log lines.
//!
//! | Module | Owns |
//! |---|---|
//! | `spans` | which spans are recorded, and what a collector calls them |
//! | `lines` | log lines as records, with the trace that they belong to |
//! | `numbers` | what is counted and measured, in the collector's form |
//! | `post` | posting, and what becomes of what is not taken |
//! | `queue` | what waits to be posted, within bounds |
//!
//! Telemetry never makes anybody wait: what does not fit into its queue is dropped and counted, and so is what a collector
//! does not take. Nothing of this module runs without a collector.

mod lines;
mod numbers;
mod post;
mod queue;
mod spans;

use std::{collections::BTreeMap, time::Duration};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use prost::Message as _;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt as _, filter_fn},
    registry::LookupSpan,
};
use uuid::Uuid;

use self::{
    post::Post,
    queue::{Queue, Waiting},
};
use crate::{
    config::{Collector, Sampling},
    meter::Family,
};

/// How long the end of the process waits for what is still to be sent.
pub const FLUSH: Duration = Duration::from_secs(3);

/// The module whose spans are for others to see.
const SHOWN: &str = "dialogporten::telemetry";

/// No trace at all.
const NONE: Sampling = Sampling { follows_caller: false, ratio: 0.0 };

/// What listens to the process before it does anything, and what is to become of what it hears.
pub struct Export {
    collector: Collector,
    provider: SdkTracerProvider,
    lines: Queue<LogRecord>,
    spans_waiting: Waiting<SpanData>,
    lines_waiting: Waiting<LogRecord>,
}

/// Sending, while the process runs.
#[must_use = "what waits is sent when it is stopped"]
pub struct Exporting {
    tasks: TaskTracker,
    stop: CancellationToken,
    // Held until then: without it no span is recorded.
    _provider: SdkTracerProvider,
}

impl Export {
    pub fn new(collector: &Collector) -> Self {
        numbers::begin();
        let (spans, spans_waiting) = queue::bounded("traces");
        let (lines, lines_waiting) = queue::bounded("logs");
        // What nobody is sent is not recorded.
        let sampling = if collector.traces.is_some() { collector.sampling } else { NONE };
        let provider = SdkTracerProvider::builder()
            .with_sampler(spans::Rule::new(sampling))
            .with_span_processor(spans::Ended::into(spans))
            .build();
        Self { collector: collector.clone(), provider, lines, spans_waiting, lines_waiting }
    }

    /// Hears of spans.
    pub fn spans<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("dialogporten"))
            // What is not told is not paid: where in the code, on which thread, how busy.
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            // Found through the spans of tracing instead, which works at every place where a span is current.
            .with_context_activation(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == SHOWN))
    }

    /// Hears of the log lines that `filter` lets through, if they are ours: what other crates may say nobody has looked at.
    pub fn lines<S>(&self, filter: &str) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let ours = filter_fn(|metadata| metadata.is_event() && metadata.target().starts_with("dialogporten"));
        // Spans as well, because they say which trace a line belongs to.
        let spans = filter_fn(|metadata| metadata.is_span() && metadata.target() == SHOWN);
        lines::Lines::into(self.lines.clone()).with_filter(EnvFilter::new(filter).and(ours).or(spans))
    }

    /// Begins to send; `measure` says how the process is, each time that numbers are due.
    pub fn begin<M, F>(self, measure: M) -> Exporting
    where
        M: Fn() -> F + Send + 'static,
        F: Future<Output = Vec<Family>> + Send + 'static,
    {
        let Self { collector, provider, spans_waiting, lines_waiting, lines: _ } = self;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let resource = resource(&collector);
        if let Some(address) = &collector.traces {
            let (post, resource) = (Post::new(address, &collector, "traces"), resource.clone());
            tasks.spawn(spans_waiting.keep(post, stop.clone(), move |spans| traces(&resource, spans)));
        }
        if let Some(address) = &collector.logs {
            let (post, resource) = (Post::new(address, &collector, "logs"), resource.clone());
            tasks.spawn(lines_waiting.keep(post, stop.clone(), move |records| logs(&resource, records)));
        }
        if let Some(address) = &collector.metrics {
            let post = Post::new(address, &collector, "metrics");
            let write = move |families| metrics(&resource, families);
            tasks.spawn(keep_measuring(post, stop.clone(), collector.metrics_interval, measure, write));
        }
        Exporting { tasks, stop, _provider: provider }
    }
}

impl Exporting {
    /// Sends what waits, and the numbers once more, for [`FLUSH`] at most.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if timeout(FLUSH, self.tasks.wait()).await.is_err() {
            tracing::warn!("the collector has not taken everything that was to be sent at the end");
        }
    }
}

/// Sends what `measure` says now and then, and once more at the end.
async fn keep_measuring<F: Future<Output = Vec<Family>>>(
    mut post: Post,
    stop: CancellationToken,
    every: Duration,
    measure: impl Fn() -> F,
    write: impl Fn(Vec<Family>) -> Vec<u8>,
) {
    let mut ticks = interval(every);
    // After a long pause the usual one, not the missed ones all at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first one comes at once, when there is nothing to tell.
    ticks.tick().await;
    loop {
        let is_last = tokio::select! {
            _ = ticks.tick() => false,
            () = stop.cancelled() => true,
        };
        // Numbers go on growing: the next post says what this one would have said.
        post.once(write(measure().await), 1).await;
        if is_last {
            return;
        }
    }
}

/// Who tells all this.
fn resource(collector: &Collector) -> Resource {
    let ours = [
        ("service.name", "dialogporten".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", Uuid::new_v4().to_string()),
    ];
    let mut told: BTreeMap<String, String> = ours.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // Whoever runs several may know better.
    told.extend(collector.resource.iter().cloned());
    // Over an attribute of the same name, as OpenTelemetry has it.
    told.extend(collector.service_name.iter().map(|name| ("service.name".to_owned(), name.clone())));
    let attributes = told.into_iter().map(|(name, value)| text(name, value)).collect();
    Resource { attributes, ..Resource::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "dialogporten".into(), ..InstrumentationScope::default() }
}

fn traces(resource: &Resource, spans: Vec<SpanData>) -> Vec<u8> {
    let spans = spans.into_iter().map(Span::from).collect();
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() }];
    let resource = Some(resource.clone());
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn logs(resource: &Resource, log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { scope: Some(scope()), log_records, ..ScopeLogs::default() }];
    let resource = Some(resource.clone());
    let resource_logs = vec![ResourceLogs { resource, scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

fn metrics(resource: &Resource, families: Vec<Family>) -> Vec<u8> {
    let metrics = numbers::written(families);
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() }];
    let resource = Some(resource.clone());
    let resource_metrics = vec![ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

fn text(key: impl Into<String>, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn attribute(key: impl Into<String>, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
