//! `PUT /serviceowner/dialogs/{dialogId}`: what it replaces, appends, moves and refuses.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::writes::{
    CORRESPONDENCE, LEGACY_HTML, PROVIDER, V4, api_action, attachment, created, full_dialog, gui_action, id, in_days,
    instant, path, says, sent_back, silently, simple_update, texts, unchanged,
};
use crate::harness::{Edit, TestApp, localized, simple_activity, simple_dialog, simple_transmission, text};

/// W-012; checklist 4 of chapter 07: the whole representation can be sent back.
#[tokio::test]
async fn putting_back_what_was_read_changes_nothing() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, born) = created(&owner, full_dialog(&app)).await;
    // A new dialog has unopened content although its transmission was opened; the first update sets that right.
    assert_eq!(born["hasUnopenedContent"], true);
    owner.put(&silently(id), sent_back(born)).await.expect(204);
    let before = owner.reads(id).await;
    assert_eq!(before["hasUnopenedContent"], false);
    app.clock.advance(TimeDelta::minutes(1));
    let answer = owner.put(&path(id), sent_back(before.clone())).await.expect(204);
    assert_eq!(answer.etag(), before["revision"]);
    assert_eq!(answer.text, "");
    unchanged(&owner, id, &before).await;
    let raised = app.raised_events(id).await.len();
    let silent = owner.put(&silently(id), sent_back(before.clone())).await.expect(204);
    assert_eq!(silent.etag(), before["revision"]);
    assert_eq!(app.raised_events(id).await.len(), raised, "no event");
    unchanged(&owner, id, &before).await;
}

/// W-008, W-019, W-023, W-020
#[tokio::test]
async fn everything_can_be_added_with_chosen_ids() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog()).await;
    app.clock.advance(TimeDelta::minutes(1));
    let full = full_dialog(&app);
    let answer = owner.put(&path(id), full.clone()).await.expect(204);
    let after = owner.reads(id).await;
    assert_eq!(after["revision"], answer.etag());
    assert_ne!(after["revision"], before["revision"]);
    for pointer in [
        "/attachments/0/id",
        "/attachments/0/urls/0/id",
        "/guiActions/0/id",
        "/apiActions/0/id",
        "/apiActions/0/endpoints/0/id",
        "/transmissions/0/id",
        "/transmissions/0/attachments/0/id",
        "/activities/0/id",
        "/activities/1/id",
        "/activities/1/transmissionId",
        "/progress",
        "/extendedStatus",
        "/externalReference",
        "/process",
        "/precedingProcess",
        "/status",
        "/content",
        "/searchTags",
    ] {
        assert_eq!(after.pointer(pointer), full.pointer(pointer), "{pointer}");
    }
    for name in ["dueAt", "expiresAt"] {
        assert_eq!(instant(&after[name]), instant(&full[name]), "{name}");
    }
    assert_eq!(after["transmissions"][0]["isOpened"], true);
    assert_eq!(after["hasUnopenedContent"], false, "its only transmission was opened by the same request");
    assert_eq!(after["fromServiceOwnerTransmissionsCount"], 1);
    assert_eq!(after["contentUpdatedAt"], after["updatedAt"]);
    assert!(instant(&after["updatedAt"]) > instant(&after["createdAt"]));
    assert_eq!(after["serviceOwnerContext"], before["serviceOwnerContext"], "not a part of the update");
}

/// W-007, W-026: what PUT does not know or cannot change is ignored.
#[tokio::test]
async fn unchangeable_members_are_ignored() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let labels = json!([{"value": "sel"}]);
    let (id, before) = created(
        &owner,
        simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", labels).with("idempotentKey", "abc"),
    )
    .await;
    let body = simple_dialog()
        .with("id", super::writes::id())
        .with("serviceResource", "urn:altinn:resource:super-simple-service")
        .with("party", "nobody")
        .with("visibleFrom", in_days(&app, 4))
        .with("createdAt", in_days(&app, 4))
        .with("updatedAt", "yesterday")
        .with("idempotentKey", "x")
        .with("systemLabel", "Bin")
        .with("revision", V4)
        .with("org", 7)
        .with("transmissionId", V4);
    owner.put(&path(id), body).await.expect(204);
    unchanged(&owner, id, &before).await;
}

