//! Activities and transmissions by themselves, as their owner sees them.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::{
    enduser::parts::steady,
    harness::{Edit, OTHER_PERSON, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission},
};

/// Y-010
#[tokio::test]
async fn activities_are_listed_as_they_came() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let path = format!("serviceowner/dialogs/{dialog}/activities");
    let kinds = ["DialogOpened", "DialogClosed", "DialogDeleted"];
    for kind in kinds {
        app.clock.advance(TimeDelta::seconds(1));
        owner.post(&path, simple_activity(kind)).await.expect(201);
    }
    let list = owner.get(&path).await.expect(200).body;
    let listed: Vec<_> = list.as_array().expect("a list").iter().map(|activity| activity["type"].clone()).collect();
    assert_eq!(listed, kinds);
    // Only these, and all of these where they are there.
    let sent = fresh_id().to_string();
    let transmission = simple_transmission().with("id", sent.as_str());
    owner.post(&format!("serviceowner/dialogs/{dialog}/transmissions"), transmission).await.expect(201);
    app.clock.advance(TimeDelta::seconds(1));
    let opened = simple_activity("TransmissionOpened").with("transmissionId", sent).with("extendedType", "urn:x");
    owner.post(&path, opened).await.expect(201);
    let list = owner.get(&path).await.expect(200).body;
    let members = |n: usize| list[n].as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(members(0), ["id", "createdAt", "type"].map(str::to_owned).into());
    assert_eq!(members(3), ["id", "createdAt", "extendedType", "type", "transmissionId"].map(str::to_owned).into());
}

/// OG-008: the whole answers; a list tells neither what was said nor who did it.
#[tokio::test]
async fn activities_are_listed_bare_and_read_whole() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (full, bare) = (fresh_id().to_string(), fresh_id().to_string());
    let person = format!("urn:altinn:person:identifier-no:{OTHER_PERSON}");
    let full_activity = simple_activity("Information")
        .with("id", full.as_str())
        .with("extendedType", "urn:example:kind")
        .with("performedBy", json!({"actorType": "PartyRepresentative", "actorId": person}));
    let bare_activity = simple_activity("DialogOpened").with("id", bare.as_str());
    let dialog = owner.creates(simple_dialog().with("activities", json!([full_activity, bare_activity]))).await;
    let path = format!("serviceowner/dialogs/{dialog}/activities");
    let known = [("[full]", full.clone()), ("[bare]", bare.clone())];
    let list = owner.get(&path).await.expect(200);
    assert_eq!((list.etag(), list.header("cache-control")), ("", ""));
    assert_json_snapshot!("activities", steady(&list, &known));
    let one = owner.get(&format!("{path}/{full}")).await.expect(200);
    assert_eq!(one.body["performedBy"]["actorId"], person);
    let whole = owner.reads(dialog).await;
    assert!(whole["activities"].as_array().expect("a list").iter().any(|it| it["performedBy"]["actorId"] == person));
    // What happened last, in the list.
    app.clock.advance(TimeDelta::seconds(1));
    let last = simple_activity("DialogClosed")
        .with("performedBy", json!({"actorType": "PartyRepresentative", "actorId": person}));
    owner.post(&path, last).await.expect(201);
    let listed = owner.get("serviceowner/dialogs").await.expect(200).body["items"][0]["latestActivity"].clone();
    assert_eq!((&listed["type"], &listed["performedBy"]["actorId"]), (&json!("DialogClosed"), &json!(person)));
    assert_json_snapshot!("activity", steady(&one, &known));
    assert_json_snapshot!("bare_activity", steady(&owner.get(&format!("{path}/{bare}")).await.expect(200), &known));
}

/// Chapter 02 §3.1: the newest first; real URLs whatever the time is; nothing of whether it was opened.
#[tokio::test]
async fn transmissions_are_shown_as_they_were_sent() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (full, bare) = (fresh_id().to_string(), fresh_id().to_string());
    let soon = (app.clock.now() + TimeDelta::hours(1)).to_rfc3339();
    let first = simple_transmission()
        .with("id", full.as_str())
        .with("idempotentKey", "a-key")
        .with("authorizationAttribute", "someunavailablesubresource")
        .with("extendedType", "urn:example:kind")
        .with("externalReference", "ref-1")
        .with("sender", json!({"actorType": "PartyRepresentative", "actorName": "Noen"}))
        .with("attachments", json!([{"expiresAt": soon, "urls": [{"url": "https://example.com/file", "consumerType": "Gui"}]}]))
        .with("navigationalActions", json!([{"title": [{"languageCode": "nb", "value": "Gå"}], "url": "https://example.com/there", "expiresAt": soon}]));
    let dialog = owner.creates(simple_dialog().and("transmissions", first)).await;
    app.clock.advance(TimeDelta::hours(2));
    let path = format!("serviceowner/dialogs/{dialog}/transmissions");
    let second = simple_transmission()
        .with("id", bare.as_str())
        .with("relatedTransmissionId", full.as_str())
        .without("content.summary");
    owner.post(&path, second).await.expect(201);
    let known = [("[full]", full.clone()), ("[bare]", bare.clone())];
    let list = owner.get(&path).await.expect(200);
    assert_eq!((list.etag(), list.header("cache-control")), ("", ""));
    assert_json_snapshot!("transmissions", steady(&list, &known));
    for (n, id) in [(1, &full), (0, &bare)] {
        assert_eq!(owner.get(&format!("{path}/{id}")).await.expect(200).body, list.body[n]);
    }
}

///
#[tokio::test]
async fn somebody_elses_parts_look_like_missing_ones() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (transmission, activity) = (fresh_id().to_string(), fresh_id().to_string());
    let body = simple_dialog()
        .and("transmissions", simple_transmission().with("id", transmission.as_str()))
        .and("activities", simple_activity("DialogOpened").with("id", activity.as_str()));
    let dialog = owner.creates(body).await;
    let stranger = app.service_owner("brg");
    let admin = stranger.clone().and_scopes(&["digdir:dialogporten.serviceprovider.admin"]);
    for (part, id) in [("activities", &activity), ("transmissions", &transmission)] {
        let path = format!("serviceowner/dialogs/{dialog}/{part}");
        for path in [path.clone(), format!("{path}/{id}"), format!("{path}/{}", fresh_id())] {
            let refused = stranger.get(&path).await.expect(404);
            let text = format!("Entity 'DialogEntity' with the following key(s) was not found: ({dialog}).");
            assert_eq!(refused.errors("DialogEntity"), [text], "{path}");
        }
        assert_eq!(admin.get(&path).await.expect(200).body[0]["id"], *id);
        assert_eq!(admin.get(&format!("{path}/{id}")).await.expect(200).body["id"], *id);
        let end_user = format!("endUserId=urn:altinn:person:identifier-no:{OTHER_PERSON}");
        owner.get(&format!("{path}?{end_user}")).await.expect(200);
        owner.get(&format!("{path}?endUserId=x")).await.expect(400);
    }
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    for part in ["activities", "transmissions"] {
        let gone = owner.get(&format!("serviceowner/dialogs/{dialog}/{part}/{}", fresh_id())).await.expect(410);
        assert_eq!(
            gone.errors("DialogEntity"),
            [format!("Entity 'DialogEntity' with the following key(s) is removed: ({dialog}).")]
        );
    }
}
