//! Activities and transmissions by themselves, as end users see them.

use chrono::TimeDelta;
use dialogporten::domain::ids::DialogId;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{
    Answer, Edit, OTHER_PERSON, PERSON, TestApp, fresh_id, localized, simple_activity, simple_dialog,
    simple_transmission,
};

/// Everything that a transmission may have.
pub fn full_transmission(app: &TestApp) -> Value {
    let later = (app.clock.now() + TimeDelta::days(1)).to_rfc3339();
    let both = |text: &str| json!([{"languageCode": "nb", "value": text}, {"languageCode": "en", "value": format!("{text} in English")}]);
    json!({
        "id": fresh_id(),
        "idempotentKey": "a-key",
        "authorizationAttribute": "element1",
        "extendedType": "urn:example:kind",
        "externalReference": "ref-1",
        "type": "Information",
        "sender": {"actorType": "PartyRepresentative", "actorId": format!("urn:altinn:person:identifier-no:{OTHER_PERSON}")},
        "content": {
            "title": {"mediaType": "text/plain", "value": both("Tittel")},
            "summary": {"mediaType": "text/plain", "value": both("Sammendrag")},
            "contentReference": {
                "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
                "value": [{"languageCode": "nb", "value": "https://example.com/content"}],
            },
        },
        "attachments": [
            {
                "displayName": both("Vedlegg"), "name": "file.pdf", "expiresAt": later,
                "urls": [{"url": "https://example.com/file", "mediaType": "application/pdf", "consumerType": "Gui"}],
            },
            {"urls": [{"url": "https://example.com/nameless", "consumerType": "Api"}]},
        ],
        "navigationalActions": [{"title": both("Gå"), "url": "https://example.com/there", "expiresAt": later}],
    })
}

/// The answer with what differs from run to run written over.
pub fn steady(answer: &Answer, known: &[(&str, String)]) -> Value {
    let text = known.iter().fold(answer.text.clone(), |text, (name, value)| text.replace(value.as_str(), name));
    let mut body = serde_json::from_str(&text).expect("JSON");
    write_over(&mut body);
    body
}

fn write_over(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member.as_str()) {
                    (_, Some(text)) if text.contains("identifier-ephemeral:") => {
                        *member = "urn:altinn:person:identifier-ephemeral:[masked]".into();
                    }
                    ("createdAt" | "expiresAt", Some(_)) => *member = "[time]".into(),
                    ("id", Some(text)) if !text.starts_with('[') => *member = "[generated]".into(),
                    _ => write_over(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_over),
        _ => {}
    }
}

/// EG-001, EG-015: the whole answers.
#[tokio::test]
async fn activities_are_listed_without_who_did_them() {
    let app = TestApp::start().await;
    let (full, bare) = (fresh_id().to_string(), fresh_id().to_string());
    let actor = json!({"actorType": "PartyRepresentative", "actorId": format!("urn:altinn:person:identifier-no:{OTHER_PERSON}")});
    let full_activity = simple_activity("Information")
        .with("id", full.as_str())
        .with("extendedType", "urn:example:kind")
        .with("performedBy", actor)
        .with(
            "description",
            json!([{"languageCode": "nb", "value": "Noe"}, {"languageCode": "en", "value": "Something"}]),
        );
    let bare_activity = simple_activity("DialogOpened").with("id", bare.as_str());
    let dialog = app
        .service_owner("ttd")
        .creates(simple_dialog().with("activities", json!([full_activity, bare_activity])))
        .await;
    let user = app.person(PERSON);
    let path = format!("enduser/dialogs/{dialog}/activities");
    let known = [("[full]", full.clone()), ("[bare]", bare.clone())];
    let list = user.get(&path).await.expect(200);
    assert_eq!((list.etag(), list.header("cache-control")), ("", ""));
    assert_json_snapshot!("activities", steady(&list, &known));
    for (name, id) in [("activity", &full), ("bare_activity", &bare)] {
        let one = user.get(&format!("{path}/{id}")).await.expect(200);
        assert!(!one.text.contains(OTHER_PERSON), "{}", one.text);
        assert_json_snapshot!(name, steady(&one, &known));
    }
    // What happened last, in the list.
    app.clock.advance(TimeDelta::seconds(1));
    let by = json!({"actorType": "PartyRepresentative", "actorId": format!("urn:altinn:person:identifier-no:{OTHER_PERSON}")});
    let last = simple_activity("DialogClosed").with("performedBy", by);
    app.service_owner("ttd").post(&format!("serviceowner/dialogs/{dialog}/activities"), last).await.expect(201);
    let page = user.get(&format!("enduser/dialogs?party=urn:altinn:person:identifier-no:{PERSON}")).await.expect(200);
    let latest = &page.body["items"][0]["latestActivity"];
    assert_eq!(latest["type"], "DialogClosed");
    let actor = latest["performedBy"]["actorId"].as_str().expect("an id");
    assert!(actor.starts_with("urn:altinn:person:identifier-ephemeral:"), "{actor}");
    assert!(!page.text.contains(OTHER_PERSON), "{}", page.text);
    let english = user.clone().header("accept-language", "en");
    for answer in [
        english.get(&path).await.expect(200).body[0].clone(),
        english.get(&format!("{path}/{full}")).await.expect(200).body,
    ] {
        assert_eq!(answer["description"], json!([{"languageCode": "en", "value": "Something"}]));
    }
    assert_eq!(
        user.get(&format!("enduser/dialogs/{}/activities", app.service_owner("ttd").creates(simple_dialog()).await))
            .await
            .expect(200)
            .text,
        "[]"
    );
}