/// W-009, E-007: transmissions and activities are only ever appended to.
#[tokio::test]
async fn what_is_appended_stays() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let activity = simple_activity("DialogOpened").with("id", id());
    let transmission = simple_transmission().with("id", id()).and("attachments", attachment());
    let body = simple_dialog().and("activities", activity.clone()).and("transmissions", transmission.clone());
    let (dialog, before) = created(&owner, body).await;

    let again = simple_update().and("activities", activity.clone());
    let refused = owner.put(&path(dialog), again).await.expect(422);
    assert_eq!(refused.body["title"], "Unprocessable request.");
    let exists = |entity: &str, id: &Value| {
        format!("Entity '{entity}' with the following key(s) already exists: ({}).", id.as_str().unwrap())
    };
    assert_eq!(refused.errors("DialogActivity"), [exists("DialogActivity", &activity["id"])]);
    let refused =
        owner.put(&path(dialog), simple_update().and("transmissions", transmission.clone())).await.expect(422);
    assert_eq!(refused.errors("DialogTransmission"), [exists("DialogTransmission", &transmission["id"])]);
    assert_eq!(refused.errors("DialogAttachment"), [exists("DialogAttachment", &transmission["attachments"][0]["id"])]);
    unchanged(&owner, dialog, &before).await;

    owner.put(&path(dialog), simple_update().with("activities", json!([])).with("progress", 1)).await.expect(204);
    let after = owner.reads(dialog).await;
    assert_eq!(after["activities"], before["activities"]);
    assert_eq!(after["transmissions"], before["transmissions"]);
}

/// W-010, W-011
#[tokio::test]
async fn silence_moves_the_revision_and_nothing_else() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog().with("systemLabel", "Bin")).await;
    app.clock.advance(TimeDelta::minutes(1));
    let answer = owner.put(&silently(id), simple_update().with("status", "Completed")).await.expect(204);
    let after = owner.reads(id).await;
    assert_ne!(before["revision"], answer.etag());
    assert_eq!(after, before.clone().with("status", "Completed").with("revision", answer.etag()));

    // Not silently, the same again: the dialog does not differ, but it leaves the bin.
    let again = owner.put(&path(id), simple_update().with("status", "Completed")).await.expect(204);
    assert_eq!(again.etag(), answer.etag());
    let restored = owner.reads(id).await;
    assert_eq!(restored["systemLabel"], "Default");
    assert_eq!(restored["endUserContext"]["systemLabels"], json!(["Default"]));
    assert_ne!(restored["endUserContext"]["revision"], before["endUserContext"]["revision"]);
    assert_eq!(restored["updatedAt"], before["updatedAt"]);
    let log: Vec<(i16, i16, Value)> =
        sqlx::query_as("select label, action, performed_by from dialog_label_log where dialog_id = $1 order by id")
            .bind(id)
            .fetch_all(&app.db)
            .await
            .unwrap();
    let by: Vec<_> = log.iter().map(|(label, action, _)| (*label, *action)).collect();
    assert_eq!(by, [(2, 1), (2, 2)], "Bin was set and removed");
    let marks: i64 = sqlx::query_scalar("select count(*) from dialog_mark").fetch_one(&app.db).await.unwrap();
    assert_eq!(marks, 0);
}

/// W-013 and chapter 01 §4.3: `expiresAt` cannot be cleared, `dueAt` can.
#[tokio::test]
async fn changed_times_lie_ahead() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = simple_dialog().with("dueAt", in_days(&app, 1)).with("expiresAt", in_days(&app, 2));
    let (id, before) = created(&owner, body.clone()).await;
    let past = simple_update().with("dueAt", in_days(&app, -2)).with("expiresAt", in_days(&app, -1));
    let refused = owner.put(&path(id), past.clone()).await.expect(422);
    assert_eq!(refused.errors("ExpiresAt"), ["Must be in future or current value."]);
    assert_eq!(refused.errors("DueAt"), ["Must be in future or current value. (Or null)"]);
    assert!(refused.text.find("ExpiresAt") < refused.text.find("DueAt"));
    let refused = owner.put(&path(id), simple_update()).await.expect(422);
    assert_eq!(refused.errors("ExpiresAt"), ["Must be in future or current value."]);
    assert!(refused.errors("DueAt").is_empty());
    unchanged(&owner, id, &before).await;
    owner.put(&path(id), body.clone().without("dueAt")).await.expect(204);

    // Over by now, but unchanged.
    app.clock.advance(TimeDelta::days(30));
    owner.put(&path(id), body.without("dueAt").with("progress", 3)).await.expect(204);
    owner.put(&silently(id), past.clone()).await.expect(204);
    app.admin().put(&path(id), simple_update()).await.expect(204);
    app.admin().put(&path(id), past).await.expect(204);
    owner.put(&silently(id), simple_update()).await.expect(204);
    assert_eq!(owner.reads(id).await["expiresAt"], Value::Null);
}

/// W-014
#[tokio::test]
async fn only_the_addressed_dialog_changes() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (one, _) = created(&owner, simple_dialog()).await;
    let (other, untouched) = created(&owner, full_dialog(&app)).await;
    owner.put(&path(one), full_dialog(&app)).await.expect(204);
    unchanged(&owner, other, &untouched).await;
}

