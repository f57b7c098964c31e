//! Between a service and its database: passes everything on, and keeps what the service asks while it is told to.
//!
//! Nothing is measured over it: the service that is measured has a connection of its own.

use std::{
    collections::{HashMap, VecDeque},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use super::wire::{Message, Messages, Reader};

/// A statement as a service prepared it.
#[derive(Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What it calls itself, in the comment that it begins with.
    pub name: String,
    /// Of its Parse, what stands behind the name of the statement: the text and the types of the parameters.
    pub parse: Vec<u8>,
    pub types: Vec<usize>,
}

#[derive(Clone, Debug)]
pub enum Asked {
    /// The statement, and what stands behind its name in the message.
    Bind(Arc<Prepared>, Vec<u8>),
    Other(Message),
}

/// What a service sent before it waited for an answer.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    pub asked: Vec<Asked>,
    /// What the server said at the end of each statement: `SELECT 1`.
    pub tags: Vec<String>,
}

impl Turn {
    /// Of the statement, or of what is asked without parameters.
    pub fn name(&self) -> String {
        let name = |asked: &Asked| match asked {
            Asked::Bind(prepared, _) => Some(prepared.name.clone()),
            Asked::Other(Message { kind: b'Q', body }) => Some(name_of(body)),
            Asked::Other(_) => None,
        };
        self.asked.iter().find_map(name).unwrap_or_default()
    }

    /// Asks for nothing but what a statement looks like.
    fn prepares(&self) -> bool {
        self.name().is_empty()
    }
}

fn name_of(sql: &[u8]) -> String {
    let sql = String::from_utf8_lossy(sql);
    let sql = sql.trim_end_matches('\0');
    let comment = sql.strip_prefix("/*").and_then(|rest| rest.split_once("*/"));
    comment.map_or_else(|| sql.chars().take(20).collect(), |(name, _)| name.trim().to_owned())
}

#[derive(Debug, Default)]
struct Kept {
    is_recording: bool,
    turns: Vec<Turn>,
    /// What each connection is told before its first use.
    session: Vec<Turn>,
}

pub struct Recorder {
    pub port: u16,
    kept: Arc<Mutex<Kept>>,
}

/// What is under way on one connection.
#[derive(Default)]
struct Connection {
    prepared: HashMap<Vec<u8>, Arc<Prepared>>,
    open: Turn,
    waiting: VecDeque<Turn>,
}

impl Recorder {
    pub fn before(database: (&str, u16)) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let kept = Arc::<Mutex<Kept>>::default();
        let (shared, host, database) = (kept.clone(), database.0.to_owned(), database.1);
        thread::spawn(move || {
            for client in listener.incoming() {
                // A service that cannot reach its database says so itself.
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect((host.as_str(), database))) {
                    let _ = pass_on(&client, &server, &shared);
                }
            }
        });
        Ok(Self { port, kept })
    }

    pub fn start(&self) {
        let mut kept = locked(&self.kept);
        kept.turns.clear();
        kept.is_recording = true;
    }

    /// What was asked since the start, in the order of the answers.
    pub fn stop(&self) -> Vec<Turn> {
        let mut kept = locked(&self.kept);
        kept.is_recording = false;
        std::mem::take(&mut kept.turns)
    }

    pub fn session(&self) -> Vec<Turn> {
        locked(&self.kept).session.clone()
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nobody panics while holding it")
}

fn pass_on(client: &TcpStream, server: &TcpStream, kept: &Arc<Mutex<Kept>>) -> std::io::Result<()> {
    // Otherwise small messages wait for the acknowledgement of earlier ones.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let connection = Arc::<Mutex<Connection>>::default();
    let (from, to, asking) = (client.try_clone()?, server.try_clone()?, connection.clone());
    thread::spawn(move || copy(from, to, Messages::of_client(), |message| locked(&asking).hear_client(message)));
    let (from, to, kept) = (server.try_clone()?, client.try_clone()?, kept.clone());
    thread::spawn(move || {
        copy(from, to, Messages::default(), |message| {
            if let Some(turn) = locked(&connection).hear_server(&message) {
                locked(&kept).keep(turn);
            }
        });
    });
    Ok(())
}

/// Until one of them ends the connection.
fn copy(mut from: TcpStream, mut to: TcpStream, mut messages: Messages, mut hear: impl FnMut(Message)) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(size @ 1..) = from.read(&mut buffer) {
        messages.add(&buffer[..size]);
        messages.by_ref().for_each(&mut hear);
        if to.write_all(&buffer[..size]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

impl Kept {
    fn keep(&mut self, turn: Turn) {
        if turn.name() == "session" && !self.session.iter().any(|known| same_text(known, &turn)) {
            self.session.push(turn);
        } else if self.is_recording && !turn.prepares() {
            self.turns.push(turn);
        }
    }
}

fn same_text(one: &Turn, other: &Turn) -> bool {
    let text = |turn: &Turn| match turn.asked.first() {
        Some(Asked::Other(message)) => Some(message.clone()),
        _ => None,
    };
    text(one) == text(other)
}

impl Connection {
    fn hear_client(&mut self, message: Message) {
        let kind = message.kind;
        match kind {
            b'P' => {
                let mut reader = Reader::new(&message.body);
                if let Some(name) = reader.text().map(<[u8]>::to_vec) {
                    let parse = reader.rest().to_vec();
                    let sql = reader.text().map(name_of).unwrap_or_default();
                    let count = reader.small().unwrap_or(0);
                    let types = (0..count).filter_map(|_| reader.number()).collect();
                    self.prepared.insert(name, Arc::new(Prepared { name: sql, parse, types }));
                }
            }
            b'B' => {
                let mut reader = Reader::new(&message.body);
                let statement = reader.text().and_then(|_| reader.text());
                if let Some(prepared) = statement.and_then(|name| self.prepared.get(name)) {
                    let bind = Asked::Bind(prepared.clone(), reader.rest().to_vec());
                    self.open.asked.push(bind);
                }
            }
            // Statements are described when they are prepared, before the turn that is measured.
            b'D' if message.body.first() == Some(&b'S') => {}
            b'X' => return,
            _ => self.open.asked.push(Asked::Other(message)),
        }
        if matches!(kind, b'S' | b'Q') {
            self.waiting.push_back(std::mem::take(&mut self.open));
        }
    }

    fn hear_server(&mut self, message: &Message) -> Option<Turn> {
        match message.kind {
            b'C' => {
                let tag = String::from_utf8_lossy(message.body.strip_suffix(&[0]).unwrap_or(&message.body));
                if let Some(turn) = self.waiting.front_mut() {
                    turn.tags.push(tag.into_owned());
                }
                None
            }
            b'Z' => self.waiting.pop_front(),
            _ => None,
        }
    }
}
