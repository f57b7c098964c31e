//! Token endpoints, issuers and unsafe tokens.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Rig, claims_of, header_of};

const COMMON: [&str; 5] = ["iss", "exp", "nbf", "iat", "actual_iss"];

async fn token(rig: &Rig, path: &str) -> Value {
    let answer = rig.get(&format!("/api/{path}")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    assert!(answer.headers["content-type"].to_str().expect("text").starts_with("text/plain"));
    let claims = rig.verified(&answer.text).await;
    assert_eq!(claims["iss"], "http://127.0.0.1:5123/sandbox/issuers/altinn");
    assert_eq!(claims["actual_iss"], "altinn-test-tools");
    claims
}

fn names(claims: &Value) -> BTreeSet<&str> {
    claims.as_object().expect("an object").keys().map(String::as_str).filter(|name| !COMMON.contains(name)).collect()
}

fn number(number: &str) -> Value {
    json!({"authority": "iso6523-actorid-upis", "ID": format!("0192:{number}")})
}

#[tokio::test]
async fn an_enterprise_token_names_its_organization() {
    let rig = Rig::new();
    let claims = token(
        &rig,
        "GetEnterpriseToken?env=at23&org=ttd&orgNo=991825827&scopes=a:b,%20c.d%20,e&supplierOrgNo=310923044",
    )
    .await;
    let all = [
        "client_id",
        "consumer",
        "jti",
        "scope",
        "supplier",
        "token_type",
        "urn:altinn:authenticatemethod",
        "urn:altinn:authlevel",
        "urn:altinn:org",
        "urn:altinn:orgNumber",
    ];
    assert_eq!(names(&claims), BTreeSet::from(all));
    assert_eq!(claims["scope"], "a:b c.d e");
    assert_eq!(claims["consumer"], number("991825827"));
    assert_eq!(claims["supplier"], number("310923044"));
    assert_eq!(claims["urn:altinn:authlevel"], 3);
    assert_eq!(claims["urn:altinn:authenticatemethod"], "maskinporten");
    assert_eq!(claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat"), 1800);
    assert!(claims["iat"].as_i64() == Some(rig.sandbox.clock().now().timestamp()));
}

#[tokio::test]
async fn a_persons_token_has_its_level_as_text_and_only_the_ids_it_was_given() {
    let rig = Rig::new();
    let claims = token(&rig, "GetPersonalToken?env=at23&pid=08844397713").await;
    let all = [
        "acr",
        "client_amr",
        "client_id",
        "pid",
        "scope",
        "token_type",
        "urn:altinn:authenticatemethod",
        "urn:altinn:authlevel",
    ];
    assert_eq!(names(&claims), BTreeSet::from(all));
    assert_eq!(claims["urn:altinn:authlevel"], "3");
    assert_eq!(claims["acr"], "idporten-loa-substantial");
    assert_eq!(claims["scope"], "altinn:enduser");

    let path = "GetPersonalToken?pid=1&userId=7&partyId=8&authLvl=4&consumerOrgNo=991825827&pid=08844397713";
    let wrong = rig.get(&format!("/api/{path}")).await;
    assert_eq!((wrong.status.as_u16(), wrong.json()), (400, json!({"pid": "Must be 11 digits"})));
    let claims = token(&rig, &path.replacen("pid=1&", "", 1)).await;
    assert_eq!((&claims["urn:altinn:userid"], &claims["nameid"]), (&json!(7), &json!(7)));
    assert_eq!(claims["urn:altinn:partyid"], 8);
    assert_eq!(claims["acr"], "idporten-loa-high");
    assert_eq!(claims["client_orgno"], number("991825827"));
}

#[tokio::test]
async fn a_system_users_token_names_vendor_and_owner() {
    let rig = Rig::new();
    let id = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";
    let claims = token(&rig, &format!("GetSystemUserToken?systemUserId={id}&scopes=digdir:dialogporten")).await;
    let details = &claims["authorization_details"];
    assert_eq!(details.as_array().map(Vec::len), Some(1));
    assert_eq!(details[0]["type"], "urn:altinn:systemuser");
    assert_eq!(details[0]["systemuser_id"], json!([id]));
    // This world lacks the organization that the tools name by default.
    assert_eq!(details[0]["systemuser_org"], number("310923044"));
    assert_eq!(claims["consumer"], number("310923044"));
    let given = format!("GetSystemUserToken?systemUserId={id}&systemUserOrg=310057223&orgNo=991825827");
    let claims = token(&rig, &given).await;
    assert_eq!(claims["authorization_details"][0]["systemuser_org"], number("310057223"));
    assert_eq!(claims["consumer"], number("991825827"));
}

#[tokio::test]
async fn an_email_users_token_has_the_ids_of_the_world() {
    let rig = Rig::new();
    let claims = token(&rig, "GetSelfRegisteredEmailUserToken?email=test@test.no").await;
    assert_eq!(claims["email"], "test@test.no");
    assert_eq!(claims["amr"], json!(["Selfregistered-email"]));
    assert_eq!(claims["acr"], "selfregistered-email");
    assert_eq!(claims["orignaliss"], "idporten");
    assert_eq!(claims["urn:altinn:userid"], 30_000_001);
    assert_eq!(claims["urn:altinn:partyid"], 50_000_007);
    assert_eq!(claims["sub"], "urn:altinn:party:uuid:5a1f0c2e-7b1d-4a39-9d55-0f6f0a6c1e11");
    assert_eq!(claims["urn:altinn:username"], "epost:test@test.no");
    assert_eq!(claims["urn:altinn:party:external-identifier"], "urn:altinn:person:idporten-email:test@test.no");
    assert_eq!(claims["sid"], claims["jti"]);
    assert!(claims["auth_time"].is_i64());

    let claims = token(&rig, "GetSelfIdentifiedUserToken?username=someuser").await;
    assert_eq!(claims["orignaliss"], "altinn2");
    assert_eq!(claims["urn:altinn:username"], "someuser");
    assert_eq!((&claims["urn:altinn:userid"], &claims["urn:altinn:authlevel"]), (&json!(0), &json!(0)));
    assert!(claims.get("client_id").is_none() && claims.get("token_type").is_none());
}

#[tokio::test]
async fn the_rarer_tokens_are_there_too() {
    let rig = Rig::new();
    let user = token(&rig, "GetEnterpriseUserToken?orgNo=991825827&partyId=1&userId=2&userName=demo").await;
    assert_eq!(user["urn:altinn:authenticatemethod"], "virksomhetsbruker");
    assert_eq!((&user["urn:altinn:userid"], &user["urn:altinn:username"]), (&json!(2), &json!("demo")));
    assert_eq!(token(&rig, "GetPlatformToken?app=some.app").await["urn:altinn:app"], "some.app");
    let access = rig.get("/api/GetPlatformAccessToken?app=x&org=ttd").await;
    assert_eq!(claims_of(&access.text)["iss"], "ttd");
    assert_eq!(rig.get("/api/GetPlatformAccessToken?app=x&org=brg").await.status, 400);
    assert_eq!(rig.get("/api/GetConsentToken?serviceCodes=1&offeredBy=2&coveredBy=3").await.status, 200);
}

#[tokio::test]
async fn all_that_is_wrong_with_the_parameters_is_said_at_once() {
    let rig = Rig::new();
    let path = "/api/GetEnterpriseToken?env=at23&orgNo=12&org=a%20b&ttl=soon&bulkCount=-1&delegationSource=nowhere";
    let answer = rig.get(path).await;
    assert_eq!(answer.status, 400);
    let wrong = answer.json();
    let names: Vec<_> = wrong.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["bulkCount", "delegationSource", "org", "orgNo", "scopes", "ttl"]);
    let empty = rig.get("/api/GetEnterpriseUserToken?orgNo=&scopes=SHOUTED").await.json();
    assert_eq!(empty["orgNo"], "Required");
    assert!(empty["scopes"].is_string() && empty["userName"].is_string());
}

#[tokio::test]
async fn tokens_can_be_expired_many_or_decoded() {
    let rig = Rig::new();
    let expired = token(&rig, "GetPersonalToken?pid=08844397713&ttl=-60").await;
    assert_eq!(expired["exp"].as_i64(), Some(rig.sandbox.clock().now().timestamp() - 60));
    let many = rig.get("/api/GetPersonalToken?bulkCount=3&scopes=digdir:dialogporten").await.json();
    let many = many.as_object().expect("an object");
    assert_eq!(many.len(), 3);
    for (pid, token) in many {
        assert_eq!(claims_of(token.as_str().expect("a token"))["pid"], **pid);
        assert!(crate::domain::party::is_person_number(pid));
    }
    let dump = rig.get("/api/GetEnterpriseToken?orgNo=991825827&scopes=a&dump=true").await.text;
    assert!(dump.contains(r#""alg": "RS256""#) && dump.contains("0192:991825827"), "{dump}");
}

#[tokio::test]
async fn headers_are_the_generators() {
    let rig = Rig::new();
    let token = rig.get("/api/GetPersonalToken").await.text;
    let header = header_of(&token);
    assert_eq!(header["alg"], "RS256");
    assert!(header["x5c"].is_string());
}

#[tokio::test]
async fn each_issuer_is_found_under_both_well_known_names() {
    let rig = Rig::new();
    for issuer in ["maskinporten", "altinn", "idporten"] {
        for document in ["openid-configuration", "oauth-authorization-server", "oauth-authorization-server/"] {
            let path = format!("/sandbox/issuers/{issuer}/.well-known/{document}");
            let discovery = rig.data(&path).await;
            assert_eq!(discovery["issuer"], format!("http://127.0.0.1:5123/sandbox/issuers/{issuer}"));
        }
        let body = json!({"claims": {"pid": "08844397713"}, "key": issuer});
        rig.verified(&rig.with("POST", "/sandbox/token", &body).await.text).await;
    }
    assert_eq!(rig.get("/sandbox/issuers/unknown/jwks").await.status, 404);
}

#[tokio::test]
async fn unsafe_tokens_say_what_they_are_told_to() {
    let rig = Rig::new();
    let body = json!({
        "claims": {"iss": "https://elsewhere", "scope": "x", "exp": 1}, "omit": ["nbf", "iat"], "key": "unknown",
        "header": {"typ": null, "extra": 1},
    });
    let answer = rig.with("POST", "/sandbox/token", &body).await;
    assert!(answer.headers["content-type"].to_str().expect("text").starts_with("text/plain"));
    assert_eq!(claims_of(&answer.text), json!({"iss": "https://elsewhere", "scope": "x", "exp": 1}));
    let header = header_of(&answer.text);
    assert_eq!((&header["alg"], &header["extra"], header.get("typ")), (&json!("RS256"), &json!(1), None));
    let jwks = rig.data("/sandbox/issuers/altinn/jwks").await;
    assert_ne!(jwks["keys"][0]["kid"], header["kid"]);
    let filled = claims_of(&rig.with("POST", "/sandbox/token", &json!({"claims": {}})).await.text);
    assert_eq!(filled["iss"], "http://127.0.0.1:5123/sandbox/issuers/altinn");
    assert!(filled["exp"].is_i64());
    assert_eq!((filled["exp"].as_i64(), &filled["nbf"]), (filled["iat"].as_i64().map(|at| at + 1_800), &filled["iat"]));
    assert_eq!(filled.as_object().map(serde_json::Map::len), Some(4), "{filled}");
    // By the key that nobody publishes speaks an issuer that everybody knows.
    let stranger = rig.with("POST", "/sandbox/token", &json!({"claims": {}, "key": "unknown"})).await;
    assert_eq!(claims_of(&stranger.text)["iss"], filled["iss"]);
    let of_idporten = rig.with("POST", "/sandbox/token", &json!({"claims": {}, "key": "idporten"})).await;
    assert_eq!(claims_of(&of_idporten.text)["iss"], "http://127.0.0.1:5123/sandbox/issuers/idporten");
}

#[tokio::test]
async fn what_no_token_can_be_made_of_is_explained() {
    let rig = Rig::new();
    for (body, wrong) in [
        (json!({}), "missing field `claims`"),
        (json!({"claims": "x"}), "expected a map"),
        (json!({"claims": {}, "omit": "exp"}), "expected a sequence"),
        (json!({"claims": {}, "kid": "x"}), "unknown field `kid`"),
    ] {
        let refused = rig.with("POST", "/sandbox/token", &body).await;
        assert_eq!(refused.status, 400, "{body}");
        let told = refused.json()["faults"][0]["text"].as_str().expect("a text").to_owned();
        assert!(told.contains(wrong) && told.contains("send {\"claims\": {…}}"), "{body}: {told}");
    }
    let refused = rig.with("POST", "/sandbox/token", &json!({"claims": {}, "key": "client"})).await;
    let told = refused.json()["faults"][0]["text"].clone();
    assert_eq!(refused.status, 400);
    assert_eq!(
        told,
        "key: no key of this name; send maskinporten, altinn, idporten or unknown, or no `key` for altinn"
    );
}
