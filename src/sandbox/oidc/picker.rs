//! The page of persons, and what follows when one was picked.
//!
//! Its links lead to a control, so that only this page can pick: a page of a stranger that sends somebody here gets no further
//! than to the question.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

use super::authorize::Asked;
use crate::{
    http::page::Page,
    sandbox::{
        Sandbox,
        card::escaped,
        lock,
        wire::{self, Query},
        world::{Acting, Identity, IdentityKind, World},
    },
};

/// The last one picked, to be offered first.
const COOKIE: &str = "sandbox_login";
/// So many of somebody's parties are named.
const NAMED: usize = 4;

pub fn page(sandbox: &Sandbox, asked: &Asked, query: &Query, headers: &HeaderMap) -> Response {
    let world = sandbox.world();
    let last = last_picked(headers).and_then(|urn| world.somebody(&urn).map(|one| one.urn.clone()));
    let mut users: Vec<&Identity> = world.identities().filter(|one| can_log_in(one, asked.level)).collect();
    // Those beside the last one stay in the order of the scenario.
    users.sort_by_key(|one| Some(&one.urn) != last.as_ref());
    let rows: String = users.iter().map(|one| row(sandbox, &world, one, query, last.as_deref())).collect();
    let level = match asked.level {
        4 => "This login is of the highest level (4): a step up from the usual one, for what only it may open.",
        _ => "This login is of the usual level (3).",
    };
    let fillings = [
        ("%TITLE%", "Log in as somebody".to_owned()),
        ("%CLIENT%", escaped(asked.client_id())),
        ("%WHERE%", escaped(&asked.redirect_uri().origin().ascii_serialization())),
        ("%LEVEL%", level.to_owned()),
        ("%ROWS%", rows),
    ];
    shown(StatusCode::OK, include_str!("picker.html"), &fillings)
}

fn row(sandbox: &Sandbox, world: &World, one: &Identity, query: &Query, last: Option<&str>) -> String {
    let (acting, more) = world.acts_for(one, NAMED, sandbox.clock().now());
    let parties: Vec<String> = acting.iter().map(party).collect();
    let more = if more == 0 { String::new() } else { format!("<li>and {more} more</li>") };
    // From /authentication/api/v1/authorize, wherever that lies.
    let link = format!("../../../sandbox/login?{}", query.with("sandbox_user", &one.urn));
    let kind = if one.kind == IdentityKind::Email { "e-mail user" } else { "person" };
    let note = if last == Some(&one.urn) { " <span class=\"kind\">last time</span>" } else { "" };
    format!(
        "<tr><td><a class=\"pick\" href=\"{}\" data-user=\"{}\">{}</a>{note}<small>{kind} {}</small></td>\
         <td><ul>{}{more}</ul></td></tr>\n",
        escaped(&link),
        escaped(&one.id),
        escaped(&one.name),
        escaped(&one.id),
        parties.concat(),
    )
}

fn party(acting: &Acting) -> String {
    let by = if acting.by.is_empty() { String::new() } else { format!("{}; ", acting.by.join(", ")) };
    let services = if acting.services == 1 { "service" } else { "services" };
    let what = format!("{by}{} {services}", acting.services);
    format!("<li>{}<small>{}</small></li>", escaped(&acting.name), escaped(&what))
}

/// Persons, and users of an e-mail address: these have no level that could be raised.
fn can_log_in(one: &Identity, level: u8) -> bool {
    match one.kind {
        IdentityKind::Person => !one.deleted,
        IdentityKind::Email => level < 4,
        IdentityKind::Organization | IdentityKind::Username | IdentityKind::SystemUser => false,
    }
}

/// `GET /sandbox/login`: somebody was picked, and the client gets its code.
pub async fn picked(State(sandbox): State<Sandbox>, query: Query) -> Response {
    let asked = match Asked::of(&sandbox, &query) {
        Ok(asked) => asked,
        Err(refused) => return refused.into_response(),
    };
    let world = sandbox.world();
    let user = query.get("sandbox_user").and_then(|name| world.somebody(name));
    let Some(user) = user.filter(|one| can_log_in(one, asked.level)) else {
        return refusal("nobody of that name can log in here; the world may have changed: go back and reload the page");
    };
    let code = lock(&sandbox.0.logins).note(asked.login(&user.urn), sandbox.clock().now());
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", user.urn.replace('@', "%40"));
    let headers = [
        (header::LOCATION, asked.granted(&sandbox, &code)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    let mut answer = (StatusCode::FOUND, headers).into_response();
    // Addresses may hold letters that no header takes; then nobody is offered first.
    if let Ok(cookie) = cookie.parse() {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

fn last_picked(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == COOKIE).then(|| value.replace("%40", "@")))
}

pub async fn script() -> Response {
    wire::typed(StatusCode::OK, "text/javascript; charset=utf-8", include_str!("picker.js"))
}

/// What the client did wrong, for the one who sits in front of the browser.
pub fn refusal(reason: &str) -> Response {
    message(StatusCode::BAD_REQUEST, "This login cannot begin", &format!("<p>{}</p>", escaped(reason)))
}

pub fn logged_out(client: Option<&str>) -> Response {
    let back = client.map_or_else(String::new, |client| {
        let client = escaped(client);
        format!("<p><a href=\"{client}/\">Back to {client}</a></p>")
    });
    message(StatusCode::OK, "Logged out", &format!("<p>The session has ended.</p>{back}"))
}

fn message(status: StatusCode, title: &str, text: &str) -> Response {
    let fillings = [("%TITLE%", title.to_owned()), ("%TEXT%", text.to_owned())];
    shown(status, include_str!("message.html"), &fillings)
}

fn shown(status: StatusCode, body: &str, fillings: &[(&str, String)]) -> Response {
    let page = include_str!("frame.html").replace("%BODY%", body);
    let page = fillings.iter().fold(page, |page, (place, filling)| page.replace(place, filling));
    (status, Page(page.into())).into_response()
}
