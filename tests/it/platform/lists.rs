//! What callers see in lists.

use dialogporten::{
    access::{AuthorizedResources, ListAuthorization},
    altinn::parties::Detail,
    domain::{ids::DialogId, party::Party},
};
use serde_json::json;
use uuid::Uuid;

use super::{Platform, home, led, organization, person, system_user};
use crate::harness::{PERSON, RESOURCE};

fn parties(seen: &ListAuthorization) -> Vec<&str> {
    seen.parties.iter().map(|(party, _)| party.id()).collect()
}

fn resource(id: &str) -> String {
    format!("urn:altinn:resource:{id}")
}

#[tokio::test]
async fn parties_come_in_the_platforms_order_with_sub_units_below() {
    let platform = Platform::start().await;
    let all = platform.altinn.authorized_parties(&person(PERSON), &[], Detail::Identity).await.unwrap();
    let shown: Vec<_> = all.parties.iter().map(|party| (party.party.id(), party.is_current_end_user)).collect();
    assert_eq!(shown, [("310010693", false), ("310923044", false), (PERSON, true)]);
    assert_eq!(all.parties[1].sub_parties[0].party.id(), "315010195");
    assert!(all.parties.iter().all(|party| party.subjects.is_empty()));
    let rights = platform.altinn.authorized_parties(&person(PERSON), &[], Detail::Rights).await.unwrap();
    assert_eq!(*rights.parties[0].subjects, ["urn:altinn:rolecode:dagl".to_owned()]);
}

#[tokio::test]
async fn roles_packages_and_delegations_open_resources() {
    let platform = Platform::start().await;
    let all = [RESOURCE.to_owned()];
    let seen = platform.lists.authorization(&person(PERSON), &[], &all).await.unwrap();
    assert_eq!(parties(&seen), ["310010693", "310923044", "315010195", PERSON]);
    assert!(seen.covers(&led(), RESOURCE, DialogId(Uuid::nil())));
    assert!(!seen.covers(&organization("437454302"), RESOURCE, DialogId(Uuid::nil())));

    let holder = person("23849290045");
    let delegated = [resource("ttd-delegated")];
    let seen = platform.lists.authorization(&holder, &[], &delegated).await.unwrap();
    assert_eq!(parties(&seen), ["319900012"], "one access package");
    let seen = platform.lists.authorization(&person("09865590048"), &[], &delegated).await.unwrap();
    assert_eq!(parties(&seen), ["319900012"], "one delegated resource");
    let user = system_user("54cb69df-3d8a-4432-804e-742e40de6211");
    let seen = platform.lists.authorization(&user, &[], &[]).await.unwrap();
    assert_eq!(parties(&seen), ["313006425"]);
    assert_eq!(seen.parties[0].1.iter().collect::<Vec<_>>(), [resource("ttd-dialogporten-automated-tests-2")]);
}

#[tokio::test]
async fn constraints_narrow_down_whatever_their_letter_case() {
    let platform = Platform::start().await;
    let own = [led()
        .as_str()
        .to_uppercase()
        .replace("URN:ALTINN:ORGANIZATION:IDENTIFIER-NO", "urn:altinn:organization:identifier-no")];
    let seen = platform.lists.authorization(&person(PERSON), &own, &[RESOURCE.to_uppercase()]).await.unwrap();
    assert_eq!(parties(&seen), ["310923044"]);
    assert_eq!(seen.parties[0].1.iter().collect::<Vec<_>>(), [RESOURCE]);
    let foreign = [organization("437454302").as_str().to_owned()];
    let seen = platform.lists.authorization(&person(PERSON), &foreign, &[RESOURCE.into()]).await.unwrap();
    assert!(seen.is_empty());
}

#[tokio::test]
async fn many_resources_are_pruned_to_those_with_dialogs() {
    let platform = Platform::start().await;
    let everything = platform.lists.authorization(&person(PERSON), &[], &[]).await.unwrap();
    assert!(everything.is_empty(), "there are no dialogs yet");
    stored(&platform, &home(), RESOURCE).await;
    stored(&platform, &led(), "urn:altinn:resource:ttd-altinn-events-automated-tests").await;
    let seen = platform.lists.authorization(&person(PERSON), &[], &[]).await.unwrap();
    assert_eq!(parties(&seen), [PERSON]);
    assert_eq!(seen.parties[0].1.iter().collect::<Vec<_>>(), [RESOURCE]);
}

