//! One server for all tests and all test processes, one migrated template on it, one copy of that for each test.
//!
//! Processes that use the server hold a shared lock of a file below `target/`; the server's guard waits for an exclusive
//! one, so it stops the server when the last of them is gone, however it went.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use dialogporten::{
    dev::{
        database::DatabaseServer,
        postgres::{self, Account, Options, Postgres},
    },
    store::migrations::MIGRATIONS,
};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection};
use tokio::sync::OnceCell;

/// A migrated, empty database of one test. Dropped with this value.
pub struct TestDatabase {
    pub url: String,
    name: String,
    /// `None`: the database was there before, and stays.
    server: Option<&'static Server>,
}

impl TestDatabase {
    /// One that somebody else made.
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), name: String::new(), server: None }
    }
}

/// A database for one test.
pub async fn database() -> TestDatabase {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(Server::join).await;
    // The time in the name lets later runs tell what was left behind.
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{PREFIX}{seconds}_{}_{count}", std::process::id());
    server.databases.copy(&server.template, &name).await.expect("a copy of the template");
    TestDatabase { url: server.databases.url(&name), name, server: Some(server) }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Nobody waits for it: the rest of the test run is more urgent.
        if let Some(server) = self.server {
            let _ = server.dropper.send(std::mem::take(&mut self.name));
        }
    }
}

const PREFIX: &str = "dialogporten_test_";

struct Server {
    databases: DatabaseServer,
    template: String,
    dropper: mpsc::Sender<String>,
    /// Says that this process uses the server.
    _users: File,
}

impl Server {
    async fn join() -> Self {
        // Locks of files block, and would stop the runtime of the test that came first.
        tokio::task::spawn_blocking(|| {
            // A runtime of its own: the one of the test that came first ends with that test.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(Self::open())
        })
        .await
        .expect("the test server")
    }

    async fn open() -> Self {
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let account = Account::for_server().expect("an account for the server");
        let folder = postgres::within(tmp, Path::new("postgres"), account).folder;
        fs::create_dir_all(&folder).expect("a folder for the test server");
        let users = folder.join("users");
        let lock = File::options().create(true).truncate(false).write(true).read(true).open(&users).expect("lock file");
        // Waits while a guard stops the server.
        lock.lock_shared().expect("a lock");
        let gate =
            File::options().create(true).truncate(false).write(true).open(folder.join("gate")).expect("lock file");
        // One process at a time starts the server and makes the template; the others find both done.
        gate.lock().expect("a lock");

        let (databases, alone) = match named() {
            Some(databases) => (databases, false),
            None => running_or_started(&folder, users).await,
        };
        let template = template_name();
        sweep(&databases, &template, alone).await;
        prepare_template(&databases, &template).await;
        gate.unlock().expect("a lock that is held");

        Self { dropper: dropper(databases.clone()), databases, template, _users: lock }
    }
}

/// The server that `DATABASE_URL` names.
fn named() -> Option<DatabaseServer> {
    #[expect(clippy::disallowed_methods, reason = "the harness has no settings of its own")]
    let url = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty())?;
    Some(DatabaseServer::at(&url).expect("DATABASE_URL"))
}

/// The server, and whether nobody else uses it.
async fn running_or_started(folder: &Path, users: PathBuf) -> (DatabaseServer, bool) {
    let address = folder.join("address");
    if let Ok(url) = fs::read_to_string(&address) {
        let server = DatabaseServer::at(&url).expect("the address that another test process wrote");
        match server.connect().await {
            Ok(connection) => {
                let _ = connection.close().await;
                return (server, false);
            }
            // Only a server that is not there may be started: others may be at work on one that is merely busy.
            Err(error) => assert!(is_refused(&error), "the test server does not answer: {error:#}"),
        }
    }
    let options = Options {
        folder: folder.join("server"),
        throw_away: true,
        remove: false,
        max_connections: 500,
        program: PathBuf::from(env!("CARGO_BIN_EXE_dialogporten")),
        users: Some(users),
    };
    // Data written without fsync may be spoilt by a crash of the machine, and an old format by an upgrade; it is worth
    // nothing, so it is made anew.
    let server = Postgres::start(&options).unwrap_or_else(|_| {
        let _ = fs::remove_dir_all(options.folder.join("postgres"));
        Postgres::start(&options).unwrap_or_else(|error| panic!("{error:#}"))
    });
    let url = server.url("postgres");
    server.detach();
    fs::write(address, &url).expect("the address can be written");
    (DatabaseServer::at(&url).expect("an address of our making"), true)
}

fn is_refused(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>()).any(|cause| {
        // A server that is starting or stopping may cut the connection off; it is not one to work with either.
        matches!(cause.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
    })
}

/// One template per state of the migrations, so that branches can share a server.
fn template_name() -> String {
    let mut digest = Sha256::new();
    for migration in MIGRATIONS.iter() {
        digest.update(&migration.checksum);
    }
    let hex: String = digest.finalize()[..6].iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    format!("{PREFIX}template_{hex}")
}

/// Removes what earlier runs left: everything if nobody else is here, otherwise what is older than any run.
async fn sweep(databases: &DatabaseServer, template: &str, alone: bool) {
    const OLD_SECONDS: i64 = 3600;
    let mut server = databases.connect().await.expect("the test server");
    let names: Vec<String> = sqlx::query_scalar(
        "select datname from pg_database
         where datname like 'dialogporten\\_test\\_%' and datname <> $1
           and ($2 or split_part(datname, '_', 3) ~ '^[0-9]{1,12}$'
                      and extract(epoch from now())::bigint - split_part(datname, '_', 3)::bigint > $3)",
    )
    .bind(template)
    .bind(alone)
    .bind(OLD_SECONDS)
    .fetch_all(&mut server)
    .await
    .expect("the list of databases");
    for name in names {
        // One that cannot be removed is in use or not ours.
        let _ = databases.remove(&name).await;
    }
}

async fn prepare_template(databases: &DatabaseServer, template: &str) {
    let mut server = databases.connect().await.expect("the test server");
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(template)
        .fetch_one(&mut server)
        .await
        .expect("the list of databases");
    if exists {
        return;
    }
    // Renamed when it is complete, so that an interrupted one is never copied.
    let unfinished = format!("{PREFIX}unfinished");
    databases.remove(&unfinished).await.expect("room for the template");
    databases.prepare(&unfinished, "test").await.expect("the migrated template");
    sqlx::query(AssertSqlSafe(format!("alter database {unfinished} rename to {template}")))
        .execute(&mut server)
        .await
        .expect("the name of the template");
}

/// Drops databases one after the other, beside the tests.
fn dropper(databases: DatabaseServer) -> mpsc::Sender<String> {
    let (sender, receiver) = mpsc::channel::<String>();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        while let Ok(name) = receiver.recv() {
            // What stays is swept by the next run.
            let _ = runtime.block_on(databases.remove(&name));
        }
    });
    sender
}
