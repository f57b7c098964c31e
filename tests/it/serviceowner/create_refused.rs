//! `POST /serviceowner/dialogs`: what is refused, and in which words.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::{Client, Edit, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission, text};

const DIALOGS: &str = "serviceowner/dialogs";
const PROVIDER: &str = "digdir:dialogporten.serviceprovider";
const LEGACY_HTML: &str = "digdir:dialogporten.serviceprovider.legacyhtml";
const V4: &str = "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f";

/// Refused with 400; the texts under one key.
async fn faults(client: &Client<'_>, body: Value, key: &str) -> Vec<String> {
    let answer = client.post(DIALOGS, body).await.expect(400);
    let texts = answer.errors(key).into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert!(!texts.is_empty(), "nothing under {key}: {}", answer.text);
    texts
}

/// E-002, E-003, E-005
#[tokio::test]
async fn all_faults_are_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({
        "serviceResource": "urn:x", "party": "urn:altinn:person:identifier-no:1", "progress": 101,
        "process": "inval|d", "content": {}, "attachments": [{"name": "a".repeat(256), "urls": []}],
    });
    let answer = app.service_owner("ttd").post(DIALOGS, body).await.expect(400);
    assert_eq!(answer.body["title"], "One or more validation errors occurred.");
    let mut places = Vec::new();
    for key in [
        "dto.serviceResource",
        "dto.party",
        "dto.progress",
        "dto.attachments[0].name",
        "dto.attachments[0].urls",
        "dto.content",
        "dto.process",
    ] {
        places.push(answer.text.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} in {}", answer.text)));
    }
    assert!(places.is_sorted(), "keys stand in the order of the rules: {}", answer.text);
    assert_eq!(answer.body["errors"].as_object().unwrap().len(), places.len());
    assert_eq!(answer.errors("dto.content"), ["Title must not be empty."]);
    assert_eq!(answer.errors("dto.progress"), ["'Progress' must be between 0 and 100. You entered 101."]);
    assert_eq!(answer.errors("dto.serviceResource"), ["'ServiceResource' must start with 'urn:altinn:resource:'."]);
}

/// C-003, T-011
#[tokio::test]
async fn content_and_its_title_are_mandatory() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    assert_eq!(
        faults(&owner, simple_dialog().without("content.title"), "dto.content").await,
        ["Title must not be empty."]
    );
    assert_eq!(
        faults(&owner, simple_dialog().without("content"), "dto.content").await,
        ["'Content' must not be empty."]
    );
    let without = simple_dialog().and("transmissions", simple_transmission().without("content"));
    assert_eq!(faults(&owner, without, "dto.transmissions[0].content").await, ["'Content' must not be empty."]);
    let id =
        owner.creates(simple_dialog().and("transmissions", simple_transmission().without("content.summary"))).await;
    assert_eq!(owner.reads(id).await["transmissions"][0]["content"]["summary"], Value::Null);
}

/// C-006
#[tokio::test]
async fn a_key_makes_a_second_dialog_a_conflict() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = simple_dialog().with("idempotentKey", "my-key");
    let first = owner.creates(body.clone()).await;
    let second = owner.post(DIALOGS, body.clone()).await.expect(409);
    assert_eq!(second.errors("IdempotentKey"), [format!("'my-key' already exists with DialogId '{first}'")]);

    // Of a deleted dialog the key is seen only by the store (chapter 01 §3.3).
    sqlx::query("update dialog set deleted_at = now() where id = $1").bind(first).execute(&app.db).await.unwrap();
    let third = owner.post(DIALOGS, body).await.expect(422);
    assert_eq!(third.errors("Dialog"), ["Key ('Org', 'IdempotentKey')=(ttd, my-key) already exists."]);
}

/// C-009
#[tokio::test]
async fn ids_are_of_version_7() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for id in [V4, "b2ca9301-c371-ab74-a87b-4ee1416b9655", "00000000-0000-0000-0000-000000000000"] {
        let texts = faults(&owner, simple_dialog().with("id", id), "dto.id").await;
        assert_eq!(texts[0], format!("Invalid Id. Expected big endian UUIDv7 format. Got '{id}'."));
    }
}

