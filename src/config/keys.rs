//! Keys among the settings: those that sign dialog tokens, and the one that proves us to Maskinporten.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use aws_lc_rs::{
    encoding::{AsBigEndian, AsDer, Curve25519SeedBin, Pkcs8V1Der},
    rsa,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// An Ed25519 key that signs dialog tokens. Having one proves that the private and the public half belong together.
#[derive(Clone, Debug)]
pub struct KeyPair {
    pub kid: String,
    seed: SecretString,
    public: [u8; 32],
}

impl KeyPair {
    /// A fresh key.
    pub fn generate(kid: impl Into<String>) -> Self {
        let key = Ed25519KeyPair::generate().expect("the random generator of the system works");
        let seed: Curve25519SeedBin<'_> =
            key.seed().and_then(|seed| seed.as_be_bytes()).expect("a key that was just made has a seed");
        let public = key.public_key().as_ref().try_into().expect("Ed25519 public keys have 32 bytes");
        Self { kid: kid.into(), seed: BASE64_URL_SAFE_NO_PAD.encode(seed.as_ref()).into(), public }
    }

    /// The halves as the settings hold them: base64url of the raw 32 bytes each.
    pub(super) fn parse(kid: String, private: &SecretString, public: &str) -> Result<Self, BadKey> {
        let seed = raw(private.expose_secret()).ok_or(BadKey::Private)?;
        let public = raw(public).ok_or(BadKey::Public)?;
        // Checked at start: a pair that does not belong together would sign tokens that nobody can verify.
        Ed25519KeyPair::from_seed_and_public_key(&seed, &public).map_err(|_| BadKey::Different)?;
        Ok(Self { kid, seed: BASE64_URL_SAFE_NO_PAD.encode(seed).into(), public })
    }

    /// Stands in while faults are collected.
    pub(super) fn stand_in() -> Self {
        Self { kid: String::new(), seed: SecretString::from(""), public: [0; 32] }
    }

    /// Base64url of the raw private half.
    pub fn private(&self) -> &SecretString {
        &self.seed
    }

    /// The raw public half.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Base64url of the raw public half, as JWKS show it.
    pub fn public_base64(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.public)
    }

    /// What signs.
    pub fn signer(&self) -> Ed25519KeyPair {
        let seed = raw(self.seed.expose_secret()).expect("checked when it was parsed or made");
        Ed25519KeyPair::from_seed_and_public_key(&seed, &self.public).expect("checked when it was parsed or made")
    }
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadKey {
    Private,
    Public,
    Different,
}

fn raw(text: &str) -> Option<[u8; 32]> {
    // Padding is tolerated: key tools differ in whether they write it.
    BASE64_URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('=')).ok()?.try_into().ok()
}

/// The keys that this service itself needs, for a platform that takes any: made up, then kept in a file.
#[derive(Clone, Debug)]
pub struct ServiceKeys {
    pub primary: KeyPair,
    pub secondary: KeyPair,
    /// Base64 of the private JWK, as Maskinporten hands it out.
    pub client_jwk: SecretString,
}

#[derive(Serialize, Deserialize)]
struct StoredKeys {
    primary: StoredKeyPair,
    secondary: StoredKeyPair,
    client_jwk: String,
}

#[derive(Serialize, Deserialize)]
struct StoredKeyPair {
    kid: String,
    private: String,
    public: String,
}

impl ServiceKeys {
    pub fn generate() -> Self {
        Self {
            primary: KeyPair::generate("dialogporten-primary"),
            secondary: KeyPair::generate("dialogporten-secondary"),
            client_jwk: BASE64_STANDARD.encode(client_jwk("dialogporten-client").to_string()).into(),
        }
    }

