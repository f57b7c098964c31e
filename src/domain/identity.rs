//! Who somebody is, as the platform's questions need it: the kind of user, whose rights count, and what tells callers apart.
//!
//! `auth` makes these of a token's claims; nothing here knows tokens.

use super::{party::Party, wire_enum::wire_enum};

wire_enum! {
    /// What kind of user a token speaks for. The last two are never derived from a token.
    UserType {
        Unknown = 0,
        Person = 1,
        SystemUser = 2,
        ServiceOwner = 3,
        ServiceOwnerOnBehalfOfPerson = 4,
        IdportenEmailIdentifiedUser = 5,
        AltinnSelfIdentifiedUser = 6,
        FeideUser = 7,
    }
}

/// Who the decision point is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The platform's number of a user.
    User(String),
    /// A person number.
    Person(String),
    /// A system user's id.
    SystemUser(String),
}

/// An end user as the platform's questions need one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndUserIdentity {
    pub user_type: UserType,
    /// Whose rights are asked for; also the actor id in logs.
    pub party: Party,
    /// Who the decision point is asked about; an e-mail user may have none.
    pub subject: Option<Subject>,
    /// `urn:altinn:partyid` of the token.
    pub party_id: Option<i64>,
    /// Everything that tells callers apart: part of every key under which an answer is cached.
    // A string made once per token instead of a struct: it is hashed for every question that is cached.
    pub identifying: String,
}
