//! `POST /serviceowner/dialogs`: what is accepted, and what becomes of it.

use chrono::{DateTime, TimeDelta, Utc};
use dialogporten::domain::ids::v7_at;
use serde_json::{Value, json};

use crate::harness::{Edit, RESOURCE, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission, text};

const DIALOGS: &str = "serviceowner/dialogs";
const SILENT: &str = "serviceowner/dialogs?isSilentUpdate=true";
const PROVIDER: &str = "digdir:dialogporten.serviceprovider";
const CORRESPONDENCE: &str = "digdir:dialogporten.correspondence";

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("an instant, not {value}"))
}

/// C-004, C-007, C-026
#[tokio::test]
async fn the_answer_is_the_new_id_with_the_revision_as_etag() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let answer = owner.post(DIALOGS, simple_dialog().without("status").without("content.summary")).await.expect(201);
    let id = answer.body.as_str().unwrap().to_owned();
    assert_eq!(answer.text, format!("\"{id}\""));
    assert_eq!((id.len(), &id[14..15]), (36, "7"));
    assert_eq!(answer.header("location"), format!("/api/v1/serviceowner/dialogs/{id}"));
    let dialog = owner.reads(dialogporten::domain::ids::DialogId(id.parse().unwrap())).await;
    assert_eq!(dialog["revision"], answer.etag());
    assert_eq!(dialog["org"], "ttd");
    assert_eq!(dialog["serviceResourceType"], "genericaccessresource");
    assert_eq!(dialog["status"], "NotApplicable");
    assert_eq!(dialog["systemLabel"], "Default");
    let later = owner.creates(simple_dialog()).await;
    assert!(later.to_string() > id);
}

/// C-001, C-002
#[tokio::test]
async fn an_api_only_dialog_needs_no_content() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let bare = simple_dialog().with("isApiOnly", true).without("content");
    let silent_transmission = simple_transmission().without("content");
    owner.creates(bare.clone().and("transmissions", silent_transmission.clone())).await;
    owner.creates(bare.and("transmissions", simple_transmission())).await;
    owner.creates(simple_dialog().with("isApiOnly", true).and("transmissions", silent_transmission)).await;
}

/// C-005, C-022, SL-017
#[tokio::test]
async fn labels_of_a_new_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for label in ["Default", "Bin", "Archive"] {
        let id = owner.creates(simple_dialog().with("systemLabel", label)).await;
        let dialog = owner.reads(id).await;
        assert_eq!(dialog["systemLabel"], label);
        assert_eq!(dialog["endUserContext"]["systemLabels"], json!([label]));
    }
    for (kind, labels) in [
        ("Submission", json!(["Default", "Sent"])),
        ("Correction", json!(["Default", "Sent"])),
        ("Information", json!(["Default"])),
        ("Acceptance", json!(["Default"])),
        ("Rejection", json!(["Default"])),
        ("Request", json!(["Default"])),
        ("Alert", json!(["Default"])),
        ("Decision", json!(["Default"])),
    ] {
        let id = owner.creates(simple_dialog().and("transmissions", simple_transmission().with("type", kind))).await;
        let given = owner.reads(id).await["endUserContext"]["systemLabels"].clone();
        assert_eq!(given, labels, "{kind}");
    }
    let logged: Vec<(i16, i16)> =
        sqlx::query_as("select label, action from dialog_label_log order by id").fetch_all(&app.db).await.unwrap();
    assert_eq!(logged, [(2, 1), (3, 1), (5, 1), (5, 1)], "Bin, Archive and twice Sent were set");
}

/// C-008
#[tokio::test]
async fn a_chosen_id_may_lie_a_little_ahead() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let owner = app.service_owner("ttd");
    let ahead = |seconds| v7_at(app.clock.now() + TimeDelta::seconds(seconds)).to_string();
    let id = ahead(14);
    let answer = owner.post(DIALOGS, simple_dialog().with("id", id.as_str())).await.expect(201);
    assert_eq!(answer.body, json!(id));
    owner.post(DIALOGS, simple_dialog().with("id", ahead(16))).await.expect(400);
}

