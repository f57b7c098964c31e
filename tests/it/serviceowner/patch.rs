//! `PATCH /serviceowner/dialogs/{dialogId}`: JSON Patch as real clients write it.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use super::writes::{
    CORRESPONDENCE, PROVIDER, V4, attachment, created, full_dialog, gui_action, id, in_days, path, replace, says,
    silently, texts, unchanged,
};
use crate::harness::{
    Client, Edit, PERSON, TestApp, fresh_id, localized, simple_activity, simple_dialog, simple_transmission, text,
};

const JSON_PATCH: &str = "application/json-patch+json";

/// W-001, W-002, W-003, W-004, W-005
#[tokio::test]
async fn single_members_are_patched() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = simple_dialog()
        .with("status", "New")
        .with("progress", 0)
        .with("dueAt", in_days(&app, 3))
        .with("extendedStatus", "")
        .with("externalReference", "")
        .with("process", "")
        .with("searchTags", json!([{"value": "eneste"}]));
    let (id, _) = created(&owner, body).await;
    app.clock.advance(TimeDelta::minutes(1));
    let patch = json!([
        replace("/status", "Sent"),
        replace("/progress", 75),
        replace("/extendedStatus", "venter"),
        replace("/externalReference", "ref"),
        replace("/process", "urn:p"),
        {"op": "remove", "path": "/dueAt"},
        replace("/searchTags", json!([{"value": "en"}, {"value": "annen"}]).with("0.value", "ene")),
    ]);
    let answer = owner.patch(&path(id), patch).await.expect(204);
    let after = owner.reads(id).await;
    assert_eq!(after["revision"], answer.etag());
    for (name, value) in [
        ("status", json!("Awaiting")),
        ("progress", json!(75)),
        ("extendedStatus", json!("venter")),
        ("externalReference", json!("ref")),
        ("process", json!("urn:p")),
        ("dueAt", Value::Null),
        ("searchTags", json!([{"value": "ene"}, {"value": "annen"}])),
    ] {
        assert_eq!(after[name], value, "{name}");
    }
}

/// W-006
#[tokio::test]
async fn leaves_deep_in_lists_are_patched() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, _) = created(&owner, full_dialog(&app)).await;
    owner.patch(&silently(id), json!([])).await.expect(204);
    let before = owner.reads(id).await;
    let leaves = [
        ("/content/title/value/0/value", json!("Ny tittel")),
        ("/attachments/0/urls/0/url", json!("https://example.com/ny")),
        ("/guiActions/0/title/0/value", json!("Ny knapp")),
        ("/apiActions/0/endpoints/0/url", json!("https://example.com/nytt")),
    ];
    let patch = leaves.iter().map(|(path, value)| replace(path, value.clone())).collect::<Vec<_>>();
    owner.patch(&path(id), json!(patch)).await.expect(204);
    let after = owner.reads(id).await;
    let mut expected = before.clone();
    for (pointer, value) in leaves {
        *expected.pointer_mut(pointer).unwrap() = value;
    }
    for name in ["revision", "updatedAt", "contentUpdatedAt"] {
        assert_ne!(after[name], before[name], "{name}");
        expected[name] = after[name].clone();
    }
    assert_eq!(after, expected);
}

/// W-011, W-025; chapter 01 §5: nothing to do still resets labels.
#[tokio::test]
async fn an_empty_patch_changes_labels_only() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (id, before) = created(&owner, simple_dialog().with("systemLabel", "Bin")).await;
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(owner.patch(&silently(id), json!([])).await.expect(204).etag(), before["revision"]);
    unchanged(&owner, id, &before).await;
    assert_eq!(owner.patch(&path(id), json!([])).await.expect(204).etag(), before["revision"]);
    let after = owner.reads(id).await;
    assert_eq!(after["systemLabel"], "Default");
    assert_eq!(after["updatedAt"], before["updatedAt"]);
    let log = app.person(PERSON).get(&format!("enduser/dialogs/{id}/context/labellog")).await.expect(200).body;
    let told: Vec<_> = log
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| (entry["name"].as_str(), entry["action"].as_str(), entry["performedBy"]["actorType"].as_str()))
        .collect();
    let by_owner = |action| (Some("systemlabel:Bin"), Some(action), Some("ServiceOwner"));
    assert_eq!(told, [by_owner("set"), by_owner("remove")]);

    let patch = json!([replace("/progress", 1)]);
    owner.clone().if_match(V4).patch(&path(id), patch.clone()).await.expect(412);
    unchanged(&owner, id, &after).await;
    let answer = owner.clone().if_match(after["revision"].as_str().unwrap()).patch(&path(id), patch).await.expect(204);
    let last = owner.reads(id).await;
    assert_eq!(last["revision"], answer.etag());
    assert_ne!(last["revision"], after["revision"]);
    assert_ne!(last["updatedAt"], last["createdAt"]);
}