/// W-015, W-016, W-017, E-003
#[tokio::test]
async fn content_is_replaced_whole() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog()).await;
    assert!(before["content"]["summary"].is_object());
    owner.put(&path(id), simple_update().without("content.summary")).await.expect(204);
    assert_eq!(owner.reads(id).await["content"]["summary"], Value::Null);

    let none = simple_update().without("content");
    assert_eq!(
        owner.put(&path(id), none.clone()).await.expect(400).errors("dto.content"),
        ["'Content' must not be empty."]
    );
    let empty = simple_update().with("content", json!({}));
    assert_eq!(
        owner.put(&path(id), empty.clone()).await.expect(400).errors("dto.content"),
        ["Title must not be empty."]
    );
    owner.put(&path(id), empty.with("isApiOnly", true)).await.expect(400);

    owner.put(&path(id), simple_update().with("isApiOnly", true)).await.expect(204);
    assert_eq!(owner.reads(id).await["isApiOnly"], true);
    owner.put(&path(id), none.with("isApiOnly", true)).await.expect(204);
    assert_eq!(owner.reads(id).await["content"], Value::Null);
    owner.put(&path(id), simple_update()).await.expect(204);
    assert_eq!(owner.reads(id).await["isApiOnly"], false, "left out means false");
}

/// Chapter 01 §4.1: transmissions cannot be given content later, so the dialog stays API-only.
#[tokio::test]
async fn a_transmission_without_content_keeps_the_dialog_api_only() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let bare = simple_transmission().without("content");
    let (id, _) = created(&owner, simple_dialog().with("isApiOnly", true).and("transmissions", bare)).await;
    let refused = owner.put(&path(id), simple_update()).await.expect(400);
    assert_eq!(
        refused.errors("dto.transmissions"),
        [
            "This dialog is locked to IsApiOnly=true, as one or more of the existing immutable transmissions do not have content."
        ]
    );
    owner.put(&path(id), simple_update().with("isApiOnly", true)).await.expect(204);
}

/// W-018
#[tokio::test]
async fn retired_statuses_have_successors() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, _) = created(&owner, simple_dialog().with("status", "Completed")).await;
    for (given, read) in [(json!("New"), "NotApplicable"), (json!("Sent"), "Awaiting"), (json!(6), "Completed")] {
        owner.put(&path(id), simple_update().with("status", given)).await.expect(204);
        assert_eq!(owner.reads(id).await["status"], read);
    }
    let refused = owner.put(&path(id), simple_update().without("status")).await.expect(400);
    assert_eq!(refused.errors("dto.status"), ["'Status' has a range of values which does not include '0'."]);
}

/// W-020 and the table of chapter 01 §4.7.
#[tokio::test]
async fn which_changes_move_which_times() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = full_dialog(&app);
    let (id, _) = created(&owner, body.clone()).await;
    let read = owner.reads(id).await;
    let base = sent_back(read.clone());
    let content: &[(&str, Value)] = &[
        ("status", json!("Draft")),
        ("extendedStatus", json!("annet")),
        ("content.title.value.0.value", json!("Ny")),
        ("content.additionalInfo.mediaType", json!("text/plain")),
        ("attachments.0.displayName", json!([])),
        ("attachments.0.urls.0.url", json!("https://example.com/ny")),
        ("attachments", json!([])),
        ("guiActions.0.title.0.value", json!("Ny")),
        ("guiActions.0.prompt", json!([])),
        ("apiActions.0.endpoints.0.deprecated", json!(true)),
        ("apiActions", json!([])),
        ("transmissions", json!([simple_transmission()])),
    ];
    let other: &[(&str, Value)] = &[
        ("progress", json!(99)),
        ("dueAt", json!(in_days(&app, 12))),
        ("expiresAt", json!(in_days(&app, 15))),
        ("externalReference", Value::Null),
        ("process", json!("urn:process:3")),
        ("precedingProcess", Value::Null),
        ("isApiOnly", json!(true)),
        ("searchTags", json!([{"value": "frist"}])),
        ("activities", json!([simple_activity("PaymentMade")])),
    ];
    let both = content.iter().map(|change| (change, true)).chain(other.iter().map(|change| (change, false)));
    for ((place, value), moves_content) in both {
        // Back to the start without a trace in the seen flag.
        owner.put(&silently(id), base.clone()).await.expect(204);
        sqlx::query("update dialog set is_content_seen = true where id = $1").bind(id).execute(&app.db).await.unwrap();
        let before = owner.reads(id).await;
        app.clock.advance(TimeDelta::minutes(1));
        let changed = base.clone().with(place, value.clone());
        let silent = owner.put(&silently(id), changed.clone()).await.expect(204);
        let after = owner.reads(id).await;
        assert_ne!(before["revision"], silent.etag(), "{place}");
        for name in ["updatedAt", "contentUpdatedAt", "isContentSeen"] {
            assert_eq!(after[name], before[name], "silently {place} leaves {name}");
        }
        owner.put(&silently(id), base.clone()).await.expect(204);
        app.clock.set_frozen(true);
        let loud = owner.put(&path(id), changed).await.expect(204);
        let after = owner.reads(id).await;
        assert_ne!(silent.etag(), loud.etag(), "{place}");
        assert_eq!(instant(&after["updatedAt"]), app.clock.now(), "{place}");
        app.clock.set_frozen(false);
        if moves_content {
            assert_eq!(after["contentUpdatedAt"], after["updatedAt"], "{place}");
            assert_eq!(after["isContentSeen"], false, "{place}");
        } else {
            assert_eq!(after["contentUpdatedAt"], before["contentUpdatedAt"], "{place}");
            assert_eq!(after["isContentSeen"], true, "{place}");
        }
    }
}

