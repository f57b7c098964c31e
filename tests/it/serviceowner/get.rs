//! `GET /serviceowner/dialogs/{dialogId}`.

use dialogporten::sandbox::mint::ADMIN_SCOPE;
use serde_json::{Value, json};

use crate::harness::{
    Edit, PERSON, RESOURCE, TestApp, fresh_id, localized, simple_activity, simple_dialog, simple_dialog_for,
    simple_transmission, text,
};

/// The party of chapter 09 §6 that single persons have narrow rights for.
const NARROW_PARTY: &str = "319900004";
/// May `sign` there, but not `read`.
const SIGNER: &str = "01817090067";

fn urn(number: &str) -> String {
    format!("urn:altinn:person:identifier-no:{number}")
}

fn action(name: &str) -> Value {
    json!({
        "action": name,
        "url": "https://example.com/gui",
        "priority": "Tertiary",
        "title": localized("Gjør det"),
    })
}

fn call(name: &str) -> Value {
    json!({ "action": name, "endpoints": [{ "url": "https://example.com/api", "httpMethod": "GET" }] })
}

fn reference(url: &str) -> Value {
    json!({
        "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
        "value": localized(url),
    })
}

/// OG-001, OG-002, OG-010, OG-014
#[tokio::test]
async fn the_smallest_dialog_shows_its_defaults_and_leaves_out_what_is_absent() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = json!({
        "serviceResource": RESOURCE,
        "party": urn(PERSON),
        "content": { "title": { "value": localized("Tittel") } },
    });
    let id = owner.creates(body).await;

    let answer = owner.get(&format!("serviceowner/dialogs/{id}")).await.expect(200);

    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(answer.etag(), answer.body["revision"].as_str().unwrap());
    for time in ["createdAt", "updatedAt", "contentUpdatedAt"] {
        let time = answer.body[time].as_str().unwrap();
        let (_, fraction) = time.split_once('.').unwrap();
        assert!(fraction.len() == 8 && fraction.ends_with('Z'), "{time}");
    }
    let changing = ["id", "revision", "createdAt", "updatedAt", "contentUpdatedAt", "endUserContext.revision"];
    let shown = changing.iter().fold(answer.body, |body, path| body.with(path, "[changes]"));
    insta::assert_json_snapshot!(shown.with("serviceOwnerContext.revision", "[changes]"));
}

/// OG-004, OG-005, OG-006, OG-008, OG-011
#[tokio::test]
async fn everything_that_was_sent_comes_back() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let attachment = json!({
        "name": "brev.pdf",
        "displayName": localized("Et brev"),
        "urls": [{ "url": "https://example.com/brev", "consumerType": "Gui" }],
    });
    let body = simple_dialog()
        .with("content.mainContentReference", reference("https://example.com/main"))
        .and("attachments", attachment.clone())
        .and("guiActions", action("read"))
        .and("apiActions", call("some_unauthorized_action"))
        .and("searchTags", json!({ "value": "Merkelapp" }))
        .and("transmissions", simple_transmission().and("attachments", attachment))
        .and("transmissions", simple_transmission().with("type", "Submission"))
        .and(
            "activities",
            simple_activity("Information")
                .with("performedBy", json!({ "actorType": "PartyRepresentative", "actorId": urn(PERSON) })),
        );
    let id = owner.creates(body).await;

    let dialog = owner.reads(id).await;

    assert_eq!(dialog["fromServiceOwnerTransmissionsCount"], 1);
    assert_eq!(dialog["fromPartyTransmissionsCount"], 1);
    assert_eq!(dialog["hasUnopenedContent"], true);
    assert_eq!(dialog["attachments"][0]["name"], "brev.pdf");
    assert_eq!(dialog["searchTags"], json!([{ "value": "merkelapp" }]));
    let transmissions = dialog["transmissions"].as_array().unwrap();
    assert!(transmissions.iter().all(|it| it["isOpened"] == false && it.get("isAuthorized").is_none()));
    assert!(transmissions.iter().any(|it| it["attachments"][0]["name"] == "brev.pdf"));
    assert_eq!(dialog["guiActions"][0]["url"], "https://example.com/gui");
    assert!(dialog["guiActions"][0].get("isAuthorized").is_none());
    assert!(dialog["apiActions"][0].get("isAuthorized").is_none());
    assert!(dialog["content"]["mainContentReference"].get("isAuthorized").is_none());
    assert_eq!(dialog["activities"][0]["performedBy"]["actorId"], urn(PERSON));
}

