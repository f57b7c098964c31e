//! Activities of stored dialogs: `POST …/activities` and the time of FormSaved.

use chrono::TimeDelta;
use dialogporten::domain::ids::{DialogId, v7_at};
use serde_json::{Value, json};

use super::writes::{
    CORRESPONDENCE, LETTERS, PROVIDER, V4, activities, created, id, in_order, instant, path, says, simple_update,
    texts, transmissions, unchanged,
};
use crate::harness::{Client, Edit, TestApp, fresh_id, localized, simple_activity, simple_dialog, simple_transmission};

/// Refused with 400; the texts under one key.
async fn faults(client: &Client<'_>, dialog: DialogId, body: Value, key: &str) -> Vec<String> {
    texts(&client.post(&activities(dialog), body).await.expect(400), key)
}

/// Y-001, Y-011
#[tokio::test]
async fn an_activity_is_appended() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog().with("systemLabel", "Archive")).await;
    app.clock.advance(TimeDelta::minutes(1));
    app.clock.set_frozen(true);
    let chosen = id();
    let body = json!({
        "id": chosen, "createdAt": "2001-01-01T01:01:01Z", "extendedType": "urn:x", "type": "Information",
        "description": localized("Noe"),
        "performedBy": {"actorType": "PartyRepresentative", "actorId": "urn:altinn:organization:identifier-no:991825827"},
    });
    let answer = owner.post(&activities(dialog), body).await.expect(201);
    assert_eq!(answer.body, json!(chosen));
    assert_eq!(answer.header("location"), format!("/api/v1/serviceowner/dialogs/{dialog}/activities/{chosen}"));
    let after = owner.reads(dialog).await;
    assert_eq!(after["revision"], answer.etag());
    assert_eq!(
        after["activities"],
        json!([{
            "id": chosen, "createdAt": "2001-01-01T01:01:01.0000000Z", "extendedType": "urn:x", "type": "Information",
            "description": localized("Noe"),
            "performedBy": {
                "actorType": "PartyRepresentative", "actorName": "DIGITALISERINGSDIREKTORATET",
                "actorId": "urn:altinn:organization:identifier-no:991825827",
            },
        }])
    );
    assert_eq!(instant(&after["updatedAt"]), app.clock.now());
    assert_eq!(after["contentUpdatedAt"], before["contentUpdatedAt"]);
    assert_eq!(after["systemLabel"], "Default");
    assert_eq!(after["endUserContext"]["systemLabels"], json!(["Default"]));
}

/// Chapter 01 §10 for activities.
#[tokio::test]
async fn silent_activities_leave_times_and_labels() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog().with("systemLabel", "Archive")).await;
    app.clock.advance(TimeDelta::minutes(1));
    for (query, body) in [
        ("?isSilentUpdate=true", simple_activity("PaymentMade")),
        ("", simple_activity("PaymentMade").with("isSilentUpdate", true)),
    ] {
        let answer = owner.post(&format!("{}{query}", activities(dialog)), body).await.expect(201);
        let after = owner.reads(dialog).await;
        assert_ne!(before["revision"], answer.etag());
        for name in ["updatedAt", "contentUpdatedAt", "systemLabel", "endUserContext"] {
            assert_eq!(after[name], before[name], "{name}");
        }
    }
}

/// Y-005
#[tokio::test]
async fn parallel_activities_are_stored() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, _) = created(&owner, simple_dialog()).await;
    let url = activities(dialog);
    let answers =
        futures_util::future::join_all((0..10).map(|_| owner.post(&url, simple_activity("PaymentMade")))).await;
    for answer in answers {
        answer.expect(201);
    }
    assert_eq!(owner.reads(dialog).await["activities"].as_array().unwrap().len(), 10);
}

/// Y-006
#[tokio::test]
async fn revisions_guard_activities() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let created = owner.post("serviceowner/dialogs", simple_dialog()).await.expect(201);
    let dialog = DialogId(created.body.as_str().unwrap().parse().unwrap());
    let before = owner.reads(dialog).await;
    owner.clone().if_match(V4).post(&activities(dialog), simple_activity("PaymentMade")).await.expect(412);
    unchanged(&owner, dialog, &before).await;
    owner.clone().if_match(created.etag()).post(&activities(dialog), simple_activity("PaymentMade")).await.expect(201);
}