/// W-021, T-017 and chapter 01 §4.7: nothing is seen to happen before the dialog is.
#[tokio::test]
async fn times_of_a_dialog_to_come_stay_ahead() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog().with("visibleFrom", in_days(&app, 3))).await;
    for url in [path(id), silently(id)] {
        app.clock.advance(TimeDelta::minutes(1));
        let body = simple_update().with("progress", 5).and("transmissions", simple_transmission());
        owner.put(&url, body).await.expect(204);
        let after = owner.reads(id).await;
        for name in ["createdAt", "updatedAt", "contentUpdatedAt"] {
            assert_eq!(after[name], before["visibleFrom"], "{name}");
        }
        for transmission in after["transmissions"].as_array().unwrap() {
            assert_eq!(transmission["createdAt"], before["visibleFrom"]);
        }
    }
}

/// W-022
#[tokio::test]
async fn nothing_is_due_before_it_is_visible() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog().with("visibleFrom", in_days(&app, 3))).await;
    let early = simple_update().with("dueAt", in_days(&app, 1)).with("expiresAt", in_days(&app, 2));
    for url in [path(id), silently(id)] {
        let refused = owner.put(&url, early.clone()).await.expect(400);
        assert_eq!(refused.errors("dto.dueAt"), ["DueAt must be greater than or equal to VisibleFrom."]);
        assert_eq!(refused.errors("dto.expiresAt"), ["ExpiresAt must be greater than or equal to VisibleFrom."]);
    }
    let refused = app.admin().put(&path(id), early.clone()).await.expect(400);
    assert!(refused.errors("dto.dueAt").is_empty(), "{}", refused.text);
    unchanged(&owner, id, &before).await;
    app.admin().put(&path(id), early.without("expiresAt")).await.expect(204);
    let inverted = simple_update().with("dueAt", in_days(&app, 9)).with("expiresAt", in_days(&app, 8));
    let refused = owner.put(&path(id), inverted).await.expect(400);
    assert_eq!(refused.errors("dto.expiresAt"), ["'ExpiresAt' must be after 'DueAt'."]);
}

/// W-023, SL-017
#[tokio::test]
async fn the_type_decides_which_count_grows() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, _) = created(&owner, simple_dialog()).await;
    let append = |kind: &str| simple_update().and("transmissions", simple_transmission().with("type", kind));
    let mut counts = (0, 0);
    for kind in ["Information", "Correction", "Submission", "Decision"] {
        owner.put(&path(id), append(kind)).await.expect(204);
        let party = matches!(kind, "Correction" | "Submission");
        *(if party { &mut counts.0 } else { &mut counts.1 }) += 1;
        let after = owner.reads(id).await;
        let read = (&after["fromPartyTransmissionsCount"], &after["fromServiceOwnerTransmissionsCount"]);
        assert_eq!(read, (&json!(counts.0), &json!(counts.1)), "{kind}");
        let labels = if counts.0 > 0 { json!(["Default", "Sent"]) } else { json!(["Default"]) };
        assert_eq!(after["endUserContext"]["systemLabels"], labels);
    }
}

/// Chapter 01 §4.5: Sent and MarkedAsUnopened stay when the owner writes; silence adds Sent and resets nothing.
#[tokio::test]
async fn labels_after_the_owner_wrote() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, _) = created(&owner, simple_dialog().with("systemLabel", "Archive")).await;
    sqlx::query("update dialog set system_labels = system_labels | 8 where id = $1")
        .bind(id)
        .execute(&app.db)
        .await
        .unwrap();
    let submission = simple_update().and("transmissions", simple_transmission().with("type", "Submission"));
    owner.put(&silently(id), submission).await.expect(204);
    let labels = owner.reads(id).await["endUserContext"]["systemLabels"].clone();
    assert_eq!(labels, json!(["Archive", "MarkedAsUnopened", "Sent"]));
    owner.put(&path(id), simple_update()).await.expect(204);
    let labels = owner.reads(id).await["endUserContext"]["systemLabels"].clone();
    assert_eq!(labels, json!(["Default", "MarkedAsUnopened", "Sent"]));
}

