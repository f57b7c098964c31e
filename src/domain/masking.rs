//! What end users may learn of other people's identifiers: nothing that means anything elsewhere (chapter 02 §0.6).

use sha2::{Digest, Sha256};

use super::actor::Actor;

/// Replaces person numbers by names that only this service gives out: the same person always gets the same one, and nobody
/// can compute it from the number who does not know the salt.
#[derive(Clone)]
pub struct Masking {
    salt: [u8; 16],
}

impl std::fmt::Debug for Masking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Whoever has the salt can try all person numbers: there are few of them.
        f.write_str("Masking(_)")
    }
}

impl Masking {
    pub fn with_salt(salt: [u8; 16]) -> Self {
        Self { salt }
    }

    /// With a salt that follows from a secret: the same secret gives the same names, in every instance and after a restart.
    pub fn of_secret(secret: &[u8]) -> Self {
        let hash =
            // The reference draws a salt for each process, so its names change at every restart. The prefix keeps this
            // use of the secret apart from others.
            Sha256::new().chain_update(b"dialogporten: names of masked persons\0").chain_update(secret).finalize();
        Self::with_salt(hash[..16].try_into().expect("16 of 32 bytes"))
    }

    /// Persons with a national number are masked. Organizations, system users and self-identified users are not, and
    /// neither is anybody's name.
    pub fn mask(&self, actor: &mut Actor) {
        if let Some(id) = &mut actor.actor_id
            && id.starts_with("urn:altinn:person:identifier-no")
        {
            *id = self.ephemeral(id);
        }
    }

    fn ephemeral(&self, urn: &str) -> String {
        use std::fmt::Write;
        let hash = Sha256::new().chain_update(urn).chain_update(self.salt).finalize();
        let mut masked = String::from("urn:altinn:person:identifier-ephemeral:");
        // Ten hexadecimal digits, as the contract has them (chapter 02 §0.6).
        for byte in &hash[..5] {
            write!(masked, "{byte:02x}").expect("writing to a string does not fail");
        }
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{actor::ActorType, party::PartyKind};

    fn masked(masking: &Masking, id: &str) -> String {
        let mut actor = Actor {
            actor_type: ActorType::PartyRepresentative,
            actor_id: Some(id.into()),
            actor_name: Some("Kari Normann".into()),
        };
        masking.mask(&mut actor);
        assert_eq!(actor.actor_name.as_deref(), Some("Kari Normann"));
        actor.actor_id.expect("the id stays")
    }

    #[test]
    fn only_person_numbers_are_masked() {
        let masking = Masking::with_salt([7; 16]);
        let person = format!("{}08844397713", PartyKind::Person.prefix());
        let shown = masked(&masking, &person);
        let digits = shown.strip_prefix("urn:altinn:person:identifier-ephemeral:").expect("the masked prefix");
        assert!(digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert_eq!(masked(&masking, &person), shown, "stable");
        assert_ne!(masked(&Masking::with_salt([8; 16]), &person), shown, "different elsewhere");
        let named = |secret: &[u8]| masked(&Masking::of_secret(secret), &person);
        assert_eq!(named(b"a"), named(b"a"));
        assert_ne!(named(b"a"), named(b"b"));
        for kind in [PartyKind::Organization, PartyKind::SystemUser, PartyKind::SelfIdentified, PartyKind::Email] {
            let urn = format!("{}whatever", kind.prefix());
            assert_eq!(masked(&masking, &urn), urn);
        }
    }
}
