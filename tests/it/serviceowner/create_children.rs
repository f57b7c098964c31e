//! `POST /serviceowner/dialogs`: attachments, actions, transmissions and activities inside it.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::{Client, Edit, TestApp, fresh_id, localized, simple_activity, simple_dialog, simple_transmission};

const DIALOGS: &str = "serviceowner/dialogs";
const V4: &str = "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f";

fn attachment() -> Value {
    json!({"urls": [{"url": "https://example.com/a.pdf", "consumerType": "Gui"}]})
}

fn gui_action(priority: &str) -> Value {
    json!({"action": "open", "url": "https://example.com", "priority": priority, "title": localized("Åpne")})
}

fn transmission(id: &str) -> Value {
    simple_transmission().with("id", id)
}

/// Refused with 400; the texts under one key.
async fn faults(client: &Client<'_>, body: Value, key: &str) -> Vec<String> {
    let answer = client.post(DIALOGS, body).await.expect(400);
    let texts = answer.errors(key).into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert!(!texts.is_empty(), "nothing under {key}: {}", answer.text);
    texts
}

/// K-001
#[tokio::test]
async fn attachments_expire_in_the_future() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let day = |days| (app.clock.now() + TimeDelta::days(days)).to_rfc3339();
    let with = |days| {
        let attachment = attachment().with("expiresAt", day(days));
        let transmission = simple_transmission().and("attachments", attachment.clone());
        simple_dialog().and("attachments", attachment).and("transmissions", transmission)
    };
    let dialog = owner.reads(owner.creates(with(1)).await).await;
    assert!(dialog["attachments"][0]["expiresAt"].is_string());
    assert_eq!(dialog["transmissions"][0]["attachments"][0]["expiresAt"], dialog["attachments"][0]["expiresAt"]);
    let answer = owner.post(DIALOGS, with(-1)).await.expect(400);
    for key in ["dto.attachments[0].expiresAt", "dto.transmissions[0].attachments[0].expiresAt"] {
        assert_eq!(answer.errors(key), ["'ExpiresAt' must be in the future."]);
    }
}

/// K-002, K-003, K-004
#[tokio::test]
async fn clients_may_choose_the_ids_of_children() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let ids: Vec<_> = (0..4).map(|_| fresh_id().to_string()).collect();
    let url = |id: &str| json!({"id": id, "url": "https://example.com", "consumerType": "Api"});
    let with_urls = |urls: Value| simple_dialog().and("attachments", json!({"urls": urls}));
    let action = json!({
        "id": ids[2], "action": "read",
        "endpoints": [{"id": ids[3], "url": "https://example.com", "httpMethod": "POST"}],
    });
    let body = with_urls(json!([url(&ids[0]), url(&ids[1])])).and("apiActions", action);
    let dialog = owner.reads(owner.creates(body).await).await;
    assert_eq!(dialog["attachments"][0]["urls"][0]["id"], ids[0]);
    assert_eq!(dialog["attachments"][0]["urls"][1]["id"], ids[1]);
    assert_eq!(dialog["apiActions"][0]["id"], ids[2]);
    assert_eq!(dialog["apiActions"][0]["endpoints"][0]["id"], ids[3]);

    faults(&owner, with_urls(json!([url(V4)])), "dto.attachments[0].urls[0].id").await;
    let twice = fresh_id().to_string();
    let texts = faults(&owner, with_urls(json!([url(&twice), url(&twice)])), "dto.attachments[0].urls").await;
    assert_eq!(texts, [format!("Can not contain duplicate items: [{twice}].")]);
}

/// K-009
#[tokio::test]
async fn attachments_come_back_in_the_order_in_which_they_were_sent() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let named = |n: i32| attachment().with("name", n.to_string());
    let body = (0..5).fold(simple_dialog(), |body, n| body.and("attachments", named(n)));
    let dialog = owner.reads(owner.creates(body).await).await;
    let names: Vec<_> = dialog["attachments"].as_array().unwrap().iter().map(|a| a["name"].clone()).collect();
    assert_eq!(names, ["0", "1", "2", "3", "4"]);
}

