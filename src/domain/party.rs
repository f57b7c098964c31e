//! Parties: persons, organizations and users that identified themselves, as URNs (chapter 03 §4).

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A well-formed identifier of any kind, as a URN, normalised.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Party(String); // private field, no Deserialize: `parse` is the only door

/// The kinds of identifier and their prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartyKind {
    Person,
    Organization,
    SystemUser,
    SelfIdentified,
    Email,
    Feide,
}

const PREFIXES: [(PartyKind, &str); 6] = [
    (PartyKind::Person, "urn:altinn:person:identifier-no:"),
    (PartyKind::Organization, "urn:altinn:organization:identifier-no:"),
    (PartyKind::SystemUser, "urn:altinn:systemuser:uuid:"),
    (PartyKind::SelfIdentified, "urn:altinn:person:legacy-selfidentified:"),
    (PartyKind::Email, "urn:altinn:person:idporten-email:"),
    // Compared with letter case: a prefix in capitals is unknown, as in the reference.
    (PartyKind::Feide, "urn:altinn:feide-subject:"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParty {
    #[error("nothing known stands before the last colon")]
    UnknownPrefix,
    #[error("the identifier is not of its kind's form")]
    BadIdentifier,
}

impl PartyKind {
    /// With its final colon.
    pub fn prefix(self) -> &'static str {
        PREFIXES.iter().find(|(kind, _)| *kind == self).map(|(_, prefix)| *prefix).expect("every kind has a prefix")
    }
}

impl Party {
    /// Any kind of identifier, in its full form.
    ///
    /// # Errors
    /// `UnknownPrefix` if nothing known stands before the last colon, `BadIdentifier` if what follows is not of its form.
    pub fn parse(urn: &str) -> Result<Self, InvalidParty> {
        // The last colon ends the prefix, so an identifier that itself holds a colon is refused.
        let at = urn.rfind(':').ok_or(InvalidParty::UnknownPrefix)? + 1;
        let (prefix, id) = urn.split_at(at);
        let (kind, _) = PREFIXES.iter().find(|(_, known)| *known == prefix).ok_or(InvalidParty::UnknownPrefix)?;
        let ok = match kind {
            PartyKind::Person => is_person_number(id),
            PartyKind::Organization => is_organization_number(id),
            PartyKind::SystemUser => uuid::Uuid::try_parse(id).is_ok(),
            PartyKind::SelfIdentified => decoded(urn, id).is_some_and(|id| !id.trim().is_empty()),
            PartyKind::Email => decoded(urn, id).is_some_and(|id| is_email(&id)),
            // Length only, as in the contract's table (chapter 03 §4).
            PartyKind::Feide => decoded(urn, id).is_some_and(|id| id.chars().count() == 64),
        };
        if ok { Ok(Self(normalised(*kind, urn))) } else { Err(InvalidParty::BadIdentifier) }
    }

    /// An identifier that may own dialogs, be searched for or act: a person, an organization or a self-identified user.
    pub fn parse_owner(urn: &str) -> Result<Self, InvalidParty> {
        let party = Self::parse(urn)?;
        match party.kind() {
            // Known, but they never own a dialog: refused as if they were not (§2.3).
            PartyKind::SystemUser | PartyKind::Feide => Err(InvalidParty::UnknownPrefix),
            PartyKind::Person | PartyKind::Organization | PartyKind::SelfIdentified | PartyKind::Email => Ok(party),
        }
    }

    /// A URN that was checked before it was stored.
    pub fn from_stored(urn: String) -> Self {
        Self(urn)
    }

    pub fn person(number: &str) -> Result<Self, InvalidParty> {
        Self::parse(&format!("{}{number}", PartyKind::Person.prefix()))
    }

    pub fn organization(number: &str) -> Result<Self, InvalidParty> {
        Self::parse(&format!("{}{number}", PartyKind::Organization.prefix()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn kind(&self) -> PartyKind {
        PREFIXES
            .iter()
            .find(|(_, prefix)| self.0.starts_with(prefix))
            .map(|(kind, _)| *kind)
            .expect("a party has a known prefix")
    }

    /// What follows the prefix.
    pub fn id(&self) -> &str {
        &self.0[self.kind().prefix().len()..]
    }

    /// The party's number in the database: see [`party_key`].
    pub fn key(&self) -> i64 {
        party_key(&self.0)
    }
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The database's number of a party: a pure function of its URN.
///
/// Person and organization numbers are encoded exactly, a tag (1, 2) in the bits from 60 up and the number below; all other
/// URNs are 60 bits of SHA-256 under the tag 3. Two URNs can share a key only under tag 3, and there the table `party`
/// keeps the URN, so that a second one is refused and no row ever leaves under another's name.
pub fn party_key(urn: &str) -> i64 {
    let exact = |kind: PartyKind, tag: i64| {
        let digits = urn.strip_prefix(kind.prefix())?;
        // Eleven digits are less than 2^37, so no number reaches the tag's bits.
        let plain = digits.len() <= 11 && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<i64>().ok()).flatten().map(|number| tag << 60 | number)
    };
    exact(PartyKind::Person, 1).or_else(|| exact(PartyKind::Organization, 2)).unwrap_or_else(|| {
        let hash = Sha256::digest(urn.as_bytes());
        let bits = i64::from_be_bytes(hash[..8].try_into().expect("a SHA-256 has 32 bytes"));
        // The tag leaves the sign bit free: keys are positive.
        3 << 60 | (bits & ((1 << 60) - 1))
    })
}

fn normalised(kind: PartyKind, urn: &str) -> String {
    match kind {
        // Numbers have no case, and the contract leaves Feide's subject as it is (chapter 03 §4).
        PartyKind::Person | PartyKind::Organization | PartyKind::Feide => urn.to_owned(),
        PartyKind::SystemUser | PartyKind::SelfIdentified | PartyKind::Email => urn.to_lowercase(),
    }
}

/// The identifier with its percent escapes resolved, if the whole is a well-formed URI.
fn decoded(urn: &str, id: &str) -> Option<String> {
    // The whole URN must be a URI: names with blanks or æ must come percent-encoded (§2.3).
    iri_string::types::IriStr::new(urn).ok()?;
    percent_encoding::percent_decode_str(id).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn is_email(id: &str) -> bool {
    // `^[^@\s]+@[^@\s]+\.[^@\s]+$` of the contract, without a regex: at least one letter before and behind some dot.
    let Some((local, domain)) = id.split_once('@') else { return false };
    let plain = |part: &str| !part.is_empty() && !part.contains('@') && !part.contains(char::is_whitespace);
    let dot_inside = domain.char_indices().any(|(at, c)| c == '.' && at > 0 && at + 1 < domain.len());
    plain(local) && plain(domain) && dot_inside
}

/// Eleven digits with both check digits right; no date check, so d-numbers and synthetic numbers pass.
pub fn is_person_number(number: &str) -> bool {
    let Some(digits) = digits::<11>(number) else { return false };
    control(&digits[..9], &[3, 7, 6, 1, 8, 9, 4, 5, 2]) == Some(digits[9])
        // The second check digit is computed over the first as well.
        && control(&digits[..10], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == Some(digits[10])
}

/// Nine digits with the check digit right.
pub fn is_organization_number(number: &str) -> bool {
    let Some(digits) = digits::<9>(number) else { return false };
    control(&digits[..8], &[3, 2, 7, 6, 5, 4, 3, 2]) == Some(digits[8])
}

/// The person number that begins with these nine digits; `None` where no check digits would do.
pub fn completed_person_number(stem: &str) -> Option<String> {
    let mut ten = [0; 10];
    ten[..9].copy_from_slice(&digits::<9>(stem)?);
    ten[9] = control(&ten[..9], &[3, 7, 6, 1, 8, 9, 4, 5, 2])?;
    let last = control(&ten, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])?;
    Some(format!("{stem}{}{last}", ten[9]))
}

/// The organization number that begins with these eight digits; `None` where no check digit would do.
pub fn completed_organization_number(stem: &str) -> Option<String> {
    let digit = control(&digits::<8>(stem)?, &[3, 2, 7, 6, 5, 4, 3, 2])?;
    Some(format!("{stem}{digit}"))
}

fn digits<const N: usize>(number: &str) -> Option<[u32; N]> {
    let mut digits = [0; N];
    (number.len() == N).then_some(())?;
    for (digit, byte) in digits.iter_mut().zip(number.bytes()) {
        *digit = char::from(byte).to_digit(10)?;
    }
    Some(digits)
}

/// The mod-11 control digit; `None` where no digit would do.
fn control(digits: &[u32], weights: &[u32]) -> Option<u32> {
    match 11 - digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() % 11 {
        11 => Some(0),
        // Such numbers are not given out.
        10 => None,
        digit => Some(digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_pass_and_their_neighbours_do_not() {
        assert!(is_organization_number("312345005") && is_organization_number("311000128"));
        assert!(is_person_number("01819012365") && is_person_number("41819055538"));
        assert!(!is_organization_number("312345006") && !is_person_number("05848297888"));
        assert!(!is_organization_number("31234500") && !is_person_number("0181901236x"));
    }

    #[test]
    fn numbers_are_completed_by_their_check_digits() {
        assert_eq!(completed_organization_number("31234500").as_deref(), Some("312345005"));
        assert_eq!(completed_person_number("018190123").as_deref(), Some("01819012365"));
        let persons = (0..1000).filter_map(|stem| completed_person_number(&format!("058482{stem:03}")));
        assert!(persons.inspect(|number| assert!(is_person_number(number))).count() > 700);
    }

    #[test]
    fn urns_are_normalised_by_kind() {
        let urn = "urn:altinn:person:idporten-email:Foo@Bar.com";
        assert_eq!(Party::parse(urn).map(|party| party.0), Ok("urn:altinn:person:idporten-email:foo@bar.com".into()));
        assert_eq!(Party::parse("urn:altinn:person:idporten-email:a b@c.no"), Err(InvalidParty::BadIdentifier));
        assert_eq!(Party::parse("urn:altinn:person:legacy-selfidentified:a:b"), Err(InvalidParty::UnknownPrefix));
        let system_user = "urn:altinn:systemuser:uuid:51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";
        assert!(Party::parse(system_user).is_ok());
        assert!(Party::parse_owner(system_user).is_err());
    }

    #[test]
    fn keys_of_kinds_never_meet() {
        assert_eq!(party_key("urn:altinn:person:identifier-no:08844397713"), 1 << 60 | 8_844_397_713);
        assert_eq!(party_key("urn:altinn:organization:identifier-no:991825827"), 2 << 60 | 991_825_827);
        assert_eq!(party_key("urn:altinn:person:idporten-email:a@b.no") >> 60, 3);
    }
}
