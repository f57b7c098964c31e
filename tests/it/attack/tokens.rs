//! Tokens of every odd form: 401 or 403, never access and never a fault.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use dialogporten::sandbox::keys::KeyName;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::hold;
use crate::harness::{PERSON, TestApp};

const DOORS: [&str; 3] =
    ["enduser/dialogs?party=x", "serviceowner/dialogs", "serviceowner/dialogs/0196c0de-0000-7000-8000-000000000001"];

fn encoded(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

/// A person's claims, good for half an hour.
fn claims(app: &TestApp) -> Map<String, Value> {
    let now = app.clock.now().timestamp();
    let claims = json!({
        "iss": app.sandbox.issuer(KeyName::Altinn), "exp": now + 1800, "nbf": now - 10, "pid": PERSON,
        "scope": "digdir:dialogporten digdir:dialogporten.serviceprovider digdir:dialogporten.serviceprovider.search",
        "urn:altinn:authlevel": "3",
        "consumer": {"authority": "iso6523-actorid-upis", "ID": "0192:991825827"},
    });
    claims.as_object().unwrap().clone()
}

async fn statuses(app: &TestApp, token: &str) -> Vec<u16> {
    let mut all = Vec::new();
    for door in DOORS {
        all.push(app.with_token(token).get(door).await.status.as_u16());
    }
    all
}

fn signed(app: &TestApp, claims: &Map<String, Value>) -> String {
    app.sandbox.raw(claims, &app.sandbox.altinn_header(), KeyName::Altinn)
}

///
#[tokio::test]
async fn forged_tokens_open_nothing() {
    let app = TestApp::start().await;
    let header = Value::from(app.sandbox.altinn_header());
    let good = claims(&app);
    let payload = Value::from(good.clone());
    let proper = signed(&app, &good);
    // The person with an owner's scope is known on the owner's side; a missing dialog shows that the door is open.
    assert_eq!(statuses(&app, &proper).await, [403, 200, 404]);
    let parts: Vec<_> = proper.split('.').collect();
    let (altinn, issuer) = (app.sandbox.altinn_header(), app.sandbox.issuer(KeyName::Altinn));
    let jwks = app
        .anonymous()
        .get(&format!("{}/.well-known/oauth-authorization-server", issuer.strip_prefix(&app.url("")).unwrap()))
        .await;
    assert_eq!(jwks.status, 200, "{}", jwks.text);

    // The public key as the secret of an HMAC, in the forms in which libraries were fooled.
    let keys: Value = {
        let address = jwks.body["jwks_uri"].as_str().unwrap();
        app.anonymous().get(address.strip_prefix(&app.url("")).unwrap()).await.body
    };
    let hmac = |secret: &[u8], header: &Value| {
        let signed = format!("{}.{}", encoded(header), encoded(&payload));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        format!("{signed}.{}", BASE64.encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes())))
    };
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let hs256 = with("alg", json!("HS256"));
    let modulus = keys["keys"][0]["n"].as_str().unwrap_or_default();
    let other_kid = app.sandbox.raw(&good, &altinn, KeyName::Maskinporten);
    let forged = [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        "thisisnotavalidtoken".into(),
        proper[..proper.len() - 4].into(),
        format!("{proper}x"),
        format!("{proper}."),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], encoded(&json!({"pid": PERSON})), parts[2]),
        format!("{}.{}.", encoded(&json!({"alg": "none"})), parts[1]),
        format!("{}.{}.", encoded(&json!({"alg": "None", "kid": header["kid"]})), parts[1]),
        format!("{}.{}.{}", encoded(&with("alg", json!("none"))), parts[1], parts[2]),
        format!("{}.{}.{}", encoded(&with("alg", json!(5))), parts[1], parts[2]),
        format!("{}.{}.{}", encoded(&with("kid", json!([]))), parts[1], parts[2]),
        format!("{}.{}.{}", encoded(&with("kid", json!("../../etc/passwd"))), parts[1], parts[2]),
        format!("{}.{}.{}", encoded(&with("jwk", keys["keys"][0].clone())), parts[1], parts[2]),
        format!("{}.{}.{}", encoded(&with("crit", json!(["b64"]))), parts[1], parts[2]),
        format!("{}.{}.{}", encoded(&json!([])), encoded(&json!([])), parts[2]),
        format!("{}.{}.{}", parts[0], BASE64.encode("{"), parts[2]),
        format!("{}.{}.{}", parts[0], BASE64.encode([0xff, 0xfe]), parts[2]),
        format!("{}.{}.{}", parts[0], BASE64.encode("[".repeat(20_000)), parts[2]),
        hmac(modulus.as_bytes(), &hs256),
        hmac(&BASE64.decode(modulus).unwrap(), &hs256),
        hmac(keys.to_string().as_bytes(), &hs256),
        hmac(keys["keys"][0].to_string().as_bytes(), &hs256),
        hmac(b"", &hs256),
        other_kid,
        "x".repeat(30_000),
        format!("{}.{}.{}", parts[0], "A".repeat(30_000), parts[2]),
    ];
    for token in forged {
        assert_eq!(statuses(&app, &token).await, [401; 3], "{token:.200}");
    }
    let answer = app.with_token("thisisnotavalidtoken").post("serviceowner/dialogs", json!({})).await.expect(401);
    assert!(answer.header("www-authenticate").contains("Bearer error=\"invalid_token\""));
    assert_eq!(answer.text, "");
}

