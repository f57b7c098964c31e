//! The PostgreSQL that `dev` and these tests run on: it starts on what its predecessor left, and stops with its parent.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use dialogporten::dev::postgres::{self, Options, Postgres};

fn options(folder: PathBuf) -> Options {
    Options {
        folder,
        throw_away: true,
        remove: false,
        max_connections: 20,
        program: PathBuf::from(env!("CARGO_BIN_EXE_dialogporten")),
        users: None,
    }
}

fn pid(folder: &Path) -> Option<u32> {
    fs::read_to_string(folder.join("postgres/postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

#[test]
fn a_server_starts_again_on_its_data_at_the_same_address() {
    let folder = postgres::temporary().unwrap();
    let first = Postgres::start(&options(folder.clone())).unwrap();
    let url = first.url("postgres");
    assert!(pid(&folder).is_some());
    first.stop();
    assert_eq!(pid(&folder), None, "stopping waits until the server is down");

    let second = Postgres::start(&options(folder.clone())).unwrap();
    assert_eq!(second.url("postgres"), url);
    second.stop();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn two_programs_do_not_share_a_folder() {
    let folder = postgres::temporary().unwrap();
    let first = Postgres::start(&options(folder.clone())).unwrap();
    let second = Postgres::start(&options(folder.clone())).unwrap_err().to_string();
    assert!(second.contains("another dialogporten runs on"), "{second}");
    first.stop();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_lock_file_whose_number_belongs_to_another_process_is_no_obstacle() {
    let folder = postgres::temporary().unwrap();
    Postgres::start(&options(folder.clone())).unwrap().stop();
    // A process of the server's account that is none of its servers, as after a restart of a container.
    let account = postgres::Account::for_server().unwrap();
    let mut sleeper = Command::new("sleep");
    if let Some(account) = account {
        use std::os::unix::process::CommandExt;
        sleeper.uid(account.uid).gid(account.gid);
    }
    let mut sleeper = sleeper.arg("600").spawn().unwrap();
    let lock = folder.join("postgres/postmaster.pid");
    let mut file = fs::File::create(&lock).unwrap();
    write!(file, "{}\n{}\n1700000000\n1\n\n127.0.0.1\n\n", sleeper.id(), folder.join("postgres").display()).unwrap();

    let server = Postgres::start(&options(folder.clone())).unwrap();
    server.stop();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_guard_stops_the_server_when_its_parent_is_gone() {
    let folder = postgres::temporary().unwrap();
    let server = Postgres::start(&options(folder.clone())).unwrap();
    let running = pid(&folder).unwrap();
    // A parent that was killed has closed its end of the pipe and nothing more; `stop` does the same and then waits,
    // which is how this test knows that the guard has done its part.
    server.stop();
    let alive = Command::new("kill").args(["-0", &running.to_string()]).stderr(Stdio::null()).status().unwrap();
    assert!(!alive.success());
    fs::remove_dir_all(folder).unwrap();
}