/// Y-007, Y-008, E-006
#[tokio::test]
async fn deleted_dialogs_take_activities_of_administrators_only() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, _) = created(&owner, simple_dialog()).await;
    owner.delete(&path(dialog)).await.expect(204);
    for refused in [
        owner.post(&activities(dialog), simple_activity("PaymentMade")).await.expect(410),
        owner.put(&path(dialog), simple_update()).await.expect(410),
    ] {
        assert_eq!(refused.body["title"], "Resource no longer available.");
        assert!(refused.body["type"].as_str().unwrap().ends_with("rfc7231#section-6.5.9"));
        assert_eq!(
            refused.errors("DialogEntity"),
            [format!("Entity 'DialogEntity' with the following key(s) is removed: ({dialog}).")]
        );
    }
    app.admin().post(&activities(dialog), simple_activity("PaymentMade")).await.expect(201);
    assert_eq!(owner.reads(dialog).await["activities"].as_array().unwrap().len(), 1);
}

/// Y-009, A-009
#[tokio::test]
async fn ids_in_use_and_foreign_dialogs_are_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let activity = simple_activity("PaymentMade").with("id", id());
    let (dialog, before) = created(&owner, simple_dialog().and("activities", activity.clone())).await;
    let (other, _) = created(&owner, simple_dialog()).await;
    for target in [dialog, other] {
        let refused = owner.post(&activities(target), activity.clone()).await.expect(422);
        let id = activity["id"].as_str().unwrap();
        assert_eq!(refused.errors("DialogActivity"), [format!("Key ('Id')=({id}) already exists.")]);
    }
    for stranger in ["other", "hko", "brg"] {
        let stranger = app.service_owner(stranger);
        let refused = stranger.post(&activities(dialog), simple_activity("PaymentMade")).await.expect(404);
        texts(&refused, "DialogEntity");
    }
    unchanged(&owner, dialog, &before).await;
    let admin = app.service_owner("other").and_scopes(&["digdir:dialogporten.serviceprovider.admin"]);
    admin.post(&activities(dialog), simple_activity("PaymentMade")).await.expect(201);
}

/// Y-012
#[tokio::test]
async fn an_unknown_dialog_takes_no_activity() {
    let app = TestApp::start().await;
    let nobody = fresh_id();
    let refused =
        app.service_owner("ttd").post(&activities(DialogId(nobody)), simple_activity("PaymentMade")).await.expect(404);
    assert_eq!(
        refused.errors("DialogEntity"),
        [format!("Entity 'DialogEntity' with the following key(s) was not found: ({nobody}).")]
    );
}

/// Y-013, Y-014
#[tokio::test]
async fn activities_open_transmissions_of_their_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let transmission = simple_transmission().with("id", id());
    let (dialog, before) = created(&owner, simple_dialog().and("transmissions", transmission.clone())).await;
    assert_eq!(before["hasUnopenedContent"], true);
    let open = |id: &Value| simple_activity("TransmissionOpened").with("transmissionId", id.clone());
    let (foreign, _) = created(&owner, simple_dialog()).await;
    let foreign_transmission = owner.post(&transmissions(foreign), simple_transmission()).await.expect(201).body;
    for unknown in [json!(id()), foreign_transmission] {
        let refused = owner.post(&activities(dialog), open(&unknown)).await.expect(422);
        assert_eq!(
            refused.errors("Activity.TransmissionId"),
            [format!(
                "Invalid 'TransmissionId', entity 'DialogTransmission' with the following key(s) does not exist: ({}) in \
             'Transmissions'",
                unknown.as_str().unwrap()
            )]
        );
    }
    unchanged(&owner, dialog, &before).await;
    owner.post(&activities(dialog), open(&transmission["id"])).await.expect(201);
    let after = owner.reads(dialog).await;
    assert_eq!(after["hasUnopenedContent"], false);
    assert_eq!(after["transmissions"][0]["isOpened"], true);
    assert_eq!(after["activities"][0]["transmissionId"], transmission["id"]);
    owner.post(&activities(dialog), open(&transmission["id"])).await.expect(201);
}

