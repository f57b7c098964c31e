//! `GET /sandbox`: who there is, with a token each, and where things are; as a page or as data.

use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, header};
use serde::Serialize;

use super::{
    Sandbox,
    control::clock_of,
    mint::{ADMIN_SCOPE, END_USER_SCOPES, SERVICE_OWNER_SCOPES},
    wire,
    world::{Identity, IdentityKind},
};

#[derive(Serialize)]
struct Card {
    base_url: String,
    token_url: String,
    clock: serde_json::Value,
    identities: Vec<Holder>,
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Holder {
    #[serde(flatten)]
    identity: Identity,
    /// Those that can log in, or act as a service owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
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
    if accept.contains("application/json") { wire::ok(&card) } else { Html(page(&card)).into_response() }
}

fn card(sandbox: &Sandbox) -> Card {
    let base = sandbox.base();
    let link = |name, path: &str| Link { name, url: format!("{base}{path}") };
    Card {
        base_url: base.to_owned(),
        token_url: sandbox.token_url(),
        clock: clock_of(sandbox),
        identities: sandbox.world().identities().map(|identity| holder(sandbox, identity)).collect(),
        links: vec![
            link("World", "/sandbox/world"),
            link("Platform calls", "/sandbox/calls"),
            link("Events", "/sandbox/events"),
            link("Faults", "/sandbox/faults"),
            link("Clock", "/sandbox/clock"),
            link("Resources", "/resourceregistry/api/v1/resource/resourcelist"),
        ],
    }
}

fn holder(sandbox: &Sandbox, identity: &Identity) -> Holder {
    let owner_token = |scopes: &str| Some(sandbox.enterprise(identity.owner_code.as_deref()?, &identity.id, scopes));
    let (token, admin_token) = match identity.kind {
        IdentityKind::Person => (Some(sandbox.person(&identity.id, 3, END_USER_SCOPES)), None),
        IdentityKind::Organization => {
            (owner_token(SERVICE_OWNER_SCOPES), owner_token(&format!("{SERVICE_OWNER_SCOPES} {ADMIN_SCOPE}")))
        }
        IdentityKind::Email => (Some(sandbox.email(&identity.id, END_USER_SCOPES)), None),
        IdentityKind::SystemUser => {
            let owner = identity.organization.as_deref().unwrap_or_default();
            (Some(sandbox.system_user(&identity.id, owner, END_USER_SCOPES)), None)
        }
        // No kind of token makes one of these known to the service.
        IdentityKind::Username => (None, None),
    };
    Holder { identity: identity.clone(), token, admin_token }
}

fn page(card: &Card) -> String {
    let link = |link: &Link| format!("<li><a href=\"{}\">{}</a></li>", escaped(&link.url), link.name);
    let links: String = card.links.iter().map(link).collect();
    let rows: String = card.identities.iter().map(row).collect();
    let now = card.clock["now"].as_str().unwrap_or_default();
    let (base, token_url) = (escaped(&card.base_url), escaped(&card.token_url));
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1e2b3c }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #d2d8de; vertical-align: top }}
code {{ font-size: 13px; overflow-wrap: anywhere }}
button {{ font: inherit; padding: .1rem .6rem; cursor: pointer }}
.gone {{ color: #6b7684 }}
</style>
<h1>Sandbox</h1>
<p>API <code>{base}/api/v1</code>, tokens <code>{token_url}</code>, clock <code>{now}</code>. Nobody here exists.</p>
<ul>{links}</ul>
<h2>Identities</h2>
<table>
<thead><tr><th>Name</th><th>Kind</th><th>Identifier</th><th>Tokens</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
<script>
document.addEventListener("click", async event => {{
  const button = event.target.closest("button[data-token]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.token);
  const label = button.textContent;
  button.textContent = "copied";
  setTimeout(() => {{ button.textContent = label; }}, 1200);
}});
</script>
</html>
"#
    )
}

fn row(holder: &Holder) -> String {
    let Identity { name, urn, kind, owner_code, deleted, .. } = &holder.identity;
    let button = |label: &str, token: &Option<String>| {
        token
            .as_ref()
            .map(|token| format!("<button data-token=\"{}\">{label}</button> ", escaped(token)))
            .unwrap_or_default()
    };
    let kind = match kind {
        IdentityKind::Person => "person",
        IdentityKind::Organization if owner_code.is_some() => "service owner",
        IdentityKind::Organization => "organization",
        IdentityKind::Username => "user name",
        IdentityKind::Email => "e-mail user",
        IdentityKind::SystemUser => "system user",
    };
    let code = owner_code.as_ref().map(|code| format!(" ({})", escaped(code))).unwrap_or_default();
    format!(
        "<tr{}><td>{}{code}</td><td>{kind}</td><td><code>{}</code></td><td>{}{}</td></tr>\n",
        if *deleted { " class=\"gone\"" } else { "" },
        escaped(name),
        escaped(urn),
        button("copy", &holder.token),
        button("copy admin", &holder.admin_token),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
