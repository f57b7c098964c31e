//! `/serviceowner/dialogs/{dialogId}/context/labels`: the labels a service owner finds its dialogs by.

use dialogporten::{auth::Scope, domain::ids::DialogId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Edit, TestApp, fresh_id, simple_dialog};

fn labels(dialog: impl std::fmt::Display) -> String {
    format!("serviceowner/dialogs/{dialog}/context/labels")
}

fn label(value: impl Into<Value>) -> Value {
    json!({ "value": value.into() })
}

/// A dialog with these labels.
async fn labelled(owner: &Client<'_>, values: &[&str]) -> DialogId {
    let labels: Vec<Value> = values.iter().map(|value| label(*value)).collect();
    owner.creates(simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", labels)).await
}

/// The labels as they are listed, and the context's revision.
async fn listed(owner: &Client<'_>, dialog: DialogId) -> (Vec<String>, String) {
    let answer = owner.get(&labels(dialog)).await.expect(200);
    let values =
        answer.body.as_array().expect("a list").iter().map(|label| label["value"].as_str().unwrap().to_owned());
    (values.collect(), answer.etag().to_owned())
}

/// OL-001, OL-011
#[tokio::test]
async fn a_label_is_added_and_only_its_context_changes() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let before = owner.reads(dialog).await;
    let (none, first) = listed(&owner, dialog).await;
    assert!(none.is_empty());
    assert_eq!(before["serviceOwnerContext"]["revision"], first);

    let answer = owner.post(&labels(dialog), label(" New-Label ")).await.expect(204);

    let second = answer.etag().to_owned();
    assert_eq!((answer.text.as_str(), second.len()), ("", 36));
    assert_ne!(first, second);
    assert_eq!(listed(&owner, dialog).await, (vec!["new-label".to_owned()], second.clone()));
    let after = owner.reads(dialog).await;
    assert_eq!(after["serviceOwnerContext"]["revision"], second);
    for unchanged in ["revision", "updatedAt", "contentUpdatedAt", "endUserContext"] {
        assert_eq!(before[unchanged], after[unchanged], "{unchanged}");
    }
    assert_eq!(app.raised_events(dialog).await.len(), 1, "the creation");
    let searched: Vec<String> =
        sqlx::query_scalar("select label from dialog_owner_label").fetch_all(&app.db).await.unwrap();
    assert_eq!(searched, ["new-label"]);
}

/// OL-002: letter case and surrounding blanks make no difference.
#[tokio::test]
async fn a_label_stands_once() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = labelled(&owner, &["taken"]).await;
    let (_, revision) = listed(&owner, dialog).await;
    for again in ["taken", "TAKEN", "  taken "] {
        let refused = owner.post(&labels(dialog), label(again)).await.expect(400);
        assert_eq!(refused.errors("dto.serviceOwnerLabels"), ["Can not contain duplicate items: [taken]."], "{again}");
    }
    assert_eq!(listed(&owner, dialog).await, (vec!["taken".to_owned()], revision));
}

/// OL-003
#[tokio::test]
async fn a_label_has_3_to_255_characters() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = labelled(&owner, &["one-label"]).await;
    let key = "dto.serviceOwnerLabels[1].value";
    for (body, texts) in [
        (label("a"), vec!["The length of 'Value' must be at least 3 characters. You entered 1 characters."]),
        (
            label("a".repeat(300)),
            vec!["The length of 'Value' must be 255 characters or fewer. You entered 300 characters."],
        ),
        (
            label("a".repeat(256)),
            vec!["The length of 'Value' must be 255 characters or fewer. You entered 256 characters."],
        ),
        (json!({}), vec!["'Value' must not be empty."]),
        (label("    "), vec!["'Value' must not be empty."]),
        (
            label(""),
            vec![
                "'Value' must not be empty.",
                "The length of 'Value' must be at least 3 characters. You entered 0 characters.",
            ],
        ),
    ] {
        let refused = owner.post(&labels(dialog), body.clone()).await.expect(400);
        assert_eq!(refused.errors(key), texts, "{body}");
    }
    owner.post(&labels(dialog), label(Value::Null)).await.expect(400);
    owner.post(&labels(dialog), label(7)).await.expect(400);
    owner.post(&labels(dialog), label("abc")).await.expect(204);
    owner.post(&labels(dialog), label("a".repeat(255))).await.expect(204);
}