#[tokio::test]
async fn delegated_instances_open_single_dialogs() {
    let platform = Platform::start().await;
    let receiver = person("05838090011");
    let by_id: Uuid = "01900000-0000-7000-8000-00000000d014".parse().unwrap();
    let labelled = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_d013);
    let label = "urn:altinn:integration:storage:51990012/6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013";
    let party = organization("319900012");
    stored(&platform, &party, "urn:altinn:resource:ttd-delegated").await;
    let insert = "
        with owner as (select id from org where name = 'ttd')
           , foreign_key_free as (select set_config('session_replication_role', 'replica', true))
        insert into dialog_owner_label (dialog_id, org_id, label, party_key) select $1, owner.id, $2, 1 from owner, foreign_key_free
    ";
    let mut work = platform.db.begin().await.unwrap();
    sqlx::query(insert).bind(labelled).bind(label).execute(&mut *work).await.unwrap();
    work.commit().await.unwrap();

    let delegated = [resource("ttd-delegated")];
    let seen = platform.lists.authorization(&receiver, &[], &delegated).await.unwrap();
    assert!(seen.parties.is_empty());
    assert_eq!(seen.dialogs, [labelled, by_id]);
    assert!(seen.covers(&party, "urn:altinn:resource:ttd-delegated", DialogId(by_id)));
    let other = platform.lists.authorization(&receiver, &[], &[RESOURCE.into()]).await.unwrap();
    assert!(other.dialogs.is_empty(), "instances of other resources do not count");
}

#[tokio::test]
async fn service_resources_are_those_with_dialogs_unless_there_are_too_many_parties() {
    let platform = Platform::start().await;
    stored(&platform, &home(), RESOURCE).await;
    let resources = platform.lists.service_resources(&person(PERSON), &[]).await.unwrap();
    assert_eq!(resources, AuthorizedResources::Only([RESOURCE.into()].into()));
    let other = [led().as_str().to_owned()];
    let resources = platform.lists.service_resources(&person(PERSON), &other).await.unwrap();
    assert_eq!(resources, AuthorizedResources::Only([].into()));
    let whale = person("14836090188");
    let resources = platform.lists.service_resources(&whale, &[]).await.unwrap();
    assert_eq!(resources, AuthorizedResources::WholeCatalogue);
}

#[tokio::test]
async fn nobody_at_all_is_a_failure_of_the_platform() {
    let platform = Platform::start().await;
    let path = "/accessmanagement/api/v1/resourceowner/authorizedparties";
    platform.faults(json!([{ "path": path, "status": 200, "body": [] }])).await;
    let caller = person(PERSON);
    assert!(platform.altinn.authorized_parties(&caller, &[], Detail::Identity).await.is_err());
    let filter = [led().as_str().to_owned()];
    assert!(platform.altinn.authorized_parties(&caller, &filter, Detail::Identity).await.is_ok());
    let user = system_user("54cb69df-3d8a-4432-804e-742e40de6211");
    assert!(platform.altinn.authorized_parties(&user, &filter, Detail::Identity).await.is_ok());
    let bodies = platform.bodies(path).await;
    assert_eq!(bodies[1]["partyFilter"][0]["Value"], led().id());
    assert_eq!(bodies[2]["partyFilter"], json!([]), "system users are asked about without a filter");
}

/// What is stored when the party has a dialog on the resource.
async fn stored(platform: &Platform, party: &Party, resource: &str) {
    let db = &platform.db;
    sqlx::query("insert into org (name) values ('ttd') on conflict do nothing").execute(db).await.unwrap();
    sqlx::query("insert into party (party_key, urn) values ($1, $2) on conflict do nothing")
        .bind(party.key())
        .bind(party.as_str())
        .execute(db)
        .await
        .unwrap();
    sqlx::query("insert into service_resource (urn, org_id) select $1, id from org on conflict do nothing")
        .bind(resource)
        .execute(db)
        .await
        .unwrap();
    sqlx::query(
        "
        insert into party_resource (party_key, resource_id, dialog_count, newest)
        select $1, id, 1, now() from service_resource where urn = $2
        ",
    )
    .bind(party.key())
    .bind(resource)
    .execute(db)
    .await
    .unwrap();
}
