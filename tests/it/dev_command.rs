//! `dialogporten dev` as a process: what it announces, and what is left after it was killed.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use dialogporten::dev::postgres::{self, Options, Postgres};
use serde_json::Value;

use crate::harness::http;

struct Running {
    process: Child,
    ready: Value,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(folder: &Path, scenario: &str) -> Running {
    let ready = folder.join("ready.json");
    let mut process = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
        .args(["dev", "--listen", "127.0.0.1:0", "--scenario", scenario, "--data-dir"])
        .arg(folder)
        .arg("--ready-file")
        .arg(&ready)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(process.stdout.take().unwrap());
    let announced = out.lines().map_while(Result::ok).any(|line| line.starts_with("Dialogporten is ready"));
    assert!(announced, "the start card appears");
    Running { process, ready: serde_json::from_slice(&fs::read(ready).unwrap()).unwrap() }
}

async fn sandbox_card(ready: &Value) -> Value {
    let client = http();
    let address = format!("{}/sandbox", ready["base_url"].as_str().unwrap());
    client.get(address).header("accept", "application/json").send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn it_says_where_everything_is_and_starts_again_after_a_kill() {
    let folder = postgres::temporary().unwrap();
    let mut first = start(&folder, "bare");
    for member in ["base_url", "token_url", "graphql_url", "database_url"] {
        assert!(first.ready[member].is_string(), "{member} in {}", first.ready);
    }
    assert!(first.ready["started_ms"].is_u64());
    let certificate = answers_over_https(&first.ready).await;
    let variables = folder.join("arbeidsflate.env");
    assert_eq!(fs::metadata(&variables).unwrap().permissions().mode() & 0o777, 0o600);
    let (secure, base) = (first.ready["https_url"].as_str().unwrap(), first.ready["base_url"].as_str().unwrap());
    let provider = format!("OIDC_PLATFORM_URL={}/authentication/api/v1/openid", secure.trim_start_matches("https://"));
    let variables = fs::read_to_string(variables).unwrap();
    let expected = [provider, format!("DIALOGPORTEN_URL={base}"), format!("PLATFORM_BASEURL={base}")];
    assert!(expected.iter().all(|line| variables.lines().any(|known| known == line)), "{variables}");
    assert_eq!(sandbox_card(&first.ready).await["token_url"], first.ready["token_url"]);

    // No chance to tidy up: the guard has to do it.
    first.process.kill().unwrap();
    first.process.wait().unwrap();
    let second = start(&folder, "bare");
    assert_eq!(second.ready["database_url"], first.ready["database_url"]);
    assert_eq!(sandbox_card(&second.ready).await["base_url"], second.ready["base_url"]);
    assert_eq!(answers_over_https(&second.ready).await, certificate, "whoever trusted it need not do so again");
    drop(second);

    remove(&folder);
}

/// The certificate by which the https of a running `dev` is trusted, as the inbox does at its start.
async fn answers_over_https(ready: &Value) -> Vec<u8> {
    let pem = fs::read(ready["node_extra_ca_certs"].as_str().unwrap()).unwrap();
    let authority = reqwest::Certificate::from_pem(&pem).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
    let secure = ready["https_url"].as_str().unwrap();
    let discovery = format!("{secure}/authentication/api/v1/openid/.well-known/openid-configuration");
    let discovery: Value = client.get(discovery).send().await.unwrap().json().await.unwrap();
    let token = format!("{}/authentication/api/v1/token", ready["base_url"].as_str().unwrap());
    assert_eq!(discovery["token_endpoint"], token);
    pem
}

/// Whoever opens the folder next waits until its server is down, so afterwards nothing of it runs.
fn remove(folder: &Path) {
    let last = Postgres::start(&Options {
        folder: folder.to_owned(),
        throw_away: false,
        remove: false,
        max_connections: 20,
        program: PathBuf::from(env!("CARGO_BIN_EXE_dialogporten")),
        users: None,
    });
    last.unwrap().stop();
    fs::remove_dir_all(folder).unwrap();
}

/// What a token of the `token` command lists at the running service.
async fn listed(ready: &Value, org: &str) -> Vec<Value> {
    let base = ready["base_url"].as_str().unwrap();
    let arguments = ["token", "service-owner", "--org", org, "--sandbox", base];
    let output = Command::new(env!("CARGO_BIN_EXE_dialogporten")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let token = String::from_utf8(output.stdout).unwrap();
    let client = http();
    let list = client.get(format!("{base}/api/v1/serviceowner/dialogs?limit=100")).bearer_auth(token.trim()).send();
    let list: Value = list.await.unwrap().error_for_status().unwrap().json().await.unwrap();
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_default_scenario_has_its_dialogs_and_a_reset_makes_them_anew() {
    let folder = postgres::temporary().unwrap();
    let running = start(&folder, "default");
    let before = listed(&running.ready, "ttd").await;
    assert_eq!((before.len(), listed(&running.ready, "brg").await.len()), (8, 1));
    let labels = |dialogs: &[Value]| {
        let mut labels: Vec<_> =
            dialogs.iter().map(|dialog| dialog["endUserContext"]["systemLabels"].to_string()).collect();
        labels.sort();
        labels
    };
    assert_eq!(labels(&before).iter().filter(|labels| labels.contains("Archive")).count(), 1, "{before:?}");

    let client = http();
    let reset = format!("{}/sandbox/reset", running.ready["base_url"].as_str().unwrap());
    assert_eq!(client.post(reset).send().await.unwrap().status(), 204);
    let after = listed(&running.ready, "ttd").await;
    assert_eq!(labels(&after), labels(&before));
    let is_old = |dialog: &&Value| before.iter().any(|old| old["id"] == dialog["id"]);
    assert_eq!(after.iter().filter(is_old).count(), 1, "they are other dialogs, but for the one with an id of its own");
    drop(running);
    remove(&folder);
}

/// M-31: the tokens of the start card lie in a file of their own, and its first two commands do what they say.
#[tokio::test]
async fn the_first_commands_do_what_they_say() {
    let folder = postgres::temporary().unwrap();
    let running = start(&folder, "default");
    let file = folder.join("tokens.env");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let variable = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("{name} is not in {text}")).trim_matches('\'').to_owned()
    };
    let (api, client) = (variable("API"), http());
    let created = client
        .post(format!("{api}/serviceowner/dialogs"))
        .bearer_auth(variable("OWNER"))
        .header("content-type", "application/json")
        .body(variable("DIALOG"));
    let id: String = created.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    let read = client.get(format!("{api}/enduser/dialogs/{id}")).bearer_auth(variable("PERSON")).send().await.unwrap();
    assert_eq!(read.status(), 200);
    // The system user finds something as well.
    let party = "urn:altinn:organization:identifier-no:310057223";
    let list = client.get(format!("{api}/enduser/dialogs?party={party}")).bearer_auth(variable("SYSTEM_USER"));
    let list: Value = list.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    drop(running);
    remove(&folder);
}

#[test]
fn it_does_not_open_the_sandbox_to_the_network_unasked() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_dialogporten")).args(["dev", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--expose-sandbox-to-network"));
}