/// W-024
#[tokio::test]
async fn texts_have_the_limits_of_create() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&[PROVIDER]);
    let letters = app.service_owner("ttd").with_scopes(&[PROVIDER, CORRESPONDENCE]);
    let (id, _) = created(&app.service_owner("ttd"), simple_dialog()).await;
    for (client, member, limit) in [
        (&owner, "title", 255),
        (&owner, "summary", 255),
        (&owner, "senderName", 255),
        (&owner, "nonSensitiveTitle", 255),
        (&owner, "nonSensitiveSummary", 255),
        (&owner, "additionalInfo", 1023),
        (&owner, "extendedStatus", 25),
        (&letters, "title", 512),
    ] {
        let with = |n: usize| simple_update().with(&format!("content.{member}"), text(&"a".repeat(n)));
        client.put(&path(id), with(limit)).await.expect(204);
        let refused = client.put(&path(id), with(limit + 1)).await.expect(400);
        assert_eq!(texts(&refused, "dto.content.value[0].value").len(), 1, "{member}");
    }
}

/// W-025
#[tokio::test]
async fn a_stale_revision_is_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog()).await;
    let body = simple_update().with("progress", 1);
    let refused = owner.clone().if_match(V4).put(&path(id), body.clone()).await.expect(412);
    assert_eq!(refused.body["title"], "Precondition failed.");
    assert_eq!(refused.body["errors"], Value::Null);
    unchanged(&owner, id, &before).await;
    let answer = owner.clone().if_match(before["revision"].as_str().unwrap()).put(&path(id), body).await.expect(204);
    assert_eq!(owner.reads(id).await["revision"], answer.etag());
}

/// K-005
#[tokio::test]
async fn attachments_expire_ahead_or_as_before() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let known = attachment().with("expiresAt", in_days(&app, 1));
    let (dialog, before) = created(&owner, simple_dialog().and("attachments", known.clone())).await;
    let yesterday = in_days(&app, -1);
    let over = attachment().with("expiresAt", yesterday.as_str());
    for client in [&owner, &app.admin()] {
        for url in [path(dialog), silently(dialog)] {
            let moved = simple_update().and("attachments", known.clone().with("expiresAt", yesterday.as_str()));
            let refused = client.put(&url, moved).await.expect(422);
            let id = known["id"].as_str().unwrap();
            assert_eq!(
                refused.errors("Attachments.ExpiresAt"),
                [format!("Must be in future, current value, or null. (Id: {id})")]
            );
            let new = simple_update().and("attachments", over.clone());
            says(&client.put(&url, new).await.expect(422), "Attachments.ExpiresAt: Must be in future or null, got '");
            let appended = simple_update().and("transmissions", simple_transmission().and("attachments", over.clone()));
            let refused = client.put(&url, appended).await.expect(422);
            says(&refused, "Transmissions.Attachments.ExpiresAt: Must be in future or null, got '");
        }
    }
    unchanged(&owner, dialog, &before).await;
    app.clock.advance(TimeDelta::days(2));
    owner.put(&path(dialog), simple_update().with("progress", 2).and("attachments", known)).await.expect(204);
}

/// K-006, K-008
#[tokio::test]
async fn children_of_known_ids_go_on() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (attachment, action) = (attachment(), api_action());
    let body = simple_dialog().and("attachments", attachment.clone()).and("apiActions", action.clone());
    let (dialog, _) = created(&owner, body).await;
    app.clock.advance(TimeDelta::minutes(1));
    let (url, endpoint) = (id(), id());
    let added = json!({"id": url, "url": "https://example.com/b", "consumerType": "Api"});
    let change = simple_update()
        .and("attachments", attachment.clone().with("urls.0.url", "https://example.com/ny").and("urls", added))
        .and(
            "apiActions",
            action.clone().with("endpoints.0.id", endpoint.as_str()).with("endpoints.0.url", "https://example.com/e2"),
        );
    owner.put(&path(dialog), change).await.expect(204);
    let after = owner.reads(dialog).await;
    assert_eq!(after["attachments"][0]["id"], attachment["id"]);
    let urls = after["attachments"][0]["urls"].as_array().unwrap();
    assert_eq!(urls.len(), 2);
    assert_eq!((&urls[0]["id"], &urls[0]["url"]), (&attachment["urls"][0]["id"], &json!("https://example.com/ny")));
    assert_eq!((&urls[1]["id"], &urls[1]["url"]), (&json!(url), &json!("https://example.com/b")));
    assert_eq!(after["apiActions"][0]["id"], action["id"]);
    let endpoints = after["apiActions"][0]["endpoints"].as_array().unwrap();
    assert_eq!((endpoints.len(), &endpoints[0]["id"]), (1, &json!(endpoint)));

    // Without ids they are other ones.
    let without = simple_update().and("attachments", attachment.clone().without("id").without("urls.0.id"));
    owner.put(&path(dialog), without).await.expect(204);
    assert_ne!(owner.reads(dialog).await["attachments"][0]["id"], attachment["id"]);
    // What was removed may be used again, also by another dialog.
    owner.creates(simple_dialog().and("attachments", attachment.clone()).and("apiActions", action)).await;
    let taken = owner.put(&path(dialog), simple_update().and("attachments", attachment.clone())).await.expect(422);
    let exists = |id: &Value| format!("Key ('Id')=({}) already exists.", id.as_str().unwrap());
    assert_eq!(taken.errors("Attachment"), [exists(&attachment["id"])]);
}

