//! What a verified token says (chapter 03 §2).

use indexmap::IndexMap;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::scope::Scope;
use crate::domain::{
    identity::{EndUserIdentity, Subject, UserType},
    party::{Party, PartyKind, is_organization_number, is_person_number},
};

/// The claims of one token by name. A list in the token gives one claim several values; "the claim" is the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims(IndexMap<String, Vec<String>>);

const USER_ID: &str = "urn:altinn:userid";
const SYSTEM_USER: &str = "urn:altinn:systemuser";

impl Claims {
    /// Flattens a payload: text stays, numbers and booleans become text, objects become their JSON.
    pub fn from_payload(payload: &Map<String, Value>) -> Self {
        let values = payload.iter().map(|(name, value)| {
            let values = match value {
                // As .NET makes claims of a list: one each.
                Value::Array(items) => items.iter().filter_map(flat).collect(),
                one => flat(one).into_iter().collect(),
            };
            (name.clone(), values)
        });
        Self(values.collect())
    }

    /// The first value.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the token carries the scope: looks at the first `scope` value only, as everything but policies does.
    pub fn has(&self, scope: Scope) -> bool {
        self.first("scope").is_some_and(|list| scope.is_in(list))
    }

    /// Whether any `scope` value names the scope: what policies ask.
    pub fn has_anywhere(&self, scope: Scope) -> bool {
        self.all("scope").iter().any(|list| scope.is_in(list))
    }

    /// The number of the organization in `consumer`, if that is well-formed.
    pub fn consumer(&self) -> Option<String> {
        self.organization("consumer")
    }

    /// The number of the organization in `supplier`.
    pub fn supplier(&self) -> Option<String> {
        self.organization("supplier")
    }

    fn organization(&self, name: &str) -> Option<String> {
        organization_number(&serde_json::from_str(self.first(name)?).ok()?)
    }

    /// The system user the token speaks for.
    pub fn system_user(&self) -> Option<SystemUser> {
        let details: Value = serde_json::from_str(self.first("authorization_details")?).ok()?;
        let is_system_user = |details: &&Value| details.get("type").and_then(Value::as_str) == Some(SYSTEM_USER);
        let details = match &details {
            // A token may carry authorizations of other types beside it (RFC 9396).
            Value::Array(list) => list.iter().find(is_system_user)?,
            one => Some(one).filter(is_system_user)?,
        };
        // A list on the wire, of which the first counts.
        let id = details.get("systemuser_id")?.as_array()?.iter().find_map(Value::as_str)?.to_lowercase();
        Some(SystemUser { id, organization: details.get("systemuser_org").and_then(organization_number) })
    }

    fn person(&self) -> Option<&str> {
        // A number with wrong check digits is no person: then the token may still be of another kind.
        self.first("pid").filter(|pid| is_person_number(pid))
    }

    /// E-mail address of a user who registered with nothing else.
    fn email(&self) -> Option<String> {
        let mut methods: Vec<&str> = Vec::new();
        for method in self.all("amr").iter().map(String::as_str).filter(|method| !method.trim().is_empty()) {
            if !methods.iter().any(|known| known.eq_ignore_ascii_case(method)) {
                methods.push(method);
            }
        }
        // Exactly this one method: who also logged in by something stronger is known by that.
        (methods == ["Selfregistered-email"]).then(|| self.first("email").map(str::to_lowercase)).flatten()
    }

    /// The kind of user; the first that fits (chapter 03 §2.5).
    pub fn user_type(&self) -> UserType {
        // The order decides between kinds: a person before the system user, that before its organization (§2.5).
        if self.person().is_some() {
            let service_owner = self.has(Scope::ServiceProvider);
            if service_owner { UserType::ServiceOwnerOnBehalfOfPerson } else { UserType::Person }
        } else if self.system_user().is_some() {
            UserType::SystemUser
        } else if self.has(Scope::ServiceProvider) && self.consumer().is_some() {
            UserType::ServiceOwner
        } else if self.email().is_some() {
            UserType::IdportenEmailIdentifiedUser
        } else {
            UserType::Unknown
        }
    }

