//! Reading for a person, and the seen log as service owners read it.

use chrono::Duration;
use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use crate::harness::{OTHER_PERSON, PERSON, TestApp, fresh_id, simple_dialog};

fn urn(person: &str) -> String {
    format!("urn:altinn:person:identifier-no:{person}")
}

fn log(dialog: DialogId) -> String {
    format!("serviceowner/dialogs/{dialog}/seenlog")
}

/// N-001, N-002
#[tokio::test]
async fn the_log_tells_who_opened_it_and_by_which_way() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    assert_eq!(owner.get(&log(dialog)).await.expect(200).body, json!([]));
    user.opens(dialog).await;
    app.clock.advance(Duration::seconds(1));
    let change = json!([{ "op": "add", "path": "/progress", "value": 10 }]);
    owner.patch(&format!("serviceowner/dialogs/{dialog}"), change).await.expect(204);
    app.clock.advance(Duration::seconds(1));
    owner.get(&format!("serviceowner/dialogs/{dialog}?endUserId={}", urn(PERSON))).await.expect(200);

    let listed = owner.get(&log(dialog)).await.expect(200);

    assert_eq!(listed.etag(), "");
    let ways: Vec<&Value> = listed.body.as_array().expect("a list").iter().map(|it| &it["isViaServiceOwner"]).collect();
    assert_eq!(ways, [&json!(false), &json!(true)]);
    let seen_by =
        json!({ "actorType": "PartyRepresentative", "actorName": "LITTERATUR UROMANTISK", "actorId": urn(PERSON) });
    for entry in listed.body.as_array().expect("a list") {
        assert_eq!(entry["seenBy"], seen_by);
        assert!(entry.get("isCurrentEndUser").is_none());
        let single = owner.get(&format!("{}/{}", log(dialog), entry["id"].as_str().expect("an id"))).await.expect(200);
        assert_eq!(single.body, *entry);
    }
}

/// OG-009, OG-010; chapter 02 §2: reading without a person leaves nothing behind, with one what the person would.
#[tokio::test]
async fn reading_counts_only_for_a_person() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let labels = format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels?enduserId={}", urn(PERSON));
    owner.put(&labels, json!({ "addLabels": ["MarkedAsUnopened"] })).await.expect(204);
    let alone = owner.reads(dialog).await;
    assert_eq!((&alone["isContentSeen"], &alone["seenSinceLastUpdate"]), (&json!(false), &json!([])));
    assert_eq!(owner.reads(dialog).await["endUserContext"]["systemLabels"], json!(["Default", "MarkedAsUnopened"]));

    let read = owner.get(&format!("serviceowner/dialogs/{dialog}?endUserId={}", urn(PERSON))).await.expect(200).body;

    assert_eq!(read["isContentSeen"], true);
    assert_eq!(read["endUserContext"]["systemLabels"], json!(["Default"]));
    for list in ["seenSinceLastUpdate", "seenSinceLastContentUpdate"] {
        let [entry] = read[list].as_array().expect("a list").as_slice() else { panic!("one entry in {read}") };
        assert_eq!((&entry["isCurrentEndUser"], &entry["seenBy"]["actorId"]), (&json!(true), &json!(urn(PERSON))));
    }
    let after = owner.reads(dialog).await;
    assert_eq!((&after["isContentSeen"], &after["endUserContext"]), (&json!(true), &read["endUserContext"]));
    assert_eq!(after["seenSinceLastUpdate"][0]["isCurrentEndUser"], false);
    let log = app.person(PERSON).get(&format!("enduser/dialogs/{dialog}/context/labellog")).await.expect(200).body;
    assert_eq!(log[1]["action"], "remove");
    assert_eq!(log[1]["performedBy"]["actorName"], "LITTERATUR UROMANTISK");

    // Whoever may do nothing with it leaves nothing behind.
    owner.get(&format!("serviceowner/dialogs/{dialog}?endUserId={}", urn(OTHER_PERSON))).await.expect(404);
    assert_eq!(owner.get(&self::log(dialog)).await.expect(200).body.as_array().map(Vec::len), Some(1));
}

/// Chapter 02 §3.3
#[tokio::test]
async fn the_log_is_the_owners_until_the_dialog_is_deleted() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let ahead = (app.clock.now() + Duration::days(30)).to_rfc3339();
    let dialog = owner.creates(crate::harness::Edit::with(simple_dialog(), "visibleFrom", ahead)).await;
    owner.get(&format!("serviceowner/dialogs/{dialog}?endUserId={}", urn(PERSON))).await.expect(200);
    let listed = owner.get(&log(dialog)).await.expect(200).body;
    let entry = format!("{}/{}", log(dialog), listed[0]["id"].as_str().expect("an id"));
    for path in [log(dialog), entry.clone()] {
        let foreign = app.service_owner("other").get(&path).await.expect(404);
        assert_eq!(foreign.errors("DialogEntity").len(), 1, "{path}");
        app.admin().get(&path).await.expect(200);
    }
    let missing = owner.get(&format!("{}/{}", log(dialog), fresh_id())).await.expect(404);
    assert_eq!(missing.errors("DialogSeenLog").len(), 1);
    owner.get(&log(DialogId(fresh_id()))).await.expect(404);
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    for path in [log(dialog), entry, format!("{}/{}", log(dialog), fresh_id())] {
        let gone = owner.get(&path).await.expect(410);
        assert_eq!(gone.errors("DialogEntity").len(), 1, "{path}");
    }
}