/// EG-014, EG-015, EG-027: the whole answers.
#[tokio::test]
async fn transmissions_are_shown_with_all_they_have() {
    let app = TestApp::start().await;
    let full = full_transmission(&app);
    let bare = fresh_id().to_string();
    let id = full["id"].as_str().expect("an id").to_owned();
    let answering = simple_transmission()
        .with("id", bare.as_str())
        .with("relatedTransmissionId", id.as_str())
        .without("content.summary");
    let dialog =
        app.service_owner("ttd").creates(simple_dialog().with("transmissions", json!([full, answering]))).await;
    let user = app.person(PERSON);
    let path = format!("enduser/dialogs/{dialog}/transmissions");
    let known = [("[full]", id.clone()), ("[bare]", bare.clone())];
    let list = user.get(&path).await.expect(200);
    assert_eq!((list.etag(), list.header("cache-control")), ("", ""));
    assert!(
        !list.text.contains(OTHER_PERSON) && !list.text.contains("isOpened") && !list.text.contains("idempotentKey")
    );
    assert_json_snapshot!("transmissions", steady(&list, &known));
    for (n, id) in [(0, &id), (1, &bare)] {
        let one = user.get(&format!("{path}/{id}")).await.expect(200);
        assert_eq!(one.body, list.body[n], "the same as in the list");
    }
    let english = user.clone().header("accept-language", "en").get(&format!("{path}/{id}")).await.expect(200).body;
    for texts in
        ["/content/title/value", "/content/summary/value", "/attachments/0/displayName", "/navigationalActions/0/title"]
    {
        let texts = english.pointer(texts).and_then(Value::as_array).expect("texts");
        assert_eq!((texts.len(), &texts[0]["languageCode"]), (1, &json!("en")), "{english:#}");
    }
    // In the dialog itself a name that is not there is absent.
    let opened = user.opens(dialog).await;
    assert_eq!(opened["transmissions"][0]["attachments"][1].get("displayName"), None);
    // For the owner in both.
    let owner = app.service_owner("ttd");
    let single = owner.get(&format!("serviceowner/dialogs/{dialog}/transmissions/{id}")).await.expect(200).body;
    for shown in [&single, &owner.reads(dialog).await["transmissions"][0]] {
        assert_eq!(shown["attachments"][1].get("displayName"), None, "{shown}");
    }
}

/// EG-022, EG-023, EG-024, EG-025
#[tokio::test]
async fn urls_give_way_to_placeholders() {
    let app = TestApp::start().await;
    let make = |attribute: Option<&str>| {
        full_transmission(&app).with("authorizationAttribute", attribute).without("idempotentKey")
    };
    let attributes = [
        (None, true),
        (Some("element1"), true),
        (Some("urn:altinn:resource:ttd-dialogporten-automated-tests-correspondence"), true),
        (Some("someunavailablesubresource"), false),
        (Some("urn:altinn:resource:ttd-altinn-events-automated-tests"), false),
    ];
    let transmissions: Vec<Value> = attributes.iter().map(|(attribute, _)| make(*attribute)).collect();
    let dialog = app.admin().creates(simple_dialog().with("transmissions", json!(transmissions))).await;
    let user = app.person(PERSON);
    let urls = |shown: &Value| {
        [
            "/content/contentReference/value/0/value",
            "/attachments/0/urls/0/url",
            "/attachments/1/urls/0/url",
            "/navigationalActions/0/url",
        ]
        .map(|place| shown.pointer(place).and_then(Value::as_str).expect("a URL").to_owned())
    };
    let real = ["content", "file", "nameless", "there"].map(|page| format!("https://example.com/{page}"));
    for is_over in [false, true] {
        if is_over {
            app.clock.advance(TimeDelta::days(2));
        }
        let list = user.get(&format!("enduser/dialogs/{dialog}/transmissions")).await.expect(200).body;
        for (n, (attribute, may_read)) in attributes.iter().enumerate() {
            let id = list[n]["id"].as_str().expect("an id");
            let one = user.get(&format!("enduser/dialogs/{dialog}/transmissions/{id}")).await.expect(200).body;
            assert_eq!(one, list[n]);
            assert_eq!(one["isAuthorized"], *may_read, "{attribute:?}");
            let expected = match (may_read, is_over) {
                (false, _) => ["urn:dialogporten:unauthorized"; 4].map(str::to_owned),
                (true, false) => real.clone(),
                (true, true) => {
                    let over = "urn:dialogporten:expired".to_owned();
                    [real[0].clone(), over.clone(), real[2].clone(), over]
                }
            };
            assert_eq!(urls(&one), expected, "{attribute:?}");
            assert!(one["attachments"][0]["expiresAt"].is_string());
            assert_eq!(one["content"]["title"]["value"].as_array().map(Vec::len), Some(2), "titles stay readable");
        }
    }
}

