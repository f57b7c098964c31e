//! `dialogporten sandbox` as a process.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use dialogporten::dev::postgres;
use serde_json::Value;

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

fn start(folder: &Path) -> Running {
    let ready = folder.join("ready.json");
    let mut process = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
        .args(["sandbox", "--listen", "127.0.0.1:0", "--https-listen", "127.0.0.1:0", "--keys"])
        .arg(folder)
        .arg("--ready-file")
        .arg(&ready)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(process.stdout.take().unwrap());
    let mut lines = out.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("the sandbox is ready at http://127.0.0.1:")));
    assert!(lines.any(|line| line.starts_with("over https at https://127.0.0.1:")));
    Running { process, ready: serde_json::from_slice(&fs::read(ready).unwrap()).unwrap() }
}

/// What whoever trusts the authorities in `pem` and nobody else hears.
async fn discovery(ready: &Value, pem: &[u8]) -> reqwest::Result<Value> {
    let trusted = reqwest::Certificate::from_pem_bundle(pem).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only(trusted).build().unwrap();
    let secure = ready["https_url"].as_str().unwrap();
    client.get(format!("{secure}/sandbox/issuers/altinn/.well-known/openid-configuration")).send().await?.json().await
}

/// It answers over https by an authority of its own, which stays with the keys: whoever trusted it need not do so again.
#[tokio::test]
async fn it_answers_over_https_by_its_own_authority() {
    let folder = postgres::temporary().unwrap();
    let first = start(&folder);
    let authority = first.ready["node_extra_ca_certs"].as_str().unwrap().to_owned();
    assert!(Path::new(&authority).starts_with(fs::canonicalize(&folder).unwrap()), "{authority}");
    let pem = fs::read(&authority).unwrap();
    // The same sandbox answers on both addresses, and is called by the first.
    let told = discovery(&first.ready, &pem).await.unwrap();
    let base = first.ready["base_url"].as_str().unwrap();
    assert_eq!(told["issuer"], format!("{base}/sandbox/issuers/altinn"));
    // Whoever does not know the authority does not believe it.
    assert!(discovery(&first.ready, b"").await.unwrap_err().is_connect());
    drop(first);

    let second = start(&folder);
    assert_eq!(fs::read(second.ready["node_extra_ca_certs"].as_str().unwrap()).unwrap(), pem);
    assert!(discovery(&second.ready, &pem).await.unwrap()["issuer"].is_string());
    drop(second);
    fs::remove_dir_all(folder).unwrap();
}

/// Without a place to keep its authority nobody could trust it.
#[test]
fn https_needs_a_folder_for_its_authority() {
    let arguments = ["sandbox", "--listen", "127.0.0.1:0", "--https-listen", "127.0.0.1:0"];
    let output = Command::new(env!("CARGO_BIN_EXE_dialogporten")).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--keys"), "{said}");
}
