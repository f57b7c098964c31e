//! `dialogporten keys new`: the keys that sign dialog tokens.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::KeyPair;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print fresh primary and secondary keys as settings (TOML)
    New {
        /// Write them to this file, which only its owner may read, instead of printing them
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub fn run(Command::New { out }: &Command) -> anyhow::Result<()> {
    let settings = settings()?;
    match out {
        None => print!("{settings}"),
        Some(file) => {
            write_private(file, &settings)?;
            eprintln!("written to {}; name it with --config, or copy its lines to your settings file", file.display());
        }
    }
    Ok(())
}

/// Both pairs as the settings hold them. The kid tells keys of different times apart, so that a rotation can be followed.
fn settings() -> anyhow::Result<String> {
    let pair = |name: &str| -> Value {
        // Eight digits of a random UUID: enough to tell a handful of keys apart.
        let kid = format!("{name}-{}", &Uuid::new_v4().simple().to_string()[..8]);
        let key = KeyPair::generate(&kid);
        json!({"kid": kid, "private": key.private().expose_secret(), "public": key.public_base64()})
    };
    let settings = json!({"dialogporten": {"primary": pair("primary"), "secondary": pair("secondary")}});
    toml::to_string(&settings).context("write the settings")
}

/// Writes a file that nobody else may read.
///
/// # Errors
/// It exists, and keys that may be in use would be lost; or it cannot be written.
fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut opened = opened.with_context(|| format!("cannot make {}", file.display()))?;
    opened.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))
}