    /// The party that authorization asks about; none for a service owner that speaks for itself, and for identifiers
    /// that are not of their kind's form.
    pub fn party(&self) -> Option<Party> {
        match self.user_type() {
            UserType::Person | UserType::ServiceOwnerOnBehalfOfPerson => Party::person(self.person()?).ok(),
            UserType::SystemUser => {
                let id = Uuid::try_parse(&self.system_user()?.id).ok()?;
                Party::parse(&format!("{}{id}", PartyKind::SystemUser.prefix())).ok()
            }
            UserType::IdportenEmailIdentifiedUser => {
                Party::parse(&format!("{}{}", PartyKind::Email.prefix(), self.email()?)).ok()
            }
            UserType::ServiceOwner | UserType::Unknown | UserType::AltinnSelfIdentifiedUser | UserType::FeideUser => {
                None
            }
        }
    }

    /// Who the decision point is asked about: the first of user id, person number and system user.
    pub fn subject(&self) -> Option<Subject> {
        let system_user = || {
            let id = Uuid::try_parse(&self.system_user()?.id).ok()?;
            Some(Subject::SystemUser(id.to_string()))
        };
        if let Some(id) = self.first(USER_ID).map(str::trim).filter(|id| !id.is_empty()) {
            // A system user's own token may carry the id of a user that has nothing to do with the call.
            if self.user_type() != UserType::SystemUser {
                return Some(Subject::User(id.to_owned()));
            }
        }
        self.person().map(|pid| Subject::Person(pid.to_owned())).or_else(system_user)
    }

    /// The end user that the claims speak of, if there is one that can be asked about.
    pub fn end_user(&self) -> Option<EndUserIdentity> {
        Some(EndUserIdentity {
            user_type: self.user_type(),
            party: self.party()?,
            subject: self.subject(),
            party_id: self.party_id(),
            identifying: self.identifying(),
        })
    }

    /// `urn:altinn:partyid`, if it is a whole number.
    pub fn party_id(&self) -> Option<i64> {
        self.first("urn:altinn:partyid")?.trim().parse().ok()
    }

    /// The authentication level; none where nothing usable says one (chapter 03 §2.7).
    pub fn level(&self) -> Option<i32> {
        let stated = self.first("urn:altinn:authlevel").and_then(|level| level.trim().parse::<i32>().ok());
        if let Some(level) = stated.filter(|level| *level >= 0) {
            return Some(level);
        }
        match self.first("acr") {
            Some("selfregistered-email" | "idporten-loa-low") => Some(0),
            Some("idporten-loa-substantial") => Some(3),
            Some("idporten-loa-high") => Some(4),
            // An `acr` that is not known is trusted with nothing, also for a system user.
            Some(_) => None,
            // System users have no `acr`; the contract gives them 3 (chapter 02 §0.4).
            None => self.system_user().map(|_| 3),
        }
    }

    /// Everything that tells callers apart, as text: two tokens with the same text get the same answers.
    pub fn identifying(&self) -> String {
        // Times, ids of the token and scopes are not among them, or each new token would ask the platform anew.
        const PLAIN: [&str; 6] = ["pid", "email", "acr", "orgsub", "consumer", "supplier"];
        let mut pairs: Vec<(&str, &str)> = self
            .0
            .iter()
            .filter(|(name, _)| PLAIN.contains(&name.as_str()) || name.starts_with("urn:altinn:"))
            .flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str())))
            .collect();
        // Sorted by name: the order of members in a token means nothing. Values keep theirs, the first one counts.
        pairs.sort_by_key(|(name, _)| *name);
        let system_user = self.system_user();
        if let Some(system_user) = &system_user {
            pairs.push((SYSTEM_USER, &system_user.id));
        }
        serde_json::to_string(&pairs).expect("pairs of text serialise")
    }

    /// The same claims for a call on behalf of the person `number`.
    ///
    /// The user id goes, because it belongs to whom the token was issued for and would win as subject of decisions.
    #[must_use]
    pub fn on_behalf_of(&self, number: &str) -> Self {
        let mut claims = self.clone();
        claims.0.shift_remove(USER_ID);
        // As if the token were the person's: what follows needs no second way.
        claims.0.insert("pid".into(), vec![number.to_owned()]);
        claims
    }
}

