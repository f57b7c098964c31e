//! Who is let in: tokens, issuers, policies of routes, on a router that does nothing else.

use std::sync::Arc;

use axum::{Router, body::Body, response::Response, routing::get};
use chrono::TimeDelta;
use dialogporten::{
    app::App,
    auth::{
        EndUser, NotificationCondition, ServiceOwner, ServiceOwnerAdmin, ServiceOwnerChangeTransmissions,
        ServiceOwnerSearch,
    },
    clock::Clock,
    config::{Config, Issuer},
    domain::refusal::Refusal,
    sandbox::keys::{Key, KeyName, Keys},
};
use http::{Request, header::AUTHORIZATION};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::harness::{ORGANIZATION, OTHER_PERSON, PERSON, TestApp};

const SERVICE_OWNER: &str = "digdir:dialogporten.serviceprovider";

/// One route for each kind of caller, each saying who it saw.
fn doors(config: &Config, clock: &Clock) -> Router {
    async fn end_user(caller: EndUser) -> Result<String, Refusal> {
        Ok(format!("{} {}", caller.party_urn(), caller.level()?))
    }
    fn seen(caller: &ServiceOwner) -> String {
        let person = caller.end_user().map(|person| person.party.id().to_owned());
        format!("{} {}", caller.org_number(), person.unwrap_or_default())
    }
    let app = App::build(config.clone(), clock.clone()).expect("a complete service");
    Router::new()
        .route("/eu", get(end_user))
        .route("/so", get(async |caller: ServiceOwner| seen(&caller)))
        .route("/search", get(async |ServiceOwnerSearch(caller): ServiceOwnerSearch| seen(&caller)))
        .route("/admin", get(async |ServiceOwnerAdmin(caller): ServiceOwnerAdmin| seen(&caller)))
        .route(
            "/change",
            get(async |ServiceOwnerChangeTransmissions(caller): ServiceOwnerChangeTransmissions| seen(&caller)),
        )
        .route("/notify", get(async |_: NotificationCondition| "yes"))
        .with_state(app)
}

struct Doors {
    app: TestApp,
    router: Router,
}

impl Doors {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let router = doors(&app.config, &app.clock);
        Self { app, router }
    }

    async fn knock(&self, path: &str, token: Option<&str>) -> (u16, Response) {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (answer.status().as_u16(), answer)
    }

    async fn status(&self, path: &str, token: &str) -> u16 {
        self.knock(path, Some(token)).await.0
    }

    async fn text(&self, path: &str, token: &str) -> String {
        let body = self.knock(path, Some(token)).await.1.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// A token with these claims, issued now.
    fn signed(&self, claims: &Value) -> String {
        self.app.with_claims(claims.clone()).token().unwrap()
    }
}

///
#[tokio::test]
async fn without_a_token_that_holds_nobody_is_let_in() {
    let doors = Doors::start().await;
    for path in ["/eu", "/so", "/search", "/admin", "/change", "/notify"] {
        let (status, answer) = doors.knock(path, None).await;
        assert_eq!(status, 401);
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().contains("Bearer"));
        for token in ["thisisnotavalidtoken", "invalid.jwt.token"] {
            let (status, answer) = doors.knock(path, Some(token)).await;
            assert_eq!(status, 401);
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
            assert!(challenge.contains("Bearer error=\"invalid_token\""), "{challenge}");
        }
    }
}

#[tokio::test]
async fn a_token_holds_for_its_time_by_the_applications_clock() {
    let doors = Doors::start().await;
    doors.app.clock.set_frozen(true);
    let now = doors.app.clock.now().timestamp();
    let person = |exp: Value, nbf: Value| {
        doors.signed(
            &json!({"pid": PERSON, "scope": "digdir:dialogporten", "acr": "idporten-loa-high", "exp": exp, "nbf": nbf}),
        )
    };
    for (exp, nbf, status) in [
        (json!(now - 1), json!(now), 200),
        (json!(now - 4), json!(now), 401),
        (json!(now + 60), json!(now + 1), 200),
        (json!(now + 60), json!(now + 4), 401),
        (json!(now + 60), json!(null), 200),
        (json!("soon"), json!(null), 401),
        (json!(null), json!(null), 401),
    ] {
        assert_eq!(doors.status("/eu", &person(exp.clone(), nbf.clone())).await, status, "{exp} {nbf}");
    }
    let token = person(json!(now + 60), json!(now));
    assert_eq!(doors.status("/eu", &token).await, 200);
    doors.app.clock.advance(TimeDelta::seconds(70));
    assert_eq!(doors.status("/eu", &token).await, 401, "also when it was verified before");
}