/// C-010, C-017
#[tokio::test]
async fn supplied_times_are_past_and_in_order() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let owner = app.service_owner("ttd");
    let at = |time: TimeDelta| (app.clock.now() + time).to_rfc3339();
    let ahead = simple_dialog().with("createdAt", at(TimeDelta::seconds(16)));
    assert_eq!(faults(&owner, ahead, "dto.createdAt").await, ["'CreatedAt' must be in the past."]);
    let alone = simple_dialog().with("updatedAt", at(TimeDelta::days(-1)));
    assert_eq!(faults(&owner, alone, "dto.createdAt").await, ["CreatedAt must not be empty when 'UpdatedAt is set."]);
    let backwards =
        simple_dialog().with("createdAt", at(TimeDelta::days(-1))).with("updatedAt", at(TimeDelta::days(-2)));
    assert_eq!(
        faults(&owner, backwards, "dto.updatedAt").await,
        ["'UpdatedAt' must be greater than or equal to 'CreatedAt'."]
    );
    let (now, year) = (at(TimeDelta::zero()), at(TimeDelta::days(365)));
    let times = |created: &str, updated: &str| simple_dialog().with("createdAt", created).with("updatedAt", updated);
    assert_eq!(faults(&owner, times(&now, &year), "dto.updatedAt").await, ["'UpdatedAt' must be in the past."]);
    assert_eq!(
        faults(&owner, times(&year, &now), "dto.updatedAt").await,
        ["'UpdatedAt' must be greater than or equal to 'CreatedAt'."]
    );
    assert_eq!(faults(&owner, times(&year, &now), "dto.createdAt").await, ["'CreatedAt' must be in the past."]);
    for key in ["dto.createdAt", "dto.updatedAt"] {
        assert_eq!(faults(&owner, times(&year, &year), key).await.len(), 1);
    }
    let stored = owner.get(DIALOGS).await.expect(200);
    assert_eq!(stored.body["items"], json!([]), "nothing was created");
}

/// C-019
#[tokio::test]
async fn times_that_are_over_are_refused() {
    let app = TestApp::start().await;
    let past = (app.clock.now() - TimeDelta::days(1)).to_rfc3339();
    let body =
        ["dueAt", "expiresAt", "visibleFrom"].iter().fold(simple_dialog(), |body, name| body.with(name, past.as_str()));
    let answer = app.service_owner("ttd").post(DIALOGS, body).await.expect(422);
    for key in ["DueAt", "ExpiresAt", "VisibleFrom"] {
        assert_eq!(answer.errors(key), ["Must be in the future"]);
    }
}

#[tokio::test]
async fn the_times_of_a_dialog_are_in_order() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let day = |days| (app.clock.now() + TimeDelta::days(days)).to_rfc3339();
    let body = simple_dialog().with("visibleFrom", day(3)).with("dueAt", day(2)).with("expiresAt", day(1));
    assert_eq!(
        faults(&owner, body.clone(), "dto.expiresAt").await,
        ["'ExpiresAt' must be after 'DueAt'.", "'ExpiresAt' must be after 'VisibleFrom'."]
    );
    assert_eq!(faults(&owner, body.without("expiresAt"), "dto.dueAt").await, ["'DueAt' must be after 'VisibleFrom'."]);
}

/// C-022
#[tokio::test]
async fn only_three_labels_can_be_chosen() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for label in [json!("MarkedAsUnopened"), json!("Sent"), json!(99)] {
        let body = simple_dialog().with("systemLabel", label);
        assert_eq!(faults(&owner, body, "dto.systemLabel").await, ["SystemLabel must be Default, Bin or Archive."]);
    }
    owner.post(DIALOGS, simple_dialog().with("systemLabel", "Unheard")).await.expect(400);
}

