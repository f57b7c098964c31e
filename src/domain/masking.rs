//! What end users may learn of other people's identifiers: nothing that holds longer than this process (chapter 02 §0.6).

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::actor::Actor;

/// Replaces person numbers by names that only this process gives out: the same person always gets the same one, and
/// nobody can compute it from the number.
#[derive(Debug)]
pub struct Masking {
    salt: [u8; 16],
}

impl Masking {
    pub fn with_salt(salt: [u8; 16]) -> Self {
        Self { salt }
    }

    /// With the salt of this process, drawn when it is first needed.
    pub fn of_this_process() -> &'static Self {
        static MASKING: OnceLock<Masking> = OnceLock::new();
        MASKING.get_or_init(|| {
            let mut salt = [0; 16];
            aws_lc_rs::rand::fill(&mut salt).expect("the operating system gives random bytes");
            Self::with_salt(salt)
        })
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
        assert_eq!(masked(&masking, &person), shown, "stable within a process");
        assert_ne!(masked(&Masking::with_salt([8; 16]), &person), shown, "different in another");
        for kind in [PartyKind::Organization, PartyKind::SystemUser, PartyKind::SelfIdentified, PartyKind::Email] {
            let urn = format!("{}whatever", kind.prefix());
            assert_eq!(masked(&masking, &urn), urn);
        }
    }
}
