//! `dialogporten dev` and the database it runs on: one that is named, one that dies, a folder that cannot be used.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use dialogporten::dev::postgres::{self, Account, Options, Postgres};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use sqlx::Connection;

use crate::harness::http;

/// How long anything of this may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dialogporten"));
    program.env_remove("DATABASE_URL").stdin(Stdio::null());
    program
}

/// A `dev` that is ready.
struct Running {
    process: Child,
    ready: Value,
}

impl Running {
    /// `program` with `dev`, a port of its own and these flags; its ready file lies in `folder`.
    fn start(mut program: Command, flags: &[&str], folder: &Path) -> Self {
        let file = folder.join(format!("ready-{}.json", uuid::Uuid::new_v4()));
        let process = program
            .args(["dev", "--listen", "0", "--scenario", "bare"])
            .args(flags)
            .arg("--ready-file")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let text = wait_for(|| fs::read_to_string(&file).ok());
        Self { process, ready: serde_json::from_str(&text).expect("the file appears whole") }
    }

    fn database(&self) -> &str {
        self.ready["database_url"].as_str().expect("an address")
    }

    fn stop(mut self) {
        kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM).expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `found` finds, asked for until it does.
fn wait_for<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "it does not come");
        // Another process is waited for, which has no other way to say that it is so far.
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn server(folder: &Path) -> Postgres {
    let options = Options {
        folder: folder.to_owned(),
        throw_away: true,
        remove: false,
        max_connections: 60,
        program: PathBuf::from(env!("CARGO_BIN_EXE_dialogporten")),
        users: None,
    };
    Postgres::start(&options).expect("a server")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// M-33
#[tokio::test]
async fn on_a_named_server_nothing_is_shared_and_nothing_temporary_stays() {
    let folder = postgres::temporary().expect("a folder");
    let server = server(&folder);
    let url = server.url("postgres");
    let dev = || {
        let mut dev = program();
        dev.env("DATABASE_URL", &url);
        dev
    };
    let keys = folder.join("keys");
    let keys = keys.to_str().expect("a plain path");

    let first = Running::start(dev(), &["--data-dir", keys], &folder);
    let second = dev().args(["dev", "--listen", "0", "--data-dir", keys]).output().expect("it runs");
    assert!(!second.status.success());
    assert!(said(&second).contains("another dialogporten runs on database dialogporten_dev"), "{}", said(&second));

    let passing = Running::start(dev(), &["--ephemeral"], &folder);
    assert_ne!(passing.database(), first.database());
    let name = passing.database().rsplit('/').next().expect("a name").to_owned();
    passing.stop();
    let mut connection = sqlx::PgConnection::connect(&url).await.expect("the server");
    let left: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await
        .expect("a list of databases");
    assert!(!left, "{name} stays behind");

    sqlx::raw_sql("create role modest login nosuperuser nocreatedb").execute(&mut connection).await.expect("a role");
    let modest = url.replace("postgres://dialogporten@", "postgres://modest@");
    let refused = program().env("DATABASE_URL", modest).args(["dev", "--ephemeral", "--listen", "0"]).output();
    let refused = said(&refused.expect("it runs"));
    assert!(refused.contains("lacks the right to make databases"), "{refused}");
    connection.close().await.expect("a connection");
    first.stop();
    server.stop();
    fs::remove_dir_all(folder).expect("the folder goes");
}

/// M-33
#[test]
fn an_address_of_another_kind_of_database_is_refused() {
    let output = program().env("DATABASE_URL", "mysql://root@127.0.0.1/x").args(["dev", "--listen", "0"]).output();
    let said = said(&output.expect("it runs"));
    assert!(said.contains("postgres://user:password@host:port/database"), "{said}");
}

/// M-34
#[test]
fn a_folder_that_cannot_be_used_is_named_with_its_owner_and_the_way_out() {
    let folder = postgres::temporary().expect("a folder");
    let closed = folder.join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).expect("its mode");
    let mut dev = program();
    if let Some(account) = Account::for_server().expect("an account") {
        use std::os::unix::process::CommandExt;
        // Root may write anywhere: an ordinary user it is.
        dev.uid(account.uid).gid(account.gid);
    }
    let output = dev.args(["dev", "--listen", "0", "--data-dir"]).arg(closed.join("data")).output().expect("it runs");
    let said = said(&output);
    assert!(said.contains("may not write to") && said.contains("belongs to"), "{said}");
    assert!(said.contains("--data-dir") && said.contains("--ephemeral"), "{said}");
    fs::remove_dir_all(folder).expect("the folder goes");
}

/// M-34: data that another account made, as when root came first.
#[test]
fn data_of_another_account_is_left_alone_and_named() {
    let Some(_) = Account::for_server().expect("an account") else {
        println!("skipped: only root can give files away");
        return;
    };
    let folder = postgres::temporary().expect("a folder");
    fs::create_dir(folder.join("postgres")).expect("a folder");
    chown(folder.join("postgres"), Some(1), Some(1)).expect("root gives it away");
    let output = program().args(["dev", "--listen", "0", "--data-dir"]).arg(&folder).output().expect("it runs");
    let said = said(&output);
    assert!(said.contains("belongs to") && said.contains("start as the user who made it"), "{said}");
    fs::remove_dir_all(folder).expect("the folder goes");
}

/// M-35
#[tokio::test]
async fn a_database_that_dies_is_started_again() {
    let folder = postgres::temporary().expect("a folder");
    let inside = folder.join("data");
    let running = Running::start(program(), &["--data-dir", inside.to_str().expect("a plain path")], &folder);
    let data = data_of(&running).await;
    let postmaster =
        || -> Option<i32> { fs::read_to_string(data.join("postmaster.pid")).ok()?.lines().next()?.trim().parse().ok() };
    let killed = postmaster().expect("it runs");
    kill(Pid::from_raw(killed), Signal::SIGKILL).expect("it dies");
    wait_for(|| postmaster().filter(|other| *other != killed));

    let base = running.ready["base_url"].as_str().expect("an address").to_owned();
    let began = Instant::now();
    let reset = || http().post(format!("{base}/sandbox/reset")).send();
    while !reset().await.is_ok_and(|answer| answer.status().is_success()) {
        assert!(began.elapsed() < PATIENCE, "the service does not come back");
    }
    running.stop();
    fs::remove_dir_all(folder).expect("the folder goes");
}

/// Where the managed server of a `dev` keeps its data.
async fn data_of(running: &Running) -> PathBuf {
    let mut connection = sqlx::PgConnection::connect(running.database()).await.expect("the database");
    let data: String = sqlx::query_scalar("show data_directory").fetch_one(&mut connection).await.expect("a setting");
    connection.close().await.expect("a connection");
    data.into()
}