    /// The keys in `file`; made and stored if there is none, so that tokens outlive a restart.
    ///
    /// # Errors
    /// The file cannot be read or written. One that cannot be understood is replaced.
    pub fn in_file(file: &Path) -> io::Result<Self> {
        match fs::read(file) {
            Ok(bytes) => {
                if let Some(keys) = serde_json::from_slice(&bytes).ok().and_then(Self::restored) {
                    return Ok(keys);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let keys = Self::generate();
        let stored = |key: &KeyPair| StoredKeyPair {
            kid: key.kid.clone(),
            private: key.private().expose_secret().to_owned(),
            public: key.public_base64(),
        };
        let stored = StoredKeys {
            primary: stored(&keys.primary),
            secondary: stored(&keys.secondary),
            client_jwk: keys.client_jwk.expose_secret().to_owned(),
        };
        let bytes = serde_json::to_vec_pretty(&stored).expect("strings serialise");
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(&bytes)?;
        Ok(keys)
    }

    fn restored(stored: StoredKeys) -> Option<Self> {
        let pair = |key: StoredKeyPair| KeyPair::parse(key.kid, &key.private.into(), &key.public).ok();
        let client_jwk = SecretString::from(stored.client_jwk);
        check_client_jwk(&client_jwk).ok()?;
        Some(Self { primary: pair(stored.primary)?, secondary: pair(stored.secondary)?, client_jwk })
    }
}

/// A fresh private RSA key as JWK.
fn client_jwk(kid: &str) -> serde_json::Value {
    let key = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("the random generator of the system works");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("a key that was just made can be written");
    let parts = rsa_parts(der.as_ref()).expect("PKCS #8 as the library writes it");
    let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
    let mut jwk = serde_json::Map::new();
    jwk.insert("kty".into(), "RSA".into());
    jwk.insert("kid".into(), kid.into());
    jwk.insert("alg".into(), "RS256".into());
    jwk.insert("use".into(), "sig".into());
    for (name, part) in names.into_iter().zip(parts) {
        jwk.insert(name.into(), BASE64_URL_SAFE_NO_PAD.encode(part).into());
    }
    jwk.into()
}

/// The eight numbers of an RSA key in PKCS #8, in the order of RFC 8017 §A.1.2, which is the order of the JWK members.
fn rsa_parts(pkcs8: &[u8]) -> Option<[&[u8]; 8]> {
    let (outer, _) = der_value(pkcs8)?;
    let (_version, rest) = der_value(outer)?;
    let (_algorithm, rest) = der_value(rest)?;
    let (octets, _) = der_value(rest)?;
    let (key, _) = der_value(octets)?;
    let (_version, mut rest) = der_value(key)?;
    let mut parts = [&[][..]; 8];
    for part in &mut parts {
        let (number, after) = der_value(rest)?;
        // A zero in front only says that the number is not negative.
        *part = number.strip_prefix(&[0]).unwrap_or(number);
        rest = after;
    }
    Some(parts)
}

/// The content of the first DER element, and what follows it.
fn der_value(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = der.get(1..)?.split_first()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    rest.split_at_checked(length)
}

/// Checks that `encoded` is the base64 of a private RSA key as JWK; says what is wrong in words that follow the key.
pub(super) fn check_client_jwk(encoded: &SecretString) -> Result<(), String> {
    let text = encoded.expose_secret().trim();
    let bytes = BASE64_STANDARD
        .decode(text)
        .or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')))
        .map_err(|_| "is not base64")?;
    let jwk: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&bytes).map_err(|_| "is not the base64 of a JSON object")?;
    if jwk.get("kty").and_then(serde_json::Value::as_str) != Some("RSA") {
        return Err("holds no RSA key (`kty`)".into());
    }
    let missing: Vec<_> = ["kid", "n", "e", "d"]
        .into_iter()
        .filter(|member| !jwk.get(*member).is_some_and(serde_json::Value::is_string))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("lacks the members {}", missing.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_the_settings_and_halves_of_two_keys_do_not_mix() {
        let (one, two) = (KeyPair::generate("one"), KeyPair::generate("two"));
        let again = KeyPair::parse("one".into(), one.private(), &one.public_base64()).unwrap();
        assert_eq!(again.public(), one.public());
        assert_eq!(again.signer().public_key().as_ref(), one.public());
        assert_eq!(KeyPair::parse("x".into(), one.private(), &two.public_base64()).unwrap_err(), BadKey::Different);
        assert_eq!(KeyPair::parse("x".into(), &"short".into(), &two.public_base64()).unwrap_err(), BadKey::Private);
    }

    #[test]
    fn a_made_client_key_passes_the_check_and_signs() {
        let keys = ServiceKeys::generate();
        check_client_jwk(&keys.client_jwk).unwrap();
        let jwk = BASE64_STANDARD.decode(keys.client_jwk.expose_secret()).unwrap();
        let jwk: serde_json::Value = serde_json::from_slice(&jwk).unwrap();
        let part = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        assert_eq!(part("n").len(), 256);
        assert_eq!(part("e"), [1, 0, 1]);
        assert_eq!(part("p").len() + part("q").len(), 256);
    }
}
