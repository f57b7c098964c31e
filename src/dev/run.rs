//! `dialogporten dev`: from nothing to a service that answers.

use std::{
    env, fs,
    io::Write,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::sync::oneshot;
use url::Url;

use super::{
    card,
    compose::{Composition, Ingredients},
    database::DatabaseServer,
    https::{self, Https},
    inbox,
    postgres::{self, Account, Options, Postgres},
    supervise::Supervised,
};
use crate::{
    background::{Background, STOP},
    clock::Clock,
    config::{self, ServiceKeys, Settings, Source},
    events::deliver::deliver,
    jobs::timers,
    metadata::metrics,
    otlp::Export,
    reindex,
    sandbox::world::World,
    seed::{self, Detail, Wish},
    server,
};

/// How `dev` is to run.
#[derive(Clone, Debug)]
pub struct Dev {
    pub listen: SocketAddr,
    /// Where to answer over https, if not beside it.
    pub https_listen: Option<SocketAddr>,
    /// The address that others use, if it is another.
    pub base_url: Option<Url>,
    pub ephemeral: bool,
    pub fresh: bool,
    pub data_dir: Option<PathBuf>,
    pub scenario: String,
    /// So many made-up dialogs besides the scenario's.
    pub seed: Option<u64>,
    pub ready_file: Option<PathBuf>,
    /// Anybody who reaches the sandbox can be anybody.
    pub expose_sandbox: bool,
}

const DATABASE: &str = "dialogporten_dev";

impl Dev {
    /// Runs until the process is asked to stop; then the database stops too. `export` sends what is seen meanwhile.
    ///
    /// # Errors
    /// Whatever keeps it from starting, in words for people.
    pub fn run(self, settings: Settings, export: Option<Export>, started: Instant) -> anyhow::Result<()> {
        for listen in std::iter::once(self.listen).chain(self.https_listen) {
            refuse_exposure(listen, self.expose_sandbox)?;
        }
        // What is wrong with what somebody wrote is said before anything is made on the disk.
        let world = world(&self.scenario)?;
        let named = named_database(&settings)?;
        let place = self.place()?;
        fs::create_dir_all(&place.folder).map_err(|error| postgres::in_words(&place.folder, &error))?;
        let (server, managed) = if let Some(named) = named {
            (named, None)
        } else {
            let options = Options {
                folder: place.folder.clone(),
                throw_away: self.ephemeral,
                remove: self.ephemeral,
                max_connections: 100,
                program: env::current_exe().context("this program's own path")?,
                users: None,
            };
            let started = Postgres::start(&options)?;
            (DatabaseServer::at(&started.url("postgres"))?, Some(Supervised::new(started, options)))
        };
        let (managed, given_up) = managed.unzip();
        let notes = Notes {
            moved: place.moved.then(|| place.folder.clone()),
            named_server: managed.is_none(),
            ephemeral: self.ephemeral,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let database = if self.ephemeral && managed.is_none() { ephemeral_name()? } else { DATABASE.to_owned() };
        let stage = Stage { database: &database, folder: &place.folder, server: &server, notes: &notes, started };
        // Whichever comes first: told to stop, or the database gone for good.
        let outcome = runtime.block_on(async {
            tokio::select! {
                outcome = self.serve(settings, world, export, &stage) => outcome,
                error = lost(given_up) => Err(error),
            }
        });
        if self.ephemeral && managed.is_none() {
            // The server is somebody else's; the folder with the keys and the database are ours.
            let _ = fs::remove_dir_all(&place.folder);
            let removed = runtime.block_on(server.remove(&database));
            if let Err(error) = removed {
                tracing::warn!("database {database} stays behind: {error:#}");
            }
        }
        // The server stops after everything that is connected to it has gone.
        runtime.shutdown_timeout(Duration::from_secs(1));
        drop(managed);
        outcome
    }

    fn place(&self) -> anyhow::Result<postgres::Place> {
        let place = |folder| postgres::Place { folder, moved: false };
        match &self.data_dir {
            Some(folder) => Ok(place(std::path::absolute(folder)?)),
            None if self.ephemeral => Ok(place(postgres::temporary()?)),
            None => postgres::of_project(&env::current_dir()?, Account::for_server()?),
        }
    }

    async fn serve(
        &self,
        mut settings: Settings,
        world: World,
        export: Option<Export>,
        stage: &Stage<'_>,
    ) -> anyhow::Result<()> {
        let Stage { database, folder, server, notes, started } = *stage;
        let listener = server::bind(self.listen)
            .with_context(|| format!("cannot listen on {}; --listen names another address", self.listen))?;
        let keys_dir = folder.join("sandbox-keys");
        let (first, base) = (self.listen, self.base_url.as_ref());
        let (secure, https) = https::listen(self.https_listen, first, base, &keys_dir).await?.map(Https::parts).unzip();
        // After the port is bound: a second `dev` fails on the port before it could drop the first one's database.
        if self.fresh {
            server.remove(database).await?;
        }
        server.prepare(database, "dev").await?;
        // Held until the end. A managed server has a locked folder instead, and may come back without its locks.
        let _reserved = if notes.named_server { Some(server.reserve(database).await?) } else { None };
        settings.put("database.url", server.url(database), Source::Sandbox);
        // Everybody in it is made up.
        settings.put("database.allow_plaintext", true, Source::Sandbox);
        if !settings.is_changed("telemetry.metrics") {
            settings.put("telemetry.metrics", true, Source::Sandbox);
        }
        open_graphql(&mut settings);

        let base = address(self.base_url.as_ref(), listener.local_addr()?)?;
        let composition = Composition::build(Ingredients {
            settings,
            world,
            clock: Clock::system(),
            keys: ServiceKeys::in_file(&folder.join("keys.json")).context("the keys of the service")?,
            keys_dir: Some(&keys_dir),
            base: base.clone(),
        })?;
        composition.join(true);
        let (router, lifecycle) = (composition.router(), composition.app.lifecycle.clone());
        let limits = without_drain(composition.app.config.server);
        let also = https::serve_also(secure, &router, limits, &lifecycle);
        // Serving before `start`: synchronising asks the platform, which answers on this very listener.
        let serving = tokio::spawn(async move {
            server::run(listener, router, &limits, lifecycle, server::drain::stop_asked()).await;
        });
        composition.start().await?;
        // A service without example dialogs is worth more than none.
        let seeded = composition.seed_if_empty().await.unwrap_or_else(|error| {
            tracing::warn!("the scenario's dialogs could not all be created: {error:#}");
            None
        });

        if let Some(dialogs) = self.seed {
            self.fill(dialogs, &composition, &server.url(database)).await?;
        }

        let background = Background::default();
        let app = &composition.app;
        let exporting = export.map(|export| metrics::begin(export, app));
        background.spawn("replica", app.db.clone().keep_replica());
        background.spawn("signal", app.signal.clone().keep(app.db.clone()));
        background.work("usage", |stop| app.usage.clone().keep(app.db.clone(), stop));
        if app.config.events.deliver {
            background.work("delivery", |stop| deliver(app.clone(), stop));
        }
        background.work("texts", |stop| reindex::keep_current(app.db.clone(), stop));
        background.spawn("timers", timers::keep(app.clone()));
        let addresses = card::Addresses {
            token_url: format!("{}/api", root(&base)),
            graphql_url: format!("{}/graphql", root(&base)),
            base_url: root(&base).to_owned(),
            database_url: server.url(database),
            https_url: https.as_ref().map(|https| https.url.clone()),
            node_extra_ca_certs: https.as_ref().map(|https| https.certificate.display().to_string()),
            started_ms: started.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
        };
        if let Some(https) = &https {
            write_at_once(&folder.join("arbeidsflate.env"), &inbox::variables(&composition.sandbox, https))?;
        }
        // Last, and at once: whoever waits for the file finds it whole, and everything in it answers.
        if let Some(file) = &self.ready_file {
            write_at_once(file, &serde_json::to_string(&addresses)?)?;
        }
        card::print(&addresses, &composition.sandbox, seeded, notes, folder);

        let served = serving.await.context("serving");
        if let Some(also) = also {
            also.await.context("serving over https")?;
        }
        background.stop(STOP).await;
        if let Some(exporting) = exporting {
            exporting.stop().await;
        }
        composition.app.db.close();
        tracing::info!("stopped");
        served
    }
}

impl Dev {
    /// Adds a large world, or the rest of one that an earlier run began.
    async fn fill(&self, dialogs: u64, composition: &Composition, url: &str) -> anyhow::Result<()> {
        let world = World::clone(&composition.sandbox.world());
        let wish = Wish {
            dialogs,
            parties: None,
            owner: None,
            seed: 1,
            people_of: Some((self.scenario.clone(), world)),
            until: seed::day_of(composition.app.clock.now()),
            detail: Detail::Whole,
            is_quiet: false,
        };
        seed::run(url, &wish).await.context("the dialogs of --seed")?;
        Ok(())
    }
}

/// The schema may be looked at, and pages of this machine may ask: GraphiQL, and an inbox under development.
fn open_graphql(settings: &mut Settings) {
    const PAGES: [&str; 4] =
        ["https://app.localhost", "http://localhost:*", "https://localhost:*", "http://127.0.0.1:*"];
    if !settings.is_changed("graphql.introspection") {
        settings.put("graphql.introspection", true, Source::Sandbox);
    }
    if !settings.is_changed("graphql.cors_origins") {
        settings.put("graphql.cors_origins", PAGES.map(str::to_owned).to_vec(), Source::Sandbox);
    }
}

/// What a run stands on.
#[derive(Clone, Copy)]
struct Stage<'a> {
    database: &'a str,
    folder: &'a Path,
    server: &'a DatabaseServer,
    notes: &'a Notes,
    started: Instant,
}

/// The name of a database that only this run uses.
fn ephemeral_name() -> anyhow::Result<String> {
    let mut nonce = [0; 6];
    aws_lc_rs::rand::fill(&mut nonce).ok().context("the random generator of the system fails")?;
    Ok(nonce.iter().fold(format!("{DATABASE}_"), |name, byte| name + &format!("{byte:02x}")))
}

/// Returns when the managed database is gone for good; never without one.
async fn lost(given_up: Option<oneshot::Receiver<anyhow::Error>>) -> anyhow::Error {
    match given_up {
        Some(given_up) => match given_up.await {
            Ok(error) => error,
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// On a developer's machine no load balancer has to notice anything, and nobody wants to wait.
pub fn without_drain(settings: config::Server) -> config::Server {
    let finish = settings.finish.min(Duration::from_secs(3));
    config::Server { drain: Duration::ZERO, finish, ..settings }
}

/// # Errors
/// Others than this machine would reach the sandbox, and nobody said that this is meant.
pub fn refuse_exposure(listen: SocketAddr, is_meant: bool) -> anyhow::Result<()> {
    if !listen.ip().is_loopback() && !is_meant {
        bail!(
            "{listen} is reachable from other machines, and the sandbox gives a token of anybody to everybody; \
             --expose-sandbox-to-network says that this is meant"
        );
    }
    Ok(())
}

/// The world of a scenario's name or file.
///
/// # Errors
/// All faults of the scenario.
pub fn world(scenario: &str) -> anyhow::Result<World> {
    World::named(scenario).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
        anyhow::anyhow!("the scenario `{scenario}` cannot be used:{}", faults.concat())
    })
}

/// The address that callers use. A wildcard is no address to call, so it becomes `localhost`.
///
/// # Errors
/// None in practice: what is bound can be written as an address.
pub fn address(wanted: Option<&Url>, bound: SocketAddr) -> anyhow::Result<Url> {
    if let Some(wanted) = wanted {
        return Ok(wanted.clone());
    }
    let host = if bound.ip().is_unspecified() { format!("localhost:{}", bound.port()) } else { bound.to_string() };
    Ok(Url::parse(&format!("http://{host}"))?)
}

/// What the start card says about the database.
pub struct Notes {
    /// The project's folder could not be used; this one is.
    pub moved: Option<PathBuf>,
    pub named_server: bool,
    pub ephemeral: bool,
}

/// The server of `DATABASE_URL` or of the settings.
fn named_database(settings: &Settings) -> anyhow::Result<Option<DatabaseServer>> {
    settings.text("database.url").map(|url| DatabaseServer::at(&url)).transpose()
}

fn root(base: &Url) -> &str {
    base.as_str().trim_end_matches('/')
}

/// Readers see the whole text or none. It is for the owner alone: addresses hold passwords, settings hold keys.
///
/// # Errors
/// The file cannot be written.
pub fn write_at_once(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(format!(".{}", std::process::id()));
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&unfinished, file))
        .with_context(|| format!("cannot write {}", file.display()))
}
