//! `dialogporten config explain`.

use anyhow::bail;

use crate::config::Settings;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print every setting, its value and where the value comes from; secrets stay hidden
    Explain,
}

/// # Errors
/// The settings have faults; they are named after the list.
pub fn run(Command::Explain: &Command, settings: &Settings) -> anyhow::Result<()> {
    let entries = settings.explain();
    for entry in &entries {
        println!("{} = {}  # {}", entry.key, entry.shown, entry.source);
    }
    // After the list: who looks for a fault wants to see where each value comes from.
    if let Err(faults) = settings.config() {
        bail!("{faults}");
    }
    Ok(())
}
