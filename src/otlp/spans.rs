//! Which spans are recorded, and what a collector calls them.

use std::{borrow::Cow, time::Duration};

use opentelemetry::{
    Context, KeyValue, Value,
    trace::{Link, SpanContext, SpanKind, Status, TraceContextExt as _, TraceId, TraceState},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample, Span, SpanData, SpanProcessor},
};

use super::queue::Queue;
use crate::{config::Sampling, telemetry};

/// Which spans are recorded.
#[derive(Clone, Debug)]
pub struct Rule {
    follows_caller: bool,
    /// Of traces that nobody has decided about.
    chance: Sampler,
}

impl Rule {
    pub fn new(sampling: Sampling) -> Self {
        Self { follows_caller: sampling.follows_caller, chance: Sampler::TraceIdRatioBased(sampling.ratio) }
    }
}

impl ShouldSample for Rule {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let parent = parent.map(|parent| parent.span().span_context().clone()).filter(SpanContext::is_valid);
        let decided = match parent {
            _ if is_probe(attributes) => Some(false),
            Some(parent) if self.follows_caller || !parent.is_remote() => Some(parent.is_sampled()),
            // A statement that no request and no step waits for tells nothing by itself: there are some each second.
            None if name == telemetry::STATEMENT => Some(false),
            _ => None,
        };
        match decided {
            Some(is_recorded) => SamplingResult {
                decision: if is_recorded { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
                attributes: Vec::new(),
                trace_state: TraceState::default(),
            },
            None => self.chance.should_sample(None, trace, name, kind, attributes, links),
        }
    }
}

/// Probes come every few seconds, and say nothing new (chapter 05 D8).
fn is_probe(attributes: &[KeyValue]) -> bool {
    let route = attributes.iter().find(|attribute| attribute.key.as_str() == "http.route");
    route.is_some_and(|route| {
        let route = route.value.as_str();
        route.starts_with("/health") || route == "/metrics"
    })
}

/// Puts spans that have ended into the queue.
#[derive(Debug)]
pub struct Ended(Queue<SpanData>);

impl Ended {
    pub fn into(queue: Queue<SpanData>) -> Self {
        Self(queue)
    }
}

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.put(named(span));
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The name, kind and outcome that OpenTelemetry's conventions give a span of `telemetry`, by what it tells.
fn named(mut span: SpanData) -> SpanData {
    let told = |key: &str| span.attributes.iter().find(|told| told.key.as_str() == key).map(|told| &told.value);
    let text = |key: &str| told(key).map(|value| value.as_str().into_owned());
    let mut failed = told("error.type").is_some();
    let (name, kind) = match span.name.as_ref() {
        telemetry::REQUEST => {
            failed |= matches!(told("http.response.status_code"), Some(Value::I64(500..)));
            let method = text("http.request.method").unwrap_or_default();
            let route = text("http.route").filter(|route| route != "-");
            (route.map_or(method.clone(), |route| format!("{method} {route}")), SpanKind::Server)
        }
        telemetry::STATEMENT => (text("db.query.summary").unwrap_or_default(), SpanKind::Client),
        telemetry::CALL => (text("rpc.method").unwrap_or_default(), SpanKind::Client),
        _ => (text("step").unwrap_or_default(), SpanKind::Internal),
    };
    if span.name == telemetry::STATEMENT {
        span.attributes.push(KeyValue::new("db.system.name", "postgresql"));
    }
    // What is a name already need not be said twice, and no route is no route.
    span.attributes.retain(|told| {
        told.key.as_str() != "step" && !(told.key.as_str() == "http.route" && told.value.as_str() == "-")
    });
    span.name = Cow::Owned(name);
    span.span_kind = kind;
    if failed {
        span.status = Status::error("");
    }
    span
}
