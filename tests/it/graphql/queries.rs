//! `dialogById`, `parties`, `limits`, `serviceResources`.

use serde_json::{Value, json};

use super::{ask, data, told};
use crate::harness::{
    Edit, ORGANIZATION, OTHER_PERSON, PERSON, RESOURCE, TestApp, fresh_id, simple_dialog, simple_dialog_for,
    simple_transmission,
};

const ERRORS: &str = "query ($id: UUID!) { dialogById(dialogId: $id) { dialog { id } errors { __typename message \
                      ... on DialogByIdNotVisible { visibleFrom } ... on DialogByIdExpired { expiredAt } } } }";

/// GQ-001, GQ-002, GQ-003; §1.1: why a dialog is not shown, in the words of REST.
#[tokio::test]
async fn a_dialog_is_shown_or_the_reason_is_told() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let found = data(&user, ERRORS, json!({ "id": dialog })).await;
    assert_eq!(found["dialogById"], json!({"dialog": {"id": dialog}, "errors": []}));

    let missing = fresh_id();
    let deleted = owner.creates(simple_dialog()).await;
    owner.delete(&format!("serviceowner/dialogs/{deleted}")).await.expect(204);
    let high = simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-dialogporten-transmissions-test");
    let high = owner.creates(high).await;
    let later = owner.creates(simple_dialog().with("visibleFrom", "2099-01-02T03:04:05Z")).await;
    let soon = (app.clock.now() + chrono::Duration::hours(1)).to_rfc3339();
    let expiring = owner.creates(simple_dialog().with("expiresAt", soon)).await;
    app.clock.advance(chrono::Duration::hours(2));

    let stranger = app.person(OTHER_PERSON);
    let cases = [
        (&user, missing.to_string(), "DialogByIdNotFound"),
        (&user, deleted.to_string(), "DialogByIdDeleted"),
        (&stranger, dialog.to_string(), "DialogByIdForbidden"),
        (&user, high.to_string(), "DialogByIdForbiddenAuthLevelTooLow"),
        (&user, later.to_string(), "DialogByIdNotVisible"),
        (&user, expiring.to_string(), "DialogByIdExpired"),
    ];
    for (caller, id, kind) in cases {
        let answer = ask(caller, ERRORS, json!({ "id": id })).await.expect(200);
        let payload = &answer.body["data"]["dialogById"];
        let rest = caller.get(&format!("enduser/dialogs/{id}")).await;
        let text =
            rest.body["errors"].as_object().and_then(|errors| errors.values().next()?[0].as_str()).expect("a text");
        assert_eq!(told(payload), [(kind, text)], "{}", answer.text);
        assert_eq!((&payload["dialog"], answer.body.get("errors")), (&Value::Null, None));
        assert_eq!(answer.header("expires"), rest.header("expires"));
        assert_eq!(answer.header("expires").is_empty(), kind != "DialogByIdNotVisible");
        assert_eq!(answer.etag(), "");
    }
    assert!(
        told(&data(&user, ERRORS, json!({ "id": missing })).await["dialogById"])[0].1.contains(&missing.to_string())
    );
    let hidden = data(&user, ERRORS, json!({ "id": later })).await;
    assert_eq!(hidden["dialogById"]["errors"][0]["visibleFrom"], "2099-01-02T03:04:05Z");
    let over = data(&user, ERRORS, json!({ "id": expiring })).await;
    assert!(over["dialogById"]["errors"][0]["expiredAt"].as_str().is_some_and(|at| at.ends_with('Z')));
    assert_eq!(
        told(&data(&user, ERRORS, json!({ "id": high })).await["dialogById"])[0].1,
        "Altinn authentication level too low."
    );
}

