//! `GET /sandbox`: who there is, with a token each, and where things are; as a page or as data.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use serde::Serialize;

use super::{
    Sandbox,
    control::clock_of,
    mint::{ADMIN_SCOPE, END_USER_SCOPES, SERVICE_OWNER_SCOPES, TokenKind},
    tables, wire,
    world::{Identity, IdentityKind},
};
use crate::http::page::Page;

/// Pages stay open for long.
const DAY_SECONDS: i64 = 86_400;

/// A sandbox that runs alone has no API beside it.
const SERVICE: &str = "<dt>API</dt><dd><code>%BASE%/api/v1</code></dd>";

#[derive(Serialize)]
struct Card {
    base_url: String,
    token_url: String,
    clock: serde_json::Value,
    identities: Vec<Holder>,
    /// Whom to begin with, as scenarios name them.
    proposed: Proposed,
    links: Vec<Link>,
}

/// A service owner, and a person who may read what it writes about its first resource.
#[derive(Default, Serialize)]
struct Proposed {
    service_owner: Option<String>,
    end_user: Option<String>,
}

#[derive(Serialize)]
struct Holder {
    #[serde(flatten)]
    identity: Identity,
    /// For menus.
    label: String,
    /// As scenarios and questions name it.
    reference: String,
    /// Those that can log in, or act as a service owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Persons: after a login of the highest level.
    #[serde(skip_serializing_if = "Option::is_none")]
    high_token: Option<String>,
    /// Service owners: with the scope that lets it act for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_token: Option<String>,
}

#[derive(Serialize)]
struct Link {
    name: &'static str,
    url: String,
}

pub async fn show(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let card = card(&sandbox);
    // Browsers take anything, some name JSON among it.
    let is_data = accept.contains("application/json") && !accept.contains("text/html");
    if is_data { wire::ok(&card) } else { Page(page(&sandbox, &card).into()).into_response() }
}

/// What the page does.
pub async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("card.js")).into_response()
}

fn proposed(sandbox: &Sandbox) -> Proposed {
    let world = sandbox.world();
    world.first_steps(sandbox.clock().now()).map_or_else(Proposed::default, |first| Proposed {
        service_owner: Some(format!("organization:{}", first.owner.organization)),
        end_user: Some(format!("person:{}", first.person.id)),
    })
}

fn card(sandbox: &Sandbox) -> Card {
    let base = sandbox.base();
    let link = |name, path: &str| Link { name, url: format!("{base}{path}") };
    Card {
        base_url: base.to_owned(),
        token_url: sandbox.token_url(),
        clock: clock_of(sandbox),
        identities: sandbox.world().identities().map(|identity| holder(sandbox, identity)).collect(),
        proposed: proposed(sandbox),
        links: vec![
            link("World", "/sandbox/world"),
            link("Platform calls", "/sandbox/calls"),
            link("Events", "/sandbox/events"),
            link("Faults", "/sandbox/faults"),
            link("Clock", "/sandbox/clock"),
            link("Resources", "/resourceregistry/api/v1/resource/resourcelist"),
        ]
        .into_iter()
        .chain(sandbox.is_joined().then(|| link("API documentation", "/swagger/index.html")))
        .collect(),
    }
}

fn holder(sandbox: &Sandbox, identity: &Identity) -> Holder {
    let Identity { id, kind, name, owner_code, organization, .. } = identity;
    let mint = |kind: TokenKind| Some(sandbox.mint(&kind, DAY_SECONDS));
    let owner = |scopes: &str| mint(TokenKind::enterprise(owner_code.as_deref()?, id, scopes));
    let (prefix, label) = match (kind, owner_code) {
        (IdentityKind::Person, _) => ("person", format!("person {name}")),
        (IdentityKind::Organization, Some(code)) => ("organization", format!("service owner {code}")),
        (IdentityKind::Organization, None) => ("organization", format!("organization {name}")),
        (IdentityKind::Username, _) => ("username", format!("user name {id}")),
        (IdentityKind::Email, _) => ("email", format!("e-mail user {id}")),
        (IdentityKind::SystemUser, _) => {
            let owner = organization.as_deref().unwrap_or("nobody");
            ("system-user", format!("system user {name} of {owner}"))
        }
    };
    let token = match kind {
        IdentityKind::Person => mint(TokenKind::person(id, 3, END_USER_SCOPES)),
        IdentityKind::Organization => owner(SERVICE_OWNER_SCOPES),
        IdentityKind::Email => mint(TokenKind::Email(sandbox.self_identified(id, END_USER_SCOPES))),
        IdentityKind::SystemUser => {
            mint(TokenKind::system_user(id, organization.as_deref().unwrap_or_default(), END_USER_SCOPES))
        }
        // No kind of token makes one of these known to the service.
        IdentityKind::Username => None,
    };
    Holder {
        label,
        reference: format!("{prefix}:{id}"),
        token,
        high_token: (*kind == IdentityKind::Person).then(|| mint(TokenKind::person(id, 4, END_USER_SCOPES))).flatten(),
        admin_token: owner(&format!("{SERVICE_OWNER_SCOPES} {ADMIN_SCOPE}")),
        identity: identity.clone(),
    }
}

