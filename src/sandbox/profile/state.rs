//! What users have set for themselves: language, favourites, where they want to be told of news. Pure.
//!
//! A user has one profile and each list in it is bounded, so all of it is bounded by how many users the world has.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::Instant;

/// Verified addresses and codes on their way, of one user.
const MOST_ADDRESSES: usize = 50;
/// Parties with settings of their own, of one user.
const MOST_PARTIES: usize = 2_000;
/// How soon another code may be sent to the same address.
const PAUSE_SECONDS: i64 = 30;
const CODE_SECONDS: i64 = 15 * 60;

pub const LANGUAGES: [&str; 3] = ["nb", "nn", "en"];

/// Of all users, by party UUID.
#[derive(Default)]
pub struct Profiles(HashMap<Uuid, Profile>);

#[derive(Default)]
pub struct Profile {
    language: Option<&'static str>,
    preselected: Option<Uuid>,
    show_client_units: bool,
    show_deleted: bool,
    favourites: IndexSet<Uuid>,
    notifications: IndexMap<Uuid, Notification>,
    pub private_phone: Option<String>,
    pub username: Option<String>,
    verified: IndexSet<Address>,
    codes: IndexMap<Address, Code>,
}

/// Where somebody wants to be told of news of one party.
#[derive(Clone, Debug, Default)]
pub struct Notification {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub resources: Vec<String>,
}

/// An e-mail address or a telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub value: String,
    pub kind: AddressKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressKind {
    Email,
    Sms,
}

impl AddressKind {
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Sms].into_iter().find(|kind| kind.name().eq_ignore_ascii_case(text))
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Sms => "Sms",
        }
    }
}

struct Code {
    code: String,
    sent: Instant,
}

/// One change of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Language(&'static str),
    Preselected(Option<Uuid>),
    ShowClientUnits(bool),
    ShowDeleted(bool),
}

impl Profiles {
    pub fn of(&mut self, user: Uuid) -> &mut Profile {
        self.0.entry(user).or_default()
    }

    /// The language that a user has chosen, or the usual one.
    pub fn language(&self, user: Uuid) -> &'static str {
        self.0.get(&user).and_then(|profile| profile.language).unwrap_or(LANGUAGES[0])
    }

    pub fn has_username(&self, name: &str, but: Uuid) -> bool {
        let is_it = |profile: &Profile| profile.username.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(name));
        self.0.iter().any(|(user, profile)| *user != but && is_it(profile))
    }

    /// Forgets users that are gone.
    pub fn keep(&mut self, is_there: impl Fn(Uuid) -> bool) {
        self.0.retain(|user, _| is_there(*user));
    }
}

impl Profile {
    pub fn change(&mut self, setting: Setting) {
        match setting {
            Setting::Language(language) => self.language = Some(language),
            Setting::Preselected(party) => self.preselected = party,
            Setting::ShowClientUnits(show) => self.show_client_units = show,
            Setting::ShowDeleted(show) => self.show_deleted = show,
        }
    }

    pub fn settings(&self) -> Value {
        json!({
            "language": self.language.unwrap_or(LANGUAGES[0]),
            "preSelectedPartyId": 0,
            "preselectedPartyUuid": self.preselected,
            "doNotPromptForParty": false,
            "showClientUnits": self.show_client_units,
            "shouldShowSubEntities": true,
            "shouldShowDeletedEntities": self.show_deleted,
        })
    }

    pub fn favourites(&self) -> Value {
        json!({"groupId": 1, "name": "Favorites", "isFavorite": true, "parties": self.favourites})
    }

    /// Whether it was none before; nothing changes when there are too many.
    pub fn add_favourite(&mut self, party: Uuid) -> bool {
        self.favourites.len() < MOST_PARTIES && self.favourites.insert(party)
    }

    pub fn remove_favourite(&mut self, party: Uuid) -> bool {
        self.favourites.shift_remove(&party)
    }

    pub fn notifications(&self, user_id: Option<u32>) -> Value {
        let status = |kind, value: &Option<String>| {
            let address = value.clone().map(|value| Address { value, kind })?;
            Some(if self.verified.contains(&address) { "Verified" } else { "Unverified" })
        };
        let entries = self.notifications.iter().map(|(party, wanted)| {
            json!({
                "userId": user_id,
                "partyUuid": party,
                "emailAddress": wanted.email,
                "phoneNumber": wanted.phone,
                "resourceIncludeList": wanted.resources,
                "emailVerificationStatus": status(AddressKind::Email, &wanted.email),
                "smsVerificationStatus": status(AddressKind::Sms, &wanted.phone),
                "needsConfirmation": false,
            })
        });
        entries.collect()
    }