/// §9.4, §9.7, GQ-022: what differs from REST, and that opening leaves the same behind.
#[tokio::test]
async fn a_dialog_is_dressed_as_the_schema_has_it() {
    const ALL: &str = "query ($id: UUID!) { dialogById(dialogId: $id) { errors { message } dialog {
        id createdAt expiresAt status progress isContentSeen dialogToken
        content { title { value { value languageCode } mediaType isAuthorized } summary { mediaType } }
        guiActions { url httpMethod priority isAuthorized prompt { value } title { value } }
        attachments { displayName { value } urls { url consumerType } }
        transmissions { type content { title { value { value } } } sender { actorType actorId } extendedType }
        seenSinceLastUpdate { isCurrentEndUser isViaServiceOwner seenBy { actorName } }
        endUserContext { systemLabels }
    } } }";
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let button = |url: &str, action: &str, priority: &str| {
        json!({"action": action, "url": url, "httpMethod": "POST", "priority": priority,
               "title": [{"languageCode": "nb", "value": "x"}]})
    };
    let body = simple_dialog()
        .with("expiresAt", "2099-01-31T10:20:30Z")
        .with("status", "RequiresAttention")
        .and("guiActions", button("HTTPS://Example.com:443", "read", "Primary"))
        .and("guiActions", button("https://example.com/b", "some_unauthorized_action", "Secondary"))
        .and(
            "attachments",
            json!({"displayName": [], "urls": [{"url": "https://example.com/æ", "consumerType": "Gui"}]}),
        )
        .and("transmissions", simple_transmission().with("extendedType", "urn:a:B"));
    let dialog = owner.creates(body).await;
    let shown = data(&user, ALL, json!({ "id": dialog })).await["dialogById"]["dialog"].clone();
    assert_eq!((&shown["expiresAt"], &shown["status"]), (&json!("2099-01-31T10:20:30Z"), &json!("REQUIRES_ATTENTION")));
    assert_eq!(user.opens(dialog).await["expiresAt"], "2099-01-31T10:20:30.0000000Z");
    assert_eq!((&shown["progress"], &shown["isContentSeen"]), (&Value::Null, &json!(true)));
    assert!(shown["dialogToken"].as_str().is_some_and(|token| token.split('.').count() == 3));
    let [first, second] = [&shown["guiActions"][0], &shown["guiActions"][1]];
    assert_eq!(
        (&first["url"], &first["isAuthorized"], &first["prompt"]),
        (&json!("https://example.com/"), &json!(true), &json!([]))
    );
    assert_eq!((&second["url"], &second["isAuthorized"]), (&json!("urn:dialogporten:unauthorized"), &json!(false)));
    assert_eq!((&first["httpMethod"], &first["priority"]), (&json!("POST"), &json!("PRIMARY")));
    let attachment = &shown["attachments"][0];
    assert_eq!(
        (&attachment["displayName"], &attachment["urls"][0]["url"]),
        (&json!([]), &json!("https://example.com/%C3%A6"))
    );
    let message = &shown["transmissions"][0];
    assert_eq!(
        (&message["type"], &message["sender"]),
        (&json!("INFORMATION"), &json!({"actorType": "SERVICE_OWNER", "actorId": null}))
    );
    assert_eq!(message["extendedType"], "urn:a:B");
    let seen = &shown["seenSinceLastUpdate"];
    assert_eq!(seen.as_array().map(Vec::len), Some(1));
    assert_eq!((&seen[0]["isCurrentEndUser"], &seen[0]["isViaServiceOwner"]), (&json!(true), &json!(false)));
    assert_eq!(shown["endUserContext"]["systemLabels"], json!(["DEFAULT"]));
    // It was opened: the log has it, the event was raised.
    let log = user.get(&format!("enduser/dialogs/{dialog}/seenlog")).await.expect(200);
    assert_eq!(log.body.as_array().map(Vec::len), Some(1));
    // The same field twice, once in a fragment, is one.
    let merged =
        "query ($id: UUID!) { dialogById(dialogId: $id) { ...f dialog { content { summary { mediaType } } } } }
                  fragment f on DialogByIdPayload { dialog { id content { title { mediaType } } } }";
    let merged = data(&user, merged, json!({ "id": dialog })).await["dialogById"]["dialog"].clone();
    let content = json!({"title": {"mediaType": "text/plain"}, "summary": {"mediaType": "text/plain"}});
    assert_eq!(merged, json!({"id": dialog, "content": content}));
}

