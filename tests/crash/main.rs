//! Nothing acknowledged is lost, nothing half is kept, and every event arrives: the program (and in a second variant its
//! database) is killed with SIGKILL while it writes and delivers as fast as it can, started again on the same data, and
//! everything is counted. The event endpoint fails, stalls and hangs up meanwhile.
//!
//! `KILL_ROUNDS=67 cargo test --test crash -- --nocapture` is the long form; without the variable three or four rounds of each
//! variant, ten together, run with the other tests. `PROGRAM=path` tries another build than the one of the tests.

mod endpoint;
mod replicas;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::Row as _;
use tokio::process::{Child, Command};
use uuid::Uuid;

use endpoint::Endpoint;

const OWNER: &str = "org=ttd&orgNo=991825827&scopes=digdir:dialogporten.serviceprovider";
const WRITERS: usize = 4;
const TRANSMISSIONS: i64 = 3;

/// What was sent and what was answered.
#[derive(Clone, Default)]
struct Ledger {
    /// Every dialog id that was ever sent; true once its creation was acknowledged.
    dialogs: HashMap<Uuid, bool>,
    /// Every activity id that was ever appended, with its dialog; true once acknowledged.
    activities: HashMap<Uuid, (Uuid, bool)>,
}

struct Service {
    process: Child,
    base_url: String,
    database_url: String,
    token: String,
}

impl Service {
    async fn start(data: &Scratch, endpoint: &Endpoint) -> Self {
        let ready = data.ready_file();
        let _ = std::fs::remove_file(&ready);
        let process = dialogporten()
            .args(["dev", "--listen", "127.0.0.1:0", "--scenario", "bare"])
            .arg("--data-dir")
            .arg(&data.0)
            .arg("--ready-file")
            .arg(&ready)
            .env("DIALOGPORTEN_ALTINN__EVENTS_BASE_URI", &endpoint.url)
            .env("DIALOGPORTEN_EVENTS__PATIENCE", "500ms")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let deadline = Instant::now() + Duration::from_mins(1);
        let card: Value = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break serde_json::from_str(&text).expect("the ready file appears whole");
            }
            assert!(Instant::now() < deadline, "the service did not become ready");
            // Another process writes the file, which has no other way to say that it is so far.
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let field = |name: &str| card[name].as_str().expect("the ready file names it").to_owned();
        let address = format!("{}/GetEnterpriseToken?env=test&ttl=3600&{OWNER}", field("token_url"));
        let token = client().get(address).send().await.expect("a token").text().await.expect("text");
        Self { process, base_url: field("base_url"), database_url: field("database_url"), token }
    }

    fn process_id(&self) -> u32 {
        self.process.id().expect("the process runs")
    }

    /// Dead at once, if it is not yet.
    async fn killed(mut self) {
        let _ = self.process.kill().await;
    }

    /// Asked to stop; its database has stopped with it.
    async fn stopped(mut self) {
        signal(Signal::SIGTERM, self.process_id());
        let _ = self.process.wait().await;
    }
}

/// The program that is tried: what was built with the tests, or what `PROGRAM` names.
fn dialogporten() -> Command {
    Command::new(std::env::var_os("PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_dialogporten").into()))
}

/// Speaks plain HTTP to this machine, so it needs neither proxies nor certificates.
fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().tls_certs_only([]);
    builder.build().expect("a client")
}

/// The data of one variant. Removed at the end, unless a check failed: then it is what there is to look at.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        // Not below a home folder: as root the database runs as another user, who must get in.
        Self(std::env::temp_dir().join(format!("dialogporten-crash-{name}-{}", Uuid::new_v4().simple())))
    }

    fn ready_file(&self) -> PathBuf {
        self.0.with_extension("ready")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the data is in {}", self.0.display());
            return;
        }
        let _ = std::fs::remove_dir_all(&self.0);
        let _ = std::fs::remove_file(self.ready_file());
        let _ = std::fs::remove_file(self.0.with_extension("toml"));
    }
}

fn signal(signal: Signal, process: u32) {
    let process = Pid::from_raw(i32::try_from(process).expect("a process id"));
    kill(process, signal).expect("the process exists");
}

fn new_dialog(id: Uuid) -> Value {
    let text = |value: &str| json!({"value": [{"value": value, "languageCode": "nb"}]});
    let transmissions: Vec<Value> = (0..TRANSMISSIONS)
        .map(|n| {
            json!({"type": "Information", "sender": {"actorType": "ServiceOwner"},
                   "content": {"title": text(&format!("Melding {n}"))}})
        })
        .collect();
    json!({
        "id": id,
        "serviceResource": "urn:altinn:resource:ttd-dialogporten-automated-tests",
        "party": "urn:altinn:person:identifier-no:08844397713",
        "content": {"title": text("Skrevet mens det smeller")},
        "serviceOwnerContext": {"serviceOwnerLabels": [{"value": format!("crash-{id}")}]},
        "transmissions": transmissions,
        "activities": [{"type": "DialogCreated", "performedBy": {"actorType": "ServiceOwner"}}],
    })
}

