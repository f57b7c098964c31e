//! `GET /enduser/dialogs/{dialogId}`.

use chrono::{DateTime, Duration};
use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use crate::harness::{
    Answer, Edit, OTHER_PERSON, PERSON, TestApp, fresh_id, localized, simple_activity, simple_dialog,
    simple_dialog_for, simple_transmission, text,
};

/// The party of chapter 09 §6 that single persons have narrow rights for.
const NARROW_PARTY: &str = "319900004";
/// May `write` there, but not `read`.
const WRITER: &str = "12826590023";
/// Finds dialogs there in lists, but may do nothing with the main resource.
const FINDER: &str = "21857890016";

const LEVEL_FOUR: &str = "urn:altinn:resource:ttd-dialogporten-transmissions-test";
const LEVEL_THREE: &str = "urn:altinn:resource:ttd-level-3";
const NO_LEVEL: &str = "urn:altinn:resource:ttd-no-level";
const UNAUTHORIZED: &str = "urn:dialogporten:unauthorized";
const EXPIRED: &str = "urn:dialogporten:expired";

fn path(dialog: DialogId) -> String {
    format!("enduser/dialogs/{dialog}")
}

fn texts(texts: &[(&str, &str)]) -> Value {
    texts.iter().map(|(code, value)| json!({ "languageCode": code, "value": value })).collect()
}

fn codes(texts: &Value) -> Vec<&str> {
    texts.as_array().unwrap().iter().map(|text| text["languageCode"].as_str().unwrap()).collect()
}

fn action(name: &str, attribute: Option<&str>) -> Value {
    json!({
        "action": name,
        "authorizationAttribute": attribute,
        "url": "https://example.com/gui",
        "priority": "Tertiary",
        "title": localized("Gjør det"),
    })
}

fn call(name: &str, attribute: Option<&str>) -> Value {
    json!({
        "action": name,
        "authorizationAttribute": attribute,
        "endpoints": [{
            "version": "v1",
            "url": "https://example.com/api",
            "httpMethod": "POST",
            "documentationUrl": "https://example.com/docs",
            "deprecated": true,
        }],
    })
}

fn reference(texts: &Value) -> Value {
    json!({ "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown", "value": texts })
}

fn message(attribute: Option<&str>) -> Value {
    simple_transmission()
        .with("authorizationAttribute", attribute)
        .with("content.contentReference", reference(&localized("https://example.com/message")))
        .and(
            "attachments",
            json!({
                "displayName": localized("Vedlegg"),
                "urls": [{ "url": "https://example.com/letter", "consumerType": "Gui" }],
            }),
        )
        .and("navigationalActions", json!({ "title": localized("Gå dit"), "url": "https://example.com/there" }))
}

/// Content reference, attachment and navigational action of a transmission.
fn urls(transmission: &Value) -> [&str; 3] {
    [
        transmission["content"]["contentReference"]["value"][0]["value"].as_str().unwrap(),
        transmission["attachments"][0]["urls"][0]["url"].as_str().unwrap(),
        transmission["navigationalActions"][0]["url"].as_str().unwrap(),
    ]
}

fn by<'a>(list: &'a Value, member: &str, value: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|item| item[member] == value);
    found.unwrap_or_else(|| panic!("no {member} = {value} in {list}"))
}

async fn set(app: &TestApp, dialog: DialogId, column: &'static str, value: Option<DateTime<chrono::Utc>>) {
    let statement = match column {
        "deleted_at" => "update dialog set deleted_at = $2 where id = $1",
        "visible_from" => "update dialog set visible_from = $2 where id = $1",
        "expires_at" => "update dialog set expires_at = $2 where id = $1",
        other => panic!("no column {other}"),
    };
    sqlx::query(statement).bind(dialog).bind(value).execute(&app.db).await.unwrap();
}

#[tokio::test]
async fn a_dialog_has_its_revision_as_etag_and_no_secrets_of_the_owner() {
    let app = TestApp::start().await;
    let body = simple_dialog()
        .with("idempotentKey", "a-secret-key")
        .and("searchTags", json!({ "value": "a-secret-tag" }))
        .and("serviceOwnerContext.serviceOwnerLabels", json!({ "value": "a-secret-label" }))
        .with("content.nonSensitiveTitle", text("a-secret-title"))
        .and("transmissions", simple_transmission().with("idempotentKey", "a-secret-key"));
    let id = app.service_owner("ttd").creates(body).await;

    let answer = app.person(PERSON).get(&path(id)).await.expect(200);

    assert_eq!(answer.etag(), answer.body["revision"].as_str().unwrap());
    assert_eq!(answer.body["endUserContext"]["systemLabels"], json!(["Default"]));
    assert!(!answer.text.contains("secret"), "{}", answer.text);
}

