//! Transmissions of stored dialogs: appended by `POST …/transmissions` and by PUT, corrected by `PUT …/transmissions/{id}`.

use chrono::TimeDelta;
use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use super::writes::{
    CHANGE_TRANSMISSIONS, LETTERS, PROVIDER, V4, attachment, created, id, in_days, in_order, instant, path, says,
    silently, simple_update, texts, transmissions, unchanged,
};
use crate::harness::{
    Answer, Client, Edit, TestApp, fresh_id, localized, simple_activity, simple_dialog, simple_transmission,
};

fn corrector(app: &TestApp) -> Client<'_> {
    app.service_owner("ttd").and_scopes(&[CHANGE_TRANSMISSIONS])
}

/// The correction of a simple transmission that changes nothing.
fn correction() -> Value {
    simple_transmission().with("isSilentUpdate", true)
}

fn one(dialog: DialogId, transmission: &Value) -> String {
    format!("{}/{}", transmissions(dialog), transmission.as_str().expect("an id"))
}

/// A dialog with one simple transmission of a chosen id.
async fn with_one(owner: &Client<'_>, transmission: Value) -> (DialogId, Value) {
    created(owner, simple_dialog().and("transmissions", transmission.with("id", id()))).await
}

/// Refused with 400; the texts under one key.
async fn faults(client: &Client<'_>, dialog: DialogId, body: Value, key: &str) -> Vec<String> {
    texts(&client.post(&transmissions(dialog), body).await.expect(400), key)
}

/// T-001, T-011, T-013
#[tokio::test]
async fn a_transmission_is_appended() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog().with("systemLabel", "Bin")).await;
    app.clock.advance(TimeDelta::minutes(1));
    app.clock.set_frozen(true);
    let reference = "a".repeat(255);
    let body = simple_transmission()
        .without("content.summary")
        .with("externalReference", reference.as_str())
        .and("attachments", attachment().without("urls.0.id").with("name", "navn"));
    let answer = owner.post(&transmissions(dialog), body).await.expect(201);
    let new = answer.body.as_str().unwrap();
    assert_eq!(answer.text, format!("\"{new}\""));
    assert_eq!(answer.header("location"), format!("/api/v1/serviceowner/dialogs/{dialog}/transmissions/{new}"));
    let after = owner.reads(dialog).await;
    assert_eq!(after["revision"], answer.etag());
    assert_ne!(after["revision"], before["revision"]);
    let transmission = &after["transmissions"][0];
    assert_eq!(transmission["id"], new);
    assert_eq!(transmission["attachments"][0]["name"], "navn");
    let single = owner.get(&format!("{}/{new}", transmissions(dialog))).await.expect(200).body;
    assert_eq!((&single["id"], &single["attachments"][0]["name"]), (&json!(new), &json!("navn")));
    assert_eq!(transmission["externalReference"], reference);
    assert_eq!(transmission["content"]["summary"], Value::Null);
    assert_eq!(transmission["isOpened"], false);
    for time in [&after["updatedAt"], &after["contentUpdatedAt"], &transmission["createdAt"]] {
        assert_eq!(instant(time), app.clock.now());
    }
    assert_eq!(after["hasUnopenedContent"], true);
    assert_eq!(after["systemLabel"], "Default", "writing takes the dialog out of the bin");
    assert_eq!(after["fromServiceOwnerTransmissionsCount"], 1);
}

/// Chapter 01 §4.6, SL-017, W-010 for POST: what the party sends needs no opening; silence leaves times and labels.
#[tokio::test]
async fn silent_transmissions_of_the_party() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog().with("systemLabel", "Archive")).await;
    app.clock.advance(TimeDelta::minutes(1));
    let submission = simple_transmission().with("type", "Submission");
    for (query, body) in [("?IsSilentUpdate=True", submission.clone()), ("", submission.with("isSilentUpdate", true))] {
        owner.post(&format!("{}{query}", transmissions(dialog)), body).await.expect(201);
        let after = owner.reads(dialog).await;
        for name in ["updatedAt", "contentUpdatedAt", "hasUnopenedContent", "systemLabel"] {
            assert_eq!(after[name], before[name], "{name}");
        }
        assert_eq!(after["endUserContext"]["systemLabels"], json!(["Archive", "Sent"]));
    }
    assert_eq!(owner.reads(dialog).await["fromPartyTransmissionsCount"], 2);
}

