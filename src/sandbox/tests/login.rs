//! Logging in as the inbox does it, and the profile that it reads then (chapter 07 §16).

use axum::body::Body;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Answer, Rig, claims_of};
use crate::sandbox::wire::Query;

const PERSON: &str = "urn:altinn:person:identifier-no:08844397713";
const EMAIL: &str = "urn:altinn:person:idporten-email:test@test.no";
const ORGANIZATION: &str = "310923044";
const CALLBACK: &str = "https://app.localhost/api/cb";
const VERIFIER: &str = "0f5d6f2b1c3a4958677685940a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
const AUTHORIZE: &str = "/authentication/api/v1/authorize";

/// The parameters in the order in which the inbox appends them.
fn parameters(acr: &str) -> Vec<(&'static str, String)> {
    vec![
        ("redirect_uri", CALLBACK.to_owned()),
        ("scope", "digdir:dialogporten.noconsent openid altinn:portal/enduser".to_owned()),
        ("acr_values", acr.to_owned()),
        ("state", "the state".to_owned()),
        ("client_id", "inbox".to_owned()),
        ("response_type", "code".to_owned()),
        ("nonce", "the nonce".to_owned()),
        ("code_challenge", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

fn path(base: &str, parameters: &[(&str, String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{base}?{query}")
}

fn usual() -> Vec<(&'static str, String)> {
    parameters("idporten-loa-substantial")
}

/// Where an answer sends the browser, as parameters.
fn returned(answer: &Answer) -> Query {
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    let address = Url::parse(answer.headers[header::LOCATION].to_str().expect("text")).expect("an address");
    assert_eq!(address.as_str().split('?').next(), Some(CALLBACK));
    Query::parse(address.query().expect("parameters").as_bytes())
}

impl Rig {
    /// The page of persons, and the link of one of them.
    async fn link_of(&self, parameters: &[(&str, String)], urn: &str) -> Option<String> {
        let page = self.get(&path(AUTHORIZE, parameters)).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let links = page.text.split("href=\"../../..").skip(1).filter_map(|rest| rest.split('"').next());
        let links: Vec<String> = links.map(|link| link.replace("&amp;", "&")).collect();
        links.into_iter().find(|link| {
            Query::parse(link.split_once('?').expect("a query").1.as_bytes()).get("sandbox_user") == Some(urn)
        })
    }

    async fn code(&self, acr: &str, urn: &str) -> String {
        let link = self.link_of(&parameters(acr), urn).await.expect("a link");
        let back = returned(&self.get(&link).await);
        assert_eq!((back.get("state"), back.get("error")), (Some("the state"), None));
        assert_eq!(back.get("iss"), Some("http://127.0.0.1:5123/sandbox/issuers/altinn"));
        back.get("code").expect("a code").to_owned()
    }

    /// The token endpoint, asked as the inbox asks it.
    async fn token(&self, client: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{client}:secret")));
        let request = Request::post("/authentication/api/v1/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, basic);
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    async fn redeemed(&self, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "inbox"),
            ("code_verifier", VERIFIER),
            ("code", code),
            ("storedNonceTruth", "the nonce"),
            ("redirect_uri", CALLBACK),
        ];
        self.token("inbox", &form).await
    }

    /// A whole login.
    async fn login(&self, acr: &str, urn: &str) -> Value {
        let code = self.code(acr, urn).await;
        let answer = self.redeemed(&code).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    async fn refreshed(&self, token: &Value) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().expect("a token"))];
        self.token("inbox", &form).await
    }

    async fn profile(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        self.authorized(method, &format!("/profile/api/v1/users/current{path}"), token, body).await
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test]
async fn a_login_gives_the_tokens_that_the_inbox_reads() {
    let rig = Rig::new();
    let discovery = rig.data("/authentication/api/v1/openid/.well-known/openid-configuration").await;
    assert_eq!(discovery, rig.data("/sandbox/issuers/altinn/.well-known/openid-configuration").await);
    for (member, path) in
        [("authorization_endpoint", AUTHORIZE), ("end_session_endpoint", "/authentication/api/v1/logout")]
    {
        assert_eq!(discovery[member], format!("http://127.0.0.1:5123{path}"));
    }
    // Nobody is told of a logout elsewhere, so nobody is promised it.
    for promise in ["frontchannel_logout_supported", "backchannel_logout_supported"] {
        assert_eq!(discovery.get(promise), None, "{promise}");
    }

    let tokens = rig.login("idporten-loa-substantial", PERSON).await;
    assert_eq!((&tokens["expires_in"], &tokens["refresh_token_expires_in"]), (&json!(1800), &json!(28800)));
    assert_eq!(tokens["token_type"], "Bearer");
    let access = rig.verified(text(&tokens["access_token"])).await;
    let id = rig.verified(text(&tokens["id_token"])).await;
    let expected = json!({
        "pid": "08844397713", "acr": "idporten-loa-substantial", "amr": ["TestID"], "urn:altinn:userid": "20000001",
        "urn:altinn:partyid": 50_364_905, "urn:altinn:authlevel": 3, "urn:altinn:username": "",
        "urn:altinn:authenticatemethod": "IdportenTestId",
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!((&access[name], &id[name]), (value, value), "{name}");
    }
    assert_eq!(access["scope"], "digdir:dialogporten.noconsent openid altinn:portal/enduser");
    assert_eq!((&id["nonce"], &id["aud"], &id["locale"]), (&json!("the nonce"), &json!("inbox"), &json!("nb")));
    assert!(id["sid"].is_string() && id["sid"] == access["sid"]);
    for absent in ["aud", "client_id", "consumer"] {
        assert!(access.get(absent).is_none(), "{absent}");
    }
    let user =
        rig.authorized("GET", "/authentication/api/v1/userinfo", text(&tokens["access_token"]), &Value::Null).await;
    assert_eq!((&user.json()["sub"], &user.json()["pid"]), (&access["sub"], &access["pid"]));
}

#[tokio::test]
async fn a_step_up_is_of_the_highest_level_and_for_persons_only() {
    let rig = Rig::new();
    let tokens = rig.login("idporten-loa-high", PERSON).await;
    let access = claims_of(text(&tokens["access_token"]));
    assert_eq!((&access["acr"], &access["urn:altinn:authlevel"]), (&json!("idporten-loa-high"), &json!(4)));
    assert_eq!(rig.link_of(&parameters("idporten-loa-high"), EMAIL).await, None);

    let link = rig.link_of(&usual(), EMAIL).await.expect("a link");
    let raised = link.replace("idporten-loa-substantial", "idporten-loa-high");
    assert_eq!(rig.get(&raised).await.status, 400);

    let tokens = rig.login("idporten-loa-substantial", EMAIL).await;
    let access = claims_of(text(&tokens["access_token"]));
    assert_eq!((&access["email"], &access["amr"]), (&json!("test@test.no"), &json!(["Selfregistered-email"])));
    assert_eq!(access["urn:altinn:party:external-identifier"], EMAIL);
    assert!(access.get("pid").is_none() && access["sub"].is_string());
}

/// Whoever is not of the scenario, or is no user, cannot be picked; and the page says what those it shows act for.
#[tokio::test]
async fn the_page_shows_persons_with_what_they_act_for() {
    let rig = Rig::new();
    let page = rig.get(&path(AUTHORIZE, &usual())).await;
    assert_eq!(page.text.matches("class=\"pick\"").count(), 2);
    assert!(page.text.contains("TIGER AS<small>General manager; 1 service</small>"), "{}", page.text);
    assert!(page.headers["content-security-policy"].to_str().expect("text").contains("script-src 'self'"));
    for nobody in ["urn:altinn:organization:identifier-no:310923044", "urn:altinn:person:identifier-no:13838599936"] {
        let mut asked = usual();
        asked.push(("sandbox_user", nobody.to_owned()));
        assert_eq!(rig.get(&path("/sandbox/login", &asked)).await.status, 400, "{nobody}");
    }
    // The one who was picked is offered first the next time.
    let picked = rig.get(&rig.link_of(&usual(), EMAIL).await.expect("a link")).await;
    let cookie = picked.headers[header::SET_COOKIE].to_str().expect("text").split(';').next().expect("a cookie");
    let again = Request::get(path(AUTHORIZE, &usual())).header(header::COOKIE, format!("a=b; {cookie}"));
    let again = rig.send(again.body(Body::empty()).expect("a request")).await.text;
    assert!(again.find("test@test.no") < again.find("08844397713") && again.contains("last time"), "{again}");
}

#[tokio::test]
async fn only_the_page_of_persons_can_pick_and_only_this_machine_gets_a_code() {
    let rig = Rig::new();
    let link = rig.link_of(&usual(), PERSON).await.expect("a link");
    let strange = Request::get(link).header("sec-fetch-site", "cross-site").body(Body::empty()).expect("a request");
    assert_eq!(rig.send(strange).await.status, 403);
    for (name, wrong) in [
        ("redirect_uri", "https://evil.example/cb"),
        ("redirect_uri", "javascript:alert(1)"),
        ("redirect_uri", ""),
        ("client_id", ""),
    ] {
        let mut asked = usual();
        asked.iter_mut().filter(|(known, _)| *known == name).for_each(|(_, value)| wrong.clone_into(value));
        let answer = rig.get(&path(AUTHORIZE, &asked)).await;
        assert_eq!((answer.status.as_u16(), answer.headers.get(header::LOCATION)), (400, None), "{name} {wrong}");
    }
}

#[tokio::test]
async fn what_a_client_asks_wrong_is_told_at_its_own_address() {
    let rig = Rig::new();
    for (name, wrong, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "digdir:dialogporten", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("nonce", &"n".repeat(1025), "invalid_request"),
    ] {
        let mut asked = usual();
        asked.iter_mut().filter(|(known, _)| *known == name).for_each(|(_, value)| wrong.clone_into(value));
        for base in [AUTHORIZE, "/sandbox/login"] {
            let back = returned(&rig.get(&path(base, &asked)).await);
            assert_eq!((back.get("error"), back.get("state")), (Some(error), Some("the state")), "{name}");
        }
    }
    let mut silent = usual();
    silent.push(("prompt", "none".to_owned()));
    assert_eq!(returned(&rig.get(&path(AUTHORIZE, &silent)).await).get("error"), Some("login_required"));
}

#[tokio::test]
async fn codes_and_refresh_tokens_are_good_once_for_their_client() {
    let rig = Rig::new();
    let code = rig.code("idporten-loa-substantial", PERSON).await;
    let form = |verifier, client| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code_verifier", verifier),
            ("redirect_uri", CALLBACK),
        ]
    };
    for (client, verifier) in [("inbox", "another"), ("other", VERIFIER)] {
        let mut form = form(verifier, client).to_vec();
        form.push(("code", &code));
        let refused = rig.token(client, &form).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (400, &json!("invalid_grant")), "{client}");
    }
    let unlike = rig.token("other", &form(VERIFIER, "inbox")).await;
    assert_eq!((unlike.status.as_u16(), &unlike.json()["error"]), (401, &json!("invalid_client")));

    let first = rig.redeemed(&code).await.json();
    let second = rig.refreshed(&first["refresh_token"]).await;
    assert_eq!(second.status, 200);
    let second = second.json();
    assert!(["access_token", "refresh_token"].iter().all(|token| second[token] != first[token]));
    assert_eq!(rig.refreshed(&first["refresh_token"]).await.status, 400);
    assert_eq!(rig.redeemed(&code).await.status, 400);
    // The code came twice, so whoever has the session may not be the one who logged in.
    assert_eq!(rig.refreshed(&second["refresh_token"]).await.status, 400);
    assert_eq!(rig.token("inbox", &[("grant_type", "password")]).await.json()["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn sessions_follow_the_clock_the_world_and_a_reset() {
    let rig = Rig::new();
    let advance = |seconds: i64| json!({ "advance_seconds": seconds });
    let code = rig.code("idporten-loa-substantial", PERSON).await;
    rig.with("PUT", "/sandbox/clock", &advance(60)).await;
    assert_eq!(rig.redeemed(&code).await.status, 400, "a code is good for a minute");

    let tokens = rig.login("idporten-loa-substantial", PERSON).await;
    rig.with("PUT", "/sandbox/clock", &advance(1900)).await;
    let token = text(&tokens["access_token"]);
    assert_eq!(rig.profile("GET", "", token, &Value::Null).await.status, 401, "the token has ended");
    let tokens = rig.refreshed(&tokens["refresh_token"]).await.json();
    assert_eq!(rig.profile("GET", "", text(&tokens["access_token"]), &Value::Null).await.status, 200);
    rig.with("PUT", "/sandbox/clock", &advance(8 * 3600)).await;
    assert_eq!(rig.refreshed(&tokens["refresh_token"]).await.status, 400, "and so has the session");

    let tokens = rig.login("idporten-loa-substantial", EMAIL).await;
    let gone = json!({"self_identified": [{"email": "test@test.no", "remove": true}]});
    assert_eq!(rig.with("PATCH", "/sandbox/world", &gone).await.status, 204);
    assert_eq!(rig.refreshed(&tokens["refresh_token"]).await.json()["error"], "invalid_grant");

    let tokens = rig.login("idporten-loa-substantial", PERSON).await;
    let nynorsk = json!({"language": "nn"});
    let token = text(&tokens["access_token"]);
    assert_eq!(rig.profile("PATCH", "/profilesettings", token, &nynorsk).await.json()["language"], "nn");
    assert_eq!(rig.with("POST", "/sandbox/reset", &Value::Null).await.status, 204);
    assert_eq!(rig.refreshed(&tokens["refresh_token"]).await.status, 400);
    let again = rig.login("idporten-loa-substantial", PERSON).await;
    assert_eq!(claims_of(text(&again["id_token"]))["locale"], "nb");
}

#[tokio::test]
async fn a_logout_ends_the_session_and_leads_back() {
    let rig = Rig::new();
    let tokens = rig.login("idporten-loa-substantial", PERSON).await;
    // The inbox brings an id token of long ago.
    rig.with("PUT", "/sandbox/clock", &json!({"advance_seconds": 7200})).await;
    let logout = format!("/authentication/api/v1/logout?id_token_hint={}", text(&tokens["id_token"]));
    let page = rig.get(&logout).await;
    assert!(page.status == 200 && page.text.contains("href=\"https://app.localhost/\""), "{}", page.text);
    assert_eq!(rig.refreshed(&tokens["refresh_token"]).await.status, 400);
    let page = rig.get(&logout).await;
    assert!(page.status == 200 && !page.text.contains("href=\"https://"), "{}", page.text);

    let back =
        rig.get("/authentication/api/v1/logout?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fx&state=s").await;
    assert_eq!(back.headers[header::LOCATION], "http://localhost:1/x?state=s");
    let away = rig.get("/authentication/api/v1/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F").await;
    assert_eq!((away.status.as_u16(), away.headers.get(header::LOCATION)), (200, None));
}

#[tokio::test]
async fn a_profile_holds_what_its_user_has_set() {
    let rig = Rig::new();
    let tokens = rig.login("idporten-loa-substantial", PERSON).await;
    let token = text(&tokens["access_token"]);
    let me = rig.profile("GET", "", token, &Value::Null).await.json();
    assert_eq!((&me["userId"], &me["partyId"], &me["userType"]), (&json!(20_000_001), &json!(50_364_905), &json!(1)));
    let party = &me["party"];
    assert_eq!((&party["partyTypeName"], &party["ssn"]), (&json!(1), &json!("08844397713")));
    assert_eq!((&party["person"]["lastName"], &party["person"]["firstName"]), (&json!("LEIF"), &json!("DEMO")));

    let uuid = rig.sandbox.world().organization(ORGANIZATION).expect("an organization").party_uuid;
    let change = json!({"language": "en", "preSelectedPartyUuid": uuid, "showClientUnits": true, "shouldShowDeletedEntities": true});
    let settings = rig.profile("PATCH", "/profilesettings", token, &change).await.json();
    assert_eq!(settings, rig.profile("GET", "", token, &Value::Null).await.json()["profileSettingPreference"]);
    assert_eq!((&settings["language"], &settings["preselectedPartyUuid"]), (&json!("en"), &json!(uuid)));
    assert_eq!((&settings["showClientUnits"], &settings["shouldShowDeletedEntities"]), (&json!(true), &json!(true)));
    for wrong in
        [json!({"language": "de"}), json!({"preSelectedPartyUuid": "x"}), json!({"showClientUnits": 1}), json!([])]
    {
        assert_eq!(rig.profile("PATCH", "/profilesettings", token, &wrong).await.status, 400, "{wrong}");
    }
    let cleared = rig.profile("PATCH", "/profilesettings", token, &json!({"preSelectedPartyUuid": null})).await.json();
    assert_eq!((&cleared["preselectedPartyUuid"], &cleared["language"]), (&Value::Null, &json!("en")));

    let favourites = "/party-groups/favorites";
    let one = format!("{favourites}/{uuid}");
    for (method, path, status) in [
        ("PUT", one.as_str(), 201),
        ("PUT", &one, 204),
        ("PUT", &format!("{favourites}/{}", uuid::Uuid::nil()), 400),
        ("DELETE", &format!("{favourites}/x"), 404),
    ] {
        assert_eq!(rig.profile(method, path, token, &Value::Null).await.status, status, "{method} {path}");
    }
    let kept = rig.profile("GET", favourites, token, &Value::Null).await.json();
    assert_eq!((&kept["isFavorite"], &kept["parties"]), (&json!(true), &json!([uuid])));
    assert_eq!(rig.profile("DELETE", &one, token, &Value::Null).await.status, 204);
    assert_eq!(rig.profile("DELETE", &one, token, &Value::Null).await.status, 404);
    assert_eq!(rig.get("/profile/api/v1/users/current").await.status, 401);
}

#[tokio::test]
async fn addresses_for_news_are_kept_and_proved() {
    let rig = Rig::new();
    let tokens = rig.login("idporten-loa-substantial", PERSON).await;
    let token = text(&tokens["access_token"]);
    let uuid = rig.sandbox.world().organization(ORGANIZATION).expect("an organization").party_uuid;
    let (all, one) = ("/notificationsettings/parties", format!("/notificationsettings/parties/{uuid}"));
    let wanted = json!({"emailAddress": "a@b.no", "resourceIncludeList": ["urn:altinn:resource:ttd-demo"]});
    assert_eq!(rig.profile("PATCH", &one, token, &wanted).await.status, 201);
    assert_eq!(rig.profile("PATCH", &one, token, &json!({"phoneNumber": "+4799999999"})).await.status, 204);
    let kept = rig.profile("GET", all, token, &Value::Null).await.json();
    assert_eq!((&kept[0]["emailAddress"], &kept[0]["phoneNumber"]), (&json!("a@b.no"), &json!("+4799999999")));
    assert_eq!((&kept[0]["emailVerificationStatus"], &kept[0]["userId"]), (&json!("Unverified"), &json!(20_000_001)));

    let address = json!({"value": "a@b.no", "type": "Email"});
    assert_eq!(rig.profile("POST", "/verification/send", token, &address).await.status, 204);
    let too_soon = rig.profile("POST", "/verification/send", token, &address).await;
    assert_eq!(
        (too_soon.status.as_u16(), &too_soon.headers[header::RETRY_AFTER]),
        (429, &"30".parse().expect("a value"))
    );
    let sent = rig.data("/sandbox/messages").await;
    assert_eq!((&sent[0]["to"], &sent[0]["kind"]), (&json!("a@b.no"), &json!("Email")));
    let code = text(&sent[0]["text"]).rsplit(' ').next().expect("a code").to_owned();
    let with = |code: &str| json!({"value": "a@b.no", "type": "Email", "verificationCode": code});
    assert_eq!(rig.profile("POST", "/verification/verify", token, &with("0")).await.status, 422);
    assert_eq!(rig.profile("POST", "/verification/verify", token, &with(&code)).await.status, 204);
    let verified = rig.profile("GET", "/verification/verified-addresses", token, &Value::Null).await.json();
    assert_eq!(verified, json!([address]));
    let kept = rig.profile("GET", all, token, &Value::Null).await.json();
    assert_eq!(kept[0]["emailVerificationStatus"], "Verified");
    for wrong in [json!({"value": "a".repeat(255), "type": "Email"}), json!({"value": "a", "type": "Fax"}), json!([])] {
        assert_eq!(rig.profile("POST", "/verification/send", token, &wrong).await.status, 400, "{wrong}");
    }
    for wrong in [json!({"emailAddress": 1}), json!({"resourceIncludeList": vec!["x"; 501]})] {
        assert_eq!(rig.profile("PATCH", &one, token, &wrong).await.status, 400);
    }
    let phone = json!({"value": "+4791111111"});
    assert_eq!(rig.profile("PUT", "/notificationsettings/private/phonenumber", token, &phone).await.status, 204);
    assert_eq!(rig.profile("GET", "", token, &Value::Null).await.json()["phoneNumber"], "+4791111111");
    assert_eq!(rig.profile("DELETE", &one, token, &Value::Null).await.status, 200);
    assert_eq!(rig.profile("DELETE", &one, token, &Value::Null).await.status, 404);
    for (number, status) in [(ORGANIZATION, 200), ("991825827", 403), ("310010693", 404)] {
        let path = format!("/profile/api/v1/organizations/{number}/notificationaddresses/mandatory");
        assert_eq!(rig.authorized("GET", &path, token, &Value::Null).await.status, status, "{number}");
    }
}

#[tokio::test]
async fn service_owners_are_told_in_the_form_of_the_inboxs_cache() {
    let organizations = Rig::new().data("/sandbox/organizations").await;
    let name = json!({"nb": "Testdepartementet", "nn": "Testdepartementet", "en": "Testdepartementet"});
    assert_eq!((&organizations[0]["id"], &organizations[0]["name"]), (&json!("ttd"), &name));
}

#[tokio::test]
async fn user_names_are_set_and_found_in_the_register() {
    let rig = Rig::new();
    let token = rig.platform_token("altinn:register/partylookup.admin").await;
    let uuid = rig.sandbox.world().person("08844397713").expect("a person").party_uuid;
    let register = "/register/api/v1/dialogporten/parties";
    let asked = json!({"data": [format!("urn:altinn:party:uuid:{uuid}")]});
    let name = |answer: Answer| answer.json()["data"][0]["user"]["username"].clone();
    let query = format!("{register}/query?fields=user.name");
    assert_eq!(name(rig.authorized("POST", &query, &token, &asked).await), Value::Null);
    let set = |party: &str, username: Value| {
        let (rig, token, body) = (&rig, &token, json!({"party": party, "username": username}));
        async move { rig.authorized("POST", &format!("{register}/set-username?"), token, &body).await }
    };
    assert_eq!(set(PERSON, json!("kari.demo")).await.status, 204);
    assert_eq!(name(rig.authorized("POST", &query, &token, &asked).await), "kari.demo");
    assert_eq!(set(EMAIL, json!("KARI.demo")).await.status, 409);
    for (party, username) in [(PERSON, json!("x")), (PERSON, json!(5)), ("nobody", json!("longenough"))] {
        let refused = set(party, username).await;
        assert_eq!(refused.status, 400);
        assert!(refused.json()["validationErrors"][0]["detail"].is_string());
    }
    assert_eq!(set(PERSON, Value::Null).await.status, 204);
    assert_eq!(name(rig.authorized("POST", &query, &token, &asked).await), Value::Null);
    assert_eq!(rig.with("POST", &format!("{register}/set-username?"), &json!({})).await.status, 401);
}
