//! Two instances and a worker over a primary and a streaming replica, all of them processes of this test: one instance is
//! killed under load, the replica stands still for a while, and whoever has just written always finds it.
//!
//! `CHECKS=10000 cargo test --test crash replica -- --nocapture` is the long form.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dialogporten::dev::{
    database::DatabaseServer,
    postgres::{Account, Binaries},
};
use nix::sys::signal::Signal;
use reqwest::{Client, RequestBuilder, StatusCode, header::HeaderValue};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::{OWNER, Scratch, client, new_dialog, signal};

const PERSON: &str = "pid=08844397713&scopes=digdir:dialogporten";
const DATABASE: &str = "dialogporten";
const USER: &str = "dialogporten";
const DIALOGS: &str = "/api/v1/serviceowner/dialogs";
const READY: Duration = Duration::from_mins(1);

/// A server program's process and where it listens.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }
}

struct Programs {
    binaries: Binaries,
    account: Option<Account>,
    root: PathBuf,
}

impl Programs {
    fn new(root: &Path) -> Self {
        let account = Account::for_server().expect("an account for the server");
        std::fs::create_dir_all(root).expect("a folder");
        if let Some(account) = account {
            account.own(root).expect("the folder is ours to give");
        }
        Self { binaries: Binaries::find(None).expect("the server programs"), account, root: root.to_owned() }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        if let Some(Account { uid, gid }) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }

    async fn run(mut command: Command, what: &str) {
        let output = command.stderr(Stdio::piped()).output().await.expect(what);
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }

    async fn primary(&self) -> Server {
        let data = self.root.join("primary");
        let mut command = self.command(&self.binaries.program("initdb"));
        command.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username", USER, "-D"]);
        command.arg(&data);
        Self::run(command, "initdb").await;
        // The replica begins with the same data and follows from there: a backup would be the same, and not every machine
        // that has the server's programs has the one that takes it.
        let mut copy = self.command(Path::new("/bin/cp"));
        copy.arg("-a").arg(&data).arg(self.root.join("replica"));
        Self::run(copy, "cp").await;
        self.start(&data, "").await
    }

    async fn replica_of(&self, primary: &Server) -> Server {
        let data = self.root.join("replica");
        std::fs::write(data.join("standby.signal"), "").expect("the replica is told what it is");
        self.start(&data, &format!("host=127.0.0.1 port={} user={USER}", primary.port)).await
    }

    async fn start(&self, data: &Path, follows: &str) -> Server {
        let port = free_port();
        let mut command = self.command(&self.binaries.program("postgres"));
        command.arg("-D").arg(data);
        for setting in [
            &format!("port={port}"),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "wal_level=replica",
            "max_connections=200",
            "fsync=off",
            "hot_standby_feedback=on",
            "wal_keep_size=1GB",
            &format!("primary_conninfo={follows}"),
        ] {
            command.args(["-c", setting]);
        }
        let process = command.stderr(Stdio::null()).spawn().expect("the server starts");
        let server = Server { process, port };
        until("a server answers", || async {
            DatabaseServer::at(&server.url("postgres")).expect("an address").connect().await.is_ok()
        })
        .await;
        server
    }
}