/// C-024, T-034: ids are unique in the whole database.
#[tokio::test]
async fn ids_that_are_taken_are_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let new = || fresh_id().to_string();
    let url = |id: &str| json!({"id": id, "url": "https://example.com", "consumerType": "Api"});
    let attachment = |id: &str, url_id: &str| json!({"id": id, "urls": [url(url_id)]});
    let gui = |id: &str| {
        json!({
            "id": id, "action": "a", "url": "https://example.com", "priority": "Primary",
            "title": [{"languageCode": "nb", "value": "x"}],
        })
    };
    let api = |id: &str, endpoint: &str| {
        json!({"id": id, "action": "a",
               "endpoints": [{"id": endpoint, "url": "https://example.com", "httpMethod": "GET"}]})
    };
    let tx_attachment = |id: &str| json!({"id": id, "urls": [{"url": "https://example.com", "consumerType": "Api"}]});
    let ids: Vec<_> = (0..9).map(|_| new()).collect();
    let dialog = |ids: &[String]| {
        simple_dialog()
            .with("id", ids[0].as_str())
            .and("attachments", attachment(&ids[1], &ids[2]))
            .and("guiActions", gui(&ids[3]))
            .and("apiActions", api(&ids[4], &ids[5]))
            .and(
                "transmissions",
                simple_transmission().with("id", ids[6].as_str()).and("attachments", tx_attachment(&ids[7])),
            )
            .and("activities", simple_activity("DialogOpened").with("id", ids[8].as_str()))
    };
    owner.creates(dialog(&ids)).await;
    for (place, table) in [
        (0, "Dialog"),
        (1, "Attachment"),
        (2, "AttachmentUrl"),
        (3, "DialogGuiAction"),
        (4, "DialogApiAction"),
        (5, "DialogApiActionEndpoint"),
        (6, "DialogTransmission"),
        (7, "Attachment"),
        (8, "DialogActivity"),
    ] {
        let mut again: Vec<_> = (0..9).map(|_| new()).collect();
        again[place].clone_from(&ids[place]);
        let answer = owner.post(DIALOGS, dialog(&again)).await.expect(422);
        assert_eq!(answer.errors(table), [format!("Key ('Id')=({}) already exists.", ids[place])]);
    }
}

/// C-025
#[tokio::test]
async fn keys_have_3_to_36_characters() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let keyed = |n: usize| simple_dialog().with("idempotentKey", "k".repeat(n));
    assert_eq!(
        faults(&owner, keyed(2), "dto.idempotentKey").await,
        ["The length of 'IdempotentKey' must be at least 3 characters. You entered 2 characters."]
    );
    assert_eq!(
        faults(&owner, keyed(37), "dto.idempotentKey").await,
        ["The length of 'IdempotentKey' must be 36 characters or fewer. You entered 37 characters."]
    );
    for length in [38, 100] {
        faults(&owner, keyed(length), "dto.idempotentKey").await;
    }
    owner.creates(keyed(3)).await;
    owner.creates(keyed(36)).await;
}

///
#[tokio::test]
async fn foreign_resources_are_forbidden_and_unknown_ones_unprocessable() {
    let app = TestApp::start().await;
    let answer = app.service_owner("other").post(DIALOGS, simple_dialog()).await.expect(403);
    assert_eq!(
        answer.errors("Forbidden"),
        [
            "Not allowed to reference the following unowned resources: [urn:altinn:resource:ttd-dialogporten-automated-tests]."
        ]
    );
    let owner = app.service_owner("ttd");
    let foreign =
        simple_transmission().with("authorizationAttribute", "urn:altinn:resource:BRG-dialogporten-automated-tests");
    let answer = owner.post(DIALOGS, simple_dialog().and("transmissions", foreign)).await.expect(403);
    assert_eq!(
        answer.errors("Forbidden"),
        [
            "Not allowed to reference the following unowned resources: [urn:altinn:resource:brg-dialogporten-automated-tests]."
        ]
    );
    let unknown = simple_dialog().with("serviceResource", "urn:altinn:resource:notavailable");
    let answer = owner.post(DIALOGS, unknown).await.expect(422);
    assert!(
        answer.errors("ServiceResource")[0]
            .starts_with("Service resource 'urn:altinn:resource:notavailable' is invalid due to")
    );
    assert_eq!(
        answer.errors("Org"),
        ["Cannot find service owner organization shortname for referenced service resource."]
    );
}

