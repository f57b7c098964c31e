//! The plans of the statements of each class, as the server ran them: `--plans FILE` writes them down.

use std::{fs::File, io::Write as _};

use anyhow::Context as _;
use dialogporten::db::Db;
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::heard::{Heard, SETTINGS};

/// Writes plans down, class by class.
pub struct Plans {
    heard: Heard,
    file: File,
}

impl Plans {
    /// From here on the one connection of `db` tells of every statement how it was run.
    ///
    /// # Errors
    /// The file cannot be written; the role may not load the server's module.
    pub async fn begin(file: &str, db: &Db) -> anyhow::Result<Self> {
        let heard = Heard::default();
        tracing_subscriber::registry().with(heard.clone()).init();
        sqlx::raw_sql("load 'auto_explain'").execute(db).await.context("auto_explain")?;
        for (setting, value) in SETTINGS {
            sqlx::query("select set_config($1, $2, false)").bind(setting).bind(value).execute(db).await?;
        }
        let mut file = File::create(file).with_context(|| format!("cannot write {file}"))?;
        let dialogs: i64 = sqlx::query_scalar("select count(*) from dialog").fetch_one(db).await?;
        writeln!(
            file,
            "# Plans of lists\n\n{dialogs} dialogs, warm, for any values. Made by `cargo bench --bench search -- --plans docs/plans/lists.md`."
        )?;
        Ok(Self { heard, file })
    }

    /// Forgets what was heard so far.
    pub fn forget(&self) {
        self.heard.take();
    }

    /// Writes down what was heard since.
    pub fn write(&mut self, class: &str) -> anyhow::Result<()> {
        writeln!(self.file, "\n## {class}\n{}", self.heard.take().trim_end())?;
        Ok(())
    }
}
