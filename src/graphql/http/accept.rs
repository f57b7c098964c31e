//! `Accept`, as GraphQL over HTTP reads it (chapter 02 §9.1): which of three forms an answer has.

use axum::http::{HeaderMap, header};

use crate::graphql::errors::{Malformed, Rejected};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/graphql-response+json`: the status tells whether the document was executed.
    Response,
    /// `application/json`: nearly everything is 200.
    Json,
    /// `text/event-stream`: everything is 200 and one frame.
    Events,
}

/// What a client takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    anything: bool,
    any_text: bool,
    response: bool,
    json: bool,
    events: bool,
    parts: bool,
    html: bool,
}

impl Accepted {
    /// What the headers say. Entries with a weight of zero allow nothing.
    ///
    /// # Errors
    /// An entry is no media type.
    pub fn of(headers: &HeaderMap) -> Result<Self, Rejected> {
        let mut accepted = Self::default();
        let mut is_empty = true;
        for value in headers.get_all(header::ACCEPT) {
            let text = String::from_utf8_lossy(value.as_bytes());
            for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
                is_empty = false;
                accepted
                    // A hundred characters of what was sent, as the answer repeats it.
                    .add(entry)
                    .ok_or_else(|| Rejected::Request(Malformed::AcceptUnreadable(entry.chars().take(100).collect())))?;
            }
        }
        // Without the header the newer form is the answer, not JSON (GQ-011).
        Ok(if is_empty { Self { response: true, ..Self::default() } } else { accepted })
    }

    fn add(&mut self, entry: &str) -> Option<()> {
        let mut parts = entry.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        if kind.is_empty() || subtype.is_empty() {
            return None;
        }
        for parameter in parts.filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=')?;
            // Other weights change nothing: which form comes first is the contract's order, not the client's (§9.1).
            if name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>().ok()? == 0.0 {
                return Some(());
            }
        }
        match (kind.to_ascii_lowercase().as_str(), subtype.to_ascii_lowercase().as_str()) {
            ("*", "*") => self.anything = true,
            // `application/*` means the newer form too (chapter 02 §9.1).
            ("application", "*" | "graphql-response+json") => self.response = true,
            ("application", "json") => self.json = true,
            ("text", "*") => self.any_text = true,
            ("text", "event-stream") => self.events = true,
            ("text", "html") => self.html = true,
            ("multipart", "mixed") => self.parts = true,
            // Types that there are no answers in are allowed beside others; alone they end in 406.
            _ => {}
        }
        Some(())
    }

    /// The form of a single answer.
    ///
    /// # Errors
    /// The client takes none of them.
    pub fn form(self) -> Result<Form, Rejected> {
        // The order is the contract's: axios sends `application/json, text/plain, */*` and gets the newer form
        // (GQ-011).
        if self.anything || self.response {
            Ok(Form::Response)
        } else if self.json {
            Ok(Form::Json)
        } else if self.events || self.any_text {
            Ok(Form::Events)
        } else {
            Err(Rejected::Request(Malformed::NotAcceptable))
        }
    }

    /// Whether answers may come as parts of one: nothing is answered so, but subscriptions asked so have a refusal of their own.
    pub fn takes_parts(self) -> bool {
        self.parts
    }

    /// Whether a browser wants a page.
    pub fn takes_html(self) -> bool {
        self.html
    }

    /// Whether answers may come one after the other.
    pub fn takes_events(self) -> bool {
        // Wider than `form`: for a subscription `*/*` means events, for anything else the newer form (§9.6).
        self.events || self.anything || self.any_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GQ-011, GQ-016
    #[test]
    fn the_form_follows_from_what_is_taken() {
        use Form::{Events, Json, Response};
        for (accept, form, events) in [
            ("", Some(Response), false),
            ("*/*", Some(Response), true),
            ("application/*", Some(Response), false),
            ("application/json, text/plain, */*", Some(Response), true),
            ("application/json", Some(Json), false),
            ("application/json; charset=utf-8", Some(Json), false),
            ("application/json, application/graphql-response+json", Some(Response), false),
            ("application/graphql-response+json", Some(Response), false),
            ("text/event-stream", Some(Events), true),
            ("Text/Event-Stream;q=0.5", Some(Events), true),
            ("text/*", Some(Events), true),
            ("application/json, text/event-stream", Some(Json), true),
            ("multipart/mixed", None, false),
            ("text/html", None, false),
            ("application/json;q=0", None, false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Response), true),
        ] {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(header::ACCEPT, accept.parse().expect("a header's value"));
            }
            let accepted = Accepted::of(&headers).expect("a readable header");
            assert_eq!((accepted.form().ok(), accepted.takes_events()), (form, events), "{accept}");
        }
        for accept in ["nonsense", "application/json, /", "application/json;q=x", "a/b;c"] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().expect("a header's value"))]);
            let refused = Accepted::of(&headers).expect_err("no media type");
            assert!(matches!(refused, Rejected::Request(Malformed::AcceptUnreadable(_))), "{accept}");
        }
    }
}
