//! Parties, and who did something.

use super::{At, Given, Violations, code::Code, name_of, text};
use crate::domain::{
    actor::ActorType,
    limits,
    party::{InvalidParty, Party, PartyKind},
    violations::Fault,
};

/// A person, an organization or a self-identified user, with valid check digits.
pub fn party_format(value: Option<&str>, at: At, found: &mut Violations) {
    if let Some((value, why)) = value.and_then(|value| Some((value, Party::parse_owner(value).err()?))) {
        let text = format!(
            "'{}' must be on format 'urn:altinn:organization:identifier-no:{{norwegian org-nr}}', \
             'urn:altinn:person:identifier-no:{{norwegian f-nr/d-nr}}', 'urn:altinn:person:legacy-selfidentified:{{username}}' \
             or 'urn:altinn:person:idporten-email:{{e-mail}}' with valid values, respectively.",
            name_of(at)
        );
        found.add(at, party_fault(text, value, why));
    }
}

/// What is wrong with a party, without repeating it: it may be a person.
fn party_fault(text: String, value: &str, why: InvalidParty) -> Fault {
    let digits = |count: usize, text: &str| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.rsplit(':').next().unwrap_or_default();
    let (organization, person) = (PartyKind::Organization.prefix(), PartyKind::Person.prefix());
    let form = |hint: &'static str| {
        Code::PartyForm.says(text.clone()).hint(hint).allowed([
            "urn:altinn:organization:identifier-no:{9 digits}",
            "urn:altinn:person:identifier-no:{11 digits}",
            "urn:altinn:person:legacy-selfidentified:{username}",
            "urn:altinn:person:idporten-email:{e-mail}",
        ])
    };
    match why {
        InvalidParty::BadIdentifier
            if value.starts_with(organization) && digits(9, number)
                || value.starts_with(person) && digits(11, number) =>
        {
            Code::PartyCheckDigit.says(text).hint("The check digits do not fit the number: look for a mistyped digit.")
        }
        InvalidParty::BadIdentifier if value.starts_with(organization) => {
            form("The number of an organization has nine digits, without blanks.")
        }
        InvalidParty::BadIdentifier if value.starts_with(person) => {
            form("The number of a person has eleven digits, without blanks.")
        }
        InvalidParty::BadIdentifier => form("What follows the last colon is not of the form that its URN has."),
        InvalidParty::UnknownPrefix if digits(9, value) || digits(11, value) => {
            form("A number alone is no party: write its URN before it, as in `allowed`.")
        }
        InvalidParty::UnknownPrefix => form("Write one of the URNs in `allowed`, prefix in lower case."),
    }
}

/// A new dialog's party.
pub fn party(value: Option<&str>, at: At, found: &mut Violations) {
    // Format before emptiness: the contract's order of texts under one key (chapter 08).
    party_format(value, at, found);
    text::not_blank(value, at, found);
    text::max_length(value, limits::DEFAULT_STRING, at, found);
}

/// An actor as a client gives it.
#[derive(Clone, Copy, Debug)]
pub struct GivenActor<'a> {
    pub actor_type: Given<ActorType>,
    pub actor_id: Option<&'a str>,
    pub actor_name: Option<&'a str>,
}

pub fn actor(given: GivenActor, at: At, found: &mut Violations) {
    super::defined(given.actor_type, at.field("actorType"), found);
    let named = usize::from(given.actor_id.is_some()) + usize::from(given.actor_name.is_some());
    // An undefined type is held to the rule of persons: the reference does, and reports both faults.
    let expected = usize::from(given.actor_type != Given::Known(ActorType::ServiceOwner));
    if named != expected {
        let text = "If 'ActorType' is 'ServiceOwner', both 'ActorId' and 'ActorName' must be null. For any other value of \
             'ActorType', 'ActorId' or 'ActorName' must be set, but not both simultaneously.";
        let hint = match (expected, named) {
            (0, _) => "Leave `actorId` and `actorName` out: the service owner is known.",
            (_, 0) => "Add either `actorId` (a URN as for parties) or `actorName`.",
            _ => "Leave one of `actorId` and `actorName` out.",
        };
        found.add(at, Code::ActorIncomplete.says(text).hint(hint));
    }
    party_format(given.actor_id, at.field("actorId"), found);
    // The reference has no such rule and fails at its column instead.
    text::max_length(given.actor_name, limits::DEFAULT_STRING, at.field("actorName"), found);
}

#[cfg(test)]
mod tests {
    use super::{super::testing::lines, *};

    fn faults(actor_type: Given<ActorType>, actor_id: Option<&str>, actor_name: Option<&str>) -> Vec<String> {
        lines(|at, found| actor(GivenActor { actor_type, actor_id, actor_name }, at.field("sender"), found))
    }

    /// Y-019, Y-020, Y-027, Y-028
    #[test]
    fn an_actor_is_the_owner_or_has_one_of_id_and_name() {
        let person = "urn:altinn:person:identifier-no:08844397713";
        let (representative, owner) =
            (Given::Known(ActorType::PartyRepresentative), Given::Known(ActorType::ServiceOwner));
        assert!(faults(representative, Some(person), None).is_empty());
        assert!(faults(representative, None, Some("")).is_empty());
        assert!(faults(owner, None, None).is_empty());
        for (kind, id, name) in [
            (representative, None, None),
            (representative, Some(person), Some("A")),
            (owner, Some(person), None),
            (owner, None, Some("A")),
        ] {
            let faults = faults(kind, id, name);
            assert_eq!(faults.len(), 1);
            assert!(faults[0].starts_with("dto.sender: If 'ActorType' is 'ServiceOwner'"), "{faults:?}");
        }
        let faults_of_nothing = faults(Given::Undefined(0), None, None);
        assert_eq!(
            faults_of_nothing[0],
            "dto.sender.actorType: 'ActorType' has a range of values which does not include '0'."
        );
        assert_eq!(faults_of_nothing.len(), 2);
        assert!(
            faults(representative, Some("invalid-urn"), None)[0]
                .starts_with("dto.sender.actorId: 'ActorId' must be on format")
        );
    }
}