/// Whether this is an acknowledgement. A dead database makes the service answer 5xx, which is none.
fn acknowledged(status: StatusCode, victim: Victim) -> bool {
    let refused_for_want_of_a_database = matches!(victim, Victim::Database | Victim::Both) && status.is_server_error();
    assert!(status == 201 || refused_for_want_of_a_database, "{status} for a write that is in order");
    status == 201
}

/// Creates dialogs and appends to them until told to stop or nobody answers any more.
async fn write(base_url: String, token: String, victim: Victim, ledger: Arc<Mutex<Ledger>>, stop: Arc<AtomicBool>) {
    let client = client();
    let dialogs = format!("{base_url}/api/v1/serviceowner/dialogs");
    while !stop.load(Ordering::Relaxed) {
        let id = Uuid::now_v7();
        ledger.lock().expect("no writer panics").dialogs.insert(id, false);
        let Ok(answer) = client.post(&dialogs).bearer_auth(&token).json(&new_dialog(id)).send().await else { return };
        // The head of the answer is the acknowledgement: the body may be cut off by the kill.
        if !acknowledged(answer.status(), victim) {
            return;
        }
        ledger.lock().expect("no writer panics").dialogs.insert(id, true);
        for _ in 0..2 {
            let activity = Uuid::now_v7();
            ledger.lock().expect("no writer panics").activities.insert(activity, (id, false));
            let body = json!({"id": activity, "type": "PaymentMade", "performedBy": {"actorType": "ServiceOwner"}});
            let sent = client.post(format!("{dialogs}/{id}/activities")).bearer_auth(&token).json(&body).send().await;
            let Ok(answer) = sent else { return };
            if !acknowledged(answer.status(), victim) {
                return;
            }
            ledger.lock().expect("no writer panics").activities.insert(activity, (id, true));
        }
    }
}

/// Counts everything that is stored against the ledger.
async fn check(service: &Service, ledger: &Ledger) {
    let db = sqlx::PgPool::connect(&service.database_url).await.expect("the database is back");
    let sent: Vec<Uuid> = ledger.dialogs.keys().copied().collect();
    let rows = sqlx::query(
        "select id
              , exists (select from dialog d where d.id = i.id) as stored
              , (select count(*) from dialog_document x where x.dialog_id = i.id) as documents
              , (select count(*) from dialog_transmission x where x.dialog_id = i.id) as transmissions
              , (select count(*) from dialog_activity x where x.dialog_id = i.id) as activities
              , (select count(*) from dialog_owner_label x where x.dialog_id = i.id) as labels
              , (select count(*) from outbox x where x.dialog_id = i.id and kind = 'DialogCreated') as created
              , (select count(*) from outbox x where x.dialog_id = i.id and kind = 'DialogTransmissionCreated') as sent
              , (select count(*) from outbox x where x.dialog_id = i.id and kind = 'DialogActivityCreated') as happened
              , (select count(*) from outbox x where x.dialog_id = i.id and kind = 'DialogUpdated') as updated
           from unnest($1::uuid[]) i (id)",
    )
    .bind(&sent)
    .fetch_all(&db)
    .await
    .expect("the tables can be counted");
    for row in rows {
        let id: Uuid = row.get("id");
        let count = |name: &str| row.get::<i64, _>(name);
        if !row.get::<bool, _>("stored") {
            assert!(!ledger.dialogs[&id], "dialog {id} was acknowledged and is lost");
            let all = ["documents", "transmissions", "activities", "labels", "created", "sent", "happened", "updated"];
            assert!(all.iter().all(|name| count(name) == 0), "half of the unacknowledged dialog {id} is stored");
            continue;
        }
        assert_eq!((count("documents"), count("transmissions"), count("labels")), (1, TRANSMISSIONS, 1), "dialog {id}");
        assert_eq!((count("created"), count("sent")), (1, TRANSMISSIONS), "events of dialog {id}");
        // One activity came with the dialog; each appended one raised its own event and an update.
        assert_eq!(count("happened"), count("activities"), "activity events of dialog {id}");
        assert_eq!(count("updated"), count("activities") - 1, "update events of dialog {id}");
    }
    let acknowledged: Vec<Uuid> = ledger.activities.iter().filter(|(_, (_, ok))| *ok).map(|(id, _)| *id).collect();
    let stored: i64 = sqlx::query_scalar("select count(*) from dialog_activity where id = any($1)")
        .bind(&acknowledged)
        .fetch_one(&db)
        .await
        .expect("the activities can be counted");
    assert_eq!(usize::try_from(stored).expect("a count"), acknowledged.len(), "an acknowledged activity is lost");
    db.close().await;
}

