//! `GET /api/Get…Token`: tokens as the public test tools make them, for anybody who asks (chapter 03 §11.1).

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Sandbox,
    keys::KeyName,
    mint::{Enterprise, EnterpriseUser, Person, SelfIdentified, SystemUser, TTL_SECONDS, TokenKind},
    wire::{self, Query},
};
use crate::domain::party::{is_organization_number, is_person_number};

const CONSENT_TTL_SECONDS: i64 = 30;
const MOST_TOKENS: u32 = 10_000;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/api/GetEnterpriseToken", get(enterprise))
        .route("/api/GetEnterpriseUserToken", get(enterprise_user))
        .route("/api/GetPersonalToken", get(person))
        .route("/api/GetSystemUserToken", get(system_user))
        .route("/api/GetSelfIdentifiedUserToken", get(self_identified))
        .route("/api/GetSelfRegisteredEmailUserToken", get(email))
        .route("/api/GetPlatformToken", get(platform))
        .route("/api/GetPlatformAccessToken", get(platform_access))
        .route("/api/GetConsentToken", get(consent))
}

async fn enterprise(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, TTL_SECONDS);
    let scopes = given.scopes(None);
    let enterprise = given.enterprise(scopes);
    let count = given.bulk_count();
    given.answer(&sandbox, TokenKind::Enterprise(enterprise), count).await
}

async fn enterprise_user(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, TTL_SECONDS);
    let scopes = given.scopes(Some("altinn:enduser"));
    given.required("orgNo");
    let enterprise = given.enterprise(scopes);
    let user = EnterpriseUser {
        user_id: given.required_number("userId"),
        party_id: given.required_number("partyId"),
        party_uuid: given.uuid("partyuuid"),
        user_name: given.required_word("userName"),
    };
    given.answer(&sandbox, TokenKind::EnterpriseUser(enterprise, user), 0).await
}

async fn person(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, TTL_SECONDS);
    let person = Person {
        scopes: given.scopes(Some("altinn:enduser")),
        pid: given.pid(),
        level: given.level(),
        user_id: given.number("userId"),
        party_id: given.number("partyId"),
        party_uuid: given.uuid("partyuuid"),
        user_name: given.word("userName"),
        client_amr: given.word("clientAmr").unwrap_or_else(|| "virksomhetssertifikat".to_owned()),
        consumer: given.checked("consumerOrgNo", "9 or 11 digits", |text| is_digits(text, 9) || is_digits(text, 11)),
        delegation_source: given.delegation_source(),
    };
    let count = given.bulk_count();
    given.answer(&sandbox, TokenKind::Person(person), count).await
}

async fn system_user(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, TTL_SECONDS);
    given.required("systemUserId");
    let id = given.uuid("systemUserId").unwrap_or_default();
    let usual = sandbox.default_system_user_owner(&id);
    let system_user = SystemUser {
        scopes: given.scopes(Some("altinn:enduser")),
        consumer: given.organization("orgNo").unwrap_or_else(|| usual.clone()),
        owner: given.organization("systemUserOrg").unwrap_or(usual),
        supplier: given.organization("supplierOrgNo"),
        client_id: given.word("clientId").unwrap_or_else(random_uuid),
        id,
    };
    given.answer(&sandbox, TokenKind::SystemUser(system_user), 0).await
}

async fn self_identified(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, TTL_SECONDS);
    let scopes = given.scopes(Some("altinn:portal/enduser"));
    let name = given.word("username").unwrap_or_else(|| format!("user-{}", &random_uuid()[..8]));
    let user = given.self_identified(&sandbox, &name, &scopes);
    given.answer(&sandbox, TokenKind::SelfIdentified(user), 0).await
}

async fn email(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, TTL_SECONDS);
    let scopes = given.scopes(Some("altinn:portal/enduser"));
    given.required("email");
    let address = given.checked("email", "an e-mail address of at most 50 characters", is_email).unwrap_or_default();
    let user = given.self_identified(&sandbox, &address, &scopes);
    given.answer(&sandbox, TokenKind::Email(user), 0).await
}