/// V-001, V-002
#[tokio::test]
async fn authorization_attributes() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let with = |attribute: Value| {
        simple_dialog().and("transmissions", simple_transmission().with("authorizationAttribute", attribute))
    };
    for good in ["element1", "this_is_valid", "this-is-valid", "urn:altinn:this:is--valid__"] {
        owner.creates(with(json!(good))).await;
    }
    owner.creates(with(Value::Null)).await;
    for bad in ["urn:dialogporten:invalid:uri", "this:is:invalid", "this.is.invalid", "", " "] {
        faults(&owner, with(json!(bad)), "dto.transmissions[0].authorizationAttribute").await;
    }
}

/// V-003, V-004, V-011, V-012
#[tokio::test]
async fn texts_have_limits_and_known_languages() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&[PROVIDER]);
    for (element, limit) in [
        ("title", 255),
        ("summary", 255),
        ("senderName", 255),
        ("nonSensitiveTitle", 255),
        ("nonSensitiveSummary", 255),
        ("additionalInfo", 1023),
        ("extendedStatus", 25),
    ] {
        let with = |n: usize| simple_dialog().with(&format!("content.{element}"), text(&"a".repeat(n)));
        owner.creates(with(limit)).await;
        faults(&owner, with(limit + 1), "dto.content.value[0].value").await;
    }
    let in_language = |code: &str| simple_dialog().with("content.title.value.0.languageCode", code);
    for code in ["nb", "nb_NO", "en", "en_US", "nb_ignore_region_code"] {
        owner.creates(in_language(code)).await;
    }
    for code in ["no", "invalid", ""] {
        let texts = faults(&owner, in_language(code), "dto.content.value[0].languageCode").await;
        assert!(texts.iter().any(|text| text.contains("language code")), "{texts:?}");
    }
    let texts = faults(&owner, simple_dialog().with("process", "inval|d"), "dto.process").await;
    assert_eq!(texts, ["'Process' is not a well-formatted URI."]);
}

/// V-005, V-006, V-007, V-008, V-009, V-010
#[tokio::test]
async fn html_needs_its_scope_and_references_an_https_address() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&[PROVIDER]);
    let old = app.service_owner("ttd").with_scopes(&[PROVIDER, LEGACY_HTML]);
    let with = |element: &str, media: &str, value: &str| {
        simple_dialog().with(&format!("content.{element}"), text(value).with("mediaType", media))
    };
    let html = with("additionalInfo", "text/html", "<table><tr><td>a</td></tr></table>");
    faults(&owner, html.clone(), "dto.content.mediaType").await;
    old.creates(html).await;
    for tag in ["iframe", "script", "img", "div", "span"] {
        let body = with("additionalInfo", "text/html", &format!("<{tag}>a</{tag}>"));
        faults(&old, body, "dto.content.value[0]").await;
    }
    let embed = |kind: &str| format!("application/vnd.dialogporten.frontchannelembed-url;type={kind}");
    for element in ["title", "summary"] {
        faults(&old, with(element, "text/html", "<p>a</p>"), "dto.content.mediaType").await;
        faults(&old, with(element, &embed("text/html"), "https://example.com"), "dto.content.mediaType").await;
    }
    let reference = with("mainContentReference", &embed("text/html"), "https://example.com");
    faults(&owner, reference.clone(), "dto.content.mediaType").await;
    old.creates(reference).await;
    let insecure = with("mainContentReference", &embed("text/markdown"), "http://example.com");
    assert!(faults(&owner, insecure, "dto.content.value[0].value").await[0].to_lowercase().contains("https"));
    let retired = "application/vnd.dialogporten.frontchannelembed+json;type=html";
    let id = old.creates(with("mainContentReference", retired, "https://example.com")).await;
    let read = old.reads(id).await["content"]["mainContentReference"]["mediaType"].clone();
    assert_eq!(read, embed("text/html"));
}

