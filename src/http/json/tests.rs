use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{parse_json, text::Checked};
use crate::{
    domain::{system_label::SystemLabel, violations::Violations, wire_enum::Given},
    http::Timestamp,
};

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Letter {
    id: Option<Uuid>,
    sent_at: Option<Timestamp>,
    pages: i32,
    weight: f64,
    registered: bool,
    label: Option<Given<SystemLabel>>,
    plain_label: Option<SystemLabel>,
    title: Option<Title>,
    copies: Vec<Letter>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Title {
    value: Vec<Text>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    language_code: String,
    value: String,
}

fn letter(text: &str) -> Result<Letter, Violations> {
    parse_json(text.as_bytes())
}

fn key_of(text: &str) -> String {
    let found = letter(text).expect_err("refused");
    let keys: Vec<_> = found.entries().map(|(key, _)| key.to_owned()).collect();
    assert_eq!(keys.len(), 1, "the first mistake only");
    keys.concat()
}

#[test]
fn names_match_in_any_case_and_the_last_counts() {
    let read = letter(r#" {"PAGES": 1, "pages": "2", "unknown": {"pages": [3]}, "PaGeS": 4} "#).expect("accepted");
    assert_eq!(read.pages, 4);
    let read = letter(r#"{"pages":"x","pages":7}"#).expect("an overridden duplicate is not read");
    assert_eq!(read.pages, 7);
}

#[test]
fn scalars_follow_the_contract() {
    let id = "0196C0DE-0000-7000-8000-000000000001";
    assert_eq!(letter(&json!({"id": id}).to_string()).expect("accepted").id, Some(id.parse().expect("a UUID")));
    for id in [
        "0196c0de000070008000000000000001",
        "{0196c0de-0000-7000-8000-000000000001}",
        "urn:uuid:0196c0de-0000-7000-8000-000000000001",
    ] {
        assert_eq!(key_of(&json!({"id": id}).to_string()), "id", "{id}");
    }
    assert_eq!(letter(r#"{"weight":"1.5","pages":"-3"}"#).map(|l| (l.weight, l.pages)), Ok((1.5, -3)));
    for text in [
        r#"{"pages":1.0}"#,
        r#"{"pages":1e2}"#,
        r#"{"pages":"+1"}"#,
        r#"{"pages":""}"#,
        r#"{"pages":null}"#,
        r#"{"pages":2147483648}"#,
        r#"{"pages":true}"#,
        r#"{"pages":[]}"#,
    ] {
        assert_eq!(key_of(text), "pages", "{text}");
    }
    for text in [r#"{"registered":"true"}"#, r#"{"registered":1}"#, r#"{"registered":null}"#] {
        assert_eq!(key_of(text), "registered", "{text}");
    }
    for text in [r#"{"weight":"inf"}"#, r#"{"weight":"NaN"}"#, r#"{"weight":1e999}"#] {
        assert_eq!(key_of(text), "weight", "{text}");
    }
    assert_eq!(key_of(r#"{"title":{"value":[{"languageCode":1,"value":""}]}}"#), "title.value[0].languageCode");
}

#[test]
fn enums_come_by_name_or_number() {
    let label = |text: &str| letter(text).map(|letter| letter.label);
    assert_eq!(label(r#"{"label":"ARCHIVE"}"#), Ok(Some(Given::Known(SystemLabel::Archive))));
    assert_eq!(label(r#"{"label":2}"#), Ok(Some(Given::Known(SystemLabel::Bin))));
    assert_eq!(label(r#"{"label":77}"#), Ok(Some(Given::Undefined(77))));
    assert_eq!(label(r#"{"label":null}"#), Ok(None));
    assert_eq!(key_of(r#"{"label":"Attic"}"#), "label");
    assert_eq!(letter(r#"{"plainLabel":"bin"}"#).map(|l| l.plain_label), Ok(Some(SystemLabel::Bin)));
    assert_eq!(key_of(r#"{"plainLabel":"attic"}"#), "plainLabel");
}

#[test]
fn refusals_name_the_place() {
    assert_eq!(
        key_of(
            r#"{"copies":[{},{"Title":{"VALUE":[{"languageCode":"nb","value":"a"},{"languageCode":"en","value":null}]}}]}"#
        ),
        "copies[1].title.value[1].value"
    );
    assert_eq!(key_of(r#"{"title":{"value":[{"value":"a"}]}}"#), "title.value[0]");
    assert_eq!(key_of(r#"{"copies":null}"#), "copies");
    assert_eq!(key_of(r#"{"title":[]}"#), "title");
    for whole in [
        "",
        "  ",
        "null",
        "[]",
        "\"x\"",
        "{",
        "{}}",
        "{'id':1}",
        "{\"id\":1,}",
        "// x\n{}",
        "\u{feff}x",
        "{\"a\":\"\\ud800\"}",
    ] {
        assert_eq!(key_of(whole), "SerializerErrors", "{whole}");
    }
    assert_eq!(letter("\u{feff}{}"), Ok(Letter::default()));
    let found = letter(r#"{"sentAt":"2031-04-05T06:07:08"}"#).expect_err("no offset");
    insta::assert_json_snapshot!(found, @r#"
    {
      "sentAt": [
        "The JSON value could not be converted to System.DateTimeOffset. Expected explicit offset postfix. For example '+00:00', '-05:00', 'Z'. Got '2031-04-05T06:07:08'."
      ]
    }
    "#);
    let found = letter("{\n  \"id\": flase}").expect_err("malformed");
    insta::assert_json_snapshot!(found, @r#"
    {
      "SerializerErrors": [
        "The text holds a character that JSON does not allow here. LineNumber: 1 | BytePositionInLine: 9."
      ]
    }
    "#);
}

#[test]
fn nesting_ends_at_64() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Checked::new(nested(64).as_bytes()).is_ok());
    assert!(Checked::new(nested(65).as_bytes()).is_err());
    assert!(Checked::new("[".repeat(10_000_000).as_bytes()).is_err());
}

#[test]
fn millions_of_empty_objects_do_not_become_gigabytes() {
    let body = format!("{{\"copies\":[{}{{}}]}}", "{},".repeat(2_000_000));
    assert_eq!(key_of(&body), "copies");
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Eighths are exact; `serde_json` rounds others by one place now and then.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Texts that look like JSON more often than chance would have it.
fn nearly_json() -> impl Strategy<Value = String> {
    let pieces = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "d83d", "\\ude00", "0", "-", "1", ".", "e", "null", "true",
        " ", "\n", "é", "\"a\"", "\u{1}",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Valid documents mean what `serde_json` says they mean, compact or indented.
    #[test]
    fn documents_are_read_as_serde_json_reads_them(document in documents(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.expect("printable");
        if document.is_null() {
            prop_assert!(parse_json::<Value>(text.as_bytes()).is_err());
        } else {
            let expected: Value = serde_json::from_str(&text).expect("valid");
            prop_assert_eq!(parse_json::<Value>(text.as_bytes()), Ok(expected));
        }
    }

    /// The syntax check agrees with `serde_json` on what is JSON at all; nothing breaks either pass.
    #[test]
    fn syntax_is_judged_as_serde_json_judges_it(text in nearly_json()) {
        let theirs = serde_json::from_str::<Value>(&text);
        // An exponent of many digits is correct JSON; only who wants a number of it finds out that there is none.
        let huge = theirs.as_ref().is_err_and(|error| error.to_string().starts_with("number out of range"));
        prop_assert_eq!(Checked::new(text.as_bytes()).is_ok(), theirs.is_ok() || huge, "{}", text);
        let _ = letter(&text);
        // `-0` is an integer for us and a float for them.
        if let (Ok(ours), Ok(theirs), false) = (parse_json::<Value>(text.as_bytes()), theirs, text.contains("-0")) {
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn arbitrary_bytes_break_nothing(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = (parse_json::<Letter>(&bytes), parse_json::<Value>(&bytes));
    }
}
