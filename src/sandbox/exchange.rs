//! Maskinporten's token endpoint and the platform's exchange (chapter 03 §8.2), and the check of what they issued.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Sandbox,
    keys::KeyName,
    mint::{Claims, TTL_SECONDS, authority, object, optional},
    wire::{self, Query},
};

/// The organization that runs the service, hence the consumer of its Maskinporten tokens.
const OPERATOR: &str = "991825827";
const MASKINPORTEN_TTL_SECONDS: i64 = 120;
/// Maskinporten refuses assertions that live longer.
const LONGEST_ASSERTION_SECONDS: i64 = 120;
/// How far apart two clocks may be.
const SKEW_SECONDS: i64 = 2;

pub fn routes() -> Router<Sandbox> {
    Router::new().route("/token", post(token)).route("/authentication/api/v1/exchange/{provider}", get(exchange))
}

/// `POST /token`: an access token for an assertion that the service's key signed.
async fn token(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let form = Query::parse(&body);
    if form.get("grant_type") != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return refused("unsupported_grant_type", "grant_type is not the JWT bearer grant");
    }
    let assertion = match checked_assertion(&sandbox, form.get("assertion").unwrap_or_default()) {
        Ok(assertion) => assertion,
        Err(reason) => return refused("invalid_grant", reason),
    };
    let Some(scope) = assertion.get("scope").and_then(Value::as_str).filter(|scope| !scope.trim().is_empty()) else {
        return refused("invalid_scope", "the assertion asks for no scope");
    };

    let now = sandbox.clock().now().timestamp();
    let claims = object(json!({
        "iss": sandbox.issuer(KeyName::Maskinporten),
        "scope": scope,
        "client_id": assertion["iss"],
        "client_amr": "private_key_jwt",
        "token_type": "Bearer",
        "consumer": authority(OPERATOR),
        "jti": Uuid::new_v4(),
        "iat": now,
        "exp": now + MASKINPORTEN_TTL_SECONDS,
    }));
    let key = sandbox.key(KeyName::Maskinporten);
    wire::ok(&json!({
        "access_token": key.sign(&key.header(), &claims),
        "token_type": "Bearer",
        // A second less than `exp`, as Maskinporten says it.
        "expires_in": MASKINPORTEN_TTL_SECONDS - 1,
        "scope": scope,
    }))
}

fn checked_assertion(sandbox: &Sandbox, assertion: &str) -> Result<Claims, &'static str> {
    let claims =
        sandbox.key(KeyName::Client).verified(assertion).ok_or("the assertion is not signed by the client's key")?;
    let now = sandbox.clock().now().timestamp();
    let time = |name| claims.get(name).and_then(Value::as_i64);
    let (Some(issued), Some(expires)) = (time("iat"), time("exp")) else {
        return Err("the assertion lacks iat or exp");
    };
    if issued > now + SKEW_SECONDS || expires + SKEW_SECONDS < now || expires - issued > LONGEST_ASSERTION_SECONDS {
        return Err("the assertion is not valid now, or for too long");
    }
    if claims.get("iss").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err("the assertion names no client");
    }
    let base = sandbox.base();
    let issuer = sandbox.issuer(KeyName::Maskinporten);
    let known = |audience: &str| {
        let audience = audience.trim_end_matches('/');
        audience == base || audience == issuer || audience.strip_suffix("/token") == Some(base)
    };
    if !claims.get("aud").and_then(Value::as_str).is_some_and(known) {
        return Err("the assertion is meant for somebody else");
    }
    Ok(claims)
}

fn refused(error: &str, description: &str) -> Response {
    wire::json(StatusCode::BAD_REQUEST, &json!({"error": error, "error_description": description}))
}

