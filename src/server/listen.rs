//! Accepting connections, making room when there are too many, and the two steps of stopping.

use std::{
    collections::HashMap,
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    connection::{Phase, Watch, drive, part_with},
    drain::{Lifecycle, Stage},
    files,
    request::Requests,
    socket::Socket,
    transport::{Listening, Transport},
};
use crate::{config, domain::refusal::Refusal, seldom::Seldom};

/// Beyond the bound, so many are told that there is no room; the rest is just closed.
const TOLD: usize = 64;

/// Connections that wait to be taken. Beyond so many, newcomers are left to try again after a second: what the library waits
/// for, 128, is a fraction of what comes at once when a load balancer or many clients are back.
const WAITING: u32 = 4096;

/// Listens at an address, within a runtime.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A process that follows another one does not wait for the connections of that one to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Serves until `stop` comes, goes on taking requests for `drain`, then finishes what is under way and gives up what is
/// still open `finish` later, streams included. Dropping the future ends every connection.
pub async fn run<S: Future<Output = ()>>(
    listening: impl Into<Listening>,
    router: Router,
    settings: &config::Server,
    lifecycle: Lifecycle,
    stop: S,
) {
    let Listening { tcp: listener, tls } = listening.into();
    let mut server = Server::new(router, settings, lifecycle.clone(), tls);
    let stopping = async {
        stop.await;
        tracing::info!(drain_ms = u64::try_from(settings.drain.as_millis()).unwrap_or(u64::MAX), "stopping");
        lifecycle.advance(Stage::Draining);
        sleep(settings.drain).await;
    };
    tokio::select! {
        () = stopping => {}
        never = server.accept(&listener) => match never {},
    }
    drop(listener);
    lifecycle.advance(Stage::Closing);
    let finished = timeout(settings.finish, async { while server.tasks.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        tracing::warn!(connections = server.tasks.len(), "connections were still open and are closed");
    }
}

struct Server {
    requests: Arc<Requests>,
    open: Arc<Open>,
    most: usize,
    tasks: JoinSet<()>,
    tls: Option<TlsAcceptor>,
    full: Seldom,
}

/// All open connections.
#[derive(Default)]
pub(super) struct Open {
    all: Mutex<HashMap<u64, Arc<Watch>>>,
    /// Bytes of all heads that are not complete, and how many there may be.
    heads: Arc<AtomicU64>,
    most_of_heads: u64,
}

/// The place of one of them. Dropping it makes room.
struct Place {
    open: Arc<Open>,
    number: u64,
}

impl Server {
    fn new(router: Router, settings: &config::Server, lifecycle: Lifecycle, tls: Option<TlsAcceptor>) -> Self {
        Self {
            requests: Arc::new(Requests::new(router, settings, lifecycle)),
            open: Arc::new(Open { most_of_heads: settings.max_head_bytes_in_flight.into(), ..Open::default() }),
            most: files::connections(settings.max_connections, files::raise_limit()),
            tasks: JoinSet::new(),
            tls,
            full: Seldom::default(),
        }
    }

    /// Takes connections for as long as it is polled.
    async fn accept(&mut self, listener: &TcpListener) -> std::convert::Infallible {
        let mut number = 0;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = self.tasks.join_next() => continue,
            };
            match accepted {
                Ok((stream, _)) => {
                    number += 1;
                    self.take(stream, number);
                }
                // Gone before it was taken.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
                Err(error) => {
                    if self.full.is_due() {
                        tracing::error!(%error, "connections cannot be taken");
                    }
                    // Mostly too many open files: whoever does least makes room.
                    self.open.make_room();
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    fn take(&mut self, stream: TcpStream, number: u64) {
        // Answers are written whole; waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let watch = Watch::new(&self.open.heads);
        let is_full = self.tasks.len() >= self.most;
        if is_full && self.full.is_due() {
            tracing::warn!(connections = self.tasks.len(), "there are as many connections as there may be");
        }
        if is_full && self.tasks.len() >= self.most + TOLD {
            return;
        }
        if is_full && !self.open.make_room() {
            // Nobody is told anything before a handshake.
            if self.tls.is_none() {
                let socket = Socket::new(Transport::Plain(stream), watch, Arc::clone(&self.open));
                self.tasks.spawn(async move { part_with(socket, Refusal::overloaded()).await });
            }
            return;
        }
        let place = self.open.enter(number, &watch);
        let (requests, tls) = (Arc::clone(&self.requests), self.tls.clone());
        self.tasks.spawn(async move {
            let open = Arc::clone(&place.open);
            let _place = place;
            drive(stream, tls, requests, watch, open).await;
        });
    }
}

impl Open {
    fn all(&self) -> MutexGuard<'_, HashMap<u64, Arc<Watch>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>, number: u64, watch: &Arc<Watch>) -> Place {
        self.all().insert(number, Arc::clone(watch));
        Place { open: Arc::clone(self), number }
    }

    /// Sends the connection away that has done nothing for the longest; whether there was one.
    fn make_room(&self) -> bool {
        let all = self.all();
        let idlest = all.values().filter_map(|watch| Some((watch.rank()?, watch))).min_by_key(|(rank, _)| *rank);
        idlest.map(|(_, watch)| watch.send_away()).is_some()
    }

    /// Throws away what those have sent who have been in the middle of a head for the longest, if all such heads hold too
    /// many bytes.
    pub fn bound_heads(&self, bytes: u64) {
        if bytes <= self.most_of_heads {
            return;
        }
        let all = self.all();
        let mut heads: Vec<_> = all
            .values()
            .filter_map(|watch| Some((watch.rank()?, watch)))
            .filter(|(rank, _)| rank.0 == Phase::Head)
            .collect();
        heads.sort_unstable_by_key(|(rank, _)| *rank);
        // A little more than is needed: each look is at all connections.
        let enough = self.most_of_heads - self.most_of_heads / 8;
        for (_, watch) in heads {
            if self.heads.load(SeqCst) <= enough {
                break;
            }
            watch.throw_away_head();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.all().remove(&self.number);
    }
}
