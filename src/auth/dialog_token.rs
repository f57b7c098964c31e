//! Dialog tokens: what a reader may do with one dialog, signed, for the service owner's own systems (chapter 03 §9).

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Claims, TokenFault,
    authenticator::{SKEW, Verified},
    keys::{Keys, Unverified},
};
use crate::{
    config::{Dialogporten, KeyPair},
    domain::{
        Instant,
        decision::Decision,
        dialog::Dialog,
        identity::UserType,
        ids::DialogId,
        party::{Party, PartyKind},
        refusal::Refusal,
        visibility::MAIN,
    },
};

/// Seconds for which a token is good.
// Ten minutes, as the contract has it (chapter 03 §9).
const LIFETIME: i64 = 600;

/// Issues dialog tokens, and knows them again. Clones share the keys.
#[derive(Clone)]
pub struct DialogTokens(Arc<Signer>);

struct Signer {
    issuer: String,
    /// Base64url, with the dot behind it.
    header: String,
    /// Kept as it is used: `jsonwebtoken` would read the private key anew for each token, which costs more than signing.
    key: Ed25519KeyPair,
    /// Those of both pairs: what was signed before keys were changed still holds.
    keys: Keys,
}

/// What a dialog token that came back proves: its holder may hear of this dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialogGrant {
    pub dialog: DialogId,
    /// The token's end, with what clocks may differ on top.
    pub until: Instant,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

/// In the order of the contract.
#[derive(Serialize)]
struct Payload<'a> {
    jti: Uuid,
    #[serde(flatten)]
    holder: Holder,
    l: i32,
    p: &'a str,
    s: &'a str,
    i: Uuid,
    a: String,
    iss: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Whom the token is for. A system user is told apart from the organization that it acts for: `c` is who called, `o` who
/// owns the system user.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Holder {
    c: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    o: Option<String>,
}

impl DialogTokens {
    /// Signs with the primary key.
    pub fn new(config: &Dialogporten) -> Self {
        let header = Header { alg: "EdDSA", typ: "JWT", kid: &config.primary.kid };
        let public =
            |pair: &KeyPair| json!({"kty": "OKP", "crv": "Ed25519", "kid": pair.kid, "x": pair.public_base64()});
        let keys = json!({"keys": [public(&config.primary), public(&config.secondary)]});
        Self(Arc::new(Signer {
            issuer: config.issuer(),
            header: encoded(&header) + ".",
            key: config.primary.signer(),
            keys: Keys::from_jwks(&keys).expect("two public keys make a set"),
        }))
    }

    /// What `token` proves; `None` if it is not of this service at all.
    ///
    /// # Errors
    /// 401 if it claims to be, and does not hold.
    pub(super) fn proven(&self, token: &str, now: Instant) -> Result<Option<DialogGrant>, Refusal> {
        let signer = &*self.0;
        // By its issuer, not by trying keys: a token that names us and does not hold is refused, not passed on.
        let Some(token) = Unverified::parse(token).filter(|token| token.issuer() == Some(signer.issuer.as_str()))
        else {
            return Ok(None);
        };
        // No fetch of newer keys: they are our own.
        if !signer.keys.knows(token.kid.as_deref()) {
            return Err(TokenFault::UnknownKey.into());
        }
        if !signer.keys.accept(&token) {
            return Err(TokenFault::Algorithm.into());
        }
        if !signer.keys.prove(&token) {
            return Err(TokenFault::Signature.into());
        }
        let verified = Verified::from_payload(&token.payload).ok_or(TokenFault::Malformed)?;
        verified.holds_at(now)?;
        let dialog = verified.claims.first("i").and_then(|id| Uuid::try_parse(id).ok()).ok_or(TokenFault::Malformed)?;
        Ok(Some(DialogGrant { dialog: dialog.into(), until: verified.expires_at + SKEW }))
    }