/// T-010, T-011, T-012, T-013, T-014, T-023, T-035
#[tokio::test]
async fn faulty_transmissions_are_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog()).await;
    let new = simple_transmission;
    let long = "a".repeat(256);
    let media = new().and("attachments", attachment().without("urls.0.id").with("urls.0.mediaType", long.as_str()));
    faults(&owner, dialog, media, "transmissions[0].attachments[0].urls[0].mediaType").await;
    for api_only in [false, true] {
        let without = new().without("content").with("isApiOnly", api_only);
        assert_eq!(faults(&owner, dialog, without, "transmissions[0].content").await, ["'Content' must not be empty."]);
    }
    let action = json!({"title": localized(&long), "url": "http://example.com", "expiresAt": in_days(&app, -1)});
    let refused = owner.post(&transmissions(dialog), new().and("navigationalActions", action)).await.expect(400);
    for part in ["256 characters", "https", "future"] {
        says(&refused, part);
    }
    let reference = new().with("externalReference", long.as_str());
    faults(&owner, dialog, reference, "transmissions[0].externalReference").await;
    let empty = new().with("content.title.value.0.value", "").with("content.summary.value.0.value", "");
    let refused = owner.post(&transmissions(dialog), empty).await.expect(400);
    assert_eq!(refused.errors("transmissions[0].content.value[0].value"), ["'Value' must not be empty."; 2]);
    // Y-027, Y-028: a sender is an actor as others are.
    let party = "urn:altinn:organization:identifier-no:991825827";
    for (sender, key) in [
        (json!({"actorType": "ServiceOwner", "actorName": "x"}), "sender"),
        (json!({"actorType": "ServiceOwner", "actorId": party}), "sender"),
        (json!({"actorName": "x"}), "sender.actorType"),
    ] {
        faults(&owner, dialog, new().with("sender", sender), &format!("transmissions[0].{key}")).await;
    }
    let name = new().and("attachments", attachment().without("urls.0.id").with("name", long.as_str()));
    faults(&owner, dialog, name, "transmissions[0].attachments[0].name").await;
    let own = id();
    let loops = new().with("id", own.as_str()).with("relatedTransmissionId", own.as_str());
    faults(&owner, dialog, loops.clone(), "transmissions[0].relatedTransmissionId").await;
    let refused = owner.put(&path(dialog), simple_update().and("transmissions", loops)).await.expect(400);
    texts(&refused, "dto.transmissions[0].relatedTransmissionId");
    unchanged(&owner, dialog, &before).await;
}

/// Chapter 01 §6.1 and §13 no. 3: addresses may be `http` or relative here, but not endless.
#[tokio::test]
async fn attachment_addresses_are_freer_when_posted() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, _) = created(&owner, simple_dialog()).await;
    let with =
        |url: &str| simple_transmission().and("attachments", json!({"urls": [{"url": url, "consumerType": "Gui"}]}));
    for url in ["http://example.com/a", "a/b.pdf"] {
        owner.post(&transmissions(dialog), with(url)).await.expect(201);
    }
    for url in ["inval|d", &format!("https://example.com/{}", "a".repeat(1023))] {
        let refused = owner.post(&transmissions(dialog), with(url)).await.expect(400);
        texts(&refused, "transmissions[0].attachments[0].urls[0].url");
    }
    let expired = with("https://example.com").with("attachments.0.expiresAt", in_days(&app, -1));
    let refused = owner.post(&transmissions(dialog), expired.clone()).await.expect(422);
    says(&refused, "Transmissions.Attachments.ExpiresAt: Must be in future or null, got '");
    assert!(!refused.text.contains("(Id: "), "an id that nobody chose: {}", refused.text);
    let chosen = fresh_id().to_string();
    let refused =
        owner.post(&transmissions(dialog), expired.with("attachments.0.id", chosen.as_str())).await.expect(422);
    assert!(refused.text.contains(&format!("(Id: {chosen})")), "{}", refused.text);
}

/// T-015
#[tokio::test]
async fn keys_of_transmissions_are_unique_within_a_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let keyed = |key: &str| simple_transmission().with("idempotentKey", key);
    let pairs = ["one", "two", "one", "two"];
    let with = |body: Value| pairs.iter().fold(body, |body, key| body.and("transmissions", keyed(key)));
    let (dialog, before) = created(&owner, simple_dialog()).await;
    for refused in [
        owner.post("serviceowner/dialogs", with(simple_dialog())).await.expect(409),
        owner.put(&path(dialog), with(simple_update())).await.expect(409),
    ] {
        assert_eq!(
            refused.errors("IdempotentKey"),
            ["Duplicate IdempotentKey detected in dialog transmissions. Conflicting keys: 'one', 'two'."]
        );
    }
    unchanged(&owner, dialog, &before).await;
    owner.post(&transmissions(dialog), keyed("one")).await.expect(201);
    let refused = owner.post(&transmissions(dialog), keyed("one")).await.expect(409);
    says(&refused, "Conflicting keys: 'one'.");
    let refused = owner.put(&path(dialog), simple_update().and("transmissions", keyed("one"))).await.expect(409);
    says(&refused, "Conflicting keys: 'one'.");
    owner.post(&transmissions(dialog), keyed("ONE")).await.expect(201);
    owner.creates(simple_dialog().and("transmissions", keyed("one"))).await;
    // A fault of stored data hides it.
    let unknown = keyed("one").with("relatedTransmissionId", V4);
    owner.put(&path(dialog), simple_update().and("transmissions", unknown)).await.expect(422);
}