/// K-010
#[tokio::test]
async fn there_are_few_buttons() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let with = |counts: [(&str, usize); 3]| {
        counts.into_iter().fold(simple_dialog(), |body, (priority, count)| {
            (0..count).fold(body, |body, _| body.and("guiActions", gui_action(priority)))
        })
    };
    owner.creates(with([("Primary", 1), ("Secondary", 1), ("Tertiary", 5)])).await;
    let (one, two, five) = (
        "Only one primary GUI action is allowed.",
        "Only one secondary GUI action is allowed.",
        "Only five tertiary GUI actions are allowed.",
    );
    for (counts, told) in
        [([2, 0, 0], vec![one]), ([0, 2, 0], vec![two]), ([0, 0, 6], vec![five]), ([2, 2, 6], vec![one, two, five])]
    {
        let [primary, secondary, tertiary] = counts;
        let body = with([("Primary", primary), ("Secondary", secondary), ("Tertiary", tertiary)]);
        assert_eq!(faults(&owner, body, "dto.guiActions").await, told, "{counts:?}");
    }
    let put = gui_action("Primary").with("httpMethod", "PUT");
    assert_eq!(
        faults(&owner, simple_dialog().and("guiActions", put), "dto.guiActions[0].httpMethod").await,
        ["'HttpMethod' for GUI actions must be one of the following: [GET, POST, DELETE]."]
    );
}

fn chain(length: usize) -> Value {
    let ids: Vec<_> = (0..length).map(|_| fresh_id().to_string()).collect();
    ids.iter().enumerate().fold(simple_dialog(), |body, (i, id)| {
        let parent = i.checked_sub(1).map_or(Value::Null, |parent| ids[parent].clone().into());
        body.and("transmissions", transmission(id).with("relatedTransmissionId", parent))
    })
}

/// T-008
#[tokio::test]
async fn a_chain_of_transmissions_has_at_most_100() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(chain(100)).await;
    let depths: (i16, i16) =
        sqlx::query_as("select min(depth), max(depth) from dialog_transmission").fetch_one(&app.db).await.unwrap();
    assert_eq!(depths, (1, 100));
    let answer = owner.post(DIALOGS, chain(101)).await.expect(422);
    assert!(answer.errors("Transmissions")[0].contains("depth violation found. DialogTransmission with"));
}

/// T-035, T-036, T-038, T-039
#[tokio::test]
async fn transmissions_form_a_forest() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let own = fresh_id().to_string();
    let itself = simple_dialog().and("transmissions", transmission(&own).with("relatedTransmissionId", own.as_str()));
    let texts = faults(&owner, itself, "dto.transmissions[0].relatedTransmissionId").await;
    assert!(texts[0].starts_with("A transmission cannot reference itself"));

    let stranger = fresh_id().to_string();
    let unknown =
        simple_dialog().and("transmissions", simple_transmission().with("relatedTransmissionId", stranger.as_str()));
    assert_eq!(
        faults(&owner, unknown, "dto.transmissions[0]").await,
        [format!("Item '{stranger}' in 'Transmissions' does not exist.")]
    );

    let root = fresh_id().to_string();
    let wide = |body: Value, children: usize| {
        let child = simple_transmission().with("relatedTransmissionId", root.as_str());
        (0..children)
            .fold(body.and("transmissions", transmission(&root)), |body, _| body.and("transmissions", child.clone()))
    };
    let (a, b) = (fresh_id().to_string(), fresh_id().to_string());
    let all = wide(chain(101), 101)
        .and("transmissions", transmission(&a).with("relatedTransmissionId", b.as_str()))
        .and("transmissions", transmission(&b).with("relatedTransmissionId", a.as_str()));
    let answer = owner.post(DIALOGS, all).await.expect(422);
    for (text, word) in
        answer.errors("Transmissions").iter().zip(["depth violation", "cyclic reference", "width violation"])
    {
        assert!(text.contains(word), "{text}");
    }
    assert_eq!(answer.errors("Transmissions").len(), 3);
    owner.creates(wide(simple_dialog(), 100)).await;
}

