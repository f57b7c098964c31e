//! Decisions, names, the registry; what happens when the platform fails.

use chrono::TimeDelta;
use dialogporten::{altinn::AltinnError, domain::refusal::Refusal};
use serde_json::json;

use super::{Platform, home, led, organization, person, system_user};
use crate::harness::{PERSON, RESOURCE};

const DECISION: &str = "/authorization/api/v1/authorize";
const MAIN: &[(&str, &str)] = &[("read", "main")];

#[tokio::test]
async fn policies_decide() {
    let platform = Platform::start().await;
    let pairs = [
        ("read", "main"),
        ("some_unauthorized_action", "main"),
        ("transmissionread", "element1"),
        ("transmissionread", "someunavailablesubresource"),
        ("read", "urn:altinn:resource:ttd-altinn-events-automated-tests"),
    ];
    let decision = platform.decides(&person(PERSON), &home(), &pairs).await.unwrap();
    let permitted: Vec<_> = decision.permitted().collect();
    assert_eq!(permitted, [("read", "main"), ("transmissionread", "element1")]);
    let stranger = platform.decides(&person("13838599936"), &home(), MAIN).await.unwrap();
    assert!(!stranger.has_access_to_main());
    let customer = organization("310057223");
    let user = system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364");
    assert!(platform.decides(&user, &customer, MAIN).await.unwrap().may_read_main());
    assert!(!platform.decides(&user, &led(), MAIN).await.unwrap().has_access_to_main());
}

#[tokio::test]
async fn one_question_serves_all_who_ask_it_until_it_is_too_old() {
    let platform = Platform::start().await;
    platform.app.clock.set_frozen(true);
    let caller = person(PERSON);
    let party = led();
    let asks = (0..10).map(|_| platform.decides(&caller, &party, MAIN));
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|decision| decision.may_read_main())));
    assert_eq!(platform.calls(DECISION).await, 1);

    platform.faults(json!([{ "path": DECISION, "status": 503 }])).await;
    platform.app.clock.advance(TimeDelta::minutes(16));
    let stale = platform.decides(&caller, &party, MAIN).await.unwrap();
    assert!(stale.may_read_main(), "an older answer stands in");
    assert_eq!(platform.calls(DECISION).await, 5, "asked anew, and repeated three times");

    platform.app.clock.advance(TimeDelta::minutes(15));
    let refused = platform.decides(&caller, &party, MAIN).await.unwrap_err();
    assert!(matches!(Refusal::from(refused), Refusal::BadGateway(_)), "but never for longer");
}

#[tokio::test]
async fn what_could_not_be_decided_is_denied_and_not_kept() {
    let platform = Platform::start().await;
    let undecided = json!({"response": [{"decision": "Indeterminate"}]});
    platform.faults(json!([{ "path": DECISION, "body": undecided, "times": 1 }])).await;
    let caller = person(PERSON);
    assert!(!platform.decides(&caller, &home(), MAIN).await.unwrap().has_access_to_main());
    assert!(platform.decides(&caller, &home(), MAIN).await.unwrap().may_read_main());
}

#[tokio::test]
async fn nonsense_is_a_failure_and_never_access() {
    let platform = Platform::start().await;
    let caller = person(PERSON);
    for body in [json!("nonsense"), json!({"response": "Permit"}), json!([{"decision": "Permit"}])] {
        platform.faults(json!([{ "path": DECISION, "status": 200, "body": body }])).await;
        let refused = platform.decides(&caller, &home(), MAIN).await.unwrap_err();
        assert!(matches!(refused, AltinnError::Unreadable { .. }), "{refused}");
    }
    platform.faults(json!([{ "path": DECISION, "drop": true }])).await;
    let refused = platform.decides(&caller, &home(), MAIN).await.unwrap_err();
    assert!(matches!(refused, AltinnError::Unreachable { .. }), "{refused}");
}

