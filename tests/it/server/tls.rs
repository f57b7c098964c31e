//! The same over TLS, as the sandbox's second listener has it: whoever trusts the authority is served, whoever does not, or
//! says something else than a handshake, is not, and costs no more than elsewhere.

use std::{path::Path, time::Duration};

use axum::{Router, routing::get};
use dialogporten::{
    clock::Clock,
    dev::certificates::Authority,
    server::{self, Lifecycle, Listening},
};
use tokio::net::TcpListener;

use super::{
    raw::{Raw, get as a_get},
    settings,
};

struct Secure {
    address: std::net::SocketAddr,
    folder: std::path::PathBuf,
    serving: tokio::task::JoinHandle<()>,
}

impl Secure {
    async fn start(changed: &[(&str, &str)]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("authority-{}", uuid::Uuid::new_v4()));
        let authority = Authority::of(&folder).expect("an authority");
        let tls = authority.acceptor(None, Clock::system().now()).expect("a certificate");
        let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = tcp.local_addr().expect("an address");
        let router = Router::new()
            .route("/quick", get(|| async { "quick" }))
            .route("/large", get(|| async { "x".repeat(5_000_000) }));
        let settings = settings(changed);
        let serving = tokio::spawn(async move {
            let listening = Listening::over_tls(tcp, tls);
            server::run(listening, router, &settings, Lifecycle::default(), std::future::pending()).await;
        });
        Self { address, folder, serving }
    }

    fn client(&self, trusts: bool) -> reqwest::Client {
        let pem = std::fs::read(self.folder.join("ca.pem")).expect("the certificate");
        let authority = reqwest::Certificate::from_pem(&pem).expect("a certificate");
        let trusted = if trusts { vec![authority] } else { Vec::new() };
        let builder = reqwest::Client::builder().no_proxy().tls_certs_only(trusted).timeout(Duration::from_mins(1));
        builder.build().expect("a client")
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.address.port())
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn whoever_trusts_the_authority_is_served_by_every_name_of_this_machine() {
    let server = Secure::start(&[]).await;
    let client = server.client(true);
    for host in ["127.0.0.1", "localhost"] {
        let answer = client.get(server.url(host, "/quick")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "quick", "{host}");
    }
    let large = client.get(server.url("127.0.0.1", "/large")).send().await.unwrap();
    assert_eq!(large.bytes().await.unwrap().len(), 5_000_000);
    assert!(server.client(false).get(server.url("localhost", "/quick")).send().await.is_err());
}

#[tokio::test]
async fn what_is_no_handshake_ends_and_others_are_served() {
    let server = Secure::start(&[("head_timeout", "200ms")]).await;
    let mut plain = Raw::connect(server.address).await;
    let mut silent = Raw::connect(server.address).await;
    let mut half = Raw::connect(server.address).await;
    // The beginning of a client's greeting.
    half.say([0x16, 0x03, 0x01, 0x02]).await.unwrap();
    plain.say(a_get("/quick")).await.unwrap();
    assert!(plain.hear().await.is_none(), "nothing is answered in the clear");
    assert!(silent.is_over().await && half.is_over().await);
    let answer = server.client(true).get(server.url("localhost", "/quick")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
