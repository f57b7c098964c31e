//! What is measured: a database server of its own, a seeded world, the sandbox, and the service twice, each in a process of
//! its own. One service is measured; the other has its connection to the database by way of the recorder, is asked to do
//! each operation a few times, and rests while anything is measured.
//!
//! Or a service that runs elsewhere, of which only what its clients see is measured.

use std::{
    env,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant as Timer},
};

use anyhow::{Context, ensure};
use dialogporten::{
    db::Db,
    dev::postgres::{Options, Postgres, temporary},
};
use url::Url;

use super::{
    client::{Client, Request},
    processor::{Meter, only_child},
    recorder::Recorder,
};

/// Leads the largest party of a seeded world, and an organization on its own.
const PERSON: &str = "08844397713";
/// Leads 101 organizations.
const LEADER: &str = "30885190045";
/// How long a process may need until it answers.
const START: Duration = Duration::from_mins(1);

pub struct Stage {
    /// `host:port` of the service that is measured.
    pub service: String,
    pub tokens: Tokens,
    pub meter: Meter,
    /// Only of a service of our own.
    pub behind: Option<Behind>,
}

/// Bearer tokens of the sandbox.
pub struct Tokens {
    pub owner: String,
    pub person: String,
    pub leader: String,
}

/// What stands behind a service that was started here.
pub struct Behind {
    pub database: Url,
    pub db: Db,
    pub recorder: Recorder,
    /// `host:port` of the service that is recorded.
    pub recorded: String,
    // Dropped in this order: services before their database.
    _processes: Vec<Process>,
    _postgres: Postgres,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It keeps nothing that could be lost.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stage {
    pub fn at(program: &Path, url: &Url) -> anyhow::Result<Self> {
        let service = authority(url)?;
        let tokens = Tokens::of(program, url)?;
        Ok(Self { service, tokens, meter: Meter::new(None)?, behind: None })
    }

    /// A seeded world of so many dialogs. `delivers`: the service that is measured also delivers events.
    pub fn build(program: &Path, dialogs: u64, delivers: bool) -> anyhow::Result<Self> {
        let folder = temporary()?;
        let postgres = Postgres::start(&Options {
            folder: folder.clone(),
            throw_away: true,
            remove: true,
            max_connections: 120,
            program: program.into(),
            users: None,
        })?;
        let server = only_child()?;
        let database = Url::parse(&postgres.url("postgres"))?;
        let started = Timer::now();
        let seeded = command(program)
            .args([
                "seed",
                "--people-of",
                "bare",
                "--dialogs",
                &dialogs.to_string(),
                "--database-url",
                database.as_str(),
            ])
            .stdout(Stdio::null())
            .status()?;
        ensure!(seeded.success(), "the world is not seeded");
        eprintln!("{dialogs} dialogs in {:.0?}", started.elapsed());

        let settings = folder.join("settings.toml");
        let sandbox = free()?;
        let mut processes = Vec::new();
        let mut start = |mut command: Command| -> anyhow::Result<u32> {
            let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            let number = process.id();
            processes.push(Process(process));
            Ok(number)
        };
        let mut platform = command(program);
        platform.args(["sandbox", "--scenario", "bare", "--listen", &sandbox, "--settings-file"]).arg(&settings);
        start(platform)?;
        until("the sandbox", || settings.exists())?;

        let recorder = Recorder::before((database.host_str().context("a host")?, database.port().unwrap_or(5432)))?;
        let mut proxied = database.clone();
        ensure!(proxied.set_port(Some(recorder.port)).is_ok(), "an address may have a port");
        // Messages are read on the way.
        proxied.set_query(Some("sslmode=disable"));
        let serve = |at: &str, database: &Url, connections: Option<u32>| {
            let mut command = command(program);
            command.args(["serve", "--listen", at, "--config"]).arg(&settings);
            command.env("DIALOGPORTEN_DATABASE__URL", database.as_str());
            command.env("DIALOGPORTEN_DIALOGPORTEN__BASE_URI", format!("http://{at}"));
            command.env("DIALOGPORTEN_EVENTS__DELIVER", (delivers && connections.is_none()).to_string());
            if let Some(connections) = connections {
                command.env("DIALOGPORTEN_DATABASE__MAX_CONNECTIONS", connections.to_string());
            }
            command
        };
        let (service, recorded) = (free()?, free()?);
        let measured = start(serve(&service, &database, None))?;
        // Over one connection everything is prepared once.
        start(serve(&recorded, &proxied, Some(1)))?;
        for at in [&service, &recorded] {
            until("the service", || is_ready(at))?;
        }
        let tokens = Tokens::of(program, &Url::parse(&format!("http://{sandbox}"))?)?;
        let db = Db::at(database.as_str(), 1)?;
        let behind = Behind { database, db, recorder, recorded, _processes: processes, _postgres: postgres };
        Ok(Self { service, tokens, meter: Meter::new(Some((measured, server)))?, behind: Some(behind) })
    }
}

impl Tokens {
    fn of(program: &Path, sandbox: &Url) -> anyhow::Result<Self> {
        let token = |who: &[&str]| -> anyhow::Result<String> {
            let told = command(program).arg("token").args(who).args(["--sandbox", sandbox.as_str()]).output()?;
            ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            Ok(String::from_utf8(told.stdout)?.trim().to_owned())
        };
        Ok(Self {
            owner: token(&["service-owner", "--org", "ttd"])?,
            person: token(&["person", PERSON, "--level", "4"])?,
            leader: token(&["person", LEADER, "--level", "4"])?,
        })
    }
}

/// The program, without settings of whoever runs this.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    let others = env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        name != "DATABASE_URL" && !name.starts_with("DIALOGPORTEN_")
    });
    command.env_clear().envs(others);
    command
}

fn authority(url: &Url) -> anyhow::Result<String> {
    let host = url.host_str().context("the address has a host")?;
    Ok(format!("{host}:{}", url.port_or_known_default().context("the address has a port")?))
}

/// An address that nobody listens on.
fn free() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn until(what: &str, is_so: impl Fn() -> bool) -> anyhow::Result<()> {
    let began = Timer::now();
    while !is_so() {
        ensure!(began.elapsed() < START, "{what} does not become ready");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn is_ready(at: &str) -> bool {
    let request = Request::new("GET", "/health/readiness", "", "");
    Client::connect(at).is_ok_and(|mut client| client.ask(&request).is_ok())
}