/// C-010, C-012, C-013, C-014, C-015, C-016, C-018
#[tokio::test]
async fn times_of_a_new_dialog() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let now = app.clock.now();
    let (owner, admin) = (app.service_owner("ttd"), app.admin());
    let day = |days| now + TimeDelta::days(days);
    let zero = "0001-01-01T00:00:00Z".parse().unwrap();
    for (client, given, (created, updated)) in [
        (&owner, vec![("visibleFrom", day(3))], (day(3), day(3))),
        (&admin, vec![("visibleFrom", day(-7))], (now, now)),
        (&admin, vec![("visibleFrom", day(-7)), ("createdAt", day(-3)), ("updatedAt", day(-1))], (day(-3), day(-1))),
        (&owner, vec![("createdAt", day(-5475)), ("updatedAt", day(-5475))], (day(-5475), day(-5475))),
        (&owner, vec![("createdAt", day(-1)), ("updatedAt", day(-1))], (day(-1), day(-1))),
        (&owner, vec![("createdAt", zero), ("updatedAt", zero)], (now, now)),
        (&owner, vec![("createdAt", zero)], (now, now)),
        (&owner, vec![("updatedAt", zero)], (now, now)),
        (&owner, vec![("createdAt", day(-1)), ("updatedAt", zero)], (day(-1), now)),
        (&owner, vec![("createdAt", now + TimeDelta::seconds(1))], (now + TimeDelta::seconds(1), now)),
        (&owner, vec![("createdAt", day(-1))], (day(-1), now)),
        (&owner, vec![("createdAt", now + TimeDelta::seconds(14))], (now + TimeDelta::seconds(14), now)),
        (&owner, vec![], (now, now)),
    ] {
        let body = given.iter().fold(simple_dialog(), |body, (name, time)| body.with(name, time.to_rfc3339()));
        let dialog = client.reads(client.creates(body).await).await;
        assert_eq!(instant(&dialog["createdAt"]), created, "{given:?}");
        assert_eq!(instant(&dialog["updatedAt"]), updated, "{given:?}");
        assert_eq!(instant(&dialog["contentUpdatedAt"]), updated, "{given:?}");
        if let Some((_, time)) = given.iter().find(|(name, _)| *name == "visibleFrom") {
            assert_eq!(instant(&dialog["visibleFrom"]), *time);
        }
    }
}

/// T-009
#[tokio::test]
async fn a_transmission_of_a_dialog_to_come_is_born_with_it() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let visible_from = (app.clock.now() + TimeDelta::days(3)).to_rfc3339();
    let body = simple_dialog().with("visibleFrom", visible_from).and("transmissions", simple_transmission());
    let dialog = owner.reads(owner.creates(body).await).await;
    assert_eq!(dialog["transmissions"][0]["createdAt"], dialog["visibleFrom"]);
}

/// C-011
#[tokio::test]
async fn parties_are_stored_in_lower_case() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for party in ["urn:altinn:person:legacy-selfidentified:SomeUser", "urn:altinn:person:idporten-email:Foo@Bar.com"] {
        let dialog = owner.reads(owner.creates(simple_dialog().with("party", party)).await).await;
        assert_eq!(dialog["party"], party.to_lowercase());
    }
}

/// C-020
#[tokio::test]
async fn silent_and_administrative_dialogs_may_be_over() {
    let app = TestApp::start().await;
    let past = (app.clock.now() - TimeDelta::days(1)).to_rfc3339();
    let body =
        ["dueAt", "expiresAt", "visibleFrom"].iter().fold(simple_dialog(), |body, name| body.with(name, past.as_str()));
    app.admin().post(DIALOGS, body.clone()).await.expect(201);
    app.service_owner("ttd").post(SILENT, body).await.expect(201);
}

