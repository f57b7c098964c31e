//! User names in the register (chapter 07 §16.2): looked up and set by the inbox with a token of the platform.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{
    Sandbox, exchange, lock,
    platform::bad_request,
    wire,
    world::{Identity, IdentityKind},
};

const SCOPES: [&str; 1] = ["altinn:register/partylookup.admin"];
const LENGTHS: std::ops::RangeInclusive<usize> = 6..=64;

/// The answer to `parties/query?fields=user.name`.
pub fn of_parties(sandbox: &Sandbox, urns: &[String]) -> Response {
    let world = sandbox.world();
    let mut profiles = lock(&sandbox.0.profiles);
    let mut data = Vec::new();
    for urn in urns {
        let uuid = urn.strip_prefix("urn:altinn:party:uuid:").and_then(|uuid| uuid.parse().ok());
        let Some(party) = uuid.and_then(|uuid| world.party(uuid)).or_else(|| world.somebody(urn)) else { continue };
        let set = profiles.of(party.party_uuid).username.clone();
        let own = (party.kind == IdentityKind::Username).then(|| party.id.clone());
        data.push(json!({"partyUuid": party.party_uuid, "user": {"username": set.or(own)}}));
    }
    let status = if data.len() < urns.len() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    wire::json(status, &json!({ "data": data }))
}

/// `POST …/parties/set-username`: gives a party a user name, or takes it away.
pub async fn set(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = exchange::require(&sandbox, &headers, &SCOPES) {
        return refused.into_response();
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return bad_request("the body is not JSON") };
    let world = sandbox.world();
    let person = |one: &&Identity| matches!(one.kind, IdentityKind::Person | IdentityKind::Email);
    let Some(party) = body["party"].as_str().and_then(|urn| world.somebody(urn)).filter(person) else {
        return invalid("/party", "The party is not a person of the register.");
    };
    let username = match &body["username"] {
        Value::Null => None,
        Value::String(name) if is_username(name) => Some(name.clone()),
        _ => {
            return invalid(
                "/username",
                "A user name has 6 to 64 letters, digits and ._-@, the first of them a letter.",
            );
        }
    };
    let mut profiles = lock(&sandbox.0.profiles);
    let is_taken = |name: &String| {
        profiles.has_username(name, party.party_uuid)
            || world.identities().any(|one| one.kind == IdentityKind::Username && one.id.eq_ignore_ascii_case(name))
    };
    if username.as_ref().is_some_and(is_taken) {
        return wire::json(
            StatusCode::CONFLICT,
            &json!({"title": "Conflict", "status": 409, "detail": "The user name is taken."}),
        );
    }
    profiles.of(party.party_uuid).username = username;
    StatusCode::NO_CONTENT.into_response()
}

fn is_username(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    LENGTHS.contains(&name.len()) && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(fits)
}

fn invalid(path: &str, detail: &str) -> Response {
    let problem = json!({
        "title": "One or more validation errors occurred.",
        "status": 400,
        "detail": detail,
        "validationErrors": [{"code": "REG.VLD-00000", "detail": detail, "paths": [path]}],
    });
    wire::json(StatusCode::BAD_REQUEST, &problem)
}
