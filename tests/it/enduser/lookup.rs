//! `GET /enduser/dialoglookup`.

use dialogporten::domain::ids::DialogId;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    Answer, Client, Edit, ORGANIZATION, OTHER_PERSON, PERSON, TestApp, fresh_id, simple_dialog, simple_dialog_for,
};

const INSTANCE: &str = "51990012/6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013";

fn delegated() -> Value {
    simple_dialog_for("319900012").with("serviceResource", "urn:altinn:resource:ttd-delegated")
}

fn labelled(body: Value, labels: &[&str]) -> Value {
    let labels: Vec<Value> = labels.iter().map(|label| json!({ "value": label })).collect();
    body.with("serviceOwnerContext.serviceOwnerLabels", labels)
}

fn path(reference: &str) -> String {
    let reference: String = url::form_urlencoded::byte_serialize(reference.as_bytes()).collect();
    format!("enduser/dialoglookup?instanceRef={reference}")
}

async fn look_up(client: &Client<'_>, reference: &str) -> Answer {
    client.get(&path(reference)).await
}

async fn finds(client: &Client<'_>, reference: &str) -> Value {
    look_up(client, reference).await.expect(200).body
}

fn by_id(id: DialogId) -> String {
    format!("urn:altinn:dialog-id:{id}")
}

/// Which of the four ways, in the order of the answer's members.
fn via(found: &Value) -> [bool; 4] {
    ["viaRole", "viaAccessPackage", "viaResourceDelegation", "viaInstanceDelegation"]
        .map(|name| found["authorizationEvidence"][name] == true)
}

/// D-001, D-002, D-020: the whole answer; found under any spelling, answered in the one form.
#[tokio::test]
async fn an_instance_leads_to_its_dialog() {
    let app = TestApp::start().await;
    let id = Uuid::new_v4();
    let user = app.person(PERSON);
    let reference = format!("urn:altinn:instance-id:1337/{id}");
    let missing = look_up(&user, &reference).await.expect(404);
    let text = format!("Entity 'InstanceRef' with the following key(s) was not found: ({reference}).");
    assert_eq!(missing.errors("InstanceRef"), [text]);
    let body = labelled(simple_dialog(), &[&format!("urn:altinn:integration:storage:1337/{id}")]);
    let dialog = app.service_owner("ttd").creates(body).await;
    let answer = look_up(&user, &reference).await.expect(200);
    assert_eq!((answer.etag(), answer.header("cache-control")), ("", ""));
    let shown = answer.text.replace(&app.url("/"), "https://platform/");
    let shown = shown.replace(&dialog.to_string(), "[dialog]").replace(&id.to_string(), "[instance]");
    assert_json_snapshot!(serde_json::from_str::<Value>(&shown).expect("JSON"));
    for odd in [reference.to_uppercase(), format!("  {reference}\t"), by_id(dialog), by_id(dialog).to_uppercase()] {
        assert_eq!(finds(&user, &odd).await, answer.body, "{odd}");
    }
    // Looking up is not opening.
    let seen = &app.service_owner("ttd").reads(dialog).await["seenSinceLastUpdate"];
    assert_eq!(seen, &json!([]));
}

