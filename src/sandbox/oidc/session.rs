//! Who is logged in, and the end of it.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use url::Url;

use super::picker;
use crate::sandbox::{
    Sandbox, exchange, guard,
    keys::KeyName,
    lock,
    mint::Claims,
    wire::{self, Query},
};

/// The claims about the user that the access token names.
pub async fn userinfo(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Response {
    let Some(claims) = exchange::valid_token(&sandbox, &headers, KeyName::Altinn) else {
        return exchange::NotLetIn::NoValidToken.into_response();
    };
    let about = |name: &str| {
        matches!(name, "sub" | "pid" | "email" | "acr" | "amr" | "auth_time" | "sid") || name.starts_with("urn:altinn:")
    };
    let told: Claims = claims.into_iter().filter(|(name, _)| about(name)).collect();
    wire::ok(&told)
}

/// Ends the session that the id token names, however old that is. The browser goes where the client wants it, or stays.
pub async fn logout(State(sandbox): State<Sandbox>, query: Query, body: Bytes) -> Response {
    let form = Query::parse(&body);
    let given = |name: &str| query.get(name).or_else(|| form.get(name));
    let token = given("id_token_hint").and_then(|hint| sandbox.key(KeyName::Altinn).verified(hint));
    let sid = token.as_ref().and_then(|claims| claims.get("sid")).and_then(Value::as_str);
    let session = sid.and_then(|sid| lock(&sandbox.0.logins).end(sid));

    let wanted = given("post_logout_redirect_uri").and_then(|address| Url::parse(address).ok()).filter(|address| {
        guard::is_of_this_machine(&guard::host_of(address.as_str()), &guard::host_of(sandbox.base()))
            && matches!(address.scheme(), "http" | "https")
    });
    if let Some(mut address) = wanted {
        if let Some(state) = given("state") {
            address.query_pairs_mut().append_pair("state", state);
        }
        return (StatusCode::FOUND, [(header::LOCATION, String::from(address))]).into_response();
    }
    let client = session.and_then(|session| Url::parse(&session.login.redirect_uri).ok());
    picker::logged_out(client.map(|address| address.origin().ascii_serialization()).as_deref())
}