/// K-007 and chapter 01 §2.1: ids given twice, of version 4, or of somebody else's child.
#[tokio::test]
async fn ids_of_children_are_of_version_7_and_unique() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (gui, api, shared) = (gui_action(), api_action(), attachment());
    let body = simple_dialog()
        .and("guiActions", gui.clone())
        .and("apiActions", api.clone())
        .and("attachments", shared.clone());
    let (other, _) = created(&owner, body).await;
    let (dialog, before) = created(&owner, simple_dialog()).await;
    let put = async |body: Value, status: u16| owner.put(&path(dialog), body).await.expect(status);

    let v4 = put(simple_update().and("attachments", attachment().with("urls.0.id", V4)), 400).await;
    says(&v4, "dto.attachments[0].urls[0].id: Invalid Id. Expected big endian UUIDv7 format.");
    let attachment_v4 = put(simple_update().and("attachments", attachment().with("id", V4)), 400).await;
    texts(&attachment_v4, "dto.attachments[0].id");
    let url = attachment()["urls"][0].clone();
    let twice = put(simple_update().and("attachments", json!({"urls": [url.clone(), url.clone()]})), 400).await;
    let duplicate = |id: &Value| format!("Can not contain duplicate items: [{}].", id.as_str().unwrap());
    assert_eq!(twice.errors("dto.attachments[0].urls"), [duplicate(&url["id"])]);
    let endpoint = api["endpoints"][0].clone();
    let endpoints = put(simple_update().and("apiActions", api.clone().and("endpoints", endpoint.clone())), 400).await;
    assert_eq!(endpoints.errors("dto.apiActions[0].endpoints"), [duplicate(&endpoint["id"])]);

    for (list, item, key, id) in [
        ("guiActions", gui.clone(), "DialogGuiAction", &gui["id"]),
        ("apiActions", api.clone().without("endpoints.0.id"), "DialogApiAction", &api["id"]),
        ("apiActions", api.clone().without("id"), "DialogApiActionEndpoint", &endpoint["id"]),
        ("attachments", shared.clone().without("urls.0.id"), "Attachment", &shared["id"]),
        ("attachments", shared.clone().without("id"), "AttachmentUrl", &shared["urls"][0]["id"]),
    ] {
        let refused = put(simple_update().and(list, item), 422).await;
        assert_eq!(refused.errors(key), [format!("Key ('Id')=({}) already exists.", id.as_str().unwrap())], "{list}");
    }
    // The same address id in two attachments of one request: new, and known already.
    let pair = simple_update()
        .and("attachments", json!({"urls": [url.clone()]}))
        .and("attachments", json!({"urls": [url.clone()]}));
    assert_eq!(put(pair.clone(), 422).await.errors("AttachmentUrl").len(), 1);
    unchanged(&owner, dialog, &before).await;
    put(simple_update().and("attachments", json!({"urls": [url.clone()]})), 204).await;
    assert_eq!(put(pair, 422).await.errors("AttachmentUrl").len(), 1);

    // Actions may have ids of any version here.
    put(simple_update().and("guiActions", gui_action().with("id", V4)), 204).await;
    assert_eq!(owner.reads(dialog).await["guiActions"][0]["id"], V4);
    assert_eq!(owner.reads(other).await["guiActions"][0]["id"], gui["id"]);
}

/// Chapter 01 §4.4
#[tokio::test]
async fn search_tags_are_compared_as_they_are_stored() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) =
        created(&owner, simple_dialog().with("searchTags", json!([{"value": "Abc"}, {"value": "def"}]))).await;
    assert_eq!(before["searchTags"], json!([{"value": "abc"}, {"value": "def"}]));
    let same = simple_update().with("searchTags", json!([{"value": "DEF "}, {"value": "abc"}]));
    assert_eq!(owner.put(&path(id), same).await.expect(204).etag(), before["revision"]);
    let twice = simple_update().with("searchTags", json!([{"value": "DEF"}, {"value": "def "}]));
    texts(&owner.put(&path(id), twice).await.expect(400), "dto.searchTags");
    owner.put(&path(id), simple_update().with("searchTags", json!([{"value": "ghi"}]))).await.expect(204);
    assert_eq!(owner.reads(id).await["searchTags"], json!([{"value": "ghi"}]));
}

/// Chapter 01 §4.4: texts are merged by language; the representation shows no difference to replacing.
#[tokio::test]
async fn texts_are_replaced_by_language() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, _) = created(&owner, full_dialog(&app)).await;
    let read = owner.reads(id).await;
    let info = json!({"mediaType": "text/plain", "value": [{"languageCode": "en_GB", "value": "more"}, {"languageCode": "fr", "value": "plus"}]});
    let changed = sent_back(read).with("content.additionalInfo", info).with("guiActions.0.prompt", json!([]));
    owner.put(&path(id), changed).await.expect(204);
    let after = owner.reads(id).await;
    assert_eq!(
        after["content"]["additionalInfo"]["value"],
        json!([{"languageCode": "en", "value": "more"}, {"languageCode": "fr", "value": "plus"}])
    );
    assert_eq!(after["guiActions"][0]["prompt"], Value::Null);
}