/// Chapter 02 §0.5: one language if one is asked for, all of them without a header, or with one that cannot be read.
#[tokio::test]
async fn texts_come_in_the_readers_languages() {
    let app = TestApp::start().await;
    let title = json!([{"languageCode": "nb", "value": "a"}, {"languageCode": "en", "value": "b"}]);
    let dialog = app.service_owner("ttd").creates(simple_dialog().with("content.title.value", title)).await;
    let user = app.person(PERSON);
    let query =
        "query ($id: UUID!) { dialogById(dialogId: $id) { dialog { content { title { value { languageCode } } } } } }";
    for (header, expected) in
        [("", &["en", "nb"][..]), ("en, nb;q=0.5", &["en"]), ("nb, nn;q=0.9", &["nb"]), ("en;level=1", &["en", "nb"])]
    {
        let reader = if header.is_empty() { user.clone() } else { user.clone().header("accept-language", header) };
        let found = data(&reader, query, json!({ "id": dialog })).await;
        let texts = found["dialogById"]["dialog"]["content"]["title"]["value"].as_array().expect("texts").clone();
        let codes: Vec<_> = texts.iter().map(|text| text["languageCode"].as_str().expect("a code")).collect();
        assert_eq!(codes, expected, "{header}");
    }
}

/// A dialog for systems, and a transmission, without content: answered with a title that has no texts.
#[tokio::test]
async fn what_has_no_content_has_a_title_without_texts() {
    let app = TestApp::start().await;
    let body = simple_dialog()
        .without("content")
        .with("isApiOnly", true)
        .and("transmissions", simple_transmission().without("content"));
    let dialog = app.service_owner("ttd").creates(body).await;
    let user = app.person(PERSON);
    let title = "content { title { value { value } mediaType } summary { mediaType } }";
    let query = format!(
        "query ($id: UUID!) {{ dialogById(dialogId: $id) {{ dialog {{ {title} transmissions {{ {title} }} }} }} }}"
    );
    let shown = data(&user, &query, json!({ "id": dialog })).await["dialogById"]["dialog"].clone();
    let empty = json!({"title": {"value": [], "mediaType": "text/plain"}, "summary": null});
    assert_eq!((&shown["content"], &shown["transmissions"][0]["content"]), (&empty, &empty));
    let list = format!("{{ searchDialogs(input: {{serviceResource: \"{RESOURCE}\"}}) {{ items {{ {title} }} }} }}");
    assert_eq!(data(&user, &list, json!({})).await["searchDialogs"]["items"][0]["content"], empty);
}

/// GQ-006: REST's parties, flat, sub-parties without what they never have.
#[tokio::test]
async fn parties_are_those_of_rest() {
    const FIELDS: &str = "party partyUuid partyId name dateOfBirth partyType isDeleted hasKeyRole isCurrentEndUser \
                          isMainAdministrator isAccessManager";
    let app = TestApp::start().await;
    let query = format!("{{ parties {{ {FIELDS} hasOnlyAccessToSubParties subParties {{ {FIELDS} }} }} }}");
    for user in [app.person(PERSON), app.person("06889090039"), app.email("test@test.no")] {
        let mut expected = user.get("enduser/parties").await.expect(200).body["authorizedParties"].clone();
        for party in expected.as_array_mut().expect("a list") {
            let units = party.as_object_mut().expect("a party").entry("subParties").or_insert_with(|| json!([]));
            for unit in units.as_array_mut().expect("a list") {
                unit.as_object_mut().expect("a party").remove("hasOnlyAccessToSubParties");
                unit.as_object_mut().expect("a party").entry("dateOfBirth").or_insert(Value::Null);
            }
            party.as_object_mut().expect("a party").entry("dateOfBirth").or_insert(Value::Null);
        }
        assert_eq!(data(&user, &query, json!({})).await["parties"], expected);
    }
    let unknown = ask(&app.person(PERSON), "{ parties { subParties { hasOnlyAccessToSubParties } } }", json!({})).await;
    assert_eq!(unknown.status, 400);
}