/// OL-004, OL-009
#[tokio::test]
async fn labels_are_removed_one_by_one_in_any_letter_case() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog =
        labelled(&owner, &["Scadrial", "Roshar", "urn:altinn:integration:storage:1/2", "blåbær og æble"]).await;
    let (_, mut revision) = listed(&owner, dialog).await;
    for (sent, left) in [
        ("SCADRIAL", 3),
        ("roshar", 2),
        ("urn%3Aaltinn%3Aintegration%3Astorage%3A1%2F2", 1),
        ("BL%C3%85B%C3%86R%20og%20%C3%86BLE", 0),
    ] {
        let answer = owner.delete(&format!("{}/{sent}", labels(dialog))).await.expect(204);
        assert_ne!(answer.etag(), revision, "{sent}");
        revision = answer.etag().to_owned();
        let (rest, listed) = listed(&owner, dialog).await;
        assert_eq!((rest.len(), &listed), (left, &revision), "{sent}");
    }
    let searched: i64 = sqlx::query_scalar("select count(*) from dialog_owner_label").fetch_one(&app.db).await.unwrap();
    assert_eq!(searched, 0);
    let missing = owner.delete(&format!("{}/Roshar", labels(dialog))).await.expect(404);
    assert_eq!(missing.errors("Label"), ["Entity 'Label' with the following key(s) was not found: (Roshar)."]);
}

/// OL-005
#[tokio::test]
async fn the_revision_is_the_contexts_own() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = labelled(&owner, &["first"]).await;
    let whole = owner.reads(dialog).await["revision"].as_str().unwrap().to_owned();
    let (_, revision) = listed(&owner, dialog).await;
    let of_end_user = owner.reads(dialog).await["endUserContext"]["revision"].as_str().unwrap().to_owned();
    let first = format!("{}/first", labels(dialog));
    for wrong in [whole, of_end_user, fresh_id().to_string()] {
        let stale = owner.clone().if_match(&wrong);
        let refused = stale.post(&labels(dialog), label("second")).await.expect(412);
        assert_eq!((refused.body["status"].clone(), refused.body.get("errors")), (json!(412), None));
        stale.delete(&first).await.expect(412);
    }
    assert_eq!(listed(&owner, dialog).await, (vec!["first".to_owned()], revision.clone()));
    let added = owner.clone().if_match(&revision).post(&labels(dialog), label("second")).await.expect(204);
    owner.clone().if_match(&revision).delete(&first).await.expect(412);
    owner.clone().if_match(&format!("\"{}\"", added.etag())).delete(&first).await.expect(204);
    owner.if_match("*").delete(&first).await.expect(400);
}

/// OL-007
#[tokio::test]
async fn twenty_labels_are_enough() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let named = |count: usize| (0..count).map(|n| format!("label-{n:02}")).collect::<Vec<_>>();
    let texts = ["Maximum 20 service owner labels are allowed."];
    let many: Vec<Value> = named(21).into_iter().map(label).collect();
    let body = simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", many);
    let refused = owner.post("serviceowner/dialogs", body).await.expect(400);
    assert_eq!(refused.errors("dto.serviceOwnerContext.serviceOwnerLabels"), texts);

    let most = named(20);
    let dialog = labelled(&owner, &most.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let refused = owner.post(&labels(dialog), label("one-more")).await.expect(400);
    assert_eq!(refused.errors("dto.serviceOwnerLabels"), texts);
    let refused = owner.post(&labels(dialog), label("label-07")).await.expect(400);
    assert_eq!(
        refused.errors("dto.serviceOwnerLabels"),
        ["Can not contain duplicate items: [label-07].", "Maximum 20 service owner labels are allowed."]
    );
    let refused = owner.post(&labels(dialog), label("x")).await.expect(400);
    assert_eq!(refused.errors("dto.serviceOwnerLabels"), texts);
    assert_eq!(refused.errors("dto.serviceOwnerLabels[20].value").len(), 1);
    owner.delete(&format!("{}/label-00", labels(dialog))).await.expect(204);
    owner.post(&labels(dialog), label("one-more")).await.expect(204);
}

