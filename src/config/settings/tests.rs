use std::time::Duration;

use super::*;
use crate::{
    config::{Sampling, ServiceKeys},
    dev::addresses::point_at,
};

/// M-24.
#[test]
fn what_others_could_read_needs_a_word() {
    let mut settings = complete();
    settings.put("outgoing.allow_plain_http", false, Source::Default);
    settings.put("altinn.base_uri", "http://platform.example/", Source::Default);
    settings.put("maskinporten.token_uri", "https://maskinporten.example/token", Source::Default);
    for url in ["postgres://dp@db.example/dp", "postgres://dp@db.example/dp?sslmode=prefer"] {
        settings.put("database.url", url, Source::Default);
        let Faults(faults) = settings.config().unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("database.url: need not be encrypted"), "{faults:?}");
        assert!(faults[1].starts_with("altinn.base_uri: is `http://platform.example/`"), "{faults:?}");
    }
    for url in ["postgres://dp@db.example/dp?sslmode=require", "postgres://dp@127.0.0.1/dp", "postgres:///dp?host=/run"]
    {
        settings.put("database.url", url, Source::Default);
        assert_eq!(settings.config().unwrap_err().0.len(), 1, "{url}");
    }
    settings.put("database.url", "postgres://dp@db.example/dp", Source::Default);
    settings.put("database.allow_plaintext", true, Source::Default);
    settings.put("outgoing.allow_plain_http", true, Source::Default);
    settings.config().unwrap();
}

fn complete() -> Settings {
    let mut settings = Settings::defaults();
    point_at(&mut settings, &"http://127.0.0.1:1".parse().unwrap(), &ServiceKeys::generate());
    settings.put("database.url", "postgres://dp:secret@localhost/dp", Source::Flag("--database-url"));
    settings
}

