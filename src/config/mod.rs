//! Settings: one struct per section, defaults embedded, everything checked at start.
//!
//! [`Settings`] stacks the sources (defaults, file, environment, flags); [`Settings::config`] turns the stack into a
//! [`Config`] or into the list of everything that is wrong with it. Nothing else in the crate reads the environment.

mod collector;
mod keys;
mod settings;
mod value;

use std::{net::SocketAddr, time::Duration};

use secrecy::SecretString;
use url::Url;

pub use collector::{Collector, Sampling};
pub use keys::{KeyPair, ServiceKeys};
pub use settings::{EXCHANGE, Entry, Faults, Settings, Source};

use crate::domain::Instant;

/// All settings of the service, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub dialogporten: Dialogporten,
    pub authentication: Authentication,
    pub altinn: AltinnPlatform,
    pub outgoing: Outgoing,
    pub maskinporten: Maskinporten,
    pub events: Events,
    pub graphql: Graphql,
    pub maintenance: Maintenance,
    pub telemetry: Telemetry,
    pub limits: Limits,
    pub cache: Caches,
    pub features: Features,
    pub log: Log,
}

#[derive(Clone, Copy, Debug)]
pub struct Server {
    pub listen: SocketAddr,
    /// How long requests are still taken after a stop was asked for.
    pub drain: Duration,
    /// How long what was begun may take after that.
    pub finish: Duration,
    pub max_connections: usize,
    /// Under way, those not counted that wait for their client to go on sending.
    pub max_requests: usize,
    /// Of all requests together.
    pub max_body_bytes_in_flight: u32,
    /// Bytes that all heads together may hold that are not complete. An ordinary head is complete as soon as it comes: only
    /// clients that stop in the middle of it meet this bound. Each costs up to twice as much memory.
    pub max_head_bytes_in_flight: u32,
    /// From the first byte of a request, or from the beginning of the connection, until the head is complete.
    pub head_timeout: Duration,
    pub head_bytes: usize,
    /// Bytes a second; zero = no bound.
    pub body_min_rate: u32,
    /// How long a body may lag behind that.
    pub body_grace: Duration,
    /// Between two requests of a connection.
    pub idle_timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct Database {
    pub url: SecretString,
    /// A streaming replica, for reads that may be a little old.
    pub read_url: Option<SecretString>,
    pub max_connections: u32,
    /// How long a request waits for a connection: a free one, or a new one.
    pub acquire_timeout: Duration,
    /// Zero = never.
    pub statement_timeout: Duration,
}

/// This service as others see it.
#[derive(Clone, Debug)]
pub struct Dialogporten {
    /// The public root, which may hold a path. See [`Self::root`] and [`Self::issuer`] for the forms in use.
    pub base_uri: Url,
    /// Signs dialog tokens.
    pub primary: KeyPair,
    /// Published and accepted too, so that keys can be changed without a gap.
    pub secondary: KeyPair,
    // Behind a method: nobody should meet the case without one.
    masking_secret: Option<SecretString>,
}

impl Dialogporten {
    /// What the names follow from under which end users are shown other people: the same for all instances. Without one of
    /// its own it is the private half of the primary key, so that names change when keys do.
    pub fn masking_secret(&self) -> &SecretString {
        self.masking_secret.as_ref().unwrap_or(self.primary.private())
    }

    /// The public root without a slash at the end.
    pub fn root(&self) -> &str {
        self.base_uri.as_str().trim_end_matches('/')
    }

    /// Issuer of dialog tokens.
    pub fn issuer(&self) -> String {
        format!("{}/api/v1", self.root())
    }
}

#[derive(Clone, Debug)]
pub struct Authentication {
    /// At least one. Names are unique without regard to letter case.
    pub issuers: Vec<Issuer>,
}

/// Whose tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    pub name: String,
    /// Its discovery document.
    pub well_known: Url,
}

/// Where the platform answers. All addresses end in a slash, so that `join` appends.
#[derive(Clone, Debug)]
pub struct AltinnPlatform {
    pub base_uri: Url,
    pub events_base_uri: Url,
    pub cdn_base_uri: Url,
    pub subscription_key: Option<SecretString>,
    /// `serve` may use a sandbox, whose tokens anybody can make, and issuers whose keys come over plain http.
    pub allow_sandbox: bool,
    /// Median of the pause before a failed call is repeated for the first time; doubled for each further one.
    pub retry_delay: Duration,
}

