//! What existing clients send, letter by letter (chapter 07): each test is named after the client that breaks without it.

mod altinn_app_adapter;
mod arbeidsflate;
mod arbeidsflate_recorded;
mod bruno;
mod correspondence;
mod demo_provider;
mod end_user_systems;
mod nav_fp;
mod nav_hag;
mod readers;
mod sdk;

use crate::harness::Answer;

/// The public address has this before every path.
const PREFIXED: &str = "/dialogporten/api/v1/serviceowner/dialogs";

/// The `ETag` as a strict reader of GUIDs takes it: bare, lower case, with hyphens.
#[track_caller]
fn bare_etag(answer: &Answer) -> String {
    let etag = answer.etag();
    let id: uuid::Uuid = etag.parse().unwrap_or_else(|_| panic!("{etag} is no bare id"));
    assert_eq!(etag, id.to_string());
    etag.to_owned()
}

/// The 201 body as clients read it: text without the quotes around it.
#[track_caller]
fn unquoted(answer: &Answer) -> String {
    let id = answer.text.trim_matches('"').to_owned();
    assert_eq!(answer.text, format!("\"{id}\""));
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    id
}

/// A member name stands once in each object of the text.
fn has_no_duplicate_keys(text: &str) -> bool {
    struct Unique;
    impl<'de> serde::de::Visitor<'de> for Unique {
        type Value = Unique;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON without duplicate keys")
        }
        fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
            Ok(Unique)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
            Ok(Unique)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
            Ok(Unique)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
            Ok(Unique)
        }
        fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
            Ok(Unique)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
            while items.next_element::<Unique>()?.is_some() {}
            Ok(Unique)
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
            let mut names = std::collections::HashSet::new();
            while let Some((name, _)) = members.next_entry::<String, Unique>()? {
                if !names.insert(name) {
                    return Err(serde::de::Error::custom("a name stands twice"));
                }
            }
            Ok(Unique)
        }
    }
    impl<'de> serde::Deserialize<'de> for Unique {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            // Nulls are left out of answers, so there is none to visit.
            deserializer.deserialize_any(Unique)
        }
    }
    serde_json::from_str::<Unique>(text).is_ok()
}