/// Free now; nobody else on this machine is handed it soon.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Other processes get somewhere, and there is nothing to be told by but looking.
async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let deadline = Instant::now() + READY;
    while !is_so().await {
        assert!(Instant::now() < deadline, "it never comes to this: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The program, as an operator starts it.
fn program(arguments: &[&str]) -> Command {
    let mut command = super::dialogporten();
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

struct Instance {
    process: Child,
    base: String,
}

struct World {
    settings: PathBuf,
    owner: String,
    person: String,
    _sandbox: Child,
}

impl World {
    async fn start(root: &Path) -> Self {
        let (ready, settings) = (root.with_extension("ready"), root.with_extension("toml"));
        let sandbox = program(&["sandbox", "--listen", "127.0.0.1:0", "--ready-file"])
            .arg(&ready)
            .arg("--settings-file")
            .arg(&settings)
            .spawn()
            .expect("the sandbox starts");
        until("the sandbox answers", || async { ready.exists() }).await;
        let card: Value = serde_json::from_str(&std::fs::read_to_string(&ready).expect("a card")).expect("JSON");
        let tokens = card["token_url"].as_str().expect("the card names it");
        let token = async |path: &str| {
            let address = format!("{tokens}/{path}&env=test&ttl=7200");
            client().get(address).send().await.expect("a token").text().await.expect("text")
        };
        Self {
            settings,
            owner: token(&format!("GetEnterpriseToken?{OWNER} {SEARCH}")).await,
            person: token(&format!("GetPersonalToken?{PERSON}")).await,
            _sandbox: sandbox,
        }
    }

    fn process(&self, arguments: &[&str], primary: &Server, replica: Option<&Server>, base: &str) -> Child {
        let mut command = program(arguments);
        command
            .arg("--config")
            .arg(&self.settings)
            .env("DIALOGPORTEN_DATABASE__URL", primary.url(DATABASE))
            .env("DIALOGPORTEN_DIALOGPORTEN__BASE_URI", base)
            .env("DIALOGPORTEN_TELEMETRY__METRICS", "true");
        if let Some(replica) = replica {
            command.env("DIALOGPORTEN_DATABASE__READ_URL", replica.url(DATABASE));
        }
        command.spawn().expect("the program starts")
    }

    async fn instance(&self, primary: &Server, replica: &Server) -> Instance {
        let address = format!("127.0.0.1:{}", free_port());
        let base = format!("http://{address}");
        let process = self.process(&["serve", "--listen", &address], primary, Some(replica), &base);
        let ready = format!("{base}/health/readiness");
        until("an instance is ready", || async {
            client().get(&ready).send().await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        Instance { process, base }
    }
}

const SEARCH: &str = "digdir:dialogporten.serviceprovider.search";

/// One who writes here and reads there, with what an answer handed out.
struct Writer {
    client: Client,
    token: String,
    handed: Option<HeaderValue>,
    checks: usize,
}

impl Writer {
    fn new(token: &str) -> Self {
        Self { client: client(), token: token.to_owned(), handed: None, checks: 0 }
    }

    async fn asks(&self, request: RequestBuilder) -> reqwest::Result<reqwest::Response> {
        let request = request.bearer_auth(&self.token);
        match &self.handed {
            Some(handed) => request.header("dialogporten-written", handed),
            None => request,
        }
        .send()
        .await
    }

    /// Writes through one instance and finds it through another.
    async fn checks(&mut self, writes: &str, reads: &str) {
        let id = Uuid::now_v7();
        let sent = self.asks(self.client.post(format!("{writes}{DIALOGS}")).json(&new_dialog(id))).await;
        let sent = sent.expect("an answer");
        assert_eq!(sent.status(), StatusCode::CREATED);
        self.take(&sent);
        let address = format!("{reads}{DIALOGS}/{id}");
        self.finds_revision(&address, sent.headers()["etag"].to_str().expect("ASCII")).await;
        let body = json!({"type": "PaymentMade", "performedBy": {"actorType": "ServiceOwner"}});
        let sent = self.asks(self.client.post(format!("{writes}{DIALOGS}/{id}/activities")).json(&body)).await;
        let sent = sent.expect("an answer");
        assert_eq!(sent.status(), StatusCode::CREATED);
        self.take(&sent);
        self.finds_revision(&address, sent.headers()["etag"].to_str().expect("ASCII")).await;
        // The list shows it, too: it is the newest of the party's.
        assert!(self.lists(reads).await.contains(&json!(id)), "the list lacks what was written before");
        self.checks += 3;
    }

    /// The newest of the owner's dialogs.
    async fn lists(&self, base: &str) -> Vec<Value> {
        let list = format!("{base}{DIALOGS}?limit=50&orderBy=createdAt_desc");
        let list: Value = self.asks(self.client.get(list)).await.expect("a list").json().await.expect("JSON");
        list["items"].as_array().expect("items").iter().map(|item| item["id"].clone()).collect()
    }

    fn take(&mut self, answer: &reqwest::Response) {
        self.handed = Some(answer.headers()["dialogporten-written"].clone());
    }

    async fn finds_revision(&self, address: &str, revision: &str) {
        let found = self.asks(self.client.get(address)).await.expect("an answer");
        assert_eq!(found.status(), StatusCode::OK, "what was written is not found");
        assert_eq!(found.headers()["etag"].to_str().expect("ASCII"), revision, "an old state was read");
    }
}

/// How many reads an instance had answered so far: by the primary and by the replica.
async fn reads_of(instance: &Instance) -> (u64, u64) {
    let text =
        client().get(format!("{}/metrics", instance.base)).send().await.expect("an answer").text().await.expect("text");
    let count = |server: &str| {
        let name = format!("database_reads_total{{server=\"{server}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or(0)
    };
    (count("primary"), count("replica"))
}

/// Waits until people's lists are read where they are meant to be: 50 more there, and for the primary none beside.
async fn lists_come_from(which: Which, instance: &Instance) {
    let before = std::sync::Mutex::new(reads_of(instance).await);
    until("lists are read where they should", || async {
        let (primary, replica) = reads_of(instance).await;
        let mut before = before.lock().expect("nobody else has it");
        let more = match which {
            Which::Replica => replica - before.1,
            Which::Primary if replica == before.1 => primary - before.0,
            // Some came from the replica still: counted anew from here.
            Which::Primary => {
                *before = (primary, replica);
                0
            }
        };
        more >= 50
    })
    .await;
}

#[derive(Clone, Copy)]
enum Which {
    Primary,
    Replica,
}

async fn told(server: &Server, sql: &'static str) {
    let pool = sqlx::PgPool::connect(&server.url(DATABASE)).await.expect("the server answers");
    sqlx::query(sql).execute(&pool).await.expect("it takes it");
    pool.close().await;
}

/// Reads as an end user until told to stop. Whatever is answered is an answer; nothing is answered only by what was killed.
async fn reads(
    base: String,
    token: String,
    stop: Arc<AtomicBool>,
    may_die: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) {
    let client = client();
    let list = format!("{base}/api/v1/enduser/dialogs?party=urn:altinn:person:identifier-no:08844397713&limit=5");
    while !stop.load(Ordering::Relaxed) {
        match client.get(&list).bearer_auth(&token).send().await {
            Ok(answer) => {
                assert_eq!(answer.status(), StatusCode::OK, "an instance that lives answers");
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) if may_die.load(Ordering::Relaxed) => return,
            Err(error) => panic!("no answer of an instance that lives: {error}"),
        }
    }
}

/// How often what was written is read, all in all.
fn checks() -> usize {
    std::env::var_os("CHECKS").and_then(|n| n.to_str()?.parse().ok()).unwrap_or(300)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_serves_reads_and_nobody_misses_what_they_wrote() {
    let scratch = Scratch::new("replicas");
    let programs = Programs::new(&scratch.0);
    let primary = programs.primary().await;
    let databases = DatabaseServer::at(&primary.url("postgres")).expect("it is one");
    databases.prepare(DATABASE, "test").await.expect("a migrated database");
    let replica = programs.replica_of(&primary).await;
    let world = World::start(&scratch.0).await;
    let (mut a, mut b) = tokio::join!(world.instance(&primary, &replica), world.instance(&primary, &replica));
    if Uuid::new_v4().as_bytes()[0].is_multiple_of(2) {
        // The second one is to die, whichever that is.
        std::mem::swap(&mut a, &mut b);
    }
    let _worker = world.process(&["worker"], &primary, None, &a.base);

    // The first dialog of an owner is known by that owner's name a moment late (`store::dictionary`), with and without replica.
    let mut writer = Writer::new(&world.owner);
    let first = client().post(format!("{}{DIALOGS}", a.base)).json(&new_dialog(Uuid::now_v7()));
    assert_eq!(writer.asks(first).await.expect("an answer").status(), StatusCode::CREATED);
    for base in [&a.base, &b.base] {
        until("the owner's name is known", || async { !writer.lists(base).await.is_empty() }).await;
    }

    // Load on both.
    let (stop, nobody_dies, one_dies) = <(Arc<AtomicBool>, Arc<AtomicBool>, Arc<AtomicBool>)>::default();
    let answered = Arc::new(AtomicUsize::new(0));
    let read = |base: &str, may_die: &Arc<AtomicBool>| {
        tokio::spawn(reads(base.to_owned(), world.person.clone(), stop.clone(), may_die.clone(), answered.clone()))
    };
    let load = [read(&a.base, &nobody_dies), read(&b.base, &one_dies)];

    // What is read as a person who wrote nothing comes from the replica.
    lists_come_from(Which::Replica, &a).await;
    lists_come_from(Which::Replica, &b).await;

    // Both ways round.
    let rounds = checks().div_ceil(3);
    for n in 0..rounds.div_ceil(2) {
        let (writes, reads) = if n % 2 == 0 { (&a.base, &b.base) } else { (&b.base, &a.base) };
        writer.checks(writes, reads).await;
    }

    // A replica that replays nothing any more is too far behind before long; nobody notices.
    told(&replica, "select pg_wal_replay_pause()").await;
    for _ in 0..rounds.div_ceil(8) {
        writer.checks(&a.base, &b.base).await;
    }
    lists_come_from(Which::Primary, &a).await;
    told(&replica, "select pg_wal_replay_resume()").await;
    lists_come_from(Which::Replica, &a).await;

    // One that does not answer at all.
    let process = replica.process.id().expect("it runs");
    stand_still(process, true);
    lists_come_from(Which::Primary, &a).await;
    for _ in 0..rounds.div_ceil(8) {
        writer.checks(&b.base, &a.base).await;
    }
    stand_still(process, false);
    lists_come_from(Which::Replica, &a).await;

    // One instance dies; the other one and its clients go on.
    one_dies.store(true, Ordering::Relaxed);
    signal(Signal::SIGKILL, b.process.id().expect("it runs"));
    for _ in 0..rounds.div_ceil(4) {
        writer.checks(&a.base, &a.base).await;
    }
    stop.store(true, Ordering::Relaxed);
    for reader in load {
        reader.await.expect("every answer was in order");
    }
    let others = answered.load(Ordering::Relaxed);
    println!("{} reads after writes showed what was written; {others} lists were read beside", writer.checks);
}

/// The server and all its processes. Each of them leads a group of its own, so no signal reaches them all.
fn stand_still(postmaster: u32, is_still: bool) {
    let order = if is_still { Signal::SIGSTOP } else { Signal::SIGCONT };
    // First, so that it starts no others meanwhile.
    signal(order, postmaster);
    let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).expect("a list");
    for child in children.split_whitespace() {
        // One that has just ended needs no stopping.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.parse().expect("a process id")), order);
    }
}