/// A system user and the customer who owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemUser {
    /// Lower case; not necessarily a UUID.
    pub id: String,
    pub organization: Option<String>,
}

/// A text with a NUL character says nothing: no identifier has one, and no database takes one.
fn flat(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.contains('\0') => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string()),
    }
}

/// The organization's number in `{"authority": "iso6523-actorid-upis", "ID": "0192:…"}`.
fn organization_number(value: &Value) -> Option<String> {
    let authority = value.get("authority")?.as_str()?;
    let (scheme, number) = value.get("ID")?.as_str()?.split_once(':')?;
    let known = authority.eq_ignore_ascii_case("iso6523-actorid-upis") && scheme == "0192";
    (known && is_organization_number(number)).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(payload: &Value) -> Claims {
        Claims::from_payload(payload.as_object().unwrap())
    }

    fn consumer(id: &str) -> Value {
        json!({"authority": "iso6523-actorid-upis", "ID": id})
    }

    fn system_user(details: &Value) -> Option<SystemUser> {
        claims(&json!({ "authorization_details": details })).system_user()
    }

    const SO: &str = "digdir:dialogporten.serviceprovider";
    const PID: &str = "01819012365";

    #[test]
    fn the_first_kind_that_fits_wins() {
        let details =
            json!([{"type": "urn:altinn:systemuser", "systemuser_id": ["5A1F0C2E-7B1D-4A39-9D55-0F6F0A6C1E11"]}]);
        let organization = consumer("0192:312345005");
        let table = [
            (json!({"pid": PID, "scope": "digdir:dialogporten"}), UserType::Person),
            (json!({"pid": PID, "scope": format!("x {SO}")}), UserType::ServiceOwnerOnBehalfOfPerson),
            (json!({"pid": PID, "scope": format!("{SO}.search")}), UserType::Person),
            (json!({"pid": PID, "authorization_details": details}), UserType::Person),
            (json!({"pid": "01819012366", "authorization_details": details}), UserType::SystemUser),
            (json!({"authorization_details": details, "scope": SO, "consumer": organization}), UserType::SystemUser),
            (json!({"scope": SO, "consumer": organization}), UserType::ServiceOwner),
            (json!({"scope": "other", "consumer": organization}), UserType::Unknown),
            (json!({"scope": SO, "consumer": consumer("9908:312345005")}), UserType::Unknown),
            (json!({"email": "A@b.no", "amr": ["Selfregistered-email"]}), UserType::IdportenEmailIdentifiedUser),
            (
                json!({"email": "a@b.no", "amr": ["Selfregistered-email", " ", "selfregistered-EMAIL"]}),
                UserType::IdportenEmailIdentifiedUser,
            ),
            (json!({"email": "a@b.no", "amr": ["selfregistered-email"]}), UserType::Unknown),
            (json!({"email": "a@b.no", "amr": ["Selfregistered-email", "BankID"]}), UserType::Unknown),
            (json!({"amr": ["SelfIdentified"], "urn:altinn:userid": 5}), UserType::Unknown),
            (json!({}), UserType::Unknown),
        ];
        for (payload, expected) in table {
            assert_eq!(claims(&payload).user_type(), expected, "{payload}");
        }
    }

    #[test]
    fn organizations_are_strict_in_form() {
        let table = [
            (consumer("0192:312345005"), true),
            (json!({"authority": "ISO6523-ACTORID-UPIS", "ID": "0192:312345005"}), true),
            (json!({"authority": "other", "ID": "0192:312345005"}), false),
            (json!({"Authority": "iso6523-actorid-upis", "ID": "0192:312345005"}), false),
            (json!({"authority": "iso6523-actorid-upis", "id": "0192:312345005"}), false),
            (consumer("0192:312345006"), false),
            (consumer("0192:312345005:1"), false),
            (consumer("312345005"), false),
            (json!("0192:312345005"), false),
            (json!(null), false),
        ];
        for (value, valid) in table {
            assert_eq!(claims(&json!({ "consumer": value })).consumer().is_some(), valid, "{value}");
        }
    }

    #[test]
    fn only_the_first_authorization_detail_counts() {
        let user = json!({"type": "urn:altinn:systemuser", "systemuser_id": ["A", "B"], "systemuser_org": consumer("0192:312345005")});
        let other = json!({"type": "other", "systemuser_id": ["C"]});
        assert_eq!(
            system_user(&json!([user, other])),
            Some(SystemUser { id: "a".into(), organization: Some("312345005".into()) })
        );
        assert_eq!(system_user(&user).unwrap().id, "a");
        assert_eq!(system_user(&json!([other, user])), None);
        assert_eq!(system_user(&json!([[other, user]])).unwrap().id, "a");
        for ids in [json!(null), json!([]), json!("A"), json!([1])] {
            assert_eq!(system_user(&json!([{"type": "urn:altinn:systemuser", "systemuser_id": ids}])), None);
        }
        assert_eq!(system_user(&json!(["not json"])), None);
    }

    ///
    #[test]
    fn an_unusable_level_claim_leaves_it_to_acr() {
        let table = [
            (json!({"urn:altinn:authlevel": 4, "acr": "idporten-loa-low"}), Some(4)),
            (json!({"urn:altinn:authlevel": "0", "acr": "idporten-loa-high"}), Some(0)),
            (json!({"urn:altinn:authlevel": " 3 "}), Some(3)),
            (json!({"urn:altinn:authlevel": 17}), Some(17)),
            (json!({"urn:altinn:authlevel": ["2", "4"]}), Some(2)),
            (json!({"urn:altinn:authlevel": "high", "acr": "idporten-loa-substantial"}), Some(3)),
            (json!({"urn:altinn:authlevel": "-1", "acr": "idporten-loa-high"}), Some(4)),
            (json!({"urn:altinn:authlevel": "", "acr": "selfregistered-email"}), Some(0)),
            (json!({"acr": "Level4"}), None),
            (json!({"authorization_details": [{"type": "urn:altinn:systemuser", "systemuser_id": ["x"]}]}), Some(3)),
            (json!({}), None),
        ];
        for (payload, expected) in table {
            assert_eq!(claims(&payload).level(), expected, "{payload}");
        }
    }

    #[test]
    fn scopes_are_whole_words() {
        let two = claims(&json!({"scope": ["digdir:dialogporten.noconsent", SO]}));
        assert!(two.has(Scope::EndUserNoConsent) && !two.has(Scope::EndUser));
        assert!(!two.has(Scope::ServiceProvider) && two.has_anywhere(Scope::ServiceProvider));
    }

    ///
    #[test]
    fn the_subject_of_decisions_is_one() {
        let both = claims(&json!({"urn:altinn:userid": 20_001, "pid": PID}));
        assert_eq!(both.subject(), Some(Subject::User("20001".into())));
        assert_eq!(both.on_behalf_of("41819055538").subject(), Some(Subject::Person("41819055538".into())));
        let id = "5a1f0c2e-7b1d-4a39-9d55-0f6f0a6c1e11";
        let details = json!([{"type": "urn:altinn:systemuser", "systemuser_id": [id]}]);
        let user = claims(&json!({"authorization_details": details, "urn:altinn:userid": "5"}));
        assert_eq!(user.subject(), Some(Subject::SystemUser(id.into())));
        assert_eq!(claims(&json!({"email": "a@b.no", "amr": ["Selfregistered-email"]})).subject(), None);
    }

    #[test]
    fn callers_that_may_get_other_answers_differ() {
        let of = |payload: Value| claims(&payload).identifying();
        let base = of(json!({"pid": PID, "scope": "a", "exp": 1, "urn:altinn:authlevel": 3}));
        assert_eq!(base, of(json!({"urn:altinn:authlevel": "3", "exp": 2, "pid": PID})));
        assert_ne!(base, of(json!({"pid": PID, "urn:altinn:authlevel": 4})));
        assert_ne!(of(json!({"pid": "1", "email": "2"})), of(json!({"pid": "1;email:2"})));
    }
}
