//! `GET /enduser/parties`: whom the caller represents.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    altinn::parties::{AuthorizedParty, Detail, PartyType},
    app::App,
    auth::EndUser,
    domain::refusal::Refusal,
    http::{AcceptsJson, Ok200, query::NoParameters},
    openapi::{Operation, Route},
};

/// Everybody whose dialogs the caller may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Parties)]
pub struct PartiesView {
    /// In the platform's order.
    pub authorized_parties: Vec<PartyView>,
}

/// A party that the caller represents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuthorizedParty)]
pub struct PartyView {
    /// The party's URN, as dialogs carry it.
    pub party: String,
    pub party_uuid: Uuid,
    #[schema(value_type = i32)]
    pub party_id: i64,
    pub name: String,
    /// Of persons: `yyyy-MM-dd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<String>,
    /// `Person`, `Organization` or `SelfIdentified`.
    #[schema(value_type = String)]
    pub party_type: &'static str,
    pub is_deleted: bool,
    pub has_key_role: bool,
    /// It is the caller in person.
    pub is_current_end_user: bool,
    pub is_main_administrator: bool,
    pub is_access_manager: bool,
    /// It is listed for the sake of its sub-units; the caller may do nothing for the party itself.
    pub has_only_access_to_sub_parties: bool,
    /// Sub-units that the caller represents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub sub_parties: Option<Vec<PartyView>>,
}

impl From<&AuthorizedParty> for PartyView {
    fn from(party: &AuthorizedParty) -> Self {
        let units = &party.sub_parties;
        Self {
            party: party.party.to_string(),
            party_uuid: party.party_uuid,
            party_id: party.party_id,
            name: party.name.clone(),
            date_of_birth: party.date_of_birth.clone(),
            party_type: match party.kind {
                PartyType::Organization => "Organization",
                PartyType::Person => "Person",
                PartyType::SelfIdentified => "SelfIdentified",
            },
            is_deleted: party.is_deleted,
            has_key_role: party.has_key_role,
            is_current_end_user: party.is_current_end_user,
            is_main_administrator: party.is_main_administrator,
            is_access_manager: party.is_access_manager,
            has_only_access_to_sub_parties: party.has_only_access_to_sub_parties,
            // Left out where there are none; GraphQL shows an empty list there (GQ-006).
            sub_parties: (!units.is_empty()).then(|| units.iter().map(PartyView::from).collect()),
        }
    }
}

/// Lists the parties. Nobody knows their rights here: flags that rest on roles are those that the platform gave without.
pub async fn list(
    State(app): State<App>,
    caller: EndUser,
    _: AcceptsJson,
    _: NoParameters,
) -> Result<Ok200<PartiesView>, Refusal> {
    Ok(Ok200::of(PartiesView { authorized_parties: represented(&app, &caller).await? }))
}

/// Everybody that the caller represents, in the platform's order.
///
/// # Errors
/// Those of the platform.
pub async fn represented(app: &App, caller: &EndUser) -> Result<Vec<PartyView>, Refusal> {
    // Without rights, which nobody is shown here (chapter 03 §6.1).
    let parties = app.altinn.authorized_parties(caller.identity(), &[], Detail::Identity).await?;
    Ok(parties.parties.iter().map(PartyView::from).collect())
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/parties", list)
        .named("GetParties", "V1EndUserAccessManagementQueriesGetParties_Parties")
        .about(
            "Lists whom you represent",
            "Yourself and everybody you act for, in the order in which the platform lists them, with sub-units below their \
             parent. `party` is what the lists of dialogs take as a filter.",
        )
        .ok::<PartiesView>("The parties.")
        .refusals(&[403])
}
