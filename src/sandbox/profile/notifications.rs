//! Where somebody wants to be told of news, and proving that an address is one's own. Codes go to `GET /sandbox/messages`.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    response::IntoResponse,
    routing::{get, patch, post, put},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Handled, Refused, known_party, object,
    state::{Address, AddressKind},
    user,
};
use crate::sandbox::{Sandbox, lock, messages::Message, wire};

/// The longest e-mail address there is, in bytes.
const LONGEST_ADDRESS: usize = 254;
/// Resources that somebody wants to be told about, of one party; and how long their URNs may be.
const MOST_RESOURCES: usize = 500;
const LONGEST_URN: usize = 255;

pub fn routes() -> Router<Sandbox> {
    const USER: &str = "/profile/api/v1/users/current";
    let at = |path: &str| format!("{USER}/{path}");
    Router::new()
        .route(&at("notificationsettings/parties"), get(wanted))
        .route(&at("notificationsettings/parties/{party}"), patch(change).delete(forget))
        .route(&at("notificationsettings/private/phonenumber"), put(private_phone))
        .route(&at("verification/verified-addresses"), get(verified))
        .route(&at("verification/send"), post(send))
        .route(&at("verification/verify"), post(verify))
        .route("/profile/api/v1/organizations/{number}/notificationaddresses/mandatory", get(mandatory))
}

/// The user's party and user id.
fn who(sandbox: &Sandbox, headers: &HeaderMap) -> Result<(Uuid, Option<u32>), Refused> {
    let world = sandbox.world();
    user(sandbox, &world, headers).map(|user| (user.party_uuid, user.user_id))
}

async fn wanted(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Handled {
    let (user, id) = who(&sandbox, &headers)?;
    Ok(wire::ok(&lock(&sandbox.0.profiles).of(user).notifications(id)))
}

async fn change(State(sandbox): State<Sandbox>, Path(party): Path<String>, headers: HeaderMap, body: Bytes) -> Handled {
    let (user, _) = who(&sandbox, &headers)?;
    let party = known_party(&sandbox.world(), &party)?;
    let members = object(&body)?;
    let (email, phone) = (text(&members, "emailAddress")?, text(&members, "phoneNumber")?);
    let resources = urns(&members)?;
    let mut profiles = lock(&sandbox.0.profiles);
    let settings = profiles.of(user).notification(party);
    let (settings, is_new) = settings.ok_or_else(|| "there are settings for too many parties".to_owned())?;
    if let Some(email) = email {
        settings.email = email.value();
    }
    if let Some(phone) = phone {
        settings.phone = phone.value();
    }
    if let Some(resources) = resources {
        settings.resources = resources;
    }
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT }).into_response())
}

/// What a member does to a value.
enum Change {
    Set(String),
    TakeAway,
}

impl Change {
    fn value(self) -> Option<String> {
        match self {
            Self::Set(text) => Some(text),
            Self::TakeAway => None,
        }
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Result<Option<Change>, String> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Change::TakeAway)),
        Some(Value::String(text)) if text.is_empty() => Ok(Some(Change::TakeAway)),
        Some(Value::String(text)) if text.len() <= LONGEST_ADDRESS => Ok(Some(Change::Set(text.clone()))),
        Some(_) => Err(format!("{name}: not a text of at most {LONGEST_ADDRESS} bytes")),
    }
}

fn urns(members: &Map<String, Value>) -> Result<Option<Vec<String>>, String> {
    let wrong = || format!("resourceIncludeList: not a list of at most {MOST_RESOURCES} URNs");
    match members.get("resourceIncludeList") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Vec::new())),
        Some(list) => {
            let urns: Vec<String> = serde_json::from_value(list.clone()).map_err(|_| wrong())?;
            let fits = urns.len() <= MOST_RESOURCES && urns.iter().all(|urn| urn.len() <= LONGEST_URN);
            fits.then_some(Some(urns)).ok_or_else(wrong)
        }
    }
}

async fn forget(State(sandbox): State<Sandbox>, Path(party): Path<String>, headers: HeaderMap) -> Handled {
    let (user, _) = who(&sandbox, &headers)?;
    let party = Uuid::try_parse(&party).ok();
    let was_there = party.is_some_and(|party| lock(&sandbox.0.profiles).of(user).forget_notification(party));
    Ok((if was_there { StatusCode::OK } else { StatusCode::NOT_FOUND }).into_response())
}

async fn private_phone(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Handled {
    let (user, _) = who(&sandbox, &headers)?;
    let value = text(&object(&body)?, "value")?;
    lock(&sandbox.0.profiles).of(user).private_phone = value.and_then(Change::value);
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn verified(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Handled {
    let (user, _) = who(&sandbox, &headers)?;
    Ok(wire::ok(&lock(&sandbox.0.profiles).of(user).verified()))
}

async fn send(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Handled {
    let (user, _) = who(&sandbox, &headers)?;
    let (address, _) = address(&object(&body)?)?;
    let (code, now) = (six_digits(), sandbox.clock().now());
    let sent = lock(&sandbox.0.profiles).of(user).send_code(address.clone(), code.clone(), now);
    if let Err(seconds) = sent {
        let wait = [(header::RETRY_AFTER, seconds.to_string())];
        return Ok((StatusCode::TOO_MANY_REQUESTS, wait).into_response());
    }
    let text = format!("The code is {code}");
    lock(&sandbox.0.messages).send(Message { at: now, kind: address.kind.name(), to: address.value, text });
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn verify(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Handled {
    let (user, _) = who(&sandbox, &headers)?;
    let (address, code) = address(&object(&body)?)?;
    if lock(&sandbox.0.profiles).of(user).verify(address, &code, sandbox.clock().now()) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let problem = json!({"title": "Invalid code", "status": 422, "detail": "not the code that was sent, or too late"});
    Ok(wire::json(StatusCode::UNPROCESSABLE_ENTITY, &problem))
}

/// The address that a body names, and the code beside it.
fn address(members: &Map<String, Value>) -> Result<(Address, String), String> {
    let text = |name: &str| {
        let text = members.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty() && text.len() <= LONGEST_ADDRESS)
    };
    let value = text("value").ok_or("value: not an address")?.to_owned();
    let kind = text("type").and_then(AddressKind::parse).ok_or("type: neither Email nor Sms")?;
    Ok((Address { value, kind }, text("verificationCode").unwrap_or_default().to_owned()))
}

fn six_digits() -> String {
    let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
    format!("{:06}", u32::from_be_bytes([a, b, c, d]) % 1_000_000)
}

/// Organizations of a scenario have no addresses of their own; whoever does not act for one is not even told that.
async fn mandatory(State(sandbox): State<Sandbox>, Path(number): Path<String>, headers: HeaderMap) -> Handled {
    let world = sandbox.world();
    let user = user(&sandbox, &world, &headers)?;
    let Some(organization) = world.organization(&number) else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    if !world.acts_for_party(user, organization, sandbox.clock().now()) {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    Ok(wire::ok(&json!({"organizationNumber": organization.id, "notificationAddresses": []})))
}
