//! The guard: this program once more, as a child that owns the server and outlives its parent.
//!
//! It starts the server, says `ready` on its standard output, and waits for the end of its standard input (or for the
//! last holder of a lock file to go). Both happen whenever the parent ends, however it ends. Then it stops the server.
//! A parent-death signal is no use for this: it fires when the *thread* ends that started the child.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
    process::Stdio,
    thread,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use super::account::Account;

/// The hidden subcommand.
pub const COMMAND: &str = "__guard";

/// What the guard is told, as JSON in its only argument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Orders {
    pub postgres: PathBuf,
    pub pg_ctl: PathBuf,
    pub data: PathBuf,
    pub log: PathBuf,
    pub account: Option<Account>,
    /// `-c name=value` for the server.
    pub settings: Vec<String>,
    /// When nobody holds a shared lock of this file any more, the server stops; without it, when the input ends.
    pub users: Option<PathBuf>,
    /// Removed after the stop.
    pub remove: Vec<PathBuf>,
    /// Nothing is worth keeping: stop without a last checkpoint.
    pub throw_away: bool,
}

/// What the server writes when it takes connections; its messages are fixed to English by `lc_messages`.
const READY: &str = "database system is ready to accept connections";

/// Runs the guard to its end.
pub fn run(orders: &str) -> anyhow::Result<()> {
    let orders: Orders = serde_json::from_str(orders).context("the guard is started by the program itself only")?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(watch(&orders))
}

async fn watch(orders: &Orders) -> anyhow::Result<()> {
    // A Ctrl-C or a closing terminal reaches the whole group. The parent decides when it is over, so none of them ends
    // the guard: a registered handler replaces the default of dying.
    let _ignored = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);

    let mut server = start(orders)?;
    let stderr = server.stderr.take().context("the server's output is piped")?;
    let copying = tokio::spawn(copy_log(stderr, orders.log.clone()));

    tokio::select! {
        _ = server.wait() => {}
        () = nobody_left(orders.users.clone()) => stop(orders, &mut server).await?,
    }
    // Ends by itself: the server is gone and with it the other end of the pipe.
    let _ = copying.await;
    for path in &orders.remove {
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    Ok(())
}

fn start(orders: &Orders) -> anyhow::Result<Child> {
    let mut command = Command::new(&orders.postgres);
    command.arg("-D").arg(&orders.data);
    for setting in &orders.settings {
        command.args(["-c", setting]);
    }
    prepare(&mut command, orders.account);
    // Its own group: a Ctrl-C would be an order to stop at once, before the service has finished.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().with_context(|| format!("cannot start {}", orders.postgres.display()))
}

/// The account, and an environment that no `PG…` of the user's can bend.
fn prepare(command: &mut Command, account: Option<Account>) {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/");
    if let Some(Account { uid, gid }) = account {
        command.uid(uid).gid(gid);
    }
}

/// Copies what the server says into its log, and tells the parent when it is ready.
async fn copy_log(stderr: tokio::process::ChildStderr, path: PathBuf) {
    let mut log = OpenOptions::new().create(true).append(true).open(path).ok();
    let mut lines = BufReader::new(stderr).split(b'\n');
    while let Ok(Some(mut line)) = lines.next_segment().await {
        line.push(b'\n');
        if let Some(log) = &mut log {
            let _ = log.write_all(&line);
        }
        if String::from_utf8_lossy(&line).contains(READY) {
            let mut out = io::stdout();
            let _ = out.write_all(b"ready\n").and_then(|()| out.flush());
        }
    }
}

/// Returns when the parent is gone, or the last user of a shared server.
async fn nobody_left(users: Option<PathBuf>) {
    let (over, waiting) = oneshot::channel();
    // A thread of its own: neither wait can be called off, and this one does not hold up the end of the process.
    thread::spawn(move || {
        let lock = if let Some(users) = users {
            File::open(users).and_then(|file| file.lock().map(|()| file)).ok()
        } else {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            None
        };
        let _ = over.send(lock);
    });
    // The lock is kept until this process ends, so that a newcomer waits until the server has stopped.
    std::mem::forget(waiting.await);
}

async fn stop(orders: &Orders, server: &mut Child) -> anyhow::Result<()> {
    let mode = if orders.throw_away { "immediate" } else { "fast" };
    let mut command = Command::new(&orders.pg_ctl);
    command.arg("-D").arg(&orders.data).args(["stop", "--no-wait", "-m", mode]);
    prepare(&mut command, orders.account);
    let stopped = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    if !stopped.is_ok_and(|status| status.success()) {
        server.start_kill()?;
    }
    server.wait().await?;
    Ok(())
}
