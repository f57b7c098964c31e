//! The callers that routes ask for. Having one proves token, scope, the person named by `enduserid`, and kind of user.

use std::sync::Arc;

use anyhow::Context;
use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};

use super::{Authenticator, claims::Claims, scope::Scope};
use crate::{
    altinn::Altinn,
    db::replica,
    domain::{
        identity::{EndUserIdentity, UserType},
        party::{Party, PartyKind, is_person_number},
        refusal::{Denied, Refusal},
        violations::{Code, Fault, Violations},
        wire_enum::WireEnum,
    },
    http::{context, ledger::Used},
};

/// What a route demands (chapter 03 §3).
struct Policy {
    /// As the log calls it.
    name: &'static str,
    /// Of each group at least one.
    scopes: &'static [&'static [Scope]],
    /// A well-formed `consumer`.
    organization: bool,
    /// Empty = any.
    types: &'static [UserType],
    type_names: &'static [&'static str],
}

const END_USER: Policy = Policy {
    name: "enduser",
    scopes: &[&[Scope::EndUser, Scope::EndUserNoConsent]],
    organization: false,
    types: &[UserType::Person, UserType::SystemUser, UserType::IdportenEmailIdentifiedUser],
    type_names: &["Person", "SystemUser", "IdportenEmailIdentifiedUser"],
};
const SERVICE_OWNER: Policy = Policy {
    name: "serviceprovider",
    scopes: &[&[Scope::ServiceProvider]],
    organization: true,
    types: &[UserType::ServiceOwner, UserType::ServiceOwnerOnBehalfOfPerson],
    type_names: &["ServiceOwner", "ServiceOwnerOnBehalfOfPerson"],
};
const SEARCH: Policy =
    Policy { name: "serviceproviderSearch", scopes: &[&[Scope::ServiceProvider], &[Scope::Search]], ..SERVICE_OWNER };
const ADMIN: Policy = Policy {
    name: "serviceproviderAdmin",
    scopes: &[&[Scope::ServiceProvider], &[Scope::Admin]],
    types: &[UserType::ServiceOwner],
    type_names: &["ServiceOwner"],
    ..SERVICE_OWNER
};
const CHANGE_TRANSMISSIONS: Policy = Policy {
    name: "serviceproviderChangeTransmissions",
    scopes: &[&[Scope::ServiceProvider], &[Scope::ChangeTransmissions]],
    types: &[],
    type_names: &[],
    ..SERVICE_OWNER
};
const NOTIFICATION_CONDITION: Policy = Policy {
    name: "notificationConditionCheck",
    scopes: &[&[Scope::NotificationCondition]],
    organization: true,
    types: &[],
    type_names: &[],
};

impl Policy {
    /// Of each group the scope that tokens usually carry.
    fn usual_scopes(&self) -> impl Iterator<Item = &'static str> {
        self.scopes.iter().filter_map(|any| any.first()).map(|scope| scope.as_str())
    }

    /// What the claims lack, if they do not meet the policy. The kind of user is not looked at.
    fn denied(&self, claims: &Claims) -> Option<Denied> {
        // Policies look at every `scope` claim, everything else at the first (chapter 03 §2).
        let has_one_of = |any: &&&[Scope]| any.iter().any(|scope| claims.has_anywhere(*scope));
        let missing: Vec<_> = self.scopes.iter().filter(|any| !has_one_of(any)).collect();
        let would_do = self.usual_scopes().collect::<Vec<_>>().join(" ");
        let fault = if !missing.is_empty() {
            let names =
                missing.iter().map(|any| any.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" or "));
            Code::ScopeMissing
                .says(format!("the token lacks the scope {}", names.collect::<Vec<_>>().join(" and ")))
                .hint(format!("Ask for a token with the scopes `{would_do}`."))
                .allowed(self.usual_scopes())
        } else if self.organization && claims.consumer().is_none() {
            Code::OrganizationMissing.says("the token names no organization").hint(
                "The claim `consumer` must be {\"authority\": \"iso6523-actorid-upis\", \"ID\": \"0192:<organization number>\"} \
                 with a valid number, as Maskinporten writes it.",
            )
        } else {
            return None;
        };
        Some(Denied { policy: self.name, scope: would_do, fault })
    }
}

