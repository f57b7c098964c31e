//! `GET /sandbox/messages`: what the platform would have sent to somebody's mailbox or telephone.

use std::collections::VecDeque;

use axum::{extract::State, response::Response};
use serde::Serialize;

use super::{Sandbox, lock, wire};
use crate::domain::Instant;

/// So many are kept; older ones go.
const KEPT: usize = 1_000;

/// Messages, oldest first.
#[derive(Default)]
pub struct Messages(VecDeque<Message>);

#[derive(Clone, Debug, Serialize)]
pub struct Message {
    pub at: Instant,
    /// `Email` or `Sms`.
    pub kind: &'static str,
    pub to: String,
    pub text: String,
}

impl Messages {
    pub fn send(&mut self, message: Message) {
        self.0.push_back(message);
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }
}

pub async fn show(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&lock(&sandbox.0.messages).0)
}