#[tokio::test]
async fn only_the_key_of_the_tokens_own_issuer_proves_it() {
    let doors = Doors::start().await;
    let sandbox = &doors.app.sandbox;
    let now = doors.app.clock.now().timestamp();
    // Without a key id every key of the issuer is tried, so the issuer alone decides.
    let header = json!({"alg": "RS256"}).as_object().unwrap().clone();
    let claims = |issuer: &str| {
        let claims = json!({
            "iss": issuer, "pid": PERSON, "scope": "digdir:dialogporten", "exp": now + 60, "acr": "idporten-loa-high"
        });
        claims.as_object().unwrap().clone()
    };
    for issuer in [KeyName::Maskinporten, KeyName::Altinn, KeyName::Idporten] {
        for key in [KeyName::Maskinporten, KeyName::Altinn, KeyName::Idporten, KeyName::Unknown] {
            let token = sandbox.raw(&claims(&sandbox.issuer(issuer)), &header, key);
            let expected = if issuer == key { 200 } else { 401 };
            assert_eq!(doors.status("/eu", &token).await, expected, "{issuer:?} {key:?}");
        }
    }
    let stranger = sandbox.raw(&claims("https://stranger.example/"), &header, KeyName::Altinn);
    assert_eq!(doors.status("/eu", &stranger).await, 401);
}