/// §7.4
#[tokio::test]
async fn limits_are_those_of_rest() {
    let app = TestApp::start_with(&[("limits.end_user_search.max_party_filter_values", "7")]).await;
    let user = app.person(PERSON);
    let query = "{ limits { endUserSearch { maxPartyFilterValues maxServiceResourceFilterValues maxOrgFilterValues \
                 maxExtendedStatusFilterValues } serviceOwnerSearch { maxPartyFilterValues maxServiceResourceFilterValues \
                 maxExtendedStatusFilterValues } } }";
    let rest = user.get("metadata/limits").await.expect(200).body;
    assert_eq!(rest["endUserSearch"]["maxPartyFilterValues"], 7);
    assert_eq!(data(&user, query, json!({})).await["limits"], rest);
}

/// GQ-009
#[tokio::test]
async fn service_resources_are_all_or_the_callers() {
    const LOCALIZED: &str = "name { value languageCode }";
    let query = format!(
        "query ($parties: [String!], $all: Boolean) {{ serviceResources(parties: $parties, includeUnauthorized: $all) {{ \
         isFullCatalogueFallback items {{ serviceResource {{ id resourceType status isDelegable minimumAuthenticationLevel \
         {LOCALIZED} links {{ metadata }} }} roles {{ urn {LOCALIZED} links {{ metadata }} }} accessPackages {{ urn \
         {LOCALIZED} links {{ metadata }} }} serviceOwner {{ orgNumber code {LOCALIZED} }} }} }} }}"
    );
    let on = ("features.enable_graphql_authorized_service_resources", "true");
    for settings in [&[][..], &[on]] {
        let app = TestApp::start_with(settings).await;
        let owner = app.service_owner("ttd");
        owner.creates(simple_dialog_for(ORGANIZATION)).await;
        owner
            .creates(simple_dialog_for("310778737").with("serviceResource", "urn:altinn:resource:super-simple-service"))
            .await;
        let user = app.person(PERSON);
        let all = user.get("metadata/serviceresources").await.expect(200).body["items"].clone();
        let mine = user.get("enduser/serviceresources").await.expect(200).body["items"].clone();
        assert_eq!((all.as_array().map(Vec::len), mine.as_array().map(Vec::len)), (Some(2), Some(1)));
        let plain = data(&user, &query, json!({})).await["serviceResources"].clone();
        assert_eq!(plain["items"], if settings.is_empty() { all.clone() } else { mine.clone() });
        assert_eq!(plain["isFullCatalogueFallback"], Value::Null);
        assert_eq!(data(&user, &query, json!({"all": true})).await["serviceResources"]["items"], all);
        let of_nobody = json!({"parties": [format!("urn:altinn:person:identifier-no:{PERSON}")], "all": false});
        let of_nobody = data(&user, &query, of_nobody).await["serviceResources"]["items"].clone();
        assert_eq!(of_nobody, if settings.is_empty() { all.clone() } else { json!([]) });
        let nonsense = ask(&user, &query, json!({"parties": ["nonsense"]})).await.expect(200);
        assert_eq!(nonsense.body["data"].is_null(), !settings.is_empty(), "{}", nonsense.text);
        if !settings.is_empty() {
            assert_eq!(nonsense.body["errors"][0]["message"], "Unexpected Execution Error");
            assert_eq!(nonsense.body["errors"][0]["path"], json!(["serviceResources"]));
        }
    }
}

/// §9.1: what fails beneath is told without what it was.
#[tokio::test]
async fn trouble_of_the_platform_is_an_unexpected_error() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    let fault = json!([{"path": "/accessmanagement", "status": 500}]);
    app.anonymous().put("/sandbox/faults", fault).await.expect(200);
    let answer = ask(&user, "{ parties { party } }", json!({})).await.expect(200);
    assert_eq!(answer.body["data"], Value::Null, "{}", answer.text);
    let error = &answer.body["errors"][0];
    assert_eq!((&error["message"], &error["path"]), (&json!("Unexpected Execution Error"), &json!(["parties"])));
    assert!(error.get("extensions").is_none() && error["locations"].is_array(), "{}", answer.text);
}