/// Chapter 01 §4.6: letters stay unopened until they and all transmissions are opened.
#[tokio::test]
async fn letters_are_opened_by_their_own_activity() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let letters = owner.clone().with_scopes(&[PROVIDER, CORRESPONDENCE]);
    let transmission = simple_transmission().with("id", id());
    let letter = simple_dialog().with("serviceResource", LETTERS).and("transmissions", transmission.clone());
    let (dialog, _) = created(&letters, letter.clone()).await;
    let open = simple_activity("TransmissionOpened").with("transmissionId", transmission["id"].clone());
    letters.post(&activities(dialog), open.clone()).await.expect(201);
    assert_eq!(owner.reads(dialog).await["hasUnopenedContent"], true, "the letter itself is closed");
    letters.post(&activities(dialog), simple_activity("CorrespondenceOpened")).await.expect(201);
    assert_eq!(owner.reads(dialog).await["hasUnopenedContent"], false);

    let (dialog, _) = created(&letters, letter.with("transmissions.0.id", id())).await;
    letters.post(&activities(dialog), simple_activity("CorrespondenceOpened")).await.expect(201);
    let read = owner.reads(dialog).await;
    assert_eq!(read["hasUnopenedContent"], true, "its transmission is closed");
    let open = open.with("transmissionId", read["transmissions"][0]["id"].clone());
    letters.post(&activities(dialog), open).await.expect(201);
    assert_eq!(owner.reads(dialog).await["hasUnopenedContent"], false);
}

/// Y-015, Y-016
#[tokio::test]
async fn ids_and_times_of_activities() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let owner = app.service_owner("ttd");
    let (dialog, _) = created(&owner, simple_dialog()).await;
    let with = |name: &str, value: String| simple_activity("PaymentMade").with(name, value);
    assert_eq!(
        faults(&owner, dialog, with("id", V4.into()), "activity.id").await,
        [
            format!("Invalid Id. Expected big endian UUIDv7 format. Got '{V4}'."),
            format!(
                "Invalid Id. Expected the unix timestamp portion of the UUIDv7 to be in the past. Extrapolated 'invalid date' from '{V4}'."
            ),
        ]
    );
    let at = |seconds| app.clock.now() + TimeDelta::seconds(seconds);
    let ahead = v7_at(at(16)).to_string();
    let found = faults(&owner, dialog, with("id", ahead.clone()), "activity.id").await;
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains("to be in the past. Extrapolated '") && found[0].ends_with(&format!("' from '{ahead}'."))
    );
    let late = with("createdAt", at(16).to_rfc3339());
    assert_eq!(faults(&owner, dialog, late, "activity.createdAt").await, ["'CreatedAt' must be in the past."]);
    owner.post(&activities(dialog), with("createdAt", at(15).to_rfc3339())).await.expect(201);
    owner.post(&activities(dialog), with("id", v7_at(at(14)).to_string())).await.expect(201);
}

/// Y-004, Y-017, Y-018, Y-019, Y-020, Y-021, Y-027, Y-028, Y-029
#[tokio::test]
async fn faulty_activities_are_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog()).await;
    let new = || simple_activity("PaymentMade");
    let by = |actor: Value| new().with("performedBy", actor);
    let either = "If 'ActorType' is 'ServiceOwner', both 'ActorId' and 'ActorName' must be null. For any other value of 'ActorType', 'ActorId' or 'ActorName' must be set, but not both simultaneously.";
    let party = "urn:altinn:organization:identifier-no:991825827";
    for (body, key, text) in [
        (
            new().with("extendedType", "http://example.com/%zz"),
            "extendedType",
            "'ExtendedType' is not a well formatted URI.",
        ),
        (
            new().with("extendedType", "a".repeat(1024)),
            "extendedType",
            "The length of 'ExtendedType' must be 1023 characters or fewer. You entered 1024 characters.",
        ),
        (new().without("performedBy"), "performedBy", "'PerformedBy' must not be empty."),
        (by(json!({"actorType": "PartyRepresentative", "actorId": party, "actorName": "a"})), "performedBy", either),
        (by(json!({"actorType": "PartyRepresentative"})), "performedBy", either),
        (by(json!({"actorType": "ServiceOwner", "actorName": "a"})), "performedBy", either),
        (by(json!({"actorType": "ServiceOwner", "actorId": party})), "performedBy", either),
        (
            by(json!({"actorName": "a"})),
            "performedBy.actorType",
            "'ActorType' has a range of values which does not include '0'.",
        ),
        (
            simple_activity("Information").without("description"),
            "description",
            "Description is required when the type is 'Information'.",
        ),
        (
            new().with("description", localized("a")),
            "description",
            "Description is only allowed when the type is 'Information'.",
        ),
        (
            simple_activity("TransmissionOpened"),
            "transmissionId",
            "An activity of type TransmissionOpened needs to reference a transmission.",
        ),
    ] {
        assert_eq!(faults(&owner, dialog, body, &format!("activity.{key}")).await, [text]);
    }
    let found = faults(
        &owner,
        dialog,
        by(json!({"actorType": "PartyRepresentative", "actorId": "invalid-urn"})),
        "activity.performedBy.actorId",
    )
    .await;
    assert!(found[0].starts_with("'ActorId' must be on format"));
    for kind in [
        "DialogCreated",
        "DialogClosed",
        "Information",
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
    ] {
        if kind != "Information" {
            let described = simple_activity(kind).with("description", localized("a"));
            assert_eq!(
                faults(&owner, dialog, described, "activity.description").await,
                ["Description is only allowed when the type is 'Information'."]
            );
        }
        let body = simple_activity(kind).with("transmissionId", id());
        assert_eq!(
            faults(&owner, dialog, body, "activity.transmissionId").await,
            ["Only activities of type TransmissionOpened can reference a transmission."]
        );
    }
    unchanged(&owner, dialog, &before).await;
}

