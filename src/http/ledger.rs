//! What the log is to know of a request besides route and status: who asked, why the answer was no, what was ignored.
//!
//! Filled in where these things are known, read once, where the request's line is written. Nothing in it is of a person: a
//! caller is an organization or a kind of user, a reason is a rule and a place.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderValue;

/// Clones write into the same book.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Noted>>);

/// What was written down.
#[derive(Debug, Default)]
pub struct Noted {
    /// The kind of user; of a service owner its organization, too.
    pub caller: Option<String>,
    /// The policy of the route, where it is the reason.
    pub policy: Option<&'static str>,
    /// The code of the first rule that did not hold.
    pub code: Option<&'static str>,
    /// All of them, with their places, and what would mend the first.
    pub reason: Option<String>,
    /// Names that mean nothing to the operation.
    pub ignored: Vec<Ignored>,
    pub usage: Used,
}

/// By which costs are shared. Organizations and services, no persons.
#[derive(Clone, Debug, Default)]
pub struct Used {
    /// Somebody was let in: an operation was executed.
    pub is_admitted: bool,
    pub is_admin: bool,
    /// The organization that the token was issued to, where it is a service owner.
    pub caller_org: Option<String>,
    pub has_end_user: bool,
    /// What the dialog is about, where one dialog was meant.
    pub service_resource: Option<String>,
}

/// A member or a parameter that means nothing to the operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// As the client wrote it, with its place.
    pub name: String,
    /// The name that was probably meant.
    pub meant: Option<String>,
}

impl Ledger {
    pub fn write(&self, note: impl FnOnce(&mut Noted)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Everything so far; the book is empty afterwards.
    pub fn take(&self) -> Noted {
        // Taken, so that it is told once.
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Most characters of `Dialogporten-Ignored`.
// A header, not a report: proxies bound heads to a few kilobytes.
const MOST: usize = 256;
const MORE: &str = ", ...";

impl Noted {
    /// The names that were ignored as one header value: printable ASCII, with an ellipsis where they are too many.
    pub fn ignored_header(&self) -> Option<HeaderValue> {
        if self.ignored.is_empty() {
            return None;
        }
        let mut line = String::new();
        for ignored in &self.ignored {
            let name: String =
                // A comma separates names, and what is not ASCII is no header value.
                ignored.name.chars().map(|c| if c.is_ascii_graphic() && c != ',' { c } else { '?' }).collect();
            let comma = if line.is_empty() { "" } else { ", " };
            if line.len() + comma.len() + name.len() + MORE.len() > MOST {
                line.push_str(if line.is_empty() { "..." } else { MORE });
                break;
            }
            line.push_str(comma);
            line.push_str(&name);
        }
        HeaderValue::try_from(line).ok()
    }

    /// The same for the log, which repeats nothing that a client wrote: a name could be somebody's. It tells the names that
    /// were meant, and the number of the others.
    pub fn ignored_in_log(&self) -> Option<String> {
        if self.ignored.is_empty() {
            return None;
        }
        let mut meant: Vec<String> =
            self.ignored.iter().filter_map(|ignored| Some(format!("{}?", ignored.meant.as_ref()?))).collect();
        let others = self.ignored.len() - meant.len();
        if others > 0 {
            meant.push(format!("{others} unknown"));
        }
        Some(meant.join(", "))
    }
}

/// A place in a request, if it looks like one.
pub fn loggable(name: &str) -> &str {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte));
    let digits = name.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    // Five digits in a row may be part of a person number; places have indices at most.
    if plain && digits < 5 && name.len() <= 100 { name } else { "?" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-29
    #[test]
    fn the_header_is_short_and_ascii() {
        let header = |names: &[&str]| {
            let ignored = names.iter().map(|&name| Ignored { name: name.to_owned(), meant: None });
            let noted = Noted { ignored: ignored.collect(), ..Noted::default() };
            noted.ignored_header().map(|value| value.to_str().expect("ASCII").to_owned())
        };
        assert_eq!(header(&[]), None);
        assert_eq!(header(&["titel", "staus"]).as_deref(), Some("titel, staus"));
        assert_eq!(header(&["a b,c", "blåbær\r\n"]).as_deref(), Some("a?b?c, bl?b?r??"));
        let long = header(&["x"; 200]).expect("a header");
        assert!(long.len() <= MOST && long.ends_with(", x, ..."), "{long}");
        assert_eq!(header(&[&"y".repeat(300)]).as_deref(), Some("..."));
    }

    /// M-30
    #[test]
    fn the_log_tells_what_was_meant_and_not_what_was_written() {
        let ignored = |name: &str, meant: Option<&str>| Ignored { name: name.into(), meant: meant.map(str::to_owned) };
        let ignored = vec![ignored("staus", Some("status")), ignored("Kari", None), ignored("titel", Some("title"))];
        let noted = Noted { ignored, ..Noted::default() };
        assert_eq!(noted.ignored_in_log().as_deref(), Some("status?, title?, 1 unknown"));
        assert_eq!(Noted::default().ignored_in_log(), None);
    }

    /// M-30
    #[test]
    fn what_could_be_a_person_is_not_logged() {
        for (name, logged) in [
            ("dto.content.value[0].languageCode", true),
            ("If-Match", true),
            ("transmissions[9999].x", true),
            ("08844397713", false),
            ("per@example.com", false),
            ("Kari Nordmann", false),
        ] {
            assert_eq!(loggable(name) == name, logged, "{name}");
        }
    }
}
