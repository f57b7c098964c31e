//! Maskinporten, the exchange, and what the platform answers.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{ALL_SCOPES, Rig, claims_of};

const AUTHORIZE: &str = "/authorization/api/v1/authorize";
const PARTIES: &str = "/accessmanagement/api/v1/resourceowner/authorizedparties";
const UPDATED: &str = "/resourceregistry/api/v1/resource/updated";

#[tokio::test]
async fn the_exchange_turns_an_assertion_into_a_platform_token() {
    let rig = Rig::new();
    let answer = rig.maskinporten(&rig.assertion("altinn:serviceowner/x y")).await.json();
    assert_eq!((&answer["expires_in"], &answer["scope"]), (&json!(119), &json!("altinn:serviceowner/x y")));
    let first = answer["access_token"].as_str().expect("a token");
    let claims = rig.verified(first).await;
    assert_eq!(claims["iss"], rig.sandbox.issuer(super::KeyName::Maskinporten));

    let second: String = serde_json::from_str(&rig.exchange("maskinporten", first).await.text).expect("a JSON string");
    let claims = rig.verified(&second).await;
    assert_eq!(claims["urn:altinn:orgNumber"], "991825827");
    assert_eq!(claims["urn:altinn:org"], "ttd");
    assert_eq!(claims["urn:altinn:authlevel"], 3);
    assert!(claims.get("client_amr").is_none());

    assert_eq!(rig.exchange("maskinporten", &second).await.status, 401);
    assert_eq!(rig.exchange("somebody", first).await.status, 400);
    rig.sandbox.clock().advance(chrono::Duration::seconds(130));
    assert_eq!(rig.exchange("maskinporten", first).await.status, 401);
}

#[tokio::test]
async fn an_assertion_must_hold() {
    let rig = Rig::new();
    let now = rig.sandbox.clock().now().timestamp();
    for (name, value) in [
        ("aud", json!("https://maskinporten.no/")),
        ("exp", json!(now - 10)),
        ("exp", json!(now + 500)),
        ("iss", json!("")),
        ("scope", json!(" ")),
    ] {
        let mut assertion = rig.assertion("x");
        assertion.insert(name.into(), value);
        assert_eq!(rig.maskinporten(&assertion).await.status, 400, "{name}");
    }
}

#[tokio::test]
async fn a_person_can_exchange_a_login() {
    let rig = Rig::new();
    let login = |claims: Value| json!({"key": "idporten", "claims": claims});
    let login =
        login(json!({"pid": "08844397713", "acr": "idporten-loa-high", "amr": ["BankID"], "scope": "altinn:x"}));
    let token = rig.with("POST", "/sandbox/token", &login).await.text;
    let exchanged: String = serde_json::from_str(&rig.exchange("id-porten", &token).await.text).expect("a JSON string");
    let claims = rig.verified(&exchanged).await;
    assert_eq!((&claims["urn:altinn:userid"], &claims["urn:altinn:partyid"]), (&json!("20000001"), &json!(50_364_905)));
    assert_eq!((&claims["urn:altinn:authlevel"], &claims["pid"]), (&json!(4), &json!("08844397713")));
    assert_eq!(claims["exp"], claims_of(&token)["exp"]);
}

#[tokio::test]
async fn protected_calls_want_an_exchanged_token_with_their_scope() {
    let rig = Rig::new();
    let (all, other) = (rig.platform_token(ALL_SCOPES).await, rig.platform_token("altinn:something").await);
    for path in [AUTHORIZE, PARTIES, "/register/api/v1/dialogporten/parties/query", "/events/api/v1/events"] {
        assert_eq!(rig.with("POST", path, &json!({})).await.status, 401, "{path}");
        assert_eq!(rig.authorized("POST", path, "x.y.z", &json!({})).await.status, 401, "{path}");
        assert_eq!(rig.authorized("POST", path, &other, &json!({})).await.status, 403, "{path}");
        let let_in = rig.authorized("POST", path, &all, &json!({})).await.status;
        assert!(let_in != 401 && let_in != 403, "{path}: {let_in}");
    }
}