/// T-016, T-034, C-024 for writes to stored dialogs: ids are unique everywhere.
#[tokio::test]
async fn ids_in_use_are_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let attached = simple_transmission().and("attachments", attachment().without("urls.0.id"));
    let (_, other) = with_one(&owner, attached.clone()).await;
    let taken = other["transmissions"][0].clone();
    let (dialog, before) = created(&owner, simple_dialog()).await;
    let exists = |id: &Value| format!("Key ('Id')=({}) already exists.", id.as_str().unwrap());

    let same = simple_transmission().with("id", taken["id"].clone());
    let attached = attached.with("attachments.0.id", taken["attachments"][0]["id"].clone());
    for (body, key, id) in
        [(same, "DialogTransmission", &taken["id"]), (attached, "Attachment", &taken["attachments"][0]["id"])]
    {
        let posted = owner.post(&transmissions(dialog), body.clone()).await.expect(422);
        assert_eq!(posted.errors(key), [exists(id)]);
        let put = owner.put(&path(dialog), simple_update().and("transmissions", body.clone())).await.expect(422);
        assert_eq!(put.errors(key), [exists(id)]);
        let new = owner.post("serviceowner/dialogs", simple_dialog().and("transmissions", body)).await.expect(422);
        assert_eq!(new.errors(key), [exists(id)]);
    }
    unchanged(&owner, dialog, &before).await;
}

/// T-017
#[tokio::test]
async fn transmissions_of_a_dialog_to_come_are_born_with_it() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog().with("visibleFrom", in_days(&app, 3))).await;
    owner.post(&transmissions(dialog), simple_transmission().with("isSilentUpdate", true)).await.expect(201);
    let after = owner.reads(dialog).await;
    assert_eq!(after["transmissions"][0]["createdAt"], before["visibleFrom"]);
    assert_eq!(after["updatedAt"], before["visibleFrom"]);
}

/// T-019
#[tokio::test]
async fn transmissions_need_content_unless_the_dialog_is_api_only() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, _) = created(&owner, simple_dialog()).await;
    let bare = simple_update().and("transmissions", simple_transmission().without("content"));
    let refused = owner.put(&path(dialog), bare.clone()).await.expect(400);
    assert_eq!(refused.errors("dto.transmissions[0].content"), ["'Content' must not be empty."]);
    owner.put(&path(dialog), bare.with("isApiOnly", true)).await.expect(204);
    assert_eq!(owner.reads(dialog).await["transmissions"][0]["content"], Value::Null);
}

/// Transmissions that each relate to the one before; the first to `root`.
fn chain(length: usize, root: Value) -> Vec<Value> {
    let mut parent = root;
    let mut link = || {
        let id = id();
        let transmission = simple_transmission().with("id", id.as_str()).with("relatedTransmissionId", parent.clone());
        parent = id.into();
        transmission
    };
    (0..length).map(|_| link()).collect()
}

/// T-018, T-020
#[tokio::test]
async fn chains_have_a_hundred_links() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog()).await;
    let append = |links: Vec<Value>| simple_update().with("transmissions", links);
    let long = chain(101, Value::Null);
    let refused = owner.put(&path(dialog), append(long.clone())).await.expect(422);
    let last = long[100]["id"].as_str().unwrap();
    let fault = |nodes: &str| {
        format!(
            "Hierarchy depth violation found. {nodes} with the following ids is at depth 101, exceeding the max allowed \
             depth of 100. It, and all its referencing children is in violation of the depth constraint. [{last}]."
        )
    };
    assert_eq!(
        refused.errors("Transmissions"),
        [fault("TransmissionHierarchyNode"), fault("DialogTransmission")],
        "both passes"
    );
    unchanged(&owner, dialog, &before).await;
    let full = chain(100, Value::Null);
    owner.put(&path(dialog), append(full.clone())).await.expect(204);
    let tail = full[99]["id"].clone();
    let one_more = simple_transmission().with("relatedTransmissionId", tail.clone());
    let refused = owner.post(&transmissions(dialog), one_more.clone()).await.expect(422);
    says(&refused, "depth violation found. TransmissionHierarchyNode");
    assert_eq!(refused.errors("Transmissions").len(), 1);
    says(&owner.put(&path(dialog), append(vec![one_more])).await.expect(422), "depth violation");
    owner
        .post(&transmissions(dialog), simple_transmission().with("relatedTransmissionId", full[98]["id"].clone()))
        .await
        .expect(201);
    // Two pieces that are too long together.
    let (other, _) = created(&owner, simple_dialog().with("transmissions", chain(60, Value::Null))).await;
    let stored = owner.reads(other).await["transmissions"].clone();
    let tail = stored
        .as_array()
        .unwrap()
        .iter()
        .find(|t| !stored.as_array().unwrap().iter().any(|c| c["relatedTransmissionId"] == t["id"]))
        .unwrap()["id"]
        .clone();
    says(&owner.put(&path(other), append(chain(41, tail.clone()))).await.expect(422), "depth violation");
    owner.put(&path(other), append(chain(40, tail))).await.expect(204);
}