#[tokio::test]
async fn failures_are_repeated_and_refusals_are_not() {
    let platform = Platform::start().await;
    let caller = person(PERSON);
    platform.faults(json!([{ "path": DECISION, "status": 500, "times": 3 }])).await;
    assert!(platform.decides(&caller, &home(), MAIN).await.is_ok());
    assert_eq!(platform.calls(DECISION).await, 4);
    platform.altinn.forget_all();
    platform.faults(json!([{ "path": DECISION, "status": 429, "times": 1 }])).await;
    assert!(platform.decides(&caller, &home(), MAIN).await.is_err());
    assert_eq!(platform.calls(DECISION).await, 5);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_anew_when_it_is_refused() {
    let platform = Platform::start().await;
    let caller = person(PERSON);
    for party in [home(), led(), organization("310010693")] {
        platform.decides(&caller, &party, MAIN).await.unwrap();
    }
    assert_eq!(platform.calls("/token").await, 1);
    platform.faults(json!([{ "path": DECISION, "status": 401, "times": 1 }])).await;
    platform.decides(&caller, &organization("315010195"), MAIN).await.unwrap();
    assert_eq!(platform.calls("/token").await, 2);
    platform.faults(json!([{ "path": DECISION, "status": 401, "times": 2 }])).await;
    assert!(platform.decides(&caller, &organization("437454302"), MAIN).await.is_err(), "once is enough");
    platform.app.clock.advance(TimeDelta::hours(1));
    platform.decides(&caller, &home(), MAIN).await.unwrap();
    assert_eq!(platform.calls("/token").await, 4, "tokens end by the application's clock");
}

#[tokio::test]
async fn an_email_user_without_a_platform_number_is_forbidden() {
    let platform = Platform::start().await;
    let claims = json!({"email": "test@test.no", "amr": ["Selfregistered-email"]});
    let refused = platform.decides(&super::identity(&claims), &home(), MAIN).await.unwrap_err();
    assert!(matches!(Refusal::from(refused), Refusal::Forbidden(_)));
}

#[tokio::test]
async fn names_come_from_the_register() {
    let platform = Platform::start().await;
    let table = [
        ("urn:altinn:person:identifier-no:08844397713", Some("LITTERATUR UROMANTISK")),
        ("urn:altinn:organization:identifier-no:310923044", Some("ÆRLIG UROKKELIG TIGER AS")),
        ("urn:altinn:organization:identifier-no:312345005", None),
        ("urn:altinn:systemuser:uuid:51551dd0-b9c5-4f4b-a4a2-9b7e3669b364", Some("Dialogporten E2E tests (nb)")),
        ("urn:altinn:systemuser:uuid:00000000-0000-0000-0000-000000000001", Some("Systembruker")),
        ("urn:altinn:person:idporten-email:Foo@bar.com", Some("foo@bar.com")),
        ("urn:altinn:person:legacy-selfidentified:Leif", Some("leif")),
        ("urn:altinn:person:identifier-no:08844397714", None),
    ];
    for (urn, name) in table {
        assert_eq!(platform.altinn.party_name(urn).await.unwrap().as_deref(), name, "{urn}");
    }
    let owners = platform.altinn.service_owner_names().await.unwrap();
    assert_eq!(owners["991825827"].code, "ttd");
}

#[tokio::test]
async fn the_registry_says_what_there_is_and_whose() {
    let platform = Platform::start().await;
    let resources = platform.altinn.resources();
    let resource = resources.find(&RESOURCE.to_uppercase().replace("URN:ALTINN", "urn:altinn")).await.unwrap().unwrap();
    assert_eq!((&*resource.urn, &*resource.org_code), (RESOURCE, "ttd"));
    assert!(resources.owns("991825827", RESOURCE).await.unwrap());
    assert!(!resources.owns("974760673", RESOURCE).await.unwrap());
    assert!(!resources.is_known("urn:altinn:resource:notavailable").await.unwrap());
    assert!(!resources.is_known("urn:altinn:resource:ttd-wrong-type").await.unwrap());
    assert!(!resources.is_known("urn:altinn:resource:ttd-no-owner-number").await.unwrap());
    assert_eq!(resources.owned_by("974760673").await.unwrap().len(), 1);
}

#[tokio::test]
async fn levels_are_those_of_the_policies_and_go_with_them() {
    let platform = Platform::start_unsynchronised().await;
    let level = |id: &str| platform.altinn.minimum_level(&format!("urn:altinn:resource:{id}"));
    assert_eq!(level("ttd-no-level"), Some(i32::MAX), "before anything is known no level is enough");
    platform.altinn.sync_now().await.unwrap();
    assert_eq!(level("ttd-dialogporten-transmissions-test"), Some(4));
    assert_eq!(level("TTD-level-3"), Some(3));
    assert_eq!(level("ttd-no-level"), None);

    let free = json!({"resources": [{"id": "ttd-level-3", "type": "GenericAccessResource", "owner": "ttd", "policy": {"rules": []}}]});
    platform.faults(json!([{ "path": "/resourceregistry/api/v1/resource/ttd-level-3/policy", "status": 404 }])).await;
    platform.app.anonymous().patch("/sandbox/world", free).await.expect(204);
    platform.altinn.sync_now().await.unwrap();
    assert_eq!(level("ttd-level-3"), Some(3), "a policy that cannot be read changes nothing");
    platform.faults(json!([])).await;
    platform.altinn.sync_now().await.unwrap();
    assert_eq!(level("ttd-level-3"), None);
}