/// Chapter 07 §8 (NAV hag-dialogporten-client): its media type, surplus members, lists added whole, booleans removed.
#[tokio::test]
async fn nav_hag_patches() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, _) = created(&owner, simple_dialog().with("isApiOnly", true).and("guiActions", gui_action())).await;
    let send = async |patch: &str| {
        owner.send_text(Method::PATCH, &path(dialog), Some((patch, JSON_PATCH))).await.expect(204);
        owner.reads(dialog).await
    };
    let transmission = simple_transmission();
    let after = send(&format!(
        r#"[{{"type":"no.nav.AddTransmissions","value":[{transmission}],"op":"add","path":"/transmissions"}},
            {{"type":"no.nav.AddStatus","value":"Completed","op":"add","path":"/status"}},
            {{"type":"no.nav.RemoveIsApiOnly","op":"remove","path":"/isApiOnly"}},
            {{"type":"x","value":[],"op":"replace","path":"/attachments"}},
            {{"type":"x","op":"remove","path":"/guiActions"}}]"#
    ))
    .await;
    assert_eq!(after["transmissions"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&after["status"], &after["isApiOnly"], &after["guiActions"]),
        (&json!("Completed"), &json!(false), &json!([]))
    );
    let action =
        json!({"action": "a", "endpoints": [{"url": "https://example.com", "httpMethod": "GET", "httpMetod": null}]});
    let after = send(&format!(r#"[{{"value":[{action}],"op":"add","path":"/apiActions"}}]"#)).await;
    assert_eq!(after["apiActions"][0]["action"], "a");
    assert_eq!(after["transmissions"].as_array().unwrap().len(), 1, "not appended again");
    let after = send(r#"[{"op":"remove","path":"/apiActions"}]"#).await;
    assert_eq!(after["apiActions"], json!([]));
}

/// Chapter 07 §7 (Altinn Correspondence), §9 (fp-inntektsmelding), §10 (older SDK), §11 (demo provider), §12 (Bruno).
#[tokio::test]
async fn other_clients_patches() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = simple_dialog()
        .and("guiActions", gui_action())
        .and("guiActions", gui_action().with("priority", "Secondary"))
        .and("attachments", attachment());
    let (dialog, before) = created(&owner, body).await;
    let patch = async |operations: Value| {
        let text = operations.to_string();
        let body = Some((text.as_str(), "application/json; charset=utf-8"));
        owner.send_text(Method::PATCH, &path(dialog), body).await.expect(204);
        owner.reads(dialog).await
    };
    // Correspondence: single actions by the index of the last GET, attachments whole.
    let after = patch(json!([
        {"op": "remove", "path": "/guiActions/1"},
        replace("/content/summary/value/0/value", "Åpnet"),
        replace("/expiresAt", in_days(&app, 9)),
        {"op": "remove", "path": "/attachments"},
        {"op": "add", "path": "/attachments", "value": [attachment()]},
    ]))
    .await;
    assert_eq!(after["guiActions"], json!([before["guiActions"][0]]));
    assert_eq!(after["content"]["summary"]["value"][0]["value"], "Åpnet");
    assert_ne!(after["attachments"], before["attachments"]);
    // fp-inntektsmelding: the whole content, a list of transmissions.
    let content = json!({"title": {"value": localized("Ny")}, "extendedStatus": text("Ferdig")});
    let after = patch(json!([
        replace("/status", "Completed"), replace("/extendedStatus", "ferdig"), replace("/content", content),
        {"op": "add", "path": "/transmissions", "value": [simple_transmission().with("extendedType", "INNTEKTSMELDING")]},
    ]))
    .await;
    assert_eq!(after["content"]["title"]["mediaType"], "text/plain");
    assert_eq!(after["content"]["summary"], Value::Null);
    assert_eq!(after["transmissions"][0]["extendedType"], "INNTEKTSMELDING");
    // The older SDK writes a misleading second operation; Bruno leaves the slash out; enums are numbers.
    let after = patch(json!([
        {"operationType": 0, "path": "/externalReference", "op": "remove", "from": null, "value": null},
        {"op": "replace", "path": "progress", "value": 42},
        {"OP": "Replace", "Path": "/Status", "Value": 2},
    ]))
    .await;
    assert_eq!((&after["progress"], &after["status"]), (&json!(42), &json!("InProgress")));
    // The demo provider appends by `-`.
    let after = patch(json!([
        {"op": "add", "path": "/activities/-", "value": simple_activity("PaymentMade")},
        {"op": "add", "path": "/transmissions/-", "value": simple_transmission()},
        {"op": "add", "path": "/attachments/-", "value": attachment()},
        {"op": "copy", "from": "/content/title", "path": "/content/summary"},
        {"op": "test", "path": "/progress", "value": 42},
    ]))
    .await;
    assert_eq!(after["activities"].as_array().unwrap().len(), 1);
    assert_eq!(after["transmissions"].as_array().unwrap().len(), 2);
    assert_eq!(after["attachments"].as_array().unwrap().len(), 2);
    assert_eq!(after["content"]["summary"], after["content"]["title"]);
}

/// Chapter 01 §5 and §4.3
#[tokio::test]
async fn removing_empties() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, full_dialog(&app)).await;
    let remove = |path: &str| json!([{"op": "remove", "path": path}]);
    let refused = owner.patch(&path(dialog), remove("/expiresAt")).await.expect(422);
    assert_eq!(refused.errors("ExpiresAt"), ["Must be in future or current value."]);
    let refused = owner.patch(&path(dialog), remove("/status")).await.expect(400);
    assert_eq!(refused.errors("dto.status"), ["'Status' has a range of values which does not include '0'."]);
    let refused = owner.patch(&path(dialog), remove("/content/title")).await.expect(400);
    assert_eq!(refused.errors("dto.content"), ["Title must not be empty."]);
    texts(&owner.patch(&path(dialog), remove("/content")).await.expect(400), "dto.content");
    unchanged(&owner, dialog, &before).await;
    for name in ["searchTags", "attachments", "guiActions", "apiActions"] {
        owner.patch(&path(dialog), remove(&format!("/{name}"))).await.expect(204);
        assert_eq!(owner.reads(dialog).await[name], json!([]), "{name}");
    }
    for name in ["progress", "extendedStatus", "externalReference", "precedingProcess", "process", "dueAt"] {
        owner.patch(&path(dialog), remove(&format!("/{name}"))).await.expect(204);
        assert_eq!(owner.reads(dialog).await[name], Value::Null, "{name}");
    }
    app.admin().patch(&path(dialog), remove("/expiresAt")).await.expect(204);
    assert_eq!(owner.reads(dialog).await["expiresAt"], Value::Null);
}

