//! Public keys of an issuer, and checking a token's signature with them.

use std::str::FromStr;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A token taken apart. Nothing in it is verified.
pub(super) struct Unverified<'a> {
    pub algorithm: Option<Algorithm>,
    pub kid: Option<String>,
    pub payload: Map<String, Value>,
    signed: &'a str,
    signature: &'a str,
}

/// What counts in a token's header. The rest is not looked at: test tokens carry an `x5c` of a form of their own.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    x5t: Option<String>,
    crit: Option<Value>,
}

impl<'a> Unverified<'a> {
    /// Three parts, two of them JSON objects; otherwise it is no token.
    pub fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        let payload = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        // Extensions marked as critical must be understood, and none is.
        let algorithm = Algorithm::from_str(&header.alg).ok().filter(|_| header.crit.is_none());
        // Some name their key by its certificate instead (RFC 7515 §4.1.7).
        Some(Self { algorithm, kid: header.kid.or(header.x5t), payload, signed, signature })
    }

    pub fn issuer(&self) -> Option<&str> {
        self.payload.get("iss")?.as_str()
    }
}

/// One key and the algorithms it may be used with, which follow from its type and never from the token.
pub(super) struct Key {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    public: DecodingKey,
}

/// All usable keys of an issuer.
#[derive(Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// From a JWKS. Keys of other uses, types and curves are left out: they cannot sign tokens here.
    pub fn from_jwks(jwks: &Value) -> Option<Self> {
        let keys = member(jwks.as_object()?, "keys")?.as_array()?;
        Some(Self(keys.iter().filter_map(|jwk| Key::from_jwk(jwk.as_object()?)).collect()))
    }

    /// Whether a key of that id is here. A token without an id may be proven by any key.
    pub fn knows(&self, kid: Option<&str>) -> bool {
        kid.is_none() || self.0.iter().any(|key| key.kid.as_deref() == kid)
    }

    /// Whether one of the keys that the token may mean is for its algorithm.
    pub fn accept(&self, token: &Unverified<'_>) -> bool {
        let Some(algorithm) = token.algorithm else { return false };
        self.meant_by(token).any(|key| key.algorithms.contains(&algorithm))
    }

    fn meant_by<'k>(&'k self, token: &'k Unverified<'_>) -> impl Iterator<Item = &'k Key> {
        self.0.iter().filter(|key| token.kid.is_none() || key.kid == token.kid)
    }

    /// Whether one of the keys that the token may mean proves it.
    pub fn prove(&self, token: &Unverified<'_>) -> bool {
        let Some(algorithm) = token.algorithm else { return false };
        self.meant_by(token).filter(|key| key.algorithms.contains(&algorithm)).any(|key| {
            let proven = jsonwebtoken::crypto::verify(token.signature, token.signed.as_bytes(), &key.public, algorithm);
            // A signature that cannot even be read proves nothing.
            proven.unwrap_or(false)
        })
    }
}

impl Key {
    fn from_jwk(jwk: &Map<String, Value>) -> Option<Self> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let text = |name: &str| member(jwk, name).and_then(Value::as_str);
        let number = |name: &str| text(name).map(url_safe);
        // Absent means any use (RFC 7517 §4.2).
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let (mut algorithms, public) = match (text("kty")?, text("crv")) {
            ("RSA", _) => (
                // No HMAC anywhere: with it a public key would be a shared secret.
                vec![RS256, RS384, RS512, PS256, PS384, PS512],
                DecodingKey::from_rsa_components(&number("n")?, &number("e")?).ok()?,
            ),
            ("EC", Some("P-256")) => (vec![ES256], DecodingKey::from_ec_components(&number("x")?, &number("y")?).ok()?),
            ("EC", Some("P-384")) => (vec![ES384], DecodingKey::from_ec_components(&number("x")?, &number("y")?).ok()?),
            ("OKP", Some("Ed25519")) => (vec![EdDSA], DecodingKey::from_ed_components(&number("x")?).ok()?),
            _ => return None,
        };
        // A key that names its algorithm is used with no other.
        if let Some(only) = text("alg") {
            algorithms.retain(|algorithm| Algorithm::from_str(only).is_ok_and(|only| only == *algorithm));
        }
        Some(Self { kid: text("kid").map(str::to_owned), algorithms, public })
    }
}

/// A member by name without regard to letter case: some issuers write `Kid` and `Kty`.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Base64 in the form of URLs; some issuers write the plain form.
fn url_safe(number: &str) -> String {
    number.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_read_whatever_the_case_and_the_base64() {
        let rsa = "vE+/".repeat(86);
        let jwks = json!({"keys": [
            {"Kid": "a", "Kty": "RSA", "N": rsa, "E": "AQAB"},
            {"kid": "b", "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
            {"kid": "c", "kty": "oct", "k": "c2VjcmV0"},
            {"kid": "d", "kty": "RSA", "use": "enc", "n": rsa, "e": "AQAB"},
            {"kid": "e", "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
        ]});
        let keys = Keys::from_jwks(&jwks).unwrap();
        let ids: Vec<_> = keys.0.iter().filter_map(|key| key.kid.as_deref()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert!(keys.knows(None) && keys.knows(Some("a")) && !keys.knows(Some("c")));
        assert_eq!(keys.0[1].algorithms, [Algorithm::ES256]);
    }

    #[test]
    fn what_is_no_token_is_not_taken_apart() {
        for text in ["", "thisisnotavalidtoken", "invalid.jwt.token", "a.b", "e30.e30.x", "e30.e30"] {
            assert!(Unverified::parse(text).is_none(), "{text}");
        }
        let none = format!("{}.e30.", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        assert!(Unverified::parse(&none).is_some_and(|token| token.algorithm.is_none()));
    }
}
