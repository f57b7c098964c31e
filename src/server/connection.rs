//! One connection: how long its client may be silent, and how it ends.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
    time::Duration,
};

use axum::{body::to_bytes, http::HeaderMap, response::Response};
use hyper::{Uri, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::Notify,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_rustls::TlsAcceptor;

use super::{drain::Stage, listen::Open, request::Requests, socket::Socket, transport::Transport};
use crate::{
    config,
    domain::refusal::Refusal,
    http::{context::RequestContext, problem},
};

/// A client that takes nothing of its answer for this long is given up.
const UNTAKEN: Duration = Duration::from_secs(30);
/// How long a client may pause before the connection ends that it was told to leave: while it still sends a body, and else.
const UNREAD_BODY: Duration = Duration::from_secs(5);
const UNREAD_HEAD: Duration = Duration::from_secs(1);

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Phase {
    /// Nothing has ever come.
    Silent,
    /// Nothing has come since the last answer.
    Idle,
    /// It has been answered for the last time.
    Leaving,
    /// The beginning of a request has come.
    Head,
    /// A request is being answered.
    Busy,
}

/// What is known of a connection, for its own task and for the one that makes room.
pub(super) struct Watch {
    began: Instant,
    phase: AtomicU8,
    /// Milliseconds since the beginning.
    since: AtomicU64,
    /// Since when the client has taken nothing of what is to be written; zero = it takes it.
    blocked_since: AtomicU64,
    leaves_body_unread: AtomicBool,
    is_sent_away: AtomicBool,
    /// What has come of the head is not kept.
    is_thrown_away: AtomicBool,
    /// One of the two has changed.
    sent_away: Notify,
    /// Bytes of the head that is not complete yet: here, and of all connections.
    head: AtomicU64,
    heads: Arc<AtomicU64>,
}

impl Watch {
    /// `heads` counts the bytes of all heads that are not complete.
    pub fn new(heads: &Arc<AtomicU64>) -> Arc<Self> {
        Arc::new(Self {
            head: AtomicU64::new(0),
            heads: Arc::clone(heads),
            began: Instant::now(),
            phase: AtomicU8::new(Phase::Silent as u8),
            since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            leaves_body_unread: AtomicBool::new(false),
            is_sent_away: AtomicBool::new(false),
            is_thrown_away: AtomicBool::new(false),
            sent_away: Notify::new(),
        })
    }

    fn phase(&self) -> Phase {
        let phase = self.phase.load(SeqCst);
        let known = [Phase::Silent, Phase::Idle, Phase::Leaving, Phase::Head, Phase::Busy];
        known.into_iter().find(|known| *known as u8 == phase).unwrap_or(Phase::Busy)
    }

    fn enter(&self, phase: Phase) {
        self.since.store(self.millis(), SeqCst);
        self.phase.store(phase as u8, SeqCst);
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// So many bytes have come. How many all heads hold by now that are not complete, if these belong to one of them.
    pub fn hears(&self, bytes: usize) -> Option<u64> {
        if matches!(self.phase(), Phase::Silent | Phase::Idle) {
            self.enter(Phase::Head);
        }
        let bytes = bytes as u64;
        (self.phase() == Phase::Head).then(|| {
            self.head.fetch_add(bytes, SeqCst);
            self.heads.fetch_add(bytes, SeqCst) + bytes
        })
    }

    /// A whole head has come.
    pub fn answers(&self) {
        // It was quicker than who wanted the room.
        self.is_thrown_away.store(false, SeqCst);
        self.forgets_head();
        self.enter(Phase::Busy);
    }

    fn forgets_head(&self) {
        self.heads.fetch_sub(self.head.swap(0, SeqCst), SeqCst);
    }

    /// The answer is complete.
    pub fn has_answered(&self) {
        self.enter(Phase::Idle);
    }

    /// The connection ends after this answer, and its client may still be sending.
    pub fn leaves_body_unread(&self) {
        self.leaves_body_unread.store(true, SeqCst);
    }

    /// The last answer was written; for how long the client may pause before it is given up, if it may still be sending.
    pub fn leaves(&self) -> Option<Duration> {
        let before = self.phase();
        self.enter(Phase::Leaving);
        if self.leaves_body_unread.load(SeqCst) {
            return Some(UNREAD_BODY);
        }
        (before == Phase::Head).then_some(UNREAD_HEAD)
    }

    /// It will be answered for the last time, but later.
    fn waits_out(&self) {
        self.enter(Phase::Leaving);
        self.leaves_body_unread();
    }

    pub fn is_blocked(&self, is_blocked: bool) {
        let since = self.blocked_since.load(SeqCst);
        match (is_blocked, since) {
            (true, 0) => self.blocked_since.store(self.millis().max(1), SeqCst),
            (false, 1..) => self.blocked_since.store(0, SeqCst),
            (true, _) | (false, 0) => {}
        }
    }

    /// How easily others may have this connection's place: the lowest first. Nobody is sent away who is being answered.
    pub fn rank(&self) -> Option<(Phase, Instant)> {
        let phase = self.phase();
        let may_go = phase != Phase::Busy && !self.is_sent_away.load(SeqCst);
        may_go.then(|| (phase, self.began + Duration::from_millis(self.since.load(SeqCst))))
    }

    /// Ends the connection, so that another can have its place.
    pub fn send_away(&self) {
        self.is_sent_away.store(true, SeqCst);
        self.sent_away.notify_one();
    }

    /// Gives back what has come of the head, so that others have room for theirs. The connection stays.
    pub fn throw_away_head(&self) {
        self.is_thrown_away.store(true, SeqCst);
        self.forgets_head();
        self.sent_away.notify_one();
    }

    /// When patience ends, as things stand.
    fn due(&self, settings: &config::Server) -> Option<Instant> {
        let patience = match self.phase() {
            Phase::Silent | Phase::Head => Some(settings.head_timeout),
            Phase::Idle => Some(settings.idle_timeout),
            // Bodies and reading on have limits of their own.
            Phase::Busy | Phase::Leaving => None,
        };
        let since = |millis: u64| self.began + Duration::from_millis(millis);
        let due = patience.map(|patience| since(self.since.load(SeqCst)) + patience);
        let blocked = Some(self.blocked_since.load(SeqCst)).filter(|millis| *millis > 0);
        due.into_iter().chain(blocked.map(|millis| since(millis) + UNTAKEN)).min()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.forgets_head();
    }
}

/// Why a connection ended.
enum End {
    /// By what was said on it.
    Over,
    TooSlow,
    /// Others need the place, or the process stops.
    NoPlace,
    /// Others need the room that its head takes.
    NoRoom,
}

/// Serves one connection until it ends.
pub(super) async fn drive(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    requests: Arc<Requests>,
    watch: Arc<Watch>,
    open: Arc<Open>,
) {
    let begun = async {
        // That it can be read is no more than a guess of the runtime's, and for a new connection a wrong one.
        stream.peek(&mut [0]).await?;
        Transport::begin(stream, tls.as_ref()).await
    };
    // A client that says nothing costs nothing but its place.
    let stream = tokio::select! {
        begun = begun => match begun {
            Ok(stream) => stream,
            Err(_) => return,
        },
        () = sleep(requests.settings().head_timeout) => return,
        () = watch.sent_away.notified() => return,
        () = requests.lifecycle().reached(Stage::Closing) => return,
    };
    let service = {
        let (requests, watch) = (Arc::clone(&requests), Arc::clone(&watch));
        service_fn(move |request| {
            let (requests, watch) = (Arc::clone(&requests), Arc::clone(&watch));
            // The library keeps a place of its size for as long as the connection lives: of a pointer's, between requests.
            Box::pin(async move { Ok::<_, Infallible>(requests.answer(request, &watch).await) })
        })
    };
    let socket = TokioIo::new(Socket::new(stream, Arc::clone(&watch), open));
    let head_bytes = requests.settings().head_bytes;
    let mut connection = http1::Builder::new()
        // Ours answers before it ends a connection.
        .header_read_timeout(None)
        .max_header_size(head_bytes)
        .max_buf_size(head_bytes)
        .serve_connection(socket, service);
    let mut is_closing = false;
    let mut closing = pin!(requests.lifecycle().reached(Stage::Closing));
    let mut is_sent_away = false;
    let mut sent_away = pin!(watch.sent_away.notified());
    let mut alarm = pin!(sleep(Duration::ZERO));
    let end = poll_fn(|cx| {
        loop {
            if Pin::new(&mut connection).poll(cx).is_ready() {
                return Poll::Ready(End::Over);
            }
            let closes = !is_closing && closing.as_mut().poll(cx).is_ready();
            is_closing |= closes;
            if !is_sent_away && sent_away.as_mut().poll(cx).is_ready() {
                sent_away.set(watch.sent_away.notified());
                if watch.is_thrown_away.load(SeqCst) && watch.phase() == Phase::Head {
                    return Poll::Ready(End::NoRoom);
                }
                continue;
            }
            let goes = !is_sent_away && watch.is_sent_away.load(SeqCst);
            is_sent_away |= goes;
            let leaves = closes || goes;
            if !leaves {
                break;
            }
            match watch.phase() {
                // Answered first, and told that this is the end.
                Phase::Busy => Pin::new(&mut connection).graceful_shutdown(),
                Phase::Leaving if !is_sent_away => {}
                Phase::Silent | Phase::Idle | Phase::Leaving | Phase::Head => return Poll::Ready(End::NoPlace),
            }
        }
        let Some(due) = watch.due(requests.settings()) else { return Poll::Pending };
        if alarm.deadline() != due {
            alarm.as_mut().reset(due);
        }
        alarm.as_mut().poll(cx).map(|()| End::TooSlow)
    })
    .await;
    if watch.phase() == Phase::Head {
        // Rare, and boxed: every connection would hold room for it.
        let mut socket = connection.into_parts().io.into_inner();
        watch.forgets_head();
        match end {
            End::Over => {}
            // Told at once, thousands that stop in the middle would be back at once, with as much as before.
            End::NoRoom => {
                let until = watch.due(requests.settings()).unwrap_or_else(Instant::now);
                watch.waits_out();
                tokio::select! {
                    _ = timeout_at(until, socket.pass_over_head()) => {}
                    () = watch.sent_away.notified() => {}
                    () = requests.lifecycle().reached(Stage::Closing) => {}
                }
                Box::pin(part_with(socket, Refusal::overloaded())).await;
            }
            End::TooSlow => Box::pin(part_with(socket, Refusal::TooSlow)).await,
            End::NoPlace => Box::pin(part_with(socket, Refusal::overloaded())).await,
        }
    }
}

/// Answers a client that has not said what it wants, and ends the connection.
pub(super) async fn part_with(mut socket: Socket, refusal: Refusal) {
    let request = RequestContext::new(&HeaderMap::new(), &Uri::from_static("/"));
    let answer = on_the_wire(problem::before_routing(refusal, request).await).await;
    // It may be in the middle of saying something.
    socket.watch().hears(0);
    let saying = async {
        socket.write_all(&answer).await?;
        socket.shutdown().await
    };
    // Whoever does not take it goes without.
    let _ = timeout(2 * UNREAD_HEAD, saying).await;
}

async fn on_the_wire(response: Response) -> Vec<u8> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).into_bytes());
    bytes.extend(body);
    bytes
}