/// T-010, T-012, T-013, T-014
#[tokio::test]
async fn transmissions_have_limits() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let with = |transmission: Value| simple_dialog().and("transmissions", transmission);
    let media = simple_transmission().and("attachments", attachment().with("urls.0.mediaType", "a".repeat(256)));
    faults(&owner, with(media), "dto.transmissions[0].attachments[0].urls[0].mediaType").await;

    let link = json!({
        "title": localized(&"a".repeat(256)), "url": "http://example.com",
        "expiresAt": (app.clock.now() - TimeDelta::days(1)).to_rfc3339(),
    });
    let answer = owner.post(DIALOGS, with(simple_transmission().and("navigationalActions", link))).await.expect(400);
    let at = |name: &str| format!("dto.transmissions[0].navigationalActions[0].{name}");
    assert!(answer.errors(&at("title[0].value"))[0].contains("256 characters"));
    assert!(answer.errors(&at("url"))[0].contains("HTTPS"));
    assert!(answer.errors(&at("expiresAt"))[0].contains("future"));

    let reference = |n: usize| with(simple_transmission().with("externalReference", "r".repeat(n)));
    let dialog = owner.reads(owner.creates(reference(255)).await).await;
    assert_eq!(dialog["transmissions"][0]["externalReference"], "r".repeat(255));
    faults(&owner, reference(256), "dto.transmissions[0].externalReference").await;

    let empty = simple_transmission().with("content.title.value.0.value", "").with("content.summary.value.0.value", "");
    assert_eq!(
        faults(&owner, with(empty), "dto.transmissions[0].content.value[0].value").await,
        ["'Value' must not be empty.", "'Value' must not be empty."]
    );
}

/// T-015
#[tokio::test]
async fn keys_of_transmissions_differ() {
    let app = TestApp::start().await;
    let keyed = |key: &str| simple_transmission().with("idempotentKey", key);
    let body = ["key-a", "key-b", "key-a", "key-b"]
        .iter()
        .fold(simple_dialog(), |body, key| body.and("transmissions", keyed(key)));
    let answer = app.service_owner("ttd").post(DIALOGS, body).await.expect(409);
    assert_eq!(
        answer.errors("IdempotentKey"),
        ["Duplicate IdempotentKey detected in dialog transmissions. Conflicting keys: 'key-a', 'key-b'."]
    );
}

/// Y-001, Y-002
#[tokio::test]
async fn names_of_actors_are_looked_up() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let by = |performer: Value| simple_activity("DialogOpened").with("performedBy", performer);
    let organization = "urn:altinn:organization:identifier-no:991825827";
    let registered = by(json!({"actorType": "PartyRepresentative", "actorId": organization}));
    let dialog = owner.reads(owner.creates(simple_dialog().and("activities", registered)).await).await;
    assert_eq!(dialog["activities"].as_array().unwrap().len(), 1);
    assert_eq!(dialog["activities"][0]["performedBy"]["actorName"], "DIGITALISERINGSDIREKTORATET");

    let by_owner = owner.creates(simple_dialog().and("activities", simple_activity("DialogOpened"))).await;
    let read = owner.reads(by_owner).await["activities"].clone();
    assert_eq!(read.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&read[0]["type"], &read[0]["performedBy"]),
        (&json!("DialogOpened"), &json!({"actorType": "ServiceOwner"}))
    );

    let stranger = "urn:altinn:organization:identifier-no:312345005";
    let unknown = by(json!({"actorType": "PartyRepresentative", "actorId": stranger}));
    let answer = owner.post(DIALOGS, simple_dialog().and("activities", unknown)).await.expect(422);
    assert_eq!(answer.errors("ActorId"), [format!("Unable to look up name for actor id: {stranger}")]);

    let named = by(json!({"actorType": "PartyRepresentative", "actorName": "Kari"}));
    let dialog = owner.reads(owner.creates(simple_dialog().and("activities", named)).await).await;
    assert_eq!(dialog["activities"][0]["performedBy"]["actorName"], "Kari");
}