/// E-004 and the order of chapter 08 §3.2.
#[tokio::test]
async fn all_faults_are_told_at_once() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let bare = simple_transmission().without("content");
    let (dialog, before) = created(
        &owner,
        simple_dialog().with("isApiOnly", true).with("visibleFrom", in_days(&app, 30)).and("transmissions", bare),
    )
    .await;
    let long = |n: usize| "a".repeat(n);
    let twice = "0196c0de-0000-7000-8000-000000000001";
    let bad_attachment = json!({
        "id": "00000000-0000-0000-0000-000000000000", "displayName": [{"languageCode": "no", "value": " "}],
        "name": long(256), "urls": [],
    });
    let body = json!({
        "progress": 101, "extendedStatus": long(256), "externalReference": long(256),
        "dueAt": "2031-01-02T00:00:00Z", "expiresAt": "2031-01-01T00:00:00Z",
        "process": "inval|d", "precedingProcess": "inval|d", "isApiOnly": false,
        "content": {"title": {"mediaType": "text/html", "value": []}, "mainContentReference": {"value": localized("x")}},
        "searchTags": [{"value": "ab"}, {"value": "AB"}],
        "attachments": [bad_attachment],
        "transmissions": [
            {"id": twice, "relatedTransmissionId": twice, "extendedType": "inval|d", "authorizationAttribute": "a.b",
             "createdAt": "2090-01-01T00:00:00Z", "idempotentKey": "x", "externalReference": long(256),
             "attachments": [{"urls": [{"url": "http://x", "mediaType": long(256), "consumerType": 9}], "name": long(256)}],
             "navigationalActions": [{"title": [], "url": "http://x", "expiresAt": "2001-01-01T00:00:00Z"}]},
            {"id": twice, "type": 77, "sender": {"actorType": "ServiceOwner", "actorName": "x"}, "content": {}},
        ],
        "guiActions": [{"action": " ", "url": "http://x", "priority": 9, "httpMethod": "PUT", "title": []},
                       {"action": "a", "url": "https://x", "priority": "Primary", "title": localized("a")},
                       {"action": "a", "url": "https://x", "priority": "Primary", "title": localized("a")}],
        "apiActions": [{"action": "", "name": long(256), "authorizationAttribute": "", "endpoints": []},
                       {"action": "a", "endpoints": [{"url": "x", "documentationUrl": "inval|d", "sunsetAt": "2031-01-01T00:00:00Z"}]}],
        "activities": [{"type": "Information"},
                       {"type": "DialogOpened", "transmissionId": twice, "description": localized("a"),
                        "performedBy": {"actorType": "PartyRepresentative", "actorId": "invalid-urn"}},
                       {"type": "TransmissionOpened", "performedBy": {}}],
    });
    let refused = owner.put(&path(dialog), body).await.expect(400);
    assert_eq!(refused.body["instance"], format!("/api/v1/serviceowner/dialogs/{dialog}"));
    insta::assert_snapshot!(super::writes::in_order(&refused));
    unchanged(&owner, dialog, &before).await;
}

/// E-008, Y-022, Y-023
#[tokio::test]
async fn letters_activities_need_their_scope() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&[PROVIDER]);
    let letters = app.service_owner("ttd").with_scopes(&[PROVIDER, CORRESPONDENCE]);
    let (id, before) = created(&owner, simple_dialog()).await;
    for kind in ["CorrespondenceConfirmed", "CorrespondenceOpened"] {
        let body = simple_update().and("activities", simple_activity(kind));
        let refused = owner.put(&path(id), body.clone()).await.expect(403);
        assert_eq!(refused.body["title"], "Forbidden.");
        assert_eq!(
            refused.errors("Forbidden"),
            ["Use of CorrespondenceConfirmed or CorrespondenceOpened activity types requires the scope \
              digdir:dialogporten.correspondence."]
        );
        unchanged(&owner, id, &before).await;
    }
    // A fault of the stored data is told instead.
    let over =
        simple_update().with("dueAt", in_days(&app, -1)).and("activities", simple_activity("CorrespondenceOpened"));
    says(&owner.put(&path(id), over).await.expect(422), "DueAt");
    letters
        .put(&path(id), simple_update().and("activities", simple_activity("CorrespondenceOpened")))
        .await
        .expect(204);
    owner.put(&path(id), simple_update().and("activities", simple_activity("PaymentMade"))).await.expect(204);
    assert_eq!(owner.reads(id).await["activities"].as_array().unwrap().len(), 2);
}

