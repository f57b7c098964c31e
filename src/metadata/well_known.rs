//! `GET /.well-known/…`: who signs dialog tokens, and with which keys.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    config::{Config, KeyPair},
    http::{AcceptsJson, Ok200, query::NoParameters},
    openapi::{Operation, Route},
};

/// The keys of dialog tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

/// An Ed25519 key, as RFC 8037 writes it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Jwk {
    kty: &'static str,
    r#use: &'static str,
    kid: String,
    crv: &'static str,
    x: String,
    alg: &'static str,
}

impl From<&KeyPair> for Jwk {
    fn from(key: &KeyPair) -> Self {
        Self { kty: "OKP", r#use: "sig", kid: key.kid.clone(), crv: "Ed25519", x: key.public_base64(), alg: "EdDSA" }
    }
}

/// The part of RFC 8414 that readers of dialog tokens need.
#[derive(Debug, Serialize, ToSchema)]
pub struct OauthAuthorizationServer {
    issuer: String,
    jwks_uri: String,
}

pub fn keys_operation() -> Operation {
    Route::get("/api/v1/.well-known/jwks.json", keys)
        .named("GetJwks", "V1WellKnownJwksGet_Jwks")
        .about("Lists the keys that dialog tokens are signed with", "Tokens are signed with the first of them.")
        .ok::<Jwks>("The keys, as a JSON Web Key Set.")
}

pub fn authorization_server_operation() -> Operation {
    Route::get("/api/v1/.well-known/oauth-authorization-server", authorization_server)
        .named("GetOauthAuthorizationServer", "V1WellKnownOauthAuthorizationServerGet_OauthAuthorizationServer")
        .about("Tells who issues dialog tokens", "RFC 8414, with the members that readers of dialog tokens need.")
        .ok::<OauthAuthorizationServer>("The issuer and where its keys are.")
}

/// Both keys, the one in use first.
pub async fn keys(_: AcceptsJson, _: NoParameters, State(config): State<Arc<Config>>) -> Response {
    let keys = [&config.dialogporten.primary, &config.dialogporten.secondary];
    cacheable(Jwks { keys: keys.map(Jwk::from).into() })
}

/// The issuer of dialog tokens.
pub async fn authorization_server(_: AcceptsJson, _: NoParameters, State(config): State<Arc<Config>>) -> Response {
    let issuer = config.dialogporten.issuer();
    let jwks_uri = format!("{issuer}/.well-known/jwks.json");
    cacheable(OauthAuthorizationServer { issuer, jwks_uri })
}

/// For a day, by anybody.
fn cacheable(body: impl Serialize) -> Response {
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
        // The contract's header (chapter 05, M-011), though these two are never compressed.
        (header::VARY, HeaderValue::from_static("Accept-Encoding")),
    ];
    (headers, Ok200::of(body)).into_response()
}
