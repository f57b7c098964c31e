//! `GET /authentication/api/v1/authorize`: what a client asks for, checked; then the page of persons.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use url::Url;

use super::{logins::Login, picker};
use crate::sandbox::{Sandbox, guard, keys::KeyName, wire::Query};

pub const SUBSTANTIAL: &str = "idporten-loa-substantial";
pub const HIGH: &str = "idporten-loa-high";
/// State, nonce and the like come back to the client or are kept: nobody needs more.
const LONGEST: usize = 1024;

/// What a client asks for. It is proved again when somebody was picked, so the page in between can be a day old.
pub struct Asked {
    client_id: String,
    redirect_uri: Url,
    state: Option<String>,
    challenge: String,
    nonce: Option<String>,
    scope: String,
    pub level: u8,
}

/// Why nobody is asked to log in.
pub enum Refused {
    /// The client cannot be told: the one who sits in front of the browser is.
    Here(String),
    There(String),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Here(reason) => picker::refusal(&reason),
            Self::There(address) => (StatusCode::FOUND, [(header::LOCATION, address)]).into_response(),
        }
    }
}

pub async fn authorize(State(sandbox): State<Sandbox>, query: Query, headers: HeaderMap) -> Response {
    match Asked::of(&sandbox, &query) {
        Ok(asked) if query.get("prompt") == Some("none") => {
            asked.refused(&sandbox, "login_required", "nobody is logged in without being asked").into_response()
        }
        Ok(asked) => picker::page(&sandbox, &asked, &query, &headers),
        Err(refused) => refused.into_response(),
    }
}

impl Asked {
    pub fn of(sandbox: &Sandbox, query: &Query) -> Result<Self, Refused> {
        let here = |reason: &str| Refused::Here(reason.to_owned());
        let client_id = query.get("client_id").filter(|id| id.len() <= LONGEST);
        let client_id = client_id.ok_or_else(|| here("client_id is missing or too long"))?.to_owned();
        let redirect_uri = query.get("redirect_uri").ok_or_else(|| here("redirect_uri is missing"))?;
        let redirect_uri = address_of_this_machine(redirect_uri, sandbox.base()).map_err(Refused::Here)?;
        let text = |name: &str| query.get(name).map(str::to_owned);
        let mut asked = Self {
            client_id,
            redirect_uri,
            state: text("state"),
            challenge: String::new(),
            nonce: text("nonce"),
            scope: text("scope").unwrap_or_default(),
            level: if query.get("acr_values").is_some_and(|acr| acr.split(' ').any(|one| one == HIGH)) { 4 } else { 3 },
        };
        let refused = |error: &str, description: &str| Err(asked.refused(sandbox, error, description));
        for (name, value) in [("state", &asked.state), ("nonce", &asked.nonce), ("scope", &Some(asked.scope.clone()))] {
            if value.as_ref().is_some_and(|value| value.len() > LONGEST) {
                return refused("invalid_request", &format!("{name} is longer than {LONGEST} bytes"));
            }
        }
        if query.get("response_type") != Some("code") {
            return refused("unsupported_response_type", "response_type is not code");
        }
        if !asked.scope.split(' ').any(|scope| scope == "openid") {
            return refused("invalid_scope", "scope lacks openid");
        }
        // 32 bytes in base64url.
        match (query.get("code_challenge_method"), query.get("code_challenge")) {
            (Some("S256"), Some(challenge)) if challenge.len() == 43 => challenge.clone_into(&mut asked.challenge),
            _ => return refused("invalid_request", "a code_challenge with the method S256 is needed"),
        }
        Ok(asked)
    }

    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    pub fn redirect_uri(&self) -> &Url {
        &self.redirect_uri
    }

    pub fn login(&self, who: &str) -> Login {
        Login {
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.as_str().to_owned(),
            challenge: self.challenge.clone(),
            nonce: self.nonce.clone(),
            scope: self.scope.clone(),
            level: self.level,
            who: who.to_owned(),
        }
    }

    /// Where the browser takes a code.
    pub fn granted(&self, sandbox: &Sandbox, code: &str) -> String {
        self.back(sandbox, &[("code", code)])
    }

    pub fn refused(&self, sandbox: &Sandbox, error: &str, description: &str) -> Refused {
        Refused::There(self.back(sandbox, &[("error", error), ("error_description", description)]))
    }

    fn back(&self, sandbox: &Sandbox, told: &[(&str, &str)]) -> String {
        let mut address = self.redirect_uri.clone();
        let mut query = address.query_pairs_mut();
        query.extend_pairs(told);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &sandbox.issuer(KeyName::Altinn));
        drop(query);
        address.into()
    }
}

/// A code is as good as a password, so it goes to programs of this machine and its networks only.
fn address_of_this_machine(address: &str, base: &str) -> Result<Url, String> {
    if address.len() > LONGEST {
        return Err("redirect_uri is too long".to_owned());
    }
    let url = Url::parse(address).map_err(|_| "redirect_uri is not an address".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || url.fragment().is_some() {
        return Err("redirect_uri is not an http address without fragment".to_owned());
    }
    let host = guard::host_of(url.as_str());
    if !guard::is_of_this_machine(&host, &guard::host_of(base)) {
        return Err(format!("redirect_uri leads to {host}, and the sandbox logs in at this machine only"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stay_on_this_machine() {
        for (address, stays) in [
            ("https://app.localhost/api/cb", true),
            ("http://localhost:3000/api/cb", true),
            ("http://127.0.0.1/cb", true),
            ("http://[::1]:1/cb", true),
            ("https://bff/api/cb", true),
            ("https://dev.example.no/cb", true),
            ("https://evil.example/cb", false),
            ("https://localhost.evil.example/cb", false),
            ("https://203.0.113.7/cb", false),
            ("https://a@evil.example/cb", false),
            ("https://localhost@evil.example/cb", false),
            ("https://localhost/cb#x", false),
            ("javascript:alert(1)", false),
            ("/api/cb", false),
        ] {
            assert_eq!(address_of_this_machine(address, "http://dev.example.no:1").is_ok(), stays, "{address}");
        }
    }
}