/// OL-007, OL-008
#[tokio::test]
async fn owner_labels_have_limits() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let with = |labels: Value| simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", labels);
    let many: Vec<_> = (0..21).map(|n| json!({"value": format!("label-{n}")})).collect();
    assert_eq!(
        faults(&owner, with(many.into()), "dto.serviceOwnerContext.serviceOwnerLabels").await,
        ["Maximum 20 service owner labels are allowed."]
    );
    let odd = json!([{}, {"value": "ab"}, {"value": "c".repeat(256)}]);
    let answer = owner.post(DIALOGS, with(odd)).await.expect(400);
    for i in 0..3 {
        assert_eq!(answer.errors(&format!("dto.serviceOwnerContext.serviceOwnerLabels[{i}].value")).len(), 1);
    }
}

/// E-009
#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let app = TestApp::start().await;
    let body = simple_dialog().with("content.title.value.0.value", "a".repeat(20_000_001));
    let answer = app.service_owner("ttd").post(DIALOGS, body).await.expect(413);
    assert_eq!(answer.body["title"], "Payload too large. The maximum allowed size is 20000000 bytes.");
}

/// Two parties of one key (a collision of hashes) are never taken for each other.
#[tokio::test]
async fn a_key_of_another_party_stores_nothing() {
    let app = TestApp::start().await;
    let party = dialogporten::domain::party::Party::parse("urn:altinn:person:idporten-email:a@b.no").unwrap();
    sqlx::query("insert into party (party_key, urn) values ($1, 'urn:altinn:person:idporten-email:c@d.no')")
        .bind(party.key())
        .execute(&app.db)
        .await
        .unwrap();
    app.service_owner("ttd").post(DIALOGS, simple_dialog().with("party", party.as_str())).await.expect(500);
    let stored: i64 = sqlx::query_scalar("select (select count(*) from dialog) + (select count(*) from outbox)")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(stored, 0);
}

/// Chapter 01 §3.3: of two requests at once with one key, one is created, the other told so, whoever notices.
#[tokio::test]
async fn concurrent_requests_of_one_key_make_one_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = simple_dialog().with("idempotentKey", "at-once");
    let answers = futures_util::future::join_all((0..4).map(|_| owner.post(DIALOGS, body.clone()))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
}

/// Null is no value for members that must have one, lists among them; parse faults are told alone.
#[tokio::test]
async fn null_is_refused_where_absence_is_not() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for member in ["party", "serviceResource", "transmissions", "isApiOnly", "content.title", "content.title.mediaType"]
    {
        let answer =
            owner.post(DIALOGS, simple_dialog().with(member, Value::Null).with("progress", 101)).await.expect(400);
        let keys: Vec<_> = answer.body["errors"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, [member], "{}", answer.text);
    }
    let answer = owner.post(DIALOGS, simple_dialog().with("dueAt", "2031-01-01T00:00:00")).await.expect(400);
    assert!(answer.errors("dueAt")[0].contains("Expected explicit offset postfix"));
}

/// PostgreSQL stores no NUL: such texts are the client's mistake, not ours.
#[tokio::test]
async fn a_nul_in_a_text_is_no_fault_of_ours() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for path in ["content.title.value.0.value", "externalReference", "idempotentKey"] {
        let answer = owner.post(DIALOGS, simple_dialog().with(path, "ab\0cd")).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
    }
}

