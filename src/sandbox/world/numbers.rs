//! What follows from a number or a name: URNs, dates of birth, ids that were left out, series of organizations.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::party::{InvalidParty, Party, PartyKind, is_organization_number};

/// The URN that a reference stands for: `person:…`, `organization:…`, `system-user:…`, `username:…`, `email:…`, or a
/// full URN.
pub fn resolve(reference: &str) -> Result<Party, InvalidParty> {
    let kind = |word| match word {
        "person" => Some(PartyKind::Person),
        "organization" => Some(PartyKind::Organization),
        "system-user" => Some(PartyKind::SystemUser),
        "username" => Some(PartyKind::SelfIdentified),
        "email" => Some(PartyKind::Email),
        _ => None,
    };
    match reference.split_once(':').and_then(|(word, id)| Some((kind(word)?, id))) {
        Some((kind, id)) => Party::parse(&format!("{}{id}", kind.prefix())),
        None => Party::parse(reference),
    }
}

/// A reference from what people type: a bare number, e-mail address or UUID gets its kind, all else stays.
pub fn whole(typed: &str) -> String {
    let typed = typed.trim();
    let is_number = typed.bytes().all(|byte| byte.is_ascii_digit());
    match typed.len() {
        11 if is_number => format!("person:{typed}"),
        9 if is_number => format!("organization:{typed}"),
        _ if Uuid::try_parse(typed).is_ok() => format!("system-user:{typed}"),
        _ if typed.contains('@') && !typed.contains(':') => format!("email:{typed}"),
        _ => typed.to_owned(),
    }
}

/// The date in a person number as `yyyy-mm-dd`. D-numbers add 40 to the day, synthetic numbers 40, 65 or 80 to the month.
pub fn date_of_birth(number: &str) -> Option<String> {
    let part = |from: usize, to: usize| number.get(from..to)?.parse::<u32>().ok();
    let (day, month, year, individual) = (part(0, 2)?, part(2, 4)?, part(4, 6)?, part(6, 9)?);
    let century = match (individual, year) {
        (0..=499, _) | (900..=999, 40..=99) => 1900,
        (500..=749, 54..=99) => 1800,
        (500..=999, 0..=39) => 2000,
        _ => return None,
    };
    let day = if day > 40 { day - 40 } else { day };
    let month = [80, 65, 40].into_iter().find(|more| month > *more).map_or(month, |more| month - more);
    let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(century + year).ok()?, month, day)?;
    Some(date.to_string())
}

/// Ids for somebody whose ids were left out: the same at every start.
pub struct Derived {
    pub user_id: u32,
    pub party_id: u32,
    pub uuid: Uuid,
}

impl Derived {
    pub fn of(urn: &str) -> Self {
        let hash = Sha256::digest(urn.as_bytes());
        let number = |at: usize| {
            let bytes = hash[at..at + 4].try_into().expect("four of 32 bytes");
            // Nine or ten digits: longer than the ids people write down, and still a positive 32-bit integer.
            100_000_000 + u32::from_be_bytes(bytes) % 2_000_000_000
        };
        let bytes = hash[..16].try_into().expect("16 of 32 bytes");
        Self { user_id: number(16), party_id: number(20), uuid: uuid::Builder::from_random_bytes(bytes).into_uuid() }
    }
}

/// Organization numbers counting up from eight digits; those for which no check digit exists are left out.
pub fn organizations_from(first8: u32) -> impl Iterator<Item = String> {
    (first8..=99_999_999).filter_map(|eight| {
        (0..10).map(|digit| format!("{eight:08}{digit}")).find(|number| is_organization_number(number))
    })
}

/// Puts a running number in the place of `{n}` or, with leading zeros, `{n:03}`.
pub fn numbered(name: &str, n: u32) -> String {
    let Some((before, rest)) = name.split_once("{n") else { return name.to_owned() };
    let Some((format, after)) = rest.split_once('}') else { return name.to_owned() };
    let width = format.strip_prefix(":0").and_then(|width| width.parse().ok()).unwrap_or(0);
    format!("{before}{n:0width$}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_birth_come_from_all_kinds_of_numbers() {
        assert_eq!(date_of_birth("08844397713").as_deref(), Some("1943-04-08"));
        assert_eq!(date_of_birth("27069815400").as_deref(), Some("1998-06-27"));
        assert_eq!(date_of_birth("41819055538").as_deref(), Some("1890-01-01"));
        assert_eq!(date_of_birth("01819012365").as_deref(), Some("1990-01-01"));
        assert_eq!(date_of_birth("06889090039").as_deref(), Some("1990-08-06"));
        assert_eq!(date_of_birth("99999999999"), None);
    }

    #[test]
    fn series_skip_numbers_without_check_digit() {
        let first: Vec<_> = organizations_from(31_910_000).take(101).collect();
        assert_eq!((first[0].as_str(), first[100].as_str()), ("319100008", "319101101"));
        let many: Vec<_> = organizations_from(31_920_000).take(1001).collect();
        assert_eq!((many[0].as_str(), many[1000].as_str()), ("319200002", "319211004"));
    }

    #[test]
    fn running_numbers_are_padded() {
        assert_eq!(numbered("MASSE TEST {n:03}", 7), "MASSE TEST 007");
        assert_eq!(numbered("NR {n} AS", 12), "NR 12 AS");
        assert_eq!(numbered("UTEN", 1), "UTEN");
    }

    #[test]
    fn references_are_short_or_full() {
        let urn = |reference| resolve(reference).map(|party| party.to_string());
        assert_eq!(urn("person:08844397713"), urn("urn:altinn:person:identifier-no:08844397713"));
        assert_eq!(urn("email:Test@test.no").as_deref(), Ok("urn:altinn:person:idporten-email:test@test.no"));
        assert_eq!(urn("username:someuser").as_deref(), Ok("urn:altinn:person:legacy-selfidentified:someuser"));
        assert!(urn("person:08844397714").is_err() && urn("hund:1").is_err());
    }
}
