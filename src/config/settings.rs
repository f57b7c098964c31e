//! The stack of sources, and the way from the stack to a checked [`Config`].

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use toml::Value;
use url::Url;

use super::{
    AltinnPlatform, Authentication, AuthorizedServiceResources, CacheRule, Caches, Config, Database, Dialogporten,
    EndUserSearchLimits, Events, Features, Graphql, KeyPair, Limits, Log, Maintenance, Maskinporten, Outgoing,
    PartyResourcePruning, Server, ServiceKeys, ServiceOwnerSearchLimits, Telemetry,
    keys::{BadKey, check_client_jwk},
    value::Setting,
};
use crate::outgoing::is_this_machine;

const DEFAULTS: &str = include_str!("../../config.default.toml");
const PREFIX: &str = "DIALOGPORTEN_";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    /// Name of the variable.
    Environment(String),
    /// The flag as it is typed.
    Flag(&'static str),
    /// Composed by `dev` and by the tests.
    Sandbox,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Sandbox => f.write_str("sandbox"),
        }
    }
}

/// Everything that is wrong with the settings, one line each: key, fault, source.
#[derive(Debug)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings cannot be used:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for Faults {}

/// One line of `config explain`.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// As TOML; stars in place of secrets.
    pub shown: String,
    pub source: String,
}

/// Settings as given, later sources over earlier ones.
#[derive(Clone, Debug)]
pub struct Settings {
    values: BTreeMap<String, (Value, Source)>,
    faults: Vec<String>,
}

impl Settings {
    /// The embedded defaults alone.
    pub fn defaults() -> Self {
        let table: toml::Table = DEFAULTS.parse().expect("the embedded defaults are TOML, a test reads them");
        let mut settings = Self { values: BTreeMap::new(), faults: Vec::new() };
        settings.put_table("", table, &Source::Default);
        settings
    }

    /// Defaults, then `file` (or the file that `DIALOGPORTEN_CONFIG` names), then the environment of the process.
    pub fn of_process(file: Option<&Path>) -> Self {
        let environment: BTreeMap<String, String> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let mut settings = Self::defaults();
        let named = environment.get("DIALOGPORTEN_CONFIG").filter(|path| !path.is_empty());
        if let Some(path) = file.map(Path::to_owned).or(named.map(PathBuf::from)) {
            settings.put_file(&path);
        }
        settings.put_environment(&environment);
        settings
    }

