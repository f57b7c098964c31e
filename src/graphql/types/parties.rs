//! Whom the caller represents.

use async_graphql::SimpleObject;

use super::scalars::Uuid;
use crate::{enduser::parties::PartyView, views::each};

/// A party that the caller represents.
#[derive(SimpleObject, Clone, Debug)]
pub struct AuthorizedParty {
    /// It is listed for the sake of its sub-units; the caller may do nothing for the party itself.
    has_only_access_to_sub_parties: bool,
    /// Sub-units that the caller represents.
    sub_parties: Option<Vec<AuthorizedSubParty>>,
    #[graphql(flatten)]
    party: AuthorizedSubParty,
}

/// A sub-unit that the caller represents.
#[derive(SimpleObject, Clone, Debug)]
pub struct AuthorizedSubParty {
    /// The party's URN, as dialogs carry it.
    party: String,
    party_uuid: Uuid,
    party_id: i64,
    name: String,
    /// Of persons: `yyyy-MM-dd`.
    date_of_birth: Option<String>,
    /// `Person`, `Organization` or `SelfIdentified`.
    party_type: String,
    is_deleted: bool,
    has_key_role: bool,
    /// It is the caller in person.
    is_current_end_user: bool,
    is_main_administrator: bool,
    is_access_manager: bool,
}

impl From<PartyView> for AuthorizedParty {
    fn from(mut party: PartyView) -> Self {
        Self {
            has_only_access_to_sub_parties: party.has_only_access_to_sub_parties,
            // `[]` where REST leaves it out (GQ-006).
            sub_parties: Some(each(party.sub_parties.take().unwrap_or_default())),
            party: party.into(),
        }
    }
}

impl From<PartyView> for AuthorizedSubParty {
    fn from(party: PartyView) -> Self {
        Self {
            party: party.party,
            party_uuid: party.party_uuid.into(),
            party_id: party.party_id,
            name: party.name,
            date_of_birth: party.date_of_birth,
            party_type: party.party_type.to_owned(),
            is_deleted: party.is_deleted,
            has_key_role: party.has_key_role,
            is_current_end_user: party.is_current_end_user,
            is_main_administrator: party.is_main_administrator,
            is_access_manager: party.is_access_manager,
        }
    }
}