/// Every event arrives, each dialog's in the order in which they were raised. What arrives twice is the same event: an id
/// that arrived before.
async fn check_delivery(service: &Service, endpoint: &Endpoint) {
    let db = sqlx::PgPool::connect(&service.database_url).await.expect("the database is back");
    endpoint.is_kind(true);
    let deadline = Instant::now() + Duration::from_mins(3);
    loop {
        let waiting: i64 =
            sqlx::query_scalar("select count(*) from outbox where delivered_at is null and not is_silent")
                .fetch_one(&db)
                .await
                .expect("the outbox can be counted");
        if waiting == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{waiting} events do not arrive");
        // Another process delivers, and this one only sees what it notes.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let raised: Vec<(Uuid, Uuid)> =
        sqlx::query_as("select dialog_id, event_id from outbox where not is_silent order by dialog_id, seq")
            .fetch_all(&db)
            .await
            .expect("the outbox can be read");
    let mut arrived: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (dialog, event) in endpoint.taken() {
        let of_it = arrived.entry(dialog).or_default();
        if !of_it.contains(&event) {
            of_it.push(event);
        }
    }
    let mut expected: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (dialog, event) in raised {
        expected.entry(dialog).or_default().push(event);
    }
    assert_eq!(arrived.len(), expected.len(), "dialogs whose events arrived");
    for (dialog, events) in &expected {
        assert_eq!(arrived.get(dialog), Some(events), "events of dialog {dialog}, in order");
    }
    endpoint.is_kind(false);
    db.close().await;
}

#[derive(Clone, Copy)]
enum Victim {
    Service,
    Database,
    Both,
}

async fn rounds(name: &str, victim: Victim, usual: u64) {
    let rounds: u64 = std::env::var_os("KILL_ROUNDS").and_then(|n| n.to_str()?.parse().ok()).unwrap_or(usual);
    let data = Scratch::new(name);
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let endpoint = Endpoint::start().await;
    let mut service = Service::start(&data, &endpoint).await;
    for round in 0..rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (url, token) = (service.base_url.clone(), service.token.clone());
                tokio::spawn(write(url, token, victim, ledger.clone(), stop.clone()))
            })
            .collect();
        // Some moment between the first writes and a second later, another one in every round.
        let moment = 150 + Uuid::new_v4().as_u64_pair().0 % 850;
        tokio::time::sleep(Duration::from_millis(moment)).await;
        match victim {
            Victim::Service => signal(Signal::SIGKILL, service.process_id()),
            Victim::Database => signal(Signal::SIGKILL, postmaster(&data.0)),
            Victim::Both => {
                // The service first: it would start its database again.
                signal(Signal::SIGKILL, service.process_id());
                signal(Signal::SIGKILL, postmaster(&data.0));
            }
        }
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.expect("every answer is an acknowledgement or says that there is no database");
        }
        service.killed().await;
        service = Service::start(&data, &endpoint).await;
        let ledger = ledger.lock().expect("no writer panics").clone();
        check(&service, &ledger).await;
        check_delivery(&service, &endpoint).await;
        let dialogs = ledger.dialogs.values().filter(|acknowledged| **acknowledged).count();
        println!(
            "{name}: round {} of {rounds}, killed after {moment} ms, {dialogs} dialogs acknowledged so far",
            round + 1
        );
    }
    let written = ledger.lock().expect("no writer panics").dialogs.values().filter(|ok| **ok).count();
    assert!(written > 0, "nothing was written, so nothing was shown");
    service.stopped().await;
}

/// The process id of the database server that runs on `data`.
fn postmaster(data: &Path) -> u32 {
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name() == "postmaster.pid" {
                let text = std::fs::read_to_string(entry.path()).expect("the lock file is text");
                let first = text.lines().next().expect("a first line");
                return first.trim().parse().expect("its first line is the process id");
            }
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    panic!("no database server runs on {}", data.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_service_loses_nothing() {
    rounds("service", Victim::Service, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_database_loses_nothing() {
    rounds("database", Victim::Database, 3).await;
}

/// M-23: the processes of a killed server hold its memory for a moment; the next start waits for them.
#[tokio::test(flavor = "multi_thread")]
async fn both_killed_at_once_lose_nothing() {
    rounds("both", Victim::Both, 3).await;
}
