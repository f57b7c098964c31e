//! Everything at once, for minutes: connections that read, search, create, append and label as fast as they are answered, and
//! streams of live updates beside them; at the end SIGTERM under full load.
//!
//! What is told each half minute: answers, their percentiles, resident memory of the service. At the end: how far memory rose
//! after the first minute, and whether all that was acknowledged is stored, with its events.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant as Timer},
};

use anyhow::{Context, ensure};
use nix::{
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{Signal, kill},
    },
    unistd::Pid,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{
    client::{Client, Request},
    drive::percentile,
    operations::{Kind, Operation},
    stage::{Behind, Stage},
};

/// How often each operation comes, of a hundred requests. What is not named does not come.
const SHARES: [(&str, usize); 8] = [
    ("GET, end user", 35),
    ("GET, service owner", 10),
    ("list of 100, one party", 5),
    ("list of 100, 101 parties", 10),
    ("list of transmissions", 15),
    ("create", 10),
    ("append activity", 10),
    ("label change", 5),
];
/// A thread waits for its answer most of the time and needs little.
const STACK: usize = 256 * 1024;
/// Between two lines.
const LINE: Duration = Duration::from_secs(30);
/// While memory is still expected to grow.
const SETTLING: Duration = Duration::from_mins(1);
/// MB.
const MEMORY_GOAL: u64 = 150;
/// Between SIGTERM and the end of the process: the service's own bound is below it.
const ENDING: Duration = Duration::from_mins(1);

/// How much, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Mixed {
    pub time: Duration,
    pub connections: usize,
    pub streams: usize,
}

/// What all threads share.
struct Shared<'a> {
    stage: &'a Stage,
    operations: &'a [Operation],
    /// A hundred places in `operations`.
    shares: Vec<usize>,
    is_over: AtomicBool,
    /// Of the present half minute, by place in `operations`.
    times: Vec<Mutex<Vec<Duration>>>,
    /// Ids that the service has told with 201.
    created: Mutex<Vec<Uuid>>,
    appended: Mutex<Vec<Uuid>>,
    /// Answers that say that there is too much to do.
    refused: AtomicUsize,
    heard: AtomicUsize,
    reopened: AtomicUsize,
}

impl Mixed {
    pub fn run(self, stage: &Stage, runtime: &Runtime, operations: &[Operation]) -> anyhow::Result<()> {
        let behind = stage.behind.as_ref().context("a service of its own: without --at")?;
        let (service, _) = stage.meter.processes.context("a process of its own")?;
        let place = |name: &str| operations.iter().position(|operation| operation.name == name);
        let shares = SHARES.iter().filter_map(|(name, share)| Some(std::iter::repeat_n(place(name)?, *share)));
        let shared = Shared {
            stage,
            operations,
            shares: shares.flatten().collect(),
            is_over: AtomicBool::new(false),
            times: operations.iter().map(|_| Mutex::default()).collect(),
            created: Mutex::default(),
            appended: Mutex::default(),
            refused: AtomicUsize::new(0),
            heard: AtomicUsize::new(0),
            reopened: AtomicUsize::new(0),
        };
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
        let rest = memory(service)?;
        println!("{} connections, {} streams; {rest} MB at rest", self.connections, self.streams);
        let (early, late) = thread::scope(|scope| {
            let small = || thread::Builder::new().stack_size(STACK);
            let mut threads = Vec::new();
            for number in 0..self.connections {
                let shared = &shared;
                threads.push(small().spawn_scoped(scope, move || shared.requests(number))?);
            }
            for number in 0..self.streams {
                let shared = &shared;
                threads.push(small().spawn_scoped(scope, move || shared.stream(number))?);
            }
            let memories = self.watch(&shared, service);
            shared.is_over.store(true, Relaxed);
            let ended = ends(service);
            for thread in threads {
                thread.join().ok().context("a client fell over")??;
            }
            println!("SIGTERM under load: ended after {:.1?}", ended?);
            memories
        })?;
        let growth = late.saturating_sub(early);
        println!(
            "memory: at most {early} MB in the first minute, {late} MB after it: {growth} MB more; goal {MEMORY_GOAL} MB"
        );
        let (heard, reopened) = (shared.heard.load(Relaxed), shared.reopened.load(Relaxed));
        println!("refused with 409 or 503: {}", shared.refused.load(Relaxed));
        println!("streams: {heard} updates, opened again {reopened} times");
        runtime.block_on(shared.all_is_stored(behind))
    }

