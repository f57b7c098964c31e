//! `events tail` and `events forward`: what happens while they run, as it happens.

use std::process::Stdio;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{
    endpoint::{Answers, Endpoint},
    in_time,
};
use crate::harness::{TestApp, simple_activity, simple_dialog};

struct Following {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Following {
    /// Follows already when this returns: what happens from here on is told.
    async fn start(app: &TestApp, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
            .args(["events", "--json", "--database-url", &app.database_url()])
            .args(arguments)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program runs");
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let first = in_time(said.next_line()).await.unwrap();
        assert_eq!(first.as_deref(), Some("following; Ctrl-C ends it"));
        // Read on, so that nobody is kept from saying something.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    async fn next(&mut self) -> Value {
        let line = in_time(self.lines.next_line()).await.unwrap().expect("it goes on");
        serde_json::from_str(&line).expect("one JSON object a line")
    }

    /// Ends as it should when it is asked to.
    async fn stop(mut self) {
        let process = i32::try_from(self.process.id().unwrap()).unwrap();
        kill(Pid::from_raw(process), Signal::SIGTERM).unwrap();
        assert!(in_time(self.process.wait()).await.unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tail_tells_what_happens_and_nothing_from_before() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let before = owner.creates(simple_dialog()).await;
    let mut tail = Following::start(&app, &["tail"]).await;
    let dialog = owner.creates(simple_dialog()).await;
    let path = format!("serviceowner/dialogs/{before}/activities");
    owner.post(&path, simple_activity("PaymentMade")).await.expect(201);

    for (about, kind) in [
        (dialog, "dialogporten.dialog.created.v1"),
        (before, "dialogporten.dialog.updated.v1"),
        (before, "dialogporten.dialog.activity.payment-made.v1"),
    ] {
        let line = tail.next().await;
        assert_eq!(
            (line["dialogId"].as_str(), line["type"].as_str()),
            (Some(&*about.to_string()), Some(kind)),
            "{line}"
        );
    }
    tail.stop().await;
}

/// What is refused there is told and does not end it; silent updates are not posted.
#[tokio::test(flavor = "multi_thread")]
async fn forward_posts_what_happens_and_tells_the_answers() {
    let (app, endpoint) = (TestApp::start().await, Endpoint::start().await);
    let owner = app.service_owner("ttd");
    let there = url::Url::parse(&endpoint.url).unwrap().join("/events/api/v1/events").unwrap();
    let arguments = ["forward", there.as_str(), "--base-url", "https://dialogporten.example/"];
    let mut forward = Following::start(&app, &arguments).await;
    endpoint.answers(None, Answers::Status(418));
    let refused = owner.creates(simple_dialog()).await;
    let line = forward.next().await;
    assert_eq!(line["dialogId"], refused.to_string(), "{line}");
    assert_eq!(line["lastError"], "answered with status 418", "{line}");
    endpoint.answers(None, Answers::HangsUp);
    owner.creates(simple_dialog()).await;
    forward.next().await;
    endpoint.recovers();
    owner.post("serviceowner/dialogs?isSilentUpdate=true", simple_dialog()).await.expect(201);
    let taken = owner.creates(simple_dialog()).await;
    let line = forward.next().await;
    assert_eq!(
        (&line["dialogId"], &line["lastError"]),
        (&taken.to_string().into(), &"answered with status 200".into())
    );

    let received = endpoint.received();
    assert_eq!(received.len(), 3, "{received:?}");
    let last = received.last().unwrap();
    assert_eq!(last.content_type, "application/cloudevents+json");
    assert!(!last.has_token, "the token is for the platform");
    assert_eq!(last.event["source"], format!("https://dialogporten.example/api/v1/enduser/dialogs/{taken}"));
    forward.stop().await;
}