/// Keys of one issuer prove nothing about another.
#[tokio::test]
async fn a_token_is_proven_by_its_own_issuers_keys_only() {
    let app = TestApp::start().await;
    let mut foreign = claims(&app);
    foreign.insert("iss".into(), app.sandbox.issuer(KeyName::Idporten).into());
    assert_eq!(statuses(&app, &signed(&app, &foreign)).await, [401; 3]);
    foreign.insert("iss".into(), "https://elsewhere.example/".into());
    assert_eq!(statuses(&app, &signed(&app, &foreign)).await, [401; 3]);
}

/// Times that are no numbers, and claims of the wrong type, in a token whose signature holds.
#[tokio::test]
async fn odd_times_are_refused() {
    let app = TestApp::start().await;
    let now = app.clock.now().timestamp();
    for (name, value) in [
        ("exp", json!((now + 1800).to_string())),
        ("exp", json!(null)),
        ("exp", json!([now + 1800])),
        ("exp", json!({})),
        ("exp", json!(true)),
        ("exp", json!(now - 60)),
        ("exp", json!(-1)),
        ("exp", json!(i64::MIN)),
        ("nbf", json!(now.to_string())),
        ("nbf", json!(now + 3600)),
        ("nbf", json!(u64::MAX)),
        ("iss", json!([app.sandbox.issuer(KeyName::Altinn)])),
        ("iss", json!(null)),
        ("iss", json!(5)),
    ] {
        let mut odd = claims(&app);
        odd.insert(name.into(), value.clone());
        assert_eq!(statuses(&app, &signed(&app, &odd)).await, [401; 3], "{name} {value}");
    }
    for name in ["exp", "iss"] {
        let mut odd = claims(&app);
        odd.remove(name);
        assert_eq!(statuses(&app, &signed(&app, &odd)).await, [401; 3], "without {name}");
    }
    for (name, value) in [("exp", json!(1e300)), ("exp", json!(u64::MAX)), ("nbf", json!(null)), ("nbf", json!(-1e300))]
    {
        let mut odd = claims(&app);
        odd.insert(name.into(), value.clone());
        assert_eq!(statuses(&app, &signed(&app, &odd)).await, [403, 200, 404], "{name} {value}");
    }
}

fn claim() -> impl Strategy<Value = Value> {
    let fixed = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(""),
        json!(" "),
        json!([]),
        json!({}),
        json!([[]]),
        json!([null]),
        json!("3"),
        json!(3),
        json!("99999999999"),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!(PERSON),
        json!("08844397714"),
        json!([PERSON, PERSON]),
        json!("digdir:dialogporten"),
        json!(["digdir:dialogporten"]),
        json!("idporten-loa-high"),
        json!("Selfregistered-email"),
        json!(["Selfregistered-email"]),
        json!("x@y.no"),
        json!("{\"authority\":\"iso6523-actorid-upis\",\"ID\":\"0192:991825827\"}"),
        json!({"ID": "0192:991825827"}),
        json!({"authority": "iso6523-actorid-upis", "ID": "0192:"}),
        json!({"authority": [], "ID": {}}),
        json!([{"type": "urn:altinn:systemuser", "systemuser_id": ["x"]}]),
        json!([{"type": "urn:altinn:systemuser", "systemuser_id": ["51551dd0-b9c5-4f4b-a4a2-9b7e3669b364"]}]),
        json!([{"type": "urn:altinn:systemuser", "systemuser_id": "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364"}]),
        json!({"type": "urn:altinn:systemuser"}),
        json!("[{"),
        json!("urn:x"),
        json!("a:b:c"),
    ];
    prop_oneof![6 => prop::sample::select(fixed.to_vec()), 1 => any::<String>().prop_map(Value::from)]
}

/// Claims that are missing, or of any type and value: the doors open, or not, but they do not break.
#[test]
fn odd_claims_do_not_break_a_door() {
    const NAMES: &[&str] = &[
        "pid",
        "scope",
        "consumer",
        "supplier",
        "acr",
        "amr",
        "email",
        "sub",
        "jti",
        "aud",
        "orgsub",
        "authorization_details",
        "urn:altinn:authlevel",
        "urn:altinn:userid",
        "urn:altinn:partyid",
        "urn:altinn:org",
        "urn:altinn:orgNumber",
        "urn:altinn:systemuser",
        "client_id",
        "azp",
    ];
    let changes = prop::collection::vec((prop::sample::select(NAMES), proptest::option::of(claim())), 1..5);
    hold(300, &changes, &async |app, changes| {
        let mut odd = claims(app);
        for (name, value) in &changes {
            match value {
                Some(value) => drop(odd.insert((*name).into(), value.clone())),
                None => drop(odd.remove(*name)),
            }
        }
        let caller = app.with_token(&signed(app, &odd));
        let party = format!("urn:altinn:person:identifier-no:{PERSON}");
        for door in [
            format!("enduser/dialogs?party={party}"),
            "enduser/dialogs/0196c0de-0000-7000-8000-000000000001".into(),
            "serviceowner/dialogs".into(),
            format!("serviceowner/dialogs?party={party}&endUserId={party}"),
        ] {
            let answer = caller.get(&door).await;
            let status = answer.status.as_u16();
            prop_assert!(matches!(status, 200 | 400 | 401 | 403 | 404), "{status} at {door}: {}", answer.text);
        }
        Ok(())
    });
}

#[test]
fn any_text_is_no_token() {
    hold(100, &"[!-~]{0,80}(\\.[!-~]{0,40}){0,3}", &async |app, token| {
        let answer = app.with_token(&token).get("enduser/dialogs?party=x").await;
        prop_assert_eq!(answer.status, 401);
        Ok(())
    });
}
