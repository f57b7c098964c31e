//! The bytes of one connection: notes who is waiting for whom, and reads on after an answer that came early.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{connection::Watch, listen::Open, transport::Transport};

/// How much and how long is read on, at most, from a client that is still sending when it has been answered. If the
/// connection just ended, the client's system would throw away the answer that it has not read yet.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(30);

/// How much is read at once. The library's buffer holds one more to begin with: a read that fills it would make it four times
/// as large for as long as the connection lives.
const AT_ONCE: usize = 8 * 1024 - 1;

/// A connection as the HTTP library uses it.
pub(super) struct Socket {
    stream: Transport,
    watch: Arc<Watch>,
    open: Arc<Open>,
    /// Something is still to be written, and the client does not take it.
    is_blocked: bool,
    farewell: Option<Farewell>,
}

/// Reading on until the client is done.
struct Farewell {
    left: u64,
    ends: Instant,
    silence: Duration,
    alarm: Pin<Box<Sleep>>,
}

impl Socket {
    /// `open` are all connections, this one among them.
    pub fn new(stream: Transport, watch: Arc<Watch>, open: Arc<Open>) -> Self {
        Self { stream, watch, open, is_blocked: false, farewell: None }
    }

    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Reads on without keeping anything until a head may have ended, or the client has.
    pub async fn pass_over_head(&mut self) {
        let mut line_ends = 0;
        poll_fn(|cx| self.poll_head(cx, &mut line_ends)).await;
    }

    fn poll_head(&mut self, cx: &mut Context<'_>, line_ends: &mut u8) -> Poll<()> {
        let mut thrown_away = [const { std::mem::MaybeUninit::uninit() }; AT_ONCE];
        loop {
            let mut buffer = ReadBuf::uninit(&mut thrown_away);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
            for byte in buffer.filled() {
                match byte {
                    b'\n' if *line_ends > 0 => return Poll::Ready(()),
                    b'\n' => *line_ends = 1,
                    b'\r' => {}
                    _ => *line_ends = 0,
                }
            }
        }
    }

    fn wrote<T>(&mut self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.is_blocked = written.is_pending();
        self.watch.is_blocked(self.is_blocked);
        written
    }
}

impl Farewell {
    fn new(silence: Duration) -> Self {
        let now = Instant::now();
        let alarm = Box::pin(sleep_until(now + silence));
        Self { left: MOST_BYTES, ends: now + LONGEST, silence, alarm }
    }

    /// Ready when the client is done, or has been given enough.
    fn poll(&mut self, stream: &mut Transport, cx: &mut Context<'_>) -> Poll<()> {
        let mut thrown_away = [const { std::mem::MaybeUninit::uninit() }; 16 * 1024];
        loop {
            let mut buffer = ReadBuf::uninit(&mut thrown_away);
            match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return self.alarm.as_mut().poll(cx),
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => {}
            }
            let read = buffer.filled().len() as u64;
            self.left = self.left.saturating_sub(read);
            let now = Instant::now();
            if read == 0 || self.left == 0 || now >= self.ends {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset((now + self.silence).min(self.ends));
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut (&mut this.stream).take(AT_ONCE as u64)).poll_read(cx, buffer))?;
        let heard = buffer.filled().len() - before;
        if heard > 0
            && let Some(heads) = this.watch.hears(heard)
        {
            this.open.bound_heads(heads);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_blocked {
            // The library closes a connection whose request it need not read any more although part of the answer still
            // stands in its buffer. It comes back when that can be written.
            return Poll::Pending;
        }
        if this.farewell.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            let Some(silence) = this.watch.leaves() else { return Poll::Ready(Ok(())) };
            this.farewell = Some(Farewell::new(silence));
        }
        if let Some(farewell) = &mut this.farewell {
            ready!(farewell.poll(&mut this.stream, cx));
        }
        Poll::Ready(Ok(()))
    }
}
