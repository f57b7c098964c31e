//! The one place that builds HTTP clients: every call that leaves the service has these time-outs.

use std::time::Duration;

use anyhow::Context;
use reqwest::{ClientBuilder, redirect::Policy};
use url::{Host, Url};

/// A client with the time-outs that all outgoing calls have, for hosts like `host`.
pub fn client(host: &Url) -> reqwest::Client {
    // A platform on this machine is never behind the proxy that the environment may name.
    let is_here = is_this_machine(host);
    let direct = |builder: ClientBuilder| if is_here { builder.no_proxy() } else { builder };
    built(|builder| {
        direct(builder)
            // Far below the minute for a whole call: whoever does not take the connection by then is not there.
            .connect_timeout(Duration::from_secs(5))
            // The last resort: .NET would wait 100 s (chapter 05).
            .timeout(Duration::from_mins(1))
            .user_agent(concat!("dialogporten/", env!("CARGO_PKG_VERSION")))
    })
}

/// A client for posts to `host` that may take at most `patience`. A redirect is an answer like any other.
pub fn unredirected(host: &Url, patience: Duration) -> reqwest::Client {
    let is_here = is_this_machine(host);
    built(|builder| {
        let builder =
            builder.connect_timeout(patience.min(Duration::from_secs(5))).timeout(patience).redirect(Policy::none());
        if is_here { builder.no_proxy() } else { builder }
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
    let builder = || options(reqwest::Client::builder().redirect(within_origin()));
    builder()
        .build()
        .or_else(|_| builder().tls_certs_only([]).build())
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

/// Redirects within one origin are followed. Another one would get what was meant for the first: keys, person numbers.
pub fn within_origin() -> Policy {
    const MOST: usize = 3;
    Policy::custom(|attempt| {
        let asked = attempt.previous().first().map(Url::origin);
        // Three are enough for a moved path and a final slash; more is a circle.
        if attempt.previous().len() <= MOST && asked.is_some_and(|asked| asked == attempt.url().origin()) {
            attempt.follow()
        } else {
            // The redirect itself is the answer then, which is none that anybody can use.
            attempt.stop()
        }
    })
}

/// Whether nobody is in between who could read along.
pub fn is_this_machine(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        http::{StatusCode, header::LOCATION},
        routing::any,
    };
    use tokio::net::TcpListener;

    use super::*;

    async fn serve(router: Router) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        address
    }

    /// M-24: what is sent to one origin is sent to no other, whoever says so.
    #[tokio::test]
    async fn redirects_are_followed_within_one_origin() {
        let other = serve(Router::new().fallback(|| async { "taken" })).await;
        let to = |place: String| move || async move { (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, place)]) };
        let router = Router::new()
            .route("/away", any(to(other.join("/x").unwrap().to_string())))
            .route("/near", any(to("/here".to_owned())))
            .route("/round", any(to("/round".to_owned())))
            .route("/here", any(|| async { "here" }));
        let origin = serve(router).await;
        for client in [client(&origin), probe(Duration::from_secs(10)), local(Duration::from_secs(10))] {
            for (path, status, text) in [("/away", 307, ""), ("/near", 200, "here"), ("/round", 307, "")] {
                let answer = client.post(origin.join(path).unwrap()).body("08844397713").send().await.unwrap();
                assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (status, text), "{path}");
            }
        }
    }

    #[test]
    fn only_this_machine_is_this_machine() {
        for (address, is_here) in [
            ("http://localhost:1", true),
            ("http://dp.localhost", true),
            ("http://127.1.2.3", true),
            ("http://[::1]:5", true),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
            ("http://[fe80::1]", false),
        ] {
            assert_eq!(is_this_machine(&address.parse().unwrap()), is_here, "{address}");
        }
    }
}