/// EG-002, EG-003, EG-004, EG-005, EG-006, EG-007, EG-008, EG-028
#[tokio::test]
async fn texts_are_reduced_to_the_languages_asked_for() {
    let app = TestApp::start().await;
    let body = simple_dialog()
        .with("content.title.value", texts(&[("nb", "Tittel"), ("en", "Title")]))
        .with("content.summary.value", texts(&[("it", "Sommario"), ("fr", "Résumé")]))
        .with("content.senderName", text("Avsender"));
    let id = app.service_owner("ttd").creates(body).await;
    for (header, title, summary) in [
        (None, &["en", "nb"][..], &["fr", "it"][..]),
        (Some(""), &["en", "nb"], &["fr", "it"]),
        (Some("nb"), &["nb"], &["fr", "it"]),
        (Some("sv"), &["nb"], &["fr", "it"]),
        (Some("da"), &["nb"], &["fr", "it"]),
        (Some("*"), &["en"], &["fr", "it"]),
        (Some("it"), &["en"], &["it"]),
        (Some("nb;q=0.5, en;q=5"), &["en"], &["fr", "it"]),
        (Some("nb;q= 0.8;x=1, en;q=0.1"), &["nb"], &["fr", "it"]),
    ] {
        let mut person = app.person(PERSON);
        if let Some(header) = header {
            person = person.header("accept-language", header);
        }
        let answer = person.get(&path(id)).await.expect(200);
        let content = &answer.body["content"];
        assert_eq!(codes(&content["title"]["value"]), title, "{header:?}");
        assert_eq!(codes(&content["summary"]["value"]), summary, "{header:?}");
        assert_eq!(codes(&content["senderName"]["value"]), ["nb"], "{header:?}");
    }
    let refused = app.person(PERSON).header("accept-language", "invalid;;;").get(&path(id)).await.expect(400);
    assert_eq!(refused.errors("Accept-Language").len(), 1);
}

/// EG-012, E-011; chapter 02 §1.1: of several reasons the first counts, and a hidden dialog leaks nothing.
#[tokio::test]
async fn refusals_stand_in_their_order() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    let body = simple_dialog().with("serviceResource", LEVEL_FOUR).with("content.title", text("a-secret-title"));
    let id = app.service_owner("ttd").creates(body).await;
    let (later, earlier) = (now + Duration::days(30), now - Duration::seconds(1));
    for (column, value) in [("deleted_at", earlier), ("visible_from", later), ("expires_at", earlier)] {
        set(&app, id, column, Some(value)).await;
    }
    let refused = |answer: Answer, status: u16, key: &str, text: String| {
        let answer = answer.expect(status);
        assert_eq!(answer.errors(key), [text]);
        assert!(!answer.text.contains("secret"), "{}", answer.text);
        answer
    };
    let (person, stranger) = (app.person(PERSON), app.person(OTHER_PERSON));

    let missing = fresh_id();
    let not_found = |id: &str| format!("Entity 'DialogEntity' with the following key(s) was not found: ({id}).");
    let answer = person.get(&format!("enduser/dialogs/{missing}")).await;
    refused(answer, 404, "DialogEntity", not_found(&missing.to_string()));
    refused(stranger.get(&path(id)).await, 403, "Forbidden", "Forbidden".into());

    let removed = format!("Entity 'DialogEntity' with the following key(s) is removed: ({id}).");
    let gone = refused(person.get(&path(id)).await, 410, "DialogEntity", removed);
    assert_eq!(gone.body["title"], "Resource no longer available.");

    set(&app, id, "deleted_at", None).await;
    refused(person.get(&path(id)).await, 403, "Forbidden", "Altinn authentication level too low.".into());

    let person = person.level(4);
    let at = |instant: DateTime<chrono::Utc>| instant.format("%Y-%m-%dT%H:%M:%S").to_string();
    let text = format!("Dialog is not visible until {}", at(later));
    let hidden = refused(person.get(&path(id)).await, 404, "DialogEntity", text);
    // EG-013
    let expires = DateTime::parse_from_rfc2822(hidden.header("expires")).unwrap();
    assert!((expires.to_utc() - later).abs() <= Duration::seconds(1));

    set(&app, id, "visible_from", None).await;
    // EG-016
    let text = format!("Dialog expired at {}", at(earlier));
    refused(person.get(&path(id)).await, 404, "DialogEntity", text);

    set(&app, id, "expires_at", None).await;
    person.get(&path(id)).await.expect(200);
}

///
#[tokio::test]
async fn the_level_must_reach_what_the_resource_demands() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for (resource, level, status) in
        [(NO_LEVEL, 3, 200), (NO_LEVEL, 4, 200), (LEVEL_THREE, 3, 200), (LEVEL_FOUR, 3, 403), (LEVEL_FOUR, 4, 200)]
    {
        let id = owner.creates(simple_dialog().with("serviceResource", resource)).await;
        let answer = app.person(PERSON).level(level).get(&path(id)).await;
        assert_eq!(answer.status, status, "{resource} at level {level}: {}", answer.text);
    }
}

