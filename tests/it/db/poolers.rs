//! PgBouncer between the service and the database: by session all is as without it, by transaction the program refuses.

use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use dialogporten::{db::Db, dev::postgres::Account};
use url::Url;

use super::{dialog_path, in_time};
use crate::harness::{TestApp, TestDatabase, bare, database, simple_dialog};

struct Pooler {
    process: Child,
    url: String,
    folder: PathBuf,
}

impl Pooler {
    /// None where it is not installed.
    async fn start(database: &TestDatabase, mode: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].map(Path::new);
        let Some(program) = program.into_iter().find(|program| program.exists()) else {
            eprintln!("skipped: PgBouncer is not installed");
            return None;
        };
        let mut url = Url::parse(&database.url).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("dialogporten-pooler-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir(&folder).unwrap();
        let (users, ini) = (folder.join("users"), folder.join("ini"));
        fs::write(&users, format!("\"{}\" \"{}\"\n", url.username(), url.password().unwrap_or_default())).unwrap();
        let server = format!("host={} port={}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let settings = format!(
            "[databases]\n* = {server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = trust\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = 20\nserver_reset_query = discard all\n\
             ignore_startup_parameters = extra_float_digits\n",
            users.display()
        );
        fs::write(&ini, settings).unwrap();
        let mut command = Command::new(program);
        command.arg("--quiet").arg(&ini).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(Account { uid, gid }) = Account::for_server().unwrap() {
            command.uid(uid).gid(gid);
        }
        let process = command.spawn().unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        // It says nothing when it listens.
        in_time(async { while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {} }).await;
        Some(Self { process, url: url.into(), folder })
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn by_session_all_is_as_without_it() {
    let database = database().await;
    let Some(pooler) = Pooler::start(&database, "session").await else { return };
    let app = TestApp::start_over(database, &pooler.url, bare(), &[]).await;
    assert!(app.door.keeps_sessions().await.unwrap());
    let owner = app.service_owner("ttd");
    let path = dialog_path(owner.creates(simple_dialog()).await);
    owner.get(&path).await.expect(200);
}

#[tokio::test]
async fn by_transaction_the_program_refuses_to_start() {
    let database = database().await;
    let Some(pooler) = Pooler::start(&database, "transaction").await else { return };
    assert!(!Db::at(&pooler.url, 1).unwrap().keeps_sessions().await.unwrap());
    let app = TestApp::start_over(database, &pooler.url, bare(), &[]).await;
    let refusal = in_time(dialogporten::jobs::warm_up::database(&app.door)).await.unwrap_err();
    assert!(refusal.to_string().contains("pool_mode = transaction"), "{refusal}");
}

#[tokio::test]
async fn without_one_connections_are_kept() {
    let app = TestApp::start().await;
    assert!(app.door.keeps_sessions().await.unwrap());
}
