//! What tests start with: an own database, the real router on a real listener, an own sandbox, a movable clock.
//!
//! ```ignore
//! let app = TestApp::start().await;
//! let owner = app.service_owner("ttd");
//! let dialog = owner.creates(simple_dialog()).await;
//! let answer = app.person(PERSON).get(&format!("enduser/dialogs/{dialog}")).await;
//! assert_eq!(answer.status, 200);
//! ```
#![expect(unused_imports, reason = "a vocabulary for tests: not every word is in use at every time")]

mod client;
mod database;
mod dialogs;
mod proxy;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, LazyLock},
};

use dialogporten::{
    app::App,
    clock::Clock,
    config::{Config, KeyPair, ServiceKeys, Settings, Source},
    db::Db,
    dev::compose::{Composition, Ingredients},
    domain::ids::DialogId,
    events::deliver::deliver,
    sandbox::{
        Sandbox,
        mint::{ADMIN_SCOPE, END_USER_SCOPES, SERVICE_OWNER_SCOPES},
        world::World,
    },
    server::{self, Lifecycle},
};
use serde_json::Value;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use client::{Answer, Client, http};
pub use database::{TestDatabase, database};
pub use dialogs::*;
pub use proxy::Proxy;

use client::Caller;

/// The default end user of the test world; daily manager of two organizations.
pub const PERSON: &str = "08844397713";
/// A second end user, who represents nobody else.
pub const OTHER_PERSON: &str = "13838599936";
/// An organization that [`PERSON`] leads.
pub const ORGANIZATION: &str = "310923044";
/// The resource that tests use unless it matters.
pub const RESOURCE: &str = "urn:altinn:resource:ttd-dialogporten-automated-tests";
/// The organization that owns it.
pub const OWNER_ORGANIZATION: &str = "991825827";

/// A service of the test's own.
pub struct TestApp {
    pub clock: Clock,
    /// What is stored, seen past the service.
    pub db: PgPool,
    /// The service's own door.
    pub door: Db,
    pub sandbox: Sandbox,
    pub config: Arc<Config>,
    pub lifecycle: Lifecycle,
    /// What the requests reach.
    pub service: App,
    base: Url,
    http: reqwest::Client,
    serving: tokio::task::JoinHandle<()>,
    // Last: it goes after everything that uses it.
    database: TestDatabase,
}