async fn platform(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, TTL_SECONDS);
    let app = given.app();
    given.answer(&sandbox, TokenKind::Platform { app, issuer: None }, 0).await
}

async fn platform_access(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, TTL_SECONDS);
    let app = given.app();
    let issuer = given.checked("org", "`platform` or `ttd`", |org| ["platform", "ttd"].contains(&org));
    let issuer = issuer.or_else(|| Some("platform".to_owned()));
    given.answer(&sandbox, TokenKind::Platform { app, issuer }, 0).await
}

async fn consent(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let mut given = Given::new(&query, CONSENT_TTL_SECONDS);
    let consent = TokenKind::Consent {
        service_codes: given.required("serviceCodes"),
        offered_by: given.required("offeredBy"),
        covered_by: given.required("coveredBy"),
    };
    given.answer(&sandbox, consent, 0).await
}

/// The parameters of one request, and what is wrong with them by name.
struct Given<'a> {
    query: &'a Query,
    wrong: BTreeMap<&'static str, String>,
    ttl: i64,
}

impl<'a> Given<'a> {
    fn new(query: &'a Query, ttl: i64) -> Self {
        let mut given = Self { query, wrong: BTreeMap::new(), ttl };
        // The tools take whole seconds from 0 up; negative ones, for tokens that have expired, are the sandbox's own.
        given.ttl =
            given.parsed("ttl", "a whole number of seconds", |text| text.parse::<i32>().ok()).map_or(ttl, i64::from);
        given
    }