/// Chapter 02 §12 no. 1: a transmission without content, also one that the reader may not open.
#[tokio::test]
async fn a_transmission_without_content_is_shown_without() {
    let app = TestApp::start().await;
    let bare =
        |attribute: Option<&str>| simple_transmission().without("content").with("authorizationAttribute", attribute);
    let body = simple_dialog()
        .without("content")
        .with("isApiOnly", true)
        .with("transmissions", json!([bare(None), bare(Some("someunavailablesubresource"))]));
    let dialog = app.service_owner("ttd").creates(body).await;
    let list = app.person(PERSON).get(&format!("enduser/dialogs/{dialog}/transmissions")).await.expect(200).body;
    for shown in list.as_array().expect("a list") {
        assert_eq!(shown.get("content"), None);
        let path = format!("enduser/dialogs/{dialog}/transmissions/{}", shown["id"].as_str().expect("an id"));
        assert_eq!(app.person(PERSON).get(&path).await.expect(200).body, *shown);
    }
}

/// E-010; chapter 02 §3.2: a stranger learns nothing, whoever may sign but not read likewise; texts of refusals.
#[tokio::test]
async fn parts_are_for_whoever_may_read() {
    let app = TestApp::start().await;
    let sign =
        json!({"action": "sign", "url": "https://example.com", "priority": "Primary", "title": localized("Signer")});
    let body = simple_dialog().with("party", "urn:altinn:organization:identifier-no:319900004").and("guiActions", sign);
    let dialog = app.service_owner("ttd").creates(body).await;
    let signer = app.person("01817090067");
    signer.opens(dialog).await;
    for part in ["activities", "transmissions"] {
        let path = format!("enduser/dialogs/{dialog}/{part}");
        for client in [&signer, &app.person(OTHER_PERSON)] {
            for path in [path.clone(), format!("{path}/{}", fresh_id())] {
                let refused = client.get(&path).await.expect(404);
                let text = format!("Entity 'DialogEntity' with the following key(s) was not found: ({dialog}).");
                assert_eq!(refused.errors("DialogEntity"), [text]);
            }
        }
    }
    let unknown = fresh_id();
    let refused = app.person(PERSON).get(&format!("enduser/dialogs/{unknown}/activities")).await.expect(404);
    assert_eq!(refused.errors("DialogEntity").len(), 1);
    let own = app.service_owner("ttd").creates(simple_dialog()).await;
    for (part, entity) in [("activities", "DialogActivity"), ("transmissions", "DialogTransmission")] {
        let unknown = fresh_id();
        let refused = app.person(PERSON).get(&format!("enduser/dialogs/{own}/{part}/{unknown}")).await.expect(404);
        let text = format!("Entity '{entity}' with the following key(s) was not found: ({unknown}).");
        assert_eq!(refused.errors(entity), [text]);
    }
}

/// A part of one dialog is no part of another, and ids of any form are answered.
#[tokio::test]
async fn odd_ids_are_refused() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let make = async || {
        let (activity, transmission) = (fresh_id(), fresh_id());
        let body = simple_dialog()
            .and("activities", simple_activity("PaymentMade").with("id", activity.to_string()))
            .and("transmissions", simple_transmission().with("id", transmission.to_string()));
        (owner.creates(body).await, activity, transmission)
    };
    let ((first, activity, transmission), (second, ..)) = (make().await, make().await);
    for side in ["enduser", "serviceowner"] {
        let client = if side == "enduser" { &user } else { &owner };
        for (part, id) in [("activities", activity), ("transmissions", transmission)] {
            let at = |dialog: DialogId, id: &str| format!("{side}/dialogs/{dialog}/{part}/{id}");
            client.get(&at(first, &id.to_string())).await.expect(200);
            client.get(&at(second, &id.to_string())).await.expect(404);
            for form in
                [id.to_string().to_uppercase(), id.simple().to_string(), format!("%7B{id}%7D"), format!("({id})")]
            {
                client.get(&at(first, &form)).await.expect(200);
            }
            for odd in ["x", "0", "%00", "%20", "-", "00000000-0000-0000-0000-00000000000g", "%F0%9F%92%A9", "null"] {
                let refused = client.get(&at(first, odd)).await.expect(400);
                assert_eq!(
                    refused.body["errors"].as_object().map(serde_json::Map::len),
                    Some(1),
                    "{odd}: {}",
                    refused.text
                );
                client.get(&format!("{side}/dialogs/{odd}/{part}")).await.expect(400);
            }
            client.get(&at(first, &uuid::Uuid::nil().to_string())).await.expect(404);
        }
    }
}