/// EG-010
#[tokio::test]
async fn a_system_user_sees_the_dialogs_of_its_organization_only() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let system_user = app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364");
    let own = owner.creates(simple_dialog_for("310057223")).await;
    system_user.get(&path(own)).await.expect(200);
    let other = owner.creates(simple_dialog_for("313006425")).await;
    system_user.get(&path(other)).await.expect(403);
}

/// EG-011, EG-015, EG-017
#[tokio::test]
async fn what_may_not_be_done_is_flagged_and_its_urls_are_hidden() {
    let app = TestApp::start().await;
    let links = [("nb", "https://example.com/nb"), ("nn", "https://example.com/nn"), ("en", "https://example.com/en")];
    let performer = json!({
        "actorType": "PartyRepresentative",
        "actorId": format!("urn:altinn:person:identifier-no:{PERSON}"),
    });
    let body = simple_dialog()
        .with("content.mainContentReference", reference(&texts(&links)))
        .and("guiActions", action("read", None))
        .and("guiActions", action("some_unauthorized_action", None))
        .and("guiActions", action("gui_action", Some("urn:altinn:resource:gui-action-2")))
        .and("apiActions", call("read", None))
        .and("apiActions", call("some_unauthorized_action", None))
        .and("transmissions", message(None))
        .and("transmissions", message(Some("element1")))
        .and("transmissions", message(Some("someunavailablesubresource")))
        .and("activities", simple_activity("Information").with("performedBy", performer));
    let id = app.service_owner("ttd").creates(body).await;

    let dialog = app.person(PERSON).get(&path(id)).await.expect(200).body;

    let open = by(&dialog["guiActions"], "action", "read");
    assert_eq!((&open["isAuthorized"], &open["url"]), (&json!(true), &json!("https://example.com/gui")));
    let closed = by(&dialog["guiActions"], "action", "some_unauthorized_action");
    assert_eq!((&closed["isAuthorized"], &closed["url"]), (&json!(false), &json!(UNAUTHORIZED)));
    // EG-019: a right on the main resource is none on another.
    let closed = by(&dialog["guiActions"], "action", "gui_action");
    assert_eq!((&closed["isAuthorized"], &closed["url"]), (&json!(false), &json!(UNAUTHORIZED)));

    let open = by(&dialog["apiActions"], "action", "read");
    assert_eq!(open["endpoints"][0]["url"], "https://example.com/api");
    let closed = by(&dialog["apiActions"], "action", "some_unauthorized_action");
    assert_eq!(closed["isAuthorized"], false);
    let endpoint = closed["endpoints"][0].clone().without("id");
    assert_eq!(endpoint, open["endpoints"][0].clone().without("id").with("url", UNAUTHORIZED));

    let main = &dialog["content"]["mainContentReference"];
    assert_eq!(main["isAuthorized"], true);
    assert_eq!(main["mediaType"], "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown");
    assert_eq!(codes(&main["value"]), ["en", "nb", "nn"]);
    assert!(main["value"].as_array().unwrap().iter().all(|text| text["value"].as_str().unwrap().starts_with("https:")));

    for transmission in dialog["transmissions"].as_array().unwrap() {
        // EG-022
        if transmission["authorizationAttribute"] == "someunavailablesubresource" {
            assert_eq!(transmission["isAuthorized"], false);
            assert_eq!(urls(transmission), [UNAUTHORIZED; 3]);
            assert_eq!(transmission["content"]["title"]["value"][0]["value"], "En forsendelse");
        } else {
            assert_eq!(transmission["isAuthorized"], true);
            assert!(urls(transmission).iter().all(|url| url.starts_with("https:")));
        }
        assert_eq!(transmission["isOpened"], false);
    }

    let performer = &dialog["activities"][0]["performedBy"];
    let actor = performer["actorId"].as_str().unwrap();
    assert!(actor.starts_with("urn:altinn:person:identifier-ephemeral:") && !actor.contains(PERSON), "{actor}");
    assert!(performer["actorName"].is_string());
}

