//! An event endpoint that fails, stalls, hangs up and answers slowly, and remembers in which order it took what.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::net::TcpListener;
use uuid::Uuid;

/// What was taken, in the order of arrival: dialog and event.
#[derive(Default)]
struct Inner {
    taken: Mutex<Vec<(Uuid, Uuid)>>,
    is_kind: AtomicBool,
}

#[derive(Clone)]
pub struct Endpoint {
    pub url: String,
    inner: Arc<Inner>,
}

impl Endpoint {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner::default());
        tokio::spawn(axum::serve(listener, Router::new().fallback(receive).with_state(inner.clone())).into_future());
        Self { url, inner }
    }

    /// Whether it takes everything at once, or misbehaves.
    pub fn is_kind(&self, is_kind: bool) {
        self.inner.is_kind.store(is_kind, Ordering::SeqCst);
    }

    pub fn taken(&self) -> Vec<(Uuid, Uuid)> {
        self.inner.taken.lock().expect("nobody panics with it").clone()
    }
}

async fn receive(State(inner): State<Arc<Inner>>, body: Bytes) -> Response {
    let event: Value = serde_json::from_slice(&body).expect("an event");
    let id = |name: &str| event[name].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let dice = if inner.is_kind.load(Ordering::SeqCst) { 255 } else { Uuid::new_v4().as_bytes()[0] };
    let take = || inner.taken.lock().expect("nobody panics with it").push((id("resourceinstance"), id("id")));
    match dice {
        // It took the event, and nobody hears of it.
        0..8 => {
            take();
            std::future::pending().await
        }
        8..16 => std::future::pending().await,
        16..48 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        48..64 => StatusCode::TOO_MANY_REQUESTS.into_response(),
        64..80 => {
            // Nobody waits for anything here: this endpoint is slow.
            tokio::time::sleep(Duration::from_millis(200)).await;
            take();
            StatusCode::OK.into_response()
        }
        _ => {
            take();
            StatusCode::OK.into_response()
        }
    }
}