/// C-021
#[tokio::test]
async fn the_type_decides_from_whom_a_transmission_is() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let of = |kind: &str| simple_transmission().with("type", kind);
    let body = simple_dialog()
        .and("transmissions", of("Submission"))
        .and("transmissions", of("Correction"))
        .and("transmissions", of("Alert"));
    let dialog = owner.reads(owner.creates(body).await).await;
    assert_eq!(dialog["fromPartyTransmissionsCount"], 2);
    assert_eq!(dialog["fromServiceOwnerTransmissionsCount"], 1);
    assert_eq!(dialog["hasUnopenedContent"], true);
}

/// C-023
#[tokio::test]
async fn retired_statuses_have_successors() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for (given, read) in [
        (json!("New"), "NotApplicable"),
        (json!("Sent"), "Awaiting"),
        (json!("sent"), "Awaiting"),
        (json!(4), "Awaiting"),
        (Value::Null, "NotApplicable"),
        (json!("InProgress"), "InProgress"),
    ] {
        let dialog = owner.reads(owner.creates(simple_dialog().with("status", given)).await).await;
        assert_eq!(dialog["status"], read);
    }
}

/// C-027, C-028
#[tokio::test]
async fn letter_case_does_not_matter_on_the_way_in() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let names = ["Title", "Summary", "SenderName", "AdditionalInfo", "ExtendedStatus", "NonSensitiveTitle"];
    let content = names.iter().fold(json!({}), |content, name| content.with(name, text(name)));
    let body = simple_dialog()
        .with("content", content)
        .and("activities", simple_activity("dialogOpened"))
        .and(
            "guiActions",
            json!({
                "action": "submit", "url": "https://example.com", "priority": "tertiary",
                "title": [{"languageCode": "nb", "value": "Send"}],
            }),
        )
        .and("attachments", json!({"urls": [{"url": "https://example.com/a", "consumerType": "gui"}]}));
    let dialog = owner.reads(owner.creates(body).await).await;
    for name in names {
        let member = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
        assert_eq!(dialog["content"][&member]["value"][0]["value"], name, "{member}");
    }
    assert_eq!(dialog["activities"][0]["type"], "DialogOpened");
    assert_eq!(dialog["guiActions"][0]["priority"], "Tertiary");
    assert_eq!(dialog["guiActions"][0]["httpMethod"], "GET");
    assert_eq!(dialog["attachments"][0]["urls"][0]["consumerType"], "Gui");
}