/// T-036
#[tokio::test]
async fn a_transmission_has_at_most_a_hundred_answers() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = with_one(&owner, simple_transmission()).await;
    let root = before["transmissions"][0]["id"].clone();
    let answers = |n: usize| vec![simple_transmission().with("relatedTransmissionId", root.clone()); n];
    let refused = owner.put(&path(dialog), simple_update().with("transmissions", answers(101))).await.expect(422);
    says(&refused, "width violation");
    unchanged(&owner, dialog, &before).await;
    owner.put(&path(dialog), simple_update().with("transmissions", answers(100))).await.expect(204);
    says(&owner.post(&transmissions(dialog), answers(1).remove(0)).await.expect(422), "width violation");
}

/// T-037, T-027 for appended ones
#[tokio::test]
async fn relations_lead_to_transmissions_of_the_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (_, other) = with_one(&owner, simple_transmission()).await;
    let (dialog, before) = created(&owner, simple_dialog()).await;
    for unknown in [json!(id()), other["transmissions"][0]["id"].clone()] {
        let body = simple_transmission().with("relatedTransmissionId", unknown.clone());
        let refused = owner.post(&transmissions(dialog), body.clone()).await.expect(422);
        assert_eq!(
            refused.errors("Transmissions"),
            [format!(
                "Hierarchy reference violation found. TransmissionHierarchyNode with the following referenced ids does not \
             exist: [{}].",
                unknown.as_str().unwrap()
            )]
        );
        owner.put(&path(dialog), simple_update().and("transmissions", body)).await.expect(422);
    }
    unchanged(&owner, dialog, &before).await;
}

/// T-038
#[tokio::test]
async fn all_faults_of_the_tree_are_told_at_once() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, _) = created(&owner, simple_dialog()).await;
    let mut all = chain(101, Value::Null);
    let root = all[0]["id"].clone();
    all.extend((0..100).map(|_| simple_transmission().with("id", id()).with("relatedTransmissionId", root.clone())));
    let (a, b) = (id(), id());
    all.push(simple_transmission().with("id", a.as_str()).with("relatedTransmissionId", b.as_str()));
    all.push(simple_transmission().with("id", b.as_str()).with("relatedTransmissionId", a.as_str()));
    let refused = owner.put(&path(dialog), simple_update().with("transmissions", all)).await.expect(422);
    for part in ["depth violation", "width violation", "cyclic reference"] {
        says(&refused, part);
    }
    assert_eq!(refused.errors("Transmissions").len(), 6, "each by both passes");
}

/// Many transmissions, as the store would hold them.
async fn fill(app: &TestApp, dialog: DialogId, count: i32) {
    let filled = sqlx::query(
        "insert into dialog_transmission
             (created_at, party_key, id, dialog_id, type, depth, is_opened, has_content, body)
         select t.created_at, t.party_key
              , (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid
              , t.dialog_id, t.type, 1, false, true, t.body
           from dialog_transmission t cross join generate_series(1, $2) n
          where t.dialog_id = $1",
    );
    filled.bind(dialog).bind(count).execute(&app.db).await.unwrap();
    sqlx::query("update dialog set from_owner_transmissions = $2 + 1 where id = $1")
        .bind(dialog)
        .bind(count)
        .execute(&app.db)
        .await
        .unwrap();
}

/// T-022
#[tokio::test]
async fn transmissions_are_counted_up_to_a_limit() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, _) = with_one(&owner, simple_transmission()).await;
    sqlx::query("update dialog set from_owner_transmissions = 32767").execute(&app.db).await.unwrap();
    let refused = owner.post(&transmissions(dialog), simple_transmission()).await.expect(422);
    let text = "'FromServiceOwnerTransmissionsCount' cannot exceed 32767.";
    assert_eq!(refused.errors("FromServiceOwnerTransmissionsCount"), [text]);
    let refused =
        owner.put(&path(dialog), simple_update().and("transmissions", simple_transmission())).await.expect(422);
    assert_eq!(refused.errors("FromServiceOwnerTransmissionsCount"), [text]);
    owner.post(&transmissions(dialog), simple_transmission().with("type", "Correction")).await.expect(201);
    assert_eq!(owner.reads(dialog).await["fromServiceOwnerTransmissionsCount"], 32767);
}