/// OL-008
#[tokio::test]
async fn every_faulty_label_of_a_new_dialog_is_reported() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let with = |labels: Value| simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", labels);
    let faulty = with(json!([{}, label("ab"), label("a".repeat(256)), label("good")]));
    let refused = owner.post("serviceowner/dialogs", faulty).await.expect(400);
    for (item, text) in [
        (0, "'Value' must not be empty."),
        (1, "The length of 'Value' must be at least 3 characters. You entered 2 characters."),
        (2, "The length of 'Value' must be 255 characters or fewer. You entered 256 characters."),
    ] {
        assert_eq!(refused.errors(&format!("dto.serviceOwnerContext.serviceOwnerLabels[{item}].value")), [text]);
    }
    assert_eq!(refused.body["errors"].as_object().unwrap().len(), 3);
    let null = with(json!([label(Value::Null), label("ab")]));
    let refused = owner.post("serviceowner/dialogs", null).await.expect(400);
    assert_eq!(refused.body["errors"].as_object().unwrap().len(), 1, "{}", refused.text);
}

/// OL-010, OL-012
#[tokio::test]
async fn an_unknown_dialog_has_no_labels() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let id = fresh_id();
    let text = format!("Entity 'DialogEntity' with the following key(s) was not found: ({id}).");
    // Its body is not looked at before the dialog.
    for (method, path, body) in [
        (Method::POST, labels(id), Some(label("a"))),
        (Method::GET, labels(id), None),
        (Method::DELETE, format!("{}/some", labels(id)), None),
    ] {
        let refused = owner.send(method, &path, body).await.expect(404);
        assert_eq!(refused.errors("DialogEntity"), [text.as_str()]);
    }
    let zero = owner.post(&labels(uuid::Uuid::nil()), label("abc")).await.expect(400);
    assert_eq!(zero.errors("dialogId"), ["'DialogId' must not be empty."]);
    let malformed = owner.post(&labels("x"), label("abc")).await.expect(400);
    assert_eq!(malformed.errors("dialogId").len(), 1);
}

/// Chapter 01 §8.1: the resource decides, also for administrators; deleted is missing; frozen does not matter.
#[tokio::test]
async fn labels_are_the_owners_alone() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = labelled(&owner, &["first"]).await;
    let stranger = app.service_owner("other");
    for client in [&stranger, &stranger.clone().and_scopes(&[Scope::Admin.as_str()])] {
        client.get(&labels(dialog)).await.expect(404);
        client.post(&labels(dialog), label("theirs")).await.expect(404);
        client.delete(&format!("{}/first", labels(dialog))).await.expect(404);
    }
    app.admin().post(&format!("serviceowner/dialogs/{dialog}/actions/freeze"), None).await.expect(204);
    owner.post(&labels(dialog), label("frozen")).await.expect(204);
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(403);
    app.admin().delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    owner.get(&labels(dialog)).await.expect(404);
    owner.post(&labels(dialog), label("late")).await.expect(404);
    owner.delete(&format!("{}/first", labels(dialog))).await.expect(404);
    owner.post(&format!("serviceowner/dialogs/{dialog}/actions/restore"), None).await.expect(204);
    assert_eq!(listed(&owner, dialog).await.0, ["first", "frozen"]);
}