/// OL-006
#[tokio::test]
async fn owner_labels_are_stored_in_lower_case() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let labels = json!([{"value": "Scadrial"}, {"value": " Roshar "}, {"value": "Sel"}]);
    let dialog =
        owner.reads(owner.creates(simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", labels)).await).await;
    let stored = dialog["serviceOwnerContext"]["serviceOwnerLabels"].as_array().unwrap();
    let values: Vec<_> = stored.iter().map(|label| label["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["roshar", "scadrial", "sel"]);
}

///
#[tokio::test]
async fn attributes_may_name_other_resources_of_the_owner() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let attribute = "urn:altinn:resource:super-simple-service";
    let api = json!({
        "action": "read", "authorizationAttribute": attribute,
        "endpoints": [{"url": "https://example.com", "httpMethod": "GET"}],
    });
    owner.creates(simple_dialog().and("apiActions", api)).await;
    let gui = json!({
        "action": "read", "authorizationAttribute": attribute, "url": "https://example.com", "priority": "Primary",
        "title": [{"languageCode": "nb", "value": "Les"}],
    });
    owner.creates(simple_dialog().and("guiActions", gui)).await;
    let transmission = simple_transmission().with("authorizationAttribute", attribute);
    owner.creates(simple_dialog().and("transmissions", transmission)).await;
}

/// A-015, Y-022, V-013
#[tokio::test]
async fn letters_need_their_scope() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&[PROVIDER]);
    let letters = app.service_owner("ttd").with_scopes(&[PROVIDER, CORRESPONDENCE]);
    let letter =
        simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-dialogporten-automated-tests-correspondence");
    let refused = owner.post(DIALOGS, letter.clone()).await.expect(403);
    assert_eq!(
        refused.errors("Forbidden"),
        ["User cannot create or modify a dialog with resource type correspondenceservice."]
    );
    let dialog = letters.reads(letters.creates(letter.clone()).await).await;
    assert_eq!(dialog["hasUnopenedContent"], true, "nobody has opened the letter");
    let opened = letter.and("activities", simple_activity("CorrespondenceOpened"));
    let dialog = letters.reads(letters.creates(opened).await).await;
    assert_eq!(dialog["hasUnopenedContent"], false);

    for kind in ["CorrespondenceConfirmed", "CorrespondenceOpened"] {
        let activity = simple_dialog().and("activities", simple_activity(kind));
        let refused = owner.post(DIALOGS, activity.clone()).await.expect(403);
        assert_eq!(
            refused.errors("Forbidden"),
            ["Use of CorrespondenceConfirmed or CorrespondenceOpened activity types requires the scope \
             digdir:dialogporten.correspondence."]
        );
        letters.creates(activity).await;
    }

    let of_dialog = |n: usize| simple_dialog().with("content.title.value.0.value", "a".repeat(n));
    let of_transmission = |n: usize| {
        let transmission = simple_transmission().with("content.title.value.0.value", "a".repeat(n));
        simple_dialog().and("transmissions", transmission)
    };
    for long in [&of_dialog as &dyn Fn(usize) -> Value, &of_transmission] {
        letters.creates(long(512)).await;
        letters.post(DIALOGS, long(513)).await.expect(400);
        owner.creates(long(255)).await;
        owner.post(DIALOGS, long(256)).await.expect(400);
    }
}

/// Chapter 01 §13 no. 4: resources are matched and stored without regard to letter case.
#[tokio::test]
async fn a_resource_in_upper_case_is_the_same_resource() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let urn = "urn:altinn:resource:TTD-dialogporten-automated-tests";
    let dialog = owner.reads(owner.creates(simple_dialog().with("serviceResource", urn)).await).await;
    assert_eq!(dialog["serviceResource"], RESOURCE);
}

/// Chapter 01 §3.5
#[tokio::test]
async fn what_happened_is_raised_and_silence_leaves_one() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body =
        simple_dialog().and("transmissions", simple_transmission()).and("activities", simple_activity("DialogCreated"));
    let kinds =
        |events: Vec<crate::harness::RaisedEvent>| events.into_iter().map(|event| event.kind).collect::<Vec<_>>();
    let id = owner.creates(body.clone()).await;
    assert_eq!(
        kinds(app.raised_events(id).await),
        ["DialogCreated", "DialogTransmissionCreated", "DialogActivityCreated"]
    );
    let answer = owner.post(SILENT, body).await.expect(201);
    let silent = dialogporten::domain::ids::DialogId(answer.body.as_str().unwrap().parse().unwrap());
    let raised = app.raised_events(silent).await;
    assert_eq!(raised[0].body["is_silent_update"], true);
    assert_eq!(kinds(raised), ["DialogCreated"]);
}

/// Kept in the writing transaction: what searches are driven by.
#[tokio::test]
async fn counts_and_marks_are_kept() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(simple_dialog().with("systemLabel", "Bin")).await;
    owner.creates(simple_dialog().with("id", fresh_id().to_string())).await;
    let (count, is_bound): (i32, bool) = sqlx::query_as(
        "select dialog_count, newest >= (select max(content_updated_at) from dialog) from party_resource",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!((count, is_bound), (2, true));
    let marks: Vec<i16> = sqlx::query_scalar("select label from dialog_mark").fetch_all(&app.db).await.unwrap();
    assert_eq!(marks, [2]);
}