/// Chapter 01 §5 and §12.1, row "patch op cannot apply": a bare map, before everything PUT refuses.
#[tokio::test]
async fn operations_that_cannot_be_applied() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog()).await;
    for operation in [
        replace("/nope", 1),
        json!({"op": "remove", "path": "/attachments/0"}),
        json!({"op": "add", "path": "/attachments/7", "value": attachment()}),
        json!({"op": "add", "path": "/attachments/x", "value": attachment()}),
        json!({"op": "test", "path": "/progress", "value": 3}),
        replace("/progress", "many"),
        replace("/status", "Unheard"),
        replace("/content", "text"),
        replace("/searchTags", json!([null])),
        replace("/content/title/value/0/value/x", 1),
        replace("/dueAt", "2031-01-01"),
        json!({"op": "copy", "from": "/nope", "path": "/process"}),
        json!({"op": "move", "from": "/progress", "path": "/nope"}),
        json!({"op": "replace", "path": "", "value": {}}),
    ] {
        let refused = owner.clone().if_match(V4).patch(&path(dialog), json!([operation])).await.expect(400);
        let members = refused.body.as_object().unwrap_or_else(|| panic!("{}", refused.text));
        assert_eq!(members.keys().collect::<Vec<_>>(), ["UpdateDialogDto"], "{operation}");
        assert_eq!(refused.body["UpdateDialogDto"].as_array().unwrap().len(), 1);
        assert_eq!(refused.header("content-type"), "application/json; charset=utf-8");
    }
    let nobody = format!("serviceowner/dialogs/{}", fresh_id());
    owner.patch(&nobody, json!([replace("/nope", 1)])).await.expect(404);
    unchanged(&owner, dialog, &before).await;
}

/// Chapter 05 A6, A10: what is no patch document.
#[tokio::test]
async fn documents_that_are_no_patch() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog()).await;
    let nobody = format!("serviceowner/dialogs/{}", fresh_id());
    for document in [
        "",
        "null",
        "{}",
        "[1]",
        "[{}]",
        r#"[{"op":"frob","path":"/a"}]"#,
        r#"[{"op":"add"}]"#,
        "[",
        r#"[{"op":"move","path":"/a"}]"#,
    ] {
        for target in [&path(dialog), &nobody] {
            let refused = owner.send_text(Method::PATCH, target, Some((document, JSON_PATCH))).await.expect(400);
            texts(&refused, "patchDocument");
        }
    }
    owner.send_text(Method::PATCH, &path(dialog), Some(("[]", "text/plain"))).await.expect(415);
    owner.send_text(Method::PATCH, &path(dialog), Some(("[]", "application/merge-patch+json"))).await.expect(415);
    owner.send_text(Method::PATCH, &path(dialog), None).await.expect(415);
    owner.patch("serviceowner/dialogs/no-id", json!([])).await.expect(400);
    owner.clone().if_match("no-revision").patch(&path(dialog), json!([])).await.expect(400);
    unchanged(&owner, dialog, &before).await;
}

