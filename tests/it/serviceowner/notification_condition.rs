//! `GET /serviceowner/dialogs/{dialogId}/actions/should-send-notification`.

use dialogporten::domain::ids::DialogId;
use serde_json::json;

use crate::harness::{Client, Edit, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission};

const SCOPE: &str = "altinn:system/notifications.condition.check";
const KINDS: [&str; 17] = [
    "DialogCreated",
    "DialogClosed",
    "Information",
    "TransmissionOpened",
    "PaymentMade",
    "SignatureProvided",
    "DialogOpened",
    "DialogDeleted",
    "DialogRestored",
    "SentToSigning",
    "SentToFormFill",
    "SentToSendIn",
    "SentToPayment",
    "FormSubmitted",
    "FormSaved",
    "CorrespondenceOpened",
    "CorrespondenceConfirmed",
];

fn path(dialog: DialogId) -> String {
    format!("serviceowner/dialogs/{dialog}/actions/should-send-notification")
}

async fn sends(client: &Client<'_>, dialog: DialogId, query: &str) -> bool {
    let answer = client.get(&format!("{}?{query}", path(dialog))).await.expect(200);
    assert_eq!(answer.body.as_object().map(serde_json::Map::len), Some(1), "{}", answer.text);
    answer.body["sendNotification"].as_bool().expect("a flag")
}

/// NC-001, NC-003
#[tokio::test]
async fn a_condition_is_whether_the_activity_happened() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").and_scopes(&["digdir:dialogporten.correspondence"]);
    let asker = app.service_owner("other").with_scopes(&[SCOPE]);
    let transmission = fresh_id().to_string();
    let body = simple_dialog().and("transmissions", simple_transmission().with("id", transmission.as_str()));
    let empty = owner.creates(body.clone()).await;
    for kind in KINDS {
        let mut activity = simple_activity(kind);
        let mut about = String::new();
        if kind == "TransmissionOpened" {
            activity["transmissionId"] = transmission.as_str().into();
            about = format!("&transmissionId={transmission}");
        }
        let own = fresh_id().to_string();
        let mut body = body.clone().with("transmissions.0.id", own.as_str()).and("activities", activity);
        if kind == "TransmissionOpened" {
            body = body.with("activities.0.transmissionId", own.as_str());
            about = format!("&transmissionId={own}");
        }
        let dialog = owner.creates(body).await;
        for (of, exists) in [(dialog, true), (empty, false)] {
            assert_eq!(
                sends(&asker, of, &format!("conditionType=Exists&activityType={kind}{about}")).await,
                exists,
                "{kind}"
            );
            assert_eq!(
                sends(&asker, of, &format!("CONDITIONTYPE=notexists&activitytype={}{about}", kind.to_lowercase()))
                    .await,
                !exists,
                "{kind}"
            );
        }
        if kind == "TransmissionOpened" {
            let other = fresh_id();
            let query = format!("conditionType=Exists&activityType={kind}&transmissionId={other}");
            assert!(!sends(&asker, dialog, &query).await);
        }
    }
    // By number.
    assert!(sends(&asker, empty, "conditionType=1&activityType=3").await);
}

/// NC-002, NC-004
#[tokio::test]
async fn whoever_sends_notifications_may_ask_about_any_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog().and("activities", simple_activity("PaymentMade"))).await;
    let query = "conditionType=Exists&activityType=PaymentMade";
    owner.get(&format!("{}?{query}", path(dialog))).await.expect(403);
    app.admin().get(&format!("{}?{query}", path(dialog))).await.expect(403);
    let asker = app.service_owner("hko").with_scopes(&[SCOPE]);
    assert!(sends(&asker, dialog, query).await);
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    assert!(sends(&asker, dialog, query).await);
    let unknown = DialogId(fresh_id());
    let missing = asker.get(&format!("{}?{query}", path(unknown))).await.expect(404);
    assert_eq!(missing.errors("DialogEntity").len(), 1);
    app.anonymous().get(&format!("{}?{query}", path(dialog))).await.expect(401);
}

/// NC-003, and whatever else may be wrong: everything is told at once, and nothing is a 5xx.
#[tokio::test]
async fn odd_conditions_are_refused() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let asker = app.service_owner("ttd").with_scopes(&[SCOPE]);
    let id = fresh_id();
    let undefined =
        |name: &str, value: &str| format!("'{name}' has a range of values which does not include '{value}'.");
    let mut odd = vec![
        (
            String::new(),
            json!({"conditionType": [undefined("ConditionType", "0")], "activityType": [undefined("ActivityType", "0")]}),
        ),
        ("conditionType=Exists&activityType=99".to_owned(), json!({"activityType": [undefined("ActivityType", "99")]})),
        ("conditionType=-1&activityType=1".to_owned(), json!({"conditionType": [undefined("ConditionType", "-1")]})),
        (
            "conditionType=Exists&activityType=TransmissionOpened".to_owned(),
            json!({"transmissionId": ["'TransmissionId' must not be empty."]}),
        ),
        (
            format!("conditionType=Exists&activityType=TransmissionOpened&transmissionId={}", uuid::Uuid::nil()),
            json!({"transmissionId": ["TransmissionId must not be empty when $ActivityType is $TransmissionOpened"]}),
        ),
    ];
    for kind in KINDS.iter().filter(|kind| **kind != "TransmissionOpened") {
        odd.push((
            format!("conditionType=NotExists&activityType={kind}&transmissionId={id}"),
            json!({"transmissionId": ["TransmissionId must be empty when ActivityType is not TransmissionOpened."]}),
        ));
    }
    for (query, errors) in odd {
        let refused = asker.get(&format!("{}?{query}", path(dialog))).await.expect(400);
        assert_eq!(refused.body["errors"], errors, "{query}");
    }
    for query in [
        "conditionType=maybe&activityType=Information",
        "conditionType=Exists&activityType=x",
        "conditionType=Exists&activityType=Information&transmissionId=x",
        "conditionType=Exists&conditionType=Exists&activityType=Information",
    ] {
        asker.get(&format!("{}?{query}", path(dialog))).await.expect(400);
    }
    let nil = asker
        .get(&format!("{}?conditionType=Exists&activityType=Information", path(DialogId(uuid::Uuid::nil()))))
        .await
        .expect(400);
    assert_eq!(nil.errors("dialogId"), ["'DialogId' must not be equal to '00000000-0000-0000-0000-000000000000'."]);
    asker
        .get("serviceowner/dialogs/x/actions/should-send-notification?conditionType=Exists&activityType=Information")
        .await
        .expect(400);
}