/// The order of chapter 08 §3.3.
#[tokio::test]
async fn all_faults_are_told_at_once() {
    let app = TestApp::start().await;
    let faulty = json!({
        "id": V4, "createdAt": "2090-01-01T00:00:00Z", "extendedType": format!("inval|d{}", "a".repeat(1023)), "type": 99,
        "performedBy": {"actorId": "x"}, "description": localized("a"), "transmissionId": V4,
    });
    let nil = "serviceowner/dialogs/00000000-0000-0000-0000-000000000000/activities";
    insta::assert_snapshot!(in_order(&app.service_owner("ttd").post(nil, faulty).await.expect(400)));
}

/// Y-022, Y-023
#[tokio::test]
async fn letters_activities_need_their_scope() {
    let app = TestApp::start().await;
    let plain = app.service_owner("ttd").with_scopes(&[PROVIDER]);
    let letters = app.service_owner("ttd").with_scopes(&[PROVIDER, CORRESPONDENCE]);
    let dialog = plain.creates(simple_dialog()).await;
    for kind in ["CorrespondenceOpened", "CorrespondenceConfirmed"] {
        let refused = plain.post(&activities(dialog), simple_activity(kind)).await.expect(403);
        says(&refused, "CorrespondenceConfirmed or CorrespondenceOpened");
        says(&refused, "digdir:dialogporten.correspondence");
        letters.post(&activities(dialog), simple_activity(kind)).await.expect(201);
    }
    plain.post(&activities(dialog), simple_activity("PaymentMade")).await.expect(201);
    // Long descriptions come with the same scope.
    let long = |n: usize| simple_activity("Information").with("description", localized(&"a".repeat(n)));
    letters.post(&activities(dialog), long(4095)).await.expect(201);
    letters.post(&activities(dialog), long(4096)).await.expect(400);
    plain.post(&activities(dialog), long(255)).await.expect(201);
    plain.post(&activities(dialog), long(256)).await.expect(400);
}

/// Chapter 01 §1.10: an actor whose name nobody knows.
#[tokio::test]
async fn unknown_actors_are_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog()).await;
    let actor =
        json!({"actorType": "PartyRepresentative", "actorId": "urn:altinn:organization:identifier-no:889640782"});
    let text = "Unable to look up name for actor id: urn:altinn:organization:identifier-no:889640782";
    let activity = simple_activity("PaymentMade").with("performedBy", actor.clone());
    assert_eq!(owner.post(&activities(dialog), activity.clone()).await.expect(422).errors("ActorId"), [text]);
    let put = owner.put(&path(dialog), simple_update().and("activities", activity)).await.expect(422);
    assert_eq!(put.errors("ActorId"), [text]);
    let sent = simple_transmission().with("sender", actor);
    assert_eq!(owner.post(&transmissions(dialog), sent).await.expect(422).errors("ActorId"), [text]);
    unchanged(&owner, dialog, &before).await;
    let mail =
        json!({"actorType": "PartyRepresentative", "actorId": "urn:altinn:person:idporten-email:Kari@Example.com"});
    owner.post(&activities(dialog), simple_activity("PaymentMade").with("performedBy", mail)).await.expect(201);
    let performer = owner.reads(dialog).await["activities"][0]["performedBy"].clone();
    assert_eq!(performer["actorId"], "urn:altinn:person:idporten-email:kari@example.com");
    assert_eq!(performer["actorName"], "kari@example.com");
}

