//! The addresses of a platform that is a sandbox, and of this service beside it, as settings.

use std::sync::LazyLock;

use secrecy::ExposeSecret as _;
use toml::Value;
use url::Url;

use crate::config::{Config, EXCHANGE, ServiceKeys, Settings, Source};

/// Settings for a platform, this service included, that answers at `base`: defaults, and keys made up once per process.
/// For tests and tools; the database is named as given.
///
/// # Panics
/// `database_url` is none of PostgreSQL's.
pub fn config(base: &Url, database_url: &str) -> Config {
    // Once for the process: making keys takes long, and tests build hundreds of these.
    static KEYS: LazyLock<ServiceKeys> = LazyLock::new(ServiceKeys::generate);
    let mut settings = Settings::defaults();
    point_at(&mut settings, base, &KEYS);
    settings.put("database.url", database_url, Source::Sandbox);
    settings.config().expect("defaults and addresses of a sandbox make complete settings")
}

/// Points every address of the platform at a sandbox at `base`, and this service at the same origin.
pub fn point_at(settings: &mut Settings, base: &Url, keys: &ServiceKeys) {
    let base = base.as_str().trim_end_matches('/');
    let mut put = |key: &str, value: String| settings.put(key, value, Source::Sandbox);
    put("dialogporten.base_uri", base.to_owned());
    for (section, key) in [("primary", &keys.primary), ("secondary", &keys.secondary)] {
        put(&format!("dialogporten.{section}.kid"), key.kid.clone());
        put(&format!("dialogporten.{section}.private"), key.private().expose_secret().to_owned());
        put(&format!("dialogporten.{section}.public"), key.public_base64());
    }
    // The platform is this very process: nobody is in between.
    put("outgoing.allow_plain_http", "true".to_owned());
    put("altinn.base_uri", format!("{base}/"));
    put("altinn.cdn_base_uri", format!("{base}/"));
    put("maskinporten.token_uri", format!("{base}/token"));
    put("maskinporten.audience", format!("{base}/"));
    put("maskinporten.exchange_uri", format!("{base}/{EXCHANGE}"));
    put("maskinporten.client_id", "dialogporten-sandbox".to_owned());
    put("maskinporten.encoded_jwk", keys.client_jwk.expose_secret().to_owned());
    // Somebody may want to see the events arrive elsewhere.
    if !settings.has("altinn.events_base_uri") {
        settings.put("altinn.events_base_uri", format!("{base}/"), Source::Sandbox);
    }
    let issuers = [
        ("Maskinporten", "maskinporten/.well-known/oauth-authorization-server"),
        ("Altinn", "altinn/.well-known/openid-configuration"),
        ("Idporten", "idporten/.well-known/openid-configuration"),
    ];
    let issuers = issuers.map(|(name, document)| {
        let well_known = format!("{base}/sandbox/issuers/{document}");
        Value::Table(
            [("name", name.to_owned()), ("well_known", well_known)]
                .map(|(key, text)| (key.to_owned(), Value::String(text)))
                .into_iter()
                .collect(),
        )
    });
    settings.put("authentication.issuers", Value::Array(issuers.into()), Source::Sandbox);
}
