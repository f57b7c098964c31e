//! The sandbox's RSA keys: one per issuer, one that no issuer publishes, and the service's own client key.
//!
//! Tokens are put together by hand, so that tests can have any header and any claims signed.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Whose key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyName {
    Maskinporten,
    Altinn,
    Idporten,
    /// In no key set: what it signs is never valid.
    Unknown,
    /// The service's key at Maskinporten.
    Client,
}

impl KeyName {
    const ALL: [Self; 5] = [Self::Maskinporten, Self::Altinn, Self::Idporten, Self::Unknown, Self::Client];

    /// The name of an issuer's key, or of the key nobody knows. The client's key signs for the service alone.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| *key != Self::Client && key.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Maskinporten => "maskinporten",
            Self::Altinn => "altinn",
            Self::Idporten => "idporten",
            Self::Unknown => "unknown",
            Self::Client => "client",
        }
    }
}

/// All keys of one sandbox.
pub struct Keys([Key; 5]);

impl Keys {
    /// The keys kept in `dir`, made there if they are missing; without a folder one set for the whole process, because
    /// making RSA keys is slow.
    pub fn open(dir: Option<&Path>) -> Result<Arc<Self>> {
        static SHARED: OnceLock<Arc<Keys>> = OnceLock::new();
        if let Some(dir) = dir {
            return Self::kept_in(dir).map(Arc::new);
        }
        let shared = SHARED.get_or_init(|| {
            Arc::new(Self(all(|_| Key::generate()).expect("the system's randomness is there, so keys can be made")))
        });
        Ok(shared.clone())
    }

    pub fn get(&self, name: KeyName) -> &Key {
        &self.0[name as usize]
    }

    fn kept_in(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("making the folder {}", dir.display()))?;
        let keys = all(|name| {
            let file = dir.join(format!("{}.pk8", name.name()));
            match std::fs::read(&file) {
                Ok(der) => Key::from_pkcs8(der),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let key = Key::generate()?;
                    write_privately(&file, &key.pkcs8)?;
                    Ok(key)
                }
                Err(error) => Err(error.into()),
            }
            .with_context(|| format!("the key {}", file.display()))
        })?;
        Ok(Self(keys))
    }
}

/// One key per name, made side by side.
fn all(make: impl Fn(KeyName) -> Result<Key> + Sync) -> Result<[Key; 5]> {
    let keys = std::thread::scope(|scope| {
        let makers = KeyName::ALL.map(|name| {
            let make = &make;
            scope.spawn(move || make(name))
        });
        makers.into_iter().map(|maker| maker.join().expect("making a key does not panic")).collect::<Result<Vec<_>>>()
    })?;
    keys.try_into().map_err(|_| anyhow!("there is one key per name"))
}

/// Whole or not at all, and readable for the owner only. Of several that write at once, the last one's stays.
fn write_privately(file: &Path, content: &[u8]) -> Result<()> {
    use std::io::Write;
    // Written aside and renamed: a second `dev` that starts at this moment never reads half a key.
    let unfinished = file.with_extension(format!("{}.new", uuid::Uuid::new_v4()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&unfinished)?.write_all(content)?;
    Ok(std::fs::rename(&unfinished, file)?)
}

/// An RSA key of 2048 bits.
pub struct Key {
    pair: RsaKeyPair,
    pkcs8: Vec<u8>,
    /// The start of the public modulus' SHA-256: the same as long as the key is the same.
    pub kid: String,
}

impl Key {
    fn generate() -> Result<Self> {
        let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("making an RSA key"))?;
        let der: aws_lc_rs::encoding::Pkcs8V1Der = pair.as_der().map_err(|_| anyhow!("writing an RSA key"))?;
        Self::from_pkcs8(der.as_ref().to_vec())
    }

    fn from_pkcs8(pkcs8: Vec<u8>) -> Result<Self> {
        let pair = RsaKeyPair::from_pkcs8(&pkcs8).map_err(|reason| anyhow!("not an RSA key: {reason}"))?;
        let modulus = pair.public_key().modulus();
        // Of the key itself, so that a kept key keeps its id, and a new one is asked for by verifiers that cache.
        let hash = Sha256::digest(modulus.big_endian_without_leading_zero());
        let kid = BASE64_URL_SAFE_NO_PAD.encode(&hash[..15]);
        Ok(Self { pair, pkcs8, kid })
    }

    /// A token with exactly this header and these claims, signed with RS256 whatever the header says; `"alg": "none"` gets
    /// an empty signature.
    pub fn sign(&self, header: &Map<String, Value>, claims: &Map<String, Value>) -> String {
        let part = |map: &Map<String, Value>| {
            BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(map).expect("a JSON object can be written"))
        };
        let mut token = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .expect("a 2048 bit key signs any message");
        token.push('.');
        if header.get("alg").and_then(Value::as_str) != Some("none") {
            token.push_str(&BASE64_URL_SAFE_NO_PAD.encode(signature));
        }
        token
    }

    /// The header that tokens of this key usually have.
    pub fn header(&self) -> Map<String, Value> {
        let mut header = Map::new();
        header.insert("alg".into(), "RS256".into());
        header.insert("typ".into(), "JWT".into());
        header.insert("kid".into(), self.kid.clone().into());
        header
    }

    /// The claims of `token`, if this key signed it. Times are not looked at.
    pub fn verified(&self, token: &str) -> Option<Map<String, Value>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |text: &str| -> Option<Map<String, Value>> {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
        };
        // The header must say what is checked: no other algorithm, and never `none`.
        (part(header)?.get("alg")? == "RS256").then_some(())?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(signed.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?)
            .ok()?;
        part(claims)
    }

    /// As it stands in a key set.
    pub fn public_jwk(&self) -> Value {
        let key = self.pair.public_key();
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": BASE64_URL_SAFE_NO_PAD.encode(key.modulus().big_endian_without_leading_zero()),
            "e": BASE64_URL_SAFE_NO_PAD.encode(key.exponent().big_endian_without_leading_zero()),
        })
    }

    /// The private key as Maskinporten clients configure it: base64 of the JWK's JSON.
    pub fn encoded_private_jwk(&self) -> String {
        let mut jwk = self.public_jwk();
        let numbers = der::rsa_numbers(&self.pkcs8).expect("the key was written by the library that read it");
        // The numbers after the version, modulus and public exponent, in the order of RFC 8017.
        for (name, number) in ["d", "p", "q", "dp", "dq", "qi"].into_iter().zip(&numbers[3..]) {
            jwk[name] = BASE64_URL_SAFE_NO_PAD.encode(number).into();
        }
        BASE64_STANDARD.encode(jwk.to_string())
    }
}