/// Appending to a dialog with 20,000 transmissions looks at what it needs only, and is right.
#[tokio::test]
async fn large_dialogs_grow_correctly() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let corrector = corrector(&app);
    let (dialog, before) = with_one(&owner, simple_transmission()).await;
    let first = before["transmissions"][0]["id"].clone();
    fill(&app, dialog, 19_999).await;
    let (posted, put) = (id(), id());
    let related = simple_transmission().with("id", posted.as_str()).with("relatedTransmissionId", first.clone());
    owner.post(&transmissions(dialog), related).await.expect(201);
    let opened = simple_activity("TransmissionOpened").with("transmissionId", put.as_str());
    let update = simple_update()
        .and(
            "transmissions",
            simple_transmission().with("id", put.as_str()).with("relatedTransmissionId", posted.as_str()),
        )
        .and("activities", opened);
    owner.put(&path(dialog), update).await.expect(204);
    let rows: Vec<(String, i16, bool)> = sqlx::query_as(
        "select id::text, depth, is_opened from dialog_transmission where parent_id is not null order by depth",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(rows, [(posted.clone(), 2, false), (put, 3, true)]);
    let after = owner.reads(dialog).await;
    assert_eq!(after["fromServiceOwnerTransmissionsCount"], 20_002);
    assert_eq!(after["transmissions"].as_array().unwrap().len(), 20_002);
    assert_eq!(after["hasUnopenedContent"], true);

    // A root moves below another one: everything below it moves along.
    let moved = json!("00000001-0000-7000-8000-000000000000");
    corrector.put(&one(dialog, &first), correction().with("relatedTransmissionId", moved)).await.expect(204);
    let depths: Vec<i16> =
        sqlx::query_scalar("select depth from dialog_transmission where parent_id is not null order by depth")
            .fetch_all(&app.db)
            .await
            .unwrap();
    assert_eq!(depths, [2, 3, 4]);
}

/// T-002, T-006, T-007, T-030
#[tokio::test]
async fn a_correction_replaces_a_transmission() {
    let app = TestApp::start().await;
    let (owner, corrector) = (app.service_owner("ttd"), corrector(&app));
    let stored = simple_transmission()
        .with("idempotentKey", "first")
        .with("extendedType", "urn:a")
        .with("authorizationAttribute", "element1")
        .with("externalReference", "ref")
        .and("attachments", attachment().without("urls.0.id").with("expiresAt", in_days(&app, 2)))
        .and("navigationalActions", json!({"title": localized("Gå"), "url": "https://example.com/n"}));
    let (dialog, before) = with_one(&owner, stored).await;
    let transmission = &before["transmissions"][0];
    let url = one(dialog, &transmission["id"]);
    app.clock.advance(TimeDelta::minutes(1));

    let (url_id, known) = (id(), transmission["attachments"][0]["id"].clone());
    let body = json!({
        "isSilentUpdate": true, "idempotentKey": "second", "authorizationAttribute": "element2", "extendedType": "urn:b",
        "externalReference": "ref2", "type": "Correction", "createdAt": "2001-02-03T04:05:06Z",
        "sender": {"actorType": "PartyRepresentative", "actorName": "Kari"},
        "content": {"title": {"value": localized("Ny")}},
        "attachments": [
            {"id": known, "name": "b", "urls": [{"id": url_id, "url": "https://example.com/1", "consumerType": "Api"},
                                                {"url": "https://example.com/2", "consumerType": "Gui", "mediaType": "a/b"}]},
            {"urls": [{"url": "https://example.com/3", "consumerType": "Gui"}]},
        ],
        "navigationalActions": [{"title": localized("Hit"), "url": "https://example.com/h", "expiresAt": in_days(&app, 1)}],
    });
    let answer = corrector.put(&url, body.clone()).await.expect(204);
    let after = owner.reads(dialog).await;
    assert_ne!(before["revision"], answer.etag());
    assert_eq!(after["revision"], answer.etag());
    let corrected = &after["transmissions"][0];
    for name in ["idempotentKey", "authorizationAttribute", "extendedType", "externalReference", "type", "sender"] {
        assert_eq!(corrected[name], body[name], "{name}");
    }
    assert_eq!(corrected["id"], transmission["id"]);
    assert_eq!(instant(&corrected["createdAt"]), instant(&body["createdAt"]));
    assert_eq!(corrected["content"]["title"]["value"], localized("Ny"));
    assert_eq!(corrected["content"]["summary"], Value::Null);
    let attachments = corrected["attachments"].as_array().unwrap();
    assert_eq!((attachments.len(), &attachments[0]["id"], &attachments[0]["name"]), (2, &known, &json!("b")));
    assert_eq!(attachments[0]["displayName"], Value::Null);
    assert_eq!(attachments[0]["urls"][0]["id"], url_id);
    assert_eq!(attachments[0]["urls"][1]["mediaType"], "a/b");
    assert_eq!(corrected["navigationalActions"].as_array().unwrap().len(), 1);
    assert_eq!(corrected["navigationalActions"][0]["title"], localized("Hit"));
    // Nothing of the dialog moves, though the type now comes from the party.
    for name in [
        "updatedAt",
        "contentUpdatedAt",
        "hasUnopenedContent",
        "fromPartyTransmissionsCount",
        "fromServiceOwnerTransmissionsCount",
        "endUserContext",
        "isContentSeen",
    ] {
        assert_eq!(after[name], before[name], "{name}");
    }

    let bare = json!({"type": "Information", "sender": {"actorType": "ServiceOwner"}, "content": {"title": {"value": localized("Ny")}},
        "attachments": [], "navigationalActions": []});
    corrector.put(&format!("{url}?isSilentUpdate=true"), bare).await.expect(204);
    let corrected = owner.reads(dialog).await["transmissions"][0].clone();
    for name in ["idempotentKey", "authorizationAttribute", "extendedType", "externalReference"] {
        assert_eq!(corrected[name], Value::Null, "{name}");
    }
    assert_eq!(corrected["attachments"], json!([]));
    assert_eq!(corrected["navigationalActions"], json!([]));
    assert_eq!(instant(&corrected["createdAt"]), instant(&body["createdAt"]), "kept when left out");
}

