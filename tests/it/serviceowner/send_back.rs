//! Whatever a dialog was created with is accepted when it is sent back, and changes nothing.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::writes::{LEGACY_HTML, path, sent_back, silently};
use crate::{
    attack::hold,
    harness::{Edit, fresh_id, simple_dialog},
};

/// Texts at the edges of the rules and of their normal forms.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ \u{a0}]{0,2}[a-zA-ZæøåÆØÅİẞΣǅ0-9_-]{1,8}[ \u{3000}]{0,2}",
        1 => "\\PC{1,70}",
        1 => (1_usize..130).prop_map(|n| "İ".repeat(n)),
        1 => Just("   ".to_owned()),
    ]
}

fn language() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["nb", "NB_no", " nn-NO ", "en", "en_GB", "se", "\u{212a}a", "no"])
}

fn localized() -> impl Strategy<Value = Value> {
    prop::collection::vec((language(), word()), 0..4).prop_map(|texts| {
        texts.into_iter().map(|(code, value)| json!({"languageCode": code, "value": value})).collect::<Vec<_>>().into()
    })
}

fn address() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "https://example.com",
        "HTTPS://EXAMPLE.com:443/A?b#c",
        "https://blåbær.no/æ",
        "https://example.com/a b",
        " https://example.com",
        "https://example.com./",
        "https://[::1]/x",
        "https:///x",
        "https://e..no/x",
    ])
}

fn instant() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "2090-01-01T00:00:00Z",
        "2090-01-01T00:00Z",
        "2090-01-01T00:00:00.1234567890123456+02:00",
        "9999-12-31T23:59:59.9999999Z",
    ])
}

fn content() -> impl Strategy<Value = Value> {
    let media = prop::sample::select(vec![
        "text/plain",
        "text/markdown",
        "text/html",
        "application/vnd.dialogporten.frontchannelembed+json;type=markdown",
        "application/vnd.dialogporten.frontchannelembed+json;type=html",
        "application/vnd.dialogporten.frontchannelembed-url;type=text/html",
    ]);
    let html =
        prop::sample::select(vec!["<p>a</p>", "a < b & c", "<a href='https://example.com/'>x</a>", "<p", "<!-- "]);
    let name = prop::sample::select(vec![
        "summary",
        "nonSensitiveTitle",
        "nonSensitiveSummary",
        "senderName",
        "extendedStatus",
        "additionalInfo",
        "mainContentReference",
    ]);
    (name, media, localized(), html, address()).prop_map(|(name, media, texts, html, address)| {
        let value = match media {
            "text/html" => json!([{"languageCode": "nb", "value": html}]),
            _ if name == "mainContentReference" => json!([{"languageCode": "nb", "value": address}]),
            _ => texts,
        };
        json!({name: {"mediaType": media, "value": value}})
    })
}

fn attachment() -> impl Strategy<Value = Value> {
    (localized(), proptest::option::of(word()), address(), proptest::option::of(instant())).prop_map(
        |(display_name, name, url, expires_at)| {
            json!({
                "displayName": display_name, "name": name, "expiresAt": expires_at,
                "urls": [{"url": url, "mediaType": name, "consumerType": "gui"}],
            })
        },
    )
}

fn actions() -> impl Strategy<Value = (Value, Value)> {
    (word(), address(), localized(), proptest::option::of(word()), proptest::option::of(instant())).prop_map(
        |(action, url, title, name, sunset)| {
            let gui = json!({"action": action, "url": url, "priority": 2, "title": title, "prompt": title, "httpMethod": "post"});
            let endpoint = json!({
                "id": fresh_id().to_string().to_uppercase(), "version": name, "url": url, "httpMethod": "get", "documentationUrl": url,
                "requestSchema": "relative?x", "deprecated": true, "sunsetAt": sunset,
            });
            (gui, json!({"action": action, "name": name, "endpoints": [endpoint]}))
        },
    )
}

/// A member with a value, most of them acceptable.
fn member() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let one = |name: &'static str, value: Value| vec![(name, value)];
    prop_oneof![
        prop::collection::vec(word(), 0..4).prop_map(move |tags| {
            let tags: Vec<_> = tags.into_iter().map(|value| json!({"value": value})).collect();
            vec![("searchTags", tags.into())]
        }),
        prop::collection::vec(word(), 0..4).prop_map(move |labels| {
            let labels: Vec<_> = labels.into_iter().map(|value| json!({"value": value})).collect();
            vec![("serviceOwnerContext", json!({"serviceOwnerLabels": labels}))]
        }),
        prop::sample::select(vec!["extendedStatus", "externalReference"])
            .prop_flat_map(|name| word().prop_map(move |value| vec![(name, value.into())])),
        prop::sample::select(vec!["", "urn:a:b", "a", "https://.no/", "Ø", "https://example.com/%20"])
            .prop_map(|uri| vec![("process", uri.into()), ("precedingProcess", uri.into())]),
        (instant(), instant()).prop_map(|(due, expires)| vec![("dueAt", due.into()), ("expiresAt", expires.into())]),
        prop::sample::select(vec![json!("sent"), json!(1), json!("Draft"), json!(null), json!("new")])
            .prop_map(move |status| one("status", status)),
        prop::sample::select(vec![json!("50"), json!(0), json!(100), json!(null)])
            .prop_map(move |progress| one("progress", progress)),
        attachment().prop_map(|attachment| vec![("attachments", json!([attachment]))]),
        actions().prop_map(|(gui, api)| vec![("guiActions", json!([gui])), ("apiActions", json!([api]))]),
        content().prop_map(|content| vec![("content", content)]),
    ]
}

/// M-09
#[test]
fn what_create_accepts_is_accepted_when_it_is_sent_back() {
    let accepted = std::sync::atomic::AtomicUsize::new(0);
    let bodies = prop::collection::vec(member(), 1..3);
    hold(300, &bodies, &async |app, members| {
        let owner = app.service_owner("ttd").and_scopes(&[LEGACY_HTML]);
        let body = members.into_iter().flatten().fold(simple_dialog(), |body, (name, value)| match value {
            Value::Object(parts) if name == "content" => {
                parts.into_iter().fold(body, |body, (part, value)| body.with(&format!("content.{part}"), value))
            }
            value => body.with(name, value),
        });
        let created = owner.post("serviceowner/dialogs", body.clone()).await;
        if created.status == 400 {
            return Ok(());
        }
        prop_assert_eq!(created.status, 201, "{}: {}", body, created.text);
        accepted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = dialogporten::domain::ids::DialogId(created.body.as_str().unwrap().parse().unwrap());
        let before = owner.reads(id).await;
        for loud in [false, true] {
            let to = if loud { path(id) } else { silently(id) };
            let put = owner.put(&to, sent_back(before.clone())).await;
            prop_assert_eq!(put.status, 204, "PUT of {}: {}", &body, put.text);
            prop_assert_eq!(&owner.reads(id).await, &before, "PUT of {}", &body);
            let patched = owner.patch(&to, json!([])).await;
            prop_assert_eq!(patched.status, 204, "PATCH of {}: {}", &body, patched.text);
            prop_assert_eq!(&owner.reads(id).await, &before, "PATCH of {}", &body);
        }
        Ok(())
    });
    let accepted = accepted.into_inner();
    assert!(accepted > 50, "most bodies are refused at once: {accepted}");
}
