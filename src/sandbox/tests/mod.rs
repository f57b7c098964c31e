//! The sandbox seen from outside: over HTTP, with a world of a few lines.

mod control;
mod faults;
mod login;
mod platform;
mod tokens;

use axum::{
    Router,
    body::{Body, to_bytes},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use super::{
    Sandbox,
    keys::KeyName,
    mint::{Claims, object},
    world::World,
};
use crate::clock::Clock;

pub const WORLD: &str = r"
owners:
  - {code: ttd, organization: '991825827', name: {nb: Testdepartementet}}
people:
  - {id: '08844397713', name: LEIF DEMO, user_id: 20000001, party_id: 50364905}
organizations:
  - {id: '310923044', name: TIGER AS}
self_identified:
  - {email: test@test.no, user_id: 30000001, party_id: 50000007, party_uuid: 5a1f0c2e-7b1d-4a39-9d55-0f6f0a6c1e11}
system_users:
  - {id: 51551dd0-b9c5-4f4b-a4a2-9b7e3669b364, organization: '310923044', name: Demosystem}
resources:
  - id: ttd-demo
    type: GenericAccessResource
    owner: ttd
    policy: {level: 3, rules: [{permit: ['role:priv', 'role:dagl'], actions: [read]}]}
grants:
  - {to: 'person:08844397713', for: 'organization:310923044', role: dagl}
";

/// Scopes that open the whole platform.
const ALL_SCOPES: &str = "altinn:events.publish altinn:register/partylookup.admin altinn:authorization/authorize.admin \
    altinn:accessmanagement/authorizedparties.admin";

pub struct Rig {
    pub sandbox: Sandbox,
    router: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the body is JSON")
    }
}

impl Rig {
    pub fn new() -> Self {
        let world = World::parse(WORLD, None).expect("the world of the tests has no fault");
        let clock = Clock::system();
        clock.set_frozen(true);
        let base = "http://127.0.0.1:5123/".parse().expect("a URL");
        let sandbox = Sandbox::new(world, clock, None, &base).expect("a sandbox");
        Self { router: sandbox.router(), sandbox }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.expect("a router never fails");
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the body comes whole");
        Answer { status: head.status, headers: head.headers, text: String::from_utf8(body.to_vec()).expect("UTF-8") }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, Body::empty())).await
    }

    pub async fn data(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    pub async fn with(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(request(method, path, Body::from(body.to_string()))).await
    }

    /// As the service does it: an assertion to Maskinporten, its token to the exchange.
    pub async fn platform_token(&self, scopes: &str) -> String {
        let token = self.maskinporten(&self.assertion(scopes)).await.json()["access_token"].clone();
        let exchanged = self.exchange("maskinporten", token.as_str().expect("a token")).await;
        serde_json::from_str(&exchanged.text).expect("a JSON string")
    }

    pub fn assertion(&self, scopes: &str) -> Claims {
        let now = self.sandbox.clock().now().timestamp();
        object(json!({
            "aud": "http://127.0.0.1:5123/", "iss": "the-service", "scope": scopes, "iat": now, "exp": now + 10,
            "jti": Uuid::new_v4(),
        }))
    }

    pub async fn maskinporten(&self, assertion: &Claims) -> Answer {
        let key = self.sandbox.key(KeyName::Client);
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
            key.sign(&key.header(), assertion)
        );
        self.send(request("POST", "/token", Body::from(form))).await
    }

    pub async fn exchange(&self, provider: &str, token: &str) -> Answer {
        self.authorized("GET", &format!("/authentication/api/v1/exchange/{provider}"), token, &Value::Null).await
    }

    pub async fn authorized(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let mut request = request(method, path, Body::from(body.to_string()));
        let bearer = format!("Bearer {token}").parse().expect("a header");
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        request.headers_mut().insert(header::CONTENT_TYPE, "application/cloudevents+json".parse().expect("a header"));
        self.send(request).await
    }

    /// Verifies a token like any client of the platform: by issuer, discovery document and key set.
    pub async fn verified(&self, token: &str) -> Value {
        let (signed, signature) = token.rsplit_once('.').expect("a token");
        let (head, claims) = signed.split_once('.').expect("a token");
        let (head, claims) = (decoded(head), decoded(claims));
        let issuer = claims["iss"].as_str().expect("an issuer").strip_prefix("http://127.0.0.1:5123").expect("ours");
        let discovery = self.data(&format!("{issuer}/.well-known/openid-configuration")).await;
        assert_eq!(discovery["issuer"], claims["iss"]);
        let keys = discovery["jwks_uri"].as_str().expect("an address").strip_prefix("http://127.0.0.1:5123");
        let keys = self.data(keys.expect("ours")).await;
        let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).expect("a key set");
        let key = keys.find(head["kid"].as_str().expect("a kid")).expect("the key is in the set");
        let key = jsonwebtoken::DecodingKey::from_jwk(key).expect("an RSA key");
        let verified = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, jsonwebtoken::Algorithm::RS256);
        assert!(verified.expect("a signature"));
        claims
    }
}

pub fn request(method: &str, path: &str, body: Body) -> Request<Body> {
    Request::builder().method(method).uri(path).body(body).expect("a request")
}

pub fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

pub fn header_of(token: &str) -> Value {
    decoded(token.split('.').next().expect("a token"))
}

pub fn claims_of(token: &str) -> Value {
    decoded(token.split('.').nth(1).expect("a token"))
}

#[test]
fn the_client_key_is_base64_of_a_private_jwk() {
    let json = BASE64_STANDARD.decode(Rig::new().sandbox.maskinporten_jwk()).expect("base64");
    let jwk: Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(jwk["kty"], "RSA");
    assert!(["kid", "n", "e", "d", "p", "q", "dp", "dq", "qi"].iter().all(|name| jwk[name].is_string()));
}
