//! Logging in as the inbox does it: OpenID Connect with code and PKCE at the platform's own provider, and a page of persons
//! instead of a password (chapter 07 §16.1).
//!
//! The provider is the `altinn` issuer, so what it mints opens the service. Every client is let in with any secret: what is
//! proved here is that a client does each step right, not who it is. Only addresses of this machine are sent a code.
//!
//! | Module | Owns |
//! |---|---|
//! | [`logins`] | codes, sessions, refresh tokens; pure |
//! | `authorize` | the authorization endpoint |
//! | `picker` | its page, and what follows when somebody was picked |
//! | `token` | the token endpoint, and what tokens say |
//! | `session` | userinfo and logout |

mod authorize;
pub mod logins;
mod picker;
mod session;
mod token;

use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{Sandbox, keys::KeyName, wire};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/authentication/api/v1/openid/.well-known/openid-configuration", get(discovery))
        .route("/authentication/api/v1/openid/.well-known/openid-configuration/jwks", get(key_set))
        .route("/authentication/api/v1/authorize", get(authorize::authorize))
        .route("/authentication/api/v1/token", post(token::token))
        .route("/authentication/api/v1/userinfo", get(session::userinfo).post(session::userinfo))
        .route("/authentication/api/v1/logout", get(session::logout).post(session::logout))
}

/// What only pages of this machine may ask for.
pub fn controls() -> Router<Sandbox> {
    Router::new().route("/sandbox/login", get(picker::picked)).route("/sandbox/login.js", get(picker::script))
}

async fn discovery(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&document(&sandbox))
}

async fn key_set(State(sandbox): State<Sandbox>) -> Response {
    wire::ok(&json!({"keys": [sandbox.key(KeyName::Altinn).public_jwk()]}))
}

/// The discovery document of the `altinn` issuer.
pub fn document(sandbox: &Sandbox) -> Value {
    let at = |path: &str| format!("{}/authentication/api/v1/{path}", sandbox.base());
    let issuer = sandbox.issuer(KeyName::Altinn);
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks"),
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "end_session_endpoint": at("logout"),
        "scopes_supported": ["openid", "digdir:dialogporten", "digdir:dialogporten.noconsent", "altinn:portal/enduser"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [authorize::SUBSTANTIAL, authorize::HIGH],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "ui_locales_supported": ["nb", "nn", "en"],
        "authorization_response_iss_parameter_supported": true,
    })
}