fn page(sandbox: &Sandbox, card: &Card) -> String {
    let world = sandbox.world();
    let link = |link: &Link| format!("<a href=\"{}\">{}</a>\n", escaped(&link.url), link.name);
    let choice = |text: &str| format!("<option>{}</option>", escaped(text));
    let references: Vec<String> = card.identities.iter().map(|holder| holder.reference.clone()).collect();
    let resources: Vec<&str> = world.scenario().resources.iter().map(|resource| resource.id.as_str()).collect();
    // Those that can call something come first.
    let with_token = card.identities.iter().filter(|holder| holder.token.is_some());
    let without = card.identities.iter().filter(|holder| holder.token.is_none());
    let fillings = [
        ("%SERVICE%", if sandbox.is_joined() { SERVICE.to_owned() } else { String::new() }),
        ("%BASE%", escaped(&card.base_url)),
        ("%TOKENS%", escaped(&card.token_url)),
        ("%LINKS%", card.links.iter().map(link).collect()),
        ("%NOW%", escaped(card.clock["now"].as_str().unwrap_or_default())),
        ("%FROZEN%", if card.clock["frozen"] == true { "(stands)".to_owned() } else { String::new() }),
        ("%WHO%", card.proposed.end_user.as_deref().map(escaped).unwrap_or_default()),
        ("%RESOURCE%", resources.first().map(|id| escaped(id)).unwrap_or_default()),
        ("%REFERENCES%", references.iter().map(|reference| choice(reference)).collect()),
        ("%RESOURCES%", resources.iter().map(|id| choice(id)).collect()),
        ("%GRANTS%", tables::grants(&world)),
        ("%TABLE%", tables::resources(&world)),
        // Last: what people are called may look like a place to be filled.
        ("%ROWS%", with_token.chain(without).map(row).collect()),
    ];
    fillings
        .into_iter()
        .fold(include_str!("card.html").to_owned(), |page, (place, filling)| page.replace(place, &filling))
}

fn row(holder: &Holder) -> String {
    let Identity { name, urn, kind, owner_code, organization, deleted, .. } = &holder.identity;
    let button = |label: &str, token: &Option<String>| {
        token
            .as_ref()
            .map(|token| format!("<button data-token=\"{}\">{label}</button> ", escaped(token)))
            .unwrap_or_default()
    };
    let (class, kind) = match kind {
        IdentityKind::Person => ("person", "person"),
        IdentityKind::Organization if owner_code.is_some() => ("owner", "service owner"),
        IdentityKind::Organization => ("", "organization"),
        IdentityKind::Username => ("", "user name"),
        IdentityKind::Email => ("person", "e-mail user"),
        IdentityKind::SystemUser => ("system", "system user"),
    };
    let more = match (owner_code, organization) {
        (Some(code), _) => format!("<small>{}</small>", escaped(code)),
        (None, Some(owner)) => format!("<small>of {}</small>", escaped(owner)),
        (None, None) if *deleted => "<small>deleted</small>".to_owned(),
        (None, None) => String::new(),
    };
    let usual = if holder.high_token.is_some() { "level 3" } else { "token" };
    format!(
        "<tr{}><td>{}{more}</td><td><span class=\"kind {class}\">{kind}</span></td><td><code>{}</code></td>\
         <td>{}{}{}</td></tr>\n",
        if *deleted { " class=\"gone\"" } else { "" },
        escaped(name),
        escaped(urn),
        button(usual, &holder.token),
        button("level 4", &holder.high_token),
        button("admin", &holder.admin_token),
    )
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
