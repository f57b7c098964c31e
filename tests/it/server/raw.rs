//! A client that says exactly what it is told to say, and nothing else. Nothing waits for longer than ten seconds.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const LONG: Duration = Duration::from_secs(10);

pub struct Raw {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Heard {
    /// A header's value; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    }

    /// Whether it announces that the connection ends.
    pub fn closes(&self) -> bool {
        self.header("connection").eq_ignore_ascii_case("close")
    }
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, unread: Vec::new() }
    }

    /// Sends it all; a server that has gone is an error.
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        timeout(LONG, self.stream.write_all(bytes.as_ref())).await.expect("the server reads")
    }

    /// The next answer; nothing if the connection ends before it is complete.
    pub async fn hear(&mut self) -> Option<Heard> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).expect("a head is text");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut heard = Heard { status, head, body: String::new() };
        let length: usize = heard.header("content-length").parse().unwrap_or(0);
        while self.unread.len() < length {
            self.more().await?;
        }
        heard.body = String::from_utf8_lossy(&self.unread.drain(..length).collect::<Vec<_>>()).into_owned();
        Some(heard)
    }

    /// Whether the connection ends without another word.
    pub async fn is_over(&mut self) -> bool {
        self.unread.is_empty() && self.more().await.is_none()
    }

    async fn more(&mut self) -> Option<()> {
        let mut piece = vec![0; 16 * 1024];
        let read = timeout(LONG, self.stream.read(&mut piece)).await.expect("the server says something");
        let read = read.ok().filter(|read| *read > 0)?;
        self.unread.extend_from_slice(&piece[..read]);
        Some(())
    }
}

/// A request without a body.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// The head of a request with a body of that length.
pub fn post(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n")
}
