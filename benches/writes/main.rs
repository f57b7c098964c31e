//! What writes cost on a large dialog and what large requests cost: `cargo bench --bench writes`.
//!
//! Starts the program with a database of its own and talks HTTP to it, like any client. `--program PATH` takes another build
//! of it.

use std::{
    fs,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant as Timer},
};

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

const STORED: usize = 20_000;
const ROUNDS: usize = 200;
/// Just below the limit of a request's body.
const LARGE: usize = 19_900_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_dialogporten"));
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--program" {
            program = arguments.next().context("--program names a file")?.into();
        }
    }
    let service = Service::start(&program).await?;
    println!("{:<64} {:>9} kB", "memory at rest (RSS)", service.memory("VmRSS")?);
    appending(&service).await?;
    large_requests(&service).await?;
    println!("{:<64} {:>9} kB", "memory afterwards (RSS)", service.memory("VmRSS")?);
    service.stop().await
}

/// The same write to a dialog of 20,000 transmissions and to one with none, in turns, so that both see the same machine.
async fn appending(service: &Service) -> anyhow::Result<()> {
    let started = Timer::now();
    let full = service.create(&dialog(STORED, 200)).await?;
    println!("{:<64} {:>9.0} ms", "POST dialog with 20,000 transmissions", ms(started.elapsed()));
    let first = service.append(&full, &transmission(200)).await?;
    println!("{:<64} {:>9} {:>9} {:>6}", "median of 200, ms", "empty", "20,000", "ratio");

    let patch = json!([{ "op": "add", "path": "/transmissions", "value": [transmission(200)] }]);
    let put = dialog(1, 200);
    let activity = json!({ "type": "PaymentMade", "performedBy": { "actorType": "ServiceOwner" } });
    let mut reply = transmission(200);
    for (name, method, path, body) in [
        ("POST transmission", Method::POST, "/transmissions", transmission(200)),
        ("POST transmission that relates to another", Method::POST, "/transmissions", Value::Null),
        ("POST activity", Method::POST, "/activities", activity),
        ("PUT dialog that appends a transmission", Method::PUT, "", put),
        ("PATCH dialog that appends a transmission", Method::PATCH, "", patch),
        ("PUT dialog as it is", Method::PUT, "", dialog(0, 200)),
    ] {
        let (mut on_empty, mut on_full) = (Vec::new(), Vec::new());
        let mut parent = first.clone();
        for round in 0..ROUNDS {
            let empty = service.create(&dialog(0, 200)).await?;
            for (id, times) in [(&empty, &mut on_empty), (&full, &mut on_full)] {
                let body = if body.is_null() {
                    // Few children per parent, as the contract demands; the small dialog has its own parent.
                    if id == &full && round % 50 == 0 {
                        parent = service.append(&full, &transmission(200)).await?;
                    }
                    let related =
                        if id == &full { parent.clone() } else { service.append(id, &transmission(200)).await? };
                    reply["relatedTransmissionId"] = related.into();
                    &reply
                } else {
                    &body
                };
                let started = Timer::now();
                service.send(method.clone(), &format!("/{id}{path}"), body).await?;
                times.push(started.elapsed());
            }
        }
        let (empty, full) = (median(on_empty), median(on_full));
        println!("{name:<64} {:>9.2} {:>9.2} {:>6.2}", ms(empty), ms(full), full.as_secs_f64() / empty.as_secs_f64());
    }
    Ok(())
}

/// Requests near the limit: how long until the answer, and the most memory the process had.
async fn large_requests(service: &Service) -> anyhow::Result<()> {
    println!("{:<64} {:>9} {:>9} {:>9}", "one request of 19.9 MB", "status", "ms", "peak MB");
    let many = dialog(32_000, 625);
    let invalid = {
        let mut many = dialog(32_000, 275);
        for transmission in many["transmissions"].as_array_mut().into_iter().flatten() {
            transmission["content"]["title"]["value"][0]["value"] = "x".repeat(300).into();
            transmission["type"] = "Information".into();
            transmission["id"] = "7f1c3f5e-0000-4000-8000-000000000000".into();
        }
        many
    };
    let activities: Vec<Value> = (0..120_000)
        .map(|_| json!({ "type": "PaymentMade", "performedBy": { "actorType": "ServiceOwner" } }))
        .collect();
    let mut active = dialog(0, 200);
    active["activities"] = activities.into();
    let nested = format!("{{\"content\":{}", "[".repeat(LARGE));
    for (name, body) in [
        ("32,000 transmissions", many.to_string()),
        ("32,000 transmissions, three faults in each", invalid.to_string()),
        ("120,000 activities", active.to_string()),
        ("one text", json!({ "externalReference": "x".repeat(LARGE) }).to_string()),
        ("an array of numbers", format!("{{\"transmissions\":[1{}]}}", ",1".repeat(LARGE / 2))),
        ("nothing but opening brackets", nested),
    ] {
        service.forget_peak()?;
        let size = body.len();
        let started = Timer::now();
        let status = service.post_text(body).await?;
        let took = started.elapsed();
        let peak = service.memory("VmHWM")? / 1024;
        println!("{:<64} {status:>9} {:>9.0} {peak:>9}", format!("{name} ({:.1} MB)", megabytes(size)), ms(took));
    }
    Ok(())
}

