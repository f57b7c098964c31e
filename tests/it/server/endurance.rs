//! Many slow clients of each kind at once, against the program itself: others are served in time, memory stays bounded (M-05).
//!
//! `scripts/slow-clients` is the long form: 5,000 of each kind for as long as named. Without the variables that it sets, a few
//! run for a moment with the other tests.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use dialogporten::dev::postgres;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::raw::{Raw, get, post};

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Says nothing.
    Silent,
    /// Sends most of a large head, then a byte a second.
    HalfHead,
    /// Sends 100 kB of 20 MB, then a byte a second.
    HalfBody,
    /// Asks a thousand times and takes no answer.
    Untaken,
}

struct Process {
    child: Child,
    address: SocketAddr,
    token: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    async fn start() -> Self {
        let folder = postgres::temporary().expect("a folder");
        let ready = folder.join("ready.json");
        let mut child = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
            .args(["dev", "--ephemeral", "--listen", "127.0.0.1:0", "--scenario", "bare", "--ready-file"])
            .arg(&ready)
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let said = BufReader::new(child.stdout.take().expect("its output"));
        assert!(said.lines().map_while(Result::ok).any(|line| line.starts_with("Dialogporten is ready")));
        let card: Value = serde_json::from_slice(&fs::read(&ready).expect("the ready file")).expect("JSON");
        let _ = fs::remove_dir_all(folder);
        let base = card["base_url"].as_str().expect("an address");
        let address = base.strip_prefix("http://").expect("plain HTTP").parse().expect("an address");
        let query = "env=test&ttl=3600&org=ttd&orgNo=991825827&scopes=digdir:dialogporten.serviceprovider";
        let token = reqwest::get(format!("{base}/api/GetEnterpriseToken?{query}")).await.expect("a token");
        Self { child, address, token: token.text().await.expect("text") }
    }

    /// Bytes that are resident.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kilos| kilos * 1024)
    }

    fn says(&self, kind: Kind) -> Vec<u8> {
        let head = format!("GET /api/v1/metadata/limits HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(24_000));
        match kind {
            Kind::Silent => Vec::new(),
            Kind::HalfHead => head.into(),
            Kind::HalfBody => {
                let head = post("/api/v1/serviceowner/dialogs", 19_999_999).replace(
                    "\r\n\r\n",
                    &format!("\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\n\r\n", self.token),
                );
                (head + &" ".repeat(100_000)).into()
            }
            Kind::Untaken => get("/api/v1/metadata/limits").repeat(1000).into(),
        }
    }
}

/// One slow client, which comes back whenever it is sent away.
async fn slow(address: SocketAddr, says: Arc<Vec<u8>>, takes: bool, sent_away: Arc<AtomicUsize>) {
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        // Nobody says that the server reads it all.
        let _ = timeout(Duration::from_secs(5), stream.write_all(&says)).await;
        let mut heard = vec![0; 1024];
        loop {
            if takes && matches!(timeout(Duration::from_secs(1), stream.read(&mut heard)).await, Ok(Ok(0) | Err(_))) {
                break;
            }
            if !takes {
                sleep(Duration::from_secs(1)).await;
            }
            if !says.is_empty() && stream.write_all(b" ").await.is_err() {
                break;
            }
        }
        sent_away.fetch_add(1, SeqCst);
    }
}

/// How long others wait for an answer, new connection included.
async fn others(address: SocketAddr, token: &str, until: Instant) -> Vec<Duration> {
    let list = get("/api/v1/serviceowner/dialogs?limit=1")
        .replace("\r\n\r\n", &format!("\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"));
    let mut waits = Vec::new();
    while Instant::now() < until || waits.len() < 20 {
        let began = Instant::now();
        let mut client = Raw::connect(address).await;
        client.say(&list).await.expect("the server reads");
        let heard = client.hear().await.expect("the server answers");
        assert!(matches!(heard.status, 200 | 403), "{} {}", heard.status, heard.body);
        waits.push(began.elapsed());
        sleep(Duration::from_millis(10)).await;
    }
    waits.sort();
    waits
}

fn given(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "the length of a test is no setting of the service")]
    std::env::var(name).ok()?.parse().ok()
}

/// M-05.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn slow_clients_hold_up_nobody_and_little_memory() {
    dialogporten::server::files::raise_limit();
    let count = given("SLOW_CLIENTS").unwrap_or(100);
    let lasts = Duration::from_secs(given("SLOW_SECONDS").unwrap_or(1));
    for kind in [Kind::Silent, Kind::HalfHead, Kind::HalfBody, Kind::Untaken] {
        let process = Process::start().await;
        let sent_away = Arc::new(AtomicUsize::new(0));
        let says = Arc::new(process.says(kind));
        let mut clients = JoinSet::new();
        for _ in 0..count {
            let takes = !matches!(kind, Kind::Untaken);
            clients.spawn(slow(process.address, Arc::clone(&says), takes, Arc::clone(&sent_away)));
        }
        let (before, mut most) = (process.memory(), 0);
        let waits = {
            let waiting = others(process.address, &process.token, Instant::now() + lasts);
            let mut waiting = std::pin::pin!(waiting);
            loop {
                most = most.max(process.memory());
                if let Ok(waits) = timeout(Duration::from_millis(200), &mut waiting).await {
                    break waits;
                }
            }
        };
        let at = |share: usize| waits[(waits.len() - 1) * share / 100];
        println!(
            "{kind:?}: {count} clients, sent away {} times; others: {} answers, median {:?}, p99 {:?}; memory {} MB, {} before",
            sent_away.load(SeqCst),
            waits.len(),
            at(50),
            at(99),
            most / 1_000_000,
            before / 1_000_000,
        );
        assert!(most < 200_000_000, "{kind:?}: {most} bytes");
        // Debug builds on a busy machine tell little about times.
        assert!(at(50) < Duration::from_secs(1), "{kind:?}: {:?}", at(50));
    }
}