/// `GET /authentication/api/v1/exchange/{provider}`: the platform's own token for that of another issuer, as a JSON string.
async fn exchange(
    State(sandbox): State<Sandbox>,
    Path(provider): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Response {
    let exchanged = match provider.as_str() {
        "maskinporten" => of_maskinporten(&sandbox, &headers, query.is_true("test")),
        "id-porten" => of_id_porten(&sandbox, &headers),
        _ => Err(StatusCode::BAD_REQUEST),
    };
    match exchanged {
        Ok(claims) => wire::ok(&sandbox.raw(&claims, &sandbox.altinn_header(), KeyName::Altinn)),
        Err(status) => status.into_response(),
    }
}

fn of_maskinporten(sandbox: &Sandbox, headers: &HeaderMap, is_test: bool) -> Result<Claims, StatusCode> {
    let mut claims = valid_token(sandbox, headers, KeyName::Maskinporten).ok_or(StatusCode::UNAUTHORIZED)?;
    let number =
        claims.get("consumer").and_then(|consumer| consumer["ID"].as_str()).and_then(|id| id.strip_prefix("0192:"));
    let number = number.ok_or(StatusCode::UNAUTHORIZED)?.to_owned();
    let is_service_owner =
        claims.get("scope").and_then(Value::as_str).is_some_and(|s| s.contains("altinn:serviceowner"));
    for gone in ["aud", "iss", "client_amr", "sid"] {
        claims.remove(gone);
    }
    if is_service_owner {
        let world = sandbox.world();
        let code = world.organization(&number).and_then(|organization| organization.owner_code.as_deref());
        optional(
            &mut claims,
            "urn:altinn:org",
            // `test=true` makes the operator itself act as the test organisation (chapter 03 §8.2).
            code.map(|code| if is_test && code == "digdir" { "ttd" } else { code }),
        );
    }
    claims.extend(object(json!({
        "urn:altinn:orgNumber": number,
        "urn:altinn:authenticatemethod": "maskinporten",
        "urn:altinn:authlevel": 3,
    })));
    let now = sandbox.clock().now().timestamp();
    claims.extend(issued_by_the_platform(sandbox, now));
    claims.insert("exp".into(), (now + TTL_SECONDS).into());
    Ok(claims)
}

fn of_id_porten(sandbox: &Sandbox, headers: &HeaderMap) -> Result<Claims, StatusCode> {
    let mut claims = valid_token(sandbox, headers, KeyName::Idporten).ok_or(StatusCode::UNAUTHORIZED)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    // Scopes of the platform, and those of partners that it lets in.
    let fits = |scope: &str| scope.starts_with("altinn:") || scope.starts_with("digdir:dialogporten");
    if !text("scope").unwrap_or_default().split(' ').any(fits) {
        return Err(StatusCode::FORBIDDEN);
    }
    let (pid, acr) = text("pid").zip(text("acr")).ok_or(StatusCode::UNAUTHORIZED)?;
    let world = sandbox.world();
    let person = world.person(&pid).ok_or(StatusCode::UNAUTHORIZED)?;
    let level = match acr.as_str() {
        "idporten-loa-low" => 0,
        "idporten-loa-substantial" => 3,
        "idporten-loa-high" => 4,
        other => other.chars().last().and_then(|last| last.to_digit(10)).ok_or(StatusCode::UNAUTHORIZED)?,
    };
    let method = claims.get("amr").and_then(|amr| amr[0].as_str()).unwrap_or("NotDefined").to_owned();
    for gone in ["aud", "iss", "at_hash", "sid", "sub"] {
        claims.remove(gone);
    }
    let user_id = person.user_id.map(|id| id.to_string());
    claims.extend(object(json!({
        "nameid": user_id,
        "urn:altinn:userid": user_id,
        "urn:altinn:username": "",
        "urn:altinn:partyid": person.party_id,
        "urn:altinn:party:uuid": person.party_uuid,
        "urn:altinn:authenticatemethod": method,
        "urn:altinn:authlevel": level,
    })));
    claims.extend(issued_by_the_platform(sandbox, sandbox.clock().now().timestamp()));
    Ok(claims)
}

fn issued_by_the_platform(sandbox: &Sandbox, now: i64) -> Claims {
    object(json!({"iss": sandbox.issuer(KeyName::Altinn), "sid": Uuid::new_v4(), "iat": now, "nbf": now}))
}

/// Why the platform does not listen to a caller.
pub enum NotLetIn {
    NoValidToken,
    NoFittingScope,
}

impl IntoResponse for NotLetIn {
    fn into_response(self) -> Response {
        match self {
            Self::NoValidToken => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response(),
            Self::NoFittingScope => StatusCode::FORBIDDEN.into_response(),
        }
    }
}

/// Refuses callers who do not bring an exchanged token with one of `scopes`.
pub fn require(sandbox: &Sandbox, headers: &HeaderMap, scopes: &[&str]) -> Result<(), NotLetIn> {
    let claims = valid_token(sandbox, headers, KeyName::Altinn).ok_or(NotLetIn::NoValidToken)?;
    let given = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    if given.split(' ').any(|scope| scopes.contains(&scope)) { Ok(()) } else { Err(NotLetIn::NoFittingScope) }
}

/// The claims of the bearer token, if `issuer` issued it and it holds now.
pub fn valid_token(sandbox: &Sandbox, headers: &HeaderMap, issuer: KeyName) -> Option<Claims> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let claims = scheme.eq_ignore_ascii_case("bearer").then(|| sandbox.key(issuer).verified(token.trim())).flatten()?;
    let now = sandbox.clock().now().timestamp();
    // Tokens of Maskinporten have no `nbf`.
    let starts = claims.get("nbf").and_then(Value::as_i64).unwrap_or(now);
    let ends = claims.get("exp").and_then(Value::as_i64)?;
    let is_theirs = claims.get("iss").and_then(Value::as_str) == Some(sandbox.issuer(issuer).as_str());
    (is_theirs && starts <= now + SKEW_SECONDS && now <= ends + SKEW_SECONDS).then_some(claims)
}