/// Chapter 01 §9.2: attributes that name resources must be the owner's own; this 403 wins over 422.
#[tokio::test]
async fn foreign_resources_cannot_be_referred_to() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog()).await;
    let foreign = "urn:altinn:resource:BRG-dialogporten-automated-tests";
    let body = simple_update()
        .with("dueAt", in_days(&app, -1))
        .and("guiActions", gui_action().with("authorizationAttribute", foreign))
        .and("apiActions", api_action().with("authorizationAttribute", "urn:altinn:resource:notavailable"))
        .and("transmissions", simple_transmission().with("authorizationAttribute", foreign));
    let refused = owner.put(&path(id), body.clone()).await.expect(403);
    assert_eq!(
        refused.errors("Forbidden"),
        ["Not allowed to reference the following unowned resources: [urn:altinn:resource:notavailable, \
          urn:altinn:resource:brg-dialogporten-automated-tests]."]
    );
    unchanged(&owner, id, &before).await;
    app.admin().put(&path(id), body).await.expect(204);
    let own = simple_update()
        .and("guiActions", gui_action().with("authorizationAttribute", "urn:altinn:resource:super-simple-service"));
    owner.put(&path(id), own).await.expect(204);
}

/// Y-013 inside PUT, and chapter 01 §4.2: several faults of stored data are told together.
#[tokio::test]
async fn faults_of_stored_data_are_collected() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let activity = simple_activity("DialogOpened").with("id", id());
    let (dialog, before) = created(&owner, simple_dialog().and("activities", activity.clone())).await;
    let nobody = id();
    let body = simple_update()
        .with("dueAt", in_days(&app, -3))
        .with("expiresAt", in_days(&app, -2))
        .and("attachments", attachment().with("expiresAt", in_days(&app, -1)))
        .and("activities", activity)
        .and("activities", simple_activity("TransmissionOpened").with("transmissionId", nobody.as_str()))
        .and("transmissions", simple_transmission().with("relatedTransmissionId", nobody.as_str()));
    let refused = owner.put(&path(dialog), body).await.expect(422);
    let order = ["ExpiresAt", "DueAt", "DialogActivity", "Transmissions", "Activities", "Attachments.ExpiresAt"];
    let places: Vec<_> = order
        .iter()
        .map(|key| refused.text.find(&format!("\"{key}\":[")).unwrap_or_else(|| panic!("{key}: {}", refused.text)))
        .collect();
    assert!(places.is_sorted(), "{}", refused.text);
    assert_eq!(
        refused.errors("Activities"),
        [format!(
            "Invalid 'TransmissionId, entity 'DialogTransmission' with the following key(s) does not exist: ({nobody}) in 'Transmissions'"
        )]
    );
    assert_eq!(refused.errors("Transmissions").len(), 2, "both passes report it");
    unchanged(&owner, dialog, &before).await;
}

/// Chapter 01 §4.6: PUT looks at the whole dialog.
#[tokio::test]
async fn unopened_content_is_recomputed() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (one, two) = (id(), id());
    let open = |id: &str| simple_activity("TransmissionOpened").with("transmissionId", id);
    let (dialog, before) = created(&owner, simple_dialog()).await;
    assert_eq!(before["hasUnopenedContent"], false);
    let unopened = async |body: Value| {
        owner.put(&path(dialog), body).await.expect(204);
        owner.reads(dialog).await["hasUnopenedContent"] == true
    };
    assert!(!unopened(simple_update().and("transmissions", simple_transmission().with("type", "Submission"))).await);
    assert!(unopened(simple_update().and("transmissions", simple_transmission().with("id", one.as_str()))).await);
    let second = simple_update()
        .and("transmissions", simple_transmission().with("id", two.as_str()))
        .and("activities", open(&two));
    assert!(unopened(second).await, "the first one is still closed");
    assert!(!unopened(simple_update().and("activities", open(&one))).await);
    let read = owner.reads(dialog).await;
    let opened: Vec<_> = read["transmissions"].as_array().unwrap().iter().map(|t| t["isOpened"].clone()).collect();
    assert_eq!(opened, [json!(false), json!(true), json!(true)], "what the party sent is never opened");
}

/// V-005, V-008 for PUT: HTML needs its scope, also where it is only repeated.
#[tokio::test]
async fn html_needs_its_scope() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&[PROVIDER]);
    let html = app.service_owner("ttd").with_scopes(&[PROVIDER, LEGACY_HTML]);
    let (id, _) = created(&app.service_owner("ttd"), simple_dialog()).await;
    let body = simple_update()
        .with("content.additionalInfo", json!({"mediaType": "text/html", "value": localized("<p>a</p>")}));
    texts(&owner.put(&path(id), body.clone()).await.expect(400), "dto.content.mediaType");
    html.put(&path(id), body).await.expect(204);
    let patched = json!([{"op": "replace", "path": "/progress", "value": 7}]);
    texts(&owner.patch(&path(id), patched.clone()).await.expect(400), "dto.content.mediaType");
    html.patch(&path(id), patched).await.expect(204);
}