/// OG-003, OG-012
#[tokio::test]
async fn a_person_to_read_for_gets_flags_and_real_urls() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = simple_dialog()
        .with("content.mainContentReference", reference("https://example.com/main"))
        .and("guiActions", action("read"))
        .and("apiActions", call("some_unauthorized_action"))
        .and("apiActions", call("read"))
        .and("transmissions", simple_transmission())
        .and("transmissions", simple_transmission().with("authorizationAttribute", "someunavailablesubresource"));
    let id = owner.creates(body).await;

    let person = urn(PERSON);
    let answer = owner.get(&format!("serviceowner/dialogs/{id}?endUserId={person}")).await.expect(200);

    assert_eq!(answer.etag(), answer.body["revision"].as_str().unwrap());
    assert_eq!(answer.body["guiActions"][0]["isAuthorized"], true);
    let calls = answer.body["apiActions"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(call["isAuthorized"], call["action"] == "read");
        assert_eq!(call["endpoints"][0]["url"], "https://example.com/api");
    }
    assert_eq!(answer.body["content"]["mainContentReference"]["isAuthorized"], true);
    for transmission in answer.body["transmissions"].as_array().unwrap() {
        assert_eq!(transmission["isAuthorized"], transmission.get("authorizationAttribute").is_none());
    }
}

/// OG-013
#[tokio::test]
async fn a_person_with_another_right_than_reading_sees_that_nothing_is_permitted() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = simple_dialog_for(NARROW_PARTY)
        .with("content.mainContentReference", reference("https://example.com/main"))
        .and("guiActions", action("read"))
        .and("guiActions", action("sign"))
        .and("apiActions", call("read"))
        .and("transmissions", simple_transmission().with("authorizationAttribute", "element1"));
    let id = owner.creates(body).await;

    let answer = owner.get(&format!("serviceowner/dialogs/{id}?endUserId={}", urn(SIGNER))).await.expect(200);

    let flags: Vec<_> = answer.body["guiActions"].as_array().unwrap().iter().map(|it| &it["isAuthorized"]).collect();
    let names: Vec<_> = answer.body["guiActions"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert!(flags.iter().zip(names).all(|(flag, name)| **flag == json!(name == "sign")), "{}", answer.text);
    assert_eq!(answer.body["content"]["mainContentReference"]["isAuthorized"], false);
    assert_eq!(answer.body["apiActions"][0]["isAuthorized"], false);
    assert_eq!(answer.body["transmissions"][0]["isAuthorized"], false);
    // with no right at all, the dialog is missing
    owner.get(&format!("serviceowner/dialogs/{id}?endUserId={}", urn(PERSON))).await.expect(404);
}

#[tokio::test]
async fn only_a_persons_full_urn_is_a_person_to_read_for() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = owner.creates(simple_dialog()).await;
    let text = "EndUserId must be a valid end user identifier. It must match the format \
                'urn:altinn:person:identifier-no:{norwegian f-nr/d-nr}'.";
    for (value, key) in [
        (PERSON.to_owned(), "endUserId"),
        (format!("urn:altinn:organization:identifier-no:{PERSON}"), "endUserId"),
        (urn("05848297888"), "EndUserId"),
        (String::new(), "EndUserId"),
    ] {
        let answer = owner.get(&format!("serviceowner/dialogs/{id}?endUserId={value}")).await.expect(400);
        assert_eq!(answer.errors(key), [text], "{value}");
    }
}

/// A-007, E-001
#[tokio::test]
async fn what_is_missing_and_what_is_somebody_elses_look_the_same() {
    let app = TestApp::start().await;
    let id = app.service_owner("ttd").creates(simple_dialog()).await;
    let missing = fresh_id();

    let answer = app.service_owner("ttd").get(&format!("serviceowner/dialogs/{missing}")).await.expect(404);
    let constant = answer.body.clone().without("instance").without("traceId").without("errors");
    insta::assert_json_snapshot!("missing", constant);
    assert_eq!(answer.header("content-type"), "application/problem+json; charset=utf-8");
    assert_eq!(answer.body["instance"], format!("/api/v1/serviceowner/dialogs/{missing}"));
    let text = |id: &str| format!("Entity 'DialogEntity' with the following key(s) was not found: ({id}).");
    assert_eq!(answer.errors("DialogEntity"), [text(&missing.to_string())]);

    for other in ["other", "brg"] {
        let answer = app.service_owner(other).get(&format!("serviceowner/dialogs/{id}")).await.expect(404);
        assert_eq!(answer.errors("DialogEntity"), [text(&id.to_string())]);
        let admin = app.service_owner(other).and_scopes(&[ADMIN_SCOPE]);
        admin.get(&format!("serviceowner/dialogs/{id}")).await.expect(200);
    }
}

