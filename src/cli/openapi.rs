//! `openapi`: writes the API documents, as the code describes the operations now.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::{
    openapi::{Audience, document},
    router::operations,
};

/// What `openapi` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder to write to
    #[arg(default_value = "openapi", value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes the three documents.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    for audience in Audience::ALL {
        let file = arguments.folder.join(audience.file());
        let text = serde_json::to_string_pretty(&document(audience, &operations(), None))? + "\n";
        std::fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
        println!("{}", file.display());
    }
    Ok(())
}