    /// Tells how it goes until the time is over; the most memory of the first minute and after it.
    fn watch(self, shared: &Shared, service: u32) -> anyhow::Result<(u64, u64)> {
        let (began, mut line) = (Timer::now(), Timer::now());
        let (mut early, mut late) = (0, 0);
        let mut before = shared.stage.meter.read()?;
        while began.elapsed() < self.time {
            thread::sleep(Duration::from_secs(1));
            let now = memory(service)?;
            let most = if began.elapsed() < SETTLING { &mut early } else { &mut late };
            *most = now.max(*most);
            if line.elapsed() >= LINE {
                let usage = shared.stage.meter.read()?;
                shared.line(began.elapsed(), line.elapsed(), now);
                let used = usage.since(before);
                println!(
                    "    processors: service {:.0} %, PostgreSQL {:.0} %",
                    share(used.service, line),
                    share(used.database, line)
                );
                (before, line) = (usage, Timer::now());
            }
        }
        Ok((early, late))
    }
}

/// Of one processor, in hundredths.
fn share(microseconds: f64, since: Timer) -> f64 {
    microseconds / since.elapsed().as_secs_f64() / 10_000.0
}

impl Shared<'_> {
    /// One connection. Whatever goes wrong before the end is an error; what the end cuts off is not acknowledged.
    fn requests(&self, number: usize) -> anyhow::Result<()> {
        let mut client = Client::connect(&self.stage.service)?;
        let mut turn = number * 37;
        while !self.is_over.load(Relaxed) {
            let at = self.shares[turn % self.shares.len()];
            let operation = &self.operations[at];
            let (_, request) = operation.next(turn / self.shares.len() % operation.requests.len());
            turn += 1;
            let started = Timer::now();
            let answer = match client.ask_if_free(request) {
                Ok(Some(answer)) => answer,
                Ok(None) => {
                    self.refused.fetch_add(1, Relaxed);
                    continue;
                }
                Err(_) if self.is_over.load(Relaxed) => break,
                Err(error) => return Err(error.context(operation.name)),
            };
            let told = match &operation.kind {
                Kind::Creates => Some(&self.created),
                Kind::Changes(_) if operation.name == "append activity" => Some(&self.appended),
                Kind::Changes(_) | Kind::Reads | Kind::FirstReadings => None,
            };
            if let Some(told) = told {
                let id: Uuid = serde_json::from_slice(answer).context("an id")?;
                told.lock().expect("nobody falls over with it").push(id);
            }
            self.times[at].lock().expect("nobody falls over with it").push(started.elapsed());
        }
        Ok(())
    }

    /// One stream, of a dialog that is appended to, opened again when its token's time is over.
    fn stream(&self, number: usize) -> anyhow::Result<()> {
        let append = self.operations.iter().find_map(|operation| match &operation.kind {
            Kind::Changes(dialogs) if operation.name == "append activity" => Some(dialogs),
            _ => None,
        });
        let dialogs = append.context("dialogs that change")?;
        let dialog = dialogs[number % dialogs.len()];
        let path = format!("/api/v1/enduser/dialogs/{dialog}");
        let mut piece = [0; 4096];
        for round in 0.. {
            let one = || -> anyhow::Result<TcpStream> {
                let request = Request::new("GET", &path, &self.stage.tokens.person, "");
                let shown: Value = serde_json::from_slice(Client::connect(&self.stage.service)?.ask(&request)?)?;
                opened(&self.stage.service, dialog, shown["dialogToken"].as_str().context("a dialog token")?)
            };
            let mut stream = match one() {
                Ok(stream) => stream,
                Err(_) if self.is_over.load(Relaxed) => return Ok(()),
                Err(error) => return Err(error.context("a stream")),
            };
            self.reopened.fetch_add(usize::from(round > 0), Relaxed);
            let mut has_answered = false;
            loop {
                let size = stream.read(&mut piece).unwrap_or_default();
                if size == 0 {
                    break;
                }
                ensure!(has_answered || piece.starts_with(b"HTTP/1.1 200 "), "a stream is refused");
                has_answered = true;
                self.heard
                    .fetch_add(piece[..size].windows(14).filter(|word| word == b"DIALOG_UPDATED").count(), Relaxed);
            }
            if self.is_over.load(Relaxed) {
                break;
            }
        }
        Ok(())
    }

    fn line(&self, since: Duration, time: Duration, memory: u64) {
        let mut all = Vec::new();
        let mut each = BTreeMap::new();
        for (operation, times) in self.operations.iter().zip(&self.times) {
            let mut times = std::mem::take(&mut *times.lock().expect("nobody falls over with it"));
            if !times.is_empty() {
                times.sort_unstable();
                each.insert(operation.name, percentile(&times, 99));
                all.extend(times);
            }
        }
        all.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = all.len() as f64 / time.as_secs_f64();
        let (p50, p99) = (percentile(&all, 50), percentile(&all, 99));
        println!("{:>4.0} s: {rate:.0} requests/s, p50 {p50:.0} ms, p99 {p99:.0} ms, {memory} MB", since.as_secs_f64());
        let each: Vec<String> = each.iter().map(|(name, p99)| format!("{name} {p99:.0}")).collect();
        println!("    p99, ms: {}", each.join("; "));
    }

    /// That each acknowledged write is there, and the event that tells of it.
    async fn all_is_stored(&self, behind: &Behind) -> anyhow::Result<()> {
        let taken = |ids: &Mutex<Vec<Uuid>>| std::mem::take(&mut *ids.lock().expect("nobody falls over with it"));
        let (created, appended) = (taken(&self.created), taken(&self.appended));
        let missing = |table: &'static str, column: &'static str| {
            format!(
                "select count(*) from unnest($1::uuid[]) told (id) where not exists (select from {table} t where t.{column} = told.id)"
            )
        };
        let mut lost = 0;
        for (what, ids, table, column) in [
            ("dialogs", &created, "dialog", "id"),
            ("events of dialogs", &created, "outbox", "dialog_id"),
            ("activities", &appended, "dialog_activity", "id"),
        ] {
            let sql = missing(table, column);
            let absent: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(ids).fetch_one(&behind.db).await?;
            println!("{what}: {} acknowledged, {absent} lost", ids.len());
            lost += absent;
        }
        ensure!(lost == 0, "acknowledged writes are lost");
        Ok(())
    }
}

fn opened(service: &str, dialog: Uuid, token: &str) -> anyhow::Result<TcpStream> {
    let query = format!("subscription sub {{ dialogEvents(dialogId: \"{dialog}\") {{ id type }} }}");
    let body = json!({ "query": query }).to_string();
    let length = body.len();
    let mut stream = TcpStream::connect(service)?;
    write!(
        stream,
        "POST /graphql/stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\naccept: text/event-stream\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    Ok(stream)
}

/// Resident memory in MB.
fn memory(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the service has ended")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024)
}

/// Asks the process to end, and waits until it has.
fn ends(process: u32) -> anyhow::Result<Duration> {
    let began = Timer::now();
    kill(Pid::from_raw(i32::try_from(process)?), Signal::SIGTERM)?;
    // A child of ours that has ended stays in the list as a zombie, without memory.
    while memory(process).is_ok() {
        ensure!(began.elapsed() < ENDING, "the service does not end");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(began.elapsed())
}