/// Calls that leave this service.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing {
    /// To the platform, and under way at once.
    pub max_questions: usize,
    /// To other hosts than this one.
    pub allow_plain_http: bool,
}

/// How this service itself gets tokens for the platform.
#[derive(Clone, Debug)]
pub struct Maskinporten {
    pub token_uri: Url,
    pub audience: String,
    pub exchange_uri: Url,
    pub client_id: String,
    pub scope: String,
    /// Base64 of the private JWK's JSON; checked to be an RSA key with a `kid`.
    pub encoded_jwk: SecretString,
}

/// Whether everything but probes is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maintenance {
    pub enabled: bool,
    /// When callers may come again, if anybody knows.
    pub retry_at: Option<Instant>,
}

#[derive(Clone, Debug)]
pub struct Telemetry {
    /// `GET /metrics` is answered.
    pub metrics: bool,
    /// Nothing is sent without one.
    pub collector: Option<Collector>,
}

/// What becomes of what happened.
#[derive(Clone, Copy, Debug)]
pub struct Events {
    /// `serve` and `dev` deliver themselves; otherwise `dialogporten worker` does.
    pub deliver: bool,
    /// Posts under way at once, in one process.
    pub workers: usize,
    /// How long the endpoint may take for one.
    pub patience: Duration,
    /// How long what is delivered, and what changed, is kept.
    pub keep: Duration,
}

/// What GraphQL documents may ask for, and from where.
#[derive(Clone, Debug)]
pub struct Graphql {
    /// Whether the schema may be asked for; browsers then get GraphiQL.
    pub introspection: bool,
    /// Fields in each other.
    pub max_depth: usize,
    /// See `graphql::limits` for what costs what.
    pub max_cost: usize,
    /// Origins of pages that may ask; `*` = all, `:*` at the end = any port.
    pub cors_origins: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Limits {
    pub end_user_search: EndUserSearchLimits,
    pub service_owner_search: ServiceOwnerSearchLimits,
    pub party_resource_pruning: PartyResourcePruning,
    pub authorized_service_resources: AuthorizedServiceResources,
}

#[derive(Clone, Debug)]
pub struct EndUserSearchLimits {
    pub max_party_filter_values: usize,
    pub max_service_resource_filter_values: usize,
    pub max_org_filter_values: usize,
    pub max_extended_status_filter_values: usize,
}

#[derive(Clone, Debug)]
pub struct ServiceOwnerSearchLimits {
    pub max_party_filter_values: usize,
    pub max_service_resource_filter_values: usize,
    pub max_extended_status_filter_values: usize,
}

#[derive(Clone, Debug)]
pub struct PartyResourcePruning {
    /// Zero = no limit.
    pub max_parties_caching_threshold: usize,
    pub min_resources_pruning_threshold: usize,
}

#[derive(Clone, Debug)]
pub struct AuthorizedServiceResources {
    /// Zero = never the whole catalogue.
    pub max_authorized_parties_before_full_catalogue: usize,
}

/// How old an answer of the platform may be, and how long a caller waits for a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheRule {
    /// Up to this age it is used without asking again.
    pub fresh: Duration,
    /// Up to this age it may stand in while the platform fails. Counted from the answer, not from the failure.
    pub stale: Duration,
    /// How long a caller waits for a newer answer while a stale one is there.
    pub soft: Duration,
    /// How long a caller waits when there is none.
    pub hard: Duration,
}

#[derive(Clone, Debug)]
pub struct Caches {
    pub decisions: CacheRule,
    pub authorized_parties: CacheRule,
    pub resource_list: CacheRule,
    pub service_owner_names: CacheRule,
    pub party_names: CacheRule,
    pub access_metadata: CacheRule,
}

/// Toggles of the contract (chapter 05 §D3); `config.default.toml` says what each does.
#[derive(Clone, Debug)]
pub struct Features {
    pub use_altinn_auto_authorized_parties_query_parameters: bool,
    pub enable_party_filters_for_system_users: bool,
    pub enable_party_filters_for_email_users: bool,
    pub enable_party_cache_for_email_users: bool,
    pub enable_graphql_authorized_service_resources: bool,
    pub use_correct_person_name_ordering: bool,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}
