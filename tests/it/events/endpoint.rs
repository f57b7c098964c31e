//! An event endpoint in the test's hands.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};
use uuid::Uuid;

use super::in_time;

/// What it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    Status(u16),
    /// To a place that takes everything.
    Redirect,
    /// Yes, and then without an end.
    Endless,
    /// Nothing, for ever.
    Nothing,
    /// It hangs up.
    HangsUp,
}

/// One post.
#[derive(Clone, Debug)]
pub struct Received {
    pub content_type: String,
    pub has_token: bool,
    pub text: String,
    pub event: Value,
    /// Whether it was taken.
    pub taken: bool,
}

#[derive(Default)]
struct Inner {
    received: Mutex<Vec<Received>>,
    arrived: Notify,
    /// By dialog; what is not named is taken.
    answers: Mutex<HashMap<Option<Uuid>, Answers>>,
}

#[derive(Clone)]
pub struct Endpoint {
    pub url: String,
    inner: Arc<Inner>,
}

impl Endpoint {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a/path/that/does/not/count/", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let router = Router::new().fallback(receive).with_state(inner.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, inner }
    }

    /// What it answers to events of one dialog, or to all others.
    pub fn answers(&self, dialog: Option<Uuid>, answers: Answers) {
        self.inner.answers.lock().unwrap().insert(dialog, answers);
    }

    /// Everything is taken from here on.
    pub fn recovers(&self) {
        self.inner.answers.lock().unwrap().clear();
    }

    pub fn received(&self) -> Vec<Received> {
        self.inner.received.lock().unwrap().clone()
    }

    /// What was taken about a dialog, each event once, in the order of arrival: its id and its type.
    pub fn taken(&self, dialog: Uuid) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for received in self.received() {
            let text = |name: &str| received.event[name].as_str().unwrap().to_owned();
            if received.taken
                && text("resourceinstance") == dialog.to_string()
                && found.iter().all(|it| it.0 != text("id"))
            {
                found.push((text("id"), text("type")));
            }
        }
        found
    }

    /// Returns when that is so.
    pub async fn until(&self, is_so: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        in_time(async {
            loop {
                let arrived = self.inner.arrived.notified();
                let received = self.received();
                if is_so(&received) {
                    return received;
                }
                arrived.await;
            }
        })
        .await
    }
}

async fn receive(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if uri.path() != "/events/api/v1/events" {
        return StatusCode::OK.into_response();
    }
    let event: Value = serde_json::from_slice(&body).unwrap();
    let dialog = event["resourceinstance"].as_str().and_then(|id| id.parse().ok());
    let answers = {
        let answers = inner.answers.lock().unwrap();
        *answers.get(&dialog).or(answers.get(&None)).unwrap_or(&Answers::Status(200))
    };
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    inner.received.lock().unwrap().push(Received {
        content_type: text("content-type"),
        has_token: text("authorization").starts_with("Bearer ") && !headers.contains_key("ocp-apim-subscription-key"),
        text: String::from_utf8(body.to_vec()).unwrap(),
        event,
        taken: matches!(answers, Answers::Status(200..300) | Answers::Endless),
    });
    inner.arrived.notify_waiters();
    match answers {
        Answers::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answers::Redirect => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        Answers::Endless => {
            let chunk = Bytes::from(vec![b'x'; 65_536]);
            Body::from_stream(stream::repeat_with(move || Ok::<_, Infallible>(chunk.clone()))).into_response()
        }
        Answers::Nothing => std::future::pending().await,
        Answers::HangsUp => {
            let cut = stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]);
            ([("content-length", "10")], Body::from_stream(cut)).into_response()
        }
    }
}
