//! Log lines as records, with the trace that they belong to.

use std::{
    fmt,
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, any_value::Value},
    logs::v1::{LogRecord, SeverityNumber},
};
use tracing::{
    Dispatch, Event, Level, Subscriber,
    dispatcher::WeakDispatch,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use super::{attribute, queue::Queue, text};

/// Puts each line into the queue.
pub struct Lines {
    queue: Queue<LogRecord>,
    /// Where traces are asked for, known once the layer is in place.
    dispatch: OnceLock<WeakDispatch>,
}

impl Lines {
    pub fn into(queue: Queue<LogRecord>) -> Self {
        Self { queue, dispatch: OnceLock::new() }
    }

    /// Notes which span the line was written in.
    fn place<S: for<'span> LookupSpan<'span>>(&self, record: &mut LogRecord, span: &SpanRef<'_, S>) {
        let Some(dispatch) = self.dispatch.get().and_then(WeakDispatch::upgrade) else { return };
        let Some(context) = tracing_opentelemetry::get_otel_context(&span.id(), &dispatch) else { return };
        let span = context.span();
        let place = span.span_context();
        if place.is_valid() {
            record.trace_id = place.trace_id().to_bytes().to_vec();
            record.span_id = place.span_id().to_bytes().to_vec();
            record.flags = place.trace_flags().to_u8().into();
        }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Lines {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // Told once; a second one would be the same.
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since.as_nanos()).unwrap_or_default();
        let mut record = LogRecord {
            time_unix_nano: now,
            observed_time_unix_nano: now,
            severity_number: severity(level).into(),
            severity_text: level.as_str().to_owned(),
            attributes: vec![text("log.target", target)],
            ..LogRecord::default()
        };
        event.record(&mut Fields(&mut record));
        if let Some(span) = context.event_span(event) {
            self.place(&mut record, &span);
        }
        self.queue.put(record);
    }
}

fn severity(level: Level) -> SeverityNumber {
    match level {
        Level::ERROR => SeverityNumber::Error,
        Level::WARN => SeverityNumber::Warn,
        Level::INFO => SeverityNumber::Info,
        Level::DEBUG => SeverityNumber::Debug,
        Level::TRACE => SeverityNumber::Trace,
    }
}

/// The fields of a line become attributes; its words become the body.
struct Fields<'r>(&'r mut LogRecord);

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: Value) {
        if field.name() == "message" {
            self.0.body = Some(AnyValue { value: Some(value) });
        } else {
            self.0.attributes.push(attribute(field.name(), value));
        }
    }
}

impl Visit for Fields<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::BoolValue(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::IntValue(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        // Protobuf has no larger ones here.
        self.add(field, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::DoubleValue(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::StringValue(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::StringValue(format!("{value:?}")));
    }
}
