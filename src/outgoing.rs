//! The one place that builds HTTP clients: every call that leaves the service has these time-outs.

use std::time::Duration;

use url::Url;

/// A client with the time-outs that all outgoing calls have, for hosts like `host`.
pub fn client(host: &Url) -> reqwest::Client {
    let mut builder = reqwest::Client::builder();
    // A platform on this machine is never behind the proxy that the environment may name.
    if matches!(host.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        builder = builder.no_proxy();
    }
    builder
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_mins(1))
        .redirect(reqwest::redirect::Policy::limited(3))
        .user_agent(concat!("dialogporten/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a client without special settings can be built")
}
