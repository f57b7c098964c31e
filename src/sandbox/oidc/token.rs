//! `POST /authentication/api/v1/token`: a code or a refresh token for new tokens; and what these say.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    authorize::{HIGH, SUBSTANTIAL},
    logins::{REFRESH_SECONDS, Session},
};
use crate::{
    domain::Instant,
    sandbox::{
        Sandbox,
        keys::KeyName,
        lock,
        mint::{Claims, TTL_SECONDS, TokenKind, object, optional},
        wire::{self, Query},
        world::{Identity, IdentityKind},
    },
};

pub async fn token(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Query::parse(&body);
    let Some(client) = client(&headers, &form) else {
        return (
            [(header::WWW_AUTHENTICATE, "Basic")],
            refused(StatusCode::UNAUTHORIZED, "invalid_client", "the client does not say who it is"),
        )
            .into_response();
    };
    let now = sandbox.clock().now();
    let session = match form.get("grant_type") {
        Some("authorization_code") => {
            let challenge = challenge_of(form.get("code_verifier").unwrap_or_default());
            let proofs = (client.as_str(), form.get("redirect_uri").unwrap_or_default(), challenge.as_str());
            lock(&sandbox.0.logins).redeem(form.get("code").unwrap_or_default(), proofs, now)
        }
        Some("refresh_token") => {
            lock(&sandbox.0.logins).refresh(form.get("refresh_token").unwrap_or_default(), &client, now)
        }
        _ => {
            let reason = "grant_type is neither authorization_code nor refresh_token";
            return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", reason);
        }
    };
    match session {
        Ok(session) => tokens(&sandbox, &session, now),
        Err(reason) => refused(StatusCode::BAD_REQUEST, "invalid_grant", reason),
    }
}

fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    wire::json(status, &json!({"error": error, "error_description": description}))
}

/// The client's name, as it stands in Basic credentials or in the form. Its secret may be anything.
fn client(headers: &HeaderMap, form: &Query) -> Option<String> {
    let Some(credentials) = headers.get(header::AUTHORIZATION) else {
        return form.get("client_id").map(str::to_owned);
    };
    let (scheme, credentials) = credentials.to_str().ok()?.split_once(' ')?;
    let credentials = scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(credentials.trim()).ok());
    let credentials = String::from_utf8(credentials??).ok()?;
    let (name, _secret) = credentials.split_once(':')?;
    // Where a client names itself twice it has to say the same.
    (!name.is_empty() && form.get("client_id").is_none_or(|again| again == name)).then(|| name.to_owned())
}

fn challenge_of(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn tokens(sandbox: &Sandbox, session: &Session, now: Instant) -> Response {
    let world = sandbox.world();
    let Some(user) = world.somebody(&session.login.who) else {
        lock(&sandbox.0.logins).end(&session.sid);
        return refused(StatusCode::BAD_REQUEST, "invalid_grant", "the user is not in this world any more");
    };
    let key = sandbox.key(KeyName::Altinn);
    let common = claims(sandbox, user, session, now);

    let mut access = common.clone();
    access.insert("scope".into(), session.login.scope.as_str().into());
    access.insert("jti".into(), Uuid::new_v4().to_string().into());
    let mut id = common;
    id.insert("aud".into(), session.login.client_id.as_str().into());
    id.insert("locale".into(), lock(&sandbox.0.profiles).language(user.party_uuid).into());
    optional(&mut id, "nonce", session.login.nonce.as_deref());

    let answer = wire::ok(&json!({
        "access_token": key.sign(&sandbox.altinn_header(), &access),
        "id_token": key.sign(&sandbox.altinn_header(), &id),
        "refresh_token": session.refresh_token(),
        "scope": session.login.scope,
        "token_type": "Bearer",
        "expires_in": TTL_SECONDS,
        // Not of the standard; the inbox does without a session if it is missing.
        "refresh_token_expires_in": REFRESH_SECONDS,
    }));
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

/// What both tokens say of their user, as the platform's own provider does.
fn claims(sandbox: &Sandbox, user: &Identity, session: &Session, now: Instant) -> Claims {
    let mut claims = match user.kind {
        IdentityKind::Email => TokenKind::Email(sandbox.self_identified(&user.id, "")).user_claims(session.since),
        _ => object(json!({
            "pid": user.id,
            "acr": if session.login.level == 4 { HIGH } else { SUBSTANTIAL },
            "amr": ["TestID"],
            "urn:altinn:userid": user.user_id.map(|id| id.to_string()),
            "urn:altinn:username": "",
            "urn:altinn:partyid": user.party_id,
            "urn:altinn:party:uuid": user.party_uuid,
            "urn:altinn:authenticatemethod": "IdportenTestId",
            "urn:altinn:authlevel": session.login.level,
        })),
    };
    for another in ["scope", "jti"] {
        claims.remove(another);
    }
    claims.extend(object(json!({
        "iss": sandbox.issuer(KeyName::Altinn),
        "sub": format!("urn:altinn:party:uuid:{}", user.party_uuid),
        "sid": session.sid,
        "auth_time": session.since.timestamp(),
        "iat": now.timestamp(),
        "nbf": now.timestamp(),
        "exp": now.timestamp() + TTL_SECONDS,
    })));
    claims
}