/// EG-018, EG-019: the dialog opens by list access; only what the other resource permits is open.
#[tokio::test]
async fn whoever_finds_a_dialog_in_lists_can_open_it() {
    let app = TestApp::start().await;
    let (one, two) = (Some("urn:altinn:resource:gui-action-1"), Some("urn:altinn:resource:gui-action-2"));
    let body = simple_dialog_for(NARROW_PARTY)
        .with("content.mainContentReference", reference(&localized("https://example.com/main")))
        .and("guiActions", action("gui_action", one))
        .and("guiActions", action("gui_action", two))
        .and("guiActions", action("read", None))
        .and("apiActions", call("gui_action", one))
        .and("apiActions", call("gui_action", two))
        .and("transmissions", message(one))
        .and("transmissions", message(two))
        .and("transmissions", message(None));
    let id = app.service_owner("ttd").creates(body).await;

    let dialog = app.person(FINDER).get(&path(id)).await.expect(200).body;

    let open = by(&dialog["guiActions"], "authorizationAttribute", one.unwrap());
    assert_eq!((&open["isAuthorized"], &open["url"]), (&json!(true), &json!("https://example.com/gui")));
    let closed = by(&dialog["guiActions"], "authorizationAttribute", two.unwrap());
    assert_eq!((&closed["isAuthorized"], &closed["url"]), (&json!(false), &json!(UNAUTHORIZED)));
    assert_eq!(by(&dialog["guiActions"], "action", "read")["isAuthorized"], false);
    // EG-021
    let open = by(&dialog["apiActions"], "authorizationAttribute", one.unwrap());
    assert_eq!(open["endpoints"][0]["url"], "https://example.com/api");
    let closed = by(&dialog["apiActions"], "authorizationAttribute", two.unwrap());
    assert_eq!(closed["endpoints"][0]["url"], UNAUTHORIZED);
    // EG-023
    for transmission in dialog["transmissions"].as_array().unwrap() {
        let is_open = transmission["authorizationAttribute"] == one.unwrap();
        assert_eq!(transmission["isAuthorized"], is_open);
        assert_eq!(urls(transmission)[0] == UNAUTHORIZED, !is_open);
    }
    assert_eq!(dialog["content"]["mainContentReference"]["isAuthorized"], false);
    assert_eq!(dialog["content"]["mainContentReference"]["value"][0]["value"], UNAUTHORIZED);

    app.person(PERSON).get(&path(id)).await.expect(403);
}

/// EG-020
#[tokio::test]
async fn a_right_to_write_is_no_right_to_read() {
    let app = TestApp::start().await;
    let body = simple_dialog_for(NARROW_PARTY)
        .and("guiActions", action("read", None))
        .and("guiActions", action("write", None))
        .and("apiActions", call("read", None));
    let id = app.service_owner("ttd").creates(body).await;

    let dialog = app.person(WRITER).get(&path(id)).await.expect(200).body;

    assert_eq!(by(&dialog["guiActions"], "action", "write")["isAuthorized"], true);
    let closed = by(&dialog["guiActions"], "action", "read");
    assert_eq!((&closed["isAuthorized"], &closed["url"]), (&json!(false), &json!(UNAUTHORIZED)));
    let closed = &dialog["apiActions"][0];
    assert_eq!((&closed["isAuthorized"], &closed["endpoints"][0]["url"]), (&json!(false), &json!(UNAUTHORIZED)));
}

/// EG-024, EG-025
#[tokio::test]
async fn urls_whose_time_is_over_are_hidden() {
    let app = TestApp::start().await;
    let expiry = (app.clock.now() + Duration::hours(1)).to_rfc3339();
    let lasting = |attribute: Option<&str>| {
        message(attribute)
            .with("attachments.0.expiresAt", expiry.clone())
            .with("navigationalActions.0.expiresAt", expiry.clone())
    };
    let body = simple_dialog()
        .and("attachments", lasting(None)["attachments"][0].clone())
        .and("transmissions", lasting(None))
        .and("transmissions", lasting(Some("someunavailablesubresource")));
    let id = app.service_owner("ttd").creates(body).await;

    for (later, shown) in [(0, None), (2, Some(EXPIRED))] {
        app.clock.advance(Duration::hours(later));
        let dialog = app.person(PERSON).get(&path(id)).await.expect(200).body;
        let shown = |url| shown.unwrap_or(url);
        assert_eq!(dialog["attachments"][0]["urls"][0]["url"], shown("https://example.com/letter"));
        assert!(dialog["attachments"][0]["expiresAt"].is_string());
        for transmission in dialog["transmissions"].as_array().unwrap() {
            let expected = if transmission["isAuthorized"] == true {
                ["https://example.com/message", shown("https://example.com/letter"), shown("https://example.com/there")]
            } else {
                [UNAUTHORIZED; 3]
            };
            assert_eq!(urls(transmission), expected);
        }
    }
}

/// Chapter 02 §12 no. 1: an API-only dialog without content is shown without.
#[tokio::test]
async fn a_dialog_without_content_is_shown_without_content() {
    let app = TestApp::start().await;
    let body = simple_dialog()
        .without("content")
        .with("isApiOnly", true)
        .and("transmissions", simple_transmission().without("content"));
    let id = app.service_owner("ttd").creates(body).await;
    let dialog = app.person(PERSON).get(&path(id)).await.expect(200).body;
    assert!(dialog.get("content").is_none() && dialog["transmissions"][0].get("content").is_none());
}