#[tokio::test]
async fn what_the_world_knows_is_answered() {
    let rig = Rig::new();
    let token = rig.platform_token(ALL_SCOPES).await;
    let subject = json!({"type": "urn:altinn:person:identifier-no", "value": "08844397713", "partyFilter": []});
    let parties = rig.authorized("POST", &format!("{PARTIES}?includeRoles=true"), &token, &subject).await.json();
    let names: Vec<_> = parties.as_array().expect("a list").iter().map(|party| party["name"].clone()).collect();
    assert_eq!(names, ["TIGER AS", "LEIF DEMO"]);

    let asked = |urn: &str| json!({"Data": [urn]});
    let names = "/register/api/v1/dialogporten/parties/query";
    let found = rig.authorized("POST", names, &token, &asked("urn:altinn:organization:identifier-no:310923044")).await;
    assert_eq!((found.status.as_u16(), &found.json()["data"][0]["displayName"]), (200, &json!("TIGER AS")));
    let missing = asked("urn:altinn:organization:identifier-no:974760673");
    assert_eq!(rig.authorized("POST", names, &token, &missing).await.status, 206);

    assert_eq!(rig.data("/orgs/altinn-orgs.json").await["orgs"]["ttd"]["orgnr"], "991825827");
    let list = rig.data("/resourceregistry/api/v1/resource/resourcelist?includeMigratedApps=true").await;
    assert_eq!(list[0]["identifier"], "ttd-demo");
    assert_eq!(rig.data("/resourceregistry/api/v1/resource/ttd-demo").await["identifier"], "ttd-demo");
    let policy = rig.get("/resourceregistry/api/v1/resource/ttd-demo/policy").await;
    assert!(policy.headers["content-type"].to_str().expect("text").starts_with("text/xml"));
    assert!(policy.text.contains("Policy"));
    assert_eq!(rig.get("/resourceregistry/api/v1/resource/nothing/policy").await.status, 404);

    let roles = rig.data("/accessmanagement/api/v1/meta/info/roles").await;
    let id = roles[0]["id"].as_str().expect("an id");
    assert_eq!(rig.data(&format!("/accessmanagement/api/v1/meta/info/roles/{id}")).await, roles[0]);
    let packages = rig.data("/accessmanagement/api/v1/meta/info/accesspackages/export").await;
    let package = &packages[0]["areas"][0]["packages"][0];
    let urn = package["urn"].as_str().expect("a URN").replace(':', "%3A");
    let path = format!("/accessmanagement/api/v1/meta/info/accesspackages/package/urn/{urn}");
    assert_eq!(rig.data(&path).await, *package);
}

#[tokio::test]
async fn a_decision_follows_the_world_at_once() {
    let rig = Rig::new();
    let token = rig.platform_token(ALL_SCOPES).await;
    let attribute = |id: &str, value: &str| json!([{"Attribute": [{"AttributeId": id, "Value": value}]}]);
    let question = json!({"Request": {
        "AccessSubject": attribute("urn:altinn:person:identifier-no", "08844397713"),
        "Action": attribute("urn:oasis:names:tc:xacml:1.0:action:action-id", "read"),
        "Resource": [{"Attribute": [
            {"AttributeId": "urn:altinn:resource", "Value": "ttd-demo"},
            {"AttributeId": "urn:altinn:organization:identifier-no", "Value": "310923044"},
        ]}],
    }});
    let decision =
        async || rig.authorized("POST", AUTHORIZE, &token, &question).await.json()["response"][0]["decision"].clone();
    assert_eq!(decision().await, "Permit");
    let grant = json!({"to": "person:08844397713", "for": "organization:310923044", "role": "dagl", "remove": true});
    assert_eq!(rig.with("PATCH", "/sandbox/world", &json!({"grants": [grant]})).await.status, 204);
    assert_eq!(decision().await, "NotApplicable");
}