/// As much of DER as an RSA private key needs.
mod der {
    const INTEGER: u8 = 2;
    const OCTETS: u8 = 4;
    const SEQUENCE: u8 = 0x30;

    /// The nine numbers of the RSA private key inside a PKCS#8 document, without leading zeros.
    pub fn rsa_numbers(pkcs8: &[u8]) -> Option<Vec<&[u8]>> {
        let (document, _) = element(pkcs8, SEQUENCE)?;
        let (_version, rest) = element(document, INTEGER)?;
        let (_algorithm, rest) = element(rest, SEQUENCE)?;
        let (key, _) = element(rest, OCTETS)?;
        let (mut rest, _) = element(key, SEQUENCE)?;
        let mut numbers = Vec::with_capacity(9);
        for _ in 0..9 {
            let (number, behind) = element(rest, INTEGER)?;
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            numbers.push(&number[zeros..]);
            rest = behind;
        }
        Some(numbers)
    }

    /// The content of the first element, which must have this tag, and what follows it.
    fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
        let [found, length, rest @ ..] = input else { return None };
        if *found != tag {
            return None;
        }
        let (length, rest) = match usize::from(*length) {
            short @ ..0x80 => (short, rest),
            long => {
                let (digits, rest) = rest.split_at_checked(long & 0x7f)?;
                (
                    digits.iter().try_fold(0_usize, |sum, digit| sum.checked_mul(256)?.checked_add((*digit).into()))?,
                    rest,
                )
            }
        };
        rest.split_at_checked(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Map<String, Value> {
        json!({"iss": "somebody", "n": 1}).as_object().expect("an object").clone()
    }

    #[test]
    fn a_key_knows_what_it_signed_and_nothing_else() {
        let keys = Keys::open(None).expect("keys");
        let (one, other) = (keys.get(KeyName::Altinn), keys.get(KeyName::Unknown));
        let token = one.sign(&one.header(), &claims());
        assert_eq!(one.verified(&token), Some(claims()));
        assert_eq!(other.verified(&token), None);
        assert_eq!(one.verified(&token.replace('.', ".x")), None);
        let none = one.sign(json!({"alg": "none"}).as_object().expect("an object"), &claims());
        assert!(none.ends_with('.') && one.verified(&none).is_none());
    }

    #[test]
    fn keys_in_a_folder_stay_the_same_and_belong_to_their_owner() {
        let dir = std::env::temp_dir().join(format!("keys-{}", uuid::Uuid::new_v4()));
        let first = Keys::open(Some(&dir)).expect("keys");
        let again = Keys::open(Some(&dir)).expect("keys");
        for name in KeyName::ALL {
            assert_eq!(first.get(name).kid, again.get(name).kid);
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(dir.join("altinn.pk8")).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir_all(dir).expect("removed");
    }

    #[test]
    fn several_may_open_an_empty_folder_at_once() {
        let dir = std::env::temp_dir().join(format!("keys-{}", uuid::Uuid::new_v4()));
        std::thread::scope(|scope| {
            let openers = [(); 4].map(|()| scope.spawn(|| Keys::open(Some(&dir)).is_ok()));
            assert!(openers.into_iter().all(|opener| opener.join().expect("no panic")));
        });
        let left = std::fs::read_dir(&dir).expect("the folder").count();
        assert_eq!(left, KeyName::ALL.len());
        std::fs::remove_dir_all(dir).expect("removed");
    }

    #[test]
    fn the_private_jwk_holds_the_numbers_of_the_key() {
        let keys = Keys::open(None).expect("keys");
        let key = keys.get(KeyName::Client);
        let json = BASE64_STANDARD.decode(key.encoded_private_jwk()).expect("base64");
        let jwk: Value = serde_json::from_slice(&json).expect("JSON");
        let numbers = der::rsa_numbers(&key.pkcs8).expect("numbers");
        for (name, number) in ["n", "e", "d", "p", "q", "dp", "dq", "qi"].into_iter().zip(&numbers[1..]) {
            assert_eq!(jwk[name], BASE64_URL_SAFE_NO_PAD.encode(number), "{name}");
        }
    }
}
