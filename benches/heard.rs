//! What the server says of its plans: notices, which reach the client, and those the subscriber. Of the benchmark of lists and of
//! the test that writes the plans of requests down.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{Event, Subscriber, field::Field, field::Visit};
use tracing_subscriber::{Layer, layer::Context};

/// What makes a session that has loaded `auto_explain` tell how every statement was run.
pub const SETTINGS: [(&str, &str); 7] = [
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_buffers", "on"),
    ("auto_explain.log_timing", "off"),
    ("auto_explain.log_nested_statements", "on"),
    ("auto_explain.log_level", "notice"),
    ("client_min_messages", "notice"),
];

#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    /// What was heard since the last time: each plan below the name of its statement.
    pub fn take(&self) -> String {
        let mut text = String::new();
        for told in std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            // Without the time, which is another each time, and the text, which is long.
            let Some((_, plan)) = told.split_once("Query Text: ") else { continue };
            let name = plan.split("*/").next().unwrap_or_default().trim_start_matches("/*").trim();
            let name = name.lines().next().unwrap_or_default();
            let lines: Vec<&str> = plan.lines().skip_while(|line| !line.contains("(cost=")).collect();
            let _ = writeln!(text, "\n{name}\n```\n{}\n```", lines.join("\n"));
        }
        text
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
