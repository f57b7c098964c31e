//! `dialogporten sandbox`: the local platform alone, for a service that runs elsewhere.

use std::{io::Write, net::SocketAddr, path::PathBuf, time::Instant};

use anyhow::Context;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::json;
use url::Url;

use super::{Common, listen, log};
use crate::{
    clock::Clock,
    config::{KeyPair, Source},
    dev::{
        https::{self, Https, serve_also},
        run::{address, refuse_exposure, without_drain, world, write_at_once},
    },
    sandbox::{Sandbox, keys::KeyName, numbers},
    server::{self, Lifecycle},
};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5124", value_parser = listen::address)]
    listen: SocketAddr,
    /// Where to answer over https as well
    #[arg(long, value_name = "ADDRESS", value_parser = listen::address, requires = "keys")]
    https_listen: Option<SocketAddr>,
    /// The address that callers use, if it is not the one listened on
    #[arg(long, value_name = "URL")]
    base_url: Option<Url>,
    /// World to start with: a shipped one (default, bare) or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "bare")]
    scenario: String,
    /// Where keys are kept; without it they are made anew at each start
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
    /// Written in one step when everything answers: addresses as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Written with everything that `serve --config` needs to use this platform, fresh signing keys included; what is left to
    /// give is `database.url` and `dialogporten.base_uri`
    #[arg(long, value_name = "FILE")]
    settings_file: Option<PathBuf>,
    /// Listen on more than loopback although anybody who reaches the sandbox can act as anybody
    #[arg(long)]
    expose_sandbox_to_network: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print synthetic numbers with valid check digits, one a line
    Number {
        kind: Kind,
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        count: u32,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    Person,
    Organization,
}

pub fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<()> {
    match &arguments.command {
        Some(Command::Number { kind, count }) => print_numbers(*kind, *count),
        None => serve(arguments, common),
    }
}

fn print_numbers(kind: Kind, count: u32) -> anyhow::Result<()> {
    let kind = match kind {
        Kind::Person => numbers::Kind::Person,
        Kind::Organization => numbers::Kind::Organization,
    };
    let mut out = std::io::stdout().lock();
    for _ in 0..count {
        writeln!(out, "{}", numbers::synthetic(kind))?;
    }
    Ok(())
}

fn serve(arguments: &Arguments, common: &Common) -> anyhow::Result<()> {
    let started = Instant::now();
    for listen in std::iter::once(arguments.listen).chain(arguments.https_listen) {
        // Before anything listens, for both addresses.
        refuse_exposure(listen, arguments.expose_sandbox_to_network)?;
    }
    let mut settings = common.settings();
    if !settings.is_changed("log.filter") {
        settings.put("log.filter", "warn", Source::Sandbox);
    }
    log::start(&settings.log()?);
    // No load balancer has to notice that it ends.
    let server = without_drain(settings.server()?);
    let world = world(&arguments.scenario)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener =
            server::bind(arguments.listen).with_context(|| format!("cannot listen on {}", arguments.listen))?;
        let base = address(arguments.base_url.as_ref(), listener.local_addr()?)?;
        let sandbox = Sandbox::new(world, Clock::system(), arguments.keys.as_deref(), &base)?;
        let router = sandbox.router();
        let (secure, https) = match arguments.https_listen.zip(arguments.keys.as_deref()) {
            Some((place, keys)) => {
                https::listen(Some(place), arguments.listen, arguments.base_url.as_ref(), keys).await?
            }
            None => None,
        }
        .map(Https::parts)
        .unzip();
        let lifecycle = Lifecycle::default();
        let also = serve_also(secure, &router, server, &lifecycle);
        let serving = tokio::spawn(async move {
            server::run(listener, router, &server, lifecycle, server::drain::stop_asked()).await;
        });
        if let Some(file) = &arguments.settings_file {
            write_at_once(file, &settings_for_serve(&sandbox)?)?;
        }
        if let Some(file) = &arguments.ready_file {
            let addresses = json!({
                "base_url": sandbox.base(),
                "token_url": sandbox.token_url(),
                "https_url": https.as_ref().map(|https: &https::Place| &https.url),
                "node_extra_ca_certs": https.as_ref().map(|https| &https.certificate),
                "started_ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            });
            write_at_once(file, &addresses.to_string())?;
        }
        // Whoever started this may have stopped reading; that is no reason to end.
        let _ = writeln!(std::io::stdout(), "the sandbox is ready at {}/sandbox", sandbox.base());
        if let Some(https) = &https {
            let _ = writeln!(std::io::stdout(), "over https at {}; {}", https.url, https.line_for_node());
        }
        serving.await.context("serving")?;
        if let Some(also) = also {
            also.await.context("serving over https")?;
        }
        Ok(())
    })
}

/// The platform's part of the settings of a service that uses this sandbox, as TOML.
fn settings_for_serve(sandbox: &Sandbox) -> anyhow::Result<String> {
    let base = sandbox.base();
    let key = |kid: &str| {
        let key = KeyPair::generate(kid);
        json!({"kid": kid, "private": key.private().expose_secret(), "public": key.public_base64()})
    };
    let issuer = |(name, key): (&str, KeyName)| json!({"name": name, "well_known": format!("{}/.well-known/openid-configuration", sandbox.issuer(key))});
    let issuers =
        [("Maskinporten", KeyName::Maskinporten), ("Altinn", KeyName::Altinn), ("Idporten", KeyName::Idporten)]
            .map(issuer);
    let root = format!("{}/", base.trim_end_matches('/'));
    let settings = json!({
        "dialogporten": {"primary": key("primary"), "secondary": key("secondary")},
        "authentication": {"issuers": issuers},
        // Only if it is needed: a sandbox over https should not loosen the rule.
        "outgoing": {"allow_plain_http": root.starts_with("http://")},
        "altinn": {"base_uri": root, "events_base_uri": root, "cdn_base_uri": root, "allow_sandbox": true},
        "maskinporten": {
            "token_uri": format!("{root}token"),
            "audience": root,
            "exchange_uri": format!("{root}authentication/api/v1/exchange/maskinporten"),
            "client_id": "dialogporten",
            "encoded_jwk": sandbox.maskinporten_jwk(),
        },
    });
    toml::to_string(&settings).context("write the settings")
}