    /// One token as text, decoded if `dump` is there; many as an object by their holders' numbers.
    async fn answer(self, sandbox: &Sandbox, kind: TokenKind, count: u32) -> Response {
        if !self.wrong.is_empty() {
            return wire::json(StatusCode::BAD_REQUEST, &self.wrong);
        }
        let ttl = self.ttl;
        if count > 0 {
            // Signing keeps a processor busy: not on the threads that answer others.
            let sandbox = sandbox.clone();
            let tokens = tokio::task::spawn_blocking(move || many(&sandbox, kind, ttl, count)).await;
            return tokens
                .map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |tokens| wire::ok(&tokens));
        }
        if self.query.get("dump").is_some() {
            let claims = kind.claims(&sandbox.issuer(KeyName::Altinn), sandbox.clock().now(), ttl);
            return wire::text(
                StatusCode::OK,
                format!("{:#}\n{:#}", Value::Object(sandbox.altinn_header()), Value::Object(claims)),
            );
        }
        wire::text(StatusCode::OK, sandbox.mint(&kind, ttl))
    }

    fn parsed<T>(&mut self, name: &'static str, form: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.query.get(name)?;
        let value = parse(text);
        if value.is_none() {
            self.wrong.insert(name, format!("Must be {form}"));
        }
        value
    }

    fn checked(&mut self, name: &'static str, form: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        self.parsed(name, form, |text| fits(text).then(|| text.to_owned()))
    }

    fn required(&mut self, name: &'static str) -> String {
        let value = self.query.get(name);
        if value.is_none() {
            self.wrong.insert(name, "Required".to_owned());
        }
        value.unwrap_or_default().to_owned()
    }

    fn number(&mut self, name: &'static str) -> Option<u32> {
        self.parsed(name, "a number from 0 to 4294967295", |text| text.parse().ok())
    }

    fn required_number(&mut self, name: &'static str) -> u32 {
        self.required(name);
        self.number(name).unwrap_or_default()
    }

    fn word(&mut self, name: &'static str) -> Option<String> {
        self.checked(name, "at most 50 letters, digits, `-` and `_`", is_word)
    }

    fn required_word(&mut self, name: &'static str) -> String {
        self.required(name);
        self.word(name).unwrap_or_default()
    }

    fn uuid(&mut self, name: &'static str) -> Option<String> {
        self.checked(name, "a UUID", |text| Uuid::try_parse(text).is_ok())
    }

    fn organization(&mut self, name: &'static str) -> Option<String> {
        self.checked(name, "9 digits", |text| is_digits(text, 9))
    }

    fn pid(&mut self) -> String {
        self.checked("pid", "11 digits", |text| is_digits(text, 11)).unwrap_or_else(random_person)
    }

    fn level(&mut self) -> u8 {
        let level = |text: &str| text.parse().ok().filter(|level| (1..=4).contains(level));
        self.parsed("authLvl", "a number from 1 to 4", level).unwrap_or(3)
    }

    fn delegation_source(&mut self) -> Option<String> {
        self.checked("delegationSource", "an absolute URI", |text| url::Url::parse(text).is_ok())
    }

    fn app(&mut self) -> String {
        self.required("app");
        let is_app = |text: &str| text.len() <= 50 && text.split('.').all(is_word);
        self.checked("app", "at most 50 letters, digits, `-`, `_` and single inner dots", is_app).unwrap_or_default()
    }

    /// Separated by single spaces; `usual` if none are given, or else required.
    fn scopes(&mut self, usual: Option<&str>) -> String {
        if usual.is_none() {
            self.required("scopes");
        }
        let form = "at most 500 lower-case letters, digits and `: / _ - .`, separated by spaces or commas";
        let scopes = self.checked("scopes", form, is_scopes);
        let scopes = scopes.as_deref().or(usual).unwrap_or_default();
        scopes.split([',', ' ']).filter(|scope| !scope.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn enterprise(&mut self, scopes: String) -> Enterprise {
        Enterprise {
            scopes,
            org_no: self.organization("orgNo").unwrap_or_else(random_organization),
            org: self.word("org"),
            supplier: self.organization("supplierOrgNo"),
            delegation_source: self.delegation_source(),
            client_id: self.query.get("clientId").map_or_else(random_uuid, str::to_owned),
        }
    }

    /// The user of the world, with what the parameters say instead.
    fn self_identified(&mut self, sandbox: &Sandbox, name: &str, scopes: &str) -> SelfIdentified {
        let known = sandbox.self_identified(name, scopes);
        SelfIdentified {
            user_id: self.number("userId").unwrap_or(known.user_id),
            party_id: self.number("partyId").unwrap_or(known.party_id),
            party_uuid: self.uuid("partyuuid").unwrap_or(known.party_uuid),
            ..known
        }
    }

    fn bulk_count(&mut self) -> u32 {
        let count = |text: &str| text.parse().ok().filter(|count| *count <= MOST_TOKENS);
        self.parsed("bulkCount", "a number from 0 to 10000", count).unwrap_or_default()
    }
}

/// `count` tokens that differ in their holder, a random one each.
fn many(sandbox: &Sandbox, mut kind: TokenKind, ttl: i64, count: u32) -> BTreeMap<String, String> {
    let mut tokens = BTreeMap::new();
    while tokens.len() < count as usize {
        let holder = match &mut kind {
            TokenKind::Person(person) => {
                person.pid = random_person();
                person.pid.clone()
            }
            TokenKind::Enterprise(enterprise) => {
                enterprise.org_no = random_organization();
                enterprise.org_no.clone()
            }
            _ => random_uuid(),
        };
        tokens.insert(holder, sandbox.mint(&kind, ttl));
    }
    tokens
}

fn random_uuid() -> String {
    Uuid::new_v4().to_string()
}

/// A valid number of nobody: month and day as in the synthetic population.
fn random_person() -> String {
    loop {
        let dice = Uuid::new_v4().as_u128();
        let part = |shift: u32, size: u128| (dice >> shift & 0xffff) % size;
        let start = format!("{:02}{:02}{:02}{:03}", part(0, 28) + 1, part(16, 12) + 81, part(32, 100), part(80, 1000));
        if let Some(number) = (0..100).map(|end| format!("{start}{end:02}")).find(|number| is_person_number(number)) {
            return number;
        }
    }
}

fn random_organization() -> String {
    loop {
        let start = 31_000_000 + (Uuid::new_v4().as_u128() >> 80) % 1_000_000;
        if let Some(number) = (0..10).map(|end| format!("{start}{end}")).find(|number| is_organization_number(number)) {
            return number;
        }
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    (1..=50).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn is_scopes(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":/_-,. ".contains(&byte);
    text.len() <= 500 && text.bytes().all(fits)
}

fn is_email(text: &str) -> bool {
    text.chars().count() <= 50
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}