#[tokio::test]
async fn the_sandbox_runs_alone() {
    let folder = postgres::temporary().unwrap();
    let (ready, settings) = (folder.join("ready.json"), folder.join("settings.toml"));
    let mut process = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
        .args(["sandbox", "--listen", "127.0.0.1:0", "--ready-file"])
        .arg(&ready)
        .arg("--settings-file")
        .arg(&settings)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(process.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(said.starts_with("the sandbox is ready at http://127.0.0.1:"), "{said}");
    let running = Running { process, ready: serde_json::from_slice(&fs::read(&ready).unwrap()).unwrap() };

    // M-24: it holds private keys.
    assert_eq!(fs::metadata(&settings).unwrap().permissions().mode() & 0o777, 0o600);
    let card = sandbox_card(&running.ready).await;
    assert_eq!(card["token_url"], running.ready["token_url"]);
    let base = running.ready["base_url"].as_str().unwrap();
    let forms = [
        ["service-owner", "--org", "ttd", "--admin"].as_slice(),
        &["service-owner", "--org", "ttd", "--scopes", "a,b"],
        &["service-owner", "--org", "other", "--number", "310778737"],
        &["person", "08844397713", "--level", "4"],
        &["system-user", "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364"],
        &["email", "a@b.no", "--header"],
    ];
    for form in forms {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialogporten"));
        let output = command.arg("token").args(form).args(["--sandbox", base]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let start = if form.contains(&"--header") { "Authorization: Bearer eyJ" } else { "eyJ" };
        assert!(output.status.success() && text.starts_with(start) && text.lines().count() == 1, "{form:?}: {text}");
    }
    drop(running);
    fs::remove_dir_all(folder).unwrap();
}
