//! The way from the stack of sources to a checked [`Config`]: section by section, with every fault found.

use std::{collections::BTreeSet, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    super::{
        AltinnPlatform, Authentication, AuthorizedServiceResources, CacheRule, Caches, Collector, Config, Database,
        Dialogporten, EndUserSearchLimits, Events, Features, Graphql, KeyPair, Limits, Log, Maintenance, Maskinporten,
        Outgoing, PartyResourcePruning, Sampling, Server, ServiceOwnerSearchLimits, Telemetry,
        collector::{below, pairs},
        keys::{BadKey, check_client_jwk},
        value::Setting,
    },
    PREFIX, Settings,
};
use crate::outgoing::is_this_machine;

/// Reads keys from the stack, notes which ones there are and what is wrong with them.
pub(super) struct Reader<'a> {
    settings: &'a Settings,
    pub known: BTreeSet<String>,
    pub faults: Vec<String>,
}

impl<'a> Reader<'a> {
    /// `faults`: what is known to be wrong already.
    pub fn of(settings: &'a Settings, faults: Vec<String>) -> Self {
        Self { settings, known: BTreeSet::new(), faults }
    }

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

    pub fn name_unknown(&mut self) {
        for key in self.settings.values.keys() {
            if !self.known.contains(key) {
                self.fault(key, "is not a setting");
            }
        }
    }

    pub fn config(&mut self) -> Config {
        Config {
            server: self.server(),
            database: self.database(),
            dialogporten: self.dialogporten(),
            authentication: Authentication { issuers: self.required("authentication.issuers") },
            maskinporten: self.maskinporten(),
            events: self.events(),
            maintenance: self.maintenance(),
            telemetry: self.telemetry(),
            altinn: self.altinn(),
            outgoing: self.outgoing(),
            graphql: self.graphql(),
            limits: self.limits(),
            cache: self.caches(),
            features: self.features(),
            log: self.log(),
        }
    }

    pub fn server(&mut self) -> Server {
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

    pub fn database(&mut self) -> Database {
        let url: SecretString = self.required("database.url");
        let read_url: Option<SecretString> = self.optional("database.read_url");
        let allow_plaintext: bool = self.required("database.allow_plaintext");
        for (key, url) in [("database.url", Some(&url)), ("database.read_url", read_url.as_ref())] {
            let Some(url) = url.filter(|_| self.settings.has(key)) else { continue };
            if database_name(url).is_none() {
                self.fault(key, "is not of the form postgres://user:password@host:port/database");
            }
            if !allow_plaintext && may_be_plaintext(url) {
                self.fault(
                    key,
                    "need not be encrypted, expected sslmode=verify-full or at least require; \
                     database.allow_plaintext says otherwise",
                );
            }
        }
        Database {
            url,
            read_url,
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
    pub fn refuse_plain_http(&mut self, config: &Config) {
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

    pub fn maintenance(&mut self) -> Maintenance {
        Maintenance { enabled: self.required("maintenance.enabled"), retry_at: self.optional("maintenance.retry_at") }
    }

    pub fn telemetry(&mut self) -> Telemetry {
        Telemetry { metrics: self.required("telemetry.metrics"), collector: self.collector() }
    }

    fn collector(&mut self) -> Option<Collector> {
        let endpoint: Option<Url> = self.optional("telemetry.otlp.endpoint");
        let [traces, metrics, logs] = ["traces", "metrics", "logs"].map(|signal| {
            let of_its_own = self.optional(&format!("telemetry.otlp.{signal}_endpoint"));
            of_its_own.or_else(|| endpoint.as_ref().map(|endpoint| below(endpoint, signal)))
        });
        let protocol: String = self.required("telemetry.otlp.protocol");
        if protocol != "http/protobuf" {
            self.fault("telemetry.otlp.protocol", &format!("is `{protocol}`, expected http/protobuf"));
        }
        let headers = self.pairs("telemetry.otlp.headers");
        for (name, value) in &headers {
            if http::HeaderName::try_from(name).is_err() || http::HeaderValue::try_from(value).is_err() {
                self.fault("telemetry.otlp.headers", "hold what cannot be a header");
            }
        }
        let collector = Collector {
            traces,
            metrics,
            logs,
            headers: headers.into_iter().map(|(name, value)| (name, value.into())).collect(),
            timeout: self.positive("telemetry.otlp.timeout", Duration::from_mins(1)),
            metrics_interval: self.positive("telemetry.otlp.metrics_interval", Duration::from_hours(1)),
            service_name: self.optional("telemetry.otlp.service_name"),
            resource: self.pairs("telemetry.otlp.resource_attributes"),
            sampling: self.sampling(),
        };
        let is_disabled: bool = self.required("telemetry.otlp.disabled");
        let is_wanted = collector.traces.is_some() || collector.metrics.is_some() || collector.logs.is_some();
        (is_wanted && !is_disabled).then_some(collector)
    }

    fn sampling(&mut self) -> Sampling {
        const ALL: Sampling = Sampling { follows_caller: true, ratio: 1.0 };
        let ratio: f64 = self.required("telemetry.otlp.sampler_arg");
        if !(0.0..=1.0).contains(&ratio) {
            self.fault("telemetry.otlp.sampler_arg", &format!("is {ratio}, expected 0 to 1"));
        }
        let name: String = self.required("telemetry.otlp.sampler");
        Sampling::named(&name, ratio).unwrap_or_else(|| {
            let known = "always_on, always_off or traceidratio, or one of them after parentbased_";
            self.fault("telemetry.otlp.sampler", &format!("is `{name}`, expected {known}"));
            ALL
        })
    }

    /// What is wrong with them is not shown: headers may be secret.
    fn pairs(&mut self, key: &str) -> Vec<(String, String)> {
        let text: Option<String> = self.optional(key);
        text.and_then(|text| pairs(&text)).unwrap_or_else(|| {
            if self.settings.has(key) {
                self.fault(key, "is not of the form name=value,name=value");
            }
            Vec::new()
        })
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

    pub fn log(&mut self) -> Log {
        let filter: String = self.required("log.filter");
        if let Err(error) = filter.parse::<tracing_subscriber::filter::Targets>() {
            self.fault("log.filter", &format!("is `{filter}`: {error}"));
        }
        Log { filter, format: self.required("log.format") }
    }
}

/// Where Altinn exchanges tokens, below its root.
pub const EXCHANGE: &str = "authentication/api/v1/exchange/maskinporten";

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