    /// The settings for a party, and whether they are new; none when there are too many.
    pub fn notification(&mut self, party: Uuid) -> Option<(&mut Notification, bool)> {
        let is_new = !self.notifications.contains_key(&party);
        if is_new && self.notifications.len() >= MOST_PARTIES {
            return None;
        }
        Some((self.notifications.entry(party).or_default(), is_new))
    }

    pub fn forget_notification(&mut self, party: Uuid) -> bool {
        self.notifications.shift_remove(&party).is_some()
    }

    /// A code is on its way to that address.
    ///
    /// # Errors
    /// Seconds to wait: one was sent a moment ago.
    pub fn send_code(&mut self, address: Address, code: String, now: Instant) -> Result<(), i64> {
        if let Some(last) = self.codes.get(&address) {
            let waited = (now - last.sent).num_seconds();
            // A clock that was turned back keeps nobody waiting.
            if (0..PAUSE_SECONDS).contains(&waited) {
                return Err(PAUSE_SECONDS - waited);
            }
        }
        self.codes.shift_remove(&address);
        while self.codes.len() >= MOST_ADDRESSES {
            self.codes.shift_remove_index(0);
        }
        self.codes.insert(address, Code { code, sent: now });
        Ok(())
    }

    /// Whether it is the code that was sent to that address; then the address is verified.
    pub fn verify(&mut self, address: Address, code: &str, now: Instant) -> bool {
        let is_right = |sent: &Code| sent.code == code && (now - sent.sent).num_seconds() < CODE_SECONDS;
        if !self.codes.get(&address).is_some_and(is_right) {
            return false;
        }
        self.codes.shift_remove(&address);
        while self.verified.len() >= MOST_ADDRESSES {
            self.verified.shift_remove_index(0);
        }
        self.verified.insert(address);
        true
    }

    pub fn verified(&self) -> Value {
        self.verified.iter().map(|address| json!({"value": address.value, "type": address.kind.name()})).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn address(value: &str) -> Address {
        Address { value: value.to_owned(), kind: AddressKind::Email }
    }

    #[test]
    fn a_code_is_good_once_for_its_address_and_not_for_ever() {
        let now: Instant = "2030-01-01T00:00:00Z".parse().expect("an instant");
        let mut profile = Profile::default();
        profile.send_code(address("a@b.no"), "123456".to_owned(), now).expect("sent");
        assert_eq!(profile.send_code(address("a@b.no"), "2".to_owned(), now + Duration::seconds(10)), Err(20));
        assert!(!profile.verify(address("a@b.no"), "654321", now));
        assert!(!profile.verify(address("c@d.no"), "123456", now));
        assert!(!profile.verify(address("a@b.no"), "123456", now + Duration::seconds(CODE_SECONDS)));
        assert!(profile.verify(address("a@b.no"), "123456", now));
        assert!(!profile.verify(address("a@b.no"), "123456", now));
        assert_eq!(profile.verified(), json!([{"value": "a@b.no", "type": "Email"}]));
    }

    #[test]
    fn nothing_of_a_profile_grows_without_bound() {
        let now: Instant = "2030-01-01T00:00:00Z".parse().expect("an instant");
        let mut profile = Profile::default();
        for number in 0..2 * MOST_PARTIES {
            let party = Uuid::from_u128(number as u128);
            profile.add_favourite(party);
            profile.notification(party);
            profile.send_code(address(&format!("{number}@b.no")), "1".to_owned(), now).expect("sent");
            assert!(profile.verify(address(&format!("{number}@b.no")), "1", now));
            profile.send_code(address(&format!("{number}@c.no")), "1".to_owned(), now).expect("sent");
        }
        assert_eq!((profile.favourites.len(), profile.notifications.len()), (MOST_PARTIES, MOST_PARTIES));
        assert_eq!((profile.verified.len(), profile.codes.len()), (MOST_ADDRESSES, MOST_ADDRESSES));
    }
}
