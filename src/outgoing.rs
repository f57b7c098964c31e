//! The one place that builds HTTP clients: every call that leaves the service has these time-outs.

use std::time::Duration;

use anyhow::Context;
use reqwest::ClientBuilder;
use url::Url;

/// A client with the time-outs that all outgoing calls have, for hosts like `host`.
pub fn client(host: &Url) -> reqwest::Client {
    // A platform on this machine is never behind the proxy that the environment may name.
    let is_here = matches!(host.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let direct = |builder: ClientBuilder| if is_here { builder.no_proxy() } else { builder };
    built(|builder| {
        direct(builder)
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_mins(1))
            .redirect(reqwest::redirect::Policy::limited(3))
            .user_agent(concat!("dialogporten/", env!("CARGO_PKG_VERSION")))
    })
}

/// A client for questions that may take at most `patience` and are never repeated.
pub fn probe(patience: Duration) -> reqwest::Client {
    built(|builder| builder.timeout(patience))
}

/// A client for this machine itself: plain HTTP, no proxy.
pub fn local(patience: Duration) -> reqwest::Client {
    built(|builder| builder.timeout(patience).no_proxy())
}

/// On a machine without certificates plain HTTP works all the same, and no server is believed to be who it says it is:
/// whoever needs more asks [`trusts_anybody`] at start.
fn built(options: impl Fn(ClientBuilder) -> ClientBuilder) -> reqwest::Client {
    options(reqwest::Client::builder())
        .build()
        .or_else(|_| options(reqwest::Client::builder()).tls_certs_only([]).build())
        .expect("without certificates to load, nothing of a client's making can fail")
}

/// Whether this machine has certificates by which servers can be told.
///
/// # Errors
/// None are found, or they cannot be read; in words for people.
pub fn trusts_anybody() -> anyhow::Result<()> {
    reqwest::Client::builder().build().map(drop).context(
        "no certificates were found by which the platform could be told from an impostor; install them \
         (apt-get install ca-certificates)",
    )
}
