//! The platform's profile service, as far as the inbox uses it: who I am, my settings, my favourites, and where I want to be
//! told of news (chapter 07 §16.2).
//!
//! | Module | Owns |
//! |---|---|
//! | [`state`] | what users have set; pure |
//! | `notifications` | addresses, and proving that they are one's own |

mod notifications;
pub mod state;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, patch, put},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::state::{LANGUAGES, Setting};
use super::{
    Sandbox,
    exchange::{NotLetIn, valid_token},
    keys::KeyName,
    lock,
    platform::bad_request,
    wire,
    world::{Identity, IdentityKind, World},
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/profile/api/v1/users/current", get(current))
        .route("/profile/api/v1/users/current/profilesettings", patch(change_settings))
        .route("/profile/api/v1/users/current/party-groups/favorites", get(favourites))
        .route(
            "/profile/api/v1/users/current/party-groups/favorites/{party}",
            put(add_favourite).delete(remove_favourite),
        )
        .merge(notifications::routes())
}

/// Why something is not done.
enum Refused {
    NotLetIn,
    /// By what is wrong with the request.
    Bad(String),
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self::Bad(reason)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::NotLetIn => NotLetIn::NoValidToken.into_response(),
            Self::Bad(reason) => bad_request(&reason),
        }
    }
}

type Handled = Result<Response, Refused>;

/// The user whose token it is: by user id, or by number where the token was made by the test tools.
fn user<'w>(sandbox: &Sandbox, world: &'w World, headers: &HeaderMap) -> Result<&'w Identity, Refused> {
    let claims = valid_token(sandbox, headers, KeyName::Altinn).ok_or(Refused::NotLetIn)?;
    let text = |name: &str| match claims.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let by_id = text("urn:altinn:userid").and_then(|id| id.parse().ok()).and_then(|id| world.user(id));
    by_id.or_else(|| text("pid").and_then(|pid| world.person(&pid))).ok_or(Refused::NotLetIn)
}

async fn current(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Handled {
    let world = sandbox.world();
    let user = user(&sandbox, &world, &headers)?;
    let mut profiles = lock(&sandbox.0.profiles);
    let profile = profiles.of(user.party_uuid);
    let is_person = user.kind == IdentityKind::Person;
    Ok(wire::ok(&json!({
        "userId": user.user_id,
        "userUuid": user.party_uuid,
        "userName": profile.username.as_deref().unwrap_or_default(),
        "externalIdentity": if is_person { "" } else { user.urn.as_str() },
        "isReserved": false,
        "phoneNumber": profile.private_phone.as_deref().unwrap_or_default(),
        "email": if user.kind == IdentityKind::Email { user.id.as_str() } else { "" },
        "partyId": user.party_id,
        "party": party(user),
        // A person, or somebody whom only a name or an address identifies.
        "userType": if is_person { 1 } else { 2 },
        "profileSettingPreference": profile.settings(),
    })))
}

fn party(user: &Identity) -> Value {
    let is_person = user.kind == IdentityKind::Person;
    let ssn = if is_person { user.id.as_str() } else { "" };
    // The register has the last name first.
    let names: Vec<&str> = user.name.split_whitespace().collect();
    let (last, first, middle) = match names.as_slice() {
        [] => ("", "", String::new()),
        [one] => ("", *one, String::new()),
        [last, first, middle @ ..] => (*last, *first, middle.join(" ")),
    };
    json!({
        "partyId": user.party_id,
        "partyUuid": user.party_uuid,
        "partyTypeName": if is_person { 1 } else { 3 },
        "orgNumber": "",
        "ssn": ssn,
        "unitType": null,
        "name": user.name,
        "isDeleted": user.deleted,
        "onlyHierarchyElementWithNoAccess": false,
        "person": is_person.then(|| json!({
            "ssn": ssn, "name": user.name, "firstName": first, "middleName": middle, "lastName": last,
        })),
        "organization": null,
        "childParties": null,
    })
}

async fn change_settings(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Handled {
    let world = sandbox.world();
    let user = user(&sandbox, &world, &headers)?.party_uuid;
    let members = object(&body)?;
    let changes = members.iter().filter_map(|(name, value)| setting(&world, name, value).transpose());
    let changes = changes.collect::<Result<Vec<_>, String>>()?;
    let mut profiles = lock(&sandbox.0.profiles);
    let profile = profiles.of(user);
    for change in changes {
        profile.change(change);
    }
    Ok(wire::ok(&profile.settings()))
}

/// The change that a member asks for; none for members that the inbox never sets.
fn setting(world: &World, name: &str, value: &Value) -> Result<Option<Setting>, String> {
    let wrong = |what: &str| Err(format!("{name}: {what}"));
    let flag = || value.as_bool().ok_or_else(|| format!("{name}: neither true nor false"));
    Ok(Some(match name {
        "language" => match LANGUAGES.into_iter().find(|known| value == known) {
            Some(language) => Setting::Language(language),
            None => return wrong("not one of nb, nn, en"),
        },
        "preSelectedPartyUuid" | "preselectedPartyUuid" => match value {
            Value::Null => Setting::Preselected(None),
            _ => Setting::Preselected(Some(known_party(world, value.as_str().unwrap_or_default())?)),
        },
        "showClientUnits" => Setting::ShowClientUnits(flag()?),
        "shouldShowDeletedEntities" => Setting::ShowDeleted(flag()?),
        _ => return Ok(None),
    }))
}

/// The UUID of a party of this world.
fn known_party(world: &World, text: &str) -> Result<Uuid, String> {
    let known = Uuid::try_parse(text).ok().filter(|uuid| world.party(*uuid).is_some());
    known.ok_or_else(|| format!("{text:.40}: nobody's UUID"))
}

/// The members of a body.
fn object(body: &Bytes) -> Result<Map<String, Value>, String> {
    serde_json::from_slice(body).map_err(|_| "the body is no JSON object".to_owned())
}

async fn favourites(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Handled {
    let world = sandbox.world();
    let user = user(&sandbox, &world, &headers)?;
    Ok(wire::ok(&lock(&sandbox.0.profiles).of(user.party_uuid).favourites()))
}

async fn add_favourite(State(sandbox): State<Sandbox>, Path(party): Path<String>, headers: HeaderMap) -> Handled {
    let world = sandbox.world();
    let user = user(&sandbox, &world, &headers)?;
    let party = known_party(&world, &party)?;
    let is_new = lock(&sandbox.0.profiles).of(user.party_uuid).add_favourite(party);
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT }).into_response())
}

async fn remove_favourite(State(sandbox): State<Sandbox>, Path(party): Path<String>, headers: HeaderMap) -> Handled {
    let world = sandbox.world();
    let user = user(&sandbox, &world, &headers)?;
    let party = Uuid::try_parse(&party).ok();
    let was_one = party.is_some_and(|party| lock(&sandbox.0.profiles).of(user.party_uuid).remove_favourite(party));
    Ok((if was_one { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }).into_response())
}
