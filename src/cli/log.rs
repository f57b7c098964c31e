//! Where log lines go: standard error, so that the output of commands stays clean.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, layer::SubscriberExt as _, registry::LookupSpan, util::SubscriberInitExt as _,
};

use crate::{
    config::{Log, LogFormat, Telemetry},
    otlp::Export,
};

/// Starts logging, and listening for a collector if the settings name one.
pub fn start_exporting(log: &Log, telemetry: &Telemetry) -> Option<Export> {
    let Some(collector) = &telemetry.collector else {
        start(log);
        return None;
    };
    let export = Export::new(collector);
    let all = tracing_subscriber::registry().with(lines(log)).with(export.spans()).with(export.lines(&log.filter));
    // An error means that logging has been started already.
    let _ = all.try_init();
    Some(export)
}

/// The same lines as [`start`] writes, beside others who listen.
fn lines<S>(log: &Log) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines =
        tracing_subscriber::fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let filter = EnvFilter::new(&log.filter);
    match log.format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    }
}

/// Starts logging; later calls in one process change nothing.
pub fn start(log: &Log) {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&log.filter))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // An error means that logging has been started already.
    let _ = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