/// D-003, D-018, D-019
#[tokio::test]
async fn a_dialog_is_named_as_what_it_is_best_known_as() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let (a, b, letter) = (fresh_id(), fresh_id(), fresh_id());
    let storage = |id: Uuid| format!("urn:altinn:integration:storage:7/{id}");
    let correspondence = format!("urn:altinn:correspondence-id:{letter}");
    let app_instance = |id: Uuid| format!("urn:altinn:instance-id:7/{id}");

    let letter_only = owner.creates(labelled(simple_dialog(), &[&correspondence])).await;
    let found = finds(&user, &correspondence).await;
    assert_eq!(
        (found["dialogId"].as_str(), &found["instanceRef"]),
        (Some(&*letter_only.to_string()), &json!(correspondence))
    );
    assert_eq!(found["party"], format!("urn:altinn:person:identifier-no:{PERSON}"));
    assert_eq!(finds(&user, &by_id(letter_only)).await["instanceRef"], correspondence);

    let other = format!("urn:altinn:correspondence-id:{}", fresh_id());
    let many = labelled(
        simple_dialog(),
        &["urn:altinn:integration:storage:1337/nonsense", &other, &storage(a), "plain", &storage(b)],
    );
    let many = owner.creates(many).await;
    assert_eq!(finds(&user, &by_id(many)).await["instanceRef"], app_instance(a.max(b)));
    // What was asked for stays what it is.
    assert_eq!(finds(&user, &app_instance(a.min(b))).await["instanceRef"], app_instance(a.min(b)));
    assert_eq!(finds(&user, &other).await["instanceRef"], other);

    let bare = owner.creates(simple_dialog()).await;
    assert_eq!(finds(&user, &by_id(bare)).await["instanceRef"], by_id(bare));
}

/// D-005, D-011, D-022
#[tokio::test]
async fn a_level_too_low_costs_the_sensitive_title_only() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = |resource: &str| {
        let title = |text: &str| json!({"value": [{"languageCode": "nb", "value": text}]});
        simple_dialog()
            .with("serviceResource", format!("urn:altinn:resource:{resource}"))
            .with("content.title", title("Hemmelig"))
            .with("content.nonSensitiveTitle", title("Åpen"))
    };
    let high = owner.creates(body("ttd-dialogporten-transmissions-test")).await;
    let plain = owner.creates(body("ttd-dialogporten-transmissions-test").without("content.nonSensitiveTitle")).await;
    let unknown = owner.creates(body("ttd-no-level")).await;
    for (dialog, level, title, minimum) in [
        (high, 3, "Åpen", 4),
        (high, 4, "Hemmelig", 4),
        (plain, 3, "Hemmelig", 4),
        (unknown, 1, "Åpen", 3),
        (unknown, 3, "Hemmelig", 3),
    ] {
        let found = finds(&app.person(PERSON).level(level), &by_id(dialog)).await;
        assert_eq!(found["title"], json!([{"languageCode": "nb", "value": title}]), "{level}: {found:#}");
        assert_eq!(found["serviceResource"]["minimumAuthenticationLevel"], minimum);
        assert_eq!(found["authorizationEvidence"]["currentAuthenticationLevel"], level);
        assert_eq!(found.get("nonSensitiveTitle"), None);
    }
}

/// D-012, EG-002
#[tokio::test]
async fn texts_come_in_the_readers_language() {
    let app = TestApp::start().await;
    let title = json!({"value": [{"languageCode": "nb", "value": "Tittel"}, {"languageCode": "en", "value": "Title"}]});
    let body = simple_dialog().with("content.title", title).with("serviceResource", "urn:altinn:resource:ttd-no-level");
    let dialog = app.service_owner("ttd").creates(body).await;
    let user = app.person(PERSON);
    let whole = finds(&user, &by_id(dialog)).await;
    let codes =
        |texts: &Value| texts.as_array().unwrap().iter().map(|text| text["languageCode"].clone()).collect::<Vec<_>>();
    assert_eq!(codes(&whole["title"]), ["en", "nb"]);
    let english = finds(&user.clone().header("accept-language", "en"), &by_id(dialog)).await;
    for texts in [
        &english["title"],
        &english["serviceResource"]["name"],
        &english["serviceOwner"]["name"],
        &english["authorizationEvidence"]["evidence"][0]["name"],
    ] {
        assert_eq!(codes(texts), ["en"], "{english:#}");
    }
    let refused = user.header("accept-language", "invalid;;;").get(&path(&by_id(dialog))).await.expect(400);
    assert_eq!(refused.errors("Accept-Language").len(), 1);
}