    /// A token for the reader of `dialog`: `claims` and `party` are theirs, `level` their authentication level, `decision`
    /// what they may do.
    pub fn issue(
        &self,
        claims: &Claims,
        party: &Party,
        level: i32,
        dialog: &Dialog,
        decision: &Decision,
        now: Instant,
    ) -> String {
        let signer = &*self.0;
        let now = now.timestamp();
        let payload = Payload {
            jti: Uuid::new_v4(),
            holder: Holder::of(claims, party),
            l: level,
            p: dialog.party.as_str(),
            s: &dialog.service_resource,
            i: dialog.id.0,
            a: actions(decision),
            iss: &signer.issuer,
            iat: now,
            nbf: now,
            exp: now + LIFETIME,
        };
        let signed = format!("{}{}", signer.header, encoded(&payload));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signer.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

impl Holder {
    fn of(claims: &Claims, party: &Party) -> Self {
        let organization = |number: String| format!("{}{number}", PartyKind::Organization.prefix());
        let owner = || claims.system_user()?.organization;
        if claims.user_type() == UserType::SystemUser
            && let Some((consumer, owner)) = claims.consumer().zip(owner())
        {
            return Self { c: organization(consumer), y: Some(party.to_string()), o: Some(organization(owner)) };
        }
        Self { c: party.to_string(), y: None, o: None }
    }
}

/// Permitted pairs as `action` or `action,attribute`, in their order, with semicolons between them.
fn actions(decision: &Decision) -> String {
    let mut text = String::new();
    for (action, attribute) in decision.permitted() {
        if !text.is_empty() {
            text.push(';');
        }
        text.push_str(action);
        if attribute != MAIN {
            text.push(',');
            text.push_str(attribute);
        }
    }
    text
}

fn encoded(part: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).expect("texts and numbers serialise"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_stand_in_order_without_the_main_part() {
        let pairs =
            [("transmissionread", "attachment-b"), ("sign", "urn:altinn:task:Task_2"), ("read", MAIN), ("Z", MAIN)];
        let decision = Decision::permitting(pairs.map(|(action, part)| (action.to_owned(), part.to_owned())));
        assert_eq!(actions(&decision), "Z;read;sign,urn:altinn:task:Task_2;transmissionread,attachment-b");
        assert_eq!(actions(&Decision::default()), "");
    }

    #[test]
    fn a_system_user_is_told_apart_from_the_organizations() {
        let organization = |number: &str| json!({"authority": "iso6523-actorid-upis", "ID": format!("0192:{number}")});
        let id = "5a1f0c2e-7b1d-4a39-9d55-0f6f0a6c1e11";
        let details = |org| json!([{"type": "urn:altinn:systemuser", "systemuser_id": [id], "systemuser_org": org}]);
        let holder = |payload: serde_json::Value| {
            let claims = Claims::from_payload(payload.as_object().expect("an object"));
            Holder::of(&claims, &claims.party().expect("a party"))
        };
        let (consumer, owner) = (organization("991825827"), organization("310057223"));
        let urn = format!("urn:altinn:systemuser:uuid:{id}");

        let full = holder(json!({"authorization_details": details(owner.clone()), "consumer": consumer}));
        assert_eq!(full.c, "urn:altinn:organization:identifier-no:991825827");
        assert_eq!(full.y.as_deref(), Some(urn.as_str()));
        assert_eq!(full.o.as_deref(), Some("urn:altinn:organization:identifier-no:310057223"));
        for partial in [
            json!({"authorization_details": details(owner)}),
            json!({"authorization_details": details(json!(null)), "consumer": consumer}),
        ] {
            assert_eq!(holder(partial), Holder { c: urn.clone(), y: None, o: None });
        }
        let person = holder(json!({"pid": "08844397713", "consumer": consumer}));
        assert_eq!(person, Holder { c: "urn:altinn:person:identifier-no:08844397713".into(), y: None, o: None });
    }
}