/// T-003, T-005, T-024, T-025
#[tokio::test]
async fn refused_corrections() {
    let app = TestApp::start().await;
    let (owner, corrector) = (app.service_owner("ttd"), corrector(&app));
    let (dialog, _) = with_one(&owner, simple_transmission()).await;
    owner.post(&transmissions(dialog), simple_transmission().with("idempotentKey", "taken")).await.expect(201);
    let before = owner.reads(dialog).await;
    let free = before["transmissions"].as_array().unwrap().iter().find(|t| t["idempotentKey"].is_null()).unwrap();
    let url = one(dialog, &free["id"]);

    corrector.clone().if_match(V4).put(&url, correction()).await.expect(412);
    let refused = corrector.put(&url, correction().with("idempotentKey", "taken")).await.expect(409);
    assert_eq!(
        refused.errors("IdempotentKey"),
        ["Duplicate IdempotentKey detected in dialog transmissions. Conflicting key: 'taken'."]
    );
    let admin = "digdir:dialogporten.serviceprovider.admin";
    for scopes in [&[PROVIDER][..], &[PROVIDER, admin]] {
        let client = owner.clone().with_scopes(scopes);
        assert_eq!(client.put(&url, correction()).await.expect(403).text, "");
    }
    let nobody = fresh_id();
    let refused = corrector.put(&one(DialogId(nobody), &free["id"]), correction()).await.expect(404);
    assert_eq!(
        refused.errors("DialogEntity"),
        [format!("Entity 'DialogEntity' with the following key(s) was not found: ({nobody}).")]
    );
    let refused = corrector.put(&one(dialog, &json!(nobody)), correction()).await.expect(404);
    assert_eq!(
        refused.errors("DialogTransmission"),
        [format!("Entity 'DialogTransmission' with the following key(s) was not found: ({nobody}).")]
    );
    let loud = corrector.put(&url, simple_transmission()).await.expect(400);
    assert_eq!(loud.errors("isSilentUpdate"), ["IsSilentUpdate must be true when updating transmissions."]);
    unchanged(&owner, dialog, &before).await;
}

