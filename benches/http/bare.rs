//! Recorded requests done again over connections with nothing in between: no pool, no decoding, no HTTP.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use anyhow::{Context, bail, ensure};
use url::Url;
use uuid::Uuid;

use super::{
    drive::Worker,
    recorder::{Asked, Turn},
    script::{Script, Statements},
    twin::{self, State},
    wire::{Message, Messages, length},
};

/// The label that two recordings of one dialog set in turn with another.
const BIN: i16 = 2;

/// On which dialogs requests are done again.
pub enum Twins {
    /// They name their own, or none.
    Nobody,
    /// Each recording on its own dialog.
    Own(Vec<Mutex<State>>),
    /// Each run on another one.
    Fresh(Vec<State>, AtomicUsize),
}

/// Recordings of one operation.
pub struct Replay {
    /// Of one dialog each, in the order in which they follow each other.
    pub scripts: Vec<Vec<Script>>,
    /// Which dialogs those are, if each changed one of its own.
    pub dialogs: Vec<Uuid>,
    pub twins: Twins,
    pub statements: Statements,
    /// What a service tells each connection before its first use.
    pub session: Vec<Turn>,
    /// Runs that the server answered otherwise than the recording.
    pub unlike: AtomicU64,
}

impl Replay {
    /// Worker `number` of `workers`, connected.
    pub fn worker(&self, database: &Url, number: usize, workers: usize) -> anyhow::Result<Worker<'_>> {
        let mut connection = Connection::new(database, self)?;
        let mut turn = number;
        Ok(Box::new(move || {
            let at = turn % self.scripts.len();
            turn += workers;
            let is_like = match &self.twins {
                Twins::Nobody => connection.run(&self.scripts[at][0], &mut State::default())?,
                Twins::Own(twins) => {
                    let mut twin = twins[at].lock().expect("nobody panics while holding it");
                    let phase = usize::from(self.scripts[at].len() > 1 && twin.labels & BIN != 0);
                    twin.labels ^= BIN;
                    connection.run(&self.scripts[at][phase], &mut twin)?
                }
                Twins::Fresh(pool, next) => {
                    let next = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mut twin) = pool.get(next).copied() else { return Ok(false) };
                    connection.run(&self.scripts[at][0], &mut twin)?
                }
            };
            if !is_like {
                self.unlike.fetch_add(1, Ordering::Relaxed);
            }
            Ok(true)
        }))
    }
}

struct Connection {
    stream: TcpStream,
    messages: Messages,
    buffer: Vec<u8>,
    bytes: Vec<u8>,
}

impl Connection {
    fn new(database: &Url, replay: &Replay) -> anyhow::Result<Self> {
        let host = database.host_str().context("the host of the database")?;
        let stream = TcpStream::connect((host, database.port().unwrap_or(5432)))?;
        stream.set_nodelay(true)?;
        let (buffer, bytes) = (vec![0; 64 * 1024], Vec::new());
        let mut connection = Self { stream, messages: Messages::default(), buffer, bytes };
        let name = database.path().trim_start_matches('/');
        let greeting = format!("user\0{}\0database\0{name}\0\0", database.username());
        let version = 196_608_u32.to_be_bytes();
        connection.bytes = [&length(greeting.len() + 8)[..], &version, greeting.as_bytes()].concat();
        connection.ask()?;
        for asked in replay.session.iter().flat_map(|turn| &turn.asked) {
            if let Asked::Other(message) = asked {
                connection.bytes.clear();
                message.write(&mut connection.bytes);
                connection.ask()?;
            }
        }
        connection.bytes.clear();
        for (at, statement) in replay.statements.0.iter().enumerate() {
            let name = format!("r{at}\0");
            Message::new(b'P', [name.as_bytes(), &statement.parse].concat()).write(&mut connection.bytes);
        }
        Message::new(b'S', []).write(&mut connection.bytes);
        connection.ask()?;
        Ok(connection)
    }

    /// Whether the server answered like the first time.
    fn run(&mut self, script: &Script, twin: &mut State) -> anyhow::Result<bool> {
        let (before, now) = (*twin, twin::now());
        let ids = script.fresh_ids(twin);
        let mut is_like = true;
        for step in &script.steps {
            step.tell(&mut self.bytes, &ids, &before, twin, now);
            let tags = self.ask().with_context(|| step.name.clone())?;
            is_like &= tags == step.tags;
        }
        Ok(is_like)
    }

    /// Sends what is written and waits until the server is ready again: what it says at the end of each statement.
    fn ask(&mut self) -> anyhow::Result<Vec<String>> {
        self.stream.write_all(&self.bytes)?;
        let mut tags = Vec::new();
        loop {
            for message in self.messages.by_ref() {
                match message.kind {
                    b'Z' => return Ok(tags),
                    b'C' => tags.push(String::from_utf8_lossy(message.body.strip_suffix(&[0]).unwrap_or(&[])).into()),
                    b'E' => bail!("{}", String::from_utf8_lossy(&message.body).replace('\0', " ")),
                    b'R' => ensure!(message.body == [0; 4], "the database wants a password"),
                    _ => {}
                }
            }
            let size = self.stream.read(&mut self.buffer)?;
            ensure!(size > 0, "the database ended the connection");
            self.messages.add(&self.buffer[..size]);
        }
    }
}