/// Somebody whose token was verified. Clones share the claims.
#[derive(Clone, Debug)]
pub struct Caller {
    pub claims: Arc<Claims>,
    pub user_type: UserType,
}

/// Claims of the request's token, kept with the request so that it is looked at once.
#[derive(Clone)]
struct Authenticated(Arc<Claims>);

impl Caller {
    /// The one order of refusals: 401, 403 of the policy, 400 `EndUserId`, 403 of the kind of user.
    async fn admitted(parts: &mut Parts, auth: &Authenticator, policy: &Policy) -> Result<Self, Refusal> {
        // Several extractors of one request may ask; the token is looked at once.
        let mut claims = if let Some(Authenticated(claims)) = parts.extensions.get::<Authenticated>() {
            Arc::clone(claims)
        } else {
            let claims = auth.authenticate(&parts.headers).await?;
            parts.extensions.insert(Authenticated(Arc::clone(&claims)));
            claims
        };
        context::note(|ledger| ledger.caller = Some(who(&claims)));
        reads_as(&claims);
        if let Some(denied) = policy.denied(&claims) {
            return Err(Refusal::PolicyDenied(denied));
        }
        // The key means something only with this scope: end users may write what they like there (chapter 02 §0.3).
        if claims.has(Scope::ServiceProvider)
            && let Some(person) = end_user_id(parts.uri.query().unwrap_or_default())
        {
            // Only what follows the last colon is looked at here; some routes want the whole URN and check it
            // themselves.
            let number = person.rsplit(':').next().unwrap_or_default();
            if !is_person_number(number) {
                return Err(Refusal::Invalid(Violations::one("EndUserId", bad_end_user_id())));
            }
            claims = Arc::new(claims.on_behalf_of(number));
        }
        let user_type = claims.user_type();
        if !policy.types.is_empty() && !policy.types.contains(&user_type) {
            return Err(Refusal::UserType {
                policy: policy.name,
                allowed: policy.type_names,
                actual: user_type.name(),
            });
        }
        let is_owner = matches!(user_type, UserType::ServiceOwner | UserType::ServiceOwnerOnBehalfOfPerson);
        let used = Used {
            is_admitted: true,
            is_admin: claims.has(Scope::Admin),
            // Of end users nothing is counted that could point at a person.
            caller_org: claims.consumer().filter(|_| is_owner),
            has_end_user: user_type == UserType::ServiceOwnerOnBehalfOfPerson,
            service_resource: None,
        };
        context::note(|noted| noted.usage = used);
        Ok(Self { claims, user_type })
    }

    /// Whether the token carries the scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.claims.has(scope)
    }
}

/// What the claims lack that end users need, whatever kind of user they speak for.
pub(super) fn denied_as_end_user(claims: &Claims) -> Option<Denied> {
    END_USER.denied(claims)
}

/// The caller as the log names it: the organization of a service owner, of all others the kind alone.
pub(super) fn who(claims: &Claims) -> String {
    let user_type = claims.user_type();
    match (user_type, claims.consumer()) {
        (UserType::ServiceOwner | UserType::ServiceOwnerOnBehalfOfPerson, Some(number)) => {
            format!("{} {number}", user_type.name())
        }
        (other, _) => other.name().to_owned(),
    }
}

/// Tells the database's door whose reads are to show what was written before: an organization's as a service owner, a person's
/// own.
pub(super) fn reads_as(claims: &Claims) {
    match (claims.user_type(), claims.consumer(), claims.end_user()) {
        (UserType::ServiceOwner | UserType::ServiceOwnerOnBehalfOfPerson, Some(number), _) => {
            replica::asked_by(&number);
        }
        (_, _, Some(user)) => replica::asked_by(user.party.as_str()),
        (_, Some(number), None) => replica::asked_by(&number),
        (_, None, None) => {}
    }
}

/// The text of a refused `endUserId`, on every route of service owners.
pub fn bad_end_user_id() -> Fault {
    let text = "EndUserId must be a valid end user identifier. It must match the format \
                'urn:altinn:person:identifier-no:{norwegian f-nr/d-nr}'.";
    Code::EndUserMalformed.says(text).hint(END_USER_HINT)
}