/// T-004, T-031, T-032, T-033
#[tokio::test]
async fn faulty_corrections_are_refused() {
    let app = TestApp::start().await;
    let (owner, corrector) = (app.service_owner("ttd"), corrector(&app));
    let (dialog, before) = with_one(&owner, simple_transmission()).await;
    let url = one(dialog, &before["transmissions"][0]["id"]);
    let embed = "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown";
    let reference = |media: &str, value: &str| {
        correction().with("content.contentReference", json!({"mediaType": media, "value": localized(value)}))
    };
    let attached = |attachment: Value| correction().and("attachments", attachment);
    let address = |url: &str| attached(json!({"urls": [{"url": url, "consumerType": "Gui"}]}));
    let long = format!("https://example.com/{}", "a".repeat(1023));
    for (body, key) in [
        (reference(embed, "http://example.com"), "dto.content.value[0].value"),
        (reference(embed, "no address"), "dto.content.value[0].value"),
        (reference("text/plain", "https://example.com"), "dto.content.mediaType"),
        (address("http://example.com"), "dto.attachments[0].urls[0].url"),
        (address(&long), "dto.attachments[0].urls[0].url"),
        (correction().without("sender"), "dto.sender"),
        (correction().without("content"), "dto.content"),
        (attached(json!({"urls": []})), "dto.attachments[0].urls"),
        (
            correction().and("navigationalActions", json!({"title": [], "url": "https://a"})),
            "dto.navigationalActions[0].title",
        ),
        (
            attached(json!({"urls": [{"url": "https://example.com", "consumerType": 7}]})),
            "dto.attachments[0].urls[0].consumerType",
        ),
        (
            attached(json!({"urls": [{"id": V4, "url": "https://example.com", "consumerType": "Gui"}]})),
            "dto.attachments[0].urls[0].id",
        ),
        (correction().with("idempotentKey", "ab"), "dto.idempotentKey"),
    ] {
        texts(&corrector.put(&url, body).await.expect(400), key);
    }
    unchanged(&owner, dialog, &before).await;
}

/// The order of chapter 08 §3.3.
#[tokio::test]
async fn all_faults_of_one_transmission_are_told_at_once() {
    let app = TestApp::start().await;
    let (owner, corrector) = (app.service_owner("ttd"), corrector(&app));
    let (dialog, before) = with_one(&owner, simple_transmission()).await;
    let long = "a".repeat(256);
    let faulty = json!({
        "id": V4, "idempotentKey": "x", "createdAt": "2090-01-01T00:00:00Z", "extendedType": "inval|d",
        "externalReference": long, "authorizationAttribute": "", "sender": {},
        "attachments": [{"id": V4, "displayName": localized(""), "name": long,
                         "urls": [{"id": V4, "url": "inval|d", "mediaType": long, "consumerType": 0}]}, {"urls": []}],
        "navigationalActions": [{"title": localized(""), "url": "", "expiresAt": "2001-01-01T00:00:00Z"}],
        "content": {"summary": {"mediaType": "text/html", "value": [{"languageCode": "x", "value": ""}]}},
    });
    let nil = "serviceowner/dialogs/00000000-0000-0000-0000-000000000000/transmissions";
    insta::assert_snapshot!("post", in_order(&owner.post(nil, faulty.clone()).await.expect(400)));
    let nil = format!("{nil}/00000000-0000-0000-0000-000000000000");
    insta::assert_snapshot!("put", in_order(&corrector.put(&nil, faulty).await.expect(400)));
    unchanged(&owner, dialog, &before).await;
}

/// T-026, T-027, T-028
#[tokio::test]
async fn corrections_keep_the_tree_a_tree() {
    let app = TestApp::start().await;
    let (owner, corrector) = (app.service_owner("ttd"), corrector(&app));
    let [a, b, c] = [id(), id(), id()];
    let body = simple_dialog()
        .and("transmissions", simple_transmission().with("id", a.as_str()))
        .and("transmissions", simple_transmission().with("id", b.as_str()).with("relatedTransmissionId", a.as_str()))
        .and("transmissions", simple_transmission().with("id", c.as_str()));
    let (dialog, before) = created(&owner, body).await;
    let relate = async |from: &str, to: &str| -> Answer {
        corrector.put(&one(dialog, &json!(from)), correction().with("relatedTransmissionId", to)).await
    };
    let refused = relate(&a, &b).await.expect(422);
    says(&refused, "cyclic reference violation found. DialogTransmission");
    says(&relate(&a, &a).await.expect(422), "cyclic");
    let nobody = id();
    says(&relate(&c, &nobody).await.expect(422), &nobody);
    unchanged(&owner, dialog, &before).await;
    relate(&c, &b).await.expect(204);
    let after = owner.reads(dialog).await;
    let read = after["transmissions"].as_array().unwrap().iter().find(|t| t["id"] == c).unwrap();
    assert_eq!(read["relatedTransmissionId"], b);
    let depth: i16 = sqlx::query_scalar("select depth from dialog_transmission where id = $1::text::uuid")
        .bind(&c)
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(depth, 3);
}

/// T-029
#[tokio::test]
async fn corrections_do_not_look_at_expiry() {
    let app = TestApp::start().await;
    let (owner, corrector) = (app.service_owner("ttd"), corrector(&app));
    let attachment = attachment().without("urls.0.id").with("expiresAt", in_days(&app, 1));
    let (dialog, before) = with_one(&owner, simple_transmission().and("attachments", attachment.clone())).await;
    app.clock.advance(TimeDelta::days(2));
    let url = one(dialog, &before["transmissions"][0]["id"]);
    corrector.put(&url, correction().and("attachments", attachment.clone())).await.expect(204);
    let earlier = attachment.with("expiresAt", in_days(&app, -9));
    corrector.put(&url, correction().and("attachments", earlier)).await.expect(204);
}

