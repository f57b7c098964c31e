//! The settings of a collector that telemetry is sent to, with OpenTelemetry's own names for them.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Where telemetry goes, and how much of it.
#[derive(Clone, Debug)]
pub struct Collector {
    pub traces: Option<Url>,
    pub metrics: Option<Url>,
    pub logs: Option<Url>,
    /// Sent along with each post.
    pub headers: Vec<(String, SecretString)>,
    /// How long a post may take.
    pub timeout: Duration,
    /// Between two posts of metrics.
    pub metrics_interval: Duration,
    pub service_name: Option<String>,
    /// What else is to be said of this process.
    pub resource: Vec<(String, String)>,
    pub sampling: Sampling,
}

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Whether a caller that has decided is followed.
    pub follows_caller: bool,
    /// Of those that nobody has decided about, 0 to 1.
    pub ratio: f64,
}

impl Sampling {
    /// By the names of `OTEL_TRACES_SAMPLER`; `None` for others.
    pub fn named(name: &str, ratio: f64) -> Option<Self> {
        let (follows_caller, rule) = name.strip_prefix("parentbased_").map_or((false, name), |rule| (true, rule));
        let ratio = match rule {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => ratio,
            _ => return None,
        };
        Some(Self { follows_caller, ratio })
    }
}

/// The setting that a variable of OpenTelemetry means. Times are milliseconds there.
pub(super) fn setting_of(variable: &str, text: &str) -> Option<(&'static str, String)> {
    let key = match variable {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => "telemetry.otlp.endpoint",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" => "telemetry.otlp.traces_endpoint",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" => "telemetry.otlp.metrics_endpoint",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT" => "telemetry.otlp.logs_endpoint",
        "OTEL_EXPORTER_OTLP_PROTOCOL" => "telemetry.otlp.protocol",
        "OTEL_EXPORTER_OTLP_HEADERS" => "telemetry.otlp.headers",
        "OTEL_EXPORTER_OTLP_TIMEOUT" => "telemetry.otlp.timeout",
        "OTEL_METRIC_EXPORT_INTERVAL" => "telemetry.otlp.metrics_interval",
        "OTEL_SERVICE_NAME" => "telemetry.otlp.service_name",
        "OTEL_RESOURCE_ATTRIBUTES" => "telemetry.otlp.resource_attributes",
        "OTEL_TRACES_SAMPLER" => "telemetry.otlp.sampler",
        "OTEL_TRACES_SAMPLER_ARG" => "telemetry.otlp.sampler_arg",
        "OTEL_SDK_DISABLED" => "telemetry.otlp.disabled",
        _ => return None,
    };
    let is_time = matches!(key, "telemetry.otlp.timeout" | "telemetry.otlp.metrics_interval");
    Some((key, if is_time { format!("{text}ms") } else { text.to_owned() }))
}

/// `name=value,name=value`, percent-encoded as in W3C Baggage, which OpenTelemetry writes headers and attributes like.
pub(super) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let decoded = |text: &str| percent_encoding::percent_decode_str(text.trim()).decode_utf8().map(String::from).ok();
    parts
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            let name = decoded(name).filter(|name| !name.is_empty())?;
            Some((name, decoded(value)?))
        })
        .collect()
}

/// The address of one signal below that of all.
pub(super) fn below(endpoint: &Url, signal: &str) -> Url {
    let mut address = endpoint.clone();
    address.set_path(&format!("{}/v1/{signal}", endpoint.path().trim_end_matches('/')));
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samplers_have_their_usual_names() {
        for (name, follows_caller, ratio) in [
            ("parentbased_traceidratio", true, 0.05),
            ("traceidratio", false, 0.05),
            ("always_on", false, 1.0),
            ("parentbased_always_off", true, 0.0),
        ] {
            assert_eq!(Sampling::named(name, 0.05), Some(Sampling { follows_caller, ratio }), "{name}");
        }
        assert_eq!(Sampling::named("jaeger_remote", 1.0), None);
    }

    #[test]
    fn pairs_are_percent_encoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs("a=b%20c, d=e=f,").unwrap(), [pair("a", "b c"), pair("d", "e=f")]);
        assert_eq!(pairs("").unwrap(), []);
        assert_eq!(pairs("a"), None);
        assert_eq!(pairs("=b"), None);
    }

    #[test]
    fn signals_are_below_the_endpoint() {
        for (endpoint, address) in [
            ("http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/otlp/", "http://localhost:4318/otlp/v1/traces"),
        ] {
            assert_eq!(below(&endpoint.parse().unwrap(), "traces").as_str(), address);
        }
    }
}