/// What mends an end user that is named wrongly.
pub const END_USER_HINT: &str = "Write urn:altinn:person:identifier-no: and eleven digits whose check digits fit.";

/// The first value of the query key `enduserid`, whatever its letter case.
fn end_user_id(query: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key.eq_ignore_ascii_case("enduserid"))
        .map(|(_, value)| value.into_owned())
}

/// A service owner, possibly on behalf of a person.
#[derive(Clone, Debug)]
pub struct ServiceOwner {
    caller: Caller,
    org_number: String,
    end_user: Option<EndUserIdentity>,
}

impl ServiceOwner {
    async fn admitted(parts: &mut Parts, auth: &Authenticator, policy: &Policy) -> Result<Self, Refusal> {
        let caller = Caller::admitted(parts, auth, policy).await?;
        let org_number = caller.claims.consumer().context("the policy demands an organization")?;
        let on_behalf = caller.user_type == UserType::ServiceOwnerOnBehalfOfPerson;
        // Only then: without `enduserid` a service owner speaks for itself.
        let end_user = on_behalf.then(|| caller.claims.end_user()).flatten();
        Ok(Self { caller, org_number, end_user })
    }

    /// Number of the organization that the token was issued to.
    pub fn org_number(&self) -> &str {
        &self.org_number
    }

    /// The same as a party.
    pub fn party_urn(&self) -> String {
        format!("{}{}", PartyKind::Organization.prefix(), self.org_number)
    }

    pub fn user_type(&self) -> UserType {
        self.caller.user_type
    }

    pub fn has(&self, scope: Scope) -> bool {
        self.caller.has(scope)
    }

    /// May act for all service owners.
    pub fn is_admin(&self) -> bool {
        self.has(Scope::Admin)
    }

    /// The person named by `enduserid` (or by the token itself).
    pub fn end_user(&self) -> Option<&EndUserIdentity> {
        self.end_user.as_ref()
    }

    /// The owner's short name: the token's, else the one that the registry knows the number's resources under.
    ///
    /// # Errors
    /// 403 if neither says one; `BadGateway` if the registry does not answer; `Fault` if it says two.
    pub async fn org_code(&self, altinn: &Altinn) -> Result<String, Refusal> {
        if let Some(code) = self.caller.claims.first("urn:altinn:org").filter(|code| !code.trim().is_empty()) {
            return Ok(code.to_owned());
        }
        let owned = altinn.resources().owned_by(&self.org_number).await?;
        let mut codes: Vec<&str> = owned.iter().map(|resource| &*resource.org_code).collect();
        // Sorted, since the same name stands at each of its resources.
        codes.sort_unstable();
        codes.dedup();
        match codes[..] {
            [code] => Ok(code.to_owned()),
            // 403 where the reference fails with 500 (chapter 01 §13 no. 13); look-ups of single dialogs make a 404 of
            // it.
            [] => Err(Refusal::forbidden(Code::OwnerUnknown.says("Forbidden").hint(
                "The token says no `urn:altinn:org`, and the Resource Registry knows no resource of the organization.",
            ))),
            // As the reference in production: guessing would show one owner the other's dialogs.
            _ => Err(Refusal::Fault(anyhow::anyhow!(
                "the registry knows {} short names of one service owner",
                codes.len()
            ))),
        }
    }
}

/// A service owner who may list dialogs.
#[derive(Clone, Debug)]
pub struct ServiceOwnerSearch(pub ServiceOwner);

/// A service owner who may act for all, and does so for itself.
#[derive(Clone, Debug)]
pub struct ServiceOwnerAdmin(pub ServiceOwner);

/// A service owner who may replace transmissions.
#[derive(Clone, Debug)]
pub struct ServiceOwnerChangeTransmissions(pub ServiceOwner);

/// Whoever sends notifications and asks whether one is still wanted.
#[derive(Clone, Debug)]
pub struct NotificationCondition {
    pub caller: Caller,
}

/// An end user.
#[derive(Clone, Debug)]
pub struct EndUser {
    caller: Caller,
    identity: EndUserIdentity,
}

