//! A client of HTTP that does as little as possible: requests are written out beforehand, a connection is kept, an answer is
//! read to its end.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use anyhow::{Context, ensure};

/// A request as it is sent.
#[derive(Clone, Debug)]
pub struct Request(Vec<u8>);

impl Request {
    pub fn new(method: &str, path: &str, token: &str, body: &str) -> Self {
        let length = body.len();
        Self(
            format!(
                "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .into_bytes(),
        )
    }
}

pub struct Client {
    stream: TcpStream,
    /// What has arrived of the answer.
    answer: Vec<u8>,
    buffer: Vec<u8>,
}

impl Client {
    /// `at` is `host:port`.
    pub fn connect(at: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(at).with_context(|| format!("cannot connect to {at}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::new(), buffer: vec![0; 64 * 1024] })
    }

    /// The body of an answer that says yes.
    pub fn ask(&mut self, request: &Request) -> anyhow::Result<&[u8]> {
        self.ask_if_free(request)?.context("409 or 503")
    }

    /// The same; `None` if the service has too much to do, or many others change the same dialog, and it says so.
    pub fn ask_if_free(&mut self, request: &Request) -> anyhow::Result<Option<&[u8]>> {
        let (status, begin) = self.exchange(request)?;
        let body = &self.answer[begin..];
        let is_for_later = matches!(status, 409 | 503);
        ensure!(
            is_for_later || (200..300).contains(&status),
            "{status}: {}",
            String::from_utf8_lossy(&body[..body.len().min(500)])
        );
        Ok((!is_for_later).then_some(body))
    }

    /// The status of the answer, and where its body begins.
    fn exchange(&mut self, request: &Request) -> anyhow::Result<(u16, usize)> {
        self.stream.write_all(&request.0)?;
        self.answer.clear();
        let begin = loop {
            if let Some(end) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&self.answer[..begin]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("a status")?;
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        if field("transfer-encoding:").is_some() {
            while !self.answer.ends_with(b"0\r\n\r\n") {
                self.more()?;
            }
        } else if let Some(length) = field("content-length:") {
            let length: usize = length.trim().parse()?;
            while self.answer.len() < begin + length {
                self.more()?;
            }
        }
        Ok((status, begin))
    }

    fn more(&mut self) -> anyhow::Result<()> {
        let size = self.stream.read(&mut self.buffer)?;
        ensure!(size > 0, "the service ended the connection");
        self.answer.extend(&self.buffer[..size]);
        Ok(())
    }
}