fn environment(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn the_defaults_alone_name_everything_that_serve_needs() {
    let faults = Settings::defaults().config().unwrap_err().to_string();
    for key in [
        "altinn.base_uri",
        "authentication.issuers",
        "database.url",
        "dialogporten.base_uri",
        "dialogporten.primary.kid",
        "dialogporten.secondary.private",
        "maskinporten.client_id",
        "maskinporten.encoded_jwk",
    ] {
        assert!(faults.contains(&format!("{key}: is missing")), "{key} in {faults}");
    }
    assert_eq!(faults.lines().count(), 1 + 12, "{faults}");
}

#[test]
fn every_fault_is_named_at_once_with_its_source() {
    let mut settings = complete();
    settings.put_environment(&environment(&[
        ("DIALOGPORTEN_DATABASE__MAX_CONNECTIONS", "0"),
        ("DIALOGPORTEN_SERVER__LISTEN", "nowhere"),
        ("DIALOGPORTEN_CACHE__DECISIONS__STALE", "1s"),
        ("DIALOGPORTEN_LIMITS__END_USER_SEARCH__MAX_PARTY_FILTER_VALUES", "1001"),
        ("DIALOGPORTEN_AUTHENTICATION__ISSUERS", r#"[{"name":"A"},{"name":"B","well_known":"ftp://x"}]"#),
        ("DIALOGPORTEN_SERVER__LISTNE", "127.0.0.1:1"),
        ("DIALOGPORTEN_PORT", "tcp://10.0.0.1:80"),
    ]));
    let Faults(faults) = settings.config().unwrap_err();
    let expected = [
        "server.listen: is `nowhere`, expected an address and port such as 127.0.0.1:8080 \
         (environment DIALOGPORTEN_SERVER__LISTEN)",
        "database.max_connections: is 0, expected 1 to 1000 (environment DIALOGPORTEN_DATABASE__MAX_CONNECTIONS)",
        "authentication.issuers: [0].well_known is missing; [1].well_known is `ftp://x`, expected an address that \
         begins with https:// or http:// (environment DIALOGPORTEN_AUTHENTICATION__ISSUERS)",
        "limits.end_user_search.max_party_filter_values: is 1001, expected 1 to 1000 \
         (environment DIALOGPORTEN_LIMITS__END_USER_SEARCH__MAX_PARTY_FILTER_VALUES)",
        "cache.decisions.stale: is shorter than `fresh` (environment DIALOGPORTEN_CACHE__DECISIONS__STALE)",
        "server.listne: is not a setting (environment DIALOGPORTEN_SERVER__LISTNE)",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn later_sources_win_and_are_named() {
    let folder = std::env::temp_dir().join(format!("dialogporten-settings-{}", std::process::id()));
    std::fs::write(&folder, "[server]\nlisten = \"127.0.0.1:2\"\ndrain = \"1s\"\n").unwrap();
    let mut settings = complete();
    settings.put_file(&folder);
    std::fs::remove_file(&folder).unwrap();
    settings.put_environment(&environment(&[
        ("DIALOGPORTEN_SERVER__DRAIN", "3s"),
        ("DATABASE_URL", "postgres://localhost/other"),
    ]));
    let config = settings.config().unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.server.drain, Duration::from_secs(3));
    let explained = settings.explain();
    let entry = |key: &str| explained.iter().find(|entry| entry.key == key).unwrap();
    assert_eq!(entry("server.drain").source, "environment DIALOGPORTEN_SERVER__DRAIN");
    assert_eq!(entry("database.url").shown, "\"postgres://dp:***@localhost/dp\"");
    assert_eq!(entry("dialogporten.primary.private").shown, "***");
    assert_eq!(entry("altinn.subscription_key").source, "not given");
}

#[test]
fn the_variables_of_opentelemetry_are_read() {
    let mut settings = Settings::defaults();
    assert!(settings.telemetry().unwrap().collector.is_none(), "off unless somebody names a collector");
    settings.put_environment(&environment(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs:1/here"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hemmelig"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_SERVICE_NAME", "dp"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tt02"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.05"),
        ("DIALOGPORTEN_TELEMETRY__OTLP__SAMPLER_ARG", "0.5"),
    ]));
    let collector = settings.telemetry().unwrap().collector.expect("a collector");
    let address = |address: &Option<Url>| address.as_ref().map(Url::to_string).unwrap_or_default();
    assert_eq!(address(&collector.traces), "http://collector:4318/v1/traces");
    assert_eq!(address(&collector.metrics), "http://collector:4318/v1/metrics");
    assert_eq!(address(&collector.logs), "http://logs:1/here");
    assert_eq!(collector.timeout, Duration::from_millis(2500));
    assert_eq!(collector.service_name.as_deref(), Some("dp"));
    assert_eq!(collector.sampling, Sampling { follows_caller: false, ratio: 0.5 });
    let shown = settings.explain().into_iter().find(|entry| entry.key == "telemetry.otlp.headers").unwrap();
    assert_eq!((shown.shown.as_str(), shown.source.as_str()), ("***", "environment OTEL_EXPORTER_OTLP_HEADERS"));
    settings.put_environment(&environment(&[("OTEL_SDK_DISABLED", "true")]));
    assert!(settings.telemetry().unwrap().collector.is_none());
}

/// D8: what cannot be used stops the start.
#[test]
fn a_collector_that_cannot_be_used_is_named() {
    for (variable, text, fault) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "telemetry.otlp.endpoint: is `collector:4318`"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "telemetry.otlp.protocol: is `grpc`"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote", "telemetry.otlp.sampler: is `jaeger_remote`"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "telemetry.otlp.sampler_arg: is 2, expected 0 to 1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hemmelig", "telemetry.otlp.headers: is not of the form"),
    ] {
        let mut settings = Settings::defaults();
        settings.put_environment(&environment(&[(variable, text)]));
        let Faults(faults) = settings.telemetry().unwrap_err();
        assert!(faults.iter().any(|found| found.starts_with(fault)), "{faults:?}");
        assert!(!faults.concat().contains("hemmelig"), "{faults:?}");
    }
}