/// E-008, Y-022, A-016 for PATCH: every rule of PUT applies.
#[tokio::test]
async fn the_rules_of_put_apply() {
    let app = TestApp::start().await;
    let plain = app.service_owner("ttd").with_scopes(&[PROVIDER]);
    let letters = app.service_owner("ttd").with_scopes(&[PROVIDER, CORRESPONDENCE]);
    let activity = simple_activity("DialogOpened").with("id", id());
    let (dialog, before) =
        created(&app.service_owner("ttd"), simple_dialog().and("activities", activity.clone())).await;
    let add = |activity: Value| json!([{"op": "add", "path": "/activities/-", "value": activity}]);
    says(&plain.patch(&path(dialog), add(simple_activity("CorrespondenceOpened"))).await.expect(403), "scope");
    texts(&plain.patch(&path(dialog), add(activity)).await.expect(422), "DialogActivity");
    texts(&plain.patch(&path(dialog), json!([replace("/progress", 101)])).await.expect(400), "dto.progress");
    let long = json!([replace("/content/title/value/0/value", "a".repeat(256))]);
    texts(&plain.patch(&path(dialog), long.clone()).await.expect(400), "dto.content.value[0].value");
    unchanged(&app.service_owner("ttd"), dialog, &before).await;
    letters.patch(&path(dialog), long).await.expect(204);
    // What was allowed to others is judged again.
    texts(
        &plain.patch(&path(dialog), json!([replace("/progress", 1)])).await.expect(400),
        "dto.content.value[0].value",
    );
}

/// Copies and moves cannot make a small request grow without bounds.
#[tokio::test]
async fn patches_cannot_explode() {
    let app = TestApp::start().await;
    let owner: Client<'_> = app.service_owner("ttd");
    let (dialog, before) = created(&owner, full_dialog(&app)).await;
    let doubling = vec![json!({"op": "copy", "from": "/attachments", "path": "/attachments/-"}); 60];
    owner.patch(&path(dialog), json!(doubling)).await.expect(400);
    let mut nesting = Vec::new();
    for _ in 0..200 {
        nesting.push(json!({"op": "move", "from": "/attachments", "path": "/searchTags/0"}));
        nesting.push(json!({"op": "move", "from": "/searchTags", "path": "/attachments/0"}));
    }
    owner.patch(&path(dialog), json!(nesting)).await.expect(400);
    let moving = vec![json!({"op": "add", "path": "/searchTags/0", "value": 1}); 5_000];
    owner.patch(&path(dialog), json!(moving)).await.expect(400);
    unchanged(&owner, dialog, &before).await;
}

/// M-01: a short patch does not make a long document, whatever it multiplies; one that brings what it adds may be long.
#[tokio::test]
async fn what_multiplies_is_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog().with("searchTags", json!([{"value": "merkelapp"}]))).await;
    let long = json!({"action": "x".repeat(690_000), "endpoints": []});
    let copies = |from: &str, path: &str, times: usize| vec![json!({"op": "copy", "from": from, "path": path}); times];
    let after = |first: Value, rest: Vec<Value>| Value::from([vec![first], rest].concat());
    let nothing = json!({"op": "test", "path": "/dueAt", "value": null});
    for (patch, why) in [
        (after(nothing, copies("/searchTags", "/searchTags/-", 24)), "too large"),
        (
            after(
                json!({"op": "add", "path": "/apiActions/-", "value": long}),
                copies("/apiActions/0/action", "/apiActions/0/endpoints/-", 3_000),
            ),
            "too large",
        ),
        (
            after(
                json!({"op": "add", "path": "/searchTags/-", "value": {"value": "x".repeat(100_000)}}),
                copies("/searchTags/1", "/searchTags/-", 300),
            ),
            "too large",
        ),
    ] {
        let refused = owner.patch(&path(dialog), patch).await.expect(400);
        let text = refused.body["UpdateDialogDto"][0].as_str().unwrap_or_else(|| panic!("{}", refused.text));
        assert!(text.contains(why), "{text:.300}");
        assert_eq!(refused.body.as_object().unwrap().len(), 1);
        unchanged(&owner, dialog, &before).await;
    }
    let activities = vec![simple_activity("DialogOpened"); 2_000];
    let patch = json!([{"op": "add", "path": "/activities", "value": activities}]);
    owner.patch(&path(dialog), patch).await.expect(204);
    assert_eq!(owner.reads(dialog).await["activities"].as_array().unwrap().len(), 2_000);
}
