//! Connections: what is taken on, how clients are told to leave, how the process stops. Raw sockets, because libraries hide
//! what is at stake here.

mod endurance;
mod raw;
mod refusals;
mod slow;
mod stopping;
mod tls;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    routing::{any, get, post},
};
use dialogporten::{
    config::{self, Settings, Source},
    domain::refusal::Refusal,
    http::body::read_body,
    server::{self, Lifecycle},
};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    task::JoinHandle,
};

/// A server of routes that do what handlers do, with bounds of the test's own.
struct Rig {
    address: SocketAddr,
    lifecycle: Lifecycle,
    stop: Arc<Notify>,
    /// `/wait` answers when it has a permit.
    gate: Arc<Semaphore>,
    /// Counts those who wait there.
    arrived: Arc<Semaphore>,
    serving: JoinHandle<()>,
}

fn settings(changed: &[(&str, &str)]) -> config::Server {
    let mut settings = Settings::defaults();
    for (key, value) in changed {
        settings.put(&format!("server.{key}"), *value, Source::Sandbox);
    }
    settings.server().expect("settings of a server")
}

impl Rig {
    async fn start(changed: &[(&str, &str)]) -> Self {
        let settings = settings(changed);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (lifecycle, stop) = (Lifecycle::default(), Arc::new(Notify::new()));
        let (gate, arrived) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (passes, arrives) = (Arc::clone(&gate), Arc::clone(&arrived));
        let wait = move || async move {
            arrives.add_permits(1);
            passes.acquire().await.expect("an open gate").forget();
            "waited"
        };
        let read = |request: Request| async move { Ok::<_, Refusal>(read_body(request).await?.len().to_string()) };
        let router = Router::new()
            .route("/quick", get(|| async { "quick" }))
            .route("/wait", any(wait))
            .route("/read", post(read))
            .route("/ignore", post(|| async { StatusCode::UNAUTHORIZED }))
            .route("/large", any(|| async { vec![b'x'; 8_000_000] }))
            .route("/health/liveness", get(|| async { "well" }));
        let (asked, stages) = (Arc::clone(&stop), lifecycle.clone());
        let serving = tokio::spawn(async move {
            server::run(listener, router, &settings, stages, async move { asked.notified().await }).await;
        });
        Self { address, lifecycle, stop, gate, arrived, serving }
    }

    /// Returns when one more request waits at `/wait`.
    async fn one_waits(&self) {
        self.arrived.acquire().await.expect("an open semaphore").forget();
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