fn form_saved(dialog: DialogId, activity: &str) -> String {
    format!("{}/{activity}/actions/updateFormSavedActivityTime", activities(dialog))
}

/// Y-024, Y-025, Y-026
#[tokio::test]
async fn administrators_move_the_time_of_a_saved_form() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let (owner, admin) = (app.service_owner("ttd"), app.admin());
    let (saved, other) = (id(), id());
    let body = simple_dialog()
        .and(
            "activities",
            simple_activity("FormSaved").with("id", saved.as_str()).with("createdAt", "2020-01-01T00:00:00Z"),
        )
        .and(
            "activities",
            simple_activity("PaymentMade").with("id", other.as_str()).with("createdAt", "2021-01-01T00:00:00Z"),
        );
    let (dialog, before) = created(&owner, body).await;
    let find =
        |dialog: &Value| dialog["activities"].as_array().unwrap().iter().find(|a| a["id"] == saved).unwrap().clone();

    let earlier = admin.post(&form_saved(dialog, &saved), json!("2022-01-01T01:00:00+01:00")).await.expect(204);
    let after = owner.reads(dialog).await;
    assert_eq!(find(&after)["createdAt"], "2022-01-01T00:00:00.0000000Z");
    assert_eq!(after["updatedAt"], before["updatedAt"]);
    assert_eq!(after["revision"], earlier.etag());
    assert_ne!(after["revision"], before["revision"]);
    let latest: String =
        sqlx::query_scalar("select listed #>> '{latest_activity,id}' from dialog_document where dialog_id = $1")
            .bind(dialog)
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(latest, saved, "it is the latest activity now");

    let later = (app.clock.now() + TimeDelta::seconds(10)).to_rfc3339();
    admin.post(&form_saved(dialog, &saved), json!(later)).await.expect(204);
    let after = owner.reads(dialog).await;
    assert_eq!(instant(&find(&after)["createdAt"]), instant(&json!(later)));
    assert_eq!(instant(&after["updatedAt"]), instant(&json!(later)));
    assert_eq!(after["contentUpdatedAt"], before["contentUpdatedAt"]);

    let refused = admin.post(&form_saved(dialog, &other), json!(later)).await.expect(422);
    assert_eq!(refused.errors("Type"), ["Only FormSaved activities is allowed to be updated using admin scope."]);
    owner.post(&form_saved(dialog, &saved), json!(later)).await.expect(403);
    let future = (app.clock.now() + TimeDelta::days(1)).to_rfc3339();
    texts(&admin.post(&form_saved(dialog, &saved), json!(future)).await.expect(400), "createdAt");
    for wrong in [json!("2022-01-01"), json!(7), Value::Null, json!({})] {
        admin.post(&form_saved(dialog, &saved), wrong).await.expect(400);
    }
    for (dialog, activity) in [(dialog, fresh_id()), (DialogId(fresh_id()), saved.parse().unwrap())] {
        let refused = admin.post(&form_saved(dialog, &activity.to_string()), json!(later)).await.expect(404);
        assert_eq!(
            refused.errors("DialogActivity"),
            [format!("Entity 'DialogActivity' with the following key(s) was not found: ({activity}).")]
        );
    }
    let unrouted = admin.post(&form_saved(dialog, "no-id"), json!(later)).await.expect(404);
    assert_eq!(unrouted.text, "");
    unchanged(&owner, dialog, &after).await;
    // Neither freezing nor deletion is in the way.
    admin.post(&super::writes::action(dialog, "freeze"), None).await.expect(204);
    admin.delete(&path(dialog)).await.expect(204);
    admin.post(&form_saved(dialog, &saved), json!(later)).await.expect(204);
}