#[tokio::test]
async fn the_algorithm_is_the_keys_and_never_none() {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let doors = Doors::start().await;
    let good = doors.app.person(PERSON).token().unwrap();
    assert_eq!(doors.status("/eu", &good).await, 200);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    for algorithm in ["none", "None", "HS256", "PS256", "ES256", "RS512"] {
        let mut header = header.clone();
        header["alg"] = algorithm.into();
        let header = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
        for signature in ["", signature] {
            let token = format!("{header}.{payload}.{signature}");
            assert_eq!(doors.status("/eu", &token).await, 401, "{algorithm}");
        }
    }
    let other = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    let other = String::from_utf8(other).unwrap().replace(PERSON, OTHER_PERSON);
    let header = signed.split_once('.').unwrap().0;
    let forged = format!("{header}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode(other));
    assert_eq!(doors.status("/eu", &forged).await, 401);
}

///
#[tokio::test]
async fn scopes_and_kinds_open_doors() {
    let doors = Doors::start().await;
    let owner = |scopes: &[&str]| doors.app.service_owner("ttd").with_scopes(scopes).token().unwrap();
    let [search, admin, change] =
        ["search", "admin", "changetransmissions"].map(|scope| format!("{SERVICE_OWNER}.{scope}"));
    let notify = "altinn:system/notifications.condition.check";
    let person = doors.app.person(PERSON);
    let system_user = doors.app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364");
    let nobody = json!({"scope": format!("digdir:dialogporten {SERVICE_OWNER}")});
    let both = ["digdir:dialogporten", SERVICE_OWNER];
    let table = [
        ("an end user", person.token().unwrap(), [200, 403, 403, 403, 403, 403]),
        (
            "without consent",
            person.clone().with_scopes(&["digdir:dialogporten.noconsent"]).token().unwrap(),
            [200, 403, 403, 403, 403, 403],
        ),
        ("wrong scope", person.clone().with_scopes(&["wrong-scope"]).token().unwrap(), [403; 6]),
        ("a system user", system_user.token().unwrap(), [200, 403, 403, 403, 403, 403]),
        ("a system user as owner", system_user.with_scopes(&both).token().unwrap(), [200, 403, 403, 403, 403, 403]),
        ("an owner", owner(&[SERVICE_OWNER]), [403, 200, 403, 403, 403, 403]),
        ("an owner with search", owner(&[SERVICE_OWNER, &search]), [403, 200, 200, 403, 403, 403]),
        ("search alone", owner(&[&search]), [403; 6]),
        ("an admin", owner(&[SERVICE_OWNER, &admin]), [403, 200, 403, 200, 403, 403]),
        ("a changer", owner(&[SERVICE_OWNER, &change]), [403, 200, 403, 403, 200, 403]),
        ("a notifier", owner(&[notify]), [403, 403, 403, 403, 403, 200]),
        ("an owner with wrong scope", owner(&["wrong-scope"]), [403; 6]),
        ("nobody known", doors.signed(&nobody), [403; 6]),
    ];
    for (who, token, expected) in table {
        for (path, expected) in ["/eu", "/so", "/search", "/admin", "/change", "/notify"].into_iter().zip(expected) {
            assert_eq!(doors.status(path, &token).await, expected, "{who} at {path}");
        }
    }
    let refused: Value = serde_json::from_str(&doors.text("/eu", &doors.signed(&nobody)).await).unwrap();
    assert!(
        refused["errors"]["Type"][0].as_str().unwrap().ends_with("Person, SystemUser, IdportenEmailIdentifiedUser")
    );
    assert_eq!(doors.text("/so", &owner(&["wrong-scope"])).await, "", "the policy refuses without a body");
}

#[tokio::test]
async fn a_service_owner_acts_on_behalf_of_whom_it_names() {
    let doors = Doors::start().await;
    let owner = doors.app.service_owner("ttd").token().unwrap();
    let urn = format!("urn%3Aaltinn%3Aperson%3Aidentifier-no%3A{PERSON}");
    assert_eq!(doors.text(&format!("/so?EndUserID={urn}"), &owner).await, format!("991825827 {PERSON}"));
    assert_eq!(doors.text("/so", &owner).await, "991825827 ");
    let (status, answer) = doors.knock("/so?enduserid=05848297888", Some(&owner)).await;
    assert_eq!(status, 400);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert!(body["errors"]["EndUserId"][0].as_str().unwrap().starts_with("EndUserId must be a valid end user"));
    let admin = doors.app.admin().token().unwrap();
    assert_eq!(doors.status("/admin", &admin).await, 200);
    assert_eq!(doors.status(&format!("/admin?enduserid={PERSON}"), &admin).await, 403, "admins act for themselves");
    let stranger = doors.app.service_owner("ttd").with_scopes(&["wrong-scope"]).token().unwrap();
    assert_eq!(doors.status("/so?enduserid=x", &stranger).await, 403, "the policy comes first");
    let end_user = doors.app.person(PERSON).token().unwrap();
    assert_eq!(doors.status("/eu?enduserid=x", &end_user).await, 200, "means nothing without the scope");
}

///
#[tokio::test]
async fn a_level_that_cannot_be_told_is_refused() {
    let doors = Doors::start().await;
    let person = |level: Value, acr: &str| {
        doors.signed(&json!({"pid": PERSON, "scope": "digdir:dialogporten", "urn:altinn:authlevel": level, "acr": acr}))
    };
    let urn = format!("urn:altinn:person:identifier-no:{PERSON}");
    assert_eq!(doors.text("/eu", &person(json!(" 4 "), "idporten-loa-low")).await, format!("{urn} 4"));
    assert_eq!(doors.text("/eu", &person(json!("many"), "idporten-loa-substantial")).await, format!("{urn} 3"));
    assert_eq!(doors.status("/eu", &person(json!(-1), "Level4")).await, 403);
}

#[tokio::test]
async fn an_issuer_that_fails_blocks_no_other() {
    let app = TestApp::start().await;
    let mut config = Config::clone(&Arc::clone(&app.config));
    let dead = Issuer { name: "Dead".into(), well_known: "http://127.0.0.1:1/".parse().unwrap() };
    config.authentication.issuers.insert(0, dead);
    let doors = Doors { router: doors(&config, &app.clock), app };
    let token = doors.app.person(PERSON).token().unwrap();
    assert_eq!(doors.status("/eu", &token).await, 200);
    let claims = json!({"iss": "https://dead.example/", "pid": PERSON, "scope": "digdir:dialogporten"});
    assert_eq!(doors.status("/eu", &doors.signed(&claims)).await, 502, "it may be the dead one's");
}

#[tokio::test]
async fn unknown_keys_are_asked_for_once_in_a_while() {
    let doors = Doors::start().await;
    let token = doors.app.person(PERSON).token().unwrap();
    assert_eq!(doors.status("/eu", &token).await, 200);
    let keys = Keys::open(None).unwrap();
    let altinn: &Key = keys.get(KeyName::Altinn);
    let now = doors.app.clock.now().timestamp();
    let claims = json!({"iss": doors.app.sandbox.issuer(KeyName::Altinn), "exp": now + 60, "pid": PERSON});
    let foreign = altinn.sign(&altinn.header(), claims.as_object().unwrap());
    assert_eq!(doors.status("/eu", &foreign).await, 401, "asked for again, and still unknown");
    assert_eq!(doors.status("/eu", &token).await, 200);
    let fetched = doors.app.anonymous().get("/sandbox/calls?path=/sandbox/issuers/altinn&limit=1000").await;
    let before = fetched.body.as_array().unwrap().len();
    for n in 0..5 {
        let claims = json!({"iss": doors.app.sandbox.issuer(KeyName::Altinn), "exp": now + 61 + n, "pid": PERSON});
        doors.status("/eu", &altinn.sign(&altinn.header(), claims.as_object().unwrap())).await;
    }
    let fetched = doors.app.anonymous().get("/sandbox/calls?path=/sandbox/issuers/altinn&limit=1000").await;
    assert_eq!(fetched.body.as_array().unwrap().len(), before, "invented keys cost the issuer nothing");
}

/// A service owner whose token names no organization code is called what the registry calls it.
#[tokio::test]
async fn the_short_name_is_the_tokens_else_the_registrys() {
    async fn code(
        axum::extract::State(app): axum::extract::State<App>,
        caller: ServiceOwner,
    ) -> Result<String, Refusal> {
        caller.org_code(&app.altinn).await
    }
    let app = TestApp::start().await;
    let state = App::build(Config::clone(&app.config), app.clock.clone()).unwrap();
    let doors = Doors { router: Router::new().route("/code", get(code)).with_state(state), app };
    let owner = |number: &str, code: Value| {
        let consumer = json!({"authority": "iso6523-actorid-upis", "ID": format!("0192:{number}")});
        doors.signed(&json!({"consumer": consumer, "scope": SERVICE_OWNER, "urn:altinn:org": code}))
    };
    assert_eq!(doors.text("/code", &owner("991825827", json!("given"))).await, "given");
    assert_eq!(doors.text("/code", &owner("991825827", json!(" "))).await, "ttd");
    assert_eq!(doors.text("/code", &owner("974760673", json!(null))).await, "brg");
    assert_eq!(doors.status("/code", &owner(ORGANIZATION, json!(null))).await, 403);
}