/// L-003
#[tokio::test]
async fn what_end_users_are_not_shown_is_shown_to_the_owner() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = owner.creates(simple_dialog().with("content.title", text("Slettet"))).await;
    sqlx::query(
        "update dialog
            set deleted_at = now(), visible_from = now() + interval '1 day', expires_at = now() - interval '1 hour'
          where id = $1",
    )
    .bind(id)
    .execute(&app.db)
    .await
    .unwrap();
    for path in [format!("serviceowner/dialogs/{id}"), format!("serviceowner/dialogs/{id}?enduserid={}", urn(PERSON))] {
        let answer = owner.get(&path).await.expect(200);
        for time in ["deletedAt", "visibleFrom", "expiresAt"] {
            assert!(answer.body[time].is_string(), "{time} in {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_dialog_with_thousands_of_transmissions_is_read_whole_and_in_order() {
    const MORE: usize = 3000;
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = owner.creates(simple_dialog().and("transmissions", simple_transmission())).await;
    // Few instants for many rows, so that ids decide too.
    sqlx::query(
        "insert into dialog_transmission (created_at, party_key, id, dialog_id, type, depth, has_content, body)
         select created_at - interval '1 second' * (number % 7), party_key, gen_random_uuid(), dialog_id, type, depth
              , has_content, body
           from dialog_transmission, generate_series(1, $2) number
          where dialog_id = $1",
    )
    .bind(id)
    .bind(i32::try_from(MORE).unwrap())
    .execute(&app.db)
    .await
    .unwrap();

    let dialog = owner.reads(id).await;

    let keys: Vec<_> = dialog["transmissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["createdAt"].as_str().unwrap(), it["id"].as_str().unwrap()))
        .collect();
    assert_eq!(keys.len(), MORE + 1);
    assert!(keys.is_sorted());
}

/// EG-026, OG-007: what is unopened follows the activities.
#[tokio::test]
async fn opening_is_an_activity() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").and_scopes(&["digdir:dialogporten.correspondence"]);
    let transmission = fresh_id().to_string();
    let message = simple_transmission().with("id", transmission.as_str());
    let id = owner.creates(simple_dialog().and("transmissions", message)).await;
    let before = owner.reads(id).await;
    assert_eq!((&before["hasUnopenedContent"], &before["transmissions"][0]["isOpened"]), (&json!(true), &json!(false)));
    let opened = simple_activity("TransmissionOpened").with("transmissionId", transmission.as_str());
    owner.put(&format!("serviceowner/dialogs/{id}"), simple_dialog().and("activities", opened)).await.expect(204);
    let after = owner.reads(id).await;
    assert_eq!((&after["hasUnopenedContent"], &after["transmissions"][0]["isOpened"]), (&json!(false), &json!(true)));

    let letter = "urn:altinn:resource:ttd-dialogporten-automated-tests-correspondence";
    for (activity, unopened) in [("CorrespondenceOpened", false), ("Information", true)] {
        let body = simple_dialog().with("serviceResource", letter).and("activities", simple_activity(activity));
        let id = owner.creates(body).await;
        assert_eq!(owner.reads(id).await["hasUnopenedContent"], unopened, "{activity}");
        assert_eq!(app.person(PERSON).opens(id).await["hasUnopenedContent"], unopened, "{activity}, for the end user");
    }
}

/// OG-015
#[tokio::test]
async fn a_person_to_read_for_sees_the_labels() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = owner.creates(simple_dialog()).await;
    let bulk = "serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset";
    let change = json!({ "dialogs": [{ "dialogId": id }], "addLabels": ["Archive"] });
    owner.post(&format!("{bulk}?enduserId={}", urn(PERSON)), change).await.expect(204);
    let answer = owner.get(&format!("serviceowner/dialogs/{id}?endUserId={}", urn(PERSON))).await.expect(200);
    assert_eq!(answer.body["endUserContext"]["systemLabels"], json!(["Archive"]));
    assert_eq!(answer.body["systemLabel"], "Archive");
}
