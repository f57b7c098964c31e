//! Parties, and who did something.

use super::{At, Given, Violations, name_of, text};
use crate::domain::{actor::ActorType, limits, party::Party};

/// A person, an organization or a self-identified user, with valid check digits.
pub fn party_format(value: Option<&str>, at: At, found: &mut Violations) {
    if value.is_some_and(|value| Party::parse_owner(value).is_err()) {
        found.add(at, format!(
            "'{}' must be on format 'urn:altinn:organization:identifier-no:{{norwegian org-nr}}', \
             'urn:altinn:person:identifier-no:{{norwegian f-nr/d-nr}}', 'urn:altinn:person:legacy-selfidentified:{{username}}' \
             or 'urn:altinn:person:idporten-email:{{e-mail}}' with valid values, respectively.",
            name_of(at)
        ));
    }
}

/// A new dialog's party.
pub fn party(value: Option<&str>, at: At, found: &mut Violations) {
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
    let expected = usize::from(given.actor_type != Given::Known(ActorType::ServiceOwner));
    if named != expected {
        found.add(
            at,
            "If 'ActorType' is 'ServiceOwner', both 'ActorId' and 'ActorName' must be null. For any other value of \
             'ActorType', 'ActorId' or 'ActorName' must be set, but not both simultaneously.",
        );
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