    /// Puts the keys of a TOML file on top. A file that cannot be read is a fault like any other.
    pub fn put_file(&mut self, path: &Path) {
        let table = std::fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| text.parse::<toml::Table>().map_err(|error| error.to_string()));
        match table {
            Ok(table) => self.put_table("", table, &Source::File(path.to_owned())),
            Err(error) => self.faults.push(format!("file {}: {}", path.display(), error.trim_end())),
        }
    }

    /// Puts `DIALOGPORTEN_<SECTION>__<KEY>` on top, and `DATABASE_URL` where no other source names the database.
    ///
    /// Names without `__` are left alone: container platforms put some of their own in when a service is called
    /// `dialogporten`. An empty value counts as not given.
    pub fn put_environment(&mut self, environment: &BTreeMap<String, String>) {
        let common = environment.get("DATABASE_URL").filter(|url| !url.is_empty());
        if let (Some(url), false) = (common, self.values.contains_key("database.url")) {
            self.put("database.url", url.as_str(), Source::Environment("DATABASE_URL".into()));
        }
        for (name, text) in environment {
            let Some(key) = name.strip_prefix(PREFIX).filter(|key| key.contains("__")) else { continue };
            if !text.is_empty() {
                let key = key.split("__").map(str::to_ascii_lowercase).collect::<Vec<_>>().join(".");
                self.put(&key, text.as_str(), Source::Environment(name.clone()));
            }
        }
    }

    /// Puts one value on top.
    pub fn put(&mut self, key: &str, value: impl Into<Value>, source: Source) {
        self.values.insert(key.to_owned(), (value.into(), source));
    }

    /// Points every address of the platform at a sandbox at `base`, and this service at the same origin.
    pub fn point_at(&mut self, base: &Url, keys: &ServiceKeys) {
        let base = base.as_str().trim_end_matches('/');
        let mut put = |key: &str, value: String| self.put(key, value, Source::Sandbox);
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
        if !self.has("altinn.events_base_uri") {
            self.put("altinn.events_base_uri", format!("{base}/"), Source::Sandbox);
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
        self.put("authentication.issuers", Value::Array(issuers.into()), Source::Sandbox);
    }

    /// Whether `key` has a value from any source.
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Whether somebody replaced the default of `key`.
    pub fn is_changed(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(|(_, source)| *source != Source::Default)
    }

    /// What somebody set, in a file or the environment, that only a service on a real platform reads; with the source.
    pub fn of_a_service(&self) -> Vec<String> {
        const READ_BY_SERVE: [&str; 5] = ["server.", "dialogporten.", "authentication.", "altinn.", "maskinporten."];
        let by_somebody = |source: &Source| matches!(source, Source::File(_) | Source::Environment(_));
        let given = self.values.iter().filter(|(key, (_, source))| {
            by_somebody(source) && READ_BY_SERVE.iter().any(|section| key.starts_with(section))
        });
        given.map(|(key, (_, source))| format!("{key} ({source})")).collect()
    }

    /// How to log; commands need it before the other settings are complete.
    ///
    /// # Errors
    /// Faults of the section `log`.
    pub fn log(&self) -> Result<Log, Faults> {
        let mut reader = Reader { settings: self, known: BTreeSet::new(), faults: Vec::new() };
        let log = reader.log();
        if reader.faults.is_empty() { Ok(log) } else { Err(Faults(reader.faults)) }
    }

    /// How to listen, for commands that need no other settings.
    ///
    /// # Errors
    /// Faults of the section `server`.
    pub fn server(&self) -> Result<Server, Faults> {
        let mut reader = Reader { settings: self, known: BTreeSet::new(), faults: Vec::new() };
        let server = reader.server();
        if reader.faults.is_empty() { Ok(server) } else { Err(Faults(reader.faults)) }
    }

    /// Whether everything is to be refused; read anew while the service runs.
    ///
    /// # Errors
    /// Faults of the section `maintenance`, and a file that cannot be read.
    pub fn maintenance(&self) -> Result<Maintenance, Faults> {
        let mut reader = Reader { settings: self, known: BTreeSet::new(), faults: self.faults.clone() };
        let maintenance = reader.maintenance();
        if reader.faults.is_empty() { Ok(maintenance) } else { Err(Faults(reader.faults)) }
    }

    /// The text of `key` from any source, unchecked.
    pub fn text(&self, key: &str) -> Option<String> {
        self.values.get(key)?.0.as_str().map(str::to_owned)
    }

    fn put_table(&mut self, prefix: &str, table: toml::Table, source: &Source) {
        for (key, value) in table {
            let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            match value {
                Value::Table(inner) => self.put_table(&key, inner, source),
                leaf => self.put(&key, leaf, source.clone()),
            }
        }
    }

    /// The checked settings.
    ///
    /// # Errors
    /// Everything that is missing, malformed, out of bounds or unknown, all at once.
    pub fn config(&self) -> Result<Config, Faults> {
        let mut reader = Reader { settings: self, known: BTreeSet::new(), faults: self.faults.clone() };
        let config = reader.config();
        reader.refuse_plain_http(&config);
        reader.name_unknown();
        if reader.faults.is_empty() { Ok(config) } else { Err(Faults(reader.faults)) }
    }

    /// What commands need that only touch the database.
    ///
    /// # Errors
    /// Faults of the sections `database` and `log`.
    pub fn database(&self) -> Result<(Database, Log), Faults> {
        let mut reader = Reader { settings: self, known: BTreeSet::new(), faults: self.faults.clone() };
        let sections = (reader.database(), reader.log());
        if reader.faults.is_empty() { Ok(sections) } else { Err(Faults(reader.faults)) }
    }

    /// Every value with its source, in the order of keys, and every key that could have one.
    pub fn explain(&self) -> Vec<Entry> {
        let mut reader = Reader { settings: self, known: BTreeSet::new(), faults: Vec::new() };
        reader.config();
        let keys: BTreeSet<&str> =
            reader.known.iter().map(String::as_str).chain(self.values.keys().map(String::as_str)).collect();
        keys.into_iter()
            .map(|key| {
                let (shown, source) = match self.values.get(key) {
                    Some((value, source)) => (shown(key, value), source.to_string()),
                    None => ("-".to_owned(), "not given".to_owned()),
                };
                let unknown = if reader.known.contains(key) { "" } else { " (unknown key)" };
                Entry { key: key.to_owned(), shown, source: source + unknown }
            })
            .collect()
    }
}