/// D-008, D-009; an instance that two live dialogs claim says nothing.
#[tokio::test]
async fn deleted_dialogs_are_not_found() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let id = fresh_id();
    let label = format!("urn:altinn:integration:storage:1337/{id}");
    let reference = format!("urn:altinn:instance-id:1337/{id}");
    let body = labelled(simple_dialog(), &[&label]);
    let live = owner.creates(body.clone()).await;
    let deleted = owner.creates(body.clone()).await;
    look_up(&user, &reference).await.expect(500);
    owner.delete(&format!("serviceowner/dialogs/{deleted}")).await.expect(204);
    look_up(&user, &by_id(deleted)).await.expect(404);
    assert_eq!(finds(&user, &reference).await["dialogId"], live.to_string());
    owner.delete(&format!("serviceowner/dialogs/{live}")).await.expect(204);
    look_up(&user, &reference).await.expect(404);
}

/// Chapter 02 §7.5: found before it is visible, and after it has expired.
#[tokio::test]
async fn time_does_not_matter() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let at = |days: i64| (app.clock.now() + chrono::TimeDelta::days(days)).to_rfc3339();
    let early = owner.creates(simple_dialog().with("visibleFrom", at(2))).await;
    let late = owner.creates(simple_dialog().with("expiresAt", at(1))).await;
    app.clock.advance(chrono::TimeDelta::hours(30));
    for dialog in [early, late] {
        user.get(&format!("enduser/dialogs/{dialog}")).await.expect(404);
        finds(&user, &by_id(dialog)).await;
    }
}

/// D-010, D-013, D-014, D-015, D-016
#[tokio::test]
async fn every_grant_is_told_apart() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let storage = format!("urn:altinn:integration:storage:{INSTANCE}");
    let instance = format!("urn:altinn:instance-id:{INSTANCE}");
    let dialog = owner.creates(labelled(delegated(), &[&storage])).await;
    for (who, ways, kind, subject) in [
        (
            "23849290045",
            [false, true, false, false],
            "AccessPackage",
            "urn:altinn:accesspackage:dialogporten-test-package",
        ),
        ("09865590048", [false, false, true, false], "ResourceDelegation", "urn:altinn:resource:ttd-delegated"),
        ("05838090011", [false, false, false, true], "InstanceDelegation", instance.as_str()),
    ] {
        let found = finds(&app.person(who), &instance).await;
        assert_eq!(via(&found), ways, "{who}");
        let evidence = found["authorizationEvidence"]["evidence"].as_array().expect("a list");
        assert_eq!(evidence.len(), 1, "{found:#}");
        assert_eq!((&evidence[0]["grantType"], &evidence[0]["subject"]), (&json!(kind), &json!(subject)), "{who}");
        if kind != "AccessPackage" {
            assert_eq!(evidence[0], json!({ "grantType": kind, "subject": subject, "name": [] }));
        }
        assert_eq!(finds(&app.person(who), &by_id(dialog)).await, found);
    }
    for who in [PERSON, OTHER_PERSON, "17874490091"] {
        let refused = look_up(&app.person(who), &instance).await.expect(403);
        assert_eq!(refused.errors("Forbidden"), ["Forbidden"]);
    }
    // Delegated with this instance, but its delegation names the dialog of another resource.
    let other = labelled(
        delegated().with("serviceResource", "urn:altinn:resource:gui-action-2"),
        &["urn:altinn:correspondence-id:6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013"],
    );
    let other = owner.creates(other).await;
    look_up(&app.person("05838090011"), &by_id(other)).await.expect(403);

    // The preferred reference decides, and the delegation names the dialog itself.
    let id = "01900000-0000-7000-8000-00000000d014";
    let named =
        labelled(delegated().with("id", id), &[&format!("urn:altinn:integration:storage:51990012/{}", fresh_id())]);
    let named = owner.creates(named).await;
    look_up(&app.person("05838090011"), &by_id(named)).await.expect(403);
    let labels = format!("serviceowner/dialogs/{named}/context/labels");
    for label in owner.get(&labels).await.expect(200).body.as_array().expect("labels") {
        owner.delete(&format!("{labels}/{}", label["value"].as_str().unwrap().replace('/', "%2F"))).await.expect(204);
    }
    assert_eq!(via(&finds(&app.person("05838090011"), &by_id(named)).await), [false, false, false, true]);
}

