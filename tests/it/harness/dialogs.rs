//! Bodies of requests, as small as they are accepted. A test changes what it is about.

use dialogporten::domain::ids::v7_at;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{PERSON, RESOURCE};

/// The smallest dialog of the default end user on the usual resource.
pub fn simple_dialog() -> Value {
    json!({
        "serviceResource": RESOURCE,
        "party": format!("urn:altinn:person:identifier-no:{PERSON}"),
        "status": "NotApplicable",
        "content": {
            "title": text("Skjema for rapportering"),
            "summary": text("Et sammendrag"),
        },
    })
}

/// The same for an organization.
pub fn simple_dialog_for(organization: &str) -> Value {
    simple_dialog().with("party", format!("urn:altinn:organization:identifier-no:{organization}"))
}

/// Plain text in one language, as `content` takes it.
pub fn text(value: &str) -> Value {
    json!({ "mediaType": "text/plain", "value": localized(value) })
}

/// Text in one language.
pub fn localized(value: &str) -> Value {
    json!([{ "languageCode": "nb", "value": value }])
}

/// A transmission from the service owner.
pub fn simple_transmission() -> Value {
    json!({
        "type": "Information",
        "sender": { "actorType": "ServiceOwner" },
        "content": { "title": text("En forsendelse"), "summary": text("Om forsendelsen") },
    })
}

/// An activity of the service owner.
pub fn simple_activity(kind: &str) -> Value {
    let mut activity = json!({ "type": kind, "performedBy": { "actorType": "ServiceOwner" } });
    if kind == "Information" {
        activity["description"] = localized("Noe har skjedd");
    }
    activity
}

/// A fresh id of version 7, made at the present time of the system.
pub fn fresh_id() -> Uuid {
    v7_at(dialogporten::clock::Clock::system().now())
}

/// Small changes of JSON. A path is members and numbers of items, separated by dots: `content.title.value.0.value`.
pub trait Edit: Sized {
    /// The same with this value at `path`; objects on the way are made if they are missing.
    fn with(self, path: &str, value: impl Into<Value>) -> Self;
    /// The same without what is at `path`.
    fn without(self, path: &str) -> Self;
    /// The same with one more item at the end of the list at `path`, which is made if it is missing.
    fn and(self, path: &str, item: impl Into<Value>) -> Self;
}

impl Edit for Value {
    fn with(mut self, path: &str, value: impl Into<Value>) -> Self {
        *place(&mut self, path) = value.into();
        self
    }

    fn without(mut self, path: &str) -> Self {
        let (parent, last) = match path.rsplit_once('.') {
            Some((parent, last)) => (place(&mut self, parent), last),
            None => (&mut self, path),
        };
        match parent {
            Value::Object(members) => drop(members.remove(last)),
            Value::Array(items) => drop(items.remove(last.parse().expect("number of an item"))),
            other => panic!("nothing to remove in {other} at {path}"),
        }
        self
    }

    fn and(mut self, path: &str, item: impl Into<Value>) -> Self {
        let list = place(&mut self, path);
        if list.is_null() {
            *list = json!([]);
        }
        list.as_array_mut().expect("a list").push(item.into());
        self
    }
}

fn place<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('.').fold(value, |value, step| match step.parse::<usize>() {
        Ok(item) => &mut value[item],
        Err(_) => &mut value[step],
    })
}