fn text(value: &str) -> Value {
    json!({ "value": [{ "value": value, "languageCode": "nb" }] })
}

/// A transmission of about `size` bytes.
fn transmission(size: usize) -> Value {
    let texts = size.saturating_sub(190);
    let (summary, title) = (texts.clamp(1, 255), texts.saturating_sub(255).clamp(1, 255));
    json!({
        "type": "Information",
        "sender": { "actorType": "ServiceOwner" },
        "content": { "title": text(&"x".repeat(title)), "summary": text(&"x".repeat(summary)) },
    })
}

fn dialog(transmissions: usize, size: usize) -> Value {
    let transmissions: Vec<Value> = (0..transmissions).map(|_| transmission(size)).collect();
    json!({
        "serviceResource": "urn:altinn:resource:ttd-dialogporten-automated-tests",
        "party": "urn:altinn:person:identifier-no:08844397713",
        "status": "NotApplicable",
        "content": { "title": text("Skjema"), "summary": text("Et sammendrag") },
        "transmissions": transmissions,
    })
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "printed with one decimal")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The program at work.
struct Service {
    process: Child,
    http: reqwest::Client,
    dialogs: String,
    token: String,
    ready: PathBuf,
}

impl Service {
    async fn start(program: &PathBuf) -> anyhow::Result<Self> {
        let ready = std::env::temp_dir().join(format!("dialogporten-bench-{}.ready", std::process::id()));
        let process = Command::new(program)
            .args(["dev", "--listen", "127.0.0.1:0", "--scenario", "bare", "--ephemeral", "--ready-file"])
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let deadline = Timer::now() + Duration::from_secs(30);
        let card: Value = loop {
            match fs::read_to_string(&ready) {
                Ok(text) => break serde_json::from_str(&text)?,
                Err(_) => ensure!(Timer::now() < deadline, "the service does not become ready"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let field = |name: &str| card[name].as_str().with_context(|| format!("{name} in the ready file"));
        println!("{:<64} {:>9} ms", "start from nothing, without fsync", card["started_ms"]);
        let http = reqwest::Client::builder().timeout(Duration::from_mins(1)).no_proxy().build()?;
        let scopes = "digdir:dialogporten.serviceprovider";
        let address = format!(
            "{}/GetEnterpriseToken?env=test&ttl=3600&org=ttd&orgNo=991825827&scopes={scopes}",
            field("token_url")?
        );
        let token = http.get(address).send().await?.error_for_status()?.text().await?;
        let dialogs = format!("{}/api/v1/serviceowner/dialogs", field("base_url")?);
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok(Self { process, http, dialogs, token, ready })
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<String> {
        let request = self.http.request(method, format!("{}{path}", self.dialogs)).bearer_auth(&self.token);
        let answer = request.json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{status}: {}", text.chars().take(500).collect::<String>());
        Ok(text)
    }

    async fn create(&self, body: &Value) -> anyhow::Result<String> {
        Ok(serde_json::from_str(&self.send(Method::POST, "", body).await?)?)
    }

    async fn append(&self, dialog: &str, body: &Value) -> anyhow::Result<String> {
        Ok(serde_json::from_str(&self.send(Method::POST, &format!("/{dialog}/transmissions"), body).await?)?)
    }

    async fn post_text(&self, body: String) -> anyhow::Result<u16> {
        let request = self.http.post(&self.dialogs).bearer_auth(&self.token).header("content-type", "application/json");
        let answer = request.body(body).send().await?;
        let status = answer.status().as_u16();
        answer.bytes().await?;
        Ok(status)
    }

    /// A line of the process's status, in kB.
    fn memory(&self, name: &str) -> anyhow::Result<u64> {
        let process = self.process.id().context("the service runs")?;
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        Ok(line.context("the kernel tells it")?.trim().trim_end_matches(" kB").parse()?)
    }

    /// Peaks are counted from now on.
    fn forget_peak(&self) -> anyhow::Result<()> {
        let process = self.process.id().context("the service runs")?;
        Ok(fs::write(format!("/proc/{process}/clear_refs"), "5")?)
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        let process = self.process.id().context("the service runs")?;
        Command::new("kill").args(["-TERM", &process.to_string()]).status().await?;
        self.process.wait().await?;
        let _ = fs::remove_file(&self.ready);
        Ok(())
    }
}
