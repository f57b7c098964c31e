//! Stopping: who is waited for, for how long, and what is said meanwhile (M-07, M-37).

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use dialogporten::{dev::postgres, server::Stage};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    Rig,
    raw::{Raw, get, post},
};
use crate::harness::TestApp;

/// Returns when the server has ended.
async fn ended(mut rig: Rig) {
    let waiting = tokio::time::timeout(Duration::from_secs(10), &mut rig.serving);
    waiting.await.expect("the server ends").expect("the server does not panic");
}

/// M-07: half a head, silence and idleness hold nobody up; what was begun is finished.
#[tokio::test]
async fn only_what_was_begun_is_waited_for() {
    let rig = Rig::start(&[("drain", "0s")]).await;
    let mut half = Raw::connect(rig.address).await;
    half.say("GET /quick HTTP/1.1\r\n").await.unwrap();
    let _silent = Raw::connect(rig.address).await;
    let mut idle = Raw::connect(rig.address).await;
    idle.say(get("/quick")).await.unwrap();
    idle.hear().await.expect("an answer");
    let mut busy = Raw::connect(rig.address).await;
    busy.say(get("/wait")).await.unwrap();
    rig.one_waits().await;

    let began = Instant::now();
    rig.stop.notify_one();
    rig.lifecycle.reached(Stage::Closing).await;
    assert_eq!(half.hear().await.expect("an answer").status, 503);
    assert!(idle.is_over().await);
    rig.gate.add_permits(1);
    let heard = busy.hear().await.expect("an answer");
    assert_eq!((heard.body.as_str(), heard.closes()), ("waited", true));
    assert!(busy.is_over().await);
    drop(half);
    ended(rig).await;
    // Far less than what is granted to those who were begun.
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
}

/// M-07: the bound holds, whatever is under way.
#[tokio::test]
async fn what_does_not_finish_is_cut_off() {
    let rig = Rig::start(&[("drain", "0s"), ("finish", "200ms")]).await;
    let mut busy = Raw::connect(rig.address).await;
    busy.say(get("/wait")).await.unwrap();
    rig.one_waits().await;
    let mut unfinished = Raw::connect(rig.address).await;
    unfinished.say(post("/read", 100)).await.unwrap();
    rig.stop.notify_one();
    ended(rig).await;
    assert!(busy.is_over().await && unfinished.is_over().await);
}

/// M-37: load balancers are told, and so are clients; everything is still answered.
#[tokio::test]
async fn while_draining_readiness_says_no_and_the_rest_is_answered() {
    let app = TestApp::start().await;
    app.anonymous().get("/health/readiness").await.expect(200);
    app.lifecycle.advance(Stage::Draining);
    let report = app.anonymous().get("/health/readiness").await.expect(503);
    assert_eq!(report.body["status"], "Unhealthy");
    assert_eq!(report.body["entries"]["stopping"]["description"], "The service is stopping.");
    app.anonymous().get("/health/liveness").await.expect(200);
    app.anonymous().get("/health/startup").await.expect(200);
    let answer = app.anonymous().get("metadata/limits").await.expect(200);
    assert_eq!(answer.header("connection"), "close");
}

struct Process(Child);

impl Process {
    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.0.id().try_into().expect("a process"));
        kill(id, signal).expect("the process can be told");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// M-37: what is said while stopping, that a second signal is obeyed at once, and that probes do not fill the log.
#[tokio::test]
async fn the_process_says_that_it_stops_and_obeys_a_second_signal() {
    let folder = postgres::temporary().unwrap();
    let ready = folder.join("ready.json");
    let mut process = Process(
        Command::new(env!("CARGO_BIN_EXE_dialogporten"))
            .args(["dev", "--ephemeral", "--listen", "127.0.0.1:0", "--scenario", "bare", "--ready-file"])
            .arg(&ready)
            .env("DIALOGPORTEN_LOG__FILTER", "info")
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let said = BufReader::new(process.0.stdout.take().unwrap());
    assert!(said.lines().map_while(Result::ok).any(|line| line.starts_with("Dialogporten is ready")));
    let card: serde_json::Value = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
    let base = card["base_url"].as_str().unwrap();
    let address = base.strip_prefix("http://").unwrap().parse().unwrap();
    for path in ["/health/liveness", "/health/readiness", "/api/v1/metadata/limits"] {
        let mut client = Raw::connect(address).await;
        client.say(get(path)).await.unwrap();
        assert_eq!(client.hear().await.expect("an answer").status, 200, "{path}");
    }
    // Something under way keeps the process, until it is told a second time.
    let mut unfinished = Raw::connect(address).await;
    unfinished.say(post("/sandbox/faults", 1000).replace("POST", "PUT")).await.unwrap();
    let mut other = Raw::connect(address).await;
    other.say(get("/health/liveness")).await.unwrap();
    other.hear().await.expect("an answer");
    process.signal(Signal::SIGTERM);
    let mut log = BufReader::new(process.0.stderr.take().unwrap());
    let mut lines = String::new();
    while !lines.contains("stopping") {
        assert_ne!(log.read_line(&mut lines).unwrap(), 0, "{lines}");
    }
    process.signal(Signal::SIGTERM);
    let status = process.0.wait().unwrap();
    assert_eq!(status.code(), Some(128 + 15));
    log.read_to_string(&mut lines).unwrap();
    assert!(lines.contains("stopped at once"), "{lines}");
    assert!(lines.contains("/api/v1/metadata/limits") && !lines.contains("/health/"), "{lines}");
    let _ = std::fs::remove_dir_all(folder);
}