/// D-021
#[tokio::test]
async fn roles_come_before_delegations() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog_for(ORGANIZATION)).await;
    let grants = json!({"grants": [
        {"to": format!("person:{PERSON}"), "for": format!("organization:{ORGANIZATION}"),
         "resource": "ttd-dialogporten-automated-tests", "instance": by_id(dialog)},
        {"to": format!("person:{PERSON}"), "for": format!("organization:{ORGANIZATION}"),
         "package": "ordinaer-post-til-virksomheten"},
        {"to": format!("person:{PERSON}"), "for": format!("organization:{ORGANIZATION}"),
         "resource": "ttd-dialogporten-automated-tests"},
    ]});
    app.anonymous().patch("/sandbox/world", grants).await.expect(204);
    let found = finds(&app.person(PERSON), &by_id(dialog)).await;
    let evidence = found["authorizationEvidence"]["evidence"].as_array().expect("a list");
    let kinds: Vec<_> = evidence.iter().map(|item| item["grantType"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["Role", "AccessPackage", "ResourceDelegation", "InstanceDelegation"]);
    assert_eq!(via(&found), [true; 4]);
    assert_eq!(evidence[3], json!({"grantType": "InstanceDelegation", "subject": by_id(dialog), "name": []}));
    assert!(evidence[0]["links"]["metadata"].as_str().is_some_and(|link| link.contains("/meta/info/roles/")));
    assert_eq!(evidence[0]["subject"], "urn:altinn:rolecode:dagl");
}

/// D-017, and references of any form.
#[tokio::test]
async fn odd_references_are_refused() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    let id = fresh_id();
    let mut odd: Vec<String> = [
        "",
        "   ",
        "x",
        "urn:altinn:unsupported:abc",
        "urn:altinn:instance-id:1337/not-a-guid",
        "urn:altinn:dialog-id:",
        "urn:altinn:dialog-id",
        "urn:altinn:instance-id:/",
        "🦀",
        "urn:altinn:dialog-id:\u{202e}",
        "a\tb\nc",
        "%",
        "'; drop table dialog; --",
    ]
    .map(str::to_owned)
    .into();
    odd.extend([
        format!("urn:altinn:instance-id:{id}"),
        format!("urn:altinn:legacy-instance-id:1337/{id}"),
        format!("urn:altinn:instance-id:0/{id}"),
        format!("urn:altinn:instance-id:99999999999/{id}"),
        format!("urn:altinn:integration:storage:1337/{id}"),
        format!("urn:altinn:dialog-id:{id}{id}"),
        "urn:altinn:dialog-id:".to_owned() + &"0".repeat(10_000),
    ]);
    for reference in odd {
        let refused = look_up(&user, &reference).await.expect(400);
        assert!(
            refused.errors("InstanceRef")[0]
                .starts_with("InstanceRef must be a supported identifier: 'urn:altinn:instance-id:{partyId}/{uuid}'"),
            "{reference}"
        );
    }
    user.get("enduser/dialoglookup").await.expect(400);
    let refused = user.get("enduser/dialoglookup?instanceRef=a%00b").await.expect(400);
    assert_eq!(refused.errors("instanceRef").len(), 1, "{}", refused.text);
    let thousands = (0..2_000).map(|n| format!("p{n}={n}")).collect::<Vec<_>>().join("&");
    user.get(&format!("{}&{thousands}", path(&format!("urn:altinn:dialog-id:{id}")))).await.expect(404);
}

/// An API-only dialog may have no title at all.
#[tokio::test]
async fn a_dialog_without_content_has_no_title() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog().without("content").with("isApiOnly", true)).await;
    assert_eq!(finds(&app.person(PERSON), &by_id(dialog)).await["title"], json!([]));
}
