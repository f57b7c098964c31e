//! The plans of the statements of each class, as the server ran them: `--plans FILE` writes them down.

use std::{
    fmt::Debug,
    fs::File,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use dialogporten::db::Db;
use tracing::{Event, Subscriber, field::Field, field::Visit};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// What the server says of its plans reaches the client as notices, and those the subscriber.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

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
        sqlx::raw_sql(
            "load 'auto_explain';
             set auto_explain.log_min_duration = 0;
             set auto_explain.log_analyze = on;
             set auto_explain.log_buffers = on;
             set auto_explain.log_timing = off;
             set auto_explain.log_level = notice;
             set client_min_messages = notice",
        )
        .execute(db)
        .await
        .context("auto_explain")?;
        let mut file = File::create(file).with_context(|| format!("cannot write {file}"))?;
        writeln!(
            file,
            "# Plans of lists\n\nMade by `cargo bench --bench search -- --plans docs/plans/lists.md`, warm, for any values."
        )?;
        Ok(Self { heard, file })
    }

    /// Forgets what was heard so far.
    pub fn forget(&self) {
        self.heard.take();
    }

    /// Writes down what was heard since.
    pub fn write(&mut self, class: &str) -> anyhow::Result<()> {
        writeln!(self.file, "\n## {class}")?;
        for plan in self.heard.take() {
            // Without the time, which is another each time, and the text, which is long.
            let Some((_, plan)) = plan.split_once("Query Text: ") else { continue };
            let name = plan.split("*/").next().unwrap_or_default().trim_start_matches("/*").trim();
            let lines: Vec<&str> = plan.lines().skip_while(|line| !line.contains("(cost=")).collect();
            writeln!(self.file, "\n{name}\n```\n{}\n```", lines.join("\n"))?;
        }
        Ok(())
    }
}

impl Heard {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }

            fn record_str(&mut self, field: &Field, value: &str) {
                if field.name() == "message" {
                    value.clone_into(&mut self.0);
                }
            }
        }
        if event.metadata().target() == "sqlx::postgres::notice" {
            let mut message = Message(String::new());
            event.record(&mut message);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.0);
        }
    }
}