/// Follows `links.next` to the end.
async fn all_pages(rig: &Rig, first: &str) -> Vec<Value> {
    let (mut rows, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(path) = next {
        let page = rig.data(&path).await;
        rows.extend(page["data"].as_array().expect("a list").iter().cloned());
        next = page["links"]["next"].as_str().map(|url| url.replace("http://127.0.0.1:5123", ""));
    }
    rows
}

#[tokio::test]
async fn the_list_of_subjects_is_paged_and_remembers_what_is_gone() {
    let rig = Rig::new();
    let all = all_pages(&rig, &format!("{UPDATED}?since=0001-01-01T00:00:00.0000000%2B00:00&limit=1")).await;
    let pairs: Vec<_> = all.iter().map(|row| row["subjectUrn"].as_str().expect("a URN")).collect();
    assert_eq!(pairs, ["urn:altinn:rolecode:dagl", "urn:altinn:rolecode:priv"]);
    assert!(all.iter().all(|row| row["deleted"] == false && row["resourceUrn"] == "urn:altinn:resource:ttd-demo"));

    // What is newer than the newest known, as the service asks: one microsecond on.
    let newest = all[0]["updatedAt"].as_str().expect("an instant").parse::<chrono::DateTime<chrono::Utc>>();
    let since = (newest.expect("an instant") + chrono::Duration::microseconds(1)).to_rfc3339().replace('+', "%2B");
    let news = format!("{UPDATED}?since={since}&limit=1000");
    assert_eq!(all_pages(&rig, &news).await, [] as [Value; 0]);

    // The clock stands, yet each change is newer than the one before.
    let policy = json!({"level": 3, "rules": [{"permit": ["role:lede", "role:dagl"], "actions": ["read"]}]});
    let resource = json!({"id": "ttd-demo", "type": "GenericAccessResource", "owner": "ttd", "policy": policy});
    let patched = rig.with("PATCH", "/sandbox/world", &json!({"resources": [resource]})).await;
    assert_eq!(patched.status, 204, "{}", patched.text);
    let rows = all_pages(&rig, &news).await;
    let rows: Vec<_> = rows.iter().map(|row| (row["subjectUrn"].clone(), row["deleted"] == true)).collect();
    assert_eq!(rows, [(json!("urn:altinn:rolecode:lede"), false), (json!("urn:altinn:rolecode:priv"), true)]);

    let removed = json!({"resources": [{"id": "ttd-demo", "remove": true}]});
    assert_eq!(rig.with("PATCH", "/sandbox/world", &removed).await.status, 204);
    let rows = all_pages(&rig, &news).await;
    assert!(rows.len() == 3 && rows.iter().all(|row| row["deleted"] == true));
    assert_eq!(rig.get(&format!("{UPDATED}?limit=0")).await.status, 400);
    assert_eq!(rig.get(&format!("{UPDATED}?since=yesterday")).await.status, 400);
}

#[tokio::test]
async fn events_are_checked_kept_and_found_by_dialog() {
    let rig = Rig::new();
    let token = rig.platform_token(ALL_SCOPES).await;
    let event = |dialog: &str| {
        json!({
            "specversion": "1.0", "id": "1", "type": "dialogporten.dialog.created.v1",
            "resource": "urn:altinn:resource:ttd-demo", "resourceinstance": dialog, "source": "https://x.example/d",
            "time": "2026-05-01T10:00:00+00:00", "data": {"process": "urn:demo:p1"},
        })
    };
    let path = "/events/api/v1/events";
    for dialog in ["a", "b", "a"] {
        assert_eq!(rig.authorized("POST", path, &token, &event(dialog)).await.status, 200);
    }
    let seqs = |events: Value| -> Vec<u64> {
        events.as_array().expect("a list").iter().map(|event| event["seq"].as_u64().expect("a number")).collect()
    };
    assert_eq!(seqs(rig.data("/sandbox/events").await), [1, 2, 3]);
    assert_eq!(seqs(rig.data("/sandbox/events?dialogId=a&after=1").await), [3]);
    assert_eq!(rig.data("/sandbox/events?dialogId=b").await[0]["event"], event("b"));

    for (member, value) in
        [("specversion", json!("0.3")), ("source", json!("x")), ("Id", json!("1")), ("id", json!(""))]
    {
        let mut event = event("a");
        event[member] = value;
        assert_eq!(rig.authorized("POST", path, &token, &event).await.status, 400, "{member}");
    }
    assert_eq!(rig.with("DELETE", "/sandbox/events", &Value::Null).await.status, 204);
    assert_eq!(rig.data("/sandbox/events").await, json!([]));
}

#[tokio::test]
async fn the_service_can_sign_with_its_configured_key() {
    let rig = Rig::new();
    let jwk: Value =
        serde_json::from_slice(&BASE64_STANDARD.decode(rig.sandbox.maskinporten_jwk()).expect("base64")).expect("JSON");
    let answer = rig.maskinporten(&rig.assertion("x")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(jwk["kid"], rig.sandbox.key(super::KeyName::Client).kid);
}