/// Chapter 01 §13 no. 7 and 12: ids given twice and foreign resources.
#[tokio::test]
async fn corrections_refuse_ids_and_resources_that_are_not_theirs() {
    let app = TestApp::start().await;
    let (owner, corrector) = (app.service_owner("ttd"), corrector(&app));
    let (_, other) =
        with_one(&owner, simple_transmission().and("attachments", attachment().without("urls.0.id"))).await;
    let taken = other["transmissions"][0]["attachments"][0]["id"].clone();
    let (dialog, before) = with_one(&owner, simple_transmission()).await;
    let url = one(dialog, &before["transmissions"][0]["id"]);
    let attached = |id: Value, url: &str| json!({"id": id, "urls": [{"id": url, "url": "https://example.com", "consumerType": "Gui"}]});
    let refused =
        corrector.put(&url, correction().and("attachments", attached(taken.clone(), &id()))).await.expect(422);
    assert_eq!(refused.errors("Attachment"), [format!("Key ('Id')=({}) already exists.", taken.as_str().unwrap())]);
    let twice = id();
    let pair = correction()
        .and("attachments", attached(json!(id()), &twice))
        .and("attachments", attached(json!(id()), &twice));
    assert_eq!(
        corrector.put(&url, pair.clone()).await.expect(422).errors("AttachmentUrl"),
        [format!("Key ('Id')=({twice}) already exists.")]
    );
    let foreign = correction().with("authorizationAttribute", "urn:altinn:resource:brg-dialogporten-automated-tests");
    says(&corrector.put(&url, foreign).await.expect(403), "Not allowed to reference");
    unchanged(&owner, dialog, &before).await;
    let single = correction().and("attachments", attached(json!(id()), &twice));
    corrector.put(&url, single).await.expect(204);
    corrector.put(&url, pair).await.expect(422);
    corrector.put(&url, correction()).await.expect(204);
    owner
        .creates(simple_dialog().and(
            "attachments",
            json!({"id": id(), "urls": [{"id": twice, "url": "https://example.com", "consumerType": "Gui"}]}),
        ))
        .await;
}

/// T-021; chapter 01 §6.1: what stands in the way of appending, in order.
#[tokio::test]
async fn deleted_and_frozen_dialogs_take_no_transmission() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, _) = created(&owner, simple_dialog()).await;
    app.admin().post(&super::writes::action(dialog, "freeze"), None).await.expect(204);
    let refused = owner.post(&transmissions(dialog), simple_transmission()).await.expect(403);
    assert_eq!(refused.errors("Forbidden"), ["User cannot modify frozen dialog"]);
    app.admin().post(&transmissions(dialog), simple_transmission()).await.expect(201);
    app.admin().delete(&path(dialog)).await.expect(204);
    for client in [&owner, &app.admin()] {
        let refused = client.post(&transmissions(dialog), simple_transmission()).await.expect(410);
        assert_eq!(
            refused.errors("DialogEntity"),
            [format!("Entity 'DialogEntity' with the following key(s) is removed: ({dialog}).")]
        );
        let stored = json!("00000000-0000-7000-8000-000000000000");
        let corrector = client.clone().and_scopes(&[CHANGE_TRANSMISSIONS]);
        corrector.put(&one(dialog, &stored), correction()).await.expect(410);
    }
}

/// A-014 and chapter 01 §9.2 for appended transmissions.
#[tokio::test]
async fn attributes_may_name_own_resources_only() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let (dialog, before) = created(&owner, simple_dialog()).await;
    let with = |resource: &str| {
        simple_transmission().with("authorizationAttribute", format!("urn:altinn:resource:{resource}"))
    };
    // 403 wins over the 422 of an unknown relation.
    let foreign = with("brg-dialogporten-automated-tests").with("relatedTransmissionId", V4);
    let refused = owner.post(&transmissions(dialog), foreign).await.expect(403);
    says(&refused, "Not allowed to reference the following unowned resources: [urn:altinn:resource:brg-");
    unchanged(&owner, dialog, &before).await;
    owner.post(&transmissions(dialog), with("super-simple-service")).await.expect(201);
    let (letter, _) = created(&owner, simple_dialog().with("serviceResource", LETTERS)).await;
    let provider = owner.clone().with_scopes(&[PROVIDER]);
    let refused = provider.post(&transmissions(letter), simple_transmission()).await.expect(403);
    says(&refused, "User cannot create or modify a dialog with resource type correspondenceservice.");
    owner.put(&silently(letter), simple_update()).await.expect(204);
}
