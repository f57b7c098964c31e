//! Decisions, authorized parties, names and metadata, as the platform answers them (chapter 03 §5, §6, §8).

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{
    Sandbox, exchange, usernames,
    wire::{self, Query},
    world::Include,
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/authorization/api/v1/authorize", post(authorize))
        .route("/accessmanagement/api/v1/resourceowner/authorizedparties", post(authorized_parties))
        .route("/accessmanagement/api/v1/meta/info/roles", get(roles))
        .route("/accessmanagement/api/v1/meta/info/roles/{id}", get(role))
        .route("/accessmanagement/api/v1/meta/info/accesspackages/export", get(access_packages))
        .route("/accessmanagement/api/v1/meta/info/accesspackages/package/urn/{urn}", get(access_package))
        .route("/register/api/v1/dialogporten/parties/query", post(party_names))
        .route("/register/api/v1/dialogporten/parties/set-username", post(usernames::set))
        .route("/orgs/altinn-orgs.json", get(service_owners))
}

async fn authorize(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let scopes = ["altinn:authorization/authorize", "altinn:authorization/authorize.admin"];
    if let Err(refused) = exchange::require(&sandbox, &headers, &scopes) {
        return refused.into_response();
    }
    match serde_json::from_slice::<Value>(&body) {
        Ok(request) => wire::ok(&sandbox.world().decide(&request, sandbox.clock().now())),
        Err(_) => bad_request("the body is not JSON"),
    }
}

async fn authorized_parties(State(sandbox): State<Sandbox>, query: Query, headers: HeaderMap, body: Bytes) -> Response {
    let scopes =
        ["altinn:accessmanagement/authorizedparties.resourceowner", "altinn:accessmanagement/authorizedparties.admin"];
    if let Err(refused) = exchange::require(&sandbox, &headers, &scopes) {
        return refused.into_response();
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else { return bad_request("the body is not JSON") };
    let include = Include {
        access_packages: query.is_true("includeAccessPackages"),
        roles: query.is_true("includeRoles"),
        resources: query.is_true("includeResources"),
        instances: query.is_true("includeInstances"),
    };
    match sandbox.world().authorized_parties(&request, include, sandbox.clock().now()) {
        Ok(parties) => wire::ok(&parties),
        Err(reason) => bad_request(&reason),
    }
}

async fn party_names(State(sandbox): State<Sandbox>, query: Query, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = exchange::require(&sandbox, &headers, &["altinn:register/partylookup.admin"]) {
        return refused.into_response();
    }
    let asked = serde_json::from_slice::<serde_json::Map<String, Value>>(&body).ok().and_then(|body| {
        // Written `Data` by the reference (chapter 03 §8.3); a .NET receiver takes it in any case.
        let (_, urns) = body.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("data"))?;
        serde_json::from_value::<Vec<String>>(urns).ok()
    });
    let Some(urns) = asked else { return bad_request("data: not a list of URNs") };
    if query.get("fields").is_some_and(|fields| fields.split(',').any(|field| field.trim() == "user.name")) {
        return usernames::of_parties(&sandbox, &urns);
    }
    let names = sandbox.world().party_names(&urns);
    wire::json(if names.incomplete { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK }, &names.body)
}

async fn service_owners(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&sandbox.world().orgs())
}

/// `GET /sandbox/organizations`: service owners in the form that the inbox keeps in its cache, because it asks for them at a
/// fixed address that the sandbox cannot have.
pub async fn organizations(State(sandbox): State<Sandbox>) -> Response {
    let world = sandbox.world();
    let organizations = world.scenario().owners.iter().map(|owner| {
        let name = |language: &str| owner.name.get(language).or_else(|| owner.name.get("nb"));
        json!({
            "id": owner.code,
            "name": {"nb": name("nb"), "nn": name("nn"), "en": name("en")},
            "logo": null,
            "orgnr": owner.organization,
            "homepage": "",
            "environments": ["tt02", "production"],
        })
    });
    wire::ok(&organizations.collect::<Value>())
}

async fn roles(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Response {
    wire::ok(&sandbox.world().roles(language(&headers)))
}

async fn role(State(sandbox): State<Sandbox>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let roles = sandbox.world().roles(language(&headers));
    let role = members(&roles).find(|role| role["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(&id)));
    found(role)
}

async fn access_packages(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Response {
    wire::ok(&sandbox.world().access_packages(language(&headers)))
}

async fn access_package(State(sandbox): State<Sandbox>, Path(urn): Path<String>, headers: HeaderMap) -> Response {
    let groups = sandbox.world().access_packages(language(&headers));
    let mut packages =
        members(&groups).flat_map(|group| members(&group["areas"])).flat_map(|area| members(&area["packages"]));
    found(packages.find(|package| package["urn"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(&urn))))
}

fn members(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn found(item: Option<&Value>) -> Response {
    item.map_or_else(|| StatusCode::NOT_FOUND.into_response(), wire::ok)
}

/// The first wanted language of those the platform has; Norwegian bokmål unless another is wanted.
fn language(headers: &HeaderMap) -> &'static str {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = |wanted: &str| {
        let code = wanted.split(['-', ';']).next().unwrap_or_default().trim();
        ["nb", "nn", "en"].into_iter().find(|known| code.eq_ignore_ascii_case(known))
    };
    wanted.split(',').find_map(known).unwrap_or("nb")
}

pub fn bad_request(reason: &str) -> Response {
    wire::json(StatusCode::BAD_REQUEST, &json!({"title": "Bad request", "status": 400, "detail": reason}))
}