/// Y-003, Y-004, Y-029
#[tokio::test]
async fn only_an_opening_names_a_transmission() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = fresh_id().to_string();
    let with = |activity: Value| simple_dialog().and("transmissions", transmission(&id)).and("activities", activity);
    let opening = simple_activity("TransmissionOpened").with("transmissionId", id.as_str());
    let dialog = owner.reads(owner.creates(with(opening.clone())).await).await;
    assert_eq!(dialog["activities"][0]["transmissionId"], id);
    assert_eq!(dialog["transmissions"][0]["isOpened"], true);
    assert_eq!(dialog["hasUnopenedContent"], true, "chapter 01 §13 no. 11");

    for kind in ["DialogCreated", "DialogClosed", "Information", "DialogOpened", "FormSaved", "SentToPayment"] {
        let activity = simple_activity(kind).with("transmissionId", id.as_str());
        assert_eq!(
            faults(&owner, with(activity), "dto.activities[0].transmissionId").await,
            ["Only activities of type TransmissionOpened can reference a transmission."]
        );
    }
    assert_eq!(
        faults(&owner, with(opening.without("transmissionId")), "dto.activities[0].transmissionId").await,
        ["An activity of type TransmissionOpened needs to reference a transmission."]
    );
    let stranger = fresh_id().to_string();
    let foreign = simple_activity("TransmissionOpened").with("transmissionId", stranger.as_str());
    assert_eq!(
        faults(&owner, with(foreign), "dto.activities[0]").await,
        [format!("Item '{stranger}' in 'Transmissions' does not exist.")]
    );
}

/// Y-015 to Y-021, Y-027, Y-028
#[tokio::test]
async fn activities_have_rules() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let owner = app.service_owner("ttd");
    let base = || simple_activity("DialogOpened");
    let ahead = |seconds| base().with("createdAt", (app.clock.now() + TimeDelta::seconds(seconds)).to_rfc3339());
    let with = |activity: Value| simple_dialog().and("activities", activity);
    owner.creates(with(ahead(15))).await;
    let named = json!({"actorType": "ServiceOwner", "actorName": "x"});
    let nobody = json!({"actorType": "PartyRepresentative"});
    let wrong = json!({"actorType": "PartyRepresentative", "actorId": "invalid-urn"});
    let either = "If 'ActorType' is 'ServiceOwner', both";
    for (activity, key, start) in [
        (base().with("id", V4), "id", "Invalid Id. Expected big endian UUIDv7 format."),
        (ahead(16), "createdAt", "'CreatedAt' must be in the past."),
        (
            base().with("extendedType", "http://example.com/%zz"),
            "extendedType",
            "'ExtendedType' is not a well formatted URI.",
        ),
        (
            base().with("extendedType", format!("urn:{}", "a".repeat(1020))),
            "extendedType",
            "The length of 'ExtendedType' must be 1023 characters or fewer. You entered 1024",
        ),
        (base().without("performedBy"), "performedBy", "'PerformedBy' must not be empty."),
        (base().with("performedBy", wrong), "performedBy.actorId", "'ActorId' must be on format"),
        (base().with("performedBy", nobody), "performedBy", either),
        (base().with("performedBy", named), "performedBy", either),
        (
            base().with("performedBy", json!({})),
            "performedBy.actorType",
            "'ActorType' has a range of values which does not include '0'.",
        ),
        (
            simple_activity("Information").without("description"),
            "description",
            "Description is required when the type is 'Information'.",
        ),
        (
            base().with("description", localized("x")),
            "description",
            "Description is only allowed when the type is 'Information'.",
        ),
        (base().without("type"), "type", "'Type' has a range of values which does not include '0'."),
    ] {
        let texts = faults(&owner, with(activity), &format!("dto.activities[0].{key}")).await;
        assert!(texts[0].starts_with(start), "{texts:?}");
    }
}

/// A dialog of 20,000 transmissions is created in one request.
#[tokio::test]
async fn many_transmissions_are_no_trouble() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let one = simple_transmission().without("content.summary");
    let body = simple_dialog().with("transmissions", vec![one; 20_000]);
    let dialog = owner.creates(body).await;
    let stored: i16 = sqlx::query_scalar("select from_owner_transmissions from dialog where id = $1")
        .bind(dialog)
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(stored, 20_000);
}
