//! The second listener of `dev` and `sandbox`: everything that the first one answers, over https.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use super::{certificates::Authority, run::address};
use crate::{
    clock::Clock,
    config,
    server::{self, Lifecycle, Listening, Stage},
};

/// How far its port lies from the first one's unless somebody says otherwise.
const BESIDE: u16 = 20;

/// A listener that can be served from, and how others find and trust it.
pub struct Https {
    pub listening: Listening,
    pub at: Place,
}

/// Where https answers, and what to trust.
#[derive(Clone, Debug)]
pub struct Place {
    /// Without a final slash.
    pub url: String,
    /// The authority's certificate.
    pub certificate: PathBuf,
}

impl Https {
    pub fn parts(self) -> (Listening, Place) {
        (self.listening, self.at)
    }
}

impl Place {
    /// The line by which Node trusts it.
    pub fn line_for_node(&self) -> String {
        format!("NODE_EXTRA_CA_CERTS={}", self.certificate.display())
    }
}

/// Listens at `wanted`, or beside the first listener at `first`; with an authority kept in `folder`. Nothing if nobody named
/// a place and the usual one is taken: everything but the inbox does without.
///
/// # Errors
/// A place that was named and cannot be had, files that cannot be read or written.
pub async fn listen(
    wanted: Option<SocketAddr>,
    first: SocketAddr,
    base: Option<&Url>,
    folder: &Path,
) -> anyhow::Result<Option<Https>> {
    let usual =
        // Port 0 asks for any free one, and gets any free one here too.
        SocketAddr::new(first.ip(), if first.port() == 0 { 0 } else { first.port().checked_add(BESIDE).unwrap_or(0) });
    let place = wanted.unwrap_or(usual);
    let tcp = match TcpListener::bind(place).await {
        Ok(tcp) => tcp,
        Err(error) if wanted.is_none() && error.kind() == ErrorKind::AddrInUse => {
            tracing::warn!("{place} is taken, so nothing answers over https; --https-listen names another address");
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot listen on {place} for https")),
    };
    let mut url = address(None, tcp.local_addr()?)?;
    // Clients that call the first listener by a name call this one by the same.
    let host = base.and_then(Url::host_str);
    url.set_host(host.or(url.host_str().map(str::to_owned).as_deref()))?;
    let url = url.as_str().replacen("http://", "https://", 1).trim_end_matches('/').to_owned();
    let authority = Authority::of(folder).context("the certificate authority for https")?;
    // Browsers go by the machine's clock, whatever the sandbox's says.
    let tls = authority.acceptor(host, Clock::system().now())?;
    let certificate = std::path::absolute(&authority.certificate)?;
    Ok(Some(Https { listening: Listening::over_tls(tcp, tls), at: Place { url, certificate } }))
}

/// Answers over https as well, until the first listener is asked to stop.
pub fn serve_also(
    secure: Option<Listening>,
    router: &Router,
    limits: config::Server,
    lifecycle: &Lifecycle,
) -> Option<JoinHandle<()>> {
    let (router, lifecycle) = (router.clone(), lifecycle.clone());
    secure.map(|listening| {
        tokio::spawn(async move {
            let stages = lifecycle.clone();
            server::run(listening, router, &limits, lifecycle, async move { stages.reached(Stage::Draining).await })
                .await;
        })
    })
}