impl EndUser {
    /// The end user that the claims speak of, if there is one that anything could be asked about.
    pub(super) fn of(claims: &Arc<Claims>) -> Option<Self> {
        let identity = claims.end_user()?;
        Some(Self { caller: Caller { user_type: claims.user_type(), claims: Arc::clone(claims) }, identity })
    }

    pub fn identity(&self) -> &EndUserIdentity {
        &self.identity
    }

    pub fn claims(&self) -> &Claims {
        &self.caller.claims
    }

    pub fn user_type(&self) -> UserType {
        self.caller.user_type
    }

    pub fn has(&self, scope: Scope) -> bool {
        self.caller.has(scope)
    }

    pub fn party(&self) -> &Party {
        &self.identity.party
    }

    pub fn party_urn(&self) -> &str {
        self.identity.party.as_str()
    }

    /// Who did it, in logs of the dialog.
    pub fn actor_id(&self) -> &str {
        self.party_urn()
    }

    /// The authentication level.
    ///
    /// # Errors
    /// 403 if the token says none that is known: such a login is trusted with nothing.
    pub fn level(&self) -> Result<i32, Refusal> {
        self.caller.claims.level().ok_or_else(|| {
            let fault = Code::LevelUnknown.says("Altinn authentication level too low.");
            Refusal::forbidden(fault.hint(
                "The token says no level: neither `urn:altinn:authlevel` nor an `acr` that is known \
                 (idporten-loa-low, -substantial, -high).",
            ))
        })
    }

    /// Number of the organization that the token was issued to: a system user's vendor.
    pub fn consumer(&self) -> Option<String> {
        self.caller.claims.consumer()
    }

    /// Number of the organization that acts on behalf of the consumer.
    pub fn supplier(&self) -> Option<String> {
        self.caller.claims.supplier()
    }
}

/// Extractors differ only in their policy and in what they keep. They need the authenticator of the application and no more.
macro_rules! extractor {
    ($caller:ty, |$parts:ident, $auth:ident| $admitted:expr) => {
        impl<S: Send + Sync> FromRequestParts<S> for $caller
        where
            Authenticator: FromRef<S>,
        {
            type Rejection = Refusal;

            async fn from_request_parts($parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
                let $auth = Authenticator::from_ref(state);
                $admitted
            }
        }
    };
}

extractor!(ServiceOwner, |parts, auth| Self::admitted(parts, &auth, &SERVICE_OWNER).await);
extractor!(ServiceOwnerSearch, |parts, auth| ServiceOwner::admitted(parts, &auth, &SEARCH).await.map(Self));
extractor!(ServiceOwnerAdmin, |parts, auth| ServiceOwner::admitted(parts, &auth, &ADMIN).await.map(Self));
extractor!(ServiceOwnerChangeTransmissions, |parts, auth| {
    ServiceOwner::admitted(parts, &auth, &CHANGE_TRANSMISSIONS).await.map(Self)
});
extractor!(NotificationCondition, |parts, auth| {
    Caller::admitted(parts, &auth, &NOTIFICATION_CONDITION).await.map(|caller| Self { caller })
});
extractor!(EndUser, |parts, auth| {
    let caller = Caller::admitted(parts, &auth, &END_USER).await?;
    // The kind was right, but its identifier is of no form that anything could be asked about.
    let identity = caller.claims.end_user().ok_or_else(|| {
        let fault = Code::CallerUnidentified.says("Forbidden");
        Refusal::forbidden(fault.hint("The id of the system user is no UUID, or the e-mail address is none."))
    })?;
    Ok(Self { caller, identity })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_are_those_of_the_types() {
        for policy in [END_USER, SERVICE_OWNER, SEARCH, ADMIN, CHANGE_TRANSMISSIONS, NOTIFICATION_CONDITION] {
            let names: Vec<_> = policy.types.iter().map(|user_type| user_type.name()).collect();
            assert_eq!(names, policy.type_names);
        }
    }

    #[test]
    fn the_end_user_is_found_whatever_the_case_of_the_key() {
        assert_eq!(end_user_id("a=1&EndUserID=urn%3Ax%3A5&enduserid=2").as_deref(), Some("urn:x:5"));
        assert_eq!(end_user_id("enduserid=").as_deref(), Some(""));
        assert_eq!(end_user_id("enduserids=1"), None);
    }
}