impl TestApp {
    /// With the world of chapter 09, without dialogs.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With single settings changed, as (key, TOML value or text).
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_in(bare(), settings).await
    }

    /// With a world of the test's own.
    pub async fn start_in(world: World, changed: &[(&str, &str)]) -> Self {
        let database = database().await;
        let url = database.url.clone();
        Self::start_over(database, &url, world, changed).await
    }

    /// Signing dialog tokens with the first key, publishing both.
    pub async fn start_with_keys(primary: &KeyPair, secondary: &KeyPair) -> Self {
        let database = database().await;
        let url = database.url.clone();
        let keys = ServiceKeys { primary: primary.clone(), secondary: secondary.clone(), ..service_keys() };
        Self::start_with_all(database, &url, bare(), &[], keys).await
    }

    /// Over a database that the test brings, reached at an address that may lead there on a detour.
    pub async fn start_over(database: TestDatabase, url: &str, world: World, changed: &[(&str, &str)]) -> Self {
        Self::start_with_all(database, url, world, changed, service_keys()).await
    }

    async fn start_with_all(
        database: TestDatabase,
        url: &str,
        world: World,
        changed: &[(&str, &str)],
        keys: ServiceKeys,
    ) -> Self {
        // Bound before anything is built: tokens and settings hold the port.
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();

        let mut settings = Settings::defaults();
        settings.put("database.url", url, Source::Sandbox);
        // Tests run side by side on one server: each with the usual number would use its connections up.
        settings.put("database.max_connections", 4, Source::Sandbox);
        for (key, value) in changed {
            settings.put(key, *value, Source::Sandbox);
        }
        let clock = Clock::system();
        let keys_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-keys");
        let composition = Composition::build(Ingredients {
            settings,
            world,
            clock: clock.clone(),
            keys,
            keys_dir: Some(&keys_dir),
            base: base.clone(),
        })
        .expect("the composition");
        let (router, settings) = (composition.router(), composition.app.config.server);
        let (lifecycle, stages) = (composition.app.lifecycle.clone(), composition.app.lifecycle.clone());
        let serving = tokio::spawn(async move {
            server::run(listener, router, &settings, stages, std::future::pending()).await;
        });
        composition.join(false);
        // After serving has begun: the sandbox answers on the same listener.
        composition.start().await.expect("the registry of the sandbox");
        Self {
            clock,
            db: PgPoolOptions::new().max_connections(4).connect_lazy(&database.url).expect("the address of a database"),
            door: composition.app.db.clone(),
            sandbox: composition.sandbox,
            config: composition.app.config.clone(),
            lifecycle,
            service: composition.app.clone(),
            http: client::http(),
            base,
            serving,
            database,
        }
    }

    /// Delivers events as another instance of the service would, until what is returned goes.
    pub fn delivers(&self) -> Delivery {
        let stop = CancellationToken::new();
        let task = tokio::spawn(deliver(self.service.clone(), stop.clone()));
        Delivery { stop, task }
    }

    /// Where the service listens.
    pub fn address(&self) -> SocketAddr {
        self.base.socket_addrs(|| None).expect("an address with a port")[0]
    }

    /// Where the database answers.
    pub fn database_url(&self) -> String {
        self.database.url.clone()
    }

    /// Address of `path` on the test's origin.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}", self.base.as_str().trim_end_matches('/'), path)
    }

    /// A service owner with the scopes that they usually have.
    pub fn service_owner(&self, code: &str) -> Client<'_> {
        let organization = match code {
            "ttd" => OWNER_ORGANIZATION,
            "brg" => "974760673",
            "hko" => "964951284",
            "other" => "310778737",
            _ => panic!("no service owner `{code}` in the test world"),
        };
        let caller = Caller::ServiceOwner { code: code.into(), organization: organization.into() };
        self.client(caller, SERVICE_OWNER_SCOPES)
    }

    /// A service owner that may act for all of them.
    pub fn admin(&self) -> Client<'_> {
        self.service_owner("ttd").and_scopes(&[ADMIN_SCOPE])
    }

    /// An end user, at level 3.
    pub fn person(&self, number: &str) -> Client<'_> {
        self.client(Caller::Person { number: number.into(), level: 3 }, END_USER_SCOPES)
    }

    /// A system user, with the organization that tokens usually name.
    pub fn system_user(&self, id: &str) -> Client<'_> {
        self.client(Caller::SystemUser { id: id.into(), organization: "310057223".into() }, END_USER_SCOPES)
    }

    /// A user who logged in with an e-mail address.
    pub fn email(&self, address: &str) -> Client<'_> {
        self.client(Caller::Email { address: address.into() }, END_USER_SCOPES)
    }

    /// Somebody with exactly these claims, signed by the `altinn` issuer; `iss` and times are added if they are missing.
    pub fn with_claims(&self, claims: Value) -> Client<'_> {
        self.client(Caller::Claims(claims), "")
    }

    /// Somebody with this text after `Bearer `.
    pub fn with_token(&self, token: &str) -> Client<'_> {
        self.client(Caller::Token(token.into()), "")
    }

    pub fn anonymous(&self) -> Client<'_> {
        self.client(Caller::Anonymous, "")
    }

    fn client(&self, caller: Caller, scopes: &str) -> Client<'_> {
        Client::new(self, caller, scopes)
    }

    /// What was raised about a dialog, oldest first.
    pub async fn raised_events(&self, dialog: DialogId) -> Vec<RaisedEvent> {
        let rows: Vec<(String, Value)> =
            sqlx::query_as("select kind, body from outbox where dialog_id = $1 order by seq")
                .bind(dialog)
                .fetch_all(&self.db)
                .await
                .expect("the outbox can be read");
        rows.into_iter().map(|(kind, body)| RaisedEvent { kind, body }).collect()
    }
}

/// The same for all services of a test: what follows from them (passing names of persons) is the same too.
fn service_keys() -> ServiceKeys {
    static KEYS: LazyLock<ServiceKeys> = LazyLock::new(ServiceKeys::generate);
    KEYS.clone()
}

/// The world of chapter 09, without dialogs.
pub fn bare() -> World {
    static BARE: LazyLock<World> = LazyLock::new(|| {
        World::named("bare").unwrap_or_else(|faults| panic!("the world `bare` has faults: {faults:?}"))
    });
    BARE.clone()
}

/// An instance that delivers.
pub struct Delivery {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Delivery {
    /// Returns when it has ended in its own way.
    pub async fn stopped(mut self) {
        self.stop.cancel();
        (&mut self.task).await.expect("delivery ends by itself");
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct RaisedEvent {
    pub kind: String,
    pub body: Value,
}