/// No name is guessed while the register fails.
#[tokio::test]
async fn without_names_nothing_is_created() {
    let app = TestApp::start_with(&[("altinn.retry_delay", "1ms")]).await;
    let owner = app.service_owner("ttd");
    let performer =
        json!({"actorType": "PartyRepresentative", "actorId": "urn:altinn:organization:identifier-no:991825827"});
    let named = simple_dialog().and("activities", simple_activity("DialogOpened").with("performedBy", performer));
    let faults = json!([{"path": "/register/api/v1/dialogporten/parties/query", "status": 500}]);
    app.anonymous().put("/sandbox/faults", faults).await.expect(200);
    owner.post(DIALOGS, named).await.expect(502);
    let stored: i64 = sqlx::query_scalar("select count(*) from dialog").fetch_one(&app.db).await.unwrap();
    assert_eq!(stored, 0);
}

/// M-08: an address is judged as it is stored, not as a browser would mend it.
#[tokio::test]
async fn addresses_that_have_to_be_mended_are_refused() {
    const NOT_HTTPS: &str = "is not a well-formatted HTTPS URL.";
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let localized = |value: &str| json!([{"languageCode": "nb", "value": value}]);
    let urls = |url: &str| json!([{"url": url, "consumerType": "Gui"}]);
    let embed = |url: &str| {
        json!({
            "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
            "value": localized(url),
        })
    };
    let with = |url: &str| {
        let transmission = simple_transmission()
            .with("content.contentReference", embed(url))
            .and("attachments", json!({"urls": urls(url)}))
            .and("navigationalActions", json!({"title": localized("Dit"), "url": url}));
        simple_dialog()
            .with("content.mainContentReference", embed(url))
            .and("attachments", json!({"urls": urls(url)}))
            .and("guiActions", json!({"action": "a", "url": url, "priority": "Primary", "title": localized("Les")}))
            .and("apiActions", json!({"action": "a", "endpoints": [{"url": url, "httpMethod": "GET"}]}))
            .and("transmissions", transmission)
    };
    owner.post(DIALOGS, with("https://example.com:443/æ?b#c")).await.expect(201);
    for bad in [
        "https:///x",
        "https://.no/x",
        "https://e..no/x",
        "https://a,b.no/x",
        "https://*.no/x",
        "https://127.1/x",
        " https://example.com/x",
        "https://exa\tmple.com/x",
        "https:\\\\example.com/x",
    ] {
        let refused = owner.post(DIALOGS, with(bad)).await.expect(400);
        for (key, name) in [
            ("dto.guiActions[0].url", "Url"),
            ("dto.apiActions[0].endpoints[0].url", "Url"),
            ("dto.attachments[0].urls[0].url", "Url"),
            ("dto.content.value[0].value", "Value"),
            ("dto.transmissions[0].content.value[0].value", "Value"),
            ("dto.transmissions[0].attachments[0].urls[0].url", "Url"),
            ("dto.transmissions[0].navigationalActions[0].url", "Url"),
        ] {
            assert_eq!(refused.errors(key), [format!("'{name}' {NOT_HTTPS}").as_str()], "{bad} at {key}");
        }
        assert_eq!(refused.body["errors"].as_object().unwrap().len(), 7, "{}", refused.text);
    }
}

/// M-08, M-09: tags and labels are judged as they are stored.
#[tokio::test]
async fn words_are_judged_in_their_normal_form() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let tag = |value: &str| simple_dialog().and("searchTags", json!({"value": value}));
    let label = |value: &str| simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", json!([{"value": value}]));
    let short = "The length of 'Value' must be at least 3 characters. You entered 2 characters.";
    assert_eq!(faults(&owner, tag("  ab  "), "dto.searchTags[0].value").await, [short]);
    assert_eq!(faults(&owner, label("  ab  "), "dto.serviceOwnerContext.serviceOwnerLabels[0].value").await, [short]);
    let long = "The length of 'Value' must be 63 characters or fewer. You entered 64 characters.";
    assert_eq!(faults(&owner, tag(&"İ".repeat(32)), "dto.searchTags[0].value").await, [long]);
    owner.post(DIALOGS, tag(&format!(" {} ", "x".repeat(63)))).await.expect(201);
}
