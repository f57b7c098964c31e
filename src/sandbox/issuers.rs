//! The three issuers: discovery documents and key sets (chapter 03 §1.1).

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use serde_json::json;

use super::{Sandbox, keys::KeyName, oidc, wire};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sandbox/issuers/{issuer}/.well-known/openid-configuration", get(discovery))
        .route("/sandbox/issuers/{issuer}/.well-known/oauth-authorization-server", get(discovery))
        // Maskinporten's address is usually written with a final slash.
        .route("/sandbox/issuers/{issuer}/.well-known/openid-configuration/", get(discovery))
        .route("/sandbox/issuers/{issuer}/.well-known/oauth-authorization-server/", get(discovery))
        .route("/sandbox/issuers/{issuer}/jwks", get(key_set))
        .route("/api/.well-known/oauth-authorization-server", get(generator_discovery))
        .route("/api/.well-known/jwks.json", get(generator_key_set))
}

async fn discovery(State(sandbox): State<Sandbox>, Path(issuer): Path<String>) -> Response {
    let Some(issuer) = named(&issuer) else { return StatusCode::NOT_FOUND.into_response() };
    if issuer == KeyName::Altinn {
        return wire::ok(&oidc::document(&sandbox));
    }
    let address = sandbox.issuer(issuer);
    wire::ok(&json!({
        "issuer": address,
        "jwks_uri": format!("{address}/jwks"),
        "token_endpoint": format!("{}/token", sandbox.base()),
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
    }))
}

async fn key_set(State(sandbox): State<Sandbox>, Path(issuer): Path<String>) -> Response {
    let Some(issuer) = named(&issuer) else { return StatusCode::NOT_FOUND.into_response() };
    wire::ok(&json!({"keys": [sandbox.key(issuer).public_jwk()]}))
}

/// The test tools' own discovery document, which names the issuer of all that they make.
async fn generator_discovery(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&json!({
        "issuer": sandbox.issuer(KeyName::Altinn),
        "jwks_uri": format!("{}/.well-known/jwks.json", sandbox.token_url()),
    }))
}

async fn generator_key_set(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&json!({"keys": [sandbox.key(KeyName::Altinn).public_jwk()]}))
}

fn named(issuer: &str) -> Option<KeyName> {
    KeyName::parse(issuer).filter(|key| *key != KeyName::Unknown)
}
