//! `dialogporten token …`: a token of the running sandbox, to be used in scripts.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::Value;
use url::Url;

use crate::{
    outgoing,
    sandbox::mint::{ADMIN_SCOPE, END_USER_SCOPES, SERVICE_OWNER_SCOPES},
};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    who: Who,
    /// Address of the sandbox
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:5123")]
    sandbox: Url,
    /// Print the whole `Authorization` line
    #[arg(long, global = true)]
    header: bool,
    /// Scopes in place of the usual ones, separated by spaces or commas
    #[arg(long, global = true)]
    scopes: Option<String>,
    /// Seconds that the token is good for; negative makes an expired one
    #[arg(long, global = true, default_value_t = 3600, allow_negative_numbers = true)]
    ttl: i64,
}

#[derive(Debug, Subcommand)]
enum Who {
    /// A service owner
    ServiceOwner {
        /// Its code
        #[arg(long)]
        org: String,
        /// Its organization number, for a code that the sandbox's list of owners lacks
        #[arg(long, value_name = "9 DIGITS")]
        number: Option<String>,
        /// With the scope to act for all service owners
        #[arg(long)]
        admin: bool,
    },
    /// An end user
    Person {
        /// 11 digits
        number: String,
        /// How well the login was secured, 1 to 4
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=4))]
        level: u8,
    },
    /// A system that acts for the organization that owns it
    SystemUser {
        /// A UUID
        id: String,
    },
    /// A user who logged in with an e-mail address
    Email { address: String },
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let token = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(fetch(arguments))?;
    if arguments.header {
        println!("Authorization: Bearer {token}");
    } else {
        println!("{token}");
    }
    Ok(())
}

async fn fetch(arguments: &Arguments) -> anyhow::Result<String> {
    let base = arguments.sandbox.as_str().trim_end_matches('/');
    let client = outgoing::local(Duration::from_secs(10));
    let (endpoint, usual, mut query) = match &arguments.who {
        Who::ServiceOwner { org, number, admin } => {
            let number = match number {
                Some(number) => number.clone(),
                None => number_of(&client, base, org).await?,
            };
            let admin = if *admin { format!(" {ADMIN_SCOPE}") } else { String::new() };
            let query = vec![("org", org.clone()), ("orgNo", number)];
            ("GetEnterpriseToken", format!("{SERVICE_OWNER_SCOPES}{admin}"), query)
        }
        Who::Person { number, level } => {
            let query = vec![("pid", number.clone()), ("authLvl", level.to_string())];
            ("GetPersonalToken", END_USER_SCOPES.to_owned(), query)
        }
        Who::SystemUser { id } => {
            ("GetSystemUserToken", END_USER_SCOPES.to_owned(), vec![("systemUserId", id.clone())])
        }
        Who::Email { address } => {
            ("GetSelfRegisteredEmailUserToken", END_USER_SCOPES.to_owned(), vec![("email", address.clone())])
        }
    };
    query.extend([
        // The real token service wants an environment; the sandbox has one.
        ("env", "local".to_owned()),
        ("scopes", arguments.scopes.clone().unwrap_or(usual)),
        ("ttl", arguments.ttl.to_string()),
    ]);
    let answer = client.get(format!("{base}/api/{endpoint}")).query(&query).send().await;
    let answer = answer.with_context(|| nothing_at(base))?;
    let (status, text) = (answer.status(), answer.text().await?);
    if !status.is_success() {
        bail!("the sandbox refuses: {text}");
    }
    Ok(text)
}

async fn number_of(client: &reqwest::Client, base: &str, org: &str) -> anyhow::Result<String> {
    let world = client.get(format!("{base}/sandbox/world")).send().await;
    let world: Value = world.with_context(|| nothing_at(base))?.error_for_status()?.json().await?;
    let owners = world["owners"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(owner) = owners.iter().find(|owner| owner["code"] == org) else {
        let known: Vec<_> = owners.iter().filter_map(|owner| owner["code"].as_str()).collect();
        bail!("the sandbox knows no service owner `{org}`, only {}; another needs --number", known.join(", "));
    };
    Ok(owner["organization"].as_str().context("a service owner has a number")?.to_owned())
}

fn nothing_at(base: &str) -> String {
    format!("no sandbox answers at {base}; start it with `dialogporten dev`, or name it with --sandbox")
}