/// A value for people, without what they must not see.
fn shown(key: &str, value: &Value) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    match (last, value) {
        ("url", Value::String(text)) => match Url::parse(text) {
            Ok(mut url) => {
                if url.password().is_some() {
                    // Only addresses without a host refuse a password, and those have none to hide.
                    let _ = url.set_password(Some("***"));
                }
                // Drivers also take the password as a parameter.
                if url.query().is_some() {
                    url.set_query(Some("***"));
                }
                format!("\"{url}\"")
            }
            Err(_) => "***".into(),
        },
        ("private" | "masking_secret" | "encoded_jwk" | "subscription_key", _) => "***".into(),
        _ => value.to_string(),
    }
}

/// Reads keys from the stack, notes which ones there are and what is wrong with them.
struct Reader<'a> {
    settings: &'a Settings,
    known: BTreeSet<String>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn optional<T: Setting>(&mut self, key: &str) -> Option<T> {
        self.known.insert(key.to_owned());
        let (value, _) = self.settings.values.get(key)?;
        match T::read(value) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(key, &fault);
                Some(T::stand_in())
            }
        }
    }

    fn required<T: Setting>(&mut self, key: &str) -> T {
        self.optional(key).unwrap_or_else(|| {
            let variable = key.to_ascii_uppercase().replace('.', "__");
            self.faults.push(format!("{key}: is missing; set it in the file or as {PREFIX}{variable}"));
            T::stand_in()
        })
    }

    fn within(&mut self, key: &str, least: u32, most: u32) -> u32 {
        let number = self.required(key);
        if (least..=most).contains(&number) {
            return number;
        }
        self.fault(key, &format!("is {number}, expected {least} to {most}"));
        least
    }

    fn count(&mut self, key: &str, least: u32, most: u32) -> usize {
        self.within(key, least, most) as usize
    }

    fn fault(&mut self, key: &str, fault: &str) {
        let source = self.settings.values.get(key).map_or(String::new(), |(_, source)| format!(" ({source})"));
        self.faults.push(format!("{key}: {fault}{source}"));
    }

    fn name_unknown(&mut self) {
        for key in self.settings.values.keys() {
            if !self.known.contains(key) {
                self.fault(key, "is not a setting");
            }
        }
    }

    fn config(&mut self) -> Config {
        Config {
            server: self.server(),
            database: self.database(),
            dialogporten: self.dialogporten(),
            authentication: Authentication { issuers: self.required("authentication.issuers") },
            maskinporten: self.maskinporten(),
            events: self.events(),
            maintenance: self.maintenance(),
            telemetry: Telemetry { metrics: self.required("telemetry.metrics") },
            altinn: self.altinn(),
            outgoing: self.outgoing(),
            graphql: self.graphql(),
            limits: self.limits(),
            cache: self.caches(),
            features: self.features(),
            log: self.log(),
        }
    }

    fn server(&mut self) -> Server {
        const DAY: Duration = Duration::from_hours(24);
        Server {
            listen: self.required("server.listen"),
            drain: self.bounded("server.drain", DAY),
            finish: self.bounded("server.finish", DAY),
            max_connections: self.count("server.max_connections", 1, 1_000_000),
            max_requests: self.count("server.max_requests", 1, 1_000_000),
            max_body_bytes_in_flight: self.required("server.max_body_bytes_in_flight"),
            max_head_bytes_in_flight: self.required("server.max_head_bytes_in_flight"),
            head_timeout: self.bounded("server.head_timeout", DAY),
            // The library reads at least so much at once.
            head_bytes: self.count("server.head_bytes", 8192, 1_048_576),
            body_min_rate: self.required("server.body_min_rate"),
            body_grace: self.bounded("server.body_grace", DAY),
            idle_timeout: self.bounded("server.idle_timeout", DAY),
        }
    }

    fn database(&mut self) -> Database {
        let url: SecretString = self.required("database.url");
        if self.settings.has("database.url") && database_name(&url).is_none() {
            self.fault("database.url", "is not of the form postgres://user:password@host:port/database");
        }
        let allow_plaintext: bool = self.required("database.allow_plaintext");
        if !allow_plaintext && may_be_plaintext(&url) {
            self.fault(
                "database.url",
                "need not be encrypted, expected sslmode=verify-full or at least require; \
                 database.allow_plaintext says otherwise",
            );
        }
        Database {
            url,
            max_connections: self.within("database.max_connections", 1, 1000),
            acquire_timeout: self.positive("database.acquire_timeout", Duration::from_mins(1)),
            statement_timeout: self.bounded("database.statement_timeout", Duration::from_mins(10)),
        }
    }

    fn bounded(&mut self, key: &str, most: Duration) -> Duration {
        let time = self.required(key);
        if time > most {
            self.fault(key, &format!("is longer than {} s", most.as_secs()));
        }
        time
    }

    fn positive(&mut self, key: &str, most: Duration) -> Duration {
        let time = self.bounded(key, most);
        if time.is_zero() && self.settings.has(key) {
            self.fault(key, "is nothing");
        }
        time
    }

    fn dialogporten(&mut self) -> Dialogporten {
        let keys = (self.key_pair("dialogporten.primary"), self.key_pair("dialogporten.secondary"));
        if keys.0.kid == keys.1.kid && !keys.0.kid.is_empty() {
            self.fault("dialogporten.secondary.kid", "is the same as that of the primary key");
        }
        Dialogporten {
            base_uri: self.required("dialogporten.base_uri"),
            primary: keys.0,
            secondary: keys.1,
            masking_secret: self.masking_secret(),
        }
    }

    fn masking_secret(&mut self) -> Option<SecretString> {
        /// Fewer could be guessed, and then so could person numbers.
        const LEAST: usize = 16;
        let secret: Option<SecretString> = self.optional("dialogporten.masking_secret");
        if secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < LEAST) {
            self.fault("dialogporten.masking_secret", "is shorter than 16 characters");
        }
        secret
    }

    fn key_pair(&mut self, section: &str) -> KeyPair {
        let [kid, private, public] = ["kid", "private", "public"].map(|key| format!("{section}.{key}"));
        let before = self.faults.len();
        let (name, seed, half) = (self.required(&kid), self.required(&private), self.required::<String>(&public));
        if self.faults.len() > before {
            return KeyPair::stand_in();
        }
        KeyPair::parse(name, &seed, &half).unwrap_or_else(|bad| {
            match bad {
                BadKey::Private => self.fault(&private, "is not the base64url of 32 bytes"),
                BadKey::Public => self.fault(&public, "is not the base64url of 32 bytes"),
                BadKey::Different => self.fault(&public, "does not belong to the private half"),
            }
            KeyPair::stand_in()
        })
    }

    /// An address that others are appended to.
    fn folder(&mut self, key: &str) -> Url {
        with_slash(self.required(key))
    }

    fn altinn(&mut self) -> AltinnPlatform {
        let base_uri = self.folder("altinn.base_uri");
        AltinnPlatform {
            events_base_uri: self.optional("altinn.events_base_uri").map_or_else(|| base_uri.clone(), with_slash),
            cdn_base_uri: self.folder("altinn.cdn_base_uri"),
            subscription_key: self.optional("altinn.subscription_key"),
            allow_sandbox: self.required("altinn.allow_sandbox"),
            retry_delay: self.required("altinn.retry_delay"),
            base_uri,
        }
    }

    fn outgoing(&mut self) -> Outgoing {
        Outgoing {
            max_questions: self.count("outgoing.max_questions", 1, 1_000_000),
            allow_plain_http: self.required("outgoing.allow_plain_http"),
        }
    }

    /// Names every address of others that would be called without encryption, unless that is allowed. Issuers have a
    /// stricter rule of their own (`altinn.allow_sandbox`).
    fn refuse_plain_http(&mut self, config: &Config) {
        if config.outgoing.allow_plain_http {
            return;
        }
        let Config { altinn, maskinporten, .. } = config;
        let named = [
            ("altinn.base_uri", &altinn.base_uri),
            ("altinn.events_base_uri", &altinn.events_base_uri),
            ("altinn.cdn_base_uri", &altinn.cdn_base_uri),
            ("maskinporten.token_uri", &maskinporten.token_uri),
            ("maskinporten.exchange_uri", &maskinporten.exchange_uri),
        ];
        let plain = |(_, address): &(&str, &Url)| address.scheme() == "http" && !is_this_machine(address);
        for (key, address) in named.into_iter().filter(plain).filter(|(key, _)| self.settings.has(key)) {
            self.fault(key, &format!("is `{address}`, expected https://; outgoing.allow_plain_http says otherwise"));
        }
    }

    fn maskinporten(&mut self) -> Maskinporten {
        // Read here only to follow it; `altinn` names its faults.
        let platform = self.settings.values.get("altinn.base_uri").and_then(|(value, _)| Url::read(value).ok());
        let exchange = platform.and_then(|url| with_slash(url).join(EXCHANGE).ok()).unwrap_or_else(Url::stand_in);
        let encoded_jwk: SecretString = self.required("maskinporten.encoded_jwk");
        if self.settings.has("maskinporten.encoded_jwk")
            && let Err(fault) = check_client_jwk(&encoded_jwk)
        {
            self.fault("maskinporten.encoded_jwk", &fault);
        }
        Maskinporten {
            token_uri: self.required("maskinporten.token_uri"),
            audience: self.required("maskinporten.audience"),
            exchange_uri: self.optional("maskinporten.exchange_uri").unwrap_or(exchange),
            client_id: self.required("maskinporten.client_id"),
            scope: self.required("maskinporten.scope"),
            encoded_jwk,
        }
    }

    fn maintenance(&mut self) -> Maintenance {
        Maintenance { enabled: self.required("maintenance.enabled"), retry_at: self.optional("maintenance.retry_at") }
    }

    fn events(&mut self) -> Events {
        Events {
            deliver: self.required("events.deliver"),
            workers: self.count("events.workers", 1, 256),
            patience: self.positive("events.patience", Duration::from_mins(2)),
            keep: self.positive("events.keep", Duration::from_hours(24 * 366)),
        }
    }

    fn graphql(&mut self) -> Graphql {
        Graphql {
            introspection: self.required("graphql.introspection"),
            max_depth: self.count("graphql.max_depth", 1, 100),
            max_cost: self.count("graphql.max_cost", 100, 100_000),
            cors_origins: self.required("graphql.cors_origins"),
        }
    }

    fn limits(&mut self) -> Limits {
        Limits {
            end_user_search: EndUserSearchLimits {
                max_party_filter_values: self.count("limits.end_user_search.max_party_filter_values", 1, 1000),
                max_service_resource_filter_values: self.count(
                    "limits.end_user_search.max_service_resource_filter_values",
                    1,
                    1000,
                ),
                max_org_filter_values: self.count("limits.end_user_search.max_org_filter_values", 1, 1000),
                max_extended_status_filter_values: self.count(
                    "limits.end_user_search.max_extended_status_filter_values",
                    1,
                    1000,
                ),
            },
            service_owner_search: ServiceOwnerSearchLimits {
                max_party_filter_values: self.count("limits.service_owner_search.max_party_filter_values", 1, 1000),
                max_service_resource_filter_values: self.count(
                    "limits.service_owner_search.max_service_resource_filter_values",
                    1,
                    1000,
                ),
                max_extended_status_filter_values: self.count(
                    "limits.service_owner_search.max_extended_status_filter_values",
                    1,
                    1000,
                ),
            },
            party_resource_pruning: PartyResourcePruning {
                max_parties_caching_threshold: self.count(
                    "limits.party_resource_pruning.max_parties_caching_threshold",
                    0,
                    u32::MAX,
                ),
                min_resources_pruning_threshold: self.count(
                    "limits.party_resource_pruning.min_resources_pruning_threshold",
                    0,
                    1000,
                ),
            },
            authorized_service_resources: AuthorizedServiceResources {
                max_authorized_parties_before_full_catalogue: self.count(
                    "limits.authorized_service_resources.max_authorized_parties_before_full_catalogue",
                    0,
                    u32::MAX,
                ),
            },
        }
    }

    fn cache_rule(&mut self, name: &str) -> CacheRule {
        let [fresh, stale, soft, hard] =
            ["fresh", "stale", "soft", "hard"].map(|age| self.required::<Duration>(&format!("cache.{name}.{age}")));
        if stale < fresh {
            self.fault(&format!("cache.{name}.stale"), "is shorter than `fresh`");
        }
        if hard < soft {
            self.fault(&format!("cache.{name}.hard"), "is shorter than `soft`");
        }
        CacheRule { fresh, stale, soft, hard }
    }

    fn caches(&mut self) -> Caches {
        Caches {
            decisions: self.cache_rule("decisions"),
            authorized_parties: self.cache_rule("authorized_parties"),
            resource_list: self.cache_rule("resource_list"),
            service_owner_names: self.cache_rule("service_owner_names"),
            party_names: self.cache_rule("party_names"),
            access_metadata: self.cache_rule("access_metadata"),
        }
    }

    fn features(&mut self) -> Features {
        let mut feature = |name: &str| self.required(&format!("features.{name}"));
        Features {
            use_altinn_auto_authorized_parties_query_parameters: feature(
                "use_altinn_auto_authorized_parties_query_parameters",
            ),
            enable_party_filters_for_system_users: feature("enable_party_filters_for_system_users"),
            enable_party_filters_for_email_users: feature("enable_party_filters_for_email_users"),
            enable_party_cache_for_email_users: feature("enable_party_cache_for_email_users"),
            enable_graphql_authorized_service_resources: feature("enable_graphql_authorized_service_resources"),
            use_correct_person_name_ordering: feature("use_correct_person_name_ordering"),
        }
    }

    fn log(&mut self) -> Log {
        let filter: String = self.required("log.filter");
        if let Err(error) = filter.parse::<tracing_subscriber::filter::Targets>() {
            self.fault("log.filter", &format!("is `{filter}`: {error}"));
        }
        Log { filter, format: self.required("log.format") }
    }
}

const EXCHANGE: &str = "authentication/api/v1/exchange/maskinporten";

fn with_slash(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

/// The database that an address names, if it is an address of PostgreSQL.
fn database_name(url: &SecretString) -> Option<String> {
    use std::str::FromStr;
    let text = url.expose_secret();
    (text.starts_with("postgres://") || text.starts_with("postgresql://")).then_some(())?;
    sqlx::postgres::PgConnectOptions::from_str(text).ok()?.get_database().map(str::to_owned)
}

/// Whether a connection to another host may go without encryption.
fn may_be_plaintext(url: &SecretString) -> bool {
    use std::str::FromStr;

    use sqlx::postgres::{PgConnectOptions, PgSslMode};
    let Ok(options) = PgConnectOptions::from_str(url.expose_secret()) else { return false };
    let host = options.get_host();
    let is_here = options.get_socket().is_some()
        || host.starts_with('/')
        || Url::parse(&format!("http://{host}")).is_ok_and(|address| is_this_machine(&address));
    let encrypted = matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    !is_here && !encrypted
}

#[cfg(test)]
mod tests;
